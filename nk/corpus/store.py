"""Where the built-in corpus is kept: made when it is not there or not as it was, and never half."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from nk.audio import digest
from nk.cache_folder import cache_folder
from nk.corpus.alter import plant
from nk.corpus.faults import VERSION as FAULTS_VERSION
from nk.corpus.faults import in_recordings, in_table
from nk.corpus.recipe import SPEAKERS, TEST_SPEAKERS, VERSION, Speaker, utterances
from nk.csvtable import LINE, read_table
from nk.errors import AudioError, DataError, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nk.readers.synthetic import Fault

TABLE = "corpus.csv"
MANIFEST = "manifest.json"


def corpus(seed: int, fault: Fault = "none") -> pl.DataFrame:
    """The corpus' table, after the corpus has been made where need be.

    Args:
        seed: which corpus
        fault: the mistake that is planted in it

    Returns:
        a row a recording: `file`, `path`, `start` and `end` (null), `speaker`, `gender`, `age` (years), `emotion`,
        `sentence`, `text`, `split` (train or test, by speaker)

    Raises:
        DataError: the cache folder cannot be written
        PluginError: the synthesiser fails
    """
    clean, beside = corpus_folder(seed), corpus_folder(seed, fault)
    _need(clean, _clean_files(), seed, lambda made: _speak_corpus(made, seed))
    planted = in_recordings(fault, seed)
    if planted:
        _need(beside, set(planted), seed, lambda made: plant(planted, clean, made, seed))
    table = read_table(clean / TABLE, TABLE).drop(LINE)
    path = [str((beside if file in planted else clean) / file) for file in table["file"]]
    times = [pl.lit(None, dtype=pl.Float64).alias(name) for name in ("start", "end")]
    table = table.select("file", pl.Series("path", path), *times, pl.exclude("file"), _part().alias("split"))
    return in_table(fault, table, seed)


def _part() -> pl.Expr:
    return pl.when(pl.col("speaker").is_in(TEST_SPEAKERS)).then(pl.lit("test")).otherwise(pl.lit("train"))


def corpus_folder(seed: int, fault: Fault = "none") -> Path:
    """The folder of the clean corpus, or of the recordings that a fault changes; another for whatever changes them."""
    planted = "" if fault == "none" else f"-{fault}{FAULTS_VERSION}"
    made_by = f"recipe{VERSION}-parselmouth{version('praat-parselmouth')}"
    return cache_folder() / "synthetic" / f"{made_by}-seed{seed}{planted}"


def is_whole(folder: Path, names: set[str]) -> bool:
    """Whether every file is there, as it was written."""
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return set(files) == names and all(digest(folder / name) == files[name] for name in files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, AudioError):
        return False  # missing, cut off or meddled with: it is made anew


def _clean_files() -> set[str]:
    return {TABLE} | {utterance.file for speaker in SPEAKERS for utterance in utterances(speaker, 0)}


def _need(folder: Path, names: set[str], seed: int, fill: Callable[[Path], None]) -> None:
    """Make a folder's files where need be: beside its place, and then they are moved there."""
    if is_whole(folder, names):
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent, prefix=".making-") as temporary:
            made = Path(temporary) / folder.name
            made.mkdir()
            fill(made)
            _write_manifest(made, seed)
            _publish(made, folder)
    except OSError as error:
        hint = "set the environment variable `NK_CACHE` to a folder that can be written"
        raise DataError(f"the built-in corpus cannot be written to the cache: {error.strerror}", hint=hint) from error


def _speak_corpus(folder: Path, seed: int) -> None:
    _speak_all(folder, seed)
    _write_table(folder / TABLE, seed)


def _speak_all(folder: Path, seed: int) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(lambda speaker: _speak(speaker, seed, folder), SPEAKERS):
            pass


def _speak(speaker: Speaker, seed: int, folder: Path) -> None:
    """Run `nk.corpus.render` in a fresh process that finds this package, on one core.

    It works in `folder`, as Python would import a `wave.py` of the user's working directory.
    """
    command = [sys.executable, "-m", "nk.corpus.render", speaker.name, str(seed), str(folder)]
    done = subprocess.run(
        command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise PluginError(f"the synthesiser failed for `{speaker.name}`: {lines[-1]}")


def _environment() -> dict[str, str]:
    places = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **alone, "PYTHONPATH": os.pathsep.join(filter(None, places))}


def _write_table(path: Path, seed: int) -> None:
    rows: list[dict[str, Any]] = [
        {
            "file": utterance.file,
            "speaker": speaker.name,
            "gender": speaker.gender,
            "age": speaker.age,
            "emotion": utterance.emotion,
            "sentence": utterance.sentence,
            "text": utterance.text,
        }
        for speaker in SPEAKERS
        for utterance in utterances(speaker, seed)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def _write_manifest(folder: Path, seed: int) -> None:
    files = {path.name: digest(path) for path in sorted(folder.iterdir())}
    content = {"schema": 1, "recipe": VERSION, "seed": seed, "files": files}
    (folder / MANIFEST).write_text(json.dumps(content, indent=1), encoding="utf-8")


def _publish(made: Path, folder: Path) -> None:
    """Move a whole corpus to its place; where one is already, put each file over it.

    The files of two processes are equal, and each is replaced at once, so that a reader meanwhile finds them whole.
    """
    with suppress(OSError):
        made.rename(folder)
        return
    folder.mkdir(exist_ok=True)
    for path in sorted(made.iterdir(), key=lambda path: path.name == MANIFEST):
        path.replace(folder / path.name)
