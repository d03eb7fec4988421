"""How many copies does the audit find, and does it take different recordings for copies?

Of the recordings in each folder copies are made in all the ways of `COPIES`, and searched for among all recordings
together: how many are found, how many pairs that are no copies, and CPU time. With `--files` so many recordings are
made up of pieces of those in the folder, each at another speed, for time and memory of a large database.

`python benchmarks/duplicates.py data/emodb/wav` and so on; the last table is from `--files 100000 --every 0`.
"""

from __future__ import annotations

import argparse
import resource
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
import soxr
from threadpoolctl import threadpool_limits

from nk.audio import Audio, read
from nk.audit.copies import Copies, search
from nk.audit.fingerprint import HOP, RATE, Fingerprint, gathered
from nk.registry import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nk.audit.fingerprint import Prints
    from nk.registry import Doubles, Floats

    Copied = tuple[Doubles, int]
    Copying = Callable[[Doubles, int, np.random.Generator, Path], Copied]

ENDS = (".wav", ".flac", ".ogg", ".mp3")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*", help="with recordings, no two of which are the same")
    parser.add_argument("--every", type=int, default=1, help="copy each n-th recording only; 0: none")
    parser.add_argument("--files", type=int, default=0, help="how many recordings to make up")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for folder in options.folders:
        files = sorted(file for file in folder.rglob("*") if file.suffix in ENDS)
        with threadpool_limits(1):  # as in the audit
            if options.every:
                print(f"\n{folder}")
                of_files(files, options.every, options.seed)
            if options.files:
                made_up(files, options.files, np.random.default_rng(options.seed))


def of_files(files: Sequence[Path], every: int, seed: int) -> None:
    """Print how many copies of some recordings are found, and what it takes."""
    start = time.process_time()
    originals = {file.name: fingerprint(file) for file in files}
    printed = time.process_time() - start
    prints = gathered(originals)
    start = time.process_time()
    clean = search(prints)
    searched = time.process_time() - start
    seconds = np.median(np.diff(prints.starts)) * HOP / RATE
    print(f"{len(files)} recordings of {seconds:.2f} s (median); taken for copies: {len(pairs(clean))} pairs")
    print(f"CPU ms each: {1000 * printed / len(files):.2f} fingerprint, {1000 * searched / len(files):.2f} search")
    print("way of copying        copies   found  share    wrong pairs")
    for name, copying in COPIES.items():
        copies = copied(files[::every], copying, seed)
        found = pairs(search(gathered(originals | copies)))
        right = {pair for pair in found if len({file.removeprefix("copy of ") for file in pair}) == 1}
        share = len(right) / len(copies)
        print(f"{name:20} {len(copies):7} {len(right):7}  {share:.3f} {len(found - right):10}", flush=True)


def fingerprint(file: Path) -> Floats:
    """As the audit makes it."""
    return Fingerprint(Options(), name="fingerprint").extract(read(file))


def copied(files: Iterable[Path], copying: Copying, seed: int) -> dict[str, Floats]:
    """The fingerprint of a copy of each file."""
    found = {}
    with TemporaryDirectory() as folder:
        for number, file in enumerate(files):
            found[f"copy of {file.name}"] = fingerprint(copy(file, copying, [seed, number], Path(folder)))
    return found


def copy(file: Path, copying: Copying, seed: Any, folder: Path) -> Path:
    """Write a copy of a recording, of 16 bits, into a folder."""
    samples, rate = soundfile.read(file)
    samples = samples if samples.ndim == 1 else samples[:, 0]
    path = folder / f"{file.stem}.wav"
    soundfile.write(path, *copying(samples, rate, np.random.default_rng(seed), folder), subtype="PCM_16")
    return path


def pairs(copies: Copies) -> set[frozenset[str]]:
    """The names of every two recordings that are the same or nearly so."""
    found = {frozenset((copies.ids[one], copies.ids[other])) for one, other in _pairs(copies)}
    return {pair for pair in found if len(pair) == 2}


def _pairs(copies: Copies) -> Iterable[tuple[int, int]]:
    members = {group: np.flatnonzero(copies.group == group).tolist() for group in np.unique(copies.group).tolist()}
    same = ((group, group) for group in members)
    for one, other in [*same, *copies.near.tolist()]:
        yield from ((left, right) for left in members[one] for right in members[other])


def _through(samples: Doubles, rate: int, _: Any, folder: Path, **how: Any) -> Copied:
    path = folder / f"coded.{how['format'].lower()}"
    soundfile.write(path, samples, rate, **how)
    return soundfile.read(path)  # type: ignore[no-any-return]


def _louder(samples: Doubles, rate: int, *_: Any, decibels: float) -> Copied:
    """And clipped where it is too much."""
    return np.clip(samples * 10 ** (decibels / 20), -1, 1), rate


def _clipped(samples: Doubles, rate: int, *_: Any, decibels: float) -> Copied:
    """So many dB above full scale."""
    return _louder(samples / np.abs(samples).max(), rate, decibels=decibels)


def _at(samples: Doubles, rate: int, *_: Any, new: int) -> Copied:
    return soxr.resample(samples, rate, new), new


