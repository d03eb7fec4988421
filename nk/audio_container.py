"""What the outside of an audio file tells: whether it was cut off, and headers written before the length was known.

libsndfile shortens a cut file without a word, and takes a size of 0 (a header that nobody completed) at its word.
Layouts: RIFF/WAVE and RF64 after EBU Tech 3306, AIFF after Apple's specification, Ogg pages after RFC 3533, Wave64
after Sony's, AU after Sun's manual, NIST SPHERE after the headers of its corpora.
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
_AU_UNKNOWN = 0xFFFFFFFF
_W64_DATA = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
_W64_LONG = 1 << 62  # bytes; from there on it is "not known"
_NIST_HEADER = 1024
_OGG_PAGE = 65_307  # the longest there can be


@dataclass(frozen=True)
class Layout:
    """Whether the file ends before its samples do, and where sizes stand that were never filled in (offset, order)."""

    cut: bool = False
    unfilled: tuple[int, str] | None = None


def layout(file: BinaryIO, size: int) -> Layout:
    """Look at the structure of an open file of `size` bytes; a kind that is not known is taken as whole."""
    head = file.read(12)
    if head[:4] in _CUTS:
        return Layout(cut=_CUTS[head[:4]](file, size))
    if len(head) < 12 or head[:4] not in _KINDS:
        return Layout()
    order, samples = _KINDS[head[:4]]
    long_size = None
    for name, start, length in _chunks(file, order, size):
        if name == b"ds64" and length >= 16:
            if start + 16 > size:
                return Layout(cut=True)
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


def _w64_is_cut(file: BinaryIO, size: int) -> bool:
    """Whether the samples promise more than the file holds; lengths count the 24 bytes of name and length."""
    at = 40
    while at + 24 <= size:
        file.seek(at)
        name, length = struct.unpack("<16sQ", file.read(24))
        if name == _W64_DATA:
            return bool(length < _W64_LONG and at + length > size)
        at += max(24, length + -length % 8)
    return False


def _au_is_cut(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    head = file.read(12)
    if len(head) < 12:
        return False
    start, length = struct.unpack(">4xII" if head[:1] == b"." else "<4xII", head)
    return bool(length != _AU_UNKNOWN and start + length > size)


def _nist_is_cut(file: BinaryIO, size: int) -> bool:
    """Whether there are fewer bytes than its fields say; one that lacks a field is taken as whole."""
    file.seek(0)
    lines = [line.split() for line in file.read(_NIST_HEADER).splitlines()]
    numbers = {line[0]: int(line[2]) for line in lines if len(line) == 3 and line[1] == b"-i" and line[2].isdigit()}
    count, width = numbers.get(b"sample_count", 0), numbers.get(b"sample_n_bytes", 0)
    return _NIST_HEADER + count * width * numbers.get(b"channel_count", 1) > size if count and width else False


_CUTS = {b"OggS": _ogg_is_cut, b"riff": _w64_is_cut, b".snd": _au_is_cut, b"dns.": _au_is_cut, b"NIST": _nist_is_cut}
