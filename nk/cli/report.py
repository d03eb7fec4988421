"""`nk report`: what a command has left in a folder as a page to read, to listen to and to pass on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nk.cli.options import Overrides, Quiet, Verbose, ending_well
from nk.ui import Ui

Where = Annotated[
    list[Path],
    typer.Argument(
        help="Folders that commands have written, or config files of runs; runs are put side by side.", metavar="RUN..."
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        help="The folder to write to; else `report` in the folder, or `comparison` beside the first of several.",
        metavar="FOLDER",
        show_default=False,
    ),
]


def report(
    where: Where,
    output: Output = None,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Put no recordings into the page.")] = False,
    overrides: Overrides = None,
    json: Annotated[bool, typer.Option("--json", help="Print what the report says as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Make a report of runs, or of a sweep, a matrix or a search: one HTML file, and with `latex` in [REPORT] a PDF."""
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        from nk import reporting
        from nk.show import show_report

        show_report(
            reporting.report(where, ui, overrides=overrides or (), output=output, audio=not no_audio), ui, json=json
        )