def _padded(samples: Doubles, rate: int, random: np.random.Generator, _: Any, *, level: float) -> Copied:
    """With up to a second of noise at each end."""
    ends = [level * random.standard_normal(random.integers(1, rate)) for _ in range(2)]
    return np.concatenate([ends[0], samples, ends[1]]), rate


def _trimmed(samples: Doubles, rate: int, *_: Any) -> Copied:
    """Without what is 30 dB below the peak at the ends."""
    loud = np.flatnonzero(np.abs(samples) > np.abs(samples).max() * 10 ** (-30 / 20))
    return samples[loud[0] : loud[-1] + 1], rate


def _cut(samples: Doubles, rate: int, *_: Any, share: float) -> Copied:
    """A share is missing at each end."""
    size = round(share * len(samples))
    return samples[size : len(samples) - size], rate


def _noisy(samples: Doubles, rate: int, random: np.random.Generator, _: Any, *, snr: float) -> Copied:
    noise = random.standard_normal(len(samples)) * np.sqrt((samples**2).mean()) * 10 ** (-snr / 20)
    return samples + noise, rate


def _turned(samples: Doubles, rate: int, *_: Any) -> Copied:
    return -samples, rate


def _all(samples: Doubles, rate: int, random: np.random.Generator, folder: Path) -> Copied:
    """Trimmed, clipped, as mp3, at another rate and padded, one after the other."""
    for copying in (
        _trimmed,
        partial(_clipped, decibels=6),
        MP3,
        partial(_at, new=12000),
        partial(_padded, level=1e-3),
    ):
        samples, rate = copying(samples, rate, random, folder)
    return samples, rate


def _mp3(level: float) -> Copying:
    return partial(_through, format="MP3", subtype="MPEG_LAYER_III", compression_level=level, bitrate_mode="CONSTANT")


MP3 = _mp3(0.85)
# Bit rates are those at 16 kHz; at 8 kHz mp3 (32) and vorbis have about half.
COPIES: Mapping[str, Copying] = {
    "gain -12 dB": partial(_louder, decibels=-12),
    "polarity": _turned,
    "clipping 6 dB": partial(_clipped, decibels=6),
    "clipping 12 dB": partial(_clipped, decibels=12),
    "mp3 32 kbit/s": MP3,
    "mp3 8 kbit/s": _mp3(0.99),
    "vorbis 33 kbit/s": partial(_through, format="OGG", subtype="VORBIS", compression_level=0.9),
    "opus 14 kbit/s": partial(_through, format="OGG", subtype="OPUS", compression_level=0.97),
    "8 kHz": partial(_at, new=8000),
    "12 kHz": partial(_at, new=12000),
    "44.1 kHz": partial(_at, new=44100),
    "padded, silence": partial(_padded, level=0),
    "padded, noise": partial(_padded, level=1e-3),
    "trimmed": _trimmed,
    "10 % off both ends": partial(_cut, share=0.1),
    "noise 20 dB": partial(_noisy, snr=20),
    "combined": _all,
}


def made_up(files: Sequence[Path], count: int, random: np.random.Generator) -> None:
    """Print what it takes to search many recordings, 1 % of which are copies with a tenth of their bits changed."""
    prints = _made_up([read(file, rate=RATE).mono for file in files], count, random)
    before, start = _memory(), time.process_time()
    found = search(prints)
    spent, most = time.process_time() - start, _memory() - before
    taken = pairs(found)
    planted = {pair for pair in taken if len({name.removeprefix("copy of ") for name in pair}) == 1}
    print(f"\n{count} made-up recordings of 2.8 s, and copies of 1 % of them: {len(planted)} of {count // 100} found,")
    print(f"{len(taken - planted)} other pairs.")
    print(f"CPU ms each to search: {1000 * spent / count:.2f}; MiB: {prints.words.nbytes / 2**20:.0f} of fingerprints,")
    print(f"{most:.0f} more to search")


def _made_up(recordings: Sequence[Floats], count: int, random: np.random.Generator) -> Prints:
    extractor, found = Fingerprint(Options(), name="fingerprint"), {}
    for number in range(count):
        samples = np.concatenate([_piece(recordings, random) for _ in range(8)])[: round(2.8 * RATE)]
        found[str(number)] = extractor.extract(Audio(samples[np.newaxis], RATE, str(number)))
        if number < count // 100:
            found[f"copy of {number}"] = _changed(found[str(number)], random)
    return gathered(found)


def _piece(recordings: Sequence[Floats], random: np.random.Generator) -> Floats:
    """From 0.35 to 0.7 s of one of the recordings, at another speed."""
    one = recordings[int(random.integers(len(recordings)))]
    start = random.integers(max(1, len(one) - RATE // 2))
    piece: Floats = soxr.resample(one[start : start + RATE // 2], RATE, RATE * random.uniform(0.7, 1.4), quality="LQ")
    return piece


def _changed(words: Floats, random: np.random.Generator) -> Floats:
    bits = np.packbits(random.random((len(words), 160)) < 0.1, axis=1).view(np.uint32)
    return np.where(words.view(np.uint32) != 0, words.view(np.uint32) ^ bits, np.uint32(0)).view(np.float32)


def _memory() -> float:
    """The most that this process had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
