"""`nk ensemble`: what several runs say together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nk.cli.options import Jobs, Quiet, Verbose, ending_well
from nk.errors import ConfigError, Problem
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Sequence

Runs = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Run folders, config files of runs, or tables of predictions.", metavar="RUN_OR_CONFIG...",
        show_default=False,
    ),
]  # fmt: skip
Configs = Annotated[
    list[Path] | None, typer.Option("--config", help="The same as the arguments; may be repeated.", show_default=False)
]
METHODS = (
    "majority_voting, mean, sum, max, max_class, uncertainty_threshold, uncertainty_weighted, confidence_weighted, "
    "performance_weighted, stacking; for numbers mean, median, weighted"
)
Method = Annotated[str, typer.Option(help=f"How to join them: {METHODS}.", metavar="METHOD")]
Threshold = Annotated[
    float | None, typer.Option(help="For `uncertainty_threshold`: below which one decides alone.", show_default=False)
]
Weights = Annotated[
    str | None,
    typer.Option(
        help="For `performance_weighted` and `weighted`: as `0.6,0.4`.", metavar="W,W,...", show_default=False
    ),
]
Normalize = Annotated[
    str | None,
    typer.Option(
        help="For weights by uncertainty: over the models of a `row`, or the rows of a `model`.", show_default=False
    ),
]
Measure = Annotated[str | None, typer.Option(help="The main measure; else that of the runs.", show_default=False)]
Unlabelled = Annotated[bool, typer.Option("--no-labels", help="The rows have no truth: write a table alone.")]
Output = Annotated[
    Path | None,
    typer.Option(
        help="The run folder to write; beside the first run if not given.", metavar="FOLDER", show_default=False
    ),
]
Outfile = Annotated[
    Path | None,
    typer.Option(help="A CSV file to write all rows with their predictions to.", metavar="FILE", show_default=False),
]
Missing = Annotated[bool, typer.Option("--run", help="Run the configs that have no run yet.")]


def ensemble(
    runs: Runs = None,
    config: Configs = None,
    method: Method = "mean",
    threshold: Threshold = None,
    weights: Weights = None,
    normalize: Normalize = None,
    measure: Measure = None,
    no_labels: Unlabelled = False,
    output: Output = None,
    outfile: Outfile = None,
    run: Missing = False,
    jobs: Jobs = None,
    json: Annotated[bool, typer.Option("--json", help="Print the metrics as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Join the predictions of several runs of the same rows, and measure what they say together."""
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        from nk import ensembling
        from nk.show_compared import show_ensembled

        given = {"threshold": threshold, "weights": _numbers(weights), "normalize": normalize}
        options = {key: value for key, value in given.items() if value is not None}
        saved = str(outfile) if outfile else None
        asked = ensembling.Asked(method, options, measure, not no_labels, output, saved)
        places = [*(runs or ()), *(config or ())]
        ensembling.method_of(method, options)
        if run:
            _run_missing(places, ui, jobs)
        show_ensembled(ensembling.ensemble(places, asked, ui), ui, json=json)


def _numbers(text: str | None) -> tuple[float, ...] | None:
    try:
        return tuple(float(one) for one in text.replace(",", " ").split()) if text else None
    except ValueError:
        hint = "give a number a model, as `--weights 0.6,0.4`"
        raise ConfigError([Problem("nk", 0, f"`--weights {text}` are no numbers", hint)]) from None


def _run_missing(places: Sequence[Path], ui: Ui, jobs: int | None) -> None:
    """Run the configs whose folder has no predictions."""
    from nk import pipeline
    from nk.cli.options import warn_of
    from nk.config import load_config
    from nk.members import TABLE, place_of

    configs = [file for file in places if file.is_file() and file.suffix.lower() != ".csv"]
    for loaded in [load_config(file) for file in configs if not (place_of(file) / TABLE).is_file()]:
        ui.note(f"running `{loaded.file}`")
        warn_of(loaded, ui)
        pipeline.run(loaded, ui, jobs=jobs)
