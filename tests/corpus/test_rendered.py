from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nk.audio import probe, read
from nk.corpus import store
from nk.corpus.recipe import SPEAKERS

pytestmark = pytest.mark.slow  # the corpus is spoken first

PROGRAM = """
import sys
from nk.corpus.store import corpus
print(corpus(1).height)
assert not any(name.startswith("parselmouth") for name in sys.modules), "Praat in this process"
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the corpus in it, made by two processes at once."""
    folder = tmp_path_factory.mktemp("cache")
    environment = {**os.environ, "NK_CACHE": str(folder), "PYTHONPATH": str(Path(store.__file__).parents[2])}
    both = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate()[0] for process in both] == ["240\n", "240\n"]
    return folder


@pytest.fixture
def table(cache: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    monkeypatch.setenv("NK_CACHE", str(cache))
    monkeypatch.setattr(store, "_speak_all", _unexpected)
    return store.corpus(1)


def _unexpected(*_: object) -> None:
    raise AssertionError("the corpus was made again")


def test_table(table: pl.DataFrame) -> None:
    assert table.columns == [
        "file",
        "path",
        "start",
        "end",
        "speaker",
        "gender",
        "age",
        "emotion",
        "sentence",
        "text",
        "split",
    ]
    assert table.height == table["file"].n_unique() == 240
    assert table.group_by("speaker", "emotion").len()["len"].unique().to_list() == [5]
    assert table.schema["age"] == pl.Int64
    assert table.schema["start"] == table.schema["end"] == pl.Float64
    assert table["start"].null_count() == 240


def test_recordings(table: pl.DataFrame) -> None:
    for path in table["path"]:
        header = probe(path)
        assert (header.rate, header.channels) == (16_000, 1)
        assert 1.5 < header.seconds < 6


def test_nothing_is_left_beside(table: pl.DataFrame, cache: Path) -> None:  # noqa: ARG001
    (made,) = (cache / "synthetic").iterdir()
    assert len(list(made.iterdir())) == 242


def test_equal_bytes_twice(table: pl.DataFrame, cache: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """One speaker again, alone and in a fresh process."""
    store._speak(SPEAKERS[1], 1, tmp_path)
    again = sorted(tmp_path.iterdir())
    assert len(again) == 20
    made = next((cache / "synthetic").iterdir())
    assert all(path.read_bytes() == (made / path.name).read_bytes() for path in again)


def test_another_seed_speaks_otherwise(table: pl.DataFrame, tmp_path: Path) -> None:
    store._speak(SPEAKERS[0], 2, tmp_path)
    first = table["file"][0]
    assert (tmp_path / first).read_bytes() != Path(table["path"][0]).read_bytes()


@pytest.mark.parametrize("damage", ["missing", "changed", "cut", "no manifest", "bad manifest", "empty manifest"])
def test_damage_is_mended(
    table: pl.DataFrame, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    whole = next((cache / "synthetic").iterdir())
    folder = tmp_path / "synthetic" / whole.name
    shutil.copytree(whole, folder)
    _damage(folder, table["file"][7], damage)
    assert not store.is_whole(folder, store._clean_files())

    made: list[int] = []

    def copy_all(to: Path, seed: int) -> None:
        made.append(seed)
        for path in whole.glob("*.wav"):
            shutil.copy(path, to)

    monkeypatch.setenv("NK_CACHE", str(tmp_path))
    monkeypatch.setattr(store, "_speak_all", copy_all)
    assert store.corpus(1).drop("path").equals(table.drop("path"))
    assert made == [1]
    assert store.is_whole(folder, store._clean_files())
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        path.name: path.read_bytes() for path in whole.iterdir()
    }


def _damage(folder: Path, name: str, damage: str) -> None:
    victim = folder / name
    if damage == "missing":
        victim.unlink()
    elif damage == "changed":
        victim.write_bytes(victim.read_bytes()[:-2] + b"\1\1")
    elif damage == "cut":
        victim.write_bytes(victim.read_bytes()[:1000])
    elif damage == "no manifest":
        (folder / store.MANIFEST).unlink()
    else:
        text = {"bad manifest": "{", "empty manifest": json.dumps({"files": {}})}[damage]
        (folder / store.MANIFEST).write_text(text)


def _ends(path: str) -> list[float]:
    """Silence before and after (s), level, peak and offset of the outer 0.2 s."""
    samples = read(path).mono.astype(float)
    head, tail = samples[:3200], samples[-3200:]
    floor = 5e-4  # the noise, measured once
    loud = np.sqrt((samples[: len(samples) // 80 * 80].reshape(-1, 80) ** 2).mean(axis=1)) > 2.5 * floor
    silences = [float(np.argmax(loud)) * 0.005, float(np.argmax(loud[::-1])) * 0.005]
    return silences + [value(end) for end in (head, tail) for value in (np.std, np.mean, lambda x: np.abs(x).max())]


def test_silence_and_noise_are_the_same_for_all(table: pl.DataFrame) -> None:
    ends = np.array([_ends(path) for path in table["path"]])
    np.testing.assert_allclose(ends[:, :2], 0.25, atol=0.0051)
    np.testing.assert_allclose(ends[:, [2, 5]], 10 ** (-66 / 20), rtol=0.06)
    assert np.abs(ends[:, [3, 6]]).max() < 5e-5


def test_the_ends_tell_no_emotion(table: pl.DataFrame) -> None:
    """Chance is .25, and three standard errors of 240 rows are .084."""
    ends = np.array([_ends(path) for path in table["path"]])
    assert _uar(ends, table) < 0.25 + 0.084
    for column in range(ends.shape[1]):
        assert _uar(ends[:, [column]], table) < 0.25 + 0.084


def test_nothing_is_clipped(table: pl.DataFrame) -> None:
    assert max(float(np.abs(read(path).mono).max()) for path in table["path"]) < 0.9


@pytest.fixture(scope="module")
def features(cache: Path) -> pl.DataFrame:
    """eGeMAPSv02 functionals, a row a recording in the table's order."""
    import opensmile

    smile = opensmile.Smile("eGeMAPSv02", "func")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NK_CACHE", str(cache))
        paths = store.corpus(1)["path"]
    rows = [smile.process_signal(read(path).mono, 16_000).to_numpy()[0] for path in paths]
    return pl.DataFrame(np.array(rows), schema=list(smile.feature_names))


def test_the_speech_tells_emotion_speaker_and_gender(table: pl.DataFrame, features: pl.DataFrame) -> None:
    """A plain classifier is right about two times in three, on speakers it has not heard."""
    values = features.to_numpy()
    assert 0.6 < _uar(values, table) < 0.75
    assert _uar(values, table, target="gender") > 0.9
    assert _uar(values, table, target="speaker", groups="sentence") > 0.6


def test_the_rules_are_heard(table: pl.DataFrame, features: pl.DataFrame) -> None:
    """Pitch (semitones), loudness, and duration (s) go where the rules say, on average."""
    measured = features.select(
        table["emotion"],
        pl.col("F0semitoneFrom27.5Hz_sma3nz_amean").alias("pitch"),
        pl.col("loudness_sma3_amean").alias("loudness"),
        pl.Series("duration", [probe(path).seconds for path in table["path"]]),
    )
    means = {row["emotion"]: row for row in measured.group_by("emotion").mean().iter_rows(named=True)}
    for name, order in {
        "pitch": ["sadness", "neutral", "anger", "joy"],
        "loudness": ["sadness", "neutral", "joy", "anger"],
        "duration": ["anger", "joy", "neutral", "sadness"],
    }.items():
        assert sorted(means, key=lambda emotion, name=name: means[emotion][name]) == order  # type: ignore[misc]


def _uar(values: Any, table: pl.DataFrame, target: str = "emotion", groups: str = "speaker") -> float:
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    truth = table[target].to_numpy()
    model = make_pipeline(StandardScaler(), SVC(C=1))
    predicted = cross_val_predict(model, values, truth, groups=table[groups].to_numpy(), cv=LeaveOneGroupOut())
    return float(balanced_accuracy_score(truth, predicted))
