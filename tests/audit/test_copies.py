"""Copies are found however they were made, and no two recordings are taken for copies."""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from nk.audit import copies
from nk.audit.copies import Match, candidates, compare, count_bits, search
from nk.audit.fingerprint import Prints, gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nk.audit.fingerprint import Words

BENCHMARK: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "duplicates.py"))
MADE: dict[str, Any] = runpy.run_path(str(Path(__file__).with_name("test_fingerprint.py")))
spoken, printed = MADE["spoken"], MADE["printed"]
WAYS = [name for name in BENCHMARK["COPIES"] if name != "mp3 8 kbit/s"]


def prints(*recordings: Words) -> Prints:
    """The fingerprints of recordings, given their frames, each with a checksum of its own."""
    starts = np.cumsum([0, *map(len, recordings)])
    names = tuple(f"r{number:04}" for number in range(len(recordings)))
    return Prints(names, tuple(name.encode() for name in names), starts, np.concatenate(recordings))


def random_words(frames: int, seed: int) -> Words:
    return np.random.default_rng(seed).integers(1, 2**32, (frames, 5), dtype=np.uint32)


def changed(words: Words, share: float, seed: int = 0) -> Words:
    """With a share of bits turned."""
    turned = np.packbits(np.random.default_rng(seed).random((len(words), 160)) < share, axis=1).view(np.uint32)
    return words ^ turned


def pairs(found: Prints) -> list[tuple[int, int]]:
    return sorted(map(tuple, search(found).near.tolist()))


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1))
def test_bits_are_counted(words: list[int]) -> None:
    assert count_bits(np.array(words, dtype=np.uint32)).tolist() == [word.bit_count() for word in words]


@given(st.integers(-70, 70), st.sampled_from([0.0, 0.05, 0.12]))
def test_a_match_has_the_errors_and_frames_that_were_made(shift: int, share: float) -> None:
    whole = random_words(400, 0)
    one, other = whole[80:260], changed(whole, share)[80 - shift : 260 - shift]
    match = compare(prints(one, other), 0, 1, shift)
    assert match.frames == 180 - abs(shift)
    assert match.share == match.whole == (180 - abs(shift)) / 180
    assert match.errors == pytest.approx(share, abs=0.01)
    assert match.signs == pytest.approx(1 - 2 * share, abs=0.03)
    assert match.is_copy


@pytest.mark.parametrize("delay", [-5.25, -0.5, 0.25, 3.0, 40.75])
def test_signs_agree_whatever_the_delay_and_polarity(delay: float) -> None:
    samples = spoken(2, rate=8000)
    spectrum = np.fft.rfft(samples) * np.exp(-2j * np.pi * np.fft.rfftfreq(len(samples)) * delay)
    match = compare(prints(printed(samples, 8000), printed(-np.fft.irfft(spectrum), 8000)), 0, 1, 0)
    assert match.signs > 0.65
    assert match.errors < 0.2


def test_an_excerpt_is_a_copy_and_is_told_from_the_whole() -> None:
    whole = random_words(1000, 0)
    found = search(prints(whole, whole[600:700], whole[:900], random_words(300, 1)))
    assert dict(zip(map(tuple, found.near.tolist()), found.whole.tolist(), strict=True)) == {
        (0, 1): False,
        (0, 2): True,
        (1, 2): False,
    }


def test_a_part_in_common_is_no_copy() -> None:
    jingle = random_words(100, 0)
    found = prints(*(np.concatenate([jingle, random_words(200, seed)]) for seed in (1, 2)))
    assert pairs(found) == []


@pytest.mark.parametrize(
    ("frames", "errors", "signs", "copy"),
    [
        (100, 0.29, 0.45, True),
        (100, 0.31, 0.95, False),  # the bands differ
        (100, 0.17, 0.16, False),  # a synthesiser that says the same again
        (20, 0.2, 0.4, False),  # a word that a speaker says again
        (20, 0.1, 0.6, True),
        (8, 0.11, 0.45, False),
        (8, 0.02, 0.9, True),
        (5, 0.0, 1.0, False),  # too short
    ],
)
def test_what_is_a_copy(frames: int, errors: float, signs: float, copy: bool) -> None:
    assert Match(frames, 0.9, 0.9, errors, signs).is_copy == copy
    assert not Match(frames, 0.5, 0.5, errors, signs).is_copy


def test_equal_samples_are_one_group_and_searched_once() -> None:
    words = random_words(50, 0)
    found = prints(words, words, random_words(50, 1), changed(words, 0.1))
    same = Prints(found.ids, (b"a", b"a", b"b\0", b"b"), found.starts, found.words)
    copies_ = search(same)
    assert copies_.group.tolist() == [0, 0, 2, 1]
    assert copies_.near.tolist() == [[0, 1]]


