"""`nk explore`: what it writes, what the keys of [EXPL] do, and what is said of a bias."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk import pipeline
from nk.config import load_config
from nk.errors import DataError
from nk.explore import bias, groups, overview, value_counts
from nk.explore.columns import column_of
from nk.explore.densities import limits_of, spread
from nk.explore.hearing import BESIDE, HEARD
from nk.explore.material import Material
from nk.explore.statistics.pairs import concordance
from nk.report.figures import PEN, Pen
from nk.stages.columns import in_order
from nk.tables import Dataset, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nk.explore.exhibit import Exhibit

CONFIG = "[DATA]\ndatabases = ['db']\ndb = db.csv\n"
EMOTIONS = ("anger", "joy", "sadness")


def material(folder: Path, target: str = "emotion", text: str = "", **columns: Any) -> Material:
    """Sixty rows of six speakers, with columns of every kind; `columns` go over them."""
    (folder / "exp.ini").write_text(f"{CONFIG}{text}")
    draw, rows = np.random.default_rng(3), 60
    speaker = np.arange(rows) % 6
    frame = pl.DataFrame({
        "id": [f"db/{row:03}#0-1000" for row in range(rows)],
        "path": [f"{row}.wav" for row in range(rows)],
        "start": 0.0, "end": 1.0 + draw.random(rows), "database": "db",
        "speaker": [f"s{one}" for one in speaker],
        "gender": np.array(["female", "male"])[speaker % 2],
        "age": 20 + 7 * speaker,
        "emotion": np.array(EMOTIONS)[draw.integers(0, 3, rows)],
        "place": np.array(["home", "studio"])[draw.integers(0, 2, rows)],
        "arousal": draw.normal(0, 1, rows), "valence": draw.normal(0, 1, rows),
    } | columns)  # fmt: skip
    heard = frame.select("id", **{name: pl.lit(1.0) for name in (*HEARD, *BESIDE)})
    labels = (
        tuple(frame[target].drop_nulls().unique().sort())
        if target in frame.columns and frame[target].dtype == pl.String
        else ()
    )
    return Material(Dataset(frame, Target(target, labels)), heard, False, [], load_config(folder / "exp.ini").config, 1)


def shown(found: Material, ui: Ui | None = None) -> dict[str, Exhibit]:
    return {one.name: one for one in value_counts.show(found, ui or Ui(quiet=True))}


@pytest.mark.parametrize("kind", ["kde", "hist"])
@pytest.mark.parametrize("target", ["emotion", "arousal", ""])
@pytest.mark.parametrize(
    "names", [("gender",), ("valence",), *product(("gender", "valence"), ("place", "age"))], ids="-".join
)
def test_every_combination_of_kinds_is_counted_drawn_and_tested(
    tmp_path: Path, target: str, names: Sequence[str], kind: str
) -> None:
    text = f"[EXPL]\nvalue_counts = [{[*names]}]\ndist_type = {kind}\n[PLOT]\nccc = True\n"
    found = shown(material(tmp_path, target, text))
    name = "value_counts_" + "_".join(names)
    tested = [name, f"{name}_tests"] if target or len(names) > 1 else [name]
    assert [*found] == tested
    assert found[name].caption.startswith("60 recordings of 6 speakers.")
    draw = found[name].draw
    assert draw is not None
    assert draw(PEN).axes


def test_counts_are_those_of_rows_and_speakers(tmp_path: Path) -> None:
    found = material(tmp_path, text="[EXPL]\nvalue_counts = ['place']\n")
    table = shown(found)["value_counts_place"].table
    for emotion, place, rows, speakers in table.iter_rows():
        some = found.frame.filter(pl.col("emotion") == emotion, pl.col("place") == place)
        assert (rows, speakers) == (some.height, some["speaker"].n_unique())
    assert table["rows"].sum() == 60


def test_numbers_are_told_by_database_and_split(tmp_path: Path) -> None:
    base = ["a", "b"] * 30
    part = ["train"] * 40 + ["test"] * 20
    found = material(tmp_path, text="[EXPL]\nvalue_counts = ['valence']\n", database=base, split=part)
    found = Material(found.dataset, found.heard, True, [], found.config, 1)
    table = shown(found)["value_counts_valence"].table
    row = table.filter(pl.col("database") == "b", pl.col("split") == "test", pl.col("emotion") == "joy")
    some = found.frame.filter(pl.col("database") == "b", pl.col("split") == "test", pl.col("emotion") == "joy")
    assert row["rows"].item() == some.height
    assert row["mean"].item() == pytest.approx(some["valence"].mean())
    assert set(zip(table["database"], table["split"], strict=True)) == {
        *product(("all", "a", "b"), ("all", "train", "test"))
    }


def test_reals_are_binned_where_it_is_asked_for(tmp_path: Path) -> None:
    plain = column_of(material(tmp_path), "valence")
    assert plain.is_number
    for text in ("bin_reals = True", "valence.bin_reals = True"):
        column = column_of(material(tmp_path, text=f"[EXPL]\n{text}\n"), "valence")
        assert len(column.labels) == 3
        assert set(column.values.value_counts()["count"]) == {20}
    column = column_of(material(tmp_path, text="[EXPL]\nbin_reals = True\nvalence.bin_reals = False\n"), "valence")
    assert column.is_number
    text = "target = arousal\nbins = [-10, 0, 10]\nlabels = ['low', 'high']\n[EXPL]\nclass_label.bin_reals = True\n"
    found = material(tmp_path, "arousal", text)
    column = column_of(found, "class_label")
    assert column.labels == ("low", "high")
    assert (column.values == "low").sum() == (found.frame["arousal"] < 0).sum()


def test_a_column_that_is_not_there_is_an_error_and_an_estimate_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DataError, match=r"no column `gendre`.*") as caught:
        shown(material(tmp_path, text="[EXPL]\nvalue_counts = ['gendre']\n"))
    assert "did you mean `gender`" in str(caught.value.hint)
    found = shown(material(tmp_path, text="[EXPL]\nvalue_counts = [['est_mos'], ['place']]\n"), Ui())
    assert "value_counts_place" in found
    assert "no column `mos_pred`" in capsys.readouterr().err


def test_three_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one column or two"):
        shown(material(tmp_path, text="[EXPL]\nvalue_counts = [['place', 'age', 'gender']]\n"))


def test_the_overview_counts_what_is_missing(tmp_path: Path) -> None:
    lacking = [None] * 5 + [1.0] * 55
    found = {one.name: one for one in overview.show(material(tmp_path, valence=lacking))}
    assert [*found] == ["overview", "recordings", "target_emotion", "speakers", "missing_values"]
    row = found["missing_values"].table.filter(pl.col("column") == "valence")
    assert (row["missing"].item(), row["percent"].item()) == (5, pytest.approx(8.33))
    assert found["speakers"].table["rows"].to_list() == [10] * 6
    assert found["overview"].table.select("rows", "speakers").row(0) == (60, 6)


def test_the_median_of_a_caption_is_between_both_rows_in_the_middle() -> None:
    assert overview._spread(pl.Series([1.0, 2.0, 4.0, 8.0]), "s") == "3 s (1 to 8)"


@pytest.mark.parametrize("steps", [True, False])
def test_curves_are_densities(steps: bool) -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    curves = spread({"a": values}, limits_of(values), steps=steps)
    step = curves.x[1] - curves.x[0]
    assert curves.heights["a"].sum() * step == pytest.approx(1, abs=0.02)
    assert (curves.heights["a"] * curves.x).sum() * step == pytest.approx(values.mean(), abs=0.15)


def told(found: Material) -> tuple[pl.DataFrame, str]:
    (one,) = bias.show(found)
    return one.table, one.lead or ""


def test_a_trait_that_tells_the_label_leads(tmp_path: Path) -> None:
    """Women are angry and men are sad, but for a few recordings."""
    rows = np.arange(240)
    speaker, gender = rows % 12, rows % 2
    emotion = np.where(rows // 12 % 10 == 0, 1 - gender, gender)
    columns = {
        "id": [f"db/{row:03}#0-1000" for row in rows], "path": [f"{row}" for row in rows], "start": 0.0, "end": 1.0,
        "database": "db", "speaker": [f"s{one:02}" for one in speaker], "gender": np.array(["f", "m"])[gender],
        "emotion": np.array(["anger", "sadness"])[emotion],
    }  # fmt: skip
    frame = pl.DataFrame(columns)
    small = material(tmp_path)
    heard = frame.select("id", **{name: pl.lit(1.0) for name in (*HEARD, *BESIDE)})
    found = Material(Dataset(frame, Target("emotion", ("anger", "sadness"))), heard, False, [], small.config, 1)
    table, lead = told(found)
    row = table.row(by_predicate=pl.col("column") == "gender", named=True)
    assert row["score"] == pytest.approx(0.9)
    assert row["chance"] == 0.5
    assert row["p_holm"] < 0.05
    assert "`gender` alone tells `emotion` (UAR 0.90, chance 0.50" in lead


def test_what_tells_nothing_leads_to_nothing(tmp_path: Path) -> None:
    table, lead = told(material(tmp_path))
    assert set(table["column"]) == {"speaker", "gender", "age"}
    assert lead == ""


def test_groups_of_a_run_are_shown_with_their_gap() -> None:
    def value(one: float) -> dict[str, Any]:
        return {"uar": {"value": one, "low": one - 0.1, "high": one + 0.1, "n": 20, "n_speakers": 5, "method": "m"}}

    gap = {"measure": "uar", "best": "f", "worst": "m", "value": 0.4, "low": 0.2, "high": 0.6}
    about = {"schema": 1, "fewest": 10, "gaps": {"gender": gap}}
    (one,) = groups.show({**about, "gender": {"f": value(0.8), "m": value(0.4)}}, "emotion")
    assert one.table.select("group", "value").rows() == [("f", 0.8), ("m", 0.4)]
    assert one.lead == "`uar` by `gender`: `f` is ahead of `m` by 0.400 (95 % interval 0.200 to 0.600)."
    assert one.draw is not None
    assert len(one.draw(PEN).axes) == 1


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four speakers with four tones each."""
    time, rows = np.arange(8000) / 16000, ["file,speaker,gender,emotion,split"]
    for speaker, number in product(range(4), range(4)):
        wave = 0.3 * np.sign(np.sin(2 * np.pi * (110, 220)[number % 2] * (1 + speaker / 20) * time))
        name = f"s{speaker}_{number}.wav"
        soundfile.write(tmp_path / name, wave + np.random.default_rng(number).normal(0, 0.02, len(time)), 16000)
        emotion, part = ("joy", "sadness")[number % 2], ("train", "test")[speaker > 1]
        rows.append(f"{name},s{speaker},{'fm'[speaker % 2]},{emotion},{part}")
    (tmp_path / "db.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "exp.ini").write_text(f"{CONFIG}[EXPL]\nvalue_counts = ['gender']\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explored(*overrides: str) -> dict[str, Any]:
    return pipeline.explore(load_config("exp.ini", overrides), Ui(quiet=True), jobs=1).told


def test_every_file_that_is_named_is_there(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "nk", "explore", "exp.ini", "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    place = folder / "results" / "exp" / "explore"
    assert found == json.loads((place / "explore.json").read_text())
    assert found["schema"] == 1
    files = {file for one in found["exhibits"] for file in one["files"]}
    assert {"value_counts_gender.csv", "value_counts_gender.png", "bias.png", "overview.csv"} <= files
    bare = {file for one in found["exhibits"] for file in one["bare"]}
    assert {"for_report/bias.svg", "for_report/bias.pdf"} <= bare
    there = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert files | bare | {"explore.json", "manifest.json", "log.txt", "config.yaml"} == there


def test_a_run_goes_where_was_a_look_before_and_keeps_it(folder: Path) -> None:
    explored()
    place = folder / "results" / "exp"
    keys = ["data.db.split_strategy=column", "feats.type=snr", "model.type=bayes"]
    pipeline.run(load_config("exp.ini", keys), Ui(quiet=True), jobs=1)
    assert (place / "metrics.json").is_file()
    assert (place / "explore" / "explore.json").is_file()
    assert (place / "explore" / "bias.csv").is_file()


def test_rows_need_no_target(folder: Path) -> None:
    text = (folder / "db.csv").read_text().replace("emotion", "mood")
    (folder / "db.csv").write_text(text)
    found = explored()
    assert found["target"] is None
    assert "bias" not in {one["name"] for one in found["exhibits"]}
    with pytest.raises(DataError, match="no database has a column `emotion`"):
        explored("data.target=emotion")


def test_a_part_of_the_split_is_looked_at(folder: Path) -> None:
    split = "data.db.split_strategy=column"
    assert explored(split)["rows"] == 16
    assert explored(split, "expl.sample_selection=test")["rows"] == 8
    assert explored(split, "exp.sample_selection=train")["rows"] == 8
    with pytest.raises(DataError, match="names a part, and there is no split"):
        explored("expl.sample_selection=test", "model.loso=True")
    assert (folder / "results").is_dir()


def test_figures_have_the_name_format_and_title_of_plot(folder: Path) -> None:
    place, title = folder / "results" / "exp" / "explore", "<!-- emotion and gender -->"
    explored("plot.name=x", "plot.format=svg")
    assert title in (place / "x_value_counts_gender.svg").read_text()
    explored("plot.name=x", "plot.format=svg", "plot.titles=False")
    assert title not in (place / "x_value_counts_gender.svg").read_text()


def test_statistics_and_values_are_printed_where_it_is_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from nk.show_explored import show_explored

    keys = ["expl.print_stats=True", "expl.print_colvals=True"]
    found = pipeline.explore(load_config("exp.ini", keys), Ui(quiet=True), jobs=1)
    show_explored(found, Ui(), json=False)
    said = capsys.readouterr().err
    assert "gender: f 8, m 8" in said
    assert "emotion | gender: Fisher's exact test" in said
    assert "expected counts are small" in said
    assert (folder / "results" / "exp" / "explore" / "column_values.csv").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "said"),
    [("none", ""), ("gender_bias", "`gender` alone"), ("channel_confound", "`bandwidth in the pauses` alone")],
)
def test_planted_faults_lead_and_a_clean_corpus_does_not(tmp_path: Path, fault: str, said: str) -> None:
    (tmp_path / "exp.ini").write_text(
        f"[EXP]\nroot = {tmp_path}\n[DATA]\ndatabases = ['demo']\ndemo.type = synthetic\n"
    )
    found = pipeline.explore(load_config(tmp_path / "exp.ini", [f"data.demo.fault={fault}"]), Ui(quiet=True))
    lead = next(one.lead for one in found.exhibits if one.name == "bias") or ""
    assert said in lead
    assert bool(lead) is bool(said)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_the_gender_bias_leads_whatever_the_seed(tmp_path: Path, seed: int) -> None:
    (tmp_path / "exp.ini").write_text(
        f"[EXP]\nroot = {tmp_path}\nrandom_seed = {seed}\n[DATA]\ndatabases = ['demo']\ndemo.type = synthetic\n"
        "demo.fault = gender_bias\n"
    )
    found = next(
        one for one in pipeline.explore(load_config(tmp_path / "exp.ini"), Ui(quiet=True)).exhibits if one.lead
    )
    assert "`gender` alone tells `emotion`" in (found.lead or "")
    assert found.table.row(by_predicate=pl.col("column") == "gender", named=True)["p_holm"] < 0.02


