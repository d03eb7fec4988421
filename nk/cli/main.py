"""`nk`: the commands and what they have in common."""

from __future__ import annotations

import gc
import os
from typing import Annotated

import typer

from nk import __version__
from nk.cli import cache, check, compare, config, ensemble, explore, flags, multidb, optim, report, run, test

app = typer.Typer(
    name="nk",
    help="Speech experiments from a config file, with results that hold.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("check")(check.check)
app.command("test")(test.test)
app.command("explore")(explore.explore)
app.command("compare")(compare.compare)
app.command("ensemble")(ensemble.ensemble)
app.command("flags")(flags.flags)
app.command("sweep", hidden=True)(flags.flags)
app.command("multidb")(multidb.multidb)
app.command("optim")(optim.optim)
app.command("report")(report.report)
app.add_typer(config.app, name="config")
app.add_typer(cache.app, name="cache")


def _version(wanted: bool) -> None:  # noqa: FBT001 - the form that typer asks for
    if wanted:
        typer.echo(f"nk {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Speech experiments from a config file, with results that hold."""
    del version


def main() -> None:
    """The console script."""
    # Threads of OpenMP that wait would turn round and round on cores that others need: XGBoost then takes ten times the
    # CPU on a busy machine. Read when the first library that has them is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # What is imported stays. To look through it for garbage at every 700 new objects takes 7 % of a short run.
    gc.set_threshold(200_000, 10, 10)
    app()
