"""openSMILE: names are those of the installed package, and every set and level gives what its names promise."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
from pydantic import ValidationError

from nk.audio import Audio
from nk.features._smile import Level, Set
from nk.features.os import OpenSmile, OsOptions

COMBINATIONS = [
    (one, level) for one in get_args(Set) for level in get_args(Level) if not (level == "lld_de" and "GeMAPS" in one)
]


def audio(seconds: float = 1.0, peak: float = 0.3, rate: int = 16000) -> Audio:
    time = np.arange(int(seconds * rate)) / rate
    wave = np.sign(np.sin(2 * np.pi * 120 * time)) * peak
    return Audio(wave[np.newaxis].astype(np.float32), rate, "a.wav")


def test_all_sets_of_the_package_are_there() -> None:
    import opensmile

    ours = {name.replace("v01a", "") for name in get_args(Set)}
    assert ours == {one.name for one in opensmile.FeatureSet}


@pytest.mark.parametrize(("name", "level"), COMBINATIONS)
def test_values_fit_the_names(name: str, level: str) -> None:
    extractor = OpenSmile(OsOptions(set=name, level=level), name="os")
    values = extractor.extract(audio())
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert values.shape[-1] == len(extractor.names()) == len(set(extractor.names()))
    assert values.ndim == (2 if extractor.frame_level else 1)


@pytest.mark.parametrize("name", ["eGeMAPSv02", "eGeMAPSv01a", "GeMAPSv01b"])
def test_deltas_that_a_set_lacks_are_refused_before_the_native_library(name: str) -> None:
    with pytest.raises(ValidationError, match=f"the set `{name}` has no level `lld_de`"):
        OsOptions(set=name, level="lld_de")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("functional", "functionals"), ("frame", "lld"), ("LLD", "lld"), ("LowLevelDescriptors_Deltas", "lld_de")],
)
def test_levels_have_other_spellings(written: str, meant: str) -> None:
    assert OsOptions(set="emobase", level=written).level == meant


def test_a_set_in_any_case() -> None:
    assert OsOptions(set="egemapsV02").set == "eGeMAPSv02"
    with pytest.raises(ValidationError):
        OsOptions(set="eGeMAPS_v2")
    with pytest.raises(ValidationError, match="write `GeMAPSv01b`, the present one, or `GeMAPSv01a`"):
        OsOptions(set="GeMAPS")


def test_full_scale_does_not_wrap_round() -> None:
    extractor = OpenSmile(OsOptions(), name="os")
    loudness = extractor.names().index("loudness_sma3_amean")
    nearly, full = (extractor.extract(audio(peak=peak))[loudness] for peak in (0.999, 1.0))
    assert full == pytest.approx(nearly, rel=0.01)


def test_what_is_too_short_has_no_value() -> None:
    assert np.isnan(OpenSmile(OsOptions(), name="os").extract(audio(0.005))).all()


def test_a_wrong_level_would_end_the_process_without_our_check() -> None:
    """The reason for the check: should the library learn to refuse by itself, the check can go."""
    code = "import opensmile; opensmile.Smile('eGeMAPSv02', 'functional')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert done.returncode != 0
