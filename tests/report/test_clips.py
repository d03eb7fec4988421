"""Which recordings are to be heard, and that they are those that the run has read."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest
import soundfile

from nk.config import load_config
from nk.report import clips
from nk.report.files import read_run
from nk.tables import Predictions, Target

if TYPE_CHECKING:
    from pathlib import Path


def predictions() -> Predictions:
    """Sixty rows of two classes: those of an even number are right, and the later the surer."""
    sure = [0.5 + number / 200 for number in range(60)]
    truth = ["ab"[number % 3 % 2] for number in range(60)]
    said = [one if number % 2 == 0 else "ba"["ab".index(one)] for number, one in enumerate(truth)]
    frame = pl.DataFrame({"id": [f"{number:02}" for number in range(60)], "split": "test", "run": 0, "truth": truth,
                          "predicted": said, "uncertainty": [1 - one for one in sure]})  # fmt: skip
    scores = [[score if name == one else 1 - score for one, score in zip(said, sure, strict=True)] for name in "ab"]
    return Predictions(frame.with_columns(p_a=pl.Series(scores[0]), p_b=pl.Series(scores[1])), Target("t", ("a", "b")))


def chosen(some: Predictions) -> dict[str, list[int]]:
    found = clips.choose(some, "test")
    return {
        kind: [int(row["id"]) for each, row in found if each == kind] for kind in dict.fromkeys(k for k, _ in found)
    }


def test_the_surest_errors_the_doubts_and_the_surest_right_ones_of_each_class() -> None:
    right = {label: [n for n in range(58, -1, -2) if "ab"[n % 3 % 2] == label][:2] for label in "ab"}
    assert chosen(predictions()) == {
        "errors": list(range(59, 39, -2)),
        "unsure": list(range(10)),
        "right": [*right["a"], *right["b"]],
    }


def test_of_several_runs_the_first_is_heard() -> None:
    some = predictions()
    again = some.frame.with_columns(run=1, predicted=pl.col("truth"))
    assert chosen(Predictions(pl.concat([again, some.frame]), some.target)) == chosen(some)


def test_of_numbers_the_largest_and_the_smallest_errors() -> None:
    errors = [(-1) ** number * number for number in range(40)]
    frame = pl.DataFrame({"id": [f"{n:02}" for n in range(40)], "split": "test", "run": 0, "truth": 50.0,
                          "predicted": [50.0 + error for error in errors]})  # fmt: skip
    assert chosen(Predictions(frame, Target("age"))) == {"far": list(range(39, 29, -1)), "near": list(range(5))}


def test_a_clip_is_the_recording(nasty: Path) -> None:
    run = read_run(nasty, load_config(nasty / "config.yaml").config)
    found, notes = clips.clips(run)
    assert notes == []
    assert len(found) == len(clips.choose(run.predictions, "test"))
    samples, rate = soundfile.read(io.BytesIO(found[0].data))
    assert rate == clips.RATE
    original, _ = soundfile.read(nasty.parent.parent / found[0].row["file"])
    assert samples.std() == pytest.approx(original.std(), rel=0.1)


def test_a_recording_that_has_changed_or_is_gone_is_not_heard(nasty: Path, tmp_path: Path) -> None:
    place = tmp_path / "corpus"
    shutil.copytree(nasty.parent.parent, place)
    text = (place / "results/nasty/config.yaml").read_text(encoding="utf-8")
    (place / "results/nasty/config.yaml").write_text(
        text.replace(str(nasty.parent.parent), str(place)), encoding="utf-8"
    )
    run = read_run(place / "results/nasty", load_config(place / "results/nasty/config.yaml").config)
    (_, first), (_, second), *others = clips.choose(run.predictions, "test")
    (place / first["file"]).unlink()
    shutil.copyfile(place / others[0][1]["file"], place / second["file"])
    found, notes = clips.clips(run)
    assert {one.row["id"] for one in found} == {row["id"] for _, row in others}
    assert notes == [f"2 recordings of {len(others) + 2} could not be read, or changed since the run"]
    (place / "db.csv").unlink()
    found, notes = clips.clips(run)
    assert found == []
    assert notes[0].startswith("no recordings: there is no `")


def test_a_page_does_not_grow_without_bound(nasty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = read_run(nasty, load_config(nasty / "config.yaml").config)
    everything, _ = clips.clips(run)
    monkeypatch.setattr(clips, "MOST_BYTES", sum(len(one.data) for one in everything[:3]))
    found, notes = clips.clips(run)
    assert sum(len(one.data) for one in found) <= clips.MOST_BYTES
    assert notes == [f"{len(everything) - len(found)} clips left out, as the page would be too large"]
