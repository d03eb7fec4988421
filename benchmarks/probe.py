"""How often does the audit warn of shortcuts where there are none, and how often does it find those that are planted?

Three tables. Simulated corpora, whose cues differ between speakers and have nothing to do with the labels. Emotions of
Emo-DB and digits of FSDD as they are, with test speakers drawn anew, beside a support vector machine on the same split.
And Emo-DB with recordings of some emotions sent through another channel. The first two count false warnings, the last
one right ones. Run `python benchmarks/probe.py --help`; without `--emodb` and `--fsdd` only the first table is made.
"""

from __future__ import annotations

import argparse
import time
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.audio import Audio, read
from nk.audit.cues import MEASURED, Cues
from nk.audit.shortcuts import find
from nk.registry import Options
from nk.stages.folds import Fold
from nk.tables import Dataset, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nk.registry import Doubles, Ints

    Random = np.random.Generator

CLASSES = tuple("abcd")
EXCITED = ("anger", "fear", "happiness")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=100, help="corpora a cell of the first table")
    parser.add_argument("--splits", type=int, default=20, help="splits a cell of the others")
    parser.add_argument("--emodb", type=Path, help="folder of Emo-DB with `emodb.csv`")
    parser.add_argument("--fsdd", type=Path, help="folder of the Free Spoken Digit Dataset with `fsdd.csv`")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    simulated(options.sets, np.random.default_rng(options.seed))
    if options.fsdd:
        table = pl.read_csv(options.fsdd / "fsdd.csv").filter(pl.col("take") < 15)
        drawn_again("FSDD", Corpus(options.fsdd, table, "digit"), options.splits, np.random.default_rng(options.seed))
    if options.emodb:
        emodb = Corpus(options.emodb, pl.read_csv(options.emodb / "emodb.csv"), "emotion")
        drawn_again("Emo-DB", emodb, options.splits, np.random.default_rng(options.seed))
        planted(emodb, options.splits, np.random.default_rng(options.seed))


def simulated(sets: int, random: Random) -> None:
    """Warnings on corpora without shortcuts, each beside a model that is hardly better than chance and a good one."""
    sizes = (4, 6, 10, 24)
    print(f"Warned of, in % of {sets} simulated corpora without shortcuts (model hardly above chance / good model)")
    print("labels" + " " * 36 + "".join(f"{size:>4} speakers" for size in sizes))
    total = np.zeros(3)
    for name, make in CORPORA.items():
        cells = []
        for size in sizes:
            counts = np.mean([_two_models(make(size, random), random) for _ in range(sets)], axis=0)
            total += [*(counts * sets), sets]
            cells.append(f"{100 * counts[0]:6.1f}/{100 * counts[1]:3.1f}  ")
        print(f"{name:41}{''.join(cells)}", flush=True)
    print(f"{'all':41}  {100 * total[0] / total[2]:.2f}/{100 * total[1] / total[2]:.2f} of {total[2]:.0f}\n")


def _two_models(dataset: Dataset, random: Random) -> tuple[bool, bool]:
    cues, folds = _random_cues(dataset, random), [_leave_out(dataset), _half(dataset)][random.integers(2)]
    chance = 0.0 if dataset.target.is_number else 1 / dataset.frame["label"].n_unique()
    weak, good = (_warns(cues, dataset, folds, chance + share * (1 - chance)) for share in (0.03, 0.5))
    return weak, good


def _warns(cues: pl.DataFrame, dataset: Dataset, folds: list[Fold], score: float) -> bool:
    return any(one.level == "warning" for one in find(cues, dataset, folds, score))


def _dataset(speakers: Ints, labels: Any, target: Target) -> Dataset:
    names = [f"{number:05}" for number in range(len(speakers))]
    columns = {"id": names, "speaker": [f"s{one:03}" for one in speakers], "database": ["d"] * len(names)}
    values = labels.tolist() if target.is_number else [target.labels[one] for one in labels]
    return Dataset(pl.DataFrame({**columns, "label": values}), target)


def _rows(speakers: int, random: Random) -> Ints:
    """From 10 to 40 rows a speaker."""
    return np.repeat(np.arange(speakers), random.integers(10, 41, speakers))


def _balanced(speakers: int, random: Random) -> Dataset:
    rows = _rows(speakers, random)
    return _dataset(rows, random.integers(0, 4, len(rows)), Target("label", CLASSES))


def _habitual(speakers: int, random: Random) -> Dataset:
    """Every speaker prefers some classes."""
    rows = _rows(speakers, random)
    shares = random.dirichlet([0.5] * 4, speakers)
    return _dataset(rows, np.array([random.choice(4, p=shares[one]) for one in rows]), Target("label", CLASSES))


