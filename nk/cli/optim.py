"""`nk optim`: the best options of a model."""

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


def optim(
    file: ConfigFile = None,
    config: ConfigOption = None,
    overrides: Overrides = None,
    jobs: Jobs = None,
    executor: Executor = None,
    address: Address = None,
    nested: Annotated[
        bool | None,
        typer.Option("--nested/--no-nested", help="Say what the search is worth: repeat it in each of several outer "
                     "folds; without it [OPTIM] `nested`.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Forget the trials that were made, and begin anew.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:  # fmt: skip
    """Search the options of a model that [OPTIM] names, in inner folds of speakers of the training part.

    A search that was stopped goes on where it was. The best config is written as a file that `nk run` takes.
    """
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        from nk import optimising
        from nk.config import load_config
        from nk.execute import executor_of
        from nk.show_searched import show_planned, show_searched

        sets = placed(overrides, executor, address)
        loaded = load_config(one_file(file, config), sets)
        warn_of(loaded, ui)
        with executor_of(loaded.config, ui) as where:
            done = optimising.optim(
                loaded, overrides or (), ui, jobs=jobs, nested=nested, force=force, dry_run=dry_run, executor=where
            )
        if isinstance(done, optimising.Planned):
            show_planned(done, ui, json=json)
        else:
            show_searched(done, ui, json=json)
