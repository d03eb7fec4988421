"""What a config file comes to: values, defaults, warnings, overrides, what is not built."""
# ruff: noqa: E501 - whole messages stand on a line

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from nk.config import Loaded, check_built, check_run, load_config, missing, options_for, to_ini, to_yaml
from nk.config.build import default_name
from nk.config.scoring import measure_of
from nk.config.whole import Config
from nk.errors import ConfigError, NotBuilt
from nk.families import features, models, readers

if TYPE_CHECKING:
    from pathlib import Path

BASE = "[DATA]\ndatabases = ['emodb']\nemodb = a.csv\n"


def load(folder: Path, text: str, *overrides: str, name: str = "exp.ini", roots: bool = True) -> Loaded:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load_config(file, overrides, roots=roots)


def problems(folder: Path, text: str, *overrides: str, name: str = "exp.ini") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, *overrides, name=name)
    return [f"{problem.line}: {problem.text}" for problem in caught.value.problems]


def warnings(loaded: Loaded) -> list[str]:
    return [f"{problem.line}: {problem.text}" for problem in loaded.warnings]


def test_the_papers_defaults_hold(tmp_path: Path) -> None:
    config = load(tmp_path, BASE, name="mine.ini").config
    assert config.exp.name == "mine"
    assert (config.exp.root, config.exp.type, config.exp.epochs, config.exp.runs) == (
        "./results/",
        "classification",
        1,
        1,
    )
    assert config.exp.random_seed == 42
    assert (config.data.target, config.data.labels) == ("emotion", None)
    assert config.feats.type == ("os",)
    assert options_for(features.get("os"), config.feats.options).model_dump()["set"] == "eGeMAPSv02"
    assert config.feats.store_format is None
    assert (config.plot.format, config.plot.ccc) == ("png", False)
    assert (config.finetune.batch_size, config.finetune.learning_rate) == (8, 0.0001)
    assert (config.finetune.max_duration, config.finetune.push_to_hub) == (8.0, False)
    database = config.data.databases["emodb"]
    assert (database.reader, database.channel, database.split_strategy) == ("csv", "first", "speaker_split")
    assert (database.test_size, database.dev_size, database.split_column) == (20, 20, "split")
    assert (database.train_vals, database.dev_vals, database.test_vals) == (("train",), ("dev",), ("test",))


INI = """[EXP]
root = ./r  # where
random_seed = 7
[DATA]
databases = ['EmoDB', 'b']
emodb = "x y.csv"
EMODB.Test_Size = 30
emodb.split_strategy = [3, '04', 'x']
emodb.mapping = {'anger, joy': 'high', ('sad', 'calm'): 'low'}
emodb.filter = {'gender': 'female', 'task': ['a', 2]}
b.type = synthetic
b.reverse = yes
b.reverse.max = 1e2
target = age
age_bins = 3
[FEATS]
set = gemapsv01a
wav2vec2.layer = 2
[MODEL]
type = svm
c_val = 1e-1
logo = 4
[EXPL]
scatter = pca
scatter.dim = 3
value_counts = [['age'], ['age', 'sex']]
age.bin_reals = True
"""

YAML = """
Exp: {root: ./r, random_seed: 7}
data:
  databases:
    EmoDB:
      path: "x y.csv"
      test_size: 30
      split_strategy: [3, '04', x]
      mapping: {anger: high, joy: high, sad: low, calm: low}
      filter: [[gender, female], [task, [a, 2]]]
    b: {type: synthetic, reverse: {value: yes, max: 100.0}}
  target: age
  age_bins: 3
feats:
  set: gemapsv01a
  wav2vec2: {layer: 2}
model: {type: svm, C_val: .1, logo: 4}
expl:
  scatter: {value: [pca], dim: 3}
  value_counts: [age, [age, sex]]
  age: {bin_reals: true}
"""


def test_both_spellings_give_equal_configs(tmp_path: Path) -> None:
    ini, yaml = load(tmp_path, INI), load(tmp_path, YAML, name="exp.yaml")
    assert ini.config == yaml.config
    database = ini.config.data.databases["EmoDB"]
    assert database.path == "x y.csv"
    assert database.test_size == 30
    assert database.split_strategy == ("3", "04", "x")
    assert database.mapping == {"anger": "high", "joy": "high", "sad": "low", "calm": "low"}
    assert database.filter == (("gender", ("female",)), ("task", ("a", 2)))
    assert (ini.config.data.databases["b"].reverse, ini.config.data.databases["b"].reverse_max) == (True, 100)
    assert ini.config.data.variable_bins == {"age": 3}
    assert ini.config.feats.options == {"set": "GeMAPSv01a", "wav2vec2.layer": 2}
    assert ini.config.model.options == {"C_val": 0.1}
    assert (ini.config.expl.scatter, ini.config.expl.scatter_dim) == (("pca",), 3)
    assert ini.config.expl.column_bin_reals == {"age": True}


def test_yaml_takes_dotted_keys_as_written(tmp_path: Path) -> None:
    text = "data:\n  databases: [emodb]\n  emodb: a.csv\n  emodb.test_size: 30\nexpl: {scatter: pca, scatter.dim: 3}\n"
    config = load(tmp_path, text, name="exp.yaml").config
    assert config.data.databases["emodb"].test_size == 30
    assert config.expl.scatter_dim == 3


