"""The only writer of results: a run folder appears whole, or not at all."""

from __future__ import annotations

import errno
import glob
import json
import math
import os
import secrets
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

# What nk writes into a run folder. A manifest lists the files (`files`); older ones do not, and then these names tell.
OURS = (
    "config.yaml", "manifest.json", "dataset.parquet", "predictions.csv", "metrics.json", "groups.json", "audit.json",
    "sets.csv", "per_class.csv", "per_speaker.csv", "combined.csv", "skipped.csv", "features.csv", "features.parquet",
    "features.pkl", "log.txt", "figures", "model", "split.lock.json", "evaluations.jsonl", "replay.json",
)  # fmt: skip
TESTS = "tests"  # the folder in it for tests of its model, which go with it
REPORT = "report"  # the folder in it for the report of it, which goes with it
EXPLORE = "explore"  # the folder in it for looks at the data, which may be there before any run, and stay
_BEFORE = (EXPLORE, REPORT)  # a report may be of a look alone
_MANIFEST = "manifest.json"
_STALE = 24 * 3600  # seconds after which the leavings of a killed run are removed
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_WAY_OUT = "set `root` in [EXP]"
ELSEWHERE = "copy the run folder to where you may write"  # for results that are written in it or beside it


@dataclass(frozen=True)
class RunFolder:
    """A folder that is being written; `path` is where it is until it is complete."""

    path: Path

    def folder(self, name: str) -> Path:
        """Make a folder in it."""
        folder = self.path / name
        folder.mkdir()
        return folder

    def text(self, name: str, text: str) -> None:
        """Write a text file."""
        (self.path / name).write_text(text, encoding="utf-8")

    def json(self, name: str, content: dict[str, Any]) -> None:
        """Write a JSON file: numbers that JSON has no word for become null."""
        self.text(name, json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n")

    def csv(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table as CSV."""
        frame.write_csv(self.path / name)

    def parquet(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table as parquet."""
        frame.write_parquet(self.path / name)


def earlier_split(folder: Path) -> pl.DataFrame | None:
    """`id` and `split` of the rows of a run, None where there is no run or it had no split.

    Raises:
        DataError: the table of the run cannot be read
    """
    import polars as pl

    path = folder / "dataset.parquet"
    if not path.is_file():
        return None
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        return pl.read_parquet(path, columns=["id", "split"]) if manifest["folds"] == ["split"] else None
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise DataError(f"`{path}` of the earlier run cannot be read: {error}", hint="run it anew") from error


@contextmanager
def writing(root: Path, name: str, *, way_out: str = _WAY_OUT) -> Iterator[RunFolder]:
    """A new folder that takes the place of `<root>/<name>` when the block ends well; else the old one stays.

    Where two runs of one name end at the same time, one waits for the other, and the last one stays. Where
    `<root>/<name>` is a link, what it leads to is replaced. The files that were written are listed in the manifest.

    Args:
        root: the folder above
        name: its name
        way_out: what to do where it cannot be written

    Raises:
        DataError: `<root>/<name>` is not a run folder of nk, or cannot be written; what is complete but could not be
            put in its place is kept, and named
    """
    check_place(root, name, way_out=way_out)
    final = _final(root, name)
    with _reasons(final, way_out):
        final.parent.mkdir(parents=True, exist_ok=True)
        with _locked(final):
            _clean_up(final)
        partial = final.with_name(f".{final.name}.partial-{secrets.token_hex(4)}")
        partial.mkdir()
    try:
        with _reasons(final, way_out):
            yield RunFolder(partial)
            _list_files(RunFolder(partial))
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _put_in_place(partial, final)


def check_place(root: Path, name: str, *, way_out: str = _WAY_OUT) -> None:
    """Make sure that a run folder may be written there, before any work.

    Raises:
        DataError: something that is not ours is in the way, or the folder cannot be written
    """
    with _reasons(root / name, way_out):
        final = _final(root, name)
        above = final.parent
        while not os.path.lexists(above):
            above = above.parent
        if not above.is_dir():
            raise DataError(f"results cannot be written to `{root}`: `{above}` is no folder", hint=way_out)
        # Another run may just be replacing the folder, which for a moment is not there.
        with _locked(final) if above == final.parent else nullcontext():
            _need_a_goal(root / name)
            _need_ours(final)
        # Permissions alone do not tell: the disk may be read-only or full, the name too long for it.
        Path(tempfile.mkdtemp(prefix=f".{final.name}.partial-", dir=above)).rmdir()


def check_command(place: Path, command: str, *, way_out: str) -> None:
    """Make sure that the results of a command may be written there: over older ones of its own, but over no others.

    Raises:
        DataError: something else is in the way, or the folder cannot be written
    """
    check_place(place.parent, place.name, way_out=way_out)
    try:
        found = json.loads((place / _MANIFEST).read_text(encoding="utf-8")).get("command")
    except FileNotFoundError:
        return
    except (OSError, ValueError, AttributeError, RecursionError):
        found = None
    if found != command:
        raise DataError(f"`{place}` has results of another command than `nk {command}`", hint=way_out)


def _final(root: Path, name: str) -> Path:
    """Where the folder really is, links followed."""
    return Path(os.path.realpath(root / name))


def _need_a_goal(place: Path) -> None:
    if place.is_symlink() and not place.exists():
        raise DataError(f"`{place}` is a link that leads nowhere",
                        hint="choose another `name` or `root` in [EXP], or remove the link")  # fmt: skip


def _need_ours(final: Path) -> None:
    if final.exists() and not (final.is_dir() and ((final / _MANIFEST).is_file() or _holds_looks(final))):
        raise DataError(f"`{final}` is there already and was not written by nk",
                        hint="choose another `name` or `root` in [EXP], or move it away")  # fmt: skip


def _holds_looks(folder: Path) -> bool:
    """Whether there is nothing in a folder but what may be there before a run, or what was left of it when killed."""
    names = tuple(f".{name}." for name in _BEFORE)
    others = [item for item in folder.iterdir() if not item.name.startswith(names)]
    return all(item.name in _BEFORE and (item / _MANIFEST).is_file() for item in others)


@contextmanager
def _reasons(final: Path, way_out: str) -> Iterator[None]:
    """Turn what the system says into an error with a way out."""
    try:
        yield
    except OSError as error:
        raise DataError(f"`{final}` cannot be written: {error.strerror or error}", hint=way_out) from error


@contextmanager
def _locked(final: Path) -> Iterator[None]:
    """One process at a time; where the system or the disk has no such locks, as many as like."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    path = final.with_name(f".{final.name}.lock")
    while True:
        with path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError as error:
                if error.errno not in NO_LOCKS:
                    raise
            if not _is_at(file.fileno(), path):  # who had it before has removed it
                continue
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _is_at(opened: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), path.stat())
    except FileNotFoundError:
        return False


def _put_in_place(partial: Path, final: Path) -> None:
    try:
        with _locked(final):
            _need_ours(final)
            _swap(partial, final)
    except (OSError, DataError) as error:
        why = getattr(error, "strerror", None) or error
        raise DataError(f"the results could not be put in their place: {why}",
                        hint=f"they are complete in `{partial}`: move them to `{final}`") from error  # fmt: skip
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _swap(partial: Path, final: Path) -> None:
    if not final.exists():
        partial.rename(final)
        return
    _carry_over(final, partial)
    old = final.with_name(f".{final.name}.old-{secrets.token_hex(4)}")
    final.rename(old)
    try:
        partial.rename(final)
    except BaseException:
        old.rename(final)
        raise
    shutil.rmtree(old, ignore_errors=True)  # what is left goes with the next run


def _list_files(folder: RunFolder) -> None:
    """Write into the manifest which files are ours, so that the next run can tell them from the user's."""
    path = folder.path / _MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    folder.json(_MANIFEST, {**manifest, "files": sorted({_MANIFEST, *_files(folder.path)})})


def _files(folder: Path) -> list[str]:
    """Names of all files in a folder and those in it, with `/` between."""
    return [item.relative_to(folder).as_posix() for item in folder.rglob("*") if not _is_folder(item)]


def _is_folder(item: Path) -> bool:
    return item.is_dir() and not item.is_symlink()


def _ours(folder: Path) -> set[str]:
    """Which files of an old run folder nk wrote, tests of its model and its report included."""
    inside = [made.parent for place in (f"{TESTS}/*", REPORT) for made in folder.glob(f"{place}/{_MANIFEST}")]
    theirs = {f"{one.relative_to(folder).as_posix()}/{name}" for one in inside for name in _ours(one)}
    try:
        listed = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))["files"]
        return {_MANIFEST, *map(str, listed), *theirs}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # older, or edited: then names tell
        return {name for name in _files(folder) if name.split("/")[0] in OURS} | theirs


