"""What the audit says of corpora that are known: nothing worse than it should, and every planted fault by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nk import pipeline
from nk.config import load_config
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.audit.finding import Finding

EXAMPLES = Path(__file__).parents[2] / "examples"
OWN_SPLIT = ("model.loso=False", "data.synth.split_strategy=column")
# Fault, how it is split, and the checks that warn of it before a training.
FOUND: list[tuple[str, tuple[str, ...], set[str]]] = [
    ("none", (), set()),
    ("none", OWN_SPLIT, set()),
    ("speaker_leak", OWN_SPLIT, {"shared_speakers"}),
    ("duplicates", OWN_SPLIT, {"shared_recordings"}),
    ("duplicates", (), {"shared_recordings"}),
    ("gender_bias", OWN_SPLIT, {"telling_traits"}),
    ("gender_bias", (), {"telling_traits"}),
]


def found(config: str, *sets: str) -> Sequence[Finding]:
    return pipeline.check(load_config(EXAMPLES / config, sets), Ui(quiet=True)).findings


def named(findings: Sequence[Finding], level: str) -> set[str]:
    return {one.check for one in findings if one.level == level}


@pytest.fixture
def _away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("_away")
@pytest.mark.parametrize(("fault", "split", "checks"), FOUND, ids=lambda item: item if isinstance(item, str) else "")
def test_planted_faults_are_found_by_name_and_a_clean_corpus_has_none(
    fault: str, split: tuple[str, ...], checks: set[str]
) -> None:
    findings = found("first.ini", f"data.synth.fault={fault}", *split)
    assert named(findings, "warning") == checks
    assert named(findings, "note") == {"shared_texts"}
    assert named(findings, "error") == set()


@pytest.mark.usefixtures("_away")
def test_emodb_on_its_own_split_has_four_test_speakers_and_texts_in_common(data: Path) -> None:
    Path("data").symlink_to(data)
    few, texts = found("emodb_audformat.ini")
    assert (few.level, few.what, few.examples) == ("warning", "4 test speakers", ("12", "14", "15", "16"))
    assert (texts.level, texts.count) == ("note", 10)
    assert texts.what == "10 texts are in both train and test; the text hardly tells `emotion` (UAR 0.17, chance 0.14)"
    assert texts.do.endswith("`groups = ['speaker', 'transcription']` in [DATA]")


@pytest.mark.usefixtures("_away")
def test_emodb_with_every_speaker_left_out_is_clean(data: Path) -> None:
    Path("data").symlink_to(data)
    (texts,) = found("emodb.ini")
    assert (texts.check, texts.level) == ("shared_texts", "note")


@pytest.mark.usefixtures("_away")
def test_the_age_in_emodb_belongs_to_speakers(data: Path) -> None:
    Path("data").symlink_to(data)
    assert named(found("emodb_age.ini"), "warning") == set()
    (one,) = (one for one in found("emodb_age.ini") if one.check == "one_label_speakers")
    assert (one.level, one.what) == ("note", "each speaker has one `age`")


@pytest.mark.usefixtures("_away")
def test_known_speakers_as_the_task_are_no_leak(data: Path) -> None:
    Path("data").symlink_to(data)
    assert found("fsdd_speaker.ini") == ()
