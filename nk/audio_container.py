"""What the outside of an audio file tells: whether it was cut off, and headers written before the length was known.

libsndfile shortens a cut file without a word, and takes a size of 0 (a header that nobody completed) at its word.
Layouts: RIFF/WAVE and RF64 after EBU Tech 3306, AIFF after Apple's specification, Ogg pages after RFC 3533.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = {b"RIFF": ("<", b"data"), b"RIFX": (">", b"data"), b"RF64": ("<", b"data"), b"FORM": (">", b"SSND")}
# What recorders write that cannot go back to fill in a size: about the most that 31 or 32 bits hold.
_UNKNOWN = (range(0x7FFFF000, 0x80000100), range(0xFFFFF000, 0x100000000))
_OGG_PAGE = 65_307  # the longest there can be


@dataclass(frozen=True)
class Layout:
    """Whether the file ends before its samples do, and where sizes stand that were never filled in (offset, order)."""

    cut: bool = False
    unfilled: tuple[int, str] | None = None


def layout(file: BinaryIO, size: int) -> Layout:
    """Look at the structure of an open file of `size` bytes; a kind that is not known is taken as whole."""
    head = file.read(12)
    if head[:4] == b"OggS":
        return Layout(cut=_ogg_is_cut(file, size))
    if len(head) < 12 or head[:4] not in _KINDS:
        return Layout()
    order, samples = _KINDS[head[:4]]
    long_size = None
    for name, start, length in _chunks(file, order, size):
        if name == b"ds64" and length >= 16:
            long_size = struct.unpack("<8xQ", file.read(16))[0]
        if name == samples:
            if head[:4] == b"RF64" and length == 0xFFFFFFFF and long_size is not None:
                return Layout(cut=start + long_size > size)
            return _sized(struct.unpack(order + "I", head[4:8])[0], start, length, size, order)
    return Layout()


def filled(raw: bytes, unfilled: tuple[int, str]) -> bytes:
    """The same file with its sizes filled in."""
    offset, order = unfilled
    rest, whole = (struct.pack(order + "I", min(len(raw) - at, 0x7FFFFFFF)) for at in (offset + 4, 8))
    return raw[:4] + whole + raw[8:offset] + rest + raw[offset + 4 :]


def _sized(form: int, start: int, length: int, size: int, order: str) -> Layout:
    """Judge a chunk of samples by its length and that of the form around it."""
    if length == 0 and size > start and form + 8 != size:
        return Layout(unfilled=(start - 4, order))
    known = not any(length in unknown for unknown in _UNKNOWN)
    return Layout(cut=known and start + length > size)


def _chunks(file: BinaryIO, order: str, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, offset and length of each chunk; an odd one is followed by a byte of padding."""
    at = 12
    while at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack(order + "4sI", file.read(8))
        yield name, at + 8, length
        at += 8 + length + length % 2


def _ogg_is_cut(file: BinaryIO, size: int) -> bool:
    """Whether the last page promises more than the file holds."""
    file.seek(max(0, size - _OGG_PAGE))
    tail = file.read()
    page = tail[tail.rfind(b"OggS") :] if b"OggS" in tail else b""
    if not page:
        return False
    lengths = page[27 : 27 + page[26]] if len(page) > 26 else b""
    return len(page) < 27 or len(lengths) < page[26] or len(page) < 27 + len(lengths) + sum(lengths)
