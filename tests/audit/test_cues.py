"""Recording cues: each has the value that a made-up recording was given, and speech does not change it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.audio import Audio, digest, read
from nk.audit.cues import CLIPPED, CUES, LOWEST, MEASURED, Cues, measure
from nk.families import features
from nk.registry import Options
from nk.tables import Dataset, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

    from nk.registry import Doubles

RATE = 16000


def cues(*channels: Doubles, rate: int = RATE) -> dict[str, float]:
    """The cues of a recording: its only channel, or the one that is used and then all of them."""
    audio = Audio(np.stack(channels).astype(np.float32), rate, "a.wav")
    return dict(zip(MEASURED, Cues(Options(), name="cues").extract(audio).tolist(), strict=True))


def noise(seconds: float, level: float, seed: int = 0, rate: int = RATE) -> Doubles:
    """White noise of a level in dB."""
    return 10 ** (level / 20) * np.random.default_rng(seed).standard_normal(round(seconds * rate))


def tone(seconds: float, level: float, rate: int = RATE) -> Doubles:
    """A tone of a level in dB, of 200 Hz."""
    found: Doubles = np.sqrt(2) * 10 ** (level / 20) * np.sin(2 * np.pi * 200 * np.arange(round(seconds * rate)) / rate)
    return found


def spoken(before: float = 0.3, after: float = 0.5, level: float = -20.0, floor: float = -60.0) -> Doubles:
    """Two sounds of half a second, 0.2 s apart, with silence around them and noise over all."""
    quiet = [np.zeros(round(seconds * RATE)) for seconds in (before, 0.2, after)]
    clean = np.concatenate([quiet[0], tone(0.5, level), quiet[1], tone(0.5, level), quiet[2]])
    return clean + noise(len(clean) / RATE, floor)


def low_passed(samples: Doubles, limit: float, rate: int = RATE) -> Doubles:
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / rate) > limit] = 0
    return np.fft.irfft(spectrum, len(samples))


def rounded(samples: Doubles) -> Doubles:
    """As 16 bits hold it."""
    found: Doubles = np.round(samples * 32768) / 32768
    return found


@pytest.mark.parametrize("floor", [-40.0, -55.0, -70.0, -85.0])
@pytest.mark.parametrize("level", [-30.0, -10.0])
def test_noise_is_that_of_the_pauses_whatever_is_spoken(floor: float, level: float) -> None:
    if level - floor > 15:
        assert cues(spoken(level=level, floor=floor))["noise"] == pytest.approx(floor, abs=0.5)


@pytest.mark.parametrize("offset", [0.0, 0.002, -0.03, 0.3])
def test_offset_is_found_and_changes_nothing_else(offset: float) -> None:
    plain, shifted = cues(spoken()), cues(spoken() + offset)
    assert shifted["offset"] == pytest.approx(offset, abs=2e-5)
    for name in set(MEASURED) - {"offset"}:
        assert shifted[name] == pytest.approx(plain[name], rel=1e-3), name


@pytest.mark.parametrize("limit", [1000, 3400, 5600])
@pytest.mark.parametrize("bits", [16, None])
def test_bandwidth_is_that_of_the_noise_whatever_is_spoken(limit: int, bits: int | None) -> None:
    made = low_passed(noise(2.4, -65.0), limit)
    made[RATE : 2 * RATE] += noise(1, -20)  # wide-band speech
    made = rounded(made) if bits else made
    assert 0 <= cues(made)["bandwidth"] - limit <= 250


def test_bandwidth_of_all_is_half_the_rate() -> None:
    assert cues(rounded(spoken()))["bandwidth"] == 8000
    wide = np.concatenate([noise(0.5, -60, rate=44100), noise(1, -20, rate=44100)])
    assert cues(wide, rate=44100)["bandwidth"] == 22050


def test_what_was_upsampled_keeps_its_bandwidth() -> None:
    import soxr

    telephone = rounded(soxr.resample(soxr.resample(spoken(), RATE, 8000), 8000, 44100))
    found = cues(telephone, rate=44100)
    assert found["rate"] == 44100
    assert 3500 <= found["bandwidth"] <= 4500


@pytest.mark.parametrize(("before", "after"), [(0.05, 0.2), (0.3, 0.7), (0.12, 0.4)])
@pytest.mark.parametrize("floor", [-35.0, -60.0, -200.0])
def test_silence_at_the_ends(before: float, after: float, floor: float) -> None:
    found = cues(spoken(before, after, floor=floor))
    assert found["silence_before"] == pytest.approx(before, abs=0.011)
    assert found["silence_after"] == pytest.approx(after, abs=0.011)


def test_a_recording_that_is_cut_has_no_silence_at_its_ends() -> None:
    found = cues(spoken(0.0, 0.0))
    assert (found["silence_before"], found["silence_after"]) == (0, 0)


def test_digital_silence_has_no_band_and_the_lowest_noise() -> None:
    found = cues(np.concatenate([np.zeros(RATE // 2), tone(1, -20)]))
    assert found["noise"] == LOWEST
    assert found["offset"] == pytest.approx(0, abs=1e-6)
    assert np.isnan(found["bandwidth"])
    assert found["silence_before"] == pytest.approx(0.5, abs=0.011)


def test_loudness_is_that_of_the_louder_half() -> None:
    made = np.concatenate([tone(0.4, -45), tone(0.8, -15)])
    assert cues(made)["loudness"] == pytest.approx(-15, abs=0.1)
    padded = np.concatenate([made, 1e-4 * tone(0.3, -15)])
    assert cues(padded)["loudness"] == pytest.approx(-15, abs=0.1)


def test_what_a_file_says() -> None:
    found = cues(spoken(), rate=8000)
    assert (found["rate"], found["channels"], found["channel_difference"]) == (8000, 1, LOWEST)
    assert found["duration"] == pytest.approx(2 * len(spoken()) / RATE, rel=1e-6)


def test_channels_that_differ() -> None:
    first, second = spoken(), spoken()
    assert cues(first, first, second)["channels"] == 2
    assert cues(first, first, second)["channel_difference"] == LOWEST
    # Of x and -x the mean is nothing: all of it differs. Of x and 0 the deviation is half of each: (1/4 + 1/4) / 1.
    assert cues(first, first, -first)["channel_difference"] == pytest.approx(0, abs=1e-4)
    assert cues(first, first, 0 * first)["channel_difference"] == pytest.approx(10 * np.log10(0.5), abs=1e-4)
    near = first + noise(len(first) / RATE, -60, seed=1)
    expected = 10 * np.log10(((near - first) ** 2).mean() / 2 / (first**2 + near**2).mean())
    assert cues(first, first, near)["channel_difference"] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("made", [tone(1, -20), noise(1, -20), noise(1, -90)], ids=["tone", "noise", "faint"])
def test_a_steady_sound_has_no_pause(made: Doubles) -> None:
    found = cues(made)
    assert np.isnan([found[name] for name in ("noise", "offset", "bandwidth")]).all()
    assert (found["silence_before"], found["silence_after"]) == (0, 0)
    assert np.isfinite(found["loudness"])


def test_a_dip_is_no_pause() -> None:
    dips = np.concatenate([tone(0.3, -20), 1e-3 * tone(0.05, -20)] * 4)
    assert np.isnan(cues(dips)["noise"])
    pauses = np.concatenate([tone(0.3, -20), 1e-3 * tone(0.15, -20)] * 4)
    assert cues(pauses)["noise"] == pytest.approx(-80, abs=1)


@given(seed=st.integers(0, 100), frames=st.integers(2, 3000), rate=st.sampled_from([1000, 8000, 44100, 192000]))
def test_however_short_or_strange_nothing_breaks(seed: int, frames: int, rate: int) -> None:
    generator = np.random.default_rng(seed)
    made = generator.standard_normal(frames) * 10.0 ** generator.uniform(-12, 3, frames)
    found = cues(made, rate=rate)
    assert found["rate"] == rate
    assert found["duration"] > 0
    assert not np.isinf(list(found.values())).any()
    if frames < rate // 20:
        assert np.isnan(found["loudness"])


def test_cues_are_no_features() -> None:
    assert "cues" not in features.names()
    assert [cue.name for cue in CUES] == [*(name for name in MEASURED if name != CLIPPED), "database"]
    assert [cue.name for cue in CUES if cue.honest] == ["loudness", "duration"]


def rows(folder: Path, files: list[str]) -> Dataset:
    import polars as pl
    import soundfile

    paths = [str(folder / file) for file in files]
    columns = {
        "id": [f"d/{file}" for file in files], "path": paths, "digest": [digest(path) for path in paths],
        "start": [0.0] * len(files), "end": [soundfile.info(path).duration for path in paths],
        "database": ["d"] * len(files), "label": ["a"] * len(files),
    }  # fmt: skip
    return Dataset(pl.DataFrame(columns), Target("label", ("a",)))


def test_rows_are_measured_in_the_channel_that_is_used_and_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import soundfile

    left, right = spoken(floor=-60), spoken(floor=-40) + 0.01
    soundfile.write(tmp_path / "a.wav", left, RATE)
    soundfile.write(tmp_path / "b.wav", np.stack([left, right], axis=1), RATE)
    data = rows(tmp_path, ["a.wav", "b.wav"])
    first = measure(data, channels={"d": "first"}, jobs=1, ui=Ui())
    second = measure(data.with_frame(data.frame[1:], "b"), channels={"d": 1}, jobs=1, ui=Ui())
    assert first.columns == ["id", *MEASURED, "database"]
    assert first["channels"].to_list() == [1, 2]
    assert first["noise"].to_list() == pytest.approx([-60, -60], abs=0.5)
    assert second["noise"].to_list() == pytest.approx([-40], abs=0.5)
    assert second["offset"].to_list() == pytest.approx([0.01], abs=1e-3)
    assert second["channel_difference"][0] == first["channel_difference"][1]

    monkeypatch.setattr(Cues, "extract", lambda *_: pytest.fail("it is in the cache"))
    assert measure(data, channels={"d": "first"}, jobs=1, ui=Ui()).equals(first)


def test_a_file_that_was_lost_has_no_cues(tmp_path: Path) -> None:
    import soundfile

    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, spoken(level=-19.0 if name == "a.wav" else -21.0), RATE)
    data = rows(tmp_path, ["a.wav", "b.wav"])
    (tmp_path / "a.wav").unlink()
    found = measure(data, channels={"d": "first"}, jobs=1, ui=Ui())
    assert found["noise"].is_null().to_list() == [True, False]
    assert found["database"].to_list() == ["d", "d"]


def test_it_costs_a_fraction_of_egemaps(data: Path) -> None:
    """A hundredth here; the whole audit may cost 15 %."""
    plugin = features.get("os")
    smile = plugin(plugin.options_type(), name="os")
    files = sorted((data / "emodb" / "wav").glob("*.wav"))[:60:4]
    audio = [read(file, every=True) for file in files]

    def seconds(extractor: object) -> float:
        extractor.extract(audio[0])  # type: ignore[attr-defined]
        start = time.process_time()
        for one in audio:
            extractor.extract(one)  # type: ignore[attr-defined]
        return time.process_time() - start

    assert seconds(Cues(Options(), name="cues")) < 0.05 * seconds(smile)


def test_emodb_was_recorded_with_one_device(data: Path) -> None:
    found = [cues(read(file).mono.astype(np.float64)) for file in sorted((data / "emodb" / "wav").glob("*.wav"))[::20]]
    table = {name: np.array([one[name] for one in found]) for name in MEASURED}
    assert set(table["rate"]) == {RATE}
    assert np.isnan(table["noise"]).mean() < 0.25
    assert np.nanmin(table["bandwidth"]) > 7000
    assert (table["loudness"] - np.nan_to_num(table["noise"], nan=-99) > 10).all()


def test_digital_silence_is_found_beside_sounds_that_are_not_even() -> None:
    pulses = np.where(np.arange(RATE) % 80 == 0, 0.5, 0.0) + noise(1, -40)  # its mean is .006
    found = cues(np.concatenate([np.zeros(RATE // 2), pulses]))
    assert found["noise"] == LOWEST
    assert found["offset"] == pytest.approx(0, abs=1e-6)
    assert found["silence_before"] == pytest.approx(0.5, abs=0.011)


def test_samples_in_threes_at_full_scale_are_clipped() -> None:
    wave = np.zeros(16000)
    wave[[100, 101, 102, 200, 201, 300]] = 1, 1, 1, 1, 1, -1
    wave[400:404] = -1
    assert cues(wave)["clipped"] == pytest.approx(7 / 16000)
