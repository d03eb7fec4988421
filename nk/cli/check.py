"""`nk check`: may the result of an experiment be trusted, before it is run."""

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

_STRICT = "exp.strict=True"


def check(
    file: ConfigFile = None,
    config: ConfigOption = None,
    overrides: Overrides = None,
    jobs: Jobs = None,
    strict: Annotated[bool, typer.Option("--strict", help="A warning fails as an error does.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Audit an experiment without training: read, split, look for what would make its result too good."""
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        from nk.config import load_config

        loaded = load_config(one_file(file, config), [*(overrides or ()), *([_STRICT] if strict else [])])
        warn_of(loaded, ui)

        from nk import pipeline
        from nk.show import show_checked

        checked = pipeline.check(loaded, ui, jobs=jobs)
        show_checked(checked, ui, json=json)
        if checked.error:
            raise checked.error
