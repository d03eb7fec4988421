"""What each check finds, at which level, in which words; and that a clean split has nothing to find."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.audit.cues import CUES
from nk.audit.finding import Finding
from nk.audit.shared_recordings import connected
from nk.audit.shortcuts import Probed, Reached
from nk.stages import audit
from nk.stages.folds import Fold
from nk.tables import Dataset, Target
from nk.ui import Ui

GOLDEN = Path(__file__).parent.parent / "golden" / "audit"


def dataset(target: str = "emotion", labels: tuple[str, ...] | None = None, count: int = 40, **columns: Any) -> Dataset:
    """Ten speakers with four rows each, two of each emotion, but for columns given as lists or functions of the row."""
    rows = range(count)
    usual: dict[str, Any] = {
        "id": lambda row: f"db/{row:02}", "file": lambda row: f"{row}.wav", "start": lambda _: 0.0,
        "end": lambda _: 1.0, "database": lambda _: "db", "digest": lambda row: f"x{row}",
        "speaker": lambda row: f"s{row // 4}", "emotion": lambda row: ("joy", "anger")[row % 2],
    }  # fmt: skip
    given = {name: [rule(row) for row in rows] if callable(rule) else rule for name, rule in (usual | columns).items()}
    frame = pl.DataFrame(given, schema_overrides={"speaker": pl.String}, strict=False)
    found = labels or tuple(pl.Series(frame[target]).drop_nulls().cast(pl.String).unique().sort().to_list())
    return Dataset(frame, Target(target, () if frame[target].dtype.is_numeric() else found))


def fold(data: Dataset, test: range | list[int], dev: range | list[int] = range(0), name: str = "split") -> Fold:
    """The rows that are in neither part are to train on."""
    train = [row for row in range(len(data)) if row not in {*test, *dev}]
    places = [np.array(rows, dtype=np.int64) for rows in (list(dev), list(test), train)]
    return Fold(name, tuple(data.ids), places[0], places[1], places[2])


def halves(data: Dataset) -> list[Fold]:
    """The first speakers train, the last five test."""
    return [fold(data, range(20, 40))]


def found(data: Dataset, folds: list[Fold] | None = None) -> list[Finding]:
    return audit.of_tables(data, folds or halves(data))


def only(data: Dataset, folds: list[Fold] | None = None) -> Finding:
    (one,) = found(data, folds)
    return one


def test_a_clean_split_has_nothing_to_say() -> None:
    assert found(dataset()) == []
    assert (
        found(dataset(gender=lambda row: "fm"[row // 4 % 2], age=lambda row: 20 + row // 4, text=lambda row: row)) == []
    )


def test_a_speaker_in_train_and_test_is_named_once() -> None:
    data = dataset()
    folds = [fold(data, range(18, 40), name="1"), fold(data, range(18), name="2")]
    one = only(data, folds)
    assert (one.check, one.level, one.count, one.examples) == ("shared_speakers", "warning", 1, ("s4",))
    assert one.what == "1 speaker is in both train and test"


def test_shared_speakers_with_one_label_give_the_answer_away() -> None:
    data = dataset("diagnosis", diagnosis=lambda row: ("ill", "well")[row // 4 % 2])
    folds = [fold(data, [row for row in range(40) if row % 4 == 3])]
    shared, one_label = found(data, folds)
    assert shared.what == (
        "10 speakers are in both train and test, each with one `diagnosis` (who knows the voice knows the answer)"
    )
    assert (one_label.check, one_label.level) == ("one_label_speakers", "note")


def test_speakers_of_dev() -> None:
    data = dataset()
    one = only(data, [fold(data, range(20, 40), [18, 19])])
    assert (one.level, one.what) == ("note", "1 speaker is in both train and dev")
    one = only(data, [fold(data, range(18, 40), range(8, 18))])
    assert (one.level, one.what) == ("warning", "1 speaker is in both dev and test")


@pytest.mark.parametrize("target", ["speaker", "emotion"])
def test_where_the_speaker_is_the_target_he_is_expected_on_both_sides(target: str) -> None:
    data = dataset(target)
    checks = {one.check for one in found(data, [fold(data, [row for row in range(40) if row % 4 == 3])])}
    assert ("shared_speakers" in checks) == (target == "emotion")


def test_a_recording_in_train_and_test_is_named_by_its_file() -> None:
    one = only(dataset(digest=lambda row: "x9" if row == 38 else f"x{row}"))
    assert (one.check, one.level, one.count, one.examples) == ("shared_recordings", "warning", 1, ("38.wav",))


@pytest.mark.parametrize(("seconds", "level"), [(0, "error"), (1, "warning")])
def test_a_test_on_nothing_but_training_is_an_error(seconds: int, level: str) -> None:
    """The same recordings; but other segments of them have not been heard."""
    one = only(dataset(digest=lambda row: f"x{row % 20}", end=lambda row: 1.0 + seconds * (row // 20)))
    assert (one.check, one.level, one.count) == ("shared_recordings", level, 20)


def meeting(where: list[tuple[float, float]], **columns: Any) -> Dataset:
    """One long recording, of which each row is a part."""
    return dataset(digest=lambda _: "x", file=lambda _: "x.wav", start=[one for one, _ in where],
                   end=[one for _, one in where], **columns)  # fmt: skip


def test_other_parts_of_a_recording_are_no_double() -> None:
    apart = [(float(row), row + 1.2) for row in range(40)]
    one = only(meeting(apart))
    assert (one.level, one.what) == ("note", "1 recording has parts in both train and test")
    assert one.examples == ("x.wav",)
    _, one = found(meeting(apart, speaker=[None] * 40))
    assert (one.check, one.level) == ("shared_recordings", "warning")


@pytest.mark.parametrize(("start", "end", "level"), [(3.0, 4.0, "warning"), (3.5, 4.5, "note"), (2.0, 9.0, "warning")])
def test_parts_that_overlap_by_more_than_half_are_the_same(start: float, end: float, level: str) -> None:
    where = [(float(row), row + 1.0) for row in range(40)]
    where[30] = (start, end)
    one = only(meeting(where))
    assert one.level == level
    what = "1 recording has the same parts" if level == "warning" else "1 recording has parts"
    assert one.what == f"{what} in both train and test"


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 12)), unique=True, max_size=25))
def test_stretches_are_what_comparing_every_pair_finds(segments: list[tuple[int, int, int]]) -> None:
    segments = sorted((recording, start, start + length) for recording, start, length in segments)
    recording, start, end = np.array(segments, dtype=np.int64).reshape(-1, 3).T
    expected = list(range(len(segments)))
    for one, (here, from_, to) in enumerate(segments):
        for other, (there, start_, end_) in enumerate(segments):
            if here == there and min(to, end_) - max(from_, start_) > 0.5 * min(to - from_, end_ - start_):
                old, new = expected[one], expected[other]
                expected = [new if number == old else number for number in expected]
    found = connected(recording, start.astype(float), end.astype(float)).tolist()
    assert [[a == b for a in found] for b in found] == [[a == b for a in expected] for b in expected]


def test_unknown_speakers_are_a_finding_of_their_own() -> None:
    one = only(dataset(speaker=[None] * 40))
    assert (one.check, one.level, one.count) == ("unknown_speakers", "warning", 40)
    assert one.what == "speakers are not known, so the same voice may be in both train and test"
    one = only(dataset(speaker=lambda row: f"s{row // 4}" if row else None))
    assert one.what == "1 row has no speaker, so the same voice may be in both train and test"
    assert one.examples == ("0.wav",)


@pytest.mark.parametrize(("tested", "expected"), [(4, "1 test speaker"), (16, "4 test speakers"), (20, None)])
def test_fewer_than_five_test_speakers(tested: int, expected: str | None) -> None:
    data = dataset()
    said = [one.what for one in found(data, [fold(data, range(40 - tested, 40))])]
    assert said == ([expected] if expected else [])


def test_test_speakers_are_counted_over_folds_and_where_there_is_a_truth() -> None:
    data = dataset()
    assert found(data, [fold(data, range(4 * n, 4 * n + 4), name=str(n)) for n in range(10)]) == []
    data = dataset(emotion=lambda row: ("joy", "anger")[row % 2] if row < 28 else None)
    one = only(data)
    assert (one.what, one.examples) == ("2 test speakers", ("s5", "s6"))


def test_classes_that_a_part_lacks() -> None:
    data = dataset(emotion=lambda row: "fear" if row in {1, 5} else ("joy", "anger")[row % 2])
    one = only(data)
    assert (one.level, one.what, one.examples) == ("warning", "classes without a test row", ("fear",))
    turned = only(data, [fold(data, range(20))])
    assert (turned.level, turned.what, turned.examples) == ("warning", "classes without a training row", ("fear",))
    data = dataset(emotion=lambda row: "fear" if row in {1, 21} else ("joy", "anger")[row % 2])
    one = only(data, [fold(data, range(20, 40), range(8, 20))])
    assert (one.level, one.what, one.examples) == ("note", "classes without a dev row", ("fear",))


def test_classes_of_no_row_are_said_once() -> None:
    one = only(dataset(labels=("joy", "anger", "fear")))
    assert (one.what, one.examples) == ("classes without a training row", ("fear",))


def test_spellings_that_are_probably_one() -> None:
    emotions = ["Joy", "joy ", "fear", "anger"] * 10
    one, two = found(dataset(emotion=emotions, speaker=lambda row: ["3", "3.0", "S1", "s1", *"abcdef"][row // 4]),
                     [fold(dataset(), range(8, 40))])  # fmt: skip
    assert one.what == "classes of `emotion` that differ in their spelling alone count as different"
    assert one.examples == ("`Joy` and `joy `",)
    assert two.examples == ("`3` and `3.0`", "`S1` and `s1`")
    assert {one.level, two.level} == {"warning"}


def test_a_word_for_not_known_as_a_class() -> None:
    one = only(dataset(emotion=["joy", "n/a", "joy", "fear"] * 10))
    assert (one.check, one.level, one.examples) == ("missing_words", "warning", ("n/a",))


def test_speakers_of_two_databases() -> None:
    one = only(dataset(database=lambda row: "xy"[row % 2] if row < 4 else "x"))
    assert one.what == "1 speaker is in several databases, and taken for the same person"
    assert (one.level, one.examples) == ("note", ("s0",))


def test_speakers_with_one_label() -> None:
    one = only(dataset(emotion=lambda row: "joy" if row < 8 else ("joy", "anger")[row % 2]))
    assert (one.level, one.what, one.examples) == ("note", "2 of 10 speakers have one `emotion` only", ("s0", "s1"))
    every = only(dataset("diagnosis", diagnosis=lambda row: ("ill", "well")[row // 4 % 2]))
    assert every.what == "each speaker has one `diagnosis` (`ill` 5, `well` 5)"
    age = only(dataset("age", age=lambda row: 20.0 + row // 4))
    assert age.what == "each speaker has one `age`"


def test_rows_without_a_truth() -> None:
    data = dataset(emotion=lambda row: ("joy", "anger")[row % 2] if row < 20 else None)
    one = only(data)
    assert one.what == "no row of the part `test` has a `emotion`: they are predicted, and there is nothing to measure"
    assert one.level == "note"
    data = dataset(database=lambda row: "ab"[row < 4], emotion=lambda row: "jk"[row % 2] if row > 3 else None)
    one = only(data)
    assert (one.level, one.examples) == ("warning", ("b",))
    assert one.what == "databases of which no training row has a `emotion`: nothing is learnt from them"
    assert one.do == "if its column has another name, use `b.colnames`"


@pytest.mark.parametrize("column", ["text", "transcription", "sentence"])
def test_shared_texts_are_a_note(column: str) -> None:
    texts: dict[str, Any] = {column: lambda row: ("To be!", None, "or not", "to  BE")[row // 2 % 4]}
    one = only(dataset(**texts))
    assert (one.check, one.level, one.count) == ("shared_texts", "note", 2)
    assert f"['speaker', '{column}']" in one.do
    assert one.what == "2 texts are in both train and test; the text hardly tells `emotion` (UAR 0.50, chance 0.50)"


def test_shared_texts_that_tell_the_label_are_a_warning() -> None:
    text = lambda row: f"{('yes', 'no')[row % 2]} {row // 20 * (row // 4)}" if row % 9 == 0 else ("yes", "no")[row % 2]  # noqa: E731
    one = only(dataset(text=text))
    assert (one.level, one.count, one.examples) == ("warning", 2, ("no", "yes"))
    assert one.what.startswith("2 texts are in both train and test; the text alone tells `emotion` (UAR 0.9")


def test_texts_that_are_the_target_or_not_shared_are_none() -> None:
    assert found(dataset(text=lambda row: f"{row}")) == []
    assert found(dataset("text", text=lambda row: ("yes", "no")[row % 2])) == []


@pytest.mark.parametrize("trait", ["gender", "age"])
@pytest.mark.parametrize(("speakers", "level"), [(12, "warning"), (10, "note")])
def test_traits_that_tell_the_label(trait: str, speakers: int, level: str) -> None:
    """Six women and six men are hardly so by chance (2 of 924 ways to deal it); five and five may be (2 of 252)."""
    values: dict[str, Any] = {
        "gender": lambda row: ("female", "Male ")[row // 4 % 2],
        "age": lambda row: 20 + 40 * (row // 4 % 2),
    }
    ill = lambda row: ("ill", "well")[row // 4 % 2]  # noqa: E731
    data = dataset("diagnosis", count=4 * speakers, diagnosis=ill, **{trait: values[trait]})
    one, _ = found(data, [fold(data, range(4 * n, 4 * n + 4), name=str(n)) for n in range(speakers)])
    assert (one.check, one.level) == ("telling_traits", level)
    assert one.what == f"`{trait}` alone tells `diagnosis`: UAR 1.00, chance 0.50"


def test_equal_files_are_said_once_where_copies_were_heard() -> None:
    equal, parts = (Finding("shared_recordings", level, 1, (), "", "") for level in ("warning", "note"))
    names, copies, few = (Finding(name, "warning", 1, (), "", "") for name in ("duplicate_names", "duplicates", "few"))
    assert audit.together([equal, few, parts], [copies]) == [few, copies, parts]
    assert audit.together([equal, few, parts], [names]) == [equal, few, names, parts]


def every_kind() -> list[Finding]:
    """Findings of each check, for the wording."""
    emotion = ["joy", "Joy", "n/a", "anger", "fear"] * 8
    data = dataset(
        emotion=lambda row: emotion[row], speaker=lambda row: None if row == 39 else f"s{row // 4}",
        text=lambda row: emotion[row] + " is what it is, and nothing else", digest=lambda row: f"x{row % 30}",
        database=lambda row: "ab"[row % 2],
    )  # fmt: skip
    tells = [Probed(cue, 0.8 - place / 10, 0.7 - place / 10, 0.2, 0.001) for place, cue in enumerate(CUES[::4])]
    heard = audit.of_recordings(audit.Heard(tells, []), data.target, Reached(0.9, 0.8))
    return audit.by_level([*found(data, [fold(data, range(28, 40), range(20, 28))]), *heard])


def test_the_panel_is_worded_as_ever(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    findings = every_kind()
    audit.show(findings, Ui())
    golden("panel.txt", capsys.readouterr().err)
    monkeypatch.setattr("nk.ui._is_terminal", lambda _: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    audit.show(findings, Ui())
    golden("panel_terminal.txt", capsys.readouterr().err)
    golden("audit.json", json.dumps(audit.as_json(findings), indent=1, ensure_ascii=False) + "\n")
    audit.show(findings, Ui(quiet=True))
    assert capsys.readouterr().err == ""
    audit.show((), Ui())
    assert capsys.readouterr().err == "audit: nothing found\n"


def golden(name: str, said: str) -> None:
    """`NK_GOLDEN=write python -m pytest tests/audit/test_checks.py` writes what is said now."""
    if os.environ.get("NK_GOLDEN") == "write":
        (GOLDEN / name).write_text(said, encoding="utf-8")
    assert said == (GOLDEN / name).read_text(encoding="utf-8")


def test_a_long_example_is_whole_in_the_file_and_cut_in_the_panel(capsys: pytest.CaptureFixture[str]) -> None:
    long = "recordings/of/the/first/session/in/the/clinic/spk01_17.wav"
    one = only(dataset(digest=lambda row: "x9" if row == 38 else f"x{row}", file=lambda row: f"{row}{long}"))
    assert one.examples == (f"38{long}",)
    audit.show([one], Ui())
    assert "`38recordings/of/the/first/...c/spk01_17.wav`" in capsys.readouterr().err
