from __future__ import annotations

import hashlib
import os
import struct
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from nk import audio as module
from nk.audio import digest, probe, read
from nk.audio_container import filled
from nk.errors import AudioError

DATA = os.environ.get("NK_TEST_DATA")
RATE = 16_000


def noise(seconds: float = 1.0, rate: int = RATE, channels: int = 1) -> Any:
    rng = np.random.default_rng(7)
    return (0.1 * rng.standard_normal((round(seconds * rate), channels))).clip(-1, 1).astype("float32")


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(), RATE, subtype="FLOAT")
    return path


def reason(path: Path, **options: Any) -> str:
    with pytest.raises(AudioError) as caught:
        read(path, **options)
    assert str(path.parent) not in str(caught.value)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_whole_file(wav: Path) -> None:
    audio = read(wav)
    assert audio.samples.dtype == np.float32
    assert audio.samples.shape == (1, RATE)
    assert audio.mono.shape == (RATE,)
    assert (audio.rate, audio.seconds, audio.name) == (RATE, 1.0, "a.wav")
    np.testing.assert_array_equal(audio.mono, noise()[:, 0])


def test_header(wav: Path) -> None:
    header = probe(wav)
    assert (header.seconds, header.rate, header.channels, header.frames) == (1.0, RATE, 1, RATE)


def test_headers_are_fast(wav: Path) -> None:
    probe(wav)
    began = time.process_time()
    for _ in range(200):
        probe(wav)
    assert (time.process_time() - began) / 200 < 0.002


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
def test_rates(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(0.5, rate), rate)
    assert read(path).rate == rate
    assert read(path, rate=RATE).seconds == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("suffix", "subtype", "error"),
    [
        ("wav", "PCM_U8", 2e-2),
        ("wav", "PCM_16", 1e-4),
        ("wav", "PCM_24", 1e-6),
        ("wav", "PCM_32", 1e-6),
        ("wav", "FLOAT", 0),
        ("wav", "DOUBLE", 0),
        ("flac", "PCM_16", 1e-4),
        ("aiff", "PCM_16", 1e-4),
    ],
)
def test_lossless_formats(tmp_path: Path, suffix: str, subtype: str, error: float) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, noise(), RATE, subtype=subtype)
    np.testing.assert_allclose(read(path).mono, noise()[:, 0], rtol=0, atol=error)


@pytest.mark.parametrize("suffix", ["mp3", "ogg"])
def test_lossy_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    soundfile.write(path, tone, RATE)
    audio = read(path)
    assert audio.samples.shape == (1, 2 * RATE) == (1, probe(path).frames)
    assert np.corrcoef(audio.mono, tone)[0, 1] > 0.99
    np.testing.assert_allclose(read(path, 0.5, 1.2).mono, audio.mono[8000:19200], atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.99])
@pytest.mark.parametrize("suffix", ["mp3", "ogg", "opus", "flac"])
def test_segments_of_compressed_files(tmp_path: Path, suffix: str, level: float) -> None:
    path = tmp_path / f"a.{suffix}"
    samples = np.random.default_rng(1).standard_normal(20 * RATE) * np.repeat([0.01, 0.3], 10 * RATE)
    with soundfile.SoundFile(path, "w", RATE, 1, **_format(suffix), compression_level=level) as file:
        file.write(samples)
    whole = read(path).mono
    for start in (0.01, 0.5, 1.9, 2.2, 9.99, 15.0):
        first = round(start * RATE)
        np.testing.assert_allclose(read(path, start, start + 1.2).mono, whole[first : first + 19_200], atol=1e-5)


@pytest.mark.parametrize("name", ["two words.wav", "Jürgen ß é.wav", 'it\'s "so".wav', "音.wav", "no_suffix"])
def test_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, noise(), RATE, format="WAV")
    assert read(path).name == name
    assert read(str(path)).seconds == 1


def test_twentieth_of_a_second(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(0.05), RATE)
    assert read(path).seconds == 0.05


