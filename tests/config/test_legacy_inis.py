"""The example files of Nkululeko: all are valid, save those with a true mistake, which is named.

They are found by the variable NK_LEGACY_INIS, a folder, and are no part of this project.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nk.config import load_config, to_ini, to_yaml
from nk.errors import ConfigError

FOLDER = Path(os.environ.get("NK_LEGACY_INIS", "/nonexistent"))
FILES = sorted(FOLDER.glob("*.ini"))

MISTAKES = {
    "exp_balancing_demo.ini": "the file is empty",
    "exp_flags_demo.ini": "the file is empty",
    "exp_emodb_wav2vec_mlp.ini": "[FEATS] `type` names `wav2vec`, which is not a feature",
}

pytestmark = pytest.mark.skipif(not FILES, reason="needs the examples of Nkululeko: set NK_LEGACY_INIS")


def test_old_files_are_valid_or_have_a_true_mistake() -> None:
    said = {file.name: mistakes(file) for file in FILES}
    wrong = {name: text for name, text in said.items() if text}
    assert wrong == {name: text for name, text in MISTAKES.items() if (FOLDER / name).exists()}


def mistakes(file: Path) -> str:
    try:
        load_config(file, roots=False)
    except ConfigError as error:
        return "; ".join(problem.text for problem in error.problems)
    return ""


def test_old_files_are_converted_without_loss(tmp_path: Path) -> None:
    for file in FILES:
        if file.name in MISTAKES:
            continue
        config = load_config(file, roots=False).config
        for spelling, write in (("yaml", to_yaml), ("ini", to_ini)):
            other = tmp_path / f"{file.stem}.{spelling}"
            other.write_text(write(config), encoding="utf-8")
            assert load_config(other, roots=False).config == config, file.name
