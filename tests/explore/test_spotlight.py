"""`EXPL.spotlight`: what is handed to Renumics Spotlight, which a module of its name stands in for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from nk import pipeline
from nk.cli.main import app
from nk.config import load_config
from nk.errors import MissingDependency
from nk.explore import spotlight
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Iterator

STAND_IN = """
shown = []
def show(table, **options):
    shown.append((table, options))
"""
KEYS = ["expl.spotlight=True", "data.db.split_strategy=column", "feats.type=snr", "model.type=bayes"]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight noises of four speakers, of whom two are tested."""
    lines = ["file,speaker,emotion,split"]
    for number in range(8):
        noise = np.random.default_rng(number).normal(0, 0.1, 8000)
        soundfile.write(tmp_path / f"{number}.wav", noise, 16000)
        lines.append(
            f"{number}.wav,s{number // 2},{'joy' if number % 2 else 'anger'},{'test' if number > 3 else 'train'}"
        )
    (tmp_path / "db.csv").write_text("\n".join(lines))
    (tmp_path / "exp.ini").write_text("[DATA]\ndatabases = ['db']\ndb = db.csv\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "exp.ini"


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What the stand-in was asked to show."""
    place = tmp_path / "site" / "renumics" / "spotlight"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("SPOTLIGHT_OPT_OUT", "true")
    from renumics import spotlight as stand_in

    yield stand_in.shown
    for name in ("renumics.spotlight", "renumics"):
        sys.modules.pop(name)


def test_rows_come_with_audio_features_and_what_a_run_said(config: Path, shown: list[Any]) -> None:
    pipeline.run(load_config(config, KEYS[1:]), Ui(quiet=True), jobs=1)
    found = pipeline.explore(load_config(config, KEYS), Ui(quiet=True), jobs=1).rows
    assert found is not None
    assert not shown
    spotlight.show(found)
    ((table, options),) = shown
    assert options == {"dtype": {"audio": "audio", "segment": "window", "features": "embedding"}, "wait": True}
    assert [Path(one).is_file() for one in table["audio"]] == [True] * 8
    assert table["segment"][0].tolist() == [0.0, 0.5]
    assert {"speaker", "emotion", "loudness", "duration"} <= {*table.columns}
    assert {len(one) for one in table["features"]} == {1}
    assert table["predicted"].isna().tolist() == [True] * 4 + [False] * 4
    right = table[~table["predicted"].isna()]
    assert (right["right"] == (right["predicted"] == right["emotion"])).all()


def test_it_opens_after_everything_was_written(config: Path, shown: list[Any]) -> None:
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, ["explore", str(config), "--set", "expl.spotlight=True"])
    assert done.exit_code == 0, done.output
    ((table, options),) = shown
    assert [*options["dtype"]] == ["audio", "segment"]
    assert "features" not in table.columns
    assert (config.parent / "results" / "exp" / "explore" / "explore.json").is_file()
    assert "opening Spotlight" in done.output


def test_it_is_missed_before_any_work(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nk.explore.spotlight.find_spec", lambda _: None)
    with pytest.raises(MissingDependency, match="`renumics-spotlight`") as caught:
        pipeline.explore(load_config(config, KEYS), Ui(quiet=True), jobs=1)
    assert "nk-speech[spotlight]" in str(caught.value.hint)
