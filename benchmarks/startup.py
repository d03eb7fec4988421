"""What it costs to start `nk`, beside the smallest Typer programs that do the same: `python benchmarks/startup.py`.

Prints CPU seconds (user + system, median of the runs) of each command and of its floor, run in turn, and their ratio.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

CONFIG = """[EXP]
name = first
[DATA]
databases = ['synth']
synth.type = synthetic
target = emotion
[FEATS]
type = ['os']
scale = standard
[MODEL]
type = svm
loso = True
"""

FLOOR_HELP = '''
from typing import Annotated
import typer

app = typer.Typer(rich_markup_mode=None, add_completion=False)

@app.command()
def run(file: str, jobs: Annotated[int, typer.Option(help="How many cores.")] = 1, quiet: bool = False) -> None:
    """Run an experiment."""

@app.command()
def config(file: str) -> None:
    """Look at a config."""

app()
'''

FLOOR_VALIDATE = '''
import ast
import configparser
import typer
from pydantic import BaseModel, ConfigDict

class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")

class Exp(Section):
    name: str = "x"

class Database(Section):
    path: str | None = None
    type: str = "csv"

class Data(Section):
    databases: list[str]
    synth: Database
    target: str = "emotion"

class Feats(Section):
    type: list[str] = ["os"]
    scale: str | None = None

class Model(Section):
    type: str
    loso: bool = False

class Config(Section):
    EXP: Exp
    DATA: Data
    FEATS: Feats
    MODEL: Model

app = typer.Typer(rich_markup_mode=None, add_completion=False)

@app.command()
def validate(file: str) -> None:
    """Validate a config."""
    parser = configparser.ConfigParser()
    parser.read(file)
    found = {}
    for section in parser.sections():
        found[section] = {}
        for key, value in parser.items(section):
            value = ast.literal_eval(value) if value.startswith("[") else value
            name, _, option = key.partition(".")
            if option:
                found[section].setdefault(name, {})[option] = value
            else:
                found[section][name] = value
    Config.model_validate(found)
    print(f"{file}: ok")

app()
'''


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "first.ini").write_text(CONFIG)
        (folder / "floor_help.py").write_text(FLOOR_HELP)
        (folder / "floor_validate.py").write_text(FLOOR_VALIDATE)
        config = str(folder / "first.ini")
        _compare("--help", ["--help"], [str(folder / "floor_help.py"), "--help"], runs)
        _compare("config validate", ["config", "validate", config], [str(folder / "floor_validate.py"), config], runs)


def _compare(what: str, ours: list[str], floor: list[str], runs: int) -> None:
    pairs = [(_seconds(["-m", "nk", *ours]), _seconds(floor)) for _ in range(runs + 1)][1:]  # the first warms up
    own, least = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"nk {what}: {own:.3f} CPU s, floor {least:.3f} CPU s, ratio {ratio:.2f} (median of {runs} pairs)")


def _seconds(arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Installed packages are compiled once; where the environment forbids that, every start would pay for it.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