@pytest.mark.slow
def test_emodb_has_no_bias_that_leads(data: Path, tmp_path: Path) -> None:
    text = f"[EXP]\nroot = {tmp_path}\n[DATA]\ndatabases = ['emodb']\nemodb = {data}/emodb/emodb.csv\n"
    (tmp_path / "exp.ini").write_text(f"{text}[EXPL]\nvalue_counts = [['gender', 'age'], ['duration']]\n")
    found = pipeline.explore(load_config(tmp_path / "exp.ini"), Ui(quiet=True))
    assert [one.lead for one in found.exhibits if one.lead] == []
    tests = next(one for one in found.exhibits if one.name == "value_counts_duration_tests").table
    assert tests["test"][0] == "Kruskal-Wallis test"
    assert tests["n"][0] == 535


def test_a_column_may_be_called_as_the_numbers_are(tmp_path: Path) -> None:
    text = "[EXPL]\nvalue_counts = ['mean', 'rows', 'count', 'database', 'split', 'speaker']\n"
    words = ["a", "b"] * 30
    found = material(tmp_path, text=text, mean=words, rows=words, count=words, database=words, split=["train"] * 60)
    assert [name for name in shown(found) if "tests" not in name] == [
        f"value_counts_{name}" for name in ("mean", "rows", "count", "database", "split", "speaker")
    ]


