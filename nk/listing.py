"""Every result folder below a root as one table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from nk.errors import ConfigError, DataError, Problem
from nk.families import metrics as measures
from nk.runfolder import TESTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.ui import Ui

_METRICS = "metrics.json"


@dataclass(frozen=True)
class Listed:
    """A result: where it is below the root, what was done, and the measures of its test part (else of the last)."""

    name: str
    target: str
    features: str
    model: str
    part: str
    metrics: dict[str, dict[str, Any]]

    @property
    def main(self) -> str:
        """The first of its measures."""
        return next(iter(self.metrics), "")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return vars(self)


def listed(root: Path, sort: str | None, ui: Ui) -> list[Listed]:
    """Read the results below a folder: of runs, of tests of their models, of ensembles.

    Args:
        root: where to look
        sort: the measure to sort by, best first; results that do not have it come last. By name where not given.
        ui: told what cannot be read

    Raises:
        ConfigError: there is no such measure
        DataError: there is no result
    """
    if sort is not None and not measures.knows(sort):
        hint = f"measures are {', '.join(f'`{name}`' for name in measures.names())}"
        raise ConfigError([Problem("nk", 0, f"`{sort}` is no measure", hint)])
    files = [file for file in sorted(root.rglob(_METRICS)) if _is_whole(file.relative_to(root).parts, file.parent)]
    found = [one for one in (_read(file.parent, root, ui) for file in files) if one]
    if not found:
        raise DataError(f"there is no result below `{root}`", hint="name the folder that runs are written to")
    return sorted(found, key=lambda one: (_rank(one, sort), one.name)) if sort else found


def _is_whole(parts: Sequence[str], folder: Path) -> bool:
    """Whether it is no folder that is being written, or that a killed run has left."""
    return not any(part.startswith(".") for part in parts) and (folder / "manifest.json").is_file()


def _read(folder: Path, root: Path, ui: Ui) -> Listed | None:
    name = folder.relative_to(root).as_posix() if folder != root else folder.resolve().name
    try:
        parts: dict[str, Any] = json.loads((folder / _METRICS).read_text(encoding="utf-8"))["metrics"]
        about = _about(folder)
        part = "test" if "test" in parts else next(reversed(parts), "")
        return Listed(name, *about, part, parts.get(part, {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        ui.warn(f"`{name}` is left out, as it cannot be read: {error}")
        return None


_KEYS = (("data", "target"), ("feats", "type"), ("model", "type"))


def _about(folder: Path) -> tuple[str, str, str]:
    """Target, features and model of a run, of a test of its model, of an ensemble."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if manifest.get("command") == "ensemble":
        return str(manifest["target"]), f"{len(manifest['joined'])} runs", str(manifest["method"])
    above = folder.resolve().parent
    file = (above.parent if above.name == TESTS else folder) / "config.yaml"
    config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    target, features, model = (_words(config.get(section, {}).get(key)) for section, key in _KEYS)
    return target, features, model


def _words(value: Any) -> str:
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value or "-")


def _rank(one: Listed, measure: str) -> tuple[bool, float]:
    value = one.metrics.get(measure, {}).get("value")
    best_first = -1 if measures.get(measure).greater_is_better else 1
    return value is None, best_first * (value or 0.0)
