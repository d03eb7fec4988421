"""A run whose every text is as nasty as a text can be, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from nk import pipeline
from nk.config import load_config
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

NASTY = "<script>alert('x')</script>"
LABELS = (NASTY, r"$x_1$ & 100 % \end{document} #let 悲 ~^{}|`")
CONFIG = """[EXP]
name = nasty
root = {folder}/results
[DATA]
databases = ['db']
db = {folder}/db.csv
target = emotion
[FEATS]
type = ['lfcc']
scale = standard
[MODEL]
type = svm
loso = True
"""


@pytest.fixture(scope="session")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder: four speakers with eight recordings of 0.5 s each, of two classes."""
    folder = tmp_path_factory.mktemp("nasty")
    draw, time = np.random.default_rng(3), np.arange(8000) / 16000
    lines = ["file,speaker,gender,emotion"]
    for speaker in range(4):
        for number in range(8):
            name = f"{speaker}{number}<b>&\"q'.wav"
            pitch = (110, 220)[number % 2] * draw.normal(1, 0.3)
            wave = 0.3 * np.sign(np.sin(2 * np.pi * pitch * time)) + draw.normal(0, 0.02, len(time))
            soundfile.write(folder / name, wave, 16000)
            cells = (name, f"s{speaker} <i>", ("female", "male")[speaker % 2], LABELS[number % 2])
            lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
    (folder / "db.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "exp.ini").write_text(CONFIG.format(folder=folder), encoding="utf-8")
    done = pipeline.run(load_config(folder / "exp.ini"), Ui(quiet=True))
    assert isinstance(done, pipeline.Result)
    return done.folder
