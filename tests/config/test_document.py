"""Defaults, explanations, and the generated files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nk import families
from nk.config import load_config, missing, to_yaml
from nk.config.document import PLACES, defaults, known_keys, reference
from nk.config.explain import explained
from nk.config.plugins import everything, names
from nk.config.schema import schema
from nk.config.whole import SECTIONS, Config, section_type
from nk.config.words import built
from nk.errors import ConfigError

ROOT = Path(__file__).parent.parent.parent


def test_the_schema_is_fresh() -> None:
    assert (ROOT / "schemas" / "nk.schema.json").read_text(encoding="utf-8") == schema(), "run `nk config schema`"


def test_the_reference_is_fresh() -> None:
    page = (ROOT / "docs" / "reference" / "config.md").read_text(encoding="utf-8")
    assert page == reference(), "run `nk config schema --docs`"


def test_the_reference_names_every_key() -> None:
    page = reference()
    assert [known.key for known in known_keys() if f"| `{known.key}` |" not in page] == []


@pytest.mark.parametrize("spelling", ["ini", "yaml"])
@pytest.mark.parametrize("section", [None, *SECTIONS])
def test_defaults_are_a_config_that_changes_nothing(tmp_path: Path, spelling: str, section: str | None) -> None:
    file = tmp_path / f"exp.{spelling}"
    file.write_text(defaults(section, spelling), encoding="utf-8")
    found = load_config(file)
    assert found.config == Config(exp=section_type("exp")(name="exp"))
    assert found.unbuilt == ()
    assert found.warnings == ()
    assert sorted(problem.text for problem in missing(found)) == [
        "[DATA] `databases` names none, so there is nothing to run on",
    ]


def test_defaults_hold_every_key_with_its_meaning() -> None:
    text = defaults(None, "ini")
    for known in known_keys():
        assert f"{known.key} =" in text
        assert f"# {known.meaning}" in text


def test_defaults_of_no_section_are_a_config_error() -> None:
    with pytest.raises(ConfigError) as caught:
        defaults("modle", "ini")
    assert caught.value.problems[0].hint == "did you mean `MODEL`?"


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        ("exp.epochs", ["[EXP] epochs", "  takes: a whole number of at least 1", "  default: 1"]),
        ("EPOCHS", ["[EXP] epochs"]),
        ("emodb.test_size", ["[DATA] <database>.test_size", "  default: 20"]),
        ("model.c_val", ["[MODEL] C_val", "  option of: svm, svr"]),
        ("feats.wav2vec2.layer", ["[FEATS] wav2vec2.layer"]),
        ("scatter.dim", ["[EXPL] scatter.dim", "  takes: `2` or `3`"]),
        ("exp.name", ["  default: the name of the file"]),
        ("age_bins", ["[DATA] <column>_bins"]),
        (
            "model.type",
            [
                "  built, for classification: bayes, forest, gmm, knn, lgbm, log_reg, svm, tree, xgb",
                "  built, for regression: forest_reg, knn_reg, lgbr, lin_reg, svr, tree_reg, xgr",
            ],
        ),
        ("feats.type", ["  built: " + ", ".join(families.features.names())]),
        ("data.<database>.type", ["  built: audformat, csv, synthetic"]),
        ("data.clinic.type", ["[DATA] <database>.type", "  built: audformat, csv, synthetic"]),
        ("plot.format", ["  takes: `png`, `svg`, `pdf`, `eps`, `jpg` or `tif`"]),
        ("model.measure", ["  built, for regression: ccc, mae, mse, pcc, r2, rmse"]),
        (
            "svm",
            [
                "svm: model for classification",
                "  write: type = svm in [MODEL]",
                "      takes a number above 0; default 1",
            ],
        ),
        ("cnn", ["cnn: model, known but not built yet", "  Convolutional network over spectrograms"]),
        ("hubert-large", ["hubert-large: feature, known but not built yet"]),
        ("uar", ["uar: metric for classification", "  write: measure = uar in [MODEL]"]),
        ("csv", ["csv: reader", "  write: <database>.type = csv in [DATA]"]),
        (
            "FEATS",
            [
                "[FEATS]: what is measured of a recording. Options of the named features stand here too",
                "  options of os: level, set",
            ],
        ),
        ("[plot]", ["[PLOT]"]),
        ("gmm", ["gmm: model for classification", "    GMM_components: Normal distributions a class (count)"]),
        (
            "finetune",
            [
                "[FINETUNE], which goes before [MODEL]; three of its keys are keys of [MODEL] itself",
                "finetune: model, known but not built yet",
            ],
        ),
    ],
)
def test_a_key_is_explained(word: str, lines: list[str]) -> None:
    said = explained(word)
    assert [line for line in lines if line not in said] == []


def test_names_of_values_are_with_their_key_and_not_with_its_namesakes() -> None:
    assert [line for line in explained("data.clinic.type") if line.startswith("[")] == ["[DATA] <database>.type"]
    assert [line for line in explained("plot") if line.startswith("[")] == ["[PLOT]"]
    assert len([line for line in explained("MODEL") if line.startswith("[")]) == 1


@pytest.mark.parametrize(
    ("word", "near"),
    [("model.tpye", "model.type"), ("modle.tpye", "model.type"), ("feats.scal", "feats.scale"), ("smv", "svm"),
     ("featz", "feats"), ("data.test_szie", "data.<database>.test_size"),
     ("C_vla", "C_val"), ("plot.nmae", "plot.name")],
)  # fmt: skip
def test_a_near_name_is_in_its_section(word: str, near: str) -> None:
    with pytest.raises(ConfigError) as caught:
        explained(word)
    assert caught.value.problems[0].hint == f"did you mean `{near}`?"


@pytest.mark.parametrize("family", PLACES)
def test_the_reference_names_every_plugin_and_whether_it_is_built(family: str) -> None:
    rows = reference().partition(f"## {family.capitalize()}\n")[2].partition("\n## ")[0].splitlines()
    told = {
        row.split(" | ")[0].strip("| `"): row.rsplit(" | ", 1)[1].strip(" |") for row in rows if row.startswith("| `")
    }
    assert told == {name: "yes" if name in built(family) else "no" for name in names(family)}


def test_options_of_what_is_not_built_are_marked() -> None:
    for known in known_keys():
        if known.plugins:
            are_built = [name for name in known.plugins if any(name in built(family) for family in PLACES)]
            assert ("not built yet" in known.meaning) is (not are_built)
            marked = [name for name in known.plugins if f"{name} (not built)" in known.owners]
            assert marked == ([name for name in known.plugins if name not in are_built] if are_built else [])
    some = next(known for known in known_keys() if known.plugins == ("adm",))
    assert "not built" in some.meaning
    both = replace(some, plugins=("svm", "adm"))
    assert both.owners == ["svm", "adm (not built)"]
    assert "not built" not in both.meaning


@pytest.mark.parametrize("family", PLACES)
def test_every_plugin_says_what_it_is(family: str) -> None:
    for item in everything(family):
        assert len(item.meaning) > 8, item.called
        assert item.meaning[0].isupper(), item.called


def test_a_key_that_is_not_there_is_a_config_error() -> None:
    with pytest.raises(ConfigError) as caught:
        explained("epocs")
    assert str(caught.value) == "nk: `epocs` is not a key, a section or a plug-in"
    assert caught.value.problems[0].hint == "did you mean `epochs`?"


def valid(value: Any, rule: dict[str, Any], whole: dict[str, Any]) -> bool:
    """A small JSON Schema validator, for the words that the schema uses."""
    if "$ref" in rule:
        return valid(value, whole["$defs"][rule["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in rule and not any(valid(value, arm, whole) for arm in rule["anyOf"]):
        return False
    if "enum" in rule and value not in rule["enum"]:
        return False
    kinds = [rule["type"]] if isinstance(rule.get("type"), str) else rule.get("type", [])
    if kinds and not any(_is(value, kind) for kind in kinds):
        return False
    if not rule.get("minimum", value if isinstance(value, float) else 0) <= (
        value if isinstance(value, (int, float)) else 0
    ):
        return False
    if isinstance(value, list) and "items" in rule:
        return all(valid(item, rule["items"], whole) for item in value)
    return not isinstance(value, dict) or all(_known(name, item, rule, whole) for name, item in value.items())


def _known(name: str, value: Any, rule: dict[str, Any], whole: dict[str, Any]) -> bool:
    if name in rule.get("properties", {}):
        return valid(value, rule["properties"][name], whole)
    more = rule.get("additionalProperties", True)
    return valid(value, more, whole) if isinstance(more, dict) else bool(more) or "patternProperties" in rule


def _is(value: Any, kind: str) -> bool:
    kinds: dict[str, Any] = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
        "null": type(None),
    }  # fmt: skip
    return isinstance(value, kinds[kind])


@pytest.mark.parametrize("file", sorted((ROOT / "examples").glob("*.ini")), ids=lambda file: file.name)
def test_the_schema_takes_configs_written_as_yaml(file: Path) -> None:
    import yaml

    tree = yaml.safe_load(to_yaml(load_config(file).config))
    rules = json.loads(schema())
    assert valid(tree, rules, rules)
    tree["exp"]["epocs"] = 3
    assert not valid(tree, rules, rules)
