"""What was done, as a paragraph for the section on methods: nothing in it that the run folder does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nk.config.model import DEFAULTS
from nk.report import joined
from nk.report.words import counted, interval, listed, measure, number, options
from nk.stages.folds import folds_by
from nk.tables import PARTS, Dataset

if TYPE_CHECKING:
    from nk.report.files import Run

_NAMED = 12  # classes that are named
_SCALES = {
    "standard": "Features were standardised (mean 0, deviation 1)",
    "robust": "Features were scaled by median and interquartile range",
    "minmax": "Features were scaled to the range of 0 to 1",
    "maxabs": "Features were scaled by their largest absolute value",
    "speaker": "Features were standardised within each speaker, those of test speakers by their own rows",
}
# The programs that features are known by, whose version stands in the provenance.
_TOOLS = {"os": "openSMILE", "praat": "parselmouth (Praat)"}
_SPLITS = {
    "speaker_split": " by speaker",
    "random": " at random",
    "column": " as the table of the data says",
    "specified": " as the database says",
    "speakers_stated": " by named speakers",
}


def methods(run: Run) -> str:
    """The paragraph."""
    if run.joined:
        return " ".join((_data(run), joined.methods(run, run.joined), _measures(run)))
    found = (_data(run), _split(run), _features(run), _scaling(run), _model(run), _scores(run), _measures(run))
    return " ".join(sentence for sentence in found if sentence)


def _data(run: Run) -> str:
    target, frame = run.target, run.rows
    classes = f": {', '.join(target.labels)}" if len(target.labels) <= _NAMED else ""
    what = "a number" if target.is_number else f"{counted(len(target.labels), 'class', 'classes')}{classes}"
    databases = listed(frame["database"].unique().sort())
    speakers = _speakers(frame)
    text = f"The target was {target.name} ({what}). The data were {counted(frame.height, 'recording')}{speakers}"
    return f"{text} ({run.manifest.audio_hours:.2f} hours) from {databases}."


def _split(run: Run) -> str:
    model, data = run.config.model, run.config.data
    if len(run.manifest.folds) > 1:
        by = folds_by(Dataset(run.rows, run.target), model, data.groups)
        text = f"All rows were tested in a cross-validation with {len(run.manifest.folds)} folds"
        return f"{text} ({by}), each by a model that was trained on the other folds."
    strategies = {one.split_strategy for one in data.databases.values()}
    known = strategies.pop() if len(strategies) == 1 else None
    how = _SPLITS.get(known, "") if isinstance(known, str) else ""
    parts = [_part(run.rows.filter(pl.col("split") == part), part) for part in PARTS]
    return f"The data were split{how} into {listed(part for part in parts if part)}."


def _part(rows: pl.DataFrame, name: str) -> str:
    if not rows.height:
        return ""
    return f"{name} ({counted(rows.height, 'recording')}{_speakers(rows)})"


def _speakers(rows: pl.DataFrame) -> str:
    """Of how many speakers the rows are, and of how many rows that is not known; nothing where it is of none."""
    missing = rows["speaker"].null_count() if "speaker" in rows.columns else rows.height
    if missing == rows.height:
        return ""
    text = f" of {counted(rows['speaker'].drop_nulls().n_unique(), 'speaker')}"
    return text + (f", {missing:,} of them without a known speaker" if missing else "")


def _features(run: Run) -> str:
    tables = [name for found in run.manifest.features for name in _files(found)]
    computed = [_source(found) for found in run.manifest.features if not found.get("files")]
    told = [f"computed by {listed(computed)}"] if computed else []
    told += [f"read from ready-made tables ({listed(tables)})"] if tables else []
    count = counted(run.manifest.columns, "feature")
    return (
        f"For each recording, {count} {'was' if run.manifest.columns == 1 else 'were'} {listed(told)}." if told else ""
    )


def _files(found: dict[str, Any]) -> list[str]:
    """The tables that features were read from; none where they were computed."""
    files = found.get("files")
    return list(files) if isinstance(files, dict) else []


def _source(found: dict[str, Any]) -> str:
    """A source of features, what computes them with its version, and its options."""
    name = str(found.get("extractor", "features"))
    tool, version = _TOOLS.get(name, "version"), found.get("version")
    version = f"{tool} {version}" if isinstance(version, str) else ""
    asked = found.get("options")
    told = ", ".join(text for text in (version, options(asked) if isinstance(asked, dict) else "") if text)
    return f"{name} ({told})" if told else name


def _scaling(run: Run) -> str:
    scale = run.config.feats.scale
    if not scale:
        return ""
    text = _SCALES.get(scale, f"Features were scaled ({scale})")
    return f"{text}." if scale == "speaker" else f"{text}, as measured on training rows alone."


def _model(run: Run) -> str:
    model, runs = run.config.model, run.config.exp.runs
    kind = model.type or DEFAULTS[run.config.exp.type]
    what = "regressor" if run.target.is_number else "classifier"
    told = f" ({options(model.options)})" if model.options else ""
    text = f"The {what} was {kind}{told}, with the seed {run.manifest.seed}"
    if runs > 1:
        text += f" and the {runs - 1} after it in {runs} runs"
    if model.spaces:
        text += f"; {listed(model.spaces)} {'was' if len(model.spaces) == 1 else 'were'} chosen without the test rows"
    balanced = run.config.feats.balancing
    return f"{text}. Training rows were balanced by {balanced}." if balanced else f"{text}."


def _scores(run: Run) -> str:
    found = run.metrics.calibration.get(run.part or "")
    if not found or not found.by:
        return ""
    return f"Class scores were calibrated by a temperature that was learnt on {found.by}."


def _measures(run: Run) -> str:
    """The result, its interval, and what guessing gives."""
    part, name = run.part, run.measure
    if not part or not name:
        return "No result was computed, as no truth is known."
    found = run.metrics.metrics[part][name]
    speakers = f" of {counted(found.n_speakers, 'speaker')}" if found.n_speakers else ""
    text = f"On {counted(found.n, 'recording')}{speakers} the {measure(name)} was {number(found.value)}"
    if found.low is not None:
        text += f" (95 % interval {interval(found.low, found.high)}, {found.method})"
    guesses = run.metrics.baselines_by_part.get(part, {})
    always = "always the mean" if run.target.is_number else "always the most frequent class"
    called = {"chance": "guessing by chance", "majority": f"to say {always}"}
    told = [f"{called.get(base, base)} would give {number(each.get(name))}" for base, each in guesses.items()]
    versions = f"Made with nk {run.manifest.nk} and Python {run.manifest.python}."
    return f"{text}; {listed(told)}. {versions}" if told else f"{text}. {versions}"
