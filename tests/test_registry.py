"""How a name becomes a plug-in: built-in, by pattern, from third parties, and not at all."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field, ValidationError

from nk import families
from nk.errors import ConfigError, MissingDependency, PluginError
from nk.registry import Model, Options, Plugin, Registry, check_requirements

ROOT = Path(__file__).parents[1]


class Hats(Plugin):
    """A family of our own."""


class Bowler(Hats):
    name = "bowler"


class Many(Hats):
    name = "hat-*"


class Cap(Plugin):
    """Of no family."""

    name = "cap"


@dataclass(frozen=True)
class Point:
    """An entry point of a third party."""

    name: str
    found: Any

    def load(self) -> Any:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.fixture
def hats(monkeypatch: pytest.MonkeyPatch) -> Registry[Hats]:
    points = [
        Point("bowler", Bowler),
        Point("hat-*", Many),
        Point("cap", Cap),
        Point("broken", ImportError("no felt")),
        Point("other", Bowler),
        Point("number", 3),
    ]

    def entry_points(*, group: str) -> list[Point]:
        return points if group == "nk.hats" else []

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    return Registry("hats", Hats)


def test_third_parties_are_found_by_their_entry_points(hats: Registry[Hats]) -> None:
    assert hats.names() == ["bowler", "broken", "cap", "hat-*", "number", "other"]
    assert hats.get("bowler") is Bowler


def test_a_pattern_stands_for_its_names(hats: Registry[Hats]) -> None:
    assert hats.get("hat-top") is Many
    assert hats.get("hat-*") is Many
    assert Many(Options(), name="hat-top").called == "hat-top"
    assert hats.knows("hat-top")
    assert not hats.knows("hat")


def test_a_plug_in_that_cannot_be_imported_says_why(hats: Registry[Hats]) -> None:
    with pytest.raises(PluginError, match=r"`broken` of hats cannot be imported: ImportError\('no felt'\)") as error:
        hats.get("broken")
    assert isinstance(error.value.__cause__, ImportError)


@pytest.mark.parametrize("name", ["cap", "other", "number"])
def test_what_is_not_a_plug_in_of_that_family_and_name_is_refused(hats: Registry[Hats], name: str) -> None:
    with pytest.raises(PluginError, match=f"`{name}` is not a `Hats` of that name"):
        hats.get(name)


def test_an_unknown_name_is_told_with_those_that_there_are(hats: Registry[Hats]) -> None:
    assert not hats.knows("fez")
    with pytest.raises(ConfigError, match="`fez` is not one of the hats: bowler, broken") as error:
        hats.get("fez")
    assert len(error.value.problems) == 1


def test_ours_come_before_those_of_third_parties(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry_points(*, group: str) -> list[Point]:
        return [Point("svm", ImportError(group))]

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    models = Registry("models", Model)  # type: ignore[type-abstract]
    assert models.get("svm").__module__ == "nk.models.svm"
    assert models.names().count("svm") == 1


def test_entry_points_are_not_read_for_a_name_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry_points(*, group: str) -> list[Point]:
        raise AssertionError(group)

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    models = Registry("models", Model)  # type: ignore[type-abstract]
    assert models.knows("svm")
    assert models.get("svm").name == "svm"


def test_all_are_the_names_in_order() -> None:
    assert [plugin.name for plugin in families.models.all()] == families.models.names()


def test_every_file_of_a_family_is_found_by_its_name() -> None:
    files = {file.stem for file in (ROOT / "nk" / "models").glob("*.py") if not file.stem.startswith("_")}
    assert {plugin.__module__.rpartition(".")[2] for plugin in families.models.all()} == files


def test_only_the_named_plug_in_is_imported() -> None:
    code = (
        "import sys; from nk import families; families.models.names(); families.models.get('knn');"
        "print(sorted(name for name in sys.modules if name.startswith('nk.models.') and '._' not in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == "['nk.models.knn']\n"


class Felt(Plugin):
    name = "felt"
    requires: ClassVar[tuple[str, ...]] = ("json", "no_such_package_a", "no_such_package_b")


class FeltExtra(Felt):
    extra = "deep"


class Nothing(Plugin):
    name = "nothing"
    requires = ("json", "pydantic")


def test_missing_packages_are_found_without_an_import() -> None:
    check_requirements(Nothing)
    check_requirements(Cap)
    with pytest.raises(MissingDependency, match=r"^`felt` needs `no_such_package_a`, `no_such_package_b`$") as error:
        check_requirements(Felt)
    assert error.value.hint == "pip install no_such_package_a no_such_package_b"
    with pytest.raises(MissingDependency) as error:
        check_requirements(FeltExtra)
    assert error.value.hint == "pip install 'nk-speech[deep]'"


def test_a_package_within_a_missing_one_is_missing_too() -> None:
    class Within(Plugin):
        name = "within"
        requires = ("no_such_package.part",)

    with pytest.raises(MissingDependency, match=r"`no_such_package\.part`"):
        check_requirements(Within)


class Size(Options):
    size: int = Field(default=7, ge=1, description="Size (cm)")


def test_options_are_frozen_and_know_no_others() -> None:
    assert Size().size == 7
    with pytest.raises(ValidationError):
        Size(colour="red")  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        Size(size=0)
    options = Size()
    with pytest.raises(ValidationError):
        options.size = 8  # type: ignore[misc]
