"""`nk run`: a config file in, an honest result out."""

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
)
from nk.ui import Ui


def run(
    file: ConfigFile = None,
    config: ConfigOption = None,
    overrides: Overrides = None,
    jobs: Jobs = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Stop at the plan: what would be done.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the metrics as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run an experiment: read, split, compute features, train, evaluate, write a run folder."""
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        from nk.config import load_config

        loaded = load_config(one_file(file, config), overrides or ())
        for warning in loaded.warnings:
            ui.problem(warning, warning=True)

        from nk import pipeline
        from nk.show import show, show_plan

        outcome = pipeline.run(loaded, ui, jobs=jobs, dry_run=dry_run)
        if isinstance(outcome, pipeline.Result):
            show(outcome, ui, json=json)
        else:
            show_plan(outcome, ui, json=json)