def _carry_over(old: Path, new: Path) -> None:
    """Copy the user's files from the old run folder to the new one, save where nk has written one of that name."""
    ours = _ours(old)

    def stays(item: Path) -> bool:
        name = item.relative_to(old).as_posix()
        goal = new / name
        if not _is_folder(item):
            return name in ours or os.path.lexists(goal)
        if os.path.lexists(goal):
            return not _is_folder(goal)
        inside = [f"{name}/{file}" for file in _files(item)]
        return ours.issuperset(inside) and (bool(inside) or name in OURS)

    def staying(folder: str, names: Sequence[str]) -> set[str]:
        return {name for name in names if stays(Path(folder) / name)}

    shutil.copytree(old, new, symlinks=True, ignore=staying, dirs_exist_ok=True)
    os.utime(new)  # it has the old one's permissions now, and is not to have its age


def _clean_up(final: Path) -> None:
    """Mend what a killed run left: half-written folders, and a good one that was just being replaced."""
    name = glob.escape(final.name)
    for left in final.parent.glob(f".{name}.partial-*"):
        with suppress(FileNotFoundError):  # its run is alive, and has just moved it
            # One with a manifest is complete: its user was told where it is.
            if time.time() - left.stat().st_mtime > _STALE and not (left / _MANIFEST).exists():
                shutil.rmtree(left, ignore_errors=True)
    for old in final.parent.glob(f".{name}.old-*"):
        if final.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(final)


def plain(value: Any) -> Any:
    """A value as JSON can have it: numbers that it has no word for become null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