def test_channels(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    samples = noise(channels=8)
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    assert probe(path).channels == 8
    np.testing.assert_array_equal(read(path).mono, samples[:, 0])
    np.testing.assert_array_equal(read(path, channel=7).mono, samples[:, 7])
    np.testing.assert_allclose(read(path, channel="mix").mono, samples.mean(axis=1), atol=1e-6)
    assert reason(path, channel=8) == "there is no channel 8: its 8 channels are 0 to 7"
    assert "no channel -1" in reason(path, channel=-1)


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_every_channel_comes_behind_the_one_that_is_used(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "a.wav"
    samples = noise(channels=channels)
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    last = read(path, 0.25, 0.75, channels - 1, every=True)
    expected = samples[RATE // 4 : RATE * 3 // 4].T
    used = expected[-1:]
    np.testing.assert_array_equal(last.samples, np.vstack([used, expected]) if channels > 1 else used)
    assert last.mono.flags.c_contiguous
    mixed = read(path, channel="mix", rate=8000, every=True)
    assert mixed.samples.shape == (channels + 1 if channels > 1 else 1, RATE // 2)
    np.testing.assert_allclose(mixed.mono, read(path, channel="mix", rate=8000).mono, atol=1e-6)


@given(st.floats(0, 0.99), st.floats(0.001, 1))
def test_a_segment_is_a_slice(tmp_path_factory: pytest.TempPathFactory, start: float, length: float) -> None:
    path = tmp_path_factory.getbasetemp() / "slice.wav"
    if not path.exists():
        soundfile.write(path, noise(), RATE, subtype="FLOAT")
    end = min(start + length, 1.0)
    first, last = round(start * RATE), round(end * RATE)
    np.testing.assert_array_equal(read(path, start, end).mono, noise()[first:last, 0])


def test_resampling_keeps_a_tone(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000), 48_000, subtype="FLOAT")
    audio = read(path, rate=16_000)
    want = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)
    np.testing.assert_allclose(audio.mono[500:-500], want[500:-500], atol=1e-4)


def test_end_a_little_beyond(wav: Path) -> None:
    assert read(wav, 0.5, 1.05).seconds == 0.5
    assert "outside the recording of 1.000 s" in reason(wav, start=0.5, end=1.06)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (1.0, 2.0, "from 1 to 2 s is outside"),
        (1.0, None, "outside"),
        (-0.5, 0.5, "outside"),
        (0.5, 0.5, "no samples"),
        (0.5, 0.2, "no samples"),
    ],
)
def test_impossible_segments(wav: Path, start: float, end: float | None, words: str) -> None:
    assert words in reason(wav, start=start, end=end)


def test_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    assert reason(path) == "there is no such file"
    for function in (probe, digest):
        with pytest.raises(AudioError, match="no such file"):
            function(path)


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    assert reason(tmp_path / "a.wav") == "it is a folder"
    with pytest.raises(AudioError, match="folder"):
        digest(tmp_path / "a.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_neither_pipe_nor_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    for path in (tmp_path / "a.wav", Path("/dev/zero")):
        for function in (probe, read, digest):
            with pytest.raises(AudioError, match="^it is not a file$"):
                function(path)


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    for function in (probe, read, digest):
        with pytest.raises(AudioError, match=r"^it cannot be read \(File name too long\)$"):
            function(tmp_path / f"{'x' * 300}.wav")


def test_a_folder_that_may_not_be_entered(wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    for function in (probe, read, digest):
        with pytest.raises(AudioError, match="^there is no permission to read it$"):
            function(wav)


def test_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert reason(tmp_path / "a.wav") == "the file is empty"


def test_no_permission(wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert reason(wav) == "there is no permission to read it"


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
def test_no_samples(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, noise(0), RATE)
    assert reason(path) == "it has no samples"


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.raw", "a.txt"])
@pytest.mark.parametrize("text", ["this is no sound", "RIFF\0\0\0\0WAVEfmt ", "RIFF", "x" * 5000])
def test_not_audio(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert reason(tmp_path / name) == "it is not readable as audio"


@pytest.mark.parametrize("value", [0.0, 0.25, -1.0])
def test_silent(tmp_path: Path, value: float) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(RATE, value), RATE)
    assert reason(path) == "it is silent"


def test_a_silent_channel_or_segment(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    samples = np.hstack([noise(), np.zeros((RATE, 1), "float32")])
    samples[:8000] = 0
    soundfile.write(path, samples, RATE)
    assert read(path).seconds == 1
    assert reason(path, channel=1) == "it is silent"
    assert reason(path, start=0, end=0.5) == "it is silent"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(tmp_path: Path, value: float) -> None:
    path = tmp_path / "a.wav"
    samples = noise()
    samples[100] = value
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    assert reason(path) == "it has samples that are NaN or infinite"


def test_too_short_to_resample(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise()[:3], 96_000)
    assert reason(path, rate=8000) == "it is too short to be converted to 8000 Hz"


@pytest.mark.parametrize(
    ("suffix", "written"),
    [
        ("wav", "WAV"),
        ("wav", "WAVEX"),
        ("wav", "RF64"),
        ("aiff", "AIFF"),
        ("w64", "W64"),
        ("au", "AU"),
        ("sph", "NIST"),
    ],
)
@pytest.mark.parametrize("lost", [1, 5000, 16_000])
def test_cut_files(tmp_path: Path, suffix: str, written: str, lost: int) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, noise(), RATE, format=written)
    assert read(path).seconds == 1
    path.write_bytes(path.read_bytes()[:-lost])
    assert reason(path) == "it is truncated"
    with pytest.raises(AudioError, match="truncated"):
        probe(path)


@pytest.mark.parametrize("suffix", ["flac", "ogg", "opus", "mp3"])
@pytest.mark.parametrize("part", [0.6, 0.9, 0.99])
def test_cut_compressed_files(tmp_path: Path, suffix: str, part: float) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, noise(3), RATE, **_format(suffix))
    assert read(path).seconds == 3
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * part)])
    assert "truncated" in reason(path)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0x7FFFFFFF - 36, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFF - 36])
