"""Which recordings hold the same audio: equal samples, or fingerprints that agree at some shift.

No recording is compared with every other one. Frames that have 24 of their 32 bits of the bands in common lie beside
each other when they are sorted; each is compared with the next few there, by the frames around it, and what is left is
compared in full. So time and memory grow with the number of frames, not with its square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nk.audit.fingerprint import HOP

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from nk.audit.fingerprint import Mask, Prints, Words
    from nk.registry import Doubles, Ints

    Bytes = npt.NDArray[np.uint8]

FEWEST = 6  # frames that count: of fewer no copy can be told, but that the samples are equal
SHARE = 0.6  # of the frames of the shorter recording that a copy has
ERRORS = 0.30  # share of differing bits of the bands that a copy may have
# How much the agreement of the signs has to exceed the share of differing bits, by the number of frames.
_EXCESS = ((40, 0.10), (12, 0.26), (9, 0.32), (FEWEST, 0.40))
_NEXT = 16  # frames beside a frame in sorted order that are looked at
# Frames around two frames, and the share of bits in which they may differ: at first a few.
_AROUND = ((np.array([-9, -5, 5, 9]), 0.45), (np.arange(-12, 13), 0.36), (np.arange(-48, 49, 3), 0.36))
_AT_ONCE = 100_000  # pairs of frames
_LONGEST = 2000  # frames (32 s) of which signs are compared
_FINE, _TAPS = np.arange(-4, 5) / 4, 24  # samples


@dataclass(frozen=True, eq=False)
class Copies:
    """Which of the rows `ids` hold the same audio.

    Rows of the same number in `group` have equal samples. `near`, of shape (pairs, 2), are numbers of groups whose
    recordings are nearly the same; `whole` says of each pair whether that holds for most of the longer one too, which
    is otherwise an excerpt of it.
    """

    ids: tuple[str, ...]
    group: Ints
    near: Ints
    whole: Mask


@dataclass(frozen=True)
class Match:
    """How well two recordings agree at the best shift.

    `frames` are those that count in both, `share` their share of those of the shorter one and `whole` of the longer
    one; `errors` is the share of differing bits of the bands there, `signs` the correlation of the signs.
    """

    frames: int
    share: float
    whole: float
    errors: float
    signs: float

    @property
    def is_copy(self) -> bool:
        """Whether no two different recordings agree so well."""
        excess = next((value for least, value in _EXCESS if self.frames >= least), np.inf)
        return self.share >= SHARE and self.errors <= ERRORS and self.signs - self.errors >= excess


def search(prints: Prints) -> Copies:
    """Find all recordings that are the same, or nearly so."""
    sums = np.array(prints.sums, dtype=object)
    _, first, group = np.unique(sums, return_index=True, return_inverse=True)
    found = [
        (one, other, match.whole)
        for one, other, shift in candidates(prints, first)
        if (match := compare(prints, int(first[one]), int(first[other]), shift)).is_copy
    ]
    near = np.array([(one, other) for one, other, _ in found], dtype=np.int64).reshape(-1, 2)
    return Copies(prints.ids, group.reshape(-1), near, np.array([whole >= SHARE for *_, whole in found], dtype=bool))


def candidates(prints: Prints, rows: Ints) -> Iterator[tuple[int, int, int]]:
    """Pairs of rows that may be copies, as places in `rows`, and by how many frames the second one is later."""
    frames = _Frames.of(prints, rows)
    longest = int(np.diff(prints.starts).max(initial=0))
    span = 2 * longest + 1
    # A number for both rows and the shift takes a third of the memory.
    hits = (frames.hits(one, other) for one, other in frames.pairs())
    numbers = [(one * len(rows) + other) * span + shift + longest for one, other, shift in hits]
    if not numbers:
        return
    distinct, votes = np.unique(np.concatenate(numbers), return_counts=True)
    pair, shift = np.divmod(distinct, span)
    order = np.lexsort((-votes, pair))
    # Of each pair of rows the shift that most of its frames have.
    _, first = np.unique(pair[order], return_index=True)
    best = order[first]
    one, other = np.divmod(pair[best], len(rows))
    yield from zip(one.tolist(), other.tolist(), (shift[best] - longest).tolist(), strict=True)


@dataclass(frozen=True, eq=False)
class _Frames:
    """The frames of some rows: their bits of the bands, and the place of each one's row, -1 where it does not count."""

    bits: Words
    owner: npt.NDArray[np.int32]
    begin: Ints

    @classmethod
    def of(cls, prints: Prints, rows: Ints) -> _Frames:
        place = np.full(len(prints.ids), -1, dtype=np.int32)
        place[rows] = np.arange(len(rows))
        owner = np.where(prints.loud, np.repeat(place, np.diff(prints.starts)), np.int32(-1))
        return cls(np.ascontiguousarray(prints.words[:, 0]), owner, prints.starts[rows])

    def pairs(self) -> Iterator[tuple[Ints, Ints]]:
        """Frames of different rows that have three of four bytes in common, some at a time."""
        places = np.flatnonzero(self.owner >= 0)
        for byte in range(4):
            key = self.bits[places] & np.uint32(~(0xFF << 8 * byte) & 0xFFFFFFFF)
            order = np.argsort(key, kind="stable")
            key, sorted_places = key[order], places[order]
            for step in range(1, _NEXT + 1):
                same = np.flatnonzero(key[step:] == key[:-step])
                if not len(same):
                    break
                for start in range(0, len(same), _AT_ONCE):
                    some = same[start : start + _AT_ONCE]
                    one, other = sorted_places[some], sorted_places[some + step]
                    apart = self.owner[one] != self.owner[other]
                    yield one[apart], other[apart]

    def hits(self, one: Ints, other: Ints) -> tuple[Ints, Ints, Ints]:
        """Both rows, the lower first, and the shift of those pairs of frames around which the others agree too."""
        for around, most in _AROUND:
            alike = self._errors(one, other, around) <= most
            one, other = one[alike], other[alike]
        rows = self.owner[one].astype(np.int64), self.owner[other].astype(np.int64)
        shift = (other - self.begin[rows[1]]) - (one - self.begin[rows[0]])
        back = rows[0] > rows[1]
        return np.minimum(*rows), np.maximum(*rows), np.where(back, -shift, shift)

    def _errors(self, one: Ints, other: Ints, around: Ints) -> Doubles:
        """The share of differing bits in the frames around two frames; 0 where there are none."""
        last = len(self.bits) - 1
        left, right = (np.clip(places[:, np.newaxis] + around, 0, last) for places in (one, other))
        both = self.owner[left] == self.owner[one][:, np.newaxis]
        both &= self.owner[right] == self.owner[other][:, np.newaxis]
        differing = np.where(both, count_bits(self.bits[left] ^ self.bits[right]), 0).sum(axis=1)
        found: Doubles = differing / np.maximum(32 * both.sum(axis=1), 1)
        return found


