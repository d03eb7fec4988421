"""Random configs survive both spellings; random files are configs or config errors."""

from __future__ import annotations

import re
import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nk.config import load_config, to_ini, to_yaml
from nk.config.data import Data, Database
from nk.config.field import Spot, patterns, spots
from nk.config.values import Form
from nk.config.whole import SECTIONS, Config, section_type
from nk.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffe\uffff\u2028\u2029")
    | st.sampled_from("'\"#;%[](){}=: ,\\0~-"),
    max_size=10,
)
NUMBER = st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12)
SCALAR = TEXT | NUMBER
WORD = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)

# Values that mean something beyond their type.
MEANING: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("feats", "type"): st.sampled_from([("os",), ("os", "praat"), ("hubert-base-ls960",), ()]),
    ("model", "type"): st.sampled_from(["svm", "mlp", "knn", "finetune"]),
    ("optim", "model"): st.sampled_from(["svm", "mlp"]),
    ("flags", "models"): st.sampled_from([("svm", "xgb"), None]),
    ("flags", "features"): st.sampled_from([("os", "praat"), None]),
    ("expl", "model"): st.sampled_from([("log_reg",), ("xgb", "tree")]),
    ("expl", "scatter"): st.sampled_from([("umap", "pca"), ()]),
}
# Keys that have to agree with others, or to name something; other tests are about these.
APART = {
    ("data", "labels"), ("data", "bins"), ("data", "tests"), ("data", "label_data"), ("data", "root_folders"),
    ("exp", "type"), ("exp", "databases"), ("exp", "lodo_dev"), ("crossdb", "train_extra"), ("model", "tuning_params"),
    ("base", "test_size"), ("base", "dev_size"), ("base", "train"), ("base", "dev"), ("base", "test"),
    ("base", "train_vals"), ("base", "dev_vals"), ("base", "test_vals"), ("base", "type"), ("base", "path"),
    ("base", "split_strategy"), ("model", "measure"), ("data", "groups"), ("feats", "type"), ("feats", "features"),
    ("feats", "pooling"), ("data", "filter.sample_selection"),
}  # fmt: skip
FORMS = {
    "a name without": TEXT.map(lambda text: re.sub(r"[/\\:]", "", text).strip().lstrip(". ")).filter(bool),
    "a list of lists": st.lists(st.lists(TEXT, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
    "a mapping {old": st.dictionaries(TEXT.filter(lambda old: "," not in old and old == old.strip()), SCALAR),
    "a mapping {column": st.lists(st.tuples(TEXT, st.lists(SCALAR, max_size=2).map(tuple)), max_size=3).map(tuple),
    "one line": TEXT.map(str.strip).filter(bool),
    "an address": st.sampled_from(["tcp://node1:8786", "tls://[fe80::1]:80"]),
    "hours and": st.sampled_from(["02:30:00", "100:00:59"]),
    "a list of whole": st.lists(st.integers(1, 999), min_size=1, max_size=3).map(tuple),
}


def values(hint: Any, notes: Any = ()) -> st.SearchStrategy[Any]:
    """Values of an annotation within its bounds."""
    form = next((note for note in notes if isinstance(note, Form)), None)
    if form:
        return next(found for start, found in FORMS.items() if form.text.startswith(start))
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return values(arguments[0], [item for note in arguments[1:] for item in getattr(note, "metadata", [note])])
    if origin in {Union, types.UnionType}:
        return st.one_of([values(argument, notes) for argument in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        inner = [values(argument) for argument in arguments if argument is not Ellipsis]
        return st.lists(inner[0], max_size=3).map(tuple) if Ellipsis in arguments else st.tuples(*inner)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    limits = {name: getattr(note, name) for note in notes for name in ("ge", "gt", "le", "lt") if hasattr(note, name)}
    low = limits.get("ge", limits.get("gt", -(10**9)))
    high = limits.get("le", limits.get("lt", 10**9))
    shortest = next((note.min_length for note in notes if hasattr(note, "min_length")), 0)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXT.filter(lambda text: len(text) >= shortest),
        bool: st.booleans(),
        type(None): st.none(),
        int: st.integers(int(low) + ("gt" in limits), int(high) - ("lt" in limits)),
        float: st.floats(low, high, exclude_min="gt" in limits, exclude_max="lt" in limits),
        Any: SCALAR,
    }
    return simple[hint]


def section(name: str, model: Any) -> st.SearchStrategy[Any]:
    def one(spot: Spot) -> st.SearchStrategy[Any]:
        meant = MEANING.get((name, spot.key))
        return values(spot.field.annotation, spot.field.metadata) if meant is None else meant

    fields = {spot.key: one(spot) for spot in spots(model).values() if (name, spot.key) not in APART}
    for spot in patterns(model):
        if name != "flags":
            inner = get_args(spot.field.annotation)[1]
            fields[spot.key] = st.dictionaries(WORD, values(inner), max_size=2)
    picked = st.lists(st.sampled_from(sorted(fields)), max_size=5, unique=True)
    return picked.flatmap(lambda keys: st.fixed_dictionaries({key: fields[key] for key in keys})).map(
        lambda found: model.model_validate(found, strict=True)
    )


BASE = section("base", Database).map(lambda found: found.model_copy(update={"path": "a.csv", "type": "csv"}))
NAMES = st.lists(st.sampled_from(["emodb", "Train", "crema-d", "a b", "x.y"]), min_size=1, unique=True)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    names = draw(
        st.lists(
            st.sampled_from([name for name in SECTIONS if name not in {"data", "crossdb"}]), max_size=3, unique=True
        )
    )
    made = {name: draw(section(name, section_type(name))) for name in names}
    if "exp" not in made or not made["exp"].name:
        made["exp"] = section_type("exp")(name="x")
    made["data"] = draw(section("data", Data)).model_copy(
        update={"databases": {name: draw(BASE) for name in draw(NAMES)}}
    )
    channel = made["data"].channel
    for name, base in made["data"].databases.items():
        if "channel" not in base.model_fields_set:
            made["data"].databases[name] = base.model_copy(update={"channel": channel})
    if "model" in made:
        options = st.fixed_dictionaries({}, optional={"C_val": st.floats(1e-6, 99), "drop": st.floats(0, 1)})
        made["model"] = made["model"].model_copy(update={"options": draw(options)})
    return Config(**made)


def written(config: Config, spelling: str) -> str:
    try:
        return to_ini(config) if spelling == "ini" else to_yaml(config)
    except ConfigError:
        assume(False)  # a text with both quotes and a comment sign has no spelling in INI
        raise


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(configs())
def test_a_config_is_read_back_equal(tmp_path_factory: pytest.TempPathFactory, config: Config) -> None:
    folder = tmp_path_factory.getbasetemp()
    now = config
    for spelling in ("yaml", "ini", "yaml"):
        file = folder / f"round.{spelling}"
        file.write_text(written(now, spelling), encoding="utf-8", newline="\n")
        now = load_config(file).config
        assert now == config, file.read_text(encoding="utf-8")


LINES = st.sampled_from([
    "[EXP]", "[DATA]", "[FEATS]", "[MODEL]", "[EXPL]", "[FLAGS]", "[OPTIM]", "[", "databases = ['a', 'b']", "a = x.csv",
    "a.type = synthetic", "a.test_size = 1e9", "type = svm", "type = ['os', 'praat']", "type = (((", "C_val = [1, 2]",
    "tuning_params = ['C_val', 'gamma']", "x = 'y", "  continued", "name = %(x)s", "models = [1, None]", "lr = (1,)",
    "model_drop = {}", "age_bins = x", "_bins = 2", ".bin_reals = 1", "set = 3", "databases = {1: 2}",
    "root_folders = a", "a.b.c.d = e", "model = [['svm']]", "value_counts = [[[1]]]", "filter = [1, [2]]",
    "a.mapping = {(1, 2): None}",
])  # fmt: skip


@settings(max_examples=150)
@given(st.lists(LINES | st.text(max_size=12), max_size=12))
def test_random_lines_are_a_config_or_config_errors(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    refused_or_read(tmp_path_factory, "\n".join(lines), "ini")


NODES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["svm", "os", "a", "[1", "", "x.csv", "value"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["databases", "a", "value", "filter", "mapping", "type", "scatter", "dim", "C_val", "x", "1"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from([*SECTIONS, "x"]), NODES, max_size=5))
def test_random_trees_are_a_config_or_config_errors(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Any]
) -> None:
    import json

    refused_or_read(tmp_path_factory, json.dumps(tree), "yaml")


def refused_or_read(factory: pytest.TempPathFactory, text: str, spelling: str) -> None:
    file: Path = factory.getbasetemp() / f"random.{spelling}"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        found = load_config(file)
    except ConfigError as error:
        assert error.problems  # noqa: PT017 - that it is no other error is the test
        return
    for again in (to_yaml(found.config), to_ini(found.config)):
        assert again