def test_many_names_are_shown_in_part_and_not_tested(tmp_path: Path) -> None:
    found = shown(
        material(tmp_path, text="[EXPL]\nvalue_counts = ['file']\n", file=[f"{row}.wav" for row in range(60)])
    )
    assert [*found] == ["value_counts_file"]
    assert "has 60 values" in found["value_counts_file"].notes[0]
    assert found["value_counts_file"].table.height == 60


@pytest.mark.parametrize("column", ["speaker", "arousal"])
def test_other_targets_are_probed_too(tmp_path: Path, column: str) -> None:
    table, lead = told(material(tmp_path, column))
    assert "gender" in table["column"]
    assert "nan" not in str(table["score"].to_list())
    assert lead == ""  # that a gender says who it may be is no finding


def test_rows_without_speakers_or_labels_do(tmp_path: Path) -> None:
    labels = [None] * 20 + ["anger", "joy"] * 20
    found = material(tmp_path, emotion=labels)
    table, _ = told(found)
    assert "gender" in table["column"]
    frame = found.dataset.frame.drop("speaker")
    alone = Material(Dataset(frame, Target("emotion", ("anger", "joy"))), found.heard, False, [], found.config, 1)
    (one,) = bias.show(alone)
    assert "on rows left out" in one.caption
    assert [each.name for each in overview.show(alone)] == [
        "overview",
        "recordings",
        "target_emotion",
        "missing_values",
    ]


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_quick(tmp_path: Path) -> None:
    draw, rows = np.random.default_rng(0), 100_000
    speaker = draw.integers(0, 1000, rows)
    columns = {
        "id": [f"db/{row:06}#0-1000" for row in range(rows)], "path": [f"{row}" for row in range(rows)], "start": 0.0,
        "end": 1.0, "database": "db", "speaker": [f"s{one}" for one in speaker],
        "gender": np.array(["f", "m"])[speaker % 2], "age": 20 + speaker % 50, "valence": draw.normal(0, 1, rows),
        "emotion": np.array(EMOTIONS)[draw.integers(0, 3, rows)],
    }  # fmt: skip
    frame = pl.DataFrame(columns)
    text = "[EXPL]\nvalue_counts = [['gender'], ['age'], ['valence'], ['gender', 'valence'], ['age', 'valence']]\n"
    heard = frame.select("id", **{name: pl.Series(draw.normal(0, 1, rows)) for name in (*HEARD, *BESIDE)})
    target = Target("emotion", EMOTIONS)
    found = Material(Dataset(frame, target), heard, False, [], material(tmp_path, text=text).config, 2)
    start = time.perf_counter()
    views = [*overview.show(found), *value_counts.show(found, Ui(quiet=True)), *bias.show(found)]
    assert time.perf_counter() - start < 60
    (points,) = (one for one in views if one.name == "value_counts_age_valence")
    assert points.table.height == rows
    assert points.draw is not None
    assert "5,000 points are drawn" in points.draw(PEN).get_supxlabel()


