from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nk.corpus import store
from nk.corpus.recipe import SPEAKERS
from nk.errors import DataError, PluginError

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_there_is_not_whole(tmp_path: Path) -> None:
    assert not store.is_whole(tmp_path, {"a.wav"})
    assert not store.is_whole(tmp_path / "none", {"a.wav"})


def test_the_order_matters_to_the_synthesiser() -> None:
    """Why there is a process a speaker; when this fails, the synthesiser has lost its hidden state."""
    program = """
from parselmouth.praat import call
voice = call("Create SpeechSynthesizer", "English (Great Britain)", "Female1")
first, second = (call(voice, "To Sound", "Hello there.", "no")[0].values.tobytes() for _ in range(2))
print(first == second)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NK_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match="cannot be written") as caught:
        store.corpus(1)
    assert "NK_CACHE" in str(caught.value.hint)


def test_files_of_the_user_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "wave.py").write_text("raise ImportError('the wrong one')")
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    store._speak(SPEAKERS[0], 1, tmp_path / "there")
    assert len(list((tmp_path / "there").iterdir())) == 20


def test_a_failing_synthesiser(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="failed for `nobody`: StopIteration"):
        store._speak(replace(SPEAKERS[0], name="nobody"), 1, tmp_path)