def compare(prints: Prints, one: int, other: int, shift: int) -> Match:
    """Compare two rows in full, at a shift of about as many frames (by which the second one is later)."""
    left, right = (prints.words[prints.starts[row] : prints.starts[row + 1]] for row in (one, other))
    shorter, longer = sorted(int(_loud(words).sum()) for words in (left, right))
    best = Match(0, 0.0, 0.0, 1.0, 0.0)
    parts: tuple[Words, Words] | None = None
    for near in (shift - 1, shift, shift + 1):
        some = _overlap(left, right, near)
        both = _loud(some[0]) & _loud(some[1])
        count = int(both.sum())
        if count and count >= SHARE * shorter:
            errors = count_bits(some[0][both, 0] ^ some[1][both, 0]).mean() / 32
            if errors < best.errors:
                best = Match(count, count / shorter, count / longer, float(errors), 0.0)
                parts = some[0] * both[:, np.newaxis], some[1] * both[:, np.newaxis]
    if parts is None or best.errors > ERRORS:
        return best
    return Match(best.frames, best.share, best.whole, best.errors, _signs_agree(*parts))


def _overlap(left: Words, right: Words, shift: int) -> tuple[Words, Words]:
    """The frames that both have where the second one is later by `shift` frames."""
    start, end = max(0, -shift), min(len(left), len(right) - shift)
    return left[start : max(start, end)], right[start + shift : max(start, end) + shift]


def _signs_agree(left: Words, right: Words) -> float:
    """The correlation of the signs at the best shift of up to a frame, whatever the polarity."""
    from scipy.fft import irfft, next_fast_len, rfft

    one, other = (_signs(words[:_LONGEST]) for words in (left, right))
    size = next_fast_len(2 * len(one), real=True)
    found = irfft(rfft(one, size) * np.conj(rfft(other, size)), size)
    shift = int(np.abs(np.concatenate([found[-HOP:], found[: HOP + 1]])).argmax()) - HOP
    # The best shift may lie between samples, where the values around it tell the value.
    around = np.arange(-_TAPS, _TAPS + 1)
    values = np.sinc(_FINE[:, np.newaxis] - around) @ found[(shift + around) % size]
    return float(np.abs(values).max() / np.abs(one).sum())


def _loud(words: Words) -> Mask:
    found: Mask = (words != 0).any(axis=1)
    return found


def _signs(words: Words) -> Doubles:
    """1 and -1 for each sample; 0 in frames that do not count."""
    bits = np.unpackbits(np.ascontiguousarray(words[:, 1:]).view(np.uint8), axis=1)
    signs: Doubles = np.where(_loud(words)[:, np.newaxis], 2.0 * bits - 1, 0.0).reshape(-1)
    return signs


_COUNTS = np.unpackbits(np.arange(2**16, dtype=np.uint16).view(np.uint8).reshape(-1, 2), axis=1).sum(
    axis=1, dtype=np.uint8
)


def count_bits(words: Words) -> Bytes:
    """How many bits of each are set."""
    found: Bytes = _COUNTS[words & 0xFFFF] + _COUNTS[words >> 16]
    return found
