"""Praat: values are those of direct calls, known signals give known values, and each file stands for itself."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import parselmouth
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parselmouth.praat import call
from pydantic import ValidationError

from nk.apart import Lost, run_apart
from nk.audio import Audio, read
from nk.config import load_config
from nk.features._praat_fluency import fluency, pause_distribution
from nk.features._praat_formants import vocal_tract
from nk.features._praat_track import at
from nk.features.praat import NAMES, Praat, PraatOptions

if TYPE_CHECKING:
    from nk.registry import Doubles, Floats

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "praat.md"
RATE = 24000
# Syllables of the sentences of Emo-DB, counted in their text.
SYLLABLES = {
    "a01": 8, "a02": 9, "a04": 11, "a05": 18, "a07": 10, "b01": 15, "b02": 20, "b03": 24, "b09": 17, "b10": 14,
}  # fmt: skip
SPOKEN = [name for name in NAMES if not name.startswith("pause_")]


def plugin(**options: Any) -> Praat:
    return Praat(PraatOptions.model_validate({f"praat.{name}": value for name, value in options.items()}), name="praat")


def named(audio: Audio, **options: Any) -> dict[str, float]:
    return dict(zip(NAMES, plugin(**options).extract(audio).tolist(), strict=True))


def heard(wave: Doubles, rate: int = RATE) -> Audio:
    return Audio(wave[np.newaxis].astype(np.float32), rate, "a.wav")


def pulses(hertz: float, seconds: float) -> Doubles:
    """A click a period, so that all formants are those of nothing and the pitch is exact where periods are whole."""
    wave = np.zeros(int(seconds * RATE))
    wave[:: round(RATE / hertz)] = 0.9
    return wave


def bursts(number: int, seconds: float, gap: float) -> Doubles:
    """Tones that swell and fade, with near silence between them and at both ends."""
    size = int(seconds * RATE)
    tone = np.hanning(size) * sum(np.sin(2 * np.pi * 150 * k * np.arange(size) / RATE) / k for k in (1, 2, 3, 4))
    rest = np.zeros(int(gap * RATE))
    wave = np.concatenate([rest, *(part for _ in range(number) for part in (0.3 * tone, rest))])
    faint: Doubles = wave + np.random.default_rng(1).normal(0, 1e-5, len(wave))
    return faint


def emodb(data: Path, every: int) -> list[Path]:
    return sorted((data / "emodb" / "wav").glob("*.wav"))[::every]


def sound_of(path: Path) -> Any:
    return parselmouth.Sound(str(path))


def test_the_page_lists_every_measure() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)) == NAMES


def test_voice_is_that_of_direct_calls(data: Path) -> None:
    for path in emodb(data, 90):
        sound, found = sound_of(path), named(read(path))
        pitch = call(sound, "To Pitch", 0.0, 75, 300)
        points = call(sound, "To PointProcess (periodic, cc)", 75, 300)
        expected = {
            "duration": call(sound, "Get total duration"),
            "meanF0Hz": call(pitch, "Get mean", 0, 0, "Hertz"),
            "stdevF0Hz": call(pitch, "Get standard deviation", 0, 0, "Hertz"),
            "HNR": call(call(sound, "To Harmonicity (cc)", 0.01, 75, 0.1, 1.0), "Get mean", 0, 0),
            "localJitter": call(points, "Get jitter (local)", 0, 0, 0.0001, 0.02, 1.3),
            "localabsoluteJitter": call(points, "Get jitter (local, absolute)", 0, 0, 0.0001, 0.02, 1.3),
            "rapJitter": call(points, "Get jitter (rap)", 0, 0, 0.0001, 0.02, 1.3),
            "ppq5Jitter": call(points, "Get jitter (ppq5)", 0, 0, 0.0001, 0.02, 1.3),
            "ddpJitter": call(points, "Get jitter (ddp)", 0, 0, 0.0001, 0.02, 1.3),
            "localShimmer": call([sound, points], "Get shimmer (local)", 0, 0, 0.0001, 0.02, 1.3, 1.6),
            "localdbShimmer": call([sound, points], "Get shimmer (local_dB)", 0, 0, 0.0001, 0.02, 1.3, 1.6),
            "apq3Shimmer": call([sound, points], "Get shimmer (apq3)", 0, 0, 0.0001, 0.02, 1.3, 1.6),
            "apq5Shimmer": call([sound, points], "Get shimmer (apq5)", 0, 0, 0.0001, 0.02, 1.3, 1.6),
            "apq11Shimmer": call([sound, points], "Get shimmer (apq11)", 0, 0, 0.0001, 0.02, 1.3, 1.6),
            "ddaShimmer": call([sound, points], "Get shimmer (dda)", 0, 0, 0.0001, 0.02, 1.3, 1.6),
        }
        assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-6)


def test_formants_are_those_of_a_call_a_pulse(data: Path) -> None:
    path = emodb(data, 100)[1]
    sound, found = sound_of(path), named(read(path))
    points = call(sound, "To PointProcess (periodic, cc)", 75, 300)
    track = call(sound, "To Formant (burg)", 0.0025, 5, 5000, 0.025, 50)
    times = [call(points, "Get time from index", k + 1) for k in range(call(points, "Get number of points"))]
    for number in (1, 2, 3, 4):
        values = [call(track, "Get value at time", number, time, "Hertz", "Linear") for time in times]
        assert found[f"f{number}_mean"] == pytest.approx(np.nanmean(values), rel=1e-6)
        assert found[f"f{number}_median"] == pytest.approx(np.nanmedian(values), rel=1e-6)


def test_tracks_are_interpolated_as_by_praat(data: Path) -> None:
    path = emodb(data, 100)[0]
    sound = sound_of(path)
    track = call(sound, "To Formant (burg)", 0.0025, 5, 5000, 0.025, 50)
    times = np.random.default_rng(1).uniform(-0.01, sound.duration + 0.01, 3000)
    expected = [call(track, "Get value at time", 4, time, "Hertz", "Linear") for time in times]
    assert 0 < np.isnan(expected).sum() < 300
    found = at(times, call(track, "To Matrix", 4).values[0], track)
    assert found == pytest.approx(np.array(expected), rel=1e-9, nan_ok=True)


@pytest.mark.slow
def test_syllables_are_about_those_of_the_text(data: Path) -> None:
    """The numbers that the page gives."""
    table = pl.read_csv(data / "emodb" / "emodb.csv")
    sounds = [sound_of(data / "emodb" / file) for file in table["file"]]
    found = np.array([fluency(sound, -25, 0.3, 2)["nsyll"] for sound in sounds])
    spoken = np.array([SYLLABLES[text] for text in table["text"]])
    assert np.corrcoef(found, spoken)[0, 1] == pytest.approx(0.88, abs=0.01)
    assert spoken.mean() == pytest.approx(14.6, abs=0.1)
    assert (found - spoken).mean() == pytest.approx(-2, abs=0.2)


def test_pulses_have_their_pitch_and_no_jitter() -> None:
    found = named(heard(pulses(120, 1)))
    assert found["meanF0Hz"] == pytest.approx(120, abs=0.01)
    assert found["stdevF0Hz"] == pytest.approx(0, abs=0.01)
    assert found["localJitter"] == pytest.approx(0, abs=1e-5)
    assert found["localShimmer"] == pytest.approx(0, abs=1e-3)
    assert found["duration"] == 1


def test_the_range_of_pitch_is_an_option() -> None:
    high = heard(pulses(400, 1))
    assert named(high, f0_min=150, f0_max=600)["meanF0Hz"] == pytest.approx(400, abs=0.1)
    assert named(high)["meanF0Hz"] != pytest.approx(400, abs=100)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_bursts_are_syllables_and_gaps_are_pauses(number: int) -> None:
    found = named(heard(bursts(number, 0.3, 0.5)))
    assert found["nsyll"] == number
    assert found["npause"] == number - 1
    assert found["phonationtime_s"] == pytest.approx(0.3 * number, rel=0.2)
    assert found["speechrate_nsyll_dur"] == pytest.approx(number / found["duration"])
    assert found["articulation_rate_nsyll_phonationtime"] == pytest.approx(number / found["phonationtime_s"])
    assert found["ASD_speakingtime_nsyll"] == pytest.approx(found["phonationtime_s"] / number)
    silent = found["duration"] - found["phonationtime_s"]
    assert found["proportion_pause_duration"] == pytest.approx(silent / found["phonationtime_s"])
    assert found["pause_mean_duration"] == pytest.approx(0.5 if number > 1 else np.nan, rel=0.2, nan_ok=True)
    assert np.isnan(found["pause_cv"]) == (number < 4)


def test_short_gaps_divide_syllables_but_are_no_pauses() -> None:
    found = named(heard(bursts(4, 0.2, 0.1)))
    assert (found["nsyll"], found["npause"]) == (4, 0)
    assert named(heard(bursts(4, 0.3, 0.2)), min_pause=0.15)["npause"] == 3


def test_syllables_are_divided_by_falls_of_the_level() -> None:
    swelling = pulses(120, 2) * (1 - 0.3 * np.cos(2 * np.pi * 4 * np.arange(2 * RATE) / RATE))  # by 5.4 dB
    assert named(heard(swelling))["nsyll"] == 8
    assert named(heard(swelling), min_dip=8)["nsyll"] == 1


def test_pauses_follow_the_lognormal_distribution_that_fits() -> None:
    from scipy import stats

    drawn = np.random.default_rng(3).lognormal(-0.5, 0.4, 40)
    shape, _, scale = stats.lognorm.fit(drawn, floc=0)
    found = pause_distribution(drawn)
    assert found["pause_lognorm_mu"] == pytest.approx(np.log(scale), abs=1e-4)
    assert found["pause_lognorm_sigma"] == pytest.approx(shape, abs=1e-4)
    test = stats.kstest(drawn, stats.lognorm(shape, scale=scale).cdf)
    assert found["pause_lognorm_ks_pvalue"] == pytest.approx(test.pvalue, abs=1e-3)
    assert found["pause_cv"] == pytest.approx(found["pause_std_duration"] / found["pause_mean_duration"])
    assert set(pause_distribution(drawn[:2])) == {"pause_mean_duration"}
    assert pause_distribution(drawn[:0]) == {}
    assert np.isnan(pause_distribution(np.full(3, 0.4))["pause_lognorm_ks_pvalue"])


@given(st.floats(5, 30))
def test_a_uniform_tube_has_its_length(length: float) -> None:
    resonances = np.array([1, 3, 5, 7]) * 35000 / (4 * length)
    found = vocal_tract(resonances)
    assert found["fitch_vtl"] == pytest.approx(length)
    assert found["vtl_delta_f"] == pytest.approx(length)
    assert [found["delta_f"], found["fdisp"]] == pytest.approx([35000 / (2 * length)] * 2)
    assert found["avgFormant"] == pytest.approx(resonances.mean())
    assert found["mff"] == pytest.approx(np.prod(resonances) ** 0.25)
    assert np.isnan(list(vocal_tract(np.array([500, 1500, 2500, np.nan])).values())).all()


def test_the_spacing_of_formants_is_the_slope_of_the_line_through_the_origin() -> None:
    measured = np.array([450.0, 1600, 2400, 3700])
    (slope,) = np.linalg.lstsq(np.array([[0.5], [1.5], [2.5], [3.5]]), measured)[0]
    assert vocal_tract(measured)["delta_f"] == pytest.approx(slope)


def test_louder_is_not_different(data: Path) -> None:
    audio = read(emodb(data, 100)[2])
    louder = Audio(audio.samples * np.float32(0.25), audio.rate, audio.name)
    assert plugin().extract(louder) == pytest.approx(plugin().extract(audio), rel=1e-4, nan_ok=True)


def _values(extractor: Praat, path: Path) -> tuple[str, Floats]:
    return path.name, extractor.extract(read(path))


@pytest.mark.slow
def test_values_depend_on_the_file_alone_in_any_process(data: Path) -> None:
    paths = emodb(data, 130)
    here = dict(map(partial(_values, plugin()), paths))
    there = dict(
        outcome
        for _, outcome in run_apart(
            partial(_values, plugin()), paths[::-1], jobs=2, limit=lambda _: 300, idle=lambda: None
        )
        if not isinstance(outcome, Lost)
    )
    assert len(here) == 5
    for name, values in here.items():
        assert np.array_equal(values, there[name], equal_nan=True)
        assert np.isfinite(values[[NAMES.index(measure) for measure in SPOKEN]]).all()


@pytest.mark.parametrize("rate", [4000, 11025, 44100])
@pytest.mark.parametrize("f0_min", [20, 75, 77.7, 500])
def test_what_is_short_has_what_it_can_have(rate: int, f0_min: float) -> None:
    extractor = plugin(f0_min=f0_min, f0_max=600)
    noise = np.random.default_rng(1).normal(0, 0.1, rate)
    limits = [frames for limit in (3 / f0_min, 0.128) for frames in range(int(limit * rate) - 1, int(limit * rate) + 3)]
    for frames in [1, 2, 3, 10, *limits]:
        values = extractor.extract(heard(noise[: max(1, frames)], rate))
        seconds = max(1, frames) / rate
        assert np.isnan(values).all() == (seconds < min(3 / f0_min, 0.128))
        assert np.isnan(values[0]) or values[0] == pytest.approx(seconds)


def test_a_vowel_of_50_ms_has_a_pitch_but_no_syllables() -> None:
    found = named(heard(pulses(200, 0.05)))
    assert found["meanF0Hz"] == pytest.approx(200, rel=0.01)
    assert np.isnan(found["nsyll"])
    assert found["duration"] == pytest.approx(0.05)


def test_noise_has_no_voice() -> None:
    found = named(heard(np.random.default_rng(1).normal(0, 0.1, RATE)))
    voiced = [name for name in NAMES if "F0" in name or "itter" in name or "himmer" in name or name.startswith("f1")]
    assert len(voiced) == 15
    assert np.isnan([found[name] for name in voiced]).all()
    assert found["nsyll"] == 0
    assert np.isnan(found["ASD_speakingtime_nsyll"])


def test_a_click_is_no_speech() -> None:
    wave = np.random.default_rng(1).normal(0, 1e-4, 2 * RATE)
    wave[RATE : RATE + 20] += 0.5
    found = named(heard(wave))
    assert found["nsyll"] == 0
    assert found["phonationtime_s"] == pytest.approx(0, abs=0.2)


def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValidationError, match="`praat.f0_min` 200 is not below `praat.f0_max` 100"):
        plugin(f0_min=200, f0_max=100)


def test_options_are_the_same_in_ini_and_yaml(tmp_path: Path) -> None:
    ini = "[DATA]\ndatabases = ['db']\ndb = db.csv\ntarget = age\n[FEATS]\ntype = praat\npraat.f0_max = 500"
    yaml = "data: {databases: {db: db.csv}, target: age}\nfeats: {type: praat, praat: {f0_max: 500}}"
    for file, text in {"a.ini": ini, "a.yaml": yaml}.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
        assert load_config(tmp_path / file).config.feats.options == {"praat.f0_max": 500.0}