def test_nothing_to_search_finds_nothing() -> None:
    for empty in (gathered({}), prints(random_words(0, 0), random_words(0, 1)), prints(random_words(40, 0))):
        assert pairs(empty) == []


def test_as_much_is_found_as_by_comparing_every_pair() -> None:
    recordings = [printed(spoken(0.6 + 0.1 * (seed % 5), seed)) for seed in range(12)]
    recordings += [changed(recordings[seed], 0.03 * seed, seed)[seed:] for seed in range(6)]
    recordings[2] = np.where(np.arange(len(recordings[2]))[:, None] % 7 == 0, np.uint32(0), recordings[2])
    found = prints(*recordings)
    every = [
        (one, other)
        for one in range(18)
        for other in range(one + 1, 18)
        if any(compare(found, one, other, shift).is_copy for shift in range(-60, 61, 3))
    ]
    assert pairs(found) == every == [(seed, seed + 12) for seed in range(6)]


def test_many_equal_frames_do_not_make_all_pairs() -> None:
    """The same tone in 3000 recordings: a bounded number of frames is compared, and true copies are still found."""
    tone, copied = np.full((5, 5), 0x12345678, dtype=np.uint32), random_words(60, 9999)
    recordings = [np.concatenate([tone, random_words(25, seed)]) for seed in range(3000)]
    found = prints(*recordings, copied, changed(copied, 0.1))
    frames = copies._Frames.of(found, np.arange(3002))
    assert sum(len(one) for one, _ in frames.pairs()) < 4 * copies._NEXT * len(found.words)
    assert pairs(found) == [(3000, 3001)]


@pytest.mark.parametrize("way", WAYS)
def test_copies_of_made_up_recordings_are_found_and_no_other_pairs(way: str, tmp_path: Path) -> None:
    import soundfile

    for seed in range(6):
        soundfile.write(tmp_path / f"{seed}.wav", spoken(2, seed), 16000)
    assert recall(sorted(tmp_path.glob("*.wav")), 1, way) == (1.0, 0)


def recall(files: list[Path], every: int, way: str) -> tuple[float, int]:
    """The share of copies that is found, and how many wrong pairs are, as the benchmark has them."""
    with threadpool_limits(1):
        originals = {file.name: _printed_once(file) for file in files}
        made = BENCHMARK["copied"](files[::every], BENCHMARK["COPIES"][way], 1)
        found = BENCHMARK["pairs"](search(gathered(originals | made)))
    right = {pair for pair in found if len({name.removeprefix("copy of ") for name in pair}) == 1}
    return len(right) / len(made), len(found - right)


@cache
def _printed_once(file: Path) -> Any:
    return BENCHMARK["fingerprint"](file)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_all_copies_of_emodb_are_found_and_no_other_pairs(way: str, data: Path) -> None:
    assert recall(sorted((data / "emodb" / "wav").glob("*.wav")), 20, way) == (1.0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "least"),
    [("gain -12 dB", 0.98), ("opus 14 kbit/s", 0.85), ("12 kHz", 0.98), ("padded, noise", 0.93), ("trimmed", 0.9),
     ("clipping 6 dB", 0.95), ("mp3 32 kbit/s", 0.55), ("combined", 0.4)],
)  # fmt: skip
def test_most_copies_of_single_words_are_found_and_no_other_pairs(way: str, least: float, data: Path) -> None:
    share, wrong = recall(sorted((data / "fsdd" / "recordings").glob("*.wav")), 20, way)
    assert share >= least
    assert wrong == 0


@pytest.mark.slow
def test_short_pieces_of_speech_are_no_copies(data: Path) -> None:
    """Cut from Emo-DB and meetings, 0.3 s each: what no threshold was chosen by."""
    files = [*sorted((data / "emodb" / "wav").glob("*.wav")), *sorted((data / "ami_excerpts" / "audio").glob("*.wav"))]
    with threadpool_limits(1):
        found = search(gathered(dict(_pieces(files, 0.3))))
    assert len(found.ids) > 5000
    assert len(found.near) == 0


def _pieces(files: list[Path], seconds: float) -> Iterator[tuple[str, Any]]:
    from nk.audio import Audio, read
    from nk.audit.fingerprint import Fingerprint
    from nk.registry import Options

    extractor = Fingerprint(Options(), name="fingerprint")
    for file in files:
        audio = read(file)
        size = round(seconds * audio.rate)
        for start in range(0, audio.samples.shape[1] - size + 1, size):
            piece = Audio(audio.samples[:, start : start + size], audio.rate, file.name)
            yield f"{file.name}@{start}", extractor.extract(piece)


def test_candidates_are_found_at_their_shift() -> None:
    whole = random_words(200, 0)
    found = prints(random_words(80, 1), whole[50:], whole[:150])
    assert list(candidates(found, np.arange(3))) == [(1, 2, 50)]
