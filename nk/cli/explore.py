"""`nk explore`: look at the data before the model is believed."""

from __future__ import annotations

from typing import Annotated

import typer

from nk.cli.options import (
    ConfigFile,
    ConfigOption,
    Jobs,
    Overrides,
    Quiet,
    Verbose,
    ending_well,
    one_file,
    warn_of,
)
from nk.ui import Ui


def explore(
    file: ConfigFile = None,
    config: ConfigOption = None,
    overrides: Overrides = None,
    jobs: Jobs = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Look at the data of an experiment: distributions, tests, biases, features; nothing is trained to be kept."""
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        from nk.config import load_config

        loaded = load_config(one_file(file, config), overrides or ())
        warn_of(loaded, ui)

        from nk import pipeline
        from nk.show_explored import show_explored

        explored = pipeline.explore(loaded, ui, jobs=jobs)
        show_explored(explored, ui, json=json)
        if explored.rows is not None:
            from nk.explore import spotlight

            ui.note("opening Spotlight; close its tab in the browser to end")
            spotlight.show(explored.rows, explored.config.data.target)
