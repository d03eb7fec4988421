"""Runs side by side: the same rows or what differs, the words of a comparison, the commands as a user meets them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from nk.cli.main import app
from nk.comparing import compare
from nk.ensembling import method_of
from nk.errors import DataError
from nk.members import matched, named, read
from nk.stages.ensemble import combine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LABELS = ("anger", "joy", "sadness")


def table(seed: int, *, rows: int = 60, speakers: int | None = 6, skill: float = 1.0) -> pl.DataFrame:
    """A table of predictions; truths and speakers are the same for every seed."""
    truth = np.random.default_rng(99).integers(0, 3, rows)
    generator = np.random.default_rng(seed)
    scores = generator.dirichlet(np.ones(3), rows) + skill * np.eye(3)[truth]
    scores /= scores.sum(axis=1, keepdims=True)
    names = [f"s{row % speakers}" if speakers else None for row in range(rows)]
    return pl.DataFrame(
        {
            "id": [f"db/{row:03}.wav#0-1500" for row in range(rows)],
            "file": [f"{row:03}.wav" for row in range(rows)],
            "start": 0.0,
            "end": 1.5,
            "database": "db",
            "speaker": pl.Series(names, dtype=pl.String),
            "split": "test",
            "run": 0,
            "fold": "split",
            "truth": [LABELS[place] for place in truth],
            "predicted": [LABELS[place] for place in scores.argmax(axis=1)],
            **{f"p_{label}": scores[:, place] for place, label in enumerate(LABELS)},
        }
    )


def write(folder: Path, **tables: pl.DataFrame) -> list[Path]:
    for name, frame in tables.items():
        frame.write_csv(folder / f"{name}.csv")
    return [folder / f"{name}.csv" for name in tables]


def together(folder: Path, **tables: pl.DataFrame) -> Any:
    return matched(named([read(place) for place in write(folder, **tables)]))


@given(st.randoms())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
def test_shuffling_the_rows_of_one_changes_nothing(tmp_path: Path, random: Any) -> None:
    one, other = table(1), table(2)
    order = list(range(other.height))
    random.shuffle(order)
    apart = write(tmp_path, a=one, b=other)
    first, joined = compare(apart).as_dict(), combine(method_of("mean", {}), _predictions(apart))
    write(tmp_path, b=other[order])
    assert compare(apart).as_dict() == first
    assert combine(method_of("mean", {}), _predictions(apart)).predictions.frame.equals(joined.predictions.frame)


def _predictions(places: Sequence[Path]) -> Any:
    return [one.predictions for one in matched(named([read(place) for place in places]))]


def test_rows_that_one_lacks_are_shown(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the same rows, 2 in `a` alone: `db/058.wav#0-1500`, `db/059.wav#0-1500`"):
        together(tmp_path, a=table(1), b=table(2)[:58])
    with pytest.raises(DataError, match="2 in `a` alone and 1 in `b` alone: `db/058"):
        together(tmp_path, a=table(1)[1:], b=table(2)[:58])


def test_other_truths_and_speakers_are_shown(tmp_path: Path) -> None:
    first = pl.col("file") == "000.wav"
    for column in ("truth", "speaker"):
        other = table(2).with_columns(pl.when(first).then(pl.lit("joy")).otherwise(column).alias(column))
        old = table(1)[column][0]
        with pytest.raises(DataError, match=rf"other {column}s of the same rows \(1 row\): `.*#0-1500: {old} / joy`"):
            together(tmp_path, a=table(1), b=other)


def test_other_classes_are_shown(tmp_path: Path) -> None:
    other = table(2).rename({"p_joy": "p_fun"})
    with pytest.raises(DataError, match="in one of them alone are: `fun`, `joy`"):
        together(tmp_path, a=table(1), b=other)


def test_classes_in_another_order_and_another_name_of_the_database_are_the_same(tmp_path: Path) -> None:
    other = table(2).with_columns(database=pl.lit("again"), id="again/" + pl.col("file"))
    other = other.select(*other.columns[:-3], "p_sadness", "p_anger", "p_joy")
    one, two = together(tmp_path, a=table(1), b=other)
    assert one.predictions.target == two.predictions.target
    assert one.predictions.frame["id"].equals(two.predictions.frame["id"])
    assert two.predictions.scores == pytest.approx(table(2).select("p_anger", "p_joy", "p_sadness").to_numpy())


def test_files_of_one_name_in_two_databases_are_two_rows(tmp_path: Path) -> None:
    def twice(seed: int) -> pl.DataFrame:
        more = table(seed + 10).with_columns(database=pl.lit("more"), id="more/" + pl.col("file"))
        return pl.concat([table(seed), more])

    one, two = together(tmp_path, a=twice(1), b=twice(2)[::-1])
    assert one.predictions.frame.height == 120
    assert one.predictions.frame["id"].equals(two.predictions.frame["id"])


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rows of `a` stand there twice \(120 rows\)"):
        together(tmp_path, a=pl.concat([table(1), table(1)]), b=table(2))
    with pytest.raises(DataError, match="lacks columns: `end`, `predicted`"):
        together(tmp_path, a=table(1).drop("end", "predicted"), b=table(2))
    with pytest.raises(DataError, match="`a` has no test row with a truth"):
        together(tmp_path, a=table(1).with_columns(truth=pl.lit(None, pl.String)), b=table(2))
    with pytest.raises(DataError, match="is no run folder: it has no `predictions.csv`"):
        read(tmp_path)
    (tmp_path / "c.csv").write_text("id,file,start,end,predicted,p_a\n1,a,zero,1,a,1\n")
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "c.csv")
    with pytest.raises(DataError, match="a run is named twice"):
        named([read(tmp_path / "b.csv"), read(tmp_path / "b.csv")])


def test_a_better_run_is_found_and_few_speakers_tell_nothing_apart(tmp_path: Path) -> None:
    many = compare(
        write(tmp_path, bad=table(1, rows=300, speakers=10, skill=0.2), good=table(2, rows=300, speakers=10))
    )
    (pair,) = many.pairs
    assert (pair.one, pair.other, pair.apart) == ("good", "bad", True)
    assert pair.difference.value == pytest.approx(many.runs[0].metrics["uar"].value - many.runs[1].metrics["uar"].value)
    assert many.words(pair) == f"`good` is better than `bad` by {pair.difference.value:.3f}"
    few = compare(write(tmp_path, a=table(1, speakers=4), b=table(2, speakers=4), c=table(3, speakers=4)))
    assert [few.words(one).rpartition(": ")[2] for one in few.pairs] == ["not distinguishable with 4 test speakers"] * 3
    smaller = compare(write(tmp_path, bad=table(1, skill=0.2), good=table(2)), "eer")
    assert (smaller.runs[0].name, smaller.pairs[0].difference.value < 0) == ("good", True)


def test_the_difference_is_that_of_speakers_left_out(tmp_path: Path) -> None:
    # Accuracy over speakers with equal numbers of rows is the mean of theirs: the paired t-test.
    from scipy import stats

    one, other = table(1, skill=0.6), table(2, skill=0.2)
    found = compare(write(tmp_path, a=one, b=other), "accuracy").pairs[0]
    right = [
        frame.group_by("speaker", maintain_order=True).agg((pl.col("truth") == pl.col("predicted")).mean())["truth"]
        for frame in (one, other)
    ]
    known = stats.ttest_rel(*(each.to_numpy() for each in right))
    assert found.p == pytest.approx(known.pvalue)


def test_without_speakers_it_is_mcnemar_with_a_warning(tmp_path: Path) -> None:
    found = compare(write(tmp_path, a=table(1, speakers=None), b=table(2, speakers=None, skill=0.2)))
    assert found.pairs[0].test == "McNemar over rows"
    assert "speakers are not known" in found.cautions[0]
    assert found.pairs[0].difference.low is not None
    two = compare(write(tmp_path, a=table(1, speakers=2), b=table(2, speakers=2)))
    assert (two.pairs[0].p, two.cautions) == (None, ())
    assert two.words(two.pairs[0]).endswith("no test, 2 speakers are too few")


def test_other_folds_are_warned_of(tmp_path: Path) -> None:
    other = table(2).with_columns(fold=pl.col("speaker"))
    assert "were folded otherwise" in compare(write(tmp_path, a=table(1), b=other)).cautions[0]


def test_numbers_and_several_runs(tmp_path: Path) -> None:
    generator, frames = np.random.default_rng(0), {}
    for name, noise in (("a", 0.3), ("b", 2.0)):
        keys = table(0).drop("predicted", "truth", "p_anger", "p_joy", "p_sadness")
        truth = pl.Series("truth", np.random.default_rng(5).normal(size=60))
        own = [keys.with_columns(truth, run=pl.lit(run), predicted=truth + generator.normal(0, noise, 60))
               for run in range(3 if name == "a" else 1)]  # fmt: skip
        frames[name] = pl.concat(own)
    places = write(tmp_path, **frames)
    for measure, sign in (("ccc", 1), ("mae", -1)):
        found = compare(places, measure)
        assert [run.name for run in found.runs] == ["a", "b"]
        assert found.pairs[0].difference.value * sign > 0
        assert found.pairs[0].apart
    with pytest.raises(DataError, match="have not as many `runs`: 3, 1"):
        combine(method_of("mean", {}), _predictions(places))


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})


def test_compare_writes_tables_and_a_picture(tmp_path: Path) -> None:
    places = write(tmp_path, a=table(1), b=table(2), c=table(3, skill=0.1))
    done = call("compare", *places, "--output", tmp_path / "found", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == json.loads((tmp_path / "found" / "comparison.json").read_text())
    assert len(told["pairs"]) == 3
    files = {"comparison.csv", "comparison.json", "comparison.png", "log.txt", "manifest.json", "pairs.csv", "runs.csv"}
    assert {file.name for file in (tmp_path / "found").iterdir()} == files
    assert call("compare", *places, "--output", tmp_path / "found").exit_code == 0
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "manifest.json").write_text("{}")
    done = call("compare", *places, "--output", mine)
    assert (done.exit_code, "another command" in done.stderr) == (3, True)


def test_ensemble_leaves_a_run_folder_that_can_be_compared_and_listed(tmp_path: Path) -> None:
    places = write(tmp_path, a=table(1), b=table(2), c=table(3))
    done = call("ensemble", *places, "--method", "max", "--output", tmp_path / "joined", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert {one["name"] for one in told["ensemble"]["members"]} == {"a", "b", "c"}
    folder = tmp_path / "joined"
    assert told["metrics"] == json.loads((folder / "metrics.json").read_text())["metrics"]
    assert json.loads((folder / "ensemble.json").read_text())["method"] == "max"
    assert (folder / "figures" / "confusion_test.png").is_file()
    assert call("compare", folder, places[0]).exit_code == 0
    done = call("compare", "--all", tmp_path, "--sort", "uar", "--json")
    assert json.loads(done.stdout)["results"][0]["metrics"]["uar"] == told["metrics"]["test"]["uar"]
    (folder / "metrics.json").write_text("{")
    done = call("compare", "--all", tmp_path)
    assert (done.exit_code, "is left out" in done.stderr) == (3, True)


def test_unlabelled_rows_are_a_table_alone(tmp_path: Path) -> None:
    blank = pl.lit(None, pl.String)
    places = write(tmp_path, a=table(1).with_columns(truth=blank), b=table(2).drop("truth", "speaker", "split"))
    done = call("ensemble", *places, "--no-labels", "--outfile", tmp_path / "said.csv")
    assert done.exit_code == 0, done.stderr
    assert pl.read_csv(tmp_path / "said.csv")["predicted"].null_count() == 0
    assert not (tmp_path / "ensemble_mean").exists()
    assert "`a` has no test row with a truth" in call("ensemble", *places).stderr


CONFIG = """[EXP]
name = {name}
root = {root}
[DATA]
databases = ['emodb']
emodb = {data}/emodb/emodb.csv
emodb.split_strategy = column
target = emotion
[FEATS]
type = ['os']
scale = standard
[MODEL]
type = {model}
"""


@pytest.mark.slow
def test_real_runs_are_run_joined_and_compared(data: Path, tmp_path: Path) -> None:
    files = []
    for name, model in (("near", "knn"), ("line", "log_reg")):
        files.append(tmp_path / f"{name}.ini")
        files[-1].write_text(CONFIG.format(name=name, model=model, data=data, root=tmp_path / "results"))
    assert "there is no run of" in call("ensemble", *files).stderr
    done = call("ensemble", *files, "--run", "--method", "uncertainty_weighted")
    assert done.exit_code == 0, done.stderr
    folder = tmp_path / "results" / "ensemble_uncertainty_weighted"
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["metrics"]["test"]["uar"]["value"] > 0.4
    assert metrics["baselines"] == json.loads((tmp_path / "results" / "near" / "metrics.json").read_text())["baselines"]
    assert json.loads((folder / "evaluations.jsonl").read_text().splitlines()[-1])["by"] == "nk ensemble"
    done = call("compare", *files, folder)
    assert "4 test speakers" in done.output
    # Afterwards: with those beside it that have another model alone.
    done = call("run", files[0], "--set", "plot.runs_compare=model", "--force")
    assert done.exit_code == 0, done.stderr
    told = json.loads((tmp_path / "results" / "compare_model" / "comparison.json").read_text())
    assert {one["name"] for one in told["runs"]} == {"near", "line"}
    assert told["measure"] == "uar"
