"""What is changed in config or data changes what is computed, in the same run folder and with the same cache."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import soundfile

from nk import pipeline
from nk.config import load_config
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = """[EXP]
root = {folder}/results
[DATA]
databases = ['db']
db = {folder}/db.csv
[FEATS]
scale = standard
store_format = parquet
[MODEL]
type = tree
"""


def speak(path: Path, seed: int, pitch: float) -> None:
    draw = np.random.default_rng(seed)
    time = np.arange(8000) / 16000
    wave = 0.3 * np.sign(np.sin(2 * np.pi * pitch * time)) + draw.normal(0, 0.02, len(time))
    soundfile.write(path, wave, 16000)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    lines = ["file,speaker,emotion"]
    for number in range(24):
        speak(tmp_path / f"{number}.wav", number, 100 + 40 * (number % 2) + number)
        lines.append(f"{number}.wav,s{number // 4},{('joy', 'anger')[number % 2]}")
    (tmp_path / "db.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "more.csv").write_text(
        "\n".join([lines[0], *(line.replace(",s", ",t") for line in lines[1:13])]) + "\n"
    )
    (tmp_path / "exp.ini").write_text(CONFIG.format(folder=tmp_path))
    return tmp_path


def ran(place: Path, *sets: str) -> dict[str, pl.DataFrame]:
    outcome = pipeline.run(load_config(place / "exp.ini", sets), Ui(quiet=True))
    assert isinstance(outcome, pipeline.Result)
    tables = {name: pl.read_parquet(outcome.folder / f"{name}.parquet") for name in ("dataset", "features")}
    return {**tables, "predictions": pl.read_csv(outcome.folder / "predictions.csv")}


def other_audio(place: Path) -> None:
    speak(place / "3.wav", 99, 400)


def other_labels(place: Path) -> None:
    text = (place / "db.csv").read_text()
    (place / "db.csv").write_text(text.replace("5.wav,s1,anger", "5.wav,s1,joy"))


def a_new_row(place: Path) -> None:
    shutil.copy(place / "0.wav", place / "new.wav")
    speak(place / "new.wav", 77, 200)
    (place / "db.csv").write_text((place / "db.csv").read_text() + "new.wav,s5,joy\n")


CHANGES: dict[str, tuple[str, list[str], Callable[[Path], None] | None]] = {
    "set": ("features", ["feats.set=GeMAPSv01b"], None),
    "level": ("features", ["feats.level=lld"], None),
    "pooling": ("features", ["feats.level=lld", "feats.pooling=['max']"], None),
    "type": ("features", ["feats.type=['lfcc']"], None),
    "options": ("features", ["feats.type=['lfcc']", "feats.lfcc.n_lfcc=7"], None),
    "audio under the same name": ("features", [], other_audio),
    "labels in the table": ("dataset", [], other_labels),
    "a new row": ("features", [], a_new_row),
    "mapping": ("dataset", ["data.db.mapping={'joy': 'a', 'anger': 'b'}"], None),
    "split": ("dataset", ["data.db.split_strategy=random"], None),
    "size of the split": ("dataset", ["data.db.test_size=50"], None),
    "seed": ("dataset", ["exp.random_seed=7"], None),
    "filter": ("dataset", ["data.db.filter={'speaker': ['s0', 's1', 's2']}"], None),
    "limit": ("dataset", ["data.db.limit_samples=12"], None),
    "databases": ("dataset", ["data.databases=['db', 'more']", "data.more={place}/more.csv"], None),
    "target": ("dataset", ["data.target=speaker", "data.db.split_strategy=random"], None),
    "scale": ("predictions", ["feats.scale=bins", "model.type=svm"], None),
    "model": ("predictions", ["model.type=bayes"], None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(change: str, place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    table, sets, act = CHANGES[change]
    before = ran(place)
    if act:
        act(place)
    sets = [one.replace("{place}", str(place)) for one in sets]
    after = ran(place, *sets)
    assert not after[table].equals(before[table])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NK_CACHE", str(tmp_path_factory.mktemp("fresh")))
        shutil.rmtree(place / "results")
        fresh = ran(place, *sets)
    for name, frame in fresh.items():
        assert frame.equals(after[name]), f"{name} is stale after a change of the {change}"


def test_nothing_changed_gives_the_same(place: Path) -> None:
    first, second = ran(place), ran(place)
    for name, frame in first.items():
        assert frame.equals(second[name])