@pytest.mark.parametrize("form", [0, 36, 0xFFFFFFFF])
def test_headers_of_streams(tmp_path: Path, order: str, size: int, form: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(), RATE, format="WAV", endian="LITTLE" if order == "<" else "BIG", subtype="PCM_16")
    raw = bytearray(path.read_bytes())
    where = raw.index(b"data") + 4
    struct.pack_into(order + "I", raw, where, size)
    struct.pack_into(order + "I", raw, 4, form)
    path.write_bytes(raw)
    assert probe(path).frames == RATE
    np.testing.assert_allclose(read(path).mono, noise()[:, 0], atol=1e-4)
    np.testing.assert_allclose(read(path, 0.5).mono, noise()[8000:, 0], atol=1e-4)


def test_odd_chunks(tmp_path: Path) -> None:
    """A list of odd length before the samples, samples of odd length without padding, and a chunk behind."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise()[:101], RATE, subtype="PCM_U8")
    raw = path.read_bytes()
    at = raw.index(b"data")
    odd = b"LIST" + struct.pack("<I", 5) + b"INFO!\0"
    samples = raw[at : at + 8 + 101]
    for body in (samples, samples + b"\0", samples + b"\0" + odd):
        path.write_bytes(_riff(raw[12:at] + odd + body))
        assert probe(path).frames == 101
        assert read(path).seconds == 101 / RATE
    path.write_bytes(_riff(raw[12:at] + odd + samples[:-1]))
    assert reason(path) == "it is truncated"


def test_no_samples_but_chunks_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(), RATE)
    raw = path.read_bytes()
    form = raw[12 : raw.index(b"data")]
    path.write_bytes(_riff(form + b"data" + struct.pack("<I", 0) + b"LIST" + struct.pack("<I", 4) + b"INFO"))
    assert reason(path) == "it has no samples"


@pytest.mark.parametrize("length", [20, 28, 35])
def test_an_rf64_cut_within_its_sizes(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, noise(), RATE, format="RF64", subtype="PCM_16")
    raw = path.read_bytes()
    assert raw[12:16] == b"ds64"
    path.write_bytes(raw[:length])
    assert reason(path) == "it is truncated"


def test_long_sizes(tmp_path: Path) -> None:
    """RF64 keeps its sizes in another chunk, which counts."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(), RATE, format="RF64", subtype="PCM_16")
    raw = bytearray(path.read_bytes())
    assert raw[:4] == b"RF64"
    path.write_bytes(raw + b"JUNK" + struct.pack("<I", 0))
    assert probe(path).frames == RATE


def test_a_flac_without_length(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(), RATE)
    raw = bytearray(path.read_bytes())
    raw[21] &= 0xF0
    raw[22:26] = bytes(4)
    path.write_bytes(raw)
    assert reason(path) == "its header does not say how long it is"


def test_filled_sizes() -> None:
    raw = b"RIFF" + bytes(4) + b"WAVEdata" + bytes(4) + b"abcdef"
    assert filled(raw, (16, "<")) == _riff(b"data" + struct.pack("<I", 6) + b"abcdef")


@pytest.mark.parametrize("order", ["BIG", "LITTLE"])
def test_au_of_unknown_length(tmp_path: Path, order: str) -> None:
    path = tmp_path / "a.au"
    soundfile.write(path, noise(), RATE, subtype="PCM_16", endian=order)
    raw = bytearray(path.read_bytes())
    path.write_bytes(raw[:-100])
    assert reason(path) == "it is truncated"
    raw[8:12] = b"\xff" * 4
    path.write_bytes(raw)
    assert probe(path).frames == RATE


def test_odd_w64_chunks(tmp_path: Path) -> None:
    """A chunk of odd length before the samples is padded to eight bytes."""
    path = tmp_path / "a.w64"
    soundfile.write(path, noise()[:101], RATE, subtype="PCM_U8")
    raw = path.read_bytes()
    at = raw.index(b"data")
    body = raw[:at] + b"junk" + raw[at + 4 : at + 16] + struct.pack("<Q", 29) + b"12345\0\0\0" + raw[at:]
    whole = raw[:16] + struct.pack("<Q", len(body)) + body[24:]
    path.write_bytes(whole)
    assert probe(path).frames == 101
    path.write_bytes(whole[:-1])
    assert reason(path) == "it is truncated"


