"""`nk multidb`: how well what is learnt from one database holds on another."""

from __future__ import annotations

from typing import Annotated

import typer

from nk.cli.options import (
    Address,
    ConfigFile,
    ConfigOption,
    Executor,
    Jobs,
    Overrides,
    Quiet,
    Verbose,
    ending_well,
    one_file,
    placed,
    warn_of,
)
from nk.ui import Ui


def multidb(
    file: ConfigFile = None,
    config: ConfigOption = None,
    overrides: Overrides = None,
    jobs: Jobs = None,
    executor: Executor = None,
    address: Address = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the cells, and run none.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Compute all anew, even where a folder has the results of the same run.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train on each database of [EXP] `databases` and test on each; with `lodo`, leave each out and train on the rest.

    A cell that fails is reported, and the others go on; the command then leaves with its code.
    """
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        from nk.config import load_config
        from nk.show_swept import show_cells, show_matrix

        sets = placed(overrides, executor, address)
        loaded = load_config(one_file(file, config), sets)
        warn_of(loaded, ui)

        from nk import multidb as crossing
        from nk.execute import executor_of

        if dry_run:
            show_cells(crossing.matrix_cells(loaded), ui, json=json)
            return
        with executor_of(loaded.config, ui) as where:
            done = crossing.multidb(loaded, sets, ui, jobs=jobs, force=force, executor=where)
        show_matrix(done, ui, json=json)
        if done.exit_code:
            raise typer.Exit(done.exit_code)
