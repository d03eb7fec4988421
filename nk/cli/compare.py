"""`nk compare`: which of several runs is better, and whether the difference is more than luck."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nk.cli.options import Quiet, Verbose, ending_well
from nk.errors import ConfigError, Problem
from nk.ui import Ui

Runs = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Run folders, config files of runs, or tables of predictions.", metavar="RUN...", show_default=False
    ),
]
Everything = Annotated[
    Path | None,
    typer.Option("--all", help="List every result below this folder instead.", metavar="ROOT", show_default=False),
]
Sort = Annotated[
    str | None,
    typer.Option(help="With `--all`: sort by this measure, best first.", metavar="MEASURE", show_default=False),
]
Measure = Annotated[
    str | None,
    typer.Option(
        help="What to compare by; the runs' main measure if not given.", metavar="MEASURE", show_default=False
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(help="A folder to write tables and a picture to.", metavar="FOLDER", show_default=False),
]


def compare(
    runs: Runs = None,
    everything: Everything = None,
    sort: Sort = None,
    measure: Measure = None,
    output: Output = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Compare runs that were tested on the same rows: differences with intervals, tested over speakers."""
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        if everything:
            _need_no_more(runs, measure, output)
            from nk.listing import listed
            from nk.show_compared import show_listed

            show_listed(listed(everything, sort, ui), sort, ui, json=json)
            return
        if sort:
            hint = "`--measure` says what to compare by"
            raise ConfigError([Problem("nk", 0, "`--sort` goes with `--all` alone", hint)])
        from nk import comparing, reporting, runfolder
        from nk.show import say_report
        from nk.show_compared import show_compared

        if output:
            runfolder.check_command(output, "compare", way_out="name another folder with `--output`")
        found = comparing.compare(runs or (), measure)
        show_compared(found, ui, json=json)
        if output:
            comparing.write_folder(output, found, ui)
        reported = reporting.of_compared(runs or (), ui)
        if reported:
            say_report(reported, ui)


def _need_no_more(runs: list[Path] | None, measure: str | None, output: Path | None) -> None:
    if runs or measure or output:
        hint = "name runs to compare, or `--all ROOT` to list results, with `--sort`"
        raise ConfigError([Problem("nk", 0, "`--all` goes with `--sort` and `--json` alone", hint)])
