"""Shortcuts: planted ones are found by name, absent ones are not, and clean corpora raise no warning."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.audit.cues import CUES, MEASURED, measure
from nk.audit.shortcuts import Probed, Reached, find, judged, probe, reached
from nk.config import load_config
from nk.errors import DataError
from nk.metrics._counts import count
from nk.metrics.uar import UAR
from nk.paths import resolver
from nk.ready import divided
from nk.registry import Options
from nk.setup import prepare
from nk.stages.folds import Fold, make_folds
from nk.stages.load import load
from nk.tables import Dataset, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.audit.finding import Finding

LOSO: Any = SimpleNamespace(loso=True, logo=None, k_fold_cross=None)
TEXTS = {cue.name: cue.text for cue in CUES}


class Corpus:
    """Speakers and rows; labels are drawn, and cues have nothing to do with them but differ between speakers."""

    def __init__(self, speakers: int = 8, rows: int = 20, classes: str = "abcd", *, within: bool = True) -> None:
        self.random = np.random.default_rng(5)
        self.speaker = np.repeat(np.arange(speakers), rows)
        size = len(self.speaker)
        drawn = self.random.integers(0, len(classes), size)
        self.label = drawn if within else self.speaker % len(classes)
        self.classes = classes
        habit = self.random.standard_normal((len(MEASURED), speakers))[:, self.speaker]
        values = habit + self.random.standard_normal((len(MEASURED), size))
        self.cues: dict[str, Any] = dict(zip(MEASURED, values, strict=True)) | {"database": ["d"] * size}
        self.columns: dict[str, Any] = {"speaker": [f"s{one:02}" for one in self.speaker]}
        self.target = Target("emotion", tuple(classes))
        self.columns["emotion"] = [classes[one] for one in self.label]

    def planted(self, name: str, share: float = 0.95) -> Corpus:
        """A cue that is as the label has it, but for a share of rows."""
        told = self.random.random(len(self.label)) < share
        other = self.random.integers(0, len(self.classes), len(self.label))
        self.cues[name] = np.where(told, self.label, other) + 0.1 * self.random.standard_normal(len(self.label))
        return self

    @property
    def ids(self) -> list[str]:
        return [f"d/{row:04}" for row in range(len(self.speaker))]

    @property
    def dataset(self) -> Dataset:
        return Dataset(pl.DataFrame({"id": self.ids, **self.columns}), self.target)

    @property
    def table(self) -> pl.DataFrame:
        return pl.DataFrame({"id": self.ids, **self.cues})

    @property
    def folds(self) -> list[Fold]:
        return make_folds(self.dataset, LOSO, ["speaker"], seed=0) or []

    def found(self, score: float | None = 0.8) -> dict[str, list[str]]:
        """The cues that are found, a level."""
        found: dict[str, list[str]] = {}
        for one in find(self.table, self.dataset, self.folds, sure(score)):
            found.setdefault(one.level, []).extend(named(one))
        return found


def sure(score: float | None) -> Reached | None:
    """A model of which this is known without doubt."""
    return None if score is None else Reached(score, score)


def named(finding: Finding) -> list[str]:
    return [example.split("`")[1] for example in finding.examples]


def test_nothing_is_found_where_there_is_nothing() -> None:
    for score in (0.26, 0.8, None):
        assert Corpus().found(score) == {}
        assert Corpus(within=False).found(score) == {}
        assert Corpus(speakers=24, rows=8, classes="ab", within=False).found(score) == {}


@pytest.mark.parametrize("name", [cue.name for cue in CUES if not cue.honest and cue.name != "database"])
def test_each_planted_cue_is_a_warning_by_name(name: str) -> None:
    for corpus in (Corpus(), Corpus(speakers=16, classes="ab", within=False)):
        corpus.planted(name)
        assert corpus.found() == {"warning": [TEXTS[name]]}
        assert corpus.found(None) == {"warning": [TEXTS[name]]}


@pytest.mark.parametrize("name", [cue.name for cue in CUES if cue.honest])
def test_honest_cues_are_only_ever_notes(name: str) -> None:
    assert Corpus().planted(name, 1.0).found() == {"note": [TEXTS[name]]}


def test_a_weak_cue_is_a_note_with_both_numbers() -> None:
    corpus = Corpus(speakers=12).planted("noise", 0.4)
    (finding,) = find(corpus.table, corpus.dataset, corpus.folds, Reached(0.9, 0.8))
    (one,) = [one for one in probe(corpus.table, corpus.dataset, corpus.folds) if one.cue.name == "noise"]
    assert (finding.check, finding.level, finding.count) == ("shortcuts", "note", 1)
    assert finding.examples == (f"`noise in the pauses` {one.score:.3f}",)
    assert finding.what == (
        "the way of recording alone predicts `emotion` better than by chance (UAR: the model 0.900, chance 0.250)"
    )
    assert finding.do


def test_what_is_said_of_several_and_without_a_model() -> None:
    corpus = Corpus().planted("noise").planted("offset", 0.99)
    (finding,) = find(corpus.table, corpus.dataset, corpus.folds)
    assert named(finding) == ["offset in the pauses", "noise in the pauses"]
    assert finding.what == (
        "the way of recording alone predicts `emotion` at least half as well as a perfect model (UAR: chance 0.250)"
    )


def test_the_better_the_model_the_more_a_cue_needs() -> None:
    corpus = Corpus(speakers=12).planted("noise", 0.5)
    (one,) = [one for one in probe(corpus.table, corpus.dataset, corpus.folds) if one.cue.name == "noise"]
    limit = one.chance + (one.low - one.chance) / 0.5
    assert one.chance < one.low < one.score
    assert corpus.found(limit - 0.001) == {"warning": [TEXTS["noise"]]}
    assert corpus.found(limit + 0.001) == {"note": [TEXTS["noise"]]}


def test_a_model_that_has_learnt_nothing_has_learnt_no_cue() -> None:
    """Half of what it has is nothing, so that any cue has more; but a cue that is strong beside any model stays one."""
    weak, strong = Corpus(speakers=12).planted("noise", 0.5), Corpus(speakers=12).planted("noise", 0.9)
    for score, low in ((0.1, 0.05), (0.28, 0.24), (0.25, None)):
        levels = [
            [one.level for one in find(corpus.table, corpus.dataset, corpus.folds, Reached(score, low))]
            for corpus in (weak, strong)
        ]
        assert levels == [["note"], ["warning"]]
    assert weak.found(0.28) == {"warning": [TEXTS["noise"]]}
    (note,) = find(weak.table, weak.dataset, weak.folds, Reached(0.28, 0.24))
    assert "the model 0.280, chance 0.250" in note.what
    (warning,) = find(strong.table, strong.dataset, strong.folds, Reached(0.28, 0.24))
    assert "at least half as well as a perfect model (UAR: the model 0.280, chance 0.250)" in warning.what


@given(score=st.floats(0, 1), above=st.floats(0, 0.5), cue=st.floats(0, 1), error=st.floats(0, 0.3))
def test_what_is_warned_of_before_a_training_is_warned_of_after_it(
    score: float, above: float, cue: float, error: float
) -> None:
    one = Probed(CUES[0], cue, cue - error, 0.25, 0.001)
    before, after = (judged([one], Target("emotion"), model) for model in (None, Reached(score, score - above)))
    assert [each.level for each in before] in (["note"], [each.level for each in after])


def test_the_numbers_behind_a_finding_are_in_it() -> None:
    corpus = Corpus().planted("noise").planted("offset", 0.99)
    (finding,) = find(corpus.table, corpus.dataset, corpus.folds, Reached(0.9, 0.8))
    found = {one.cue.name: one for one in probe(corpus.table, corpus.dataset, corpus.folds)}
    assert finding.scores == {
        "measure": "uar", "model": 0.9, "chance": 0.25,
        "cues": {name: {"score": found[name].score, "low": found[name].low, "p": found[name].p}
                 for name in ("offset", "noise")},
    }  # fmt: skip
    (finding,) = find(corpus.table, corpus.dataset, corpus.folds)
    assert finding.scores is not None
    assert finding.scores["model"] is None


def test_a_cue_that_few_speakers_tell_is_not_sure_enough() -> None:
    """Half of the speakers are recorded as their labels are, half are not: with others it may be far less."""
    corpus = Corpus(speakers=4, rows=40)
    corpus.cues["noise"] = np.where(corpus.speaker < 2, corpus.label, corpus.random.integers(0, 4, 160))
    (one,) = [one for one in probe(corpus.table, corpus.dataset, corpus.folds) if one.cue.name == "noise"]
    assert one.score > 0.5
    assert one.low < 0.4
    assert corpus.found(0.7) == {"note": [TEXTS["noise"]]}


def test_databases_of_other_labels_are_found_though_labels_vary_within_speakers() -> None:
    corpus = Corpus(speakers=24, rows=12, classes="ab")
    first = corpus.speaker < 12
    corpus.label = (corpus.random.random(len(first)) < np.where(first, 0.9, 0.1)).astype(int)
    corpus.columns["emotion"] = ["ab"[one] for one in corpus.label]
    corpus.cues["database"] = np.where(first, "x", "y").tolist()
    corpus.cues["noise"] = np.where(first, -40.0, -60.0) + corpus.random.standard_normal(len(first))
    assert sorted(corpus.found()["warning"]) == [TEXTS["database"], TEXTS["noise"]]


def test_what_is_not_defined_may_tell_the_label() -> None:
    corpus = Corpus(classes="ab")
    corpus.cues["bandwidth"] = [None if one else 8000.0 for one in corpus.label]
    assert corpus.found() == {"warning": [TEXTS["bandwidth"]]}
    assert Corpus().found() == {}


def test_numbers() -> None:
    corpus = Corpus(speakers=12)
    corpus.target = Target("age")
    corpus.columns["age"] = 30 + 10 * corpus.label + corpus.random.standard_normal(len(corpus.label))
    assert corpus.found() == {}
    assert corpus.planted("silence_after").found(0.9) == {"warning": [TEXTS["silence_after"]]}
    (finding,) = find(corpus.table, corpus.dataset, corpus.folds, Reached(0.9, 0.8))
    assert "(correlation: the model 0.900, chance 0.000)" in finding.what


def test_rows_without_a_label_and_order_and_more_cues_change_nothing() -> None:
    corpus = Corpus().planted("noise", 0.7)
    data, folds, expected = corpus.dataset, corpus.folds, probe(corpus.table, corpus.dataset, corpus.folds)
    assert probe(corpus.table.reverse(), data, folds) == expected
    turned = Dataset(data.frame.reverse(), data.target)
    assert probe(corpus.table, turned, folds) == expected

    unlabelled = data.frame.with_row_index().with_columns(
        pl.when(pl.col("index") % 5 > 0).then("emotion").alias("emotion")
    )
    less = unlabelled.filter(pl.col("emotion").is_not_null())
    expected = probe(corpus.table, Dataset(less, data.target), _loso(Dataset(less, data.target)))
    assert probe(corpus.table, Dataset(unlabelled, data.target), folds) == expected
    with pytest.raises(DataError, match="ids are missing"):
        probe(corpus.table[1:], data, folds)


def _loso(data: Dataset) -> list[Fold]:
    return make_folds(data, LOSO, ["speaker"], seed=0) or []


def test_a_split_with_a_dev_part_learns_from_train_alone() -> None:
    corpus = Corpus()
    dev, kept, test = (np.flatnonzero(corpus.speaker // 3 == part) for part in range(3))
    corpus.cues["noise"] = np.where(corpus.speaker < 3, 3 - corpus.label, corpus.label)  # the wrong way round in dev
    folds = [Fold("split", tuple(corpus.ids), dev, test, kept)]
    best = probe(corpus.table, corpus.dataset, folds)[0]
    assert (best.cue.name, best.score) == ("noise", 1.0)
    turned = [Fold("split", tuple(corpus.ids), kept, test, dev)]
    worst = probe(corpus.table, corpus.dataset, turned)[-1]
    assert (worst.cue.name, worst.score) == ("noise", 0.0)


def test_the_score_and_its_standard_error_are_those_of_the_metric() -> None:
    corpus = Corpus().planted("noise", 0.6)
    one = probe(corpus.table, corpus.dataset, corpus.folds)[0]
    said = np.full(len(corpus.label), -1)
    value = corpus.cues["noise"]
    place = np.digitize(value, np.sort(value)[[40, 80, 120]] - 1e-9)  # four bins of 40 rows
    for speaker in range(8):
        train, test = corpus.speaker != speaker, corpus.speaker == speaker
        table = np.zeros((4, 4))
        np.add.at(table, (place[train], corpus.label[train]), 1)
        said[test] = (table / table.sum(axis=0)).argmax(axis=1)[place[test]]
    values = UAR(Options(), name="uar").values(count(corpus.label, said, np.eye(4)[said], corpus.speaker + 1, 8))
    assert one.score == pytest.approx(values[0])
    assert one.low == pytest.approx(values[0] - np.sqrt(7 / 8 * ((values[1:] - values[1:].mean()) ** 2).sum()))


def test_with_two_speakers_the_standard_error_is_of_rows_and_counts_twice() -> None:
    corpus = Corpus(speakers=4, rows=60, classes="ab").planted("noise", 0.8)
    test = np.flatnonzero(corpus.speaker < 2)
    fold = Fold("split", tuple(corpus.ids), np.arange(0), test)
    one = probe(corpus.table, corpus.dataset, [fold])[0]
    # Half of the error of a mean over two classes of about 60 independent rows each.
    assert one.score - one.low == pytest.approx(2 * np.sqrt(one.score * (1 - one.score) / 120), rel=0.2)


def test_the_score_of_the_model_is_that_of_its_test_rows() -> None:
    test = {"uar": {"value": 0.5, "low": 0.3}, "pcc": {"value": None, "low": None}}
    metrics = {"metrics": {"dev": {"uar": {"value": 0.9, "low": 0.8}}, "test": test}}
    assert reached(metrics, Target("emotion", ("a",))) == Reached(0.5, 0.3)
    assert reached(metrics, Target("age")) is None
    assert reached({"metrics": {}}, Target("age")) is None


@pytest.mark.parametrize("unknown", ["no column", "nulls"])
def test_without_speakers_rows_stand_for_themselves(unknown: str) -> None:
    corpus = Corpus().planted("noise")
    folds = corpus.folds
    corpus.columns["speaker"] = pl.Series([None] * len(corpus.label), dtype=pl.String)
    if unknown == "no column":
        del corpus.columns["speaker"]
    (finding,) = find(corpus.table, corpus.dataset, folds, Reached(0.9, 0.8))
    assert (finding.level, named(finding)) == ("warning", [TEXTS["noise"]])


def test_where_the_speaker_is_the_target_a_speaker_of_his_own_device_is_found() -> None:
    corpus = Corpus(speakers=4, rows=40)
    corpus.target = Target("speaker", tuple(sorted(set(corpus.columns["speaker"]))))
    corpus.cues["noise"] = corpus.speaker + 0.1 * corpus.random.standard_normal(160)
    odd = np.arange(160) % 2 == 1
    fold = Fold("split", tuple(corpus.ids), np.arange(0), np.flatnonzero(odd), np.flatnonzero(~odd))
    levels = {name: one.level for one in find(corpus.table, corpus.dataset, [fold], sure(0.99)) for name in named(one)}
    assert levels[TEXTS["noise"]] == "warning"


def test_nothing_to_tell_apart_finds_nothing() -> None:
    corpus = Corpus().planted("noise")
    only = np.flatnonzero(corpus.label == 0)
    fold = Fold("split", tuple(corpus.ids), np.arange(0), only, np.flatnonzero(corpus.label > 0))
    assert probe(corpus.table, corpus.dataset, [fold]) == []
    assert find(corpus.table, corpus.dataset, [Fold("split", tuple(corpus.ids), only, np.arange(0))]) == []
    for name in MEASURED:
        corpus.cues[name] = [1.0] * len(corpus.label)
    assert probe(corpus.table, corpus.dataset, corpus.folds) == []


def of_config(text: str, folder: Path) -> tuple[pl.DataFrame, Dataset, list[Fold]]:
    """What a config's audit starts from."""
    (folder / "exp.ini").write_text(text, encoding="utf-8")
    setup = prepare(load_config(folder / "exp.ini"), 2)
    config = setup.config
    read = load(config.data, number=config.exp.type == "regression", fail_threshold=0, resolve=resolver(setup.file),
                seed=config.exp.random_seed, jobs=2, ui=Ui())  # fmt: skip
    dataset, folds = divided(read.dataset, setup)
    return measure(dataset, channels=setup.channels, jobs=2, ui=Ui()), dataset, folds


