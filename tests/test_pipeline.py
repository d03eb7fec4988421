"""Whole runs over recordings of every kind, and the tables that a user may ask for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk import pipeline
from nk.config import load_config
from nk.errors import ConfigError, DataError
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """[EXP]
root = {folder}/results
[DATA]
databases = ['db']
db = {folder}/db.csv
[FEATS]
scale = standard
[MODEL]
type = tree
loso = True
"""


def voice(seed: int, seconds: float, rate: int, channels: int = 1) -> Any:
    draw = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    buzz = 0.3 * np.sign(np.sin(2 * np.pi * (100 + 60 * (seed % 2)) * time))
    return np.stack([buzz / (channel + 1) + draw.normal(0, 0.02, len(time)) for channel in range(channels)], axis=1)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Twelve recordings of three speakers, of any rate, 1 to 8 channels, with odd names; one is far too short."""
    rates, channels = (8000, 16000, 22050, 44100, 48000, 11025), (1, 2, 8)
    lines = ["file,start,end,speaker,emotion"]
    for number in range(12):
        name = f"it's  n{number} ä ß 語.{('wav', 'flac', 'ogg')[number % 3]}"
        soundfile.write(tmp_path / name, voice(number, 1.2, rates[number % 6], channels[number % 3]), rates[number % 6])
        label = "" if number == 11 else ("joy", "anger")[number % 2]
        lines.append(f'"{name}",0.1,1.1,s{number % 3},{label}')
    soundfile.write(tmp_path / "tiny.wav", voice(1, 0.05, 16000), 16000)
    lines.append("tiny.wav,,,s0,joy")
    (tmp_path / "db.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "exp.ini").write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    return tmp_path


def ran(place: Path, *sets: str) -> tuple[pipeline.Result, list[str]]:
    ui = Ui(quiet=True)
    outcome = pipeline.run(load_config(place / "exp.ini", sets), ui)
    assert isinstance(outcome, pipeline.Result)
    return outcome, ui.lines


@pytest.mark.parametrize("channel", ["first", "mix", "0"])
def test_recordings_of_any_rate_channels_and_name(channel: str, place: Path) -> None:
    outcome, lines = ran(place, f"data.channel={channel}", "feats.type=['os', 'lfcc']")
    rows = pl.read_parquet(outcome.folder / "dataset.parquet")
    assert rows.height == 12
    assert pl.read_csv(outcome.folder / "skipped.csv")["file"].to_list() == ["tiny.wav"]
    assert any(f"8 files have more than one; used is `db.channel = {channel}`" in line for line in lines)
    assert outcome.metrics["metrics"]["test"]["uar"]["n"] == 11
    predicted = pl.read_csv(outcome.folder / "predictions.csv")
    assert predicted["truth"].null_count() == 1
    assert predicted["predicted"].null_count() == 0


def test_a_channel_that_some_files_lack_is_told_before_the_features(place: Path) -> None:
    with pytest.raises(DataError, match="9 of 13 rows cannot be used: `it's  n0 .*: there is no channel 7"):
        ran(place, "data.channel=7")


@pytest.mark.parametrize("form", ["csv", "parquet", "pkl"])
def test_features_are_written_and_read_again(form: str, place: Path) -> None:
    outcome, _ = ran(place, f"feats.store_format={form}")
    file = outcome.folder / f"features.{form}"
    if form == "pkl":
        import pandas as pd

        frame = pd.read_pickle(file)  # noqa: S301 - what the test itself has asked for
        assert (frame.shape, list(frame.index.names)) == ((12, 88), ["file", "start", "end"])
        return
    kept = place / file.name
    file.rename(kept)
    again, _ = ran(place, "feats.type=['import']", f"feats.import_file={kept}")
    assert again.metrics["metrics"] == outcome.metrics["metrics"]


def test_test_rows_are_saved_with_the_columns_of_the_table(place: Path) -> None:
    ran(place, f"exp.save_test={place}/out/test.csv")
    saved = pl.read_csv(place / "out" / "test.csv")
    assert saved.height == 12
    assert {"file", "truth", "predicted", "p_joy", "uncertainty", "emotion", "speaker"} <= {*saved.columns}
    with pytest.raises(DataError, match="`save_test` cannot write"):
        ran(place, f"exp.save_test={place}/exp.ini/test.csv", "exp.name=none")
    assert not (place / "results" / "none").exists()


def test_history_and_missing_truth_are_told(place: Path) -> None:
    outcome, lines = ran(place, "data.db.filter={'speaker': ['s0', 's1']}", "feats.scale=None")
    manifest = json.loads((outcome.folder / "manifest.json").read_text())
    assert {"what": "`speaker` is `s0` or `s1`", "rows_in": 13, "rows_out": 9, "told": False} in manifest["history"]
    assert any("rows: 13 -> 9 where `speaker` is `s0` or `s1`" in line for line in lines)
    _, lines = ran(place)
    assert any("unlabelled: 1 row without `emotion`, predicted and not scored" in line for line in lines)


def test_columns_that_are_not_there_are_told_before_the_work(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = "nk.features.os.OpenSmile.extract"
    monkeypatch.setattr(computed, lambda *_: pytest.fail("nothing is to be computed"))
    with pytest.raises(DataError, match="names columns that are not there: `loudness`"):
        ran(place, "feats.features=['loudness']")
    with pytest.raises(DataError, match="names columns that are not there: `lfcc_0`"):
        ran(place, "feats.features=['lfcc_0']", "feats.type=['os', 'lfcc']")
    with pytest.raises(ConfigError, match="names `mean` twice"):
        ran(place, "feats.pooling=['mean', 'mean']")
