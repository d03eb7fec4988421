"""A model card: Markdown behind the metadata block that the Hugging Face hub reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.report import words
from nk.report.blocks import Block, Heading, Items, Paragraph
from nk.report.paper import data_words, groups, headline, measures, members

if TYPE_CHECKING:
    from collections.abc import Iterator

Told = dict[str, Any]
_TASK = "audio-classification"
_LICENCES = {
    "os": "The features `os` are made by openSMILE, which is free for research, education and private use only; that "
    "holds for models trained on them, too.",
}


def metadata(run: Told) -> dict[str, Any]:
    """The metadata block; it names no licence, as that is for the owner of the data to say."""
    task = run["task"]
    kind = {} if task["is_number"] else {"pipeline_tag": _TASK}
    return {
        "library_name": "nk",
        **kind,
        "tags": ["nk", "speech", task["target"], task["model"], *task["features"]],
        "metrics": [one["measure"] for result in run["results"][-1:] for one in result["measures"]],
        "model-index": [{"name": run["name"], "results": [_result(run, one) for one in run["results"]]}],
    }


def _result(run: Told, result: Told) -> Told:
    task = run["task"]
    names = " and ".join(one["database"] for one in run["data"]["databases"])
    called = "speech regression" if task["is_number"] else "speech classification"
    return {
        "task": {"type": "tabular-regression" if task["is_number"] else _TASK, "name": f"{called}: {task['target']}"},
        "dataset": {"name": names, "type": names, "split": result["part"]},
        "metrics": [
            {"type": one["measure"], "name": _metric_name(one), "value": one["value"]}
            for one in result["measures"]
            if one["value"] is not None
        ],
    }


def _metric_name(one: Told) -> str:
    ends = "" if one["low"] is None else f", 95 % interval {words.interval(one['low'], one['high'])}"
    return f"{words.measure(one['measure'])}{ends}"


def card(run: Told) -> list[Block]:
    """The blocks below the metadata."""
    return [
        Heading(1, run["name"]),
        Paragraph(headline(run)),
        Heading(2, "What it is for"),
        Paragraph(_use(run)),
        Heading(2, "Data"),
        Paragraph(data_words(run)),
        Heading(2, "How it was trained and tested"),
        Paragraph(run["methods"]),
        Heading(2, "Results"),
        *(measures(one) for one in run["results"]),
        *([members(run["members"])] if run["members"] else []),
        *(measures({"part": one["name"], **one}, "The stored model on") for one in run["tests"] if one["measures"]),
        *groups(run),
        Heading(2, "Limits"),
        *_limits(run),
        Heading(2, "Licences"),
        Paragraph(_licences(run)),
    ]


def _use(run: Told) -> str:
    data = run["data"]
    speakers = f", {words.counted(data['speakers'], 'speaker')}" if data["speakers"] else ""
    names = words.listed(f"`{one['database']}`" for one in data["databases"])
    tested = words.listed(f"`{one['name']}`" for one in run["tests"] if one["measures"])
    beside = f"It was tested on {tested}, too, see below. " if tested else ""
    return (
        f"It predicts `{run['task']['target']}` of recordings that are like those of {names}{speakers}. {beside}Other "
        "microphones, rooms, languages, ages and ways of labelling were not tested; `nk test` measures it on other "
        "recordings. No decision about a person may rest on it alone."
    )


def _limits(run: Told) -> Iterator[Block]:
    found = [*run["leads"], *(one for one in run["audit"] if one["level"] == "note")]
    if found:
        yield Items([(one["level"], f"{one['text']}.") for one in found])
    else:
        yield Paragraph("The audit has found nothing; that is no proof.")


def _licences(run: Told) -> str:
    told = [text for name, text in _LICENCES.items() if name in run["task"]["features"]]
    return " ".join(["Of the data, and of this model: not stated here.", *told])
