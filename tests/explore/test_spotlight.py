"""`EXPL.spotlight`: what is handed to Renumics Spotlight, which a module of its name stands in for, and what it shows.

Spotlight wants an older pandas than the other tests have, so that its own test runs in an environment that has it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, build_opener

import numpy as np
import polars as pl
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
from unittest.mock import MagicMock
from pathlib import Path
layout, shown, places = MagicMock(), [], []
def show(table, **options):
    shown.append((table, options))
    places.append([*Path.cwd().iterdir()])
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
    (tmp_path / "site" / "loguru.py").write_text("from unittest.mock import MagicMock\nlogger = MagicMock()\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("SPOTLIGHT_OPT_OUT", "true")
    from renumics import spotlight as stand_in

    yield stand_in.shown
    for name in ("renumics.spotlight", "renumics", "loguru"):
        sys.modules.pop(name)


def test_rows_come_with_audio_features_and_what_a_run_said(config: Path, shown: list[Any]) -> None:
    pipeline.run(load_config(config, KEYS[1:]), Ui(quiet=True), jobs=1)
    found = pipeline.explore(load_config(config, KEYS), Ui(quiet=True), jobs=1).rows
    assert found is not None
    assert not shown
    spotlight.show(found, "emotion")
    ((table, options),) = shown
    assert options.pop("layout") is not None
    types = {"audio": "audio", "segment": "window", "features": "embedding"}
    assert options == {"dtype": types, "wait": True, "allow_filebrowsing": False}
    assert {table[name].dtype.name for name in ("speaker", "emotion", "predicted")} == {"category"}
    assert [*table["truth"].cat.categories] == [*table["predicted"].cat.categories] == ["anger", "joy"]
    assert [Path(one).is_file() for one in table["audio"]] == [True] * 8
    assert table["segment"][0].tolist() == [0.0, 0.5]
    assert {"speaker", "emotion", "loudness", "duration"} <= {*table.columns}
    features = np.stack([*table["features"]])
    assert features.shape == (8, 1)
    assert features.mean() == pytest.approx(0, abs=1e-6)
    assert features.std() == pytest.approx(1)
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


def test_its_server_starts_where_no_module_of_a_stranger_is(config: Path, shown: list[Any]) -> None:
    from renumics import spotlight as stand_in

    (config.parent / "uvicorn.py").touch()
    spotlight.show(pl.DataFrame({"id": ["a"]}), None)
    assert stand_in.places == [[]]  # where it works there is nothing
    assert Path.cwd() == config.parent
    assert len(shown) == 1


def test_it_is_missed_before_any_work(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nk.explore.spotlight.find_spec", lambda _: None)
    with pytest.raises(MissingDependency, match="`renumics-spotlight`") as caught:
        pipeline.explore(load_config(config, KEYS), Ui(quiet=True), jobs=1)
    assert "nk-speech[spotlight]" in str(caught.value.hint)


def test_features_that_are_the_same_everywhere_or_unknown_are_nothing() -> None:
    values = np.array([[1, 7, np.nan], [3, 7, 2], [np.nan, 7, 4]], dtype=np.float32)
    assert spotlight._standard(values).tolist() == [[-1, 0, 0], [1, 0, -1], [0, 0, 1]]


def _opened(file: Path, process: subprocess.Popen[str]) -> str:
    """The address that a browser was told to open."""
    for _ in range(600):
        if file.is_file() and (text := file.read_text().strip()):
            return text
        assert process.poll() is None, "it ended before a browser was opened"
        time.sleep(0.2)
    raise AssertionError("no browser was opened")


@pytest.mark.skipif(find_spec("renumics") is None, reason="Spotlight is not installed")
def test_spotlight_itself_shows_the_rows(config: Path) -> None:
    """What a browser would be given: the table with its types, and the sound of a row."""
    pipeline.run(load_config(config, KEYS[1:]), Ui(quiet=True), jobs=1)
    note = config.parent / "opened.txt"
    browser = config.parent / "browser.sh"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{note}"\n')
    browser.chmod(0o700)
    sets = [word for key in KEYS for word in ("--set", key)]
    environment = os.environ | {"BROWSER": f"{browser} %s", "SPOTLIGHT_OPT_OUT": "true"}
    command = [sys.executable, "-m", "nk", "explore", str(config), *sets]
    process = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        place = _opened(note, process)
        read = build_opener(ProxyHandler({})).open
        told = json.load(read(f"{place}api/table/"))
        sound = read(f"{place}api/table/audio/0?generation_id={told['generation_id']}").read()
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with the server that Spotlight has started
        _, said = process.communicate()
    kinds = {column["name"]: column["dtype"]["name"] for column in told["columns"]}
    assert {kinds[name] for name in ("speaker", "emotion", "predicted")} == {"Category"}
    assert (kinds["audio"], kinds["segment"], kinds["features"]) == ("Audio", "Window", "Embedding")
    assert sound[:4] == b"RIFF"
    assert "cleanlab" not in said
