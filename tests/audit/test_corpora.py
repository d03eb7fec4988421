"""What the audit says of corpora that are known: nothing worse than it should, and every planted fault by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nk import pipeline
from nk.config import load_config
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.audit.finding import Finding

EXAMPLES = Path(__file__).parents[2] / "examples"
OWN_SPLIT = ("model.loso=False", "data.synth.split_strategy=column")
# Fault, how it is split, and the checks that warn of it without a model.
FOUND: list[tuple[str, tuple[str, ...], set[str]]] = [
    ("none", (), set()),
    ("none", OWN_SPLIT, set()),
    ("speaker_leak", OWN_SPLIT, {"shared_speakers"}),
    ("duplicates", OWN_SPLIT, {"duplicates"}),
    ("duplicates", (), {"duplicates"}),
    ("gender_bias", OWN_SPLIT, {"telling_traits"}),
    ("gender_bias", (), {"telling_traits"}),
    ("channel_confound", OWN_SPLIT, {"shortcuts"}),
    ("channel_confound", (), {"shortcuts"}),
]


def found(config: str, *sets: str) -> Sequence[Finding]:
    return pipeline.check(load_config(EXAMPLES / config, sets), Ui(quiet=True)).findings


def named(findings: Sequence[Finding], level: str) -> set[str]:
    return {one.check for one in findings if one.level == level}


def heard(findings: Sequence[Finding]) -> set[str]:
    """The cues that are named."""
    return {cue for one in findings if one.scores for cue in one.scores["cues"]}


def of_run(config: str, *sets: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What a whole run writes down: the findings, and the metrics of its test rows."""
    result = pipeline.run(load_config(EXAMPLES / config, sets), Ui(quiet=True))
    assert isinstance(result, pipeline.Result)
    found = json.loads((result.folder / "audit.json").read_text(encoding="utf-8"))
    assert found["schema"] == 1
    return found["findings"], result.metrics["metrics"]["test"]


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
    assert named(findings, "note") == {"shared_texts", "shortcuts"}
    assert named(findings, "error") == set()
    assert fault == "channel_confound" or heard(findings) <= {"loudness", "duration"}


@pytest.mark.usefixtures("_away")
def test_emodb_on_its_own_split_has_four_test_speakers_and_texts_in_common(data: Path) -> None:
    Path("data").symlink_to(data)
    few, texts, *others = found("emodb_audformat.ini")
    assert {(one.check, one.level) for one in others} == {("shortcuts", "note")}
    assert (few.level, few.what, few.examples) == ("warning", "4 test speakers", ("12", "14", "15", "16"))
    assert (texts.level, texts.count) == ("note", 10)
    assert texts.what == "10 texts are in both train and test; the text hardly tells `emotion` (UAR 0.17, chance 0.14)"
    assert texts.do.endswith("`groups = ['speaker', 'transcription']` in [DATA]")


@pytest.mark.usefixtures("_away")
def test_emodb_with_every_speaker_left_out_is_clean(data: Path) -> None:
    Path("data").symlink_to(data)
    findings = found("emodb.ini")
    assert {one.level for one in findings} == {"note"}
    assert {one.check for one in findings} == {"shared_texts", "shortcuts"}


@pytest.mark.usefixtures("_away")
def test_the_age_in_emodb_belongs_to_speakers(data: Path) -> None:
    Path("data").symlink_to(data)
    assert named(found("emodb_age.ini"), "warning") == set()
    (one,) = (one for one in found("emodb_age.ini") if one.check == "one_label_speakers")
    assert (one.level, one.what) == ("note", "each speaker has one `age`")


@pytest.mark.usefixtures("_away")
def test_known_speakers_as_the_task_are_no_leak(data: Path) -> None:
    Path("data").symlink_to(data)
    findings = found("fsdd_speaker.ini")
    assert {(one.check, one.level) for one in findings} == {("shortcuts", "note")}


@pytest.mark.usefixtures("_away")
def test_turns_of_a_meeting_that_overlap_are_told_from_other_parts(data: Path) -> None:
    """Leaving out a speaker leaves in the others whom the microphone heard beside him."""
    table, segments = Path("ami.ini"), data / "ami_excerpts" / "ami_segments.csv"
    table.write_text(f"[DATA]\ndatabases = ['ami']\nami = {segments}\ntarget = gender\n[MODEL]\nloso = True\n")
    planned = Ui(quiet=True)
    pipeline.run(load_config(table), planned, dry_run=True)
    assert [
        line for line in planned.lines if "warning: 11 recordings have the same parts in both train and test" in line
    ]
    same, parts, one_label, *_ = pipeline.check(load_config(table), Ui(quiet=True)).findings
    assert (same.check, same.level) == ("duplicates", "warning")
    assert (parts.check, parts.level, parts.count) == ("shared_recordings", "note", 2)
    assert one_label.what == "each speaker has one `gender` (`female` 10, `male` 13)"


@pytest.mark.slow
@pytest.mark.usefixtures("_away")
def test_a_run_on_the_own_split_of_emodb_warns_of_four_test_speakers_alone(data: Path) -> None:
    Path("data").symlink_to(data)
    findings, metrics = of_run("emodb_audformat.ini")
    assert [(one["check"], one["what"]) for one in findings if one["level"] != "note"] == [
        ("few_test_speakers", "4 test speakers")
    ]
    assert {one["check"] for one in findings} == {"few_test_speakers", "shared_texts", "shortcuts"}
    for one in findings:
        if one["check"] == "shortcuts":
            assert one["scores"]["model"] == metrics["uar"]["value"]
            assert one["scores"]["chance"] == pytest.approx(1 / 7)
            assert max(cue["score"] for cue in one["scores"]["cues"].values()) < one["scores"]["model"]


@pytest.mark.slow
@pytest.mark.usefixtures("_away")
def test_a_run_holds_the_channel_against_the_model() -> None:
    findings, metrics = of_run("fault.ini", "data.demo.fault=channel_confound")
    (warning,) = (one for one in findings if one["level"] == "warning")
    assert warning["check"] == "shortcuts"
    assert warning["scores"]["model"] == metrics["uar"]["value"]
    assert "at least half as well as the model (UAR: the model 0.9" in warning["what"]
    assert {"noise", "bandwidth"} & {*warning["scores"]["cues"]}
