"""`nk test`: a stored model on other recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nk.cli.options import Jobs, Overrides, Quiet, Verbose, ending_well, warn_of
from nk.ui import Ui

Where = Annotated[Path, typer.Argument(help="A run folder, or the config file of a run.", metavar="RUN_OR_CONFIG")]
Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--data",
        help="A CSV file, or a folder in audformat, to test on instead of `tests` in [DATA]; may be repeated.",
        metavar="FILE",
        show_default=False,
    ),
]
Like = Annotated[
    str | None,
    typer.Option(
        help="The training database whose conventions FILE has; needed where there are several that differ.",
        metavar="DATABASE",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(help="A CSV file to write all rows with their predictions to.", metavar="FILE", show_default=False),
]


def test(
    where: Where,
    data: Files = None,
    like: Like = None,
    output: Output = None,
    overrides: Overrides = None,
    jobs: Jobs = None,
    json: Annotated[bool, typer.Option("--json", help="Print the metrics as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Test the stored model of a run on the databases in `tests` of its config, or on files."""
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        from nk.stored import find

        folder, loaded = find(where, overrides or ())
        warn_of(loaded, ui)

        from nk import pipeline
        from nk.show import show_tests

        files = [str(file) for file in data or ()]
        saved = str(output) if output else None
        tests = pipeline.test(folder, loaded, ui, files=files, like=like, output=saved, jobs=jobs)
        show_tests(tests, ui, json=json)