def config(database: Sequence[str], *, loso: bool) -> str:
    lines = "\n".join(database)
    return (
        f"[EXP]\nname = x\nroot = results\n[DATA]\ndatabases = ['d']\n{lines}\ntarget = emotion\n"
        f"[FEATS]\ntype = ['os']\n[MODEL]\ntype = svm\nloso = {loso}\n"
    )


@pytest.mark.parametrize(("loso", "score"), [(True, 0.661), (False, 0.534)])
def test_emodb_raises_no_warning(data: Path, tmp_path: Path, loso: bool, score: float) -> None:
    """With the UAR of the support vector machine on eGeMAPS, by leaving out speakers and by the official split."""
    lines = [f"d = {data / 'emodb'}", "d.type = audformat", "d.split_strategy = database"]
    found = find(*of_config(config(lines[: 2 if loso else 3], loso=loso), tmp_path), sure(score))
    assert {one.level for one in found} == {"note"}


@pytest.mark.slow
@pytest.mark.parametrize("loso", [True, False])
@pytest.mark.parametrize("score", [0.667, 0.9, None])
def test_the_built_in_corpus_raises_no_warning_until_it_is_recorded_by_several_channels(
    tmp_path: Path, loso: bool, score: float | None
) -> None:
    lines = ["d.type = synthetic"] if loso else ["d.type = synthetic", "d.split_strategy = column"]
    found = find(*of_config(config(lines, loso=loso), tmp_path), sure(score))
    assert {name for one in found for name in named(one)} <= {"loudness", "duration"}
    assert {one.level for one in found} <= {"note"}
    found = find(*of_config(config([*lines, "d.fault = channel_confound"], loso=loso), tmp_path), sure(score))
    (warning,) = [one for one in found if one.level == "warning"]
    assert {TEXTS["noise"], TEXTS["bandwidth"]} & set(named(warning))
