"""`nk config`: look at config files and at what can be set in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nk.cli.options import Overrides, ending_well, warn_of
from nk.errors import ConfigError, NkError
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Sequence

Spelling = Literal["ini", "yaml"]

app = typer.Typer(
    help="Check, convert and explain config files.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(help="Config files, INI or YAML.", metavar="FILE...")],
    overrides: Overrides = None,
) -> None:
    """Check config files, each alone: no data need be there. Leaves with 2 if one is wrong."""
    ui = Ui()
    wrong = sum(not _is_valid(file, overrides or (), ui) for file in files)
    if len(files) > 1:
        ui.out(f"{len(files)} files: {len(files) - wrong} ok, {wrong} wrong")
    if wrong:
        raise typer.Exit(2)


def _is_valid(file: Path, overrides: Sequence[str], ui: Ui) -> bool:
    from nk.config import load_config, missing

    try:
        loaded = load_config(file, overrides, roots=False)
    except ConfigError as error:
        ui.error(error)
        ui.out(f"{file}: {_counted(len(error.problems), 'problem')}")
        return False
    except NkError as error:
        with ending_well(ui):
            raise error from None
        return False
    unbuilt = [item.problem for item in loaded.unbuilt]
    lacking = [] if loaded.config.exp.databases else missing(loaded)  # a comparison of databases needs none of it
    warnings = sorted([*loaded.warnings, *unbuilt, *lacking], key=lambda item: item.line)
    for warning in warnings:
        ui.problem(warning, warning=True)
    ui.out(f"{file}: ok, {_counted(len(warnings), 'warning')}" if warnings else f"{file}: ok")
    return True


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


@app.command()
def defaults(
    section: Annotated[str | None, typer.Argument(help="One section only.", show_default=False)] = None,
    spelling: Annotated[Spelling, typer.Option("--format", help="The spelling.")] = "ini",
) -> None:
    """Print every key with its default and its meaning; as a config file it changes nothing."""
    ui = Ui()
    with ending_well(ui):
        from nk.config.document import defaults as written

        ui.out(written(section, spelling).rstrip("\n"))


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="A config file.")],
    to: Annotated[Spelling, typer.Option(help="The spelling to write.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there already.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Write to this file instead of stdout.", show_default=False)
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Write a config file in the other spelling: equal but for comments and old names."""
    ui = Ui()
    with ending_well(ui):
        from nk.config import load_config, to_ini, to_yaml

        loaded = load_config(file, overrides or (), roots=False)
        warn_of(loaded, ui)
        text = (to_yaml if to == "yaml" else to_ini)(loaded.config)
        if output is None:
            ui.out(text.rstrip("\n"))
        else:
            _check_output(file, output, to, force=force)
            _write(output, text)


def _check_output(file: Path, output: Path, to: Spelling, *, force: bool) -> None:
    """Let nothing be lost, and nothing be written that would be read as the other spelling.

    Raises:
        ConfigError: `output` is the input, is there already, or has the other spelling's ending
    """
    from nk.config.source import is_yaml
    from nk.errors import Problem

    if is_yaml(output) is not (to == "yaml"):
        ending = ".yaml" if to == "yaml" else ".ini"
        text = f"by its ending, this file would be read as {'INI' if to == 'yaml' else 'YAML'}"
        raise ConfigError([Problem(str(output), 0, text, f"write `--output {output.with_suffix(ending)}`")])
    if output.exists() and output.samefile(file):
        raise ConfigError(
            [Problem(str(output), 0, "this is the file that is converted", "give the new one another name")]
        )
    if output.exists() and not force:
        raise ConfigError([Problem(str(output), 0, "there is such a file already", "`--force` overwrites it")])


@app.command()
def explain(
    key: Annotated[
        str, typer.Argument(help="A key (`test_size`, `model.C_val`), a section (`FEATS`), a name (`svm`).")
    ],
) -> None:
    """Say what a key means, what it takes, and whose option it is; or what a section has, or what a plug-in does."""
    ui = Ui()
    with ending_well(ui):
        from nk.config.explain import explained

        for line in explained(key):
            ui.out(line)


@app.command()
def schema(
    output: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("schemas"),
    docs: Annotated[
        bool, typer.Option("--docs", help="Write the reference, docs/reference/config.md, instead.")
    ] = False,
) -> None:
    """Write the JSON Schema of config files in YAML, which editors can use, to schemas/nk.schema.json."""
    ui = Ui()
    with ending_well(ui):
        if docs:
            from nk.config.document import reference

            _write(Path("docs/reference/config.md"), reference())
        else:
            from nk.config.schema import schema as made

            _write(output / "nk.schema.json", made())


def _write(file: Path, text: str) -> None:
    from nk.errors import DataError

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"`{file}` cannot be written: {error.strerror}") from None