def test_a_config_is_frozen_and_equal_to_its_like(tmp_path: Path) -> None:
    one, other = load(tmp_path, BASE), load(tmp_path, BASE + "[MODEL]\nlogo = 3\n")
    assert one.config != other.config
    assert one.config == load(tmp_path, BASE + "[EXP]\nepochs = 1\n").config
    with pytest.raises(AttributeError):
        one.config.exp = other.config.exp
    with pytest.raises(ValueError, match="frozen"):
        one.config.exp.epochs = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        _ = one.config.nonsense


def test_overrides_go_over_the_file_whatever_name_it_uses(tmp_path: Path) -> None:
    text = f"{BASE}emodb.testsplit = 30\n[MODEL]\ntype = knn\n"
    found = load(tmp_path, text, "data.emodb.test_size=40", "MODEL.type=svm", "exp.epochs=3", "model.c_val=2")
    assert found.config.data.databases["emodb"].test_size == 40
    assert found.config.model.type == "svm"
    assert found.config.model.options == {"C_val": 2}
    assert load(tmp_path, BASE, "exp.name=a=b # c").config.exp.name == "a=b"


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("epochs=3", "`epochs=3` is not of the form `section.key=value`"),
        ("exp.epochs", "`exp.epochs` is not of the form `section.key=value`"),
        ("type=svm", "`type=svm` is not of the form `section.key=value`"),
        ("=", "`=` is not of the form `section.key=value`"),
        ("modl.type=svm", "[MODL] is not a section"),
        ("exp.epocs=3", "[EXP] `epocs` is not an option"),
        ("exp.epochs=0", "[EXP] `epochs` must be a whole number of at least 1, not `0`"),
    ],
)
def test_a_wrong_override_is_a_problem(tmp_path: Path, override: str, text: str) -> None:
    assert problems(tmp_path, BASE, override) == [f"0: {text}"]


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("type=svm", "name the section, as in `--set model.type=svm`"),
        ("epochs=3", "name the section, as in `--set exp.epochs=3`"),
        ("C_val=3", "name the section, as in `--set model.C_val=3`"),
        ("test_size=3", "name the section, as in `--set data.<database>.test_size=3`"),
        ("nonsense=3", "name the section, as in `--set model.type=svm`"),
        ("exp.epochs", "give it a value: `--set exp.epochs=value`"),
    ],
)
def test_a_wrong_override_has_a_way_out(tmp_path: Path, override: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, BASE, override)
    assert [problem.hint for problem in caught.value.problems] == [hint]


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("[MODEL]\ntype = svm\nC_val = 1,5", "6: [MODEL] `C_val` must be a number above 0, not `1,5`", "write `1.5`"),
        (
            "emodb.test_size = 20 %",
            "4: [DATA] `emodb.test_size` must be a number of at least 0 and at most 100, not `20 %`",
            "write `20`",
        ),
        (
            "[EXP]\ntype = regresion\n[MODEL]\ntype = svr\nmeasure = mse",
            "5: [EXP] `type` must be `classification` or `regression`, not `regresion`",
            "did you mean `regression`?",
        ),
        (
            "[MODEL]\nmeasure = acc",
            "5: [MODEL] `measure` must be `uar`, `accuracy`, `macro_f1`, `auc`, `eer`, `ccc`, `pcc`, `mse`, `rmse`, `mae` or `r2`, not `acc`",
            "did you mean `accuracy`?",
        ),
    ],
)
def test_a_slip_is_one_problem_with_a_way_out(tmp_path: Path, text: str, problem: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, BASE + text)
    found = caught.value.problems[0]
    assert (f"{found.line}: {found.text}", found.hint) == (problem, hint)
    assert len(caught.value.problems) == 1


def test_names_with_commas_are_a_list(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "[DATA]\ndatabases = a, b\na = a.csv\nb = b.csv\n")
    assert caught.value.problems[0].hint == "write several as a list, ['a', 'b']"
    found = load(tmp_path, f"{BASE}labels = anger, joy\n")
    assert [(one.text, one.hint) for one in found.warnings] == [
        ("[DATA] `labels` is a single class, `anger, joy`", "write several as a list, ['anger', 'joy']")
    ]


def test_a_share_below_one_is_said_to_be_in_per_cent(tmp_path: Path) -> None:
    found = load(tmp_path, f"{BASE}emodb.test_size = 0.2\n")
    assert [(one.text, one.hint) for one in found.warnings] == [
        ("[DATA] `emodb.test_size` is 0.2 % of the speakers", "write 20 for 20 %")
    ]
    assert warnings(load(tmp_path, f"{BASE}emodb.test_size = 1\nemodb.dev_size = 0\n")) == []


def test_curly_quotes_within_straight_ones_are_characters(tmp_path: Path) -> None:
    text = f"{BASE}labels = ['“a”', 'b']\n[EXP]\nname = '“x”'\nroot = ./the “old” ones\n"
    found = load(tmp_path, text).config
    assert (found.data.labels, found.exp.name, found.exp.root) == (("“a”", "b"), "“x”", "./the “old” ones")
    assert load(tmp_path, to_ini(found), name="again.ini").config == found
    assert load(tmp_path, to_yaml(found), name="again.yaml").config == found


def test_channel_of_data_holds_for_databases_without_one(tmp_path: Path) -> None:
    text = "[DATA]\ndatabases = ['a', 'b']\na = a.csv\nb = b.csv\nb.channel = 1\nchannel = mix\n"
    databases = load(tmp_path, text).config.data.databases
    assert (databases["a"].channel, databases["b"].channel) == ("mix", 1)


