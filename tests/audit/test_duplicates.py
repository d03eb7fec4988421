"""What is said of copies: in which parts they are, under which names and with which labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from nk.audit.copies import Copies
from nk.audit.duplicates import find, measure
from nk.config import load_config
from nk.corpus.faults import in_recordings
from nk.paths import resolver
from nk.ready import divided
from nk.setup import prepare
from nk.stages.folds import Fold
from nk.stages.load import load
from nk.tables import Dataset, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.audit.finding import Finding

PARTS = {"T": "train", "d": "dev", "t": "test", "-": ""}


class Corpus:
    """Rows `a`, `b`, ...: one letter each for its part (T, d, t), its speaker, its label and its audio (`groups`)."""

    def __init__(self, parts: str, speakers: str = "", labels: str = "", groups: str = "") -> None:
        names = [chr(ord("a") + number) for number in range(len(parts))]
        self.ids = [f"db/{name}.wav#0-1000" for name in names]
        self.parts = parts
        columns: dict[str, Any] = {"id": self.ids, "file": [f"{name}.wav" for name in names]}
        columns["label"] = [None if label == "?" else label for label in labels or "x" * len(parts)]
        columns["speaker"] = [None if one == "?" else one for one in speakers or "".join(names)]
        self.frame = pl.DataFrame(columns, schema_overrides={"label": pl.String, "speaker": pl.String})
        self.target = Target("label", tuple(sorted({*labels} or {"x"})))
        self.group = np.array([ord(one) - ord("A") for one in groups or "".join(names).upper()])

    @property
    def fold(self) -> Fold:
        places = {part: np.array([n for n, one in enumerate(self.parts) if one == part], dtype=int) for part in "Tdt"}
        return Fold("split", tuple(self.ids), places["d"], places["t"], places["T"])

    def find(self, *near: str, excerpts: Sequence[str] = (), folds: Sequence[Fold] | None = None) -> list[Finding]:
        """The findings where these pairs of groups are nearly the same, and some but an excerpt of the other."""
        pairs = np.array([[ord(one) - ord("A") for one in pair] for pair in (*near, *excerpts)], dtype=int)
        whole = np.array([True] * len(near) + [False] * len(excerpts), dtype=bool)
        copies = Copies(tuple(self.ids), self.group, pairs.reshape(-1, 2), whole)
        return find(copies, Dataset(self.frame, self.target), [self.fold] if folds is None else folds)


def short(findings: list[Finding]) -> list[tuple[str, str, int]]:
    return [(one.check, one.level, one.count) for one in findings]


def test_no_copies_no_finding() -> None:
    assert Corpus("TTdt").find() == []
    assert Corpus("TTdt", groups="AACD").find(folds=[]) == []


def test_copies_in_train_and_test_are_counted_by_test_rows_and_named_in_words() -> None:
    (one,) = Corpus("TTTttt", groups="ABCAAF").find("BF")
    assert (one.check, one.level, one.count) == ("duplicates", "error", 3)
    (one,) = Corpus("TTTtttt", speakers="aaaabac", groups="ABCAAFG").find("BF")
    assert (one.check, one.level, one.count) == ("duplicates", "warning", 3)
    assert one.what == (
        "3 test recordings are copies of training recordings (2 with the same samples, 1 changed), 2 of them under"
        " another speaker's name"
    )
    assert one.examples == ("`d.wav` is `a.wav`", "`e.wav` is `a.wav`", "`f.wav` is nearly `b.wav`")
    assert one.do == "keep one of each: what a model has heard is no test"


def test_one_copy_is_in_the_singular() -> None:
    (one,) = Corpus("TTtt", speakers="aaaa", groups="ABCB").find()
    assert one.what == "1 test recording is a copy of a training recording (1 with the same samples)"


def test_where_all_that_is_tested_was_heard_it_is_an_error() -> None:
    (one,) = Corpus("TTtt", speakers="aaaa", groups="ABAB").find()
    assert (one.check, one.level) == ("duplicates", "error")
    assert one.what.endswith("(2 with the same samples), and there is no other")


def test_dev_has_findings_of_its_own() -> None:
    corpus = Corpus("TTTddtt", speakers="a" * 7, groups="ABCADEF")
    assert short(corpus.find("DE")) == [("duplicates", "warning", 1), ("duplicates", "note", 1)]
    test, dev = corpus.find("DE")
    assert test.what == "1 test recording is a copy of a dev recording (1 changed)"
    assert dev.what == "1 dev recording is a copy of a training recording (1 with the same samples)"


def test_the_first_five_are_shown() -> None:
    (one,) = Corpus("TTTTTTTttttttttt", speakers="a" * 16, groups="ABCDEFGABCDEFGHI").find()
    assert one.count == 7
    assert len(one.examples) == 5


def test_copies_in_one_part_under_two_names_are_a_warning_and_others_a_note() -> None:
    corpus = Corpus("TTTTttt", speakers="aabb?cd", groups="ABACDEF")
    names, inside = corpus.find("EF")[0], Corpus("TTTTtt", speakers="aabbcc", groups="AABCDE").find("DE")
    assert (names.check, names.level, names.count) == ("duplicate_names", "warning", 4)
    assert names.examples == ("`a.wav` is `c.wav`", "`f.wav` is nearly `g.wav`")
    assert short(inside) == [("duplicates_inside", "note", 4)]


def test_an_unknown_speaker_has_no_other_name() -> None:
    assert short(Corpus("TTtt", speakers="a?bc", groups="AACD").find()) == [("duplicates_inside", "note", 2)]


def test_where_the_speaker_is_the_target_names_are_labels() -> None:
    corpus = Corpus("TTt", speakers="aba", groups="AAC")
    corpus.target = Target("speaker", ("a", "b"))
    assert short(corpus.find()) == [("duplicates_inside", "note", 2), ("duplicate_labels", "note", 2)]


def test_what_crosses_parts_is_not_told_again() -> None:
    assert short(Corpus("TTTt-t", groups="ABBAAF").find()) == [
        ("duplicates", "warning", 1),
        ("duplicate_names", "warning", 3),  # two in train, and the one that is in no part
    ]


def test_a_chain_of_near_copies_does_not_make_its_ends_copies() -> None:
    """b is in train and near to the tested c; a is near to b alone."""
    found = Corpus("TTtt", speakers="abcd").find("AB", "BC")
    assert short(found) == [("duplicates", "warning", 1), ("duplicate_names", "warning", 1)]
    assert found[0].examples == ("`c.wav` is nearly `b.wav`",)
    assert found[1].examples == ("`a.wav` is nearly `b.wav`",)


def test_copies_with_different_labels_are_a_note_but_excerpts_may_have_their_own() -> None:
    corpus = Corpus("TTTTTtt", speakers="a" * 7, labels="xyxx?xy", groups="AABCBFG")
    found = corpus.find(excerpts=["FG"])
    assert short(found) == [("duplicates_inside", "note", 6), ("duplicate_labels", "note", 2)]
    assert found[1].examples == ("`a.wav` is `b.wav`",)
    assert short(corpus.find("FG"))[1] == ("duplicate_labels", "note", 4)


def test_numbers_are_labels_too() -> None:
    corpus = Corpus("TTt", speakers="aaa", groups="AAC")
    corpus.frame = corpus.frame.with_columns(label=pl.Series([1.0, 2.5, 1.0]))
    corpus.target = Target("label")
    assert short(corpus.find())[1] == ("duplicate_labels", "note", 2)


def test_segments_of_one_file_are_told_apart() -> None:
    corpus = Corpus("TtTt", speakers="aaaa", groups="AACD")
    corpus.frame = corpus.frame.with_columns(file=pl.lit("a.wav"))
    assert corpus.find()[0].examples == ("`db/b.wav#0-1000` is `db/a.wav#0-1000`",)


def test_every_fold_counts_and_no_row_twice() -> None:
    """Leave one speaker out: copies of one speaker are always together, those of two never."""
    corpus = Corpus("------", speakers="aabbcc", groups="AABCDD")
    ids = tuple(corpus.ids)
    folds = [Fold(name, ids, np.arange(0), np.array(rows)) for name, rows in [("a", [0, 1]), ("b", [2, 3]), ("c", [4])]]
    assert short(corpus.find(folds=folds)) == [("duplicates_inside", "note", 2), ("duplicates", "warning", 1)][::-1]
    corpus.frame = corpus.frame.with_columns(speaker=pl.Series(list("aabbcd")))
    (first, *_) = corpus.find("AC", folds=folds)
    assert (first.check, first.level, first.count) == ("duplicates", "warning", 4)
    assert first.examples[0] == "`a.wav` is nearly `d.wav`"


def test_rows_are_told_by_id_and_may_lack_a_fingerprint() -> None:
    corpus = Corpus("TTtt", speakers="aaaa", groups="ABAD")
    dataset = Dataset(corpus.frame.reverse(), corpus.target)
    order = [2, 0, 3]  # `b` could not be read, `x` is no row any more
    copies = Copies(
        (*(corpus.ids[place] for place in order), "db/x.wav#0-1"),
        np.array([0, 0, 1, 2]),
        np.array([[1, 2]]),
        np.array([True]),
    )
    (one,) = find(copies, dataset, [corpus.fold])
    assert (one.count, one.examples) == (1, ("`c.wav` is `a.wav`",))


def of_config(lines: Sequence[str], folder: Path, model: str = "") -> tuple[Dataset, list[Finding]]:
    """What a config's audit finds."""
    text = "\n".join(lines)
    (folder / "exp.ini").write_text(
        f"[EXP]\nname = x\nroot = results\n[DATA]\ndatabases = ['d']\n{text}\n[FEATS]\ntype = ['os']\n"
        f"[MODEL]\ntype = svm\n{model}\n"
    )
    setup = prepare(load_config(folder / "exp.ini"), 2)
    read = load(setup.config.data, number=False, fail_threshold=0, resolve=resolver(setup.file), seed=1, jobs=2,
                ui=Ui())  # fmt: skip
    dataset, folds = divided(read.dataset, setup)
    copies = measure(dataset, channels=setup.channels, jobs=2, ui=Ui())
    return dataset, find(copies, dataset, folds)


