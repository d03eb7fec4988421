"""How trainings went, in words and for the manifest."""

from __future__ import annotations

import json

from nk.stages.course import Course, Stop, lines, warnings

LABELS = ("anger", "joy")


def test_a_note_is_said_once_with_how_many_models_say_it() -> None:
    courses = [Course(notes=("one", "all")), Course(notes=("all",))]
    assert warnings(courses) == ["one", "all (in 2 of 2 models)"]


def test_what_was_held_out_and_what_balancing_did() -> None:
    first = Course(10, stop=Stop(2, 9, 40, "speakers"), before=(20, 10), after=(20, 20))
    second = Course(10, stop=Stop(2, 9, 51, "speakers"), before=(22, 12), after=(22, 22))
    assert lines([first], LABELS, "smote") == [
        "early stopping: as there is no dev part to watch, 2 of 9 training speakers were held out (40 rows)",
        "balancing: training rows by `smote`: anger 20 -> 20, joy 10 -> 20",
    ]
    assert lines([first, second], LABELS, "smote") == [
        "early stopping: as there is no dev part to watch, 2 of 9 training speakers were held out (40 to 51 rows)",
        "balancing: training rows by `smote`, mean of 2 models: anger 21 -> 21, joy 11 -> 21",
    ]
    assert lines([Course(stop=Stop(7, 30, 7, "rows"))], LABELS, None) == [
        "early stopping: as there is no dev part to watch, 7 of 30 training rows were held out"
    ]
    assert lines([Course()], LABELS, None) == []


def test_many_classes_are_summed() -> None:
    labels = tuple(f"s{number}" for number in range(11))
    course = Course(before=(2,) * 10 + (1,), after=(2,) * 11)
    assert lines([course], labels, "ros") == ["balancing: training rows by `ros`: 21 -> 22 in 11 classes"]


def test_the_manifest_has_it_all() -> None:
    course = Course(40, ("note",), Stop(2, 9, 11, "speakers"), (20, 10), (20, 20), run=1, fold="s3")
    assert json.loads(json.dumps(course.as_dict(LABELS))) == {
        "run": 1,
        "fold": "s3",
        "rows": 40,
        "held_out_to_stop": {"groups": 2, "of": 9, "rows": 11, "kind": "speakers"},
        "balanced": {"anger": [20, 20], "joy": [10, 20]},
    }
    assert Course(40).as_dict(LABELS) == {"run": 0, "fold": "", "rows": 40}
