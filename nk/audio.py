"""Recordings: what is in a file, and its samples as float32.

Whatever soundfile reads (wav, flac, ogg, mp3, aiff, ...), at any rate. A recording that cannot be used raises
`AudioError` with a short reason; nothing is repaired in silence.
"""

from __future__ import annotations

import io
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np

from nk.audio_container import filled, layout
from nk.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

Channel = Literal["first", "mix"] | int

_SLACK = 0.05  # s; tables round up the ends of their recordings
_MP3_RUN_UP = 2.0  # s; a frame needs bytes of those before it, which seeking drops (at 8 kbit/s: of half a second)
_NO_LENGTH = 2**62  # frames; libsndfile's word for "not known"
_RATES = range(1000, 768_001)  # Hz; far outside them openSMILE ends the process
_BLOCK = 1 << 20  # samples decoded at a time; a header may promise any number
# Frames a byte, above what any codec can do: FLAC puts 65,535 equal ones in about 14 bytes (4,700), Opus 5760 in two,
# Vorbis 4096 in two, and layer III of MPEG 1152 in no fewer than 21.
_MOST, _MP3_MOST = 10_000, 100


@dataclass(frozen=True, eq=False)
class Audio:
    """A recording or a segment of one: `samples` is float32 of shape (channels, frames), `rate` in Hz."""

    samples: Floats
    rate: int
    name: str

    @property
    def seconds(self) -> float:
        """Its duration in s."""
        return int(self.samples.shape[1]) / self.rate

    @property
    def mono(self) -> Floats:
        """Its first channel, shape (frames,)."""
        first: Floats = self.samples[0]
        return first


@dataclass(frozen=True)
class Header:
    """What a file says of itself: duration in s, rate in Hz, number of channels, and frames (samples a channel)."""

    seconds: float
    rate: int
    channels: int
    frames: int


def probe(path: str | Path) -> Header:
    """Read the header alone.

    Raises:
        AudioError: the file is missing, not a regular file, empty, not readable as audio, at a sampling rate that is
            none of speech, or holds less than it promises
    """
    with _opened(Path(path)) as file:
        return Header(file.frames / file.samplerate, file.samplerate, file.channels, file.frames)


def read(
    path: str | Path,
    start: float | None = None,
    end: float | None = None,
    channel: Channel = "first",
    rate: int | None = None,
    *,
    every: bool = False,
) -> Audio:
    """Read a recording, or the segment of it from `start` to `end`.

    Args:
        path: the file
        start: where the segment begins in s (None: at the beginning)
        end: where it ends in s (None: at the end); up to 50 ms beyond the end of the file are cut off
        channel: `first`, `mix` (the mean of all), or a number from 0
        rate: sampling rate in Hz to convert to, by soxr at its highest quality (None: the file's own)
        every: give all channels of a file that has several, behind the one that was asked for

    Returns:
        samples of shape (1, frames), or (1 + channels, frames) for `every` channel of several, in the range of -1 to 1
        unless the file holds floats beyond it

    Raises:
        AudioError: the file cannot be used (see `probe`), breaks off while it is decoded, is silent (all samples are
            equal) or has samples that are not finite; it does not fit into memory; or the segment or channel is not
            there
    """
    path = Path(path)
    with _reasons(), _opened(path) as file:
        own_rate = int(file.samplerate)
        first, count = _span(file.frames, own_rate, start, end)
        _need_channel(channel, file.channels)
        samples = _decoded(file, first, count, channel, every=every)
        _need_signal(samples)
        samples = _resampled(samples, own_rate, rate)
    return Audio(np.ascontiguousarray(samples.T), rate or own_rate, path.name)


def digest(path: str | Path) -> str:
    """BLAKE2b of the file's bytes, 32 hexadecimal digits.

    Raises:
        AudioError: the file is missing, not a regular file, or cannot be read
    """
    summed = blake2b(digest_size=16)
    with _bytes(Path(path)) as (file, _):
        while block := file.read(1 << 20):
            summed.update(block)
    return summed.hexdigest()


@contextmanager
def _reasons() -> Iterator[None]:
    """Turn what the system says of a file, or of the memory for it, into a reason."""
    try:
        yield
    except FileNotFoundError as error:
        raise AudioError("there is no such file") from error
    except IsADirectoryError as error:
        raise AudioError("it is a folder") from error
    except PermissionError as error:
        raise AudioError("there is no permission to read it") from error
    except OSError as error:
        raise AudioError(f"it cannot be read ({error.strerror})") from error
    except MemoryError as error:
        raise AudioError("it does not fit into memory") from error