def _diagnosis(speakers: int, random: Random) -> Dataset:
    rows = _rows(speakers, random)
    return _dataset(rows, random.permutation(np.arange(speakers) % 2)[rows], Target("label", CLASSES[:2]))


def _age(speakers: int, random: Random) -> Dataset:
    rows = _rows(speakers, random)
    return _dataset(rows, random.uniform(20, 80, speakers)[rows], Target("label"))


def _rating(speakers: int, random: Random) -> Dataset:
    rows = _rows(speakers, random)
    habit = random.standard_normal(speakers)[rows]
    return _dataset(rows, habit + random.standard_normal(len(rows)), Target("label"))


CORPORA: dict[str, Callable[[int, Random], Dataset]] = {
    "4 classes, drawn for every recording": _balanced,
    "4 classes, of which speakers prefer some": _habitual,
    "2 classes, one a speaker": _diagnosis,
    "a number for every recording": _rating,
    "a number a speaker": _age,
}


def _random_cues(dataset: Dataset, random: Random) -> pl.DataFrame:
    """Cues that differ between speakers: a little, much, and as devices do; the last one has gaps."""
    speaker = dataset.frame["speaker"].rank("dense").to_numpy().astype(np.int64) - 1
    columns: dict[str, Any] = {}
    for number, name in enumerate(MEASURED):
        habit = random.standard_normal(int(speaker.max()) + 1)[speaker]
        values = (number % 4) * habit + random.standard_normal(len(speaker))
        columns[name] = np.where(habit > 0, 8000.0, 16000.0) if number == 0 else values
    columns[MEASURED[-3]] = np.where(random.random(len(speaker)) < 0.2, np.nan, columns[MEASURED[-3]])
    table = pl.DataFrame(columns).fill_nan(None)
    return dataset.frame.select("id").hstack(table).with_columns(dataset.frame["database"])


def _leave_out(dataset: Dataset) -> list[Fold]:
    speaker, nobody = dataset.frame["speaker"].to_numpy(), np.arange(0)
    ids = tuple(dataset.ids)
    return [Fold(one, ids, nobody, np.flatnonzero(speaker == one)) for one in sorted(set(speaker))]


def _half(dataset: Dataset) -> list[Fold]:
    """A split: of the sorted speakers every second one is tested."""
    place = dataset.frame["speaker"].rank("dense").to_numpy().astype(np.int64)
    return [Fold("split", tuple(dataset.ids), np.arange(0), np.flatnonzero(place % 2 == 0))]


class Corpus:
    """Real recordings of several speakers, with a label each, and their cues."""

    def __init__(self, folder: Path, table: pl.DataFrame, target: str) -> None:
        table = table.sort("file")
        self.audio = [read(folder / file) for file in table["file"]]
        self.cues = self.measured(lambda audio: audio)
        frame = table.select(
            pl.col("file").alias("id"),
            pl.col("speaker").cast(pl.String),
            pl.col(target).cast(pl.String).alias("label"),
            pl.lit("d").alias("database"),
        )
        self.dataset = Dataset(frame, Target("label", tuple(frame["label"].unique().sort())))
        self.speaker = frame["speaker"].to_numpy()

    def measured(self, channel: Callable[[Audio], Audio]) -> Doubles:
        """The cues of all recordings after a channel."""
        extractor = Cues(Options(), name="cues")
        return np.array([extractor.extract(channel(audio)) for audio in self.audio], dtype=np.float64)

    def table(self, cues: Doubles) -> pl.DataFrame:
        """Cues as the audit takes them."""
        columns = pl.DataFrame(cues, schema=list(MEASURED)).fill_nan(None)
        return self.dataset.frame.select("id").hstack(columns).with_columns(database=pl.lit("d"))

    def splits(self, count: int, most: int, random: Random) -> Iterator[Fold]:
        """Different splits with so many test speakers, all or as many as are wanted."""
        every = list(combinations(np.unique(self.speaker), count))
        for place in random.permutation(len(every))[:most]:
            test = np.flatnonzero(np.isin(self.speaker, every[place]))
            yield Fold("split", tuple(self.dataset.ids), np.arange(0), test)


