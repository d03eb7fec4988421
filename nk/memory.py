"""How much memory is free, and how many processes fit into it."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path("/")
# Bytes that a process for features takes at its peak, with room for a long recording: openSMILE and Praat take 0.2 GB.
NEED = 300 * 2**20
_UNLIMITED = 2**60  # what version 1 of control groups says where there is no limit is about 2**63


def that_fit(most: int, need: int = NEED, *, root: Path = _ROOT) -> int:
    """How many processes fit, at least 1 and at most `most`; `most` where it is not known how much is free.

    Args:
        most: how many are wanted
        need: bytes that each of them takes
        root: where `/proc` and `/sys` are
    """
    left = free(root=root)
    return most if left is None else max(1, min(most, left // need))


def free(*, root: Path = _ROOT) -> int | None:
    """Bytes that this process may still take: of the machine, or of the control group that it is in; else None."""
    found = [_of_machine(root), *_of_groups(root)]
    return min((one for one in found if one is not None), default=None)


def _of_machine(root: Path) -> int | None:
    return _field(root / "proc/meminfo", "MemAvailable:", 1024)


def _of_groups(root: Path) -> list[int | None]:
    """Of each control group from this process's own upwards: a limit above holds below it too."""
    found = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        own = base / path.strip().lstrip("/")
        found += [_of_group(place) for place in (own, *own.parents) if place == base or base in place.parents]
    return found


def _of_group(place: Path) -> int | None:
    limit = _number(place / "memory.max") or _number(place / "memory.limit_in_bytes")
    used = _number(place / "memory.current") or _number(place / "memory.usage_in_bytes")
    if limit is None or used is None or limit > _UNLIMITED:
        return None
    # What is only kept of files is given back when it is needed.
    kept = _field(place / "memory.stat", "inactive_file", 1) or _field(place / "memory.stat", "total_inactive_file", 1)
    return max(0, limit - used + (kept or 0))


def _field(file: Path, name: str, unit: int) -> int | None:
    """The number behind a word at the start of a line."""
    lines = (line.split() for line in _text(file).splitlines())
    return next((int(words[1]) * unit for words in lines if len(words) > 1 and words[0] == name), None)


def _number(file: Path) -> int | None:
    text = _text(file).strip()
    return int(text) if text.isdigit() else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
