"""What commands that take a config have in common: its options, and how an error ends them."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nk.errors import ConfigError, NkError, Problem
from nk.ui import told_in_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nk.config import Loaded
    from nk.ui import Ui

ConfigFile = Annotated[Path | None, typer.Argument(help="The config file, INI or YAML.", show_default=False)]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="The same as the argument.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Set a key for this call; may be repeated."),
]
Jobs = Annotated[int | None, typer.Option(min=1, help="How many cores to use; all if not given.", show_default=False)]
Executor = Annotated[
    Literal["local", "dask"] | None,
    typer.Option(help="Where to compute: on this machine, or on the cluster of [CLUSTER].", show_default=False),
]
Address = Annotated[
    str | None,
    typer.Option(help="A Dask scheduler that runs, as tcp://node1:8786; it means --executor dask.", show_default=False),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and data.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say more: seconds a stage, results a fold, what libraries warn of.")
]


def one_file(argument: Path | None, option: Path | None) -> Path:
    """The config file, given as argument or as `--config`.

    Raises:
        ConfigError: neither or both are given
    """
    if (argument is None) == (option is None):
        raise ConfigError([Problem("nk", 0, "one config file is needed", "write `nk run exp.ini`")])
    return argument or option or Path()


def placed(overrides: list[str] | None, executor: str | None, address: str | None) -> list[str]:
    """The overrides of `--set`, with those that `--executor` and `--address` stand for.

    Raises:
        ConfigError: there is an address, but nothing is to run there
    """
    if address and executor == "local":
        raise ConfigError([Problem("nk", 0, "`--address` and `--executor local` exclude each other", "leave out one")])
    where = "dask" if address else executor
    found = [f"exp.executor={where}"] if where else []
    return [*(overrides or ()), *found, *([f"cluster.address={address}"] if address else [])]


def warn_of(loaded: Loaded, ui: Ui) -> None:
    """Say what is doubtful in a config, each with its line."""
    for warning in loaded.warnings:
        ui.problem(warning, warning=True)


@contextmanager
def ending_well(ui: Ui) -> Iterator[None]:
    """Show a user's mistake as such and leave with its code; Ctrl-C is one line and 130."""
    try:
        with told_in_log(ui):
            yield
    except NkError as error:
        ui.error(error)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        ui.note("interrupted: features that were computed are kept, so a rerun goes on from there")
        raise typer.Exit(130) from None