@contextmanager
def _bytes(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """A regular file, open, and its size; to open a pipe or a device would wait for ever, or never end."""
    with _reasons():
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise AudioError("it is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise AudioError("it is not a file")
        with path.open("rb") as file:
            yield file, status.st_size


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The file as soundfile's, checked from outside."""
    import soundfile

    source, size = _source(path)
    try:
        file = soundfile.SoundFile(source)
    except (soundfile.LibsndfileError, TypeError) as error:  # the latter for `.raw`, which has no header
        raise AudioError("it is not readable as audio") from error
    with file:
        _need_sense(file, size)
        yield file


def _need_sense(file: Any, size: int) -> None:
    """Refuse a header whose numbers cannot be true of a file of `size` bytes."""
    if file.frames >= _NO_LENGTH:
        raise AudioError("its header does not say how long it is")
    if file.frames < 1:
        raise AudioError("it has no samples")
    if file.samplerate not in _RATES:
        raise AudioError(f"its sampling rate of {file.samplerate} Hz is none of speech")
    if file.frames > size * (_MP3_MOST if file.format == "MP3" else _MOST):
        raise AudioError("its header promises more samples than its bytes can hold")


def _source(path: Path) -> tuple[str | io.BytesIO, int]:
    """The path, or the file itself where sizes have to be filled in; and its size in bytes."""
    with _bytes(path) as (file, size):
        if not size:
            raise AudioError("the file is empty")
        found = layout(file, size)
        if found.cut:
            raise AudioError("it is truncated")
        if not found.unfilled:
            return str(path), size
        file.seek(0)
        return io.BytesIO(filled(file.read(), found.unfilled)), size


def _span(frames: int, rate: int, start: float | None, end: float | None) -> tuple[int, int]:
    """First frame and number of frames of a segment."""
    length = frames / rate
    start, end = start or 0.0, length if end is None else end
    if start < 0 or start >= length or end > length + _SLACK:
        raise AudioError(f"the segment from {start:g} to {end:g} s is outside the recording of {length:.3f} s")
    first, last = round(start * rate), min(round(end * rate), frames)
    if last <= first:
        raise AudioError(f"the segment from {start:g} to {end:g} s holds no samples")
    return first, last - first


def _need_channel(channel: Channel, channels: int) -> None:
    if isinstance(channel, int) and not 0 <= channel < channels:
        raise AudioError(f"there is no channel {channel}, it has {channels} (counted from 0)")


def _decoded(file: Any, first: int, count: int, channel: Channel, *, every: bool) -> Floats:
    """The chosen channel of a segment, with `every` other that there is behind it: shape (count, channels)."""
    import soundfile

    run_up = min(first, round(_MP3_RUN_UP * file.samplerate)) if file.format == "MP3" else 0
    try:
        if first:
            file.seek(first - run_up)
        blocks = [_chosen(block, channel, every=every) for block in _blocks(file, run_up + count)]
    except soundfile.LibsndfileError as error:
        raise AudioError("it is truncated or damaged") from error
    return (blocks[0] if len(blocks) == 1 else np.concatenate(blocks))[run_up:]


def _blocks(file: Any, count: int) -> Iterator[Floats]:
    """The next `count` frames in blocks of shape (frames, channels), so that no more is asked for than comes.

    soundfile seeks after every block, which an mp3 does not survive unharmed: it is one block, bounded by its bytes.
    """
    size = count if file.format == "MP3" else max(1, _BLOCK // file.channels)
    for start in range(0, count, size):
        wanted = min(size, count - start)
        block: Floats = file.read(wanted, dtype="float32", always_2d=True)
        if len(block) < wanted:
            raise AudioError("it is truncated")
        yield block


def _chosen(frames: Floats, channel: Channel, *, every: bool) -> Floats:
    if channel == "mix":
        chosen: Floats = frames.mean(axis=1, dtype=np.float32, keepdims=True)
    else:
        number = 0 if channel == "first" else channel
        chosen = np.ascontiguousarray(frames[:, number : number + 1])
    return np.hstack([chosen, frames]) if every and frames.shape[1] > 1 else chosen


def _need_signal(samples: Floats) -> None:
    if not np.isfinite(samples).all():
        raise AudioError("it has samples that are NaN or infinite")
    if samples[:, 0].min() == samples[:, 0].max():
        raise AudioError("it is silent")


def _resampled(samples: Floats, own: int, rate: int | None) -> Floats:
    if rate is None or rate == own:
        return samples
    import soxr

    resampled: Floats = soxr.resample(samples, own, rate, quality="VHQ")
    if not resampled.size:
        raise AudioError(f"it is too short to be converted to {rate} Hz")
    return resampled