def drawn_again(name: str, corpus: Corpus, splits: int, random: Random) -> None:
    """Warnings on a corpus as it is."""
    from nk.families import features

    plugin = features.get("os")
    smile: Any = plugin(plugin.options_type(), name="os")
    start = time.process_time()
    x = np.nan_to_num(np.array([smile.extract(audio) for audio in corpus.audio]))
    y, cues = corpus.dataset.frame["label"].to_numpy(), corpus.table(corpus.cues)
    print(_cost(corpus, cues, time.process_time() - start))
    print(f"Warned of in splits of {name}, beside an SVM on eGeMAPS (its mean UAR; its UAR where it was warned)")
    for count in (2, 3, 4, 5):
        folds = list(corpus.splits(count, splits, random))
        scores = [_svm(x, y, fold) for fold in folds]
        warned = [
            score for fold, score in zip(folds, scores, strict=True) if _warns(cues, corpus.dataset, [fold], score)
        ]
        shown = "".join(f" {score:.3f}" for score in warned)
        print(f"{count} test speakers: {len(warned)} of {len(folds)}  ({np.mean(scores):.2f};{shown})", flush=True)
    print()


def _cost(corpus: Corpus, cues: pl.DataFrame, extraction: float) -> str:
    """What cues and probe take beside the extraction, in CPU seconds; reading is not counted."""
    start = time.process_time()
    corpus.measured(lambda audio: audio)
    measured = time.process_time()
    find(cues, corpus.dataset, _leave_out(corpus.dataset))
    seconds = measured - start, time.process_time() - measured
    share = sum(seconds) / extraction
    return f"eGeMAPS {extraction:.1f} s, cues {seconds[0]:.2f} s, probe {seconds[1]:.2f} s: {share:.1%} of it"


def _svm(x: Doubles, y: Any, fold: Fold) -> float:
    from sklearn.metrics import recall_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    model = make_pipeline(StandardScaler(), SVC()).fit(x[fold.train_rows], y[fold.train_rows])
    return float(recall_score(y[fold.test_rows], model.predict(x[fold.test_rows]), average="macro"))


def planted(emodb: Corpus, splits: int, random: Random) -> None:
    """Right warnings where excited emotions came by another channel, beside a perfect model."""
    strays = (0.0, 0.1, 0.2, 0.3)
    print(f"Found, in % of {splits} splits of Emo-DB with 4 test speakers / of {splits} times leaving one speaker out:")
    print("two classes, the excited one by another channel, but for a share of recordings of both, beside perfection")
    print("channel" + " " * 20 + "".join(f"{share:>12.0%}" for share in strays))
    excited = emodb.dataset.frame["label"].is_in(EXCITED).to_numpy()
    frame = emodb.dataset.frame.with_columns(pl.Series("label", np.where(excited, "excited", "calm")))
    dataset = Dataset(frame, Target("label", ("calm", "excited")))
    for name, channel in CHANNELS.items():
        other, cells = emodb.measured(channel), ""
        for share in strays:
            found = [
                [
                    _warns(_mixed(emodb, other, excited ^ (random.random(len(excited)) < share)), dataset, folds, 1.0)
                    for folds in ([fold], _leave_out(dataset))
                ]
                for fold in emodb.splits(4, splits, random)
            ]
            both = 100 * np.mean(found, axis=0)
            cells += f"{both[0]:8.0f}/{both[1]:3.0f}"
        print(f"{name:27}{cells}", flush=True)


def _mixed(emodb: Corpus, other: Doubles, through: Any) -> pl.DataFrame:
    return emodb.table(np.where(through[:, None], other, emodb.cues))


def _telephone(audio: Audio) -> Audio:
    """Through 8000 Hz, and back."""
    import soxr

    narrow = soxr.resample(soxr.resample(audio.mono, audio.rate, 8000), 8000, audio.rate)
    return _as(narrow, audio)


def _fan(audio: Audio) -> Audio:
    """White noise, 40 dB below full scale."""
    random = np.random.default_rng(len(audio.mono))
    return _as(audio.mono + 0.01 * random.standard_normal(len(audio.mono)), audio)


def _offset(audio: Audio) -> Audio:
    return _as(audio.mono + 0.01, audio)


def _pause(audio: Audio) -> Audio:
    """A quarter of a second of faint noise before it."""
    random = np.random.default_rng(len(audio.mono))
    return _as(np.concatenate([1e-4 * random.standard_normal(audio.rate // 4), audio.mono]), audio)


def _resampled(audio: Audio) -> Audio:
    import soxr

    return Audio(soxr.resample(audio.mono, audio.rate, 22_050)[np.newaxis], 22_050, audio.name)


def _as(samples: Any, audio: Audio) -> Audio:
    """As 16 bits hold it."""
    rounded = np.round(np.clip(samples, -1, 1) * 32_767) / 32_767
    return Audio(rounded[np.newaxis].astype(np.float32), audio.rate, audio.name)


CHANNELS: dict[str, Callable[[Audio], Audio]] = {
    "telephone (up to 4000 Hz)": _telephone,
    "noise at -40 dB": _fan,
    "offset of .01": _offset,
    "0.25 s of silence before": _pause,
    "22050 Hz in place of 16000": _resampled,
}

if __name__ == "__main__":
    main()