@pytest.mark.usefixtures("folder")
def test_a_misspelt_column_is_found_before_any_recording_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nk.exploring.hear", lambda *_, **__: pytest.fail("listened"))
    for asked, message, hint in (
        ("[['gendre']]", "no column `gendre`", "did you mean `gender`"),
        ("gender, emotion", "no column `gender, emotion`", "write `[['gender'], ['emotion']]`"),
        ("[['a', 'b', 'c']]", "one column or two", "write"),
    ):
        with pytest.raises(DataError, match=message) as caught:
            explored(f"expl.value_counts={asked}")
        assert hint in str(caught.value.hint)


@pytest.mark.usefixtures("folder")
def test_what_was_heard_goes_with_features() -> None:
    found = explored("feats.type=snr", "expl.regplot=[['duration', 'loudness', 'gender']]", "data.target=emotion")
    assert "regplot_duration_loudness_gender" in {one["name"] for one in found["exhibits"]}


ASKED = (
    "[['gender'], ['valence'], ['place'], ['age'], ['place', 'valence'], ['valence', 'arousal'], ['age', 'speaker']]"
)
CASES: dict[str, dict[str, Any]] = {
    "one speaker": {"speaker": ["s"] * 60},
    "two speakers": {"speaker": ["s", "t"] * 30},
    "some speakers are not known": {"speaker": ["s", "t", None] * 20},
    "some genders are not known": {"gender": ["f", None, "m"] * 20},
    "each row its own speaker": {"speaker": [f"s{row}" for row in range(60)]},
    "one class": {"emotion": ["joy"] * 60},
    "two labels in all": {"emotion": ["joy", "sadness"] + [None] * 58},
    "every label is another": {"emotion": [f"e{row:02}" for row in range(60)]},
    "a class of one row": {"emotion": ["fear"] + ["joy", "sadness"] * 29 + ["joy"]},
    "every word is another": {"place": [f"p{row}" for row in range(60)]},
    "one word": {"place": ["home"] * 60},
    "a constant": {"valence": [0.1] * 60},
    "one number is known": {"valence": [float("nan")] * 59 + [1.0]},
    "an estimate without a number": {"mos_pred": [float("nan"), float("inf")] * 30},
    "columns that are called as counts are": {"rows": ["x", None] * 30, "n": [1, 2, 3] * 20, "missing": ["y"] * 60},
    "numbers without end": {"valence": [float("inf"), -float("inf")] + [1.0, 2.0, 3.0] * 19 + [0.5]},
}