def test_names_of_databases_may_have_dots_and_be_each_others_start(tmp_path: Path) -> None:
    text = "[DATA]\ndatabases = ['a', 'a.b']\na = 1.csv\na.b = 2.csv\na.b.test_size = 30\na.test_size = 10\n"
    databases = load(tmp_path, text).config.data.databases
    assert list(databases) == ["a", "a.b"]
    assert [(database.path, database.test_size) for database in databases.values()] == [("1.csv", 10), ("2.csv", 30)]


def test_databases_beside_the_list_are_kept_and_not_used(tmp_path: Path) -> None:
    text = f"{BASE}tests = ['t']\nt = t.csv\nold = ./old\nold.test_size = 30\n"
    found = load(tmp_path, text)
    assert list(found.config.data.databases) == ["emodb"]
    assert set(found.config.data.others) == {"t", "old"}
    assert warnings(found) == ["6: [DATA] `old` is not used: `old` is not in `databases`"]


def test_a_near_name_of_a_database_is_a_slip(tmp_path: Path) -> None:
    assert problems(tmp_path, f"{BASE}emobd.test_size = 30\n") == [
        "4: [DATA] `emobd.test_size` belongs to `emobd`, which is not in `databases`"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[DATA]\ndatabases = ['x']", "2: [DATA] `databases` names `x`, but nothing says where it is"),
        ("[DATA]\ndatabases = ['x']\nx.type = csv", "3: [DATA] `x` has no path"),
        ("[DATA]\ndatabases = ['a', 'A']\na = a.csv", "2: [DATA] `databases` names `A` twice"),
        ("[DATA]\ndatabases = ['target']", "2: [DATA] `databases` names `target`, which is a key of this section"),
        ("[DATA]\ndatabases = {'a': 1}", "2: [DATA] `databases` must be a list of names"),
        (f"{BASE}emodb.type = sql", "4: [DATA] `emodb.type` names `sql`, which is not a reader"),
        (f"{BASE}emodb.test_size = 70\nemodb.dev_size = 40", "4: [DATA] `emodb.test_size` and `emodb.dev_size` are 110 % together"),
        (f"{BASE}emodb.split_strategy = 12", "4: [DATA] `emodb.split_strategy` must be `speaker_split`, `speakers_stated`, `column`, `train`, `dev`, `test`, `database`, `specified`, `random`, `balanced`, `reuse`, `lock` or a list of test speakers, not `12`"),
        ("[DATA]\ndatabases = ['a']\na = a.csv\ntests = x", "4: [DATA] `tests` names `x`, but nothing says where it is"),
        (f"{BASE}emodb.split_strategy = speakers_stated", "4: [DATA] `emodb.split_strategy` names no speakers"),
        (f"{BASE}emodb.test = [1]\nemodb.train = [1, 2]", "4: [DATA] `emodb.test` shares `1` with `train`"),
        (f"{BASE}emodb.train_vals = test", "4: [DATA] `emodb.train_vals` shares `test` with `test_vals`"),
        (f"{BASE}labels = ['a', 'a']", "4: [DATA] `labels` names `a` twice"),
        (f"{BASE}labels = []", "4: [DATA] `labels` is empty"),
        (f"{BASE}bins = [3, 1]", "4: [DATA] `bins` must rise from edge to edge"),
        (f"{BASE}labels = ['a']\nbins = [1, 2, 3]", "5: [DATA] `bins` has 3 edges for 1 labels, there must be one more than labels"),
        (f"{BASE}emodb.mapping = {{'a': 'b', 'c': {{'d': 'e'}}}}", "4: [DATA] `emodb.mapping` must be a mapping {old: new} or {column: {old: new}}, not `{'a': 'b', 'c': {'d': 'e'}}`"),
        (f"{BASE}[EXP]\ntype = regression\n[MODEL]\ntype = svm", "7: [MODEL] `type` is `svm`, which learns classes, but [EXP] `type` is `regression`"),
        (f"{BASE}[MODEL]\ntype = xgr", "5: [MODEL] `type` is `xgr`, which learns numbers, but [EXP] `type` is `classification`"),
        (f"{BASE}[MODEL]\nC_val = [1, 2]\ntype = svm", "5: [MODEL] `C_val` must be a number above 0, not `[1, 2]`"),
        (f"{BASE}[MODEL]\ntuning_params = ['C_val']\ntype = svm", "5: [MODEL] `tuning_params` names `C_val`, but there is no `C_val = [...]` with its values"),
        (f"{BASE}[FEATS]\nset = GeMAPSv01a\nlevel = lld_de\ntype = os", "7: [FEATS] the options of `os` do not fit together: the set `GeMAPSv01a` has no level `lld_de`"),
        (f"{BASE}[FLAGS]\nmodel_kernl = ['rbf']", "5: [FLAGS] `model_kernl` sets `kernl`, which is not an option of [MODEL]"),
        (f"{BASE}[OPTIM]\nlr = (1, 2, 3, 4)", "5: [OPTIM] `lr` cannot be searched over these values"),
    ],
)  # fmt: skip
def test_what_does_not_hold_between_keys_is_a_problem(tmp_path: Path, text: str, expected: str) -> None:
    assert problems(tmp_path, text) == [expected]


def test_shares_matter_only_where_there_is_a_dev_part(tmp_path: Path) -> None:
    text = f"{BASE}emodb.test_size = 85\n"
    assert load(tmp_path, text).config.data.databases["emodb"].test_size == 85
    expected = ["4: [DATA] `emodb.test_size` and `emodb.dev_size` are 105 % together"]
    assert problems(tmp_path, f"{text}emodb.dev_size = 20\n") == expected
    assert problems(tmp_path, f"{text}[EXP]\ntraindevtest = True\n") == expected