SYNTHETIC = ("d.type = synthetic", "target = emotion")


@pytest.mark.slow
def test_planted_copies_are_found_and_named(tmp_path: Path) -> None:
    lines = [*SYNTHETIC, "d.split_strategy = column", "d.fault = duplicates"]
    dataset, (one,) = of_config(lines, tmp_path)
    planted = in_recordings("duplicates", 1)
    assert (one.check, one.level, one.count) == ("duplicates", "warning", len(planted))
    assert one.what == (
        "72 test recordings are copies of training recordings (36 with the same samples, 36 changed), 72 of them"
        " under another speaker's name"
    )
    for example in one.examples:
        copy, source = (word.strip("`") for word in (example.split()[0], example.split()[-1]))
        assert planted[copy].source == source
        assert ("nearly" in example) == (planted[copy].change is not None)
    assert len(dataset) == 240


@pytest.mark.slow
@pytest.mark.parametrize("model", ["", "loso = True"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_clean_built_in_corpus_has_no_copies(model: str, seed: int, tmp_path: Path) -> None:
    strategy = "d.split_strategy = column"
    assert of_config([*SYNTHETIC, strategy, f"d.seed = {seed}"], tmp_path, model)[1] == []


@pytest.mark.slow
def test_leaving_speakers_out_finds_both_of_each_two(tmp_path: Path) -> None:
    _, (one,) = of_config([*SYNTHETIC, "d.fault = duplicates"], tmp_path, "loso = True")
    assert (one.check, one.level, one.count) == ("duplicates", "warning", 144)


@pytest.mark.parametrize("model", ["", "loso = True"])
def test_emodb_has_no_copies(data: Path, tmp_path: Path, model: str) -> None:
    lines = [f"d = {data / 'emodb'}", "d.type = audformat", "d.split_strategy = database", "target = emotion"]
    assert of_config(lines, tmp_path, model)[1] == []


@pytest.mark.slow
def test_single_words_said_fifty_times_are_no_copies(data: Path, tmp_path: Path) -> None:
    lines = [f"d = {data / 'fsdd' / 'fsdd.csv'}", "d.type = csv", "d.split_strategy = speaker_split", "target = digit"]
    dataset, found = of_config(lines, tmp_path)
    assert len(dataset) == 3000
    assert found == []
