"""What is promised about plug-ins that are known but not built, and about every key."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, get_args, get_origin

import pytest
from pydantic import Field

from nk.config.data import Database
from nk.config.document import FAMILIES, known_keys, option_keys, section_keys
from nk.config.field import patterns, spots
from nk.config.planned.table import PLANNED, planned
from nk.config.plugins import REGISTRIES, Family, define, everything, names
from nk.config.values import fit
from nk.config.whole import SECTIONS, section_type
from nk.registry import Model, Options

KEYS = known_keys()
OPTIONS = {d.options for f in REGISTRIES for d in everything(f)}
MODELS = [*(section_type(name) for name in SECTIONS), Database, *sorted(OPTIONS, key=str)]


@pytest.mark.parametrize("family", sorted(PLANNED))
def test_no_name_is_both_planned_and_built(family: str) -> None:
    built = set(REGISTRIES[family].names())
    assert built & set(PLANNED[family]) == set()
    assert {name for name in built if planned(family, name)} == set()


@pytest.mark.parametrize("family", sorted(PLANNED))
def test_every_name_of_a_family_is_defined(family: str) -> None:
    for name in names(family):
        found = define(family, name)
        assert found is not None
        assert found.built is (name in REGISTRIES[family].names())
    assert define(family, "nonsense") is None


def test_patterns_stand_for_names() -> None:
    for name in ("hubert-base-ls960", "wav2vec2-large-robust-ft-swbd-300h", "spkrec-ecapa-voxceleb", "whisper-base"):
        found = define("features", name)
        assert found is not None
        assert found.called == name


@pytest.mark.parametrize("known", KEYS, ids=lambda known: f"{known.section}.{known.key}-{'-'.join(known.plugins)}")
def test_every_key_is_described(known: Any) -> None:
    text = known.spot.field.description
    assert text
    assert text == text.strip()
    assert not text.endswith(".")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_defaults_fit_their_own_fields(model: Any) -> None:
    for spot in spots(model).values():
        if spot.key == "name" and not spot.default:
            continue  # the name of the file
        model.model_validate({spot.key: spot.default}, strict=True)
    model.model_construct()


@pytest.mark.parametrize("section", FAMILIES)
def test_no_option_has_the_name_of_a_key_of_its_section(section: str) -> None:
    own = {known.key.lower() for known in section_keys(section)}
    assert own & {known.key.lower() for known in option_keys(section)} == set()


def test_numbers_have_bounds_or_are_known_to_have_none() -> None:
    free = {
        ("optim", "random_state"),
        ("data", "<database>.reverse.max"),
        ("data", "target_divide_by"),
        ("data", "bins"),
    }
    bare = {
        (known.section, known.key)
        for known in KEYS
        if not known.plugins and known.spot.field.annotation in {int, float, int | None, float | None}
        if not [note for note in known.spot.field.metadata if any(hasattr(note, b) for b in ("ge", "gt", "le", "lt"))]
    }
    assert bare - free == set()


def test_closed_lists_are_in_lower_case_or_fit_in_any() -> None:
    for known in KEYS:
        hint = known.spot.field.annotation
        if get_origin(hint) is Literal:
            for word in get_args(hint):
                if isinstance(word, str):
                    from nk.config.values import Plain

                    assert fit(Plain(word.upper()), hint) == word or len({item.lower() for item in get_args(hint)}) > 1


def test_patterns_name_their_part() -> None:
    for model in MODELS:
        for spot in patterns(model):
            assert "<" in str(spot.note("pattern"))


class WoodsOptions(Options):
    """Options of a third party's model."""

    depth: int = Field(3, ge=1, description="levels")


class Woods(Model):
    """A third party's model."""

    name: ClassVar[str] = "woods"
    task = "classification"
    options_type = WoodsOptions

    def fit(self, data: Any, *, seed: int, jobs: int) -> Any:
        raise AssertionError((data, seed, jobs))

    @classmethod
    def load(cls, folder: Any) -> Any:
        raise AssertionError(folder)


class _Point:
    def load(self) -> type[Woods]:
        return Woods


def test_a_third_partys_option_has_the_plugins_name_before_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from nk.config import load_config, options_for, to_ini
    from nk.errors import ConfigError

    monkeypatch.setitem(REGISTRIES["models"].__dict__, "_third_party", {"woods": _Point()})
    file = tmp_path / "exp.ini"
    text = "[DATA]\ndatabases = ['a']\na = a.csv\n[MODEL]\ntype = woods\n"
    file.write_text(f"{text}woods.depth = 5\n")
    found = load_config(file).config
    assert found.model.options == {"woods.depth": 5}
    assert options_for(Woods, found.model.options).model_dump() == {"depth": 5}
    assert "woods.depth = 5" in to_ini(found)
    assert Family("models", []).find("woods.depth") is not None
    for line, words in (("depth = 5", "is not an option"), ("woods.depth = 0", "a whole number of at least 1")):
        file.write_text(f"{text}{line}\n")
        with pytest.raises(ConfigError, match=words):
            load_config(file)