@pytest.mark.parametrize("section", ["EXP", "PLOT"])
@pytest.mark.parametrize(
    "name", ["a/b", "../b", "/b", "a\\b", "..", ".", ".a", "C:b", "c:", "' '", "''", "'a\tb'", "'\x7f'"]
)
def test_a_name_is_no_path(tmp_path: Path, section: str, name: str) -> None:
    assert problems(tmp_path, f"{BASE}[{section}]\nname = {name}\n")[0].startswith(
        f"5: [{section}] `name` must be a name"
    )


@pytest.mark.parametrize("name", ["a", "a.b", "a b", "3", "é", "a-1_2", "ab:c", "x..y", "~a"])
def test_a_name_may_be_anything_else(tmp_path: Path, name: str) -> None:
    found = load(tmp_path, f"{BASE}[EXP]\nname = {name}\nroot = ../x/.y\n[PLOT]\nname = {name}\n").config
    assert (found.exp.name, found.plot.name, found.exp.root) == (name, name, "../x/.y")


@pytest.mark.parametrize(
    ("file", "name"), [("exp.ini", "exp"), (".exp.ini", "exp"), (".ini", "ini"), ("...", "experiment")]
)
def test_the_files_name_becomes_a_name(file: str, name: str) -> None:
    assert default_name(file) == name


BALANCED = f"{BASE}target = age\n[EXP]\ntype = {{}}\n[FEATS]\nbalancing = smote\n[MODEL]\ntype = {{}}\n"


def test_balancing_is_for_classes(tmp_path: Path) -> None:
    found = load(tmp_path, BALANCED.format("classification", "svm"), "feats.balancing_random_state=7").config.feats
    assert (found.balancing, found.balancing_random_state) == ("smote", 7)
    assert problems(tmp_path, BALANCED.format("regression", "svr")) == [
        "8: [FEATS] `balancing` is `smote`, which evens out classes, but [EXP] `type` is `regression`"
    ]
    for nothing in ("none", "False"):
        assert load(tmp_path, BALANCED.format("regression", "svr"), f"feats.balancing={nothing}").warnings == ()


def test_speakers_that_are_the_target_are_not_scaled_each_alone(tmp_path: Path) -> None:
    text = f"{BASE}target = {{}}\n[FEATS]\nscale = speaker\n[MODEL]\ntype = svm\n"
    assert load(tmp_path, text.format("emotion")).config.feats.scale == "speaker"
    assert problems(tmp_path, text.format("speaker")) == [
        "6: [FEATS] `scale` is `speaker`, which takes away what tells speakers apart, but they are the target"
    ]


def test_the_models_word_on_missing_values_comes_before_that_of_the_features(tmp_path: Path) -> None:
    from nk.setup import prepare

    text = f"{BASE}target = emotion\n[FEATS]\ntype = ['os']\n{{}}\n[MODEL]\ntype = svm\n{{}}\n"

    def used(feats: str, model: str) -> tuple[str, list[str]]:
        loaded = load(tmp_path, text.format(feats, model), f"exp.root={tmp_path}")
        return prepare(loaded, 1).recipe.nan_strategy, warnings(loaded)

    assert used("", "") == ("zero", [])
    assert used("nan_strategy = zeros", "") == ("zero", [])
    assert used("nan_strategy = drop", "") == ("drop", [])
    assert used("nan_strategy = mean", "nan_strategy = mean") == ("mean", [])
    assert used("", "nan_strategy = median") == ("median", [])
    assert used("nan_strategy = drop", "nan_strategy = zero") == (
        "zero",
        ["7: [FEATS] `nan_strategy` has no effect: [MODEL] `nan_strategy = zero` comes before it"],
    )


def test_a_measure_fits_the_task(tmp_path: Path) -> None:
    text = f"{BASE}[EXP]\ntype = {{}}\n[MODEL]\nmeasure = {{}}\n"
    assert load(tmp_path, text.format("regression", "ccc")).config.model.measure == "ccc"
    assert load(tmp_path, text.format("classification", "uar")).config.model.measure == "uar"
    assert problems(tmp_path, text.format("regression", "uar")) == [
        "7: [MODEL] `measure` is `uar`, which measures classes, but [EXP] `type` is `regression`"
    ]


def test_options_are_those_of_the_named_plugin_first(tmp_path: Path) -> None:
    found = load(tmp_path, f"{BASE}[MODEL]\ntype = svm\nDROP = .3\nkernel = LINEAR\n")
    assert found.config.model.options == {"drop": 0.3, "kernel": "linear"}
    assert warnings(found) == ["6: [MODEL] `DROP` has no effect with `svm`"]
    options = options_for(models.get("svm"), found.config.model.options)
    assert options.model_dump()["kernel"] == "linear"


def test_options_with_a_spelling_of_their_own_are_left_to_the_plugin(tmp_path: Path) -> None:
    assert load(tmp_path, f"{BASE}[FEATS]\nset = egemapsv02\n").config.feats.options == {"set": "eGeMAPSv02"}


def test_options_that_fit_together_only_as_given_are_fine(tmp_path: Path) -> None:
    text = f"{BASE}[FEATS]\nset = ComParE_2016\nlevel = lld_de\n"
    assert load(tmp_path, text).config.feats.options == {"set": "ComParE_2016", "level": "lld_de"}


