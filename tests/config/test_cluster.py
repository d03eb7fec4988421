"""The section [CLUSTER], and the flags that stand for its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nk.cli.options import placed
from nk.config import load_config
from nk.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from nk.config import Loaded


def loaded(folder: Path, *lines: str) -> Loaded:
    (folder / "x.ini").write_text("\n".join(["[EXP]", "executor = dask", "[CLUSTER]", *lines]))
    return load_config(folder / "x.ini")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("tcp://node1:8786", "tcp://node1:8786"),
        ("node1.cluster:8786", "tcp://node1.cluster:8786"),
        ("tls://10.0.0.1:80/", "tls://10.0.0.1:80"),
        ("[fe80::1]:8786", "tcp://[fe80::1]:8786"),
    ],
)
def test_addresses(written: str, meant: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, f"address = {written}").config.cluster.address == meant


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("address = node1", "an address with its port"),
        ("address = http://node1:80", "an address with its port"),
        ("address = node1:99999", "an address with its port"),
        ("walltime = 2", "hours and minutes"),
        ("walltime = 1:99", "hours and minutes"),
        ("cores = 0", "at least 1"),
        ("memory = 0.1", "at least 0.5"),
        ("jobs = 20000", "at most 10000"),
        ("type = moab", "`slurm`, `pbs`, `sge` or `lsf`"),
        ("nodes = 3", "is not an option"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(line: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, line)
    assert told in str(raised.value)
    assert "x.ini:4:" in str(raised.value)


def test_what_has_no_effect_is_told(tmp_path: Path) -> None:
    found = loaded(tmp_path, "cores = 4", "queue = short")
    assert [problem.line for problem in found.warnings] == [4, 5]
    assert "has no effect without `type`" in found.warnings[0].text
    assert not loaded(tmp_path, "type = slurm", "cores = 4").warnings


def test_flags_stand_for_keys(tmp_path: Path) -> None:
    (tmp_path / "x.ini").write_text("[CLUSTER]\ntype = slurm\n")
    config = load_config(tmp_path / "x.ini", placed(["exp.name=a"], None, "node1:1")).config
    assert (config.exp.name, config.exp.executor, config.cluster.address) == ("a", "dask", "tcp://node1:1")
    assert placed(None, "dask", None) == ["exp.executor=dask"]
    assert placed(None, None, None) == []
    with pytest.raises(ConfigError, match="exclude each other"):
        placed(None, "local", "node1:1")
