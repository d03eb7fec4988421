"""Splits and folds: disjoint, complete, a function of seed and speaker alone; impossible requests say why."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.errors import DataError
from nk.registry import PART
from nk.stages import split as stage
from nk.stages.folds import Fold, holdout, make_folds
from nk.stages.grouping import by_hash
from nk.tables import Dataset, Target

SPEAKERS = st.lists(st.text("abcxyz019äß", min_size=1, max_size=4), min_size=2, max_size=12, unique=True)


def database(**changed: Any) -> Any:
    defaults: dict[str, Any] = {
        "split_strategy": "speaker_split", "test_size": 20.0, "train": (), "dev": (), "test": (),
        "split_column": "split", "train_vals": (), "dev_vals": (), "test_vals": (), "dev_size": 20.0,
        "as_train": False, "as_test": False,
    }  # fmt: skip
    return SimpleNamespace(**{**defaults, **changed})


def split(whole: Dataset, databases: dict[str, Any], *, seed: int = 0, three: bool = False, **changed: Any) -> Dataset:
    defaults: dict[str, Any] = {"groups": ("speaker",), "balance": None, "size_diff_weight": 1.0, "variable_bins": {}}
    earlier = changed.pop("earlier", None)
    data: Any = SimpleNamespace(databases=databases, **{**defaults, **changed})
    return stage.split(whole, data, seed=seed, three=three, earlier=earlier)


def folds(whole: Dataset, asked: Any, *groups: str, seed: int) -> list[Fold] | None:
    return make_folds(whole, asked, groups or ("speaker",), seed=seed)


def model(**changed: Any) -> Any:
    return SimpleNamespace(**{"loso": False, "logo": None, "k_fold_cross": None, **changed})


def dataset(speakers: list[str], rows: int = 4, target: str = "emotion", **columns: Any) -> Dataset:
    every = [(speaker, number) for speaker in speakers for number in range(rows)]
    frame = pl.DataFrame(
        {
            "id": [f"db/{speaker}_{number}.wav#0-1000" for speaker, number in every],
            "file": [f"{speaker}_{number}.wav" for speaker, number in every],
            "database": ["db"] * len(every),
            "speaker": [speaker for speaker, _ in every],
            "emotion": [("joy", "anger")[number % 2] for _, number in every],
            **columns,
        }
    ).sort("id")
    labels = tuple(frame[target].unique().sort().to_list())
    return Dataset(frame, Target(target, labels))


def part_of_speaker(result: Dataset) -> dict[str, str]:
    pairs = result.frame.select("speaker", "split").unique()
    assert pairs["speaker"].is_unique().all(), "a speaker is in two parts"
    return dict(pairs.iter_rows())


@given(speakers=SPEAKERS, seed=st.integers(0, 99), size=st.floats(1, 60))
def test_speaker_split_keeps_speakers_together_and_all_rows(speakers: list[str], seed: int, size: float) -> None:
    whole = dataset(speakers)
    result = split(whole, {"db": database(test_size=size)}, seed=seed)
    parts = part_of_speaker(result)
    assert result.ids == whole.ids
    assert list(parts.values()).count("test") == max(1, int(len(speakers) * size / 100))


@given(speakers=SPEAKERS, seed=st.integers(0, 99), order=st.randoms(use_true_random=False))
def test_speaker_split_does_not_depend_on_row_order(speakers: list[str], seed: int, order: Any) -> None:
    whole = dataset(speakers)
    rows = list(range(len(whole)))
    order.shuffle(rows)
    shuffled = replace(whole, frame=whole.frame[rows])
    one, other = (split(one, {"db": database()}, seed=seed) for one in (whole, shuffled))
    assert part_of_speaker(one) == part_of_speaker(other)


def test_speaker_split_does_not_depend_on_other_databases() -> None:
    alone = dataset(list("abcdefghij"))
    other = alone.frame.with_columns(pl.lit("more").alias("database"), pl.format("more/{}", "file").alias("id"))
    both = replace(alone, frame=pl.concat([alone.frame, other]))
    one = split(alone, {"db": database()}, seed=3)
    two = split(both, {"db": database(), "more": database(split_strategy="train")}, seed=3)
    kept = two.frame.filter(pl.col("database") == "db")
    assert part_of_speaker(one) == part_of_speaker(replace(one, frame=kept))


def test_the_seed_decides() -> None:
    orders = {tuple(by_hash("abcdefghij", seed)) for seed in range(20)}
    assert len(orders) == 20
    # The first speakers of seed 42 are part of published splits: they must never change.
    assert by_hash(["3", "8", "9", "10", "11", "12", "13", "14", "15", "16"], 42)[:2] == ["9", "16"]


def test_a_list_of_speakers_is_the_test_part() -> None:
    result = split(dataset(["1", "2", "3"]), {"db": database(split_strategy=("2",))}, seed=0)
    assert part_of_speaker(result) == {"1": "train", "2": "test", "3": "train"}


def test_stated_speakers_without_a_train_list_leave_the_rest_to_train() -> None:
    stated = database(split_strategy="speakers_stated", test=("1",), dev=("2",))
    result = split(dataset(["1", "2", "3"]), {"db": stated}, seed=0)
    assert part_of_speaker(result) == {"1": "test", "2": "dev", "3": "train"}


def test_stated_train_speakers_leave_the_others_out_and_say_so() -> None:
    stated = database(split_strategy="speakers_stated", test=("1",), train=("3",))
    result = split(dataset(["1", "2", "3"]), {"db": stated}, seed=0)
    assert part_of_speaker(result) == {"1": "test", "3": "train"}
    assert result.history[-1].rows_in - result.history[-1].rows_out == 4


def test_a_column_with_values_of_its_own() -> None:
    whole = dataset(["1", "2", "3"])
    whole = replace(whole, frame=whole.frame.with_columns(pl.col("speaker").cast(pl.Int64).alias("take")))
    column = database(split_strategy="column", split_column="take", train_vals=("1",), test_vals=("2", "3"))
    assert part_of_speaker(split(whole, {"db": column}, seed=0)) == {"1": "train", "2": "test", "3": "test"}


def test_a_value_that_no_row_has_is_named() -> None:
    column = database(split_strategy="column", split_column="speaker", train_vals=("1",), test_vals=("7",))
    with pytest.raises(DataError, match="no row of `db` has `7` in `speaker`, which `test_vals` names"):
        split(dataset(["1", "2", "3"]), {"db": column}, seed=0)


@pytest.mark.parametrize("strategy", ["database", "specified"])
def test_parts_that_the_database_has_itself(strategy: str) -> None:
    whole = dataset(["1", "2", "3"])
    own = pl.col("speaker").replace_strict({"1": "train", "2": "test"}, default=None).alias(PART)
    marked = replace(whole, frame=whole.frame.with_columns(own))
    result = split(marked, {"db": database(split_strategy=strategy)}, seed=0)
    assert part_of_speaker(result) == {"1": "train", "2": "test"}
    assert (result.history[-1].rows_in, result.history[-1].rows_out) == (12, 8)
    assert PART not in result
    assert PART not in split(marked, {"db": database()}, seed=0)
    without = replace(whole, frame=whole.frame.with_columns(pl.lit(None, pl.String).alias(PART)))
    for none in (whole, without):
        with pytest.raises(DataError, match=f"`split_strategy = {strategy}` takes .* and no row of `db` has one"):
            split(none, {"db": database(split_strategy=strategy)}, seed=0)


@pytest.mark.parametrize(
    ("changed", "speakers", "says"),
    [
        ({}, ["only"], "`db` has one speaker, which cannot be split by speaker"),
        ({"test_size": 100.0}, ["a", "b"], "`db.test_size = 100` leaves none of 2 speakers to train"),
        ({"split_strategy": ("nobody",)}, ["a", "b"], "`db` has no such speakers: `nobody`"),
        ({"split_strategy": "speakers_stated"}, ["a", "b"], "`db` has no `test` speakers"),
        ({"split_strategy": "speakers_stated", "test": ("a",), "train": ("a",)}, ["a", "b"], "a speaker in two parts"),
        ({"split_strategy": "column"}, ["a", "b"], "`db` has no column `split`"),
        ({"split_strategy": "train"}, ["a", "b"], "the part `test` is empty, so there is nothing to test"),
        ({"split_strategy": "test"}, ["a", "b"], "the part `train` is empty, so there is nothing to train on"),
        (
            {"split_strategy": "column", "split_column": "emotion"},
            ["a", "b"],
            "no value of `emotion` in `db` is a part",
        ),
        (
            {"split_strategy": "column", "split_column": "emotion", "train_vals": ("joy",), "test_vals": ("joy",)},
            ["a", "b"],
            "`db` has a value in two of `train_vals`, `dev_vals` and `test_vals`",
        ),
    ],
)
def test_impossible_splits_say_why(changed: dict[str, Any], speakers: list[str], says: str) -> None:
    with pytest.raises(DataError) as caught:
        split(dataset(speakers), {"db": database(**changed)}, seed=0)
    assert says in str(caught.value)


def test_no_speakers_at_all_says_what_to_do() -> None:
    whole = dataset(["a", "b"])
    with pytest.raises(DataError, match="has no column `speaker`"):
        split(replace(whole, frame=whole.frame.drop("speaker")), {"db": database()}, seed=0)
    empty = whole.frame.with_columns(pl.lit(None, pl.String).alias("speaker"))
    with pytest.raises(DataError, match="the column `speaker` of `db` is empty"):
        split(replace(whole, frame=empty), {"db": database()}, seed=0)


def test_the_speaker_as_target_cannot_be_split_by_speaker() -> None:
    with pytest.raises(DataError, match="the target is the speaker"):
        split(dataset(["a", "b"], target="speaker"), {"db": database()}, seed=0)


@given(
    speakers=SPEAKERS, count=st.integers(2, 12), seed=st.integers(0, 9), kind=st.sampled_from(["logo", "k_fold_cross"])
)
def test_folds_test_every_row_once_and_share_no_speaker(speakers: list[str], count: int, seed: int, kind: str) -> None:
    whole = dataset(speakers)
    if count > len(speakers):
        with pytest.raises(DataError, match="asks for more"):
            folds(whole, model(**{kind: count}), seed=seed)
        return
    found = folds(whole, model(**{kind: count}), seed=seed)
    assert found is not None
    assert len(found) == count
    assert sorted(key for fold in found for key in fold.test) == whole.ids
    speaker = dict(zip(whole.ids, whole.frame["speaker"].to_list(), strict=True))
    for fold in found:
        assert sorted([*fold.train, *fold.test]) == whole.ids
        assert not {speaker[key] for key in fold.train} & {speaker[key] for key in fold.test}


@pytest.mark.parametrize("asked", [{"loso": True}, {"logo": True}])
def test_leave_one_speaker_out_names_folds_after_speakers(asked: dict[str, Any]) -> None:
    found = folds(dataset(["a", "b", "c"]), model(**asked), seed=0)
    assert found is not None
    assert [fold.name for fold in found] == ["a", "b", "c"]


def test_a_fold_column_is_used_where_given() -> None:
    whole = dataset(["a", "b", "c", "d"])
    group = pl.col("speaker").replace_strict({"a": 1, "b": 1, "c": 2, "d": 2}).alias("fold")
    found = folds(replace(whole, frame=whole.frame.with_columns(group)), model(logo=4), seed=0)
    assert found is not None
    assert [(fold.name, len(fold.test)) for fold in found] == [("1", 8), ("2", 8)]


def test_stratified_folds_keep_the_shares_of_classes() -> None:
    found = folds(dataset([f"s{number}" for number in range(10)]), model(k_fold_cross=5), seed=1)
    assert found is not None
    assert [len(fold.test) for fold in found] == [8] * 5


def test_without_cross_validation_the_split_is_the_fold() -> None:
    whole = dataset(["a", "b"])
    assert folds(whole, model(), seed=0) is None
    fold = holdout(split(whole, {"db": database()}, seed=0))
    assert (len(fold.train), len(fold.dev), len(fold.test)) == (4, 0, 4)


@pytest.mark.parametrize("value", [1, "all"])
def test_a_fold_column_of_one_value_is_refused(value: Any) -> None:
    whole = dataset(["a", "b", "c", "d"])
    one = replace(whole, frame=whole.frame.with_columns(pl.lit(value).alias("fold")))
    with pytest.raises(DataError, match=f"^all rows are in one fold, `{value}`, so there is nothing to train on$") as e:
        folds(one, model(logo=4), seed=0)
    assert e.value.hint == "give the column `fold` two values at least, or remove it"


def test_parts_of_a_fold_are_told_by_place_and_by_id() -> None:
    whole = dataset(["1", "2", "3"])
    stated = database(split_strategy="speakers_stated", test=("1",), dev=("2",))
    fold = holdout(split(whole, {"db": stated}, seed=0))
    for rows, ids in ((fold.train_rows, fold.train), (fold.dev_rows, fold.dev), (fold.test_rows, fold.test)):
        assert tuple(fold.ids[row] for row in rows) == ids
        assert len(ids) == 4
    found = folds(whole, model(loso=True), seed=0)
    assert found is not None
    assert [fold.train_rows.tolist() for fold in found] == [[*range(4, 12)], [0, 1, 2, 3, 8, 9, 10, 11], [*range(8)]]


def parts_of(result: Dataset) -> dict[str, int]:
    return dict(result.frame["split"].value_counts().iter_rows())


@given(speakers=st.lists(st.text("abcxyz019", min_size=1, max_size=4), min_size=5, max_size=12, unique=True))
def test_three_parts_share_no_speaker(speakers: list[str]) -> None:
    result = split(dataset(speakers), {"db": database()}, seed=1, three=True)
    assert set(part_of_speaker(result).values()) == {"train", "dev", "test"}


@pytest.mark.parametrize(
    ("strategy", "more"),
    [
        (("s1",), {}),
        ("speakers_stated", {"test": ("s1", "s2")}),
        ("speakers_stated", {"test": ("s1",), "train": ("s3", "s4")}),
        ("random", {}),
        ("balanced", {}),
    ],
)
def test_every_strategy_gives_a_dev_part_where_three_are_wanted(strategy: Any, more: dict[str, Any]) -> None:
    whole = dataset([f"s{number}" for number in range(10)])
    result = split(whole, {"db": database(split_strategy=strategy, **more)}, three=True)
    assert set(parts_of(result)) == {"train", "dev", "test"}
    if strategy != "random":
        part_of_speaker(result)


def test_databases_that_are_train_and_test_get_a_dev_part_from_train() -> None:
    one, other = dataset([f"s{number}" for number in range(10)]), dataset(["t1", "t2"])
    frame = pl.concat([one.frame, other.frame.with_columns(pl.lit("other").alias("database"))])
    both = replace(one, frame=frame.sort("id"))
    bases = {"db": database(split_strategy="train"), "other": database(split_strategy="test")}
    assert parts_of(split(both, bases, three=True)) == {"train": 32, "dev": 8, "test": 8}
    assert parts_of(split(both, bases)) == {"train": 40, "test": 8}


def test_random_draws_rows_not_speakers() -> None:
    whole = dataset([f"s{number}" for number in range(5)], rows=20)
    result = split(whole, {"db": database(split_strategy="random")}, seed=3)
    assert parts_of(result) == {"train": 80, "test": 20}
    assert result.part("test").frame["speaker"].n_unique() == 5
    again = split(replace(whole, frame=whole.frame.reverse()), {"db": database(split_strategy="random")}, seed=3)
    assert again.part("test").ids == result.part("test").ids


def test_as_train_and_as_test_leave_one_part() -> None:
    one, other = dataset([f"s{number}" for number in range(5)]), dataset([f"t{number}" for number in range(5)])
    frame = pl.concat([one.frame, other.frame.with_columns(pl.lit("other").alias("database"))])
    both = replace(one, frame=frame.sort("id"))
    result = split(both, {"db": database(as_train=True), "other": database(as_test=True)})
    parts = result.frame.group_by("database", "split").len().sort("database").rows()
    assert parts == [("db", "train", 16), ("other", "test", 4)]


def texts(whole: Dataset, several: int = 4) -> Dataset:
    text = [f"t{number % several}" for number in range(len(whole))]
    return replace(whole, frame=whole.frame.with_columns(pl.Series("text", text)))


def test_groups_by_speaker_and_text_share_neither() -> None:
    whole = texts(dataset([f"s{number}" for number in range(10)], rows=10), 5)
    result = split(whole, {"db": database()}, groups=("speaker", "text"))
    train, test = result.part("train").frame, result.part("test").frame
    assert (train.height, test.height) == (64, 4)
    for column in ("speaker", "text"):
        assert not set(train[column]) & set(test[column])
    alone = split(whole, {"db": database()}, groups=("text",))
    assert not set(alone.part("train").frame["text"]) & set(alone.part("test").frame["text"])
    assert set(alone.part("train").frame["speaker"]) == set(alone.part("test").frame["speaker"])


def test_folds_by_speaker_and_text_test_every_row_once_and_share_neither() -> None:
    whole = texts(dataset([f"s{number}" for number in range(4)], rows=6), 3)
    for asked in (model(loso=True), model(logo=2), model(k_fold_cross=3)):
        found = folds(whole, asked, "speaker", "text", seed=0) or []
        tested = sorted(row for fold in found for row in fold.test)
        assert tested == whole.ids
        for fold in found:
            train, test = (whole.frame.filter(pl.col("id").is_in(list(rows))) for rows in (fold.train, fold.test))
            for column in ("speaker", "text"):
                assert not set(train[column]) & set(test[column])
    assert len(folds(whole, model(loso=True), "speaker", "text", seed=0) or []) == 12


def test_rows_are_folded_one_by_one_only_by_name() -> None:
    whole = dataset(["a", "b"], rows=20)
    found = folds(whole, model(k_fold_cross=4), "row", seed=0) or []
    assert [len(fold.test_rows) for fold in found] == [10] * 4
    assert all({row[3] for row in fold.test} == {"a", "b"} for fold in found)
    with pytest.raises(DataError, match="asks for more folds than there are groups"):
        folds(whole, model(k_fold_cross=4), seed=0)


def test_a_gap_in_the_column_of_folds_is_said() -> None:
    whole = dataset(["a", "b"])
    gaps = whole.frame.with_columns(pl.Series("fold", [None, *([1, 2] * 4)][:8]))
    with pytest.raises(DataError, match="the column `fold` is empty for some rows"):
        folds(replace(whole, frame=gaps), model(logo=2), seed=0)


def test_the_best_of_many_splits_is_balanced() -> None:
    ages = [20 + 5 * (number // 4) for number in range(48)]
    genders = ["mf"[number // 4 % 3 == 0] for number in range(48)]
    whole = dataset([f"s{number:02}" for number in range(12)])
    frame = whole.frame.with_columns(pl.Series("age", ages), pl.Series("gender", genders))
    whole = replace(whole, frame=frame)
    balanced = database(split_strategy="balanced", test_size=50)
    found = split(whole, {"db": balanced}, balance={"gender": 2.0, "age": 1.0}, variable_bins={"age": 2})
    part_of_speaker(found)
    for part in ("train", "test"):
        rows = found.part(part).frame.unique("speaker")
        assert rows["gender"].value_counts().sort("gender")["count"].to_list() == [2, 4]
        assert (rows["age"] < 50).sum() == 3
    said = [step.what for step in found.history if step.told]
    assert said == ["parts are balanced; they differ from the whole by (bits): gender 0.000, age 0.000"]


def test_every_part_of_a_balanced_split_has_all_classes() -> None:
    whole = dataset([f"s{number}" for number in range(6)])
    rare = pl.when(pl.col("speaker").is_in(["s0", "s1"])).then(pl.lit("fear")).otherwise("emotion").alias("emotion")
    whole = Dataset(whole.frame.with_columns(rare), Target("emotion", ("anger", "fear", "joy")))
    balanced = database(split_strategy="balanced", test_size=34)
    found = split(whole, {"db": balanced})
    assert "fear" in set(found.part("test").frame["emotion"])
    assert "fear" in set(found.part("train").frame["emotion"])
    one = Dataset(
        whole.frame.with_columns(
            pl.when(pl.col("speaker") == "s0").then(pl.lit("fear")).otherwise(pl.lit("joy")).alias("emotion")
        ),
        Target("emotion", ("fear", "joy")),
    )
    with pytest.raises(DataError, match="none of 1000 drawn splits has all classes in every part"):
        split(one, {"db": balanced})


def test_reuse_takes_the_parts_of_the_last_run() -> None:
    whole = dataset(["a", "b", "c"])
    earlier = split(whole, {"db": database()}, seed=5).frame.select("id", "split")
    found = split(whole, {"db": database(split_strategy="reuse")}, seed=99, earlier=earlier)
    assert found.frame.select("id", "split").equals(earlier)
    fewer = split(whole, {"db": database(split_strategy="reuse")}, earlier=earlier.filter(pl.col("id") != whole.ids[0]))
    assert len(fewer) == len(whole) - 1
    with pytest.raises(DataError, match="needs an earlier run"):
        split(whole, {"db": database(split_strategy="reuse")})


def test_unlabelled_rows_are_tested_and_not_learnt_from() -> None:
    whole = dataset(["a", "b"])
    gaps = whole.frame.with_columns(
        pl.when(pl.col("file").str.ends_with("_0.wav")).then(None).otherwise("emotion").alias("emotion")
    )
    found = split(replace(whole, frame=gaps), {"db": database()})
    assert found.part("test").frame["emotion"].null_count() == 1
    assert found.part("train").frame["emotion"].null_count() == 0
    assert len(found) == 7