@pytest.mark.parametrize(
    ("lines", "warned"),
    [
        ("pooling = max", ["5: [FEATS] `pooling` has no effect: no feature in `type` comes frame by frame"]),
        ("pooling = ['mean', 'std']", []),
        ("pooling = max\nlevel = lld", []),
        ("pooling = max\ntype = ['os', 'lfcc']", []),
        ("pooling = max\ntype = trill", []),
    ],
)
def test_pooling_needs_frames(tmp_path: Path, lines: str, warned: list[str]) -> None:
    assert warnings(load(tmp_path, f"{BASE}[FEATS]\n{lines}\n")) == warned


def test_what_makes_columns_is_named_once(tmp_path: Path) -> None:
    text = f"{BASE}[FEATS]\ntype = ['os', 'os']\nfeatures = ['a', 'b', 'a']\npooling = {{}}\n"
    named = ["5: [FEATS] `type` names `os` twice", "6: [FEATS] `features` names `a` twice"]
    assert problems(tmp_path, text.format("['max', 'max']")) == [*named, "7: [FEATS] `pooling` names `max` twice"]
    assert problems(tmp_path, text.format("[]")) == [*named, "7: [FEATS] `pooling` is empty"]


def test_options_of_a_feature_that_do_not_fit_together_are_told(tmp_path: Path) -> None:
    text = f"{BASE}[FEATS]\ntype = lfcc\nlfcc.fft_length = {{}}\n"
    assert problems(tmp_path, text.format(256)) == [
        "5: [FEATS] the options of `lfcc` do not fit together: `lfcc.frame_length` is 400, but `lfcc.fft_length` 256"
    ]
    assert load(tmp_path, text.format(1024) + "lfcc.frame_length = 1000\n").warnings == ()


def test_values_to_try_are_no_options(tmp_path: Path) -> None:
    text = f"{BASE}[MODEL]\ntype = svm\ntuning_params = C_val\nC_val = [1, .1]\nkernel = rbf\n"
    model = load(tmp_path, text).config.model
    assert (model.options, model.search) == ({"kernel": "rbf"}, {"C_val": (1, 0.1)})


def test_options_of_readers(tmp_path: Path) -> None:
    found = load(tmp_path, f"{BASE}emodb.absolute_path = no\nemodb.target_tables = t\n")
    assert found.config.data.databases["emodb"].options == {"absolute_path": False, "target_tables": ("t",)}
    assert warnings(found) == ["5: [DATA] `emodb.target_tables` has no effect with `csv`"]
    options = options_for(readers.get("csv"), found.config.data.databases["emodb"].options)
    assert options.model_dump()["absolute_path"] is False


def test_epochs_mean_nothing_to_a_model_without_them(tmp_path: Path) -> None:
    text = f"{BASE}[EXP]\nepochs = 5\n[MODEL]\ntype = {{}}\npatience = 3\n[PLOT]\nepoch_progression = True\n"
    svm = load(tmp_path, text.format("svm"))
    assert warnings(svm) == [
        "5: [EXP] `epochs` has no effect with `svm`",
        "8: [MODEL] `patience` has no effect with `svm`",
        "10: [PLOT] `epoch_progression` has no effect with `svm`",
    ]
    check_built(svm, ["exp", "data", "feats", "model", "plot"])
    mlp = load(tmp_path, text.format("mlp"))
    assert warnings(mlp) == []
    with pytest.raises(
        NotBuilt, match=r"not built yet: \[MODEL\] `mlp` \(.*:7\), \[PLOT\] `epoch_progression` \(.*:10\)"
    ):
        check_built(mlp, ["EXP", "MODEL", "PLOT"])


@pytest.mark.parametrize(
    ("text", "warning", "path", "value"),
    [
        ("emodb.testsplit = 30", "`emodb.testsplit` is now `emodb.test_size`", "data.databases.emodb.test_size", 30),
        ("samples_per_speaker = 9", "`samples_per_speaker` is now `limit_samples_per_speaker`", "data.limit_samples_per_speaker", 9),
        ("min_length = 2", "`min_length` is now `min_duration_of_sample`", "data.min_duration_of_sample", 2),
        ("strategy = x", "`strategy` has no effect: each database has its own `<database>.split_strategy`", "data.target", "emotion"),
        ("emodb.split_strategy = train_test", "`emodb.split_strategy` is now `speaker_split`, not `train_test`", "data.databases.emodb.split_strategy", "speaker_split"),
        ("[EXP]\nmodels_dir = m/", "`models_dir` is now `model_dir`", "exp.model_dir", "m/"),
        ("[EXP]\nno_reuse = True", "`no_reuse` is now [DATA] `no_reuse`", "data.no_reuse", True),
        ("[EXP]\nrandom_state = 3", "`random_state` is now `random_seed`", "exp.random_seed", 3),
        ("[MODEL]\ndevice = gpu", "`device` is now `cuda`, not `gpu`", "model.device", "cuda"),
        ("[FEATS]\nos.set = emobase", "`os.set` is now `set`", "feats.options", {"set": "emobase"}),
        ("[FEATS]\nscaler = robust", "`scaler` is now `scale`", "feats.scale", "robust"),
        ("[MODEL]\nduration = 3", "`duration` is now `max_duration`", "model.options", {"max_duration": 3}),
        ("[MODEL]\nC = 3", "`C` is now `C_val`", "model.options", {"C_val": 3}),
        ("[EXPL]\nvalue_counts = [['est_sdr']]", "`value_counts` names columns that are now called otherwise: [['sdr_pred']]", "expl.value_counts", (("sdr_pred",),)),
        ("[PLOT]\nsample_selection = all", "`sample_selection` has no effect: it is [EXP] `sample_selection`", "plot.name", None),
    ],
)  # fmt: skip
def test_old_names_are_taken_with_one_warning(tmp_path: Path, text: str, warning: str, path: str, value: Any) -> None:
    found = load(tmp_path, BASE + text)
    assert [warn.text.partition("] ")[2] for warn in found.warnings].count(warning) == 1
    here: Any = found.config
    for step in path.split("."):
        here = here[step] if isinstance(here, dict) else getattr(here, step)
    assert here == value


