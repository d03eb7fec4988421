"""`nk run`: a config file in, an honest result out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from nk.errors import ConfigError, DataError, Problem
from nk.ui import Ui

if TYPE_CHECKING:
    from nk.replay import Replay as Again

Replay = Annotated[
    Path | None,
    typer.Option(
        help="Repeat the run of this folder, beside it, and say whether the predictions are the same.",
        metavar="RUN",
        show_default=False,
    ),
]


def run(
    file: ConfigFile = None,
    config: ConfigOption = None,
    overrides: Overrides = None,
    jobs: Jobs = None,
    executor: Executor = None,
    address: Address = None,
    replay: Replay = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Stop at the plan: what would be done.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Compute anew, even if the folder has the results of the same run.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the metrics as JSON on stdout.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run an experiment: read, split, compute features, train, evaluate, write a run folder.

    A replay leaves with 3 where the predictions are not the same.
    """
    ui = Ui(quiet=quiet, verbose=verbose, data_only=json)
    with ending_well(ui):
        from nk.config import load_config

        again = _place_of(replay) if replay else None
        loaded = load_config(_config(file, config, replay), placed(overrides, executor, address))
        warn_of(loaded, ui)

        from nk import pipeline
        from nk.execute import executor_of
        from nk.show import show, show_plan, show_replay

        with executor_of(loaded.config, ui) as where:
            result = pipeline.run(loaded, ui, jobs=jobs, dry_run=dry_run, replay=again, force=force, executor=where)
        if not isinstance(result, pipeline.Result):
            show_plan(result, ui, json=json)
        elif again and result.outcome:
            show_replay(result, result.outcome, again.run, ui, json=json)
            raise typer.Exit(0 if result.outcome.same else DataError.exit_code)
        else:
            show(result, ui, json=json)


def _place_of(run: Path) -> Again:
    from nk.replay import place_of

    return place_of(run)


def _config(file: Path | None, option: Path | None, replay: Path | None) -> Path:
    """The config file, that of the run where one is replayed."""
    if replay is None:
        return one_file(file, option)
    if file or option:
        hint = "leave out the config file: a replay takes that of the run; `--set` changes a key"
        raise ConfigError([Problem("nk", 0, f"`--replay {replay}` and a config file are given", hint)])
    return replay / "config.yaml"
