"""`nk flags`, also called `nk sweep`: a run for every combination of values."""

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


def flags(
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
    nested: Annotated[
        bool | None,
        typer.Option(
            "--nested/--no-nested",
            help="After a cross-validation, choose among cells in inner folds of each "
            "fold, which takes four times as long; without it [FLAGS] `nested`.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run an experiment for every combination of the values in [FLAGS], and say what choosing the best is worth.

    A cell that fails is reported, and the others go on; the command then leaves with its code.
    """
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        from nk.cells import cells
        from nk.config import load_config
        from nk.show_swept import show_cells, show_swept

        sets = placed(overrides, executor, address)
        loaded = load_config(one_file(file, config), sets)
        warn_of(loaded, ui)
        if dry_run:
            show_cells(cells(loaded), ui, json=json)
            return
        from nk import sweeping
        from nk.execute import executor_of

        with executor_of(loaded.config, ui) as where:
            done = sweeping.sweep(loaded, sets, ui, jobs=jobs, force=force, nested=nested, executor=where)
        show_swept(done, ui, json=json)
        if done.exit_code:
            raise typer.Exit(done.exit_code)