def test_an_old_name_beside_the_present_one_has_no_effect(tmp_path: Path) -> None:
    found = load(tmp_path, f"{BASE}emodb.testsplit = 30\nemodb.test_size = 10\n")
    assert found.config.data.databases["emodb"].test_size == 10
    assert warnings(found) == [
        "4: [DATA] `emodb.testsplit` has no effect: it is now `emodb.test_size`, which is there too"
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("check_vad = True", "[DATA] `check_vad`"),
        ("[FEATS]\ntype = ['os', 'hubert-base-ls960']", "[FEATS] `hubert-base-ls960`"),
        ("[MODEL]\ntype = cnn", "[MODEL] `cnn`"),
        ("[EXP]\nexport_onnx = True", "[EXP] `export_onnx`"),
    ],
)
def test_what_is_not_built_stops_a_run_and_not_a_check(tmp_path: Path, text: str, name: str) -> None:
    found = load(tmp_path, BASE + text)
    assert found.warnings == ()
    with pytest.raises(NotBuilt) as caught:
        check_built(found, ["exp", "data", "feats", "model", "plot"])
    assert str(caught.value) == f"not built yet: {name} ({tmp_path / 'exp.ini'}:{5 if text[0] == '[' else 4})"


def test_what_other_commands_need_does_not_stop_a_run(tmp_path: Path) -> None:
    text = f"{BASE}[EXP]\nlanguage = de\n[RESAMPLE]\nreplace = True\n[MODEL]\nhf_token = x\n"
    found = load(tmp_path, text)
    check_built(found, ["exp", "data", "feats", "model", "plot", "report"])
    with pytest.raises(NotBuilt):
        check_built(found, ["resample"])


def test_all_that_a_run_lacks_is_said_at_once(tmp_path: Path) -> None:
    found = load(
        tmp_path, "[EXP]\nname = x\n[DATA]\nclinic = a/clinic.csv\ntarget = None\n[FEATS]\ntype = []\n[MODEL]\n"
    )
    assert warnings(found) == []
    with pytest.raises(ConfigError) as caught:
        check_run(found)
    assert caught.value.problems == tuple(missing(found))
    assert [(problem.line, problem.text, problem.hint) for problem in caught.value.problems] == [
        (3, "[DATA] `databases` names none, so there is nothing to run on", "write `databases = ['clinic']` in [DATA]"),
        (
            5,
            "[DATA] `target` is None, so there is nothing to learn",
            "name the column that is to be learnt: `target = emotion` in [DATA]",
        ),
        (7, "[FEATS] `type` is empty, and a model learns from features", "write `type = ['os']` in [FEATS]"),
    ]
    check_built(found, ["exp", "data", "feats", "model"])


def test_what_is_missing_in_a_missing_section_is_said_of_the_file(tmp_path: Path) -> None:
    found = missing(load(tmp_path, "[EXP]\ntype = regression\n"))
    assert [(problem.line, problem.hint) for problem in found] == [
        (0, "write `databases = ['clinic']` in [DATA], and where it is: `clinic = clinic.csv`"),
    ]
    assert missing(load(tmp_path, f"{BASE}[MODEL]\ntype = svm\n")) == []
    assert [str(one) for one in missing(load(tmp_path, f"{BASE}[MODEL]\ntype = svm\n", "data.target=None"))] == [
        "--set: [DATA] `target` is None, so there is nothing to learn"
    ]


def test_a_model_of_the_other_task_cannot_run(tmp_path: Path) -> None:
    found = load(tmp_path, f"{BASE}[MODEL]\ntype = svm\n")
    model = found.config.model.model_copy(update={"type": "svr"})
    other = replace(found, config=Config(exp=found.config.exp, data=found.config.data, model=model))
    assert [f"{problem.line}: {problem.text}" for problem in missing(other)] == [
        "5: [MODEL] `type` is `svr`, which is for regression, but [EXP] `type` is `classification`"
    ]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "[MODEL]\ntype = cnn",
            "[MODEL] `cnn` (exp.ini:5)",
            "built models are `bayes`, `forest`, `gmm`, `knn`, `lgbm`, `log_reg`, `svm`, `tree`, `xgb`",
        ),
        (
            "check_vad = True",
            "[DATA] `check_vad` (exp.ini:4)",
            "leave it out; `nk config explain data.check_vad` says what it is for",
        ),
        (
            "check_vad = True\n[MODEL]\ntype = mlp",
            "[DATA] `check_vad` (exp.ini:4), [MODEL] `mlp` (exp.ini:6)",
            "`nk config explain data.check_vad` says more, likewise of the others",
        ),
    ],
)
def test_what_is_not_built_has_a_place_and_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.ini").write_text(BASE + text)
    with pytest.raises(NotBuilt) as caught:
        check_built(load_config("exp.ini"), ["data", "model", "plot"])
    assert (str(caught.value), caught.value.hint) == (f"not built yet: {message}", hint)


PLOTS = BASE + "[EXP]\ntype = {}\n[PLOT]\n{}\n"


