"""Free memory: of the machine, and of control groups of both versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nk.memory import free, that_fit

if TYPE_CHECKING:
    from pathlib import Path

GB = 2**30


def written(root: Path, **files: str) -> Path:
    for name, text in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def machine(root: Path, group: str = "") -> Path:
    """Of 8 GB that are free."""
    meminfo = f"MemTotal: {16 * 2**20} kB\nMemAvailable: {8 * 2**20} kB\n"
    return written(root, proc__meminfo=meminfo, proc__self__cgroup=group)


def limited(folder: Path, names: tuple[str, str, str], limit: object, used: int, kept: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip((*names, "memory.stat"), (limit, used, "", f"anon 5\n{names[2]} {kept}\n"), strict=True):
        (folder / name).write_text(str(text))


TWO = ("memory.max", "memory.current", "inactive_file")
ONE = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def test_of_the_machine(tmp_path: Path) -> None:
    assert free(root=machine(tmp_path)) == 8 * GB
    assert that_fit(100, GB, root=tmp_path) == 8
    assert that_fit(3, GB, root=tmp_path) == 3
    assert that_fit(3, 100 * GB, root=tmp_path) == 1


@pytest.mark.parametrize(("line", "base", "names"), [("0::/a/b\n", "", TWO), ("4:cpu,memory:/a/b\n", "memory", ONE)])
def test_of_a_group_and_those_above_it(line: str, base: str, names: tuple[str, str, str], tmp_path: Path) -> None:
    root = machine(tmp_path, f"9:pids:/x\n{line}")
    groups = root / "sys/fs/cgroup" / base
    limited(groups / "a/b", names, 5 * GB, 2 * GB, GB)
    assert free(root=root) == 4 * GB
    limited(groups / "a", names, 3 * GB, 2 * GB, 0)
    assert free(root=root) == GB
    limited(groups / "a", names, "max" if names is TWO else 2**63 - 4096, 2 * GB, 0)
    assert free(root=root) == 4 * GB


def test_in_a_container_the_group_is_the_root(tmp_path: Path) -> None:
    root = machine(tmp_path, "0::/docker/0123\n")
    limited(root / "sys/fs/cgroup", TWO, 2 * GB, GB, 0)
    assert free(root=root) == GB


def test_where_it_is_not_known_nothing_is_limited(tmp_path: Path) -> None:
    assert free(root=tmp_path) is None
    assert that_fit(7, root=tmp_path) == 7
