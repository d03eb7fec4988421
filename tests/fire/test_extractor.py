"""An extractor that crashes or hangs costs the file that it had; another version of it computes anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from nk import pipeline
from nk.config import load_config
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Run = Callable[..., tuple[int, str]]


def skipped(place: Path) -> list[tuple[str, str]]:
    return pl.read_csv(place / "results" / "exp" / "skipped.csv").select("file", "reason").rows()


def test_a_file_on_which_it_crashes_is_skipped_and_named(place: Path, nk: Run) -> None:
    code, said = nk(FAULT="crash s0_1.wav")
    assert code == 0, said
    assert "1 of 48 rows skipped: 1 `tones` crashed (SIGSEGV) (`audio/s0_1.wav`)" in said
    assert skipped(place) == [("audio/s0_1.wav", "`tones` crashed (SIGSEGV)")]
    code, said = nk()
    assert code == 0
    assert "47 of 48 in the cache" in said
    assert skipped(place) == []


def test_a_file_on_which_it_hangs_is_skipped_and_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nk.stages.extract._PATIENCE", 0)  # what remains is ten times the 0.3 s of a recording
    monkeypatch.setenv("FAULT", "hang s0_1.wav")
    pipeline.run(load_config(Path("exp.ini")), Ui(quiet=True), jobs=2)
    assert skipped(place) == [("audio/s0_1.wav", "`tones` did not end in time")]


def test_another_version_computes_anew(nk: Run, new_version: Callable[[], None]) -> None:
    assert "0 of 48 in the cache" in nk()[1]
    assert "48 of 48 in the cache" in nk()[1]
    new_version()
    assert "0 of 48 in the cache" in nk()[1]