@pytest.mark.parametrize(
    ("task", "line", "expected"),
    [
        ("classification", "uncertainty_threshold = .5", []),
        ("regression", "uncertainty_threshold = .5", ["has no effect: only classes have an uncertainty"]),
        ("classification", "combine_per_speaker = mode", []),
        ("regression", "combine_per_speaker = mode", ["is `mode`, and of numbers the mean is taken"]),
        ("regression", "combine_per_speaker = mean", []),
        ("classification", "combine_per_speaker.col = text", ["has no effect without `combine_per_speaker`"]),
    ],
)
def test_figures_that_the_task_does_not_have(tmp_path: Path, task: str, line: str, expected: list[str]) -> None:
    name = line.split(" = ", maxsplit=1)[0]
    assert warnings(load(tmp_path, PLOTS.format(task, line))) == [f"7: [PLOT] `{name}` {text}" for text in expected]


@pytest.mark.parametrize("value", ["1.5", "-0.1", "nan", "text"])
def test_a_threshold_of_uncertainty_is_a_share(tmp_path: Path, value: str) -> None:
    text = PLOTS.format("classification", f"uncertainty_threshold = {value}")
    assert problems(tmp_path, text)[0].startswith("7: [PLOT] `uncertainty_threshold` must be a number")


def test_bins_make_two_classes_at_least(tmp_path: Path) -> None:
    text = f"{BASE}bins = [0, 10]\n[EXP]\ntype = regression\n"
    assert problems(tmp_path, text) == ["4: [DATA] `bins` makes a single class"]


@pytest.mark.parametrize(
    ("path", "reader"),
    [
        ("emodb", "audformat"),
        ("db/emodb/1.4.1", "audformat"),
        ("x.y/", "audformat"),
        ("a.CSV", "csv"),
        ("b.tsv", "csv"),
    ],
)
def test_the_reader_is_seen_from_the_path(tmp_path: Path, path: str, reader: str) -> None:
    assert load(tmp_path, f"[DATA]\ndatabases = d\nd = {path}\n").config.data.databases["d"].reader == reader


@pytest.mark.parametrize("path", ["x.xlsx", "x.txt", "a/x.ods", "x.json", "x.csv.gz"])
def test_a_file_that_is_no_csv_needs_a_type(tmp_path: Path, path: str) -> None:
    text = f"[DATA]\ndatabases = d\nd = {path}\n"
    assert problems(tmp_path, text) == [f"3: [DATA] `d` is no table that nk reads: `{path}`"]
    assert load(tmp_path, f"{text}d.type = csv\n").config.data.databases["d"].reader == "csv"


ROOTS = "[DATA]\nemodb = /elsewhere/a.csv\nemodb.test_size = 30\nemodb.testsplit = 10\nother = b.csv\n"


def test_the_roots_file_fills_in_what_is_not_said(tmp_path: Path) -> None:
    (tmp_path / "roots.ini").write_text(ROOTS.replace("emodb.testsplit = 10\n", ""), encoding="utf-8")
    text = "[DATA]\ndatabases = ['emodb']\nroot_folders = roots.ini\nemodb.dev_size = 10\n"
    found = load(tmp_path, text)
    database = found.config.data.databases["emodb"]
    assert (database.path, database.test_size, database.dev_size) == ("/elsewhere/a.csv", 30, 10)
    assert (found.config.data.root_folders, found.config.data.others) == (None, {})
    own = load(tmp_path, f"{text}emodb.testsplit = 40\nemodb = c.csv\n").config.data.databases["emodb"]
    assert (own.path, own.test_size) == ("c.csv", 40)


def test_the_roots_file_may_be_yaml(tmp_path: Path) -> None:
    (tmp_path / "roots.yaml").write_text(
        "data: {databases: {emodb: {path: /b.csv, mapping: {a: b}}}}", encoding="utf-8"
    )
    text = "[DATA]\ndatabases = ['emodb']\nroot_folders = roots.yaml\n"
    database = load(tmp_path, text).config.data.databases["emodb"]
    assert (database.path, database.mapping) == ("/b.csv", {"a": "b"})


def test_a_check_does_not_read_the_roots_file(tmp_path: Path) -> None:
    text = "[DATA]\ndatabases = ['emodb']\nroot_folders = none.ini\n"
    assert load(tmp_path, text, roots=False).config.data.root_folders == "none.ini"
    assert "names a file that is not there" in problems(tmp_path, text)[0]


def test_databases_that_are_only_tested_need_a_path_and_no_split(tmp_path: Path) -> None:
    text = f"{BASE}tests = ['New', 'emodb']\nnew = b.csv\nnew.split_strategy = test\n"
    found = load(tmp_path, text)
    assert warnings(found) == []
    assert list(found.config.data.databases) == ["emodb"]
    assert [database.path for database in found.config.data.tested.values()] == ["b.csv", "a.csv"]
    assert warnings(load(tmp_path, f"{text}new.test_size = 30\nnew.as_test = True\n")) == [
        "7: [DATA] `new.test_size` has no effect: all rows of a database in `tests` are tested",
        "8: [DATA] `new.as_test` has no effect: all rows of a database in `tests` are tested",
    ]
    assert problems(tmp_path, f"{BASE}tests = ['new']\nnew.channel = 1\n") == ["5: [DATA] `new` has no path"]
    assert problems(tmp_path, f"{BASE}tests = ['../new']\n../new = b.csv\n") == [
        "4: [DATA] `tests` names `../new`, which cannot be a folder of results"
    ]
    assert load(tmp_path, to_yaml(found.config), name="exp.yaml").config.data.tested == found.config.data.tested