@pytest.mark.parametrize("rate", [1, 8, 50, 999, 768_001, 2**31 - 1])
def test_rates_that_are_none_of_speech(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(), RATE)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<I", raw, 24, rate)
    path.write_bytes(raw)
    assert reason(path) == f"its sampling rate of {rate} Hz is none of speech"
    with pytest.raises(AudioError, match="none of speech"):
        probe(path)


@pytest.mark.parametrize("rate", [1000, 768_000])
def test_outermost_rates(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(0.1), rate)
    assert probe(path).rate == rate


@pytest.mark.parametrize("frames", [2_000_000_000, 2**36 - 1])
def test_a_flac_that_promises_too_much(tmp_path: Path, frames: int) -> None:
    path = _flac(tmp_path, frames)
    assert reason(path) == "its header promises more samples than its bytes can hold"
    with pytest.raises(AudioError, match="more samples than"):
        probe(path)


def test_a_flac_that_lies_within_reason(tmp_path: Path) -> None:
    """Its 25 kB might hold 200 million frames (800 MB), so it is decoded; what is not there takes no memory."""
    path = _flac(tmp_path, 200_000_000)
    assert probe(path).frames == 200_000_000
    tracemalloc.start()
    assert "truncated" in reason(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_an_ogg_that_promises_too_much(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    soundfile.write(path, noise(), RATE)
    raw = bytearray(path.read_bytes())
    at = raw.rfind(b"OggS")
    struct.pack_into("<q", raw, at + 6, 2**40)
    struct.pack_into("<I", raw, at + 22, 0)
    struct.pack_into("<I", raw, at + 22, _ogg_sum(bytes(raw[at:])))
    path.write_bytes(raw)
    assert reason(path) == "its header promises more samples than its bytes can hold"


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3"])
@pytest.mark.parametrize("channel", ["first", "mix", 1])
def test_blocks_leave_no_seam(tmp_path: Path, suffix: str, channel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, noise(5, channels=2), RATE, **_format(suffix))
    whole, part = read(path, channel=channel).mono, read(path, 2.5, 4.5, channel=channel).mono
    monkeypatch.setattr(module, "_BLOCK", 10_001)
    np.testing.assert_array_equal(read(path, channel=channel).mono, whole)
    np.testing.assert_array_equal(read(path, 2.5, 4.5, channel=channel).mono, part)


def test_digital_silence_in_flac_is_no_lie(tmp_path: Path) -> None:
    """The best that a codec can do stays below the bound."""
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros(3_000_000), RATE, compression_level=1.0)
    assert probe(path).frames == 3_000_000
    assert reason(path) == "it is silent"


def test_no_memory(wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(soundfile.SoundFile, "read", refuse)
    assert reason(wav) == "it does not fit into memory"


def test_digest(wav: Path) -> None:
    assert digest(wav) == hashlib.blake2b(wav.read_bytes(), digest_size=16).hexdigest()
    assert len(digest(wav)) == 32


@pytest.mark.skipif(not DATA, reason="needs real recordings: set NK_TEST_DATA")
def test_real_recordings() -> None:
    folder = Path(str(DATA))
    files = [*folder.glob("emodb/wav/*.wav"), *folder.glob("*/**/*.ogg"), *folder.glob("fsdd/recordings/*_0.wav")]
    assert len(files) > 600
    for file in files:
        probe(file)
    for file in files[::20]:
        assert read(file).seconds == probe(file).seconds
    assert probe(folder / "emodb/wav/03a01Fa.wav").seconds == pytest.approx(1.89825)


def _riff(body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def _flac(folder: Path, frames: int) -> Path:
    """A second of FLAC that says to hold `frames` (36 bits of its STREAMINFO)."""
    path = folder / "a.flac"
    soundfile.write(path, noise(), RATE)
    raw = bytearray(path.read_bytes())
    raw[21] = raw[21] & 0xF0 | frames >> 32
    struct.pack_into(">I", raw, 22, frames & 0xFFFFFFFF)
    path.write_bytes(raw)
    return path


def _ogg_sum(page: bytes) -> int:
    """The checksum of a page (RFC 3533): CRC-32 by 0x04c11db7 from 0, bits not turned round."""
    total = 0
    for byte in page:
        total ^= byte << 24
        for _ in range(8):
            total = (total << 1 ^ (0x04C11DB7 if total & 0x80000000 else 0)) & 0xFFFFFFFF
    return total


def _format(suffix: str) -> dict[str, str]:
    return {"format": "OGG", "subtype": "OPUS"} if suffix == "opus" else {"format": suffix.upper()}