def all_views(found: Material) -> Iterator[Exhibit]:
    yield from overview.show(found)
    yield from shown(found).values()
    yield from bias.show(found)


@pytest.mark.parametrize("target", ["emotion", "valence", "speaker", ""])
@pytest.mark.parametrize("case", CASES)
def test_odd_data_are_looked_at_without_a_warning_of_a_library(tmp_path: Path, case: str, target: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [*all_views(material(tmp_path, target, f"[EXPL]\nvalue_counts = {ASKED}\n", **CASES[case]))]
    assert not [one.caption for one in found if " nan" in one.caption]
    for one in found:
        if one.name.endswith("_tests"):
            assert one.table["p"].is_between(0, 1).all()


def test_what_is_not_known_of_a_word_is_a_value_of_its_own(tmp_path: Path) -> None:
    """Gender is known of the angry alone, so that its absence tells all others."""
    emotion = ["anger", "joy", "sadness"] * 20
    gender = [None if one != "anger" else "f" for one in emotion]
    (one,) = bias.show(material(tmp_path, emotion=emotion, gender=gender))
    assert one.table.filter(pl.col("column") == "gender").is_empty()  # one value
    gender = [{"anger": "f", "joy": "m"}.get(one) for one in emotion]
    (one,) = bias.show(material(tmp_path, emotion=emotion, gender=gender))
    assert one.table.row(by_predicate=pl.col("column") == "gender", named=True)["score"] == 1.0


def test_labels_that_no_font_can_write_stay_apart(tmp_path: Path) -> None:
    pen = Pen(frozenset("女男怒喜"))
    columns: dict[str, Any] = {"gender": ["女", "男"] * 30, "emotion": ["怒", "喜", "joy"] * 20}
    found = shown(material(tmp_path, text="[EXPL]\nvalue_counts = [['gender'], ['place', 'gender']]\n", **columns))
    draw = found["value_counts_gender"].draw
    assert draw is not None
    assert [one.get_text() for one in draw(pen).legends[0].texts] == ["gender 1", "gender 2"]
    draw = found["value_counts_place_gender"].draw
    assert draw is not None
    assert [one.get_title() for one in draw(pen).axes] == ["joy", "class 2", "class 3"]


@pytest.mark.parametrize("target", ["emotion", "arousal", ""])
def test_bins_are_for_columns_that_are_asked_for_and_what_was_heard_stays_a_number(tmp_path: Path, target: str) -> None:
    found = material(tmp_path, target, "[EXPL]\nbin_reals = True\nvalue_counts = ['duration', 'valence']\n")
    heard = found.heard.with_columns(duration=pl.Series(np.linspace(1, 3, 60)))
    found = replace(found, heard=heard)
    views = {one.name: one for one in (*overview.show(found), *value_counts.show(found, Ui(quiet=True)))}
    assert views["recordings"].draw is not None
    assert views["recordings"].draw(PEN).axes[0].get_xlabel() == "duration (s)"
    for one in views.values():
        if one.draw:
            one.draw(PEN)


def test_a_column_of_words_may_be_called_as_what_is_heard(tmp_path: Path) -> None:
    found = material(tmp_path, text="[EXPL]\nvalue_counts = ['loudness']\n", loudness=["loud", "low"] * 30)
    names = [one.name for one in all_views(found)]
    assert names[-3:] == ["value_counts_loudness", "value_counts_loudness_tests", "bias"]


def test_the_keys_of_plot_change_what_is_drawn(tmp_path: Path) -> None:
    def axes(text: str, target: str = "emotion") -> Any:
        draw = shown(material(tmp_path, target, f"[EXPL]\nvalue_counts = ['valence']\n{text}"))[
            "value_counts_valence"
        ].draw
        assert draw is not None
        return draw(PEN).axes[0]

    plain, filled = axes(""), axes("[PLOT]\nfill_areas = True\n")
    smooth, steps = axes(""), axes("dist_type = hist\n")
    assert len(filled.collections) > len(plain.collections)
    heights = [max(len({*line.get_ydata()}) for line in one.lines) for one in (smooth, steps)]
    assert heights[0] > 100 > heights[1]
    values = material(tmp_path).frame
    said = concordance(values["arousal"], values["valence"])
    assert axes("[PLOT]\nccc = True\n", "arousal").get_title() == f"CCC {said:.3f}"
    assert axes("", "arousal").get_title() == ""


@pytest.mark.parametrize(("target", "column"), [("speaker", "gender"), ("gender", "gender_pred")])
def test_what_is_the_label_in_other_words_does_not_lead(tmp_path: Path, target: str, column: str) -> None:
    gender = [["f", "m"][row % 6 % 2] for row in range(240)]
    frame = material(tmp_path).dataset.frame
    frame = pl.concat([frame] * 4).with_columns(
        id=pl.Series([f"db/{row:03}#0-1000" for row in range(240)]),
        **{name: pl.Series(gender) for name in ("gender", column)},
    )
    heard = frame.select("id", **{name: pl.lit(1.0) for name in (*HEARD, *BESIDE)})
    labels = tuple(frame[target].unique().sort())
    found = Material(Dataset(frame, Target(target, labels)), heard, False, [], material(tmp_path).config, 1)
    table, lead = told(found)
    row = table.row(by_predicate=pl.col("column") == column, named=True)
    assert row["gained"] >= 0.1
    assert row["p_holm"] < 0.05 or target == "gender"
    assert lead == ""


def test_numbers_within_names_are_sorted_by_size() -> None:
    names = ["s10", "s9", "10", "b", "9", "a 2-3", "a 2-20", ""]
    assert sorted(names, key=in_order) == ["", "9", "10", "a 2-3", "a 2-20", "b", "s9", "s10"]