TUNED = f"{BASE}[MODEL]\ntype = svm\ntuning_params = ['gamma', 'c_val']\nC_val = [1, 10]\ngamma = scale\n"


def test_values_to_try_are_in_the_order_of_the_names(tmp_path: Path) -> None:
    found = load(tmp_path, TUNED)
    assert warnings(found) == []
    assert list(found.config.model.spaces.items()) == [("gamma", ("scale",)), ("C_val", (1.0, 10.0))]
    assert load(tmp_path, BASE).config.model.spaces == {}
    assert warnings(load(tmp_path, f"{BASE}[MODEL]\nscoring = accuracy\n")) == [
        "5: [MODEL] `scoring` has no effect: there are no `tuning_params`"
    ]


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("model.C_val=[]", "0: [MODEL] `C_val` is empty"),
        ("model.C_val=[1, 2, 1.0]", "0: [MODEL] `C_val` has `1.0` twice"),
        ("model.C_val=[1, 0]", "0: [MODEL] `C_val` must be a number above 0, not `[1, 0]`"),
        ("model.scoring=f2", "0: [MODEL] `scoring` is `f2`, which is no measure here"),
        ("model.scoring=neg_mean_squared_error", "0: [MODEL] `scoring` is `neg_mean_squared_error`, which measures numbers, but [EXP] `type` is `classification`"),
        ("model.type=bayes", "6: [MODEL] `tuning_params` names `c_val`, which `bayes` does not have"),
        (f"model.C_val={list(range(1, 10_002))}", "6: [MODEL] `tuning_params` makes more than 10,000 combinations"),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_is_told_by_the_file_alone(tmp_path: Path, override: str, says: str) -> None:
    assert says in problems(tmp_path, TUNED, override)


@pytest.mark.parametrize(
    ("scoring", "measure"),
    [
        ("recall_macro", "uar"),
        ("UAR", "uar"),
        ("roc_auc_ovr", "auc"),
        ("neg_mean_absolute_error", "mae"),
        ("foo", None),
    ],
)
def test_scorers_mean_measures(scoring: str, measure: str | None) -> None:
    assert measure_of(scoring) == measure


@pytest.mark.parametrize(
    ("lines", "warned"),
    [
        ("emodb.test = ['3']", ["`emodb.test` has no effect with `speaker_split` as `split_strategy`"]),
        ("emodb.test = ['3']\nemodb.split_strategy = speakers_stated", []),
        ("emodb.test_vals = x\nemodb.split_strategy = ['3']", ["`emodb.test_vals` has no effect with a list of speakers as `split_strategy`"]),
        ("emodb.test_vals = x\nemodb.split_strategy = column", []),
        ("emodb.test_size = 30\nemodb.split_strategy = train", ["`emodb.test_size` has no effect with `train` as `split_strategy`"]),
        ("emodb.test_size = 30\nemodb.split_strategy = train\n[MODEL]\nloso = True", []),
        ("emodb.test_size = 30\n", []),
        ("emodb.dev_size = 30", ["`emodb.dev_size` has no effect without [EXP] `traindevtest = True`"]),
        ("emodb.dev_size = 30\n[EXP]\ntraindevtest = True", []),
        ("balance = {'age': 1}\nage_bins = 3\nsize_diff_weight = 2", [f"`{key}` has no effect: no database has `split_strategy = balanced`" for key in ("balance", "age_bins", "size_diff_weight")]),
        ("balance = {'age': 1}\nage_bins = 3\nemodb.split_strategy = balanced", []),
        ("groups = text\nemodb.split_strategy = random", ["`groups` has no effect: no split is drawn by groups, as `speaker_split`, `balanced` and cross-validations do"]),
        ("groups = text", []),
        ("groups = text\nemodb.split_strategy = random\n[MODEL]\nlogo = 3", []),
        ("filter.sample_selection = train", ["`filter.sample_selection` has no effect: [DATA] has no filter or limit of its own"]),
        ("filter.sample_selection = train\nlimit_samples = 3", []),
        ("[EXP]\nlodo_runs = 3", ["`lodo_runs` has no effect without `lodo = True`"]),
        ("[FEATS]\nbalancing_random_state = 3", ["`balancing_random_state` has no effect without `balancing`"]),
        ("[MODEL]\ntype = xgb\nvalidation_split = .1", ["`validation_split` has no effect without `early_stopping_rounds`"]),
        ("[MODEL]\ntype = xgb\nvalidation_split = .1\nearly_stopping_rounds = 3", []),
        ("[EXP]\nsave = False", ["`save` has no effect: the run folder is always written; [MODEL] `save` says whether the model is in it"]),
        ("[EXP]\nno_warnings = True", ["`no_warnings` has no effect: they are shown with `--verbose` alone"]),
    ],
)  # fmt: skip
def test_what_needs_another_key_is_told(tmp_path: Path, lines: str, warned: list[str]) -> None:
    assert [text.partition("] ")[2] for text in warnings(load(tmp_path, f"{BASE}{lines}\n"))] == warned


def test_reverse_max_needs_reverse(tmp_path: Path) -> None:
    base = BASE + "emodb.reverse.max = 9\n[EXP]\ntype = regression\n"
    assert warnings(load(tmp_path, base)) == ["4: [DATA] `emodb.reverse.max` has no effect without `reverse`"]
    assert warnings(load(tmp_path, base, "data.emodb.reverse=True")) == []
