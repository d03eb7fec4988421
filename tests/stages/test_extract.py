"""Recordings -> features: cached by content, equal to the package's own values, bad rows told apart."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk.audio import digest
from nk.errors import DataError
from nk.families import features
from nk.registry import FeatureExtractor
from nk.stages.assemble import Extracted, join, skips
from nk.stages.extract import count_cached, extract
from nk.stages.pooling import Pooling
from nk.tables import Dataset, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

    from nk.audio import Channel

CHANNELS: dict[str, Channel] = {"db": "first"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NK_CACHE", str(tmp_path / "cache"))
    # What is put in the place of `extract` here is not seen by another process, whatever the plug-in says.
    monkeypatch.setattr(features.get("os"), "workers", "threads")


def named(name: str, **options: Any) -> FeatureExtractor:
    plugin = features.get(name)
    made = plugin(plugin.options_type(**options), name=name)
    assert isinstance(made, FeatureExtractor)
    return made


def os_plugin(**options: Any) -> FeatureExtractor:
    return named("os", **options)


def noise(path: Path, seconds: float, seed: int, rate: int = 16000) -> None:
    wave = np.random.default_rng(seed).normal(0, 0.1, int(seconds * rate))
    soundfile.write(path, wave, rate)


def dataset(*paths: Path, ends: tuple[float, ...] | None = None) -> Dataset:
    seconds = ends or tuple(round(soundfile.info(path).duration, 3) for path in paths)
    frame = pl.DataFrame(
        {
            "id": [f"db/{path.name}#{end}" for path, end in zip(paths, seconds, strict=True)],
            "file": [path.name for path in paths],
            "path": [str(path) for path in paths],
            "start": [0.0] * len(paths),
            "end": list(seconds),
            "database": ["db"] * len(paths),
            "digest": [digest(path) for path in paths],
        }
    )
    return Dataset(frame, Target("emotion", ("joy",)))


def run(rows: Dataset, extractor: FeatureExtractor, **more: Any) -> Extracted:
    return extract(rows, extractor, **{"channels": CHANNELS, "jobs": 2, "ui": Ui(quiet=True), **more})


def test_pieces_of_three_hours(tmp_path: Path) -> None:
    """As if they had been cut out: at the start, in the middle and at the very end of a file of three hours."""
    rate, hours = 8000, 3
    voice = np.random.default_rng(0).normal(0, 0.1, 60 * rate)
    with soundfile.SoundFile(tmp_path / "long.wav", "w", rate, 1) as file:
        for minute in range(60 * hours):
            file.write(voice * (1 + minute % 7) / 7)
    places = [(0.0, 1.5), (5400.25, 5402.0), (3600 * hours - 1.25, 3600.0 * hours)]
    for number, (start, end) in enumerate(places):
        wave, _ = soundfile.read(tmp_path / "long.wav", start=round(start * rate), stop=round(end * rate))
        soundfile.write(tmp_path / f"{number}.wav", wave, rate)
    whole = dataset(*[tmp_path / "long.wav"] * 3, ends=tuple(end for _, end in places))
    whole = Dataset(whole.frame.with_columns(start=pl.Series([start for start, _ in places])), whole.target)
    pieces = dataset(*[tmp_path / f"{number}.wav" for number in range(3)])
    one, two = (run(some, os_plugin()).values for some in (whole, pieces))
    for number in range(3):
        np.testing.assert_allclose(one[whole.ids[number]], two[pieces.ids[number]], rtol=1e-4, atol=1e-5)


def test_values_are_those_of_the_package(tmp_path: Path) -> None:
    import opensmile

    noise(tmp_path / "a.wav", 1.3337, 1)
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    found = run(dataset(tmp_path / "a.wav"), os_plugin())
    expected = smile.process_file(str(tmp_path / "a.wav"))
    assert found.names == tuple(expected.columns)
    assert np.array_equal(next(iter(found.values.values())), expected.to_numpy(dtype=np.float32)[0])


def test_a_second_time_nothing_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise(tmp_path / "a.wav", 1, 1)
    rows, extractor = dataset(tmp_path / "a.wav"), os_plugin()
    first = run(rows, extractor)
    assert count_cached(rows, extractor, CHANNELS) == 1
    monkeypatch.setattr(type(extractor), "extract", lambda *_: pytest.fail("was computed again"))
    again = run(rows, extractor)
    assert [key for key in first.values if np.array_equal(first.values[key], again.values[key])] == rows.ids
    assert first.names == again.names


def test_a_renamed_file_is_a_hit_and_a_changed_one_a_miss(tmp_path: Path) -> None:
    noise(tmp_path / "a.wav", 1, 1)
    run(dataset(tmp_path / "a.wav"), os_plugin())
    (tmp_path / "a.wav").rename(tmp_path / "b.wav")
    noise(tmp_path / "a.wav", 1, 2)
    assert count_cached(dataset(tmp_path / "b.wav"), os_plugin(), CHANNELS) == 1
    assert count_cached(dataset(tmp_path / "a.wav"), os_plugin(), CHANNELS) == 0


@pytest.mark.parametrize("options", [{"set": "GeMAPSv01b"}, {"level": "lld"}])
def test_other_options_are_a_miss(tmp_path: Path, options: dict[str, str]) -> None:
    noise(tmp_path / "a.wav", 1, 1)
    rows = dataset(tmp_path / "a.wav")
    run(rows, os_plugin())
    assert count_cached(rows, os_plugin(**options), CHANNELS) == 0


def test_another_rate_or_revision_of_the_plugin_is_a_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise(tmp_path / "a.wav", 1, 1)
    rows = dataset(tmp_path / "a.wav")
    assert run(rows, named("lfcc")).provenance["rate"] == 16000
    assert count_cached(rows, named("lfcc"), CHANNELS) == 1
    assert count_cached(rows, named("lfcc", **{"lfcc.sample_rate": 8000}), CHANNELS) == 0
    monkeypatch.setattr(features.get("lfcc"), "revision", 99)
    assert count_cached(rows, named("lfcc"), CHANNELS) == 0


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_recordings_are_brought_to_the_rate_that_an_extractor_asks_for(tmp_path: Path, rate: int) -> None:
    noise(tmp_path / "a.wav", 1, 1, rate)
    (values,) = run(dataset(tmp_path / "a.wav"), named("lfcc")).values.values()
    assert values.shape == (1 + (16000 - 400) // 80, 40)


def test_another_segment_or_channel_is_a_miss(tmp_path: Path) -> None:
    noise(tmp_path / "a.wav", 2, 1)
    run(dataset(tmp_path / "a.wav"), os_plugin())
    assert count_cached(dataset(tmp_path / "a.wav", ends=(1.5,)), os_plugin(), CHANNELS) == 0
    assert count_cached(dataset(tmp_path / "a.wav"), os_plugin(), {"db": "mix"}) == 0


def test_a_run_that_ends_in_the_middle_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / f"{number}.wav" for number in range(8)]
    for number, path in enumerate(paths):
        noise(path, 0.5, number)
    run(dataset(*paths[:5]), os_plugin())
    computed: list[str] = []
    plugin = type(os_plugin())
    original = plugin.extract

    def count(self: FeatureExtractor, audio: Any) -> Any:
        computed.append(audio.name)
        return original(self, audio)

    monkeypatch.setattr(plugin, "extract", count)
    assert len(run(dataset(*paths), os_plugin()).values) == 8
    assert sorted(computed) == ["5.wav", "6.wav", "7.wav"]


def test_linear_algebra_has_one_thread_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from threadpoolctl import threadpool_info

    noise(tmp_path / "a.wav", 0.5, 1)
    seen: list[int] = []

    def look(*_: object) -> Any:
        seen.extend(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")
        return np.ones((1, 40))

    monkeypatch.setattr(features.get("lfcc"), "extract", look)
    run(dataset(tmp_path / "a.wav"), named("lfcc"))
    assert set(seen) == {1}


def test_rows_that_fail_are_named_and_the_others_go_on(tmp_path: Path) -> None:
    noise(tmp_path / "good.wav", 1, 1)
    soundfile.write(tmp_path / "silent.wav", np.zeros(16000), 16000)
    soundfile.write(tmp_path / "nan.wav", np.full(16000, np.nan), 16000, subtype="FLOAT")
    noise(tmp_path / "tiny.wav", 0.005, 1)
    rows = dataset(*(tmp_path / f"{name}.wav" for name in ("good", "silent", "nan", "tiny")))
    found = run(rows, os_plugin())
    assert [key.split("#")[0] for key in found.values] == ["db/good.wav"]
    reasons = {skip.file: skip.reason for skip in skips(rows, [found])}
    assert set(reasons) == {"silent.wav", "nan.wav", "tiny.wav"}
    assert reasons["tiny.wav"] == "too short for `os` (0.005 s)"


def test_an_extractor_that_raises_on_one_file_does_not_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        noise(tmp_path / f"{number}.wav", 0.5, number)
    plugin = type(os_plugin())
    original = plugin.extract

    def fail(self: FeatureExtractor, audio: Any) -> Any:
        if audio.name == "1.wav":
            raise RuntimeError("broken")
        return original(self, audio)

    monkeypatch.setattr(plugin, "extract", fail)
    rows = dataset(*(tmp_path / f"{number}.wav" for number in range(3)))
    found = run(rows, os_plugin())
    assert [(skip.file, skip.reason) for skip in skips(rows, [found])] == [("1.wav", "`os` failed: broken")]


def test_a_file_that_changes_during_the_run_is_left_out_and_does_not_spoil_the_cache(tmp_path: Path) -> None:
    noise(tmp_path / "a.wav", 1, 1)
    first = (tmp_path / "a.wav").read_bytes()
    rows, extractor = dataset(tmp_path / "a.wav"), os_plugin()
    noise(tmp_path / "a.wav", 1, 2)
    found = run(rows, extractor)
    assert [skip.reason for skip in skips(rows, [found])] == ["it changed during the run"]
    assert count_cached(rows, extractor, CHANNELS) == 0
    (tmp_path / "a.wav").write_bytes(first)
    assert list(run(rows, extractor).values) == rows.ids


def test_a_file_of_many_segments_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise(tmp_path / "a.wav", 3, 1)
    rows = dataset(*[tmp_path / "a.wav"] * 5, ends=(0.5, 1.0, 1.5, 2.0, 2.5))
    hashed: list[str] = []

    def count(path: str) -> str:
        hashed.append(path)
        return digest(path)

    monkeypatch.setattr("nk.stages.extract.digest", count)
    assert len(run(rows, os_plugin(), jobs=1).values) == 5
    assert len(hashed) == 1


def test_what_is_computed_is_stored_while_others_are_still_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        noise(tmp_path / f"{number}.wav", 0.5, number)
    plugin = type(os_plugin())
    original, seen = plugin.extract, []
    rows = dataset(tmp_path / "0.wav", tmp_path / "1.wav")

    def slow(self: FeatureExtractor, audio: Any) -> Any:
        if audio.name == "1.wav":
            end = time.monotonic() + 20
            while time.monotonic() < end and not count_cached(rows, os_plugin(), CHANNELS):
                time.sleep(0.05)
            seen.append(count_cached(rows, os_plugin(), CHANNELS))
        return original(self, audio)

    monkeypatch.setattr(plugin, "extract", slow)
    run(rows, os_plugin())
    assert seen == [1]


def test_a_damaged_cache_is_mended_and_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise(tmp_path / "a.wav", 0.5, 1)
    rows, extractor = dataset(tmp_path / "a.wav"), os_plugin()
    first = run(rows, extractor)
    (store,) = (tmp_path / "cache" / "features").glob("*.sqlite")
    store.write_bytes(b"not a database" * 999)
    ui = Ui(quiet=True)
    assert count_cached(rows, extractor, CHANNELS) == 0
    again = run(rows, extractor, ui=ui)
    assert len([line for line in ui.lines if "warning: the feature cache was damaged" in line]) == 1
    assert np.array_equal(first.values[rows.ids[0]], again.values[rows.ids[0]])
    monkeypatch.setattr(type(extractor), "extract", lambda *_: pytest.fail("was computed again"))
    assert run(rows, extractor).names == first.names


def test_names_that_were_cut_are_asked_for_again(tmp_path: Path) -> None:
    noise(tmp_path / "a.wav", 0.5, 1)
    rows, extractor = dataset(tmp_path / "a.wav"), os_plugin()
    first = run(rows, extractor)
    (store,) = (tmp_path / "cache" / "features").glob("*.sqlite")
    with sqlite3.connect(store) as connection:
        connection.execute("""UPDATE about SET value = '["a"]' WHERE key = 'names'""")
    connection.close()
    again = run(rows, extractor)
    assert again.names == first.names
    assert join([again], (), rows).values.shape == (1, 88)


def test_frames_are_pooled_into_one_vector(tmp_path: Path) -> None:
    noise(tmp_path / "a.wav", 1, 1)
    rows = dataset(tmp_path / "a.wav")
    found = run(rows, os_plugin(level="lld"))
    frames = next(iter(found.values.values()))
    assert frames.ndim == 2
    pooled = run(rows, os_plugin(level="lld"), pooling=Pooling(("mean", "std")))
    vector = next(iter(pooled.values.values()))
    assert pooled.names == tuple(f"{name}_{how}" for how in ("mean", "std") for name in found.names)
    assert np.allclose(vector[: len(found.names)], frames.mean(axis=0), rtol=1e-5)
    assert np.allclose(vector[len(found.names) :], frames.std(axis=0), rtol=1e-4)


@pytest.mark.parametrize("how", ["mean", "std"])
def test_the_frames_of_an_hour_are_pooled_without_loss(how: str) -> None:
    column = np.tile(np.array([100.1, 100.3], dtype=np.float32), 500_000)
    frames = np.stack([column, column], axis=1)
    expected = {"mean": 100.2, "std": 0.1}[how]
    assert Pooling((how,))(frames) == pytest.approx([expected, expected], rel=1e-4)


def test_vectors_and_pooled_frames_stand_side_by_side(tmp_path: Path) -> None:
    noise(tmp_path / "a.wav", 1, 1)
    rows = dataset(tmp_path / "a.wav")
    both = join([run(rows, os_plugin()), run(rows, named("lfcc"), pooling=Pooling(("mean", "std")))], (), rows)
    assert both.values.shape == (1, 88 + 80)
    assert (both.names[88], both.names[128]) == ("lfcc_0_mean", "lfcc_0_std")


def test_a_recording_without_a_whole_frame_is_too_short(tmp_path: Path) -> None:
    noise(tmp_path / "a.wav", 0.02, 1)
    noise(tmp_path / "b.wav", 0.05, 1)
    rows = dataset(tmp_path / "a.wav", tmp_path / "b.wav")
    for name, reason in (("lfcc", "too short for `lfcc` (0.020 s)"), ("spectra", "too short for `spectra` (0.020 s)")):
        found = run(rows, named(name))
        assert [(skip.file, skip.reason) for skip in skips(rows, [found])] == [("a.wav", reason)]
    assert not run(rows, named("cqcc")).failed


def test_sets_stand_side_by_side_and_columns_can_be_chosen(tmp_path: Path) -> None:
    noise(tmp_path / "a.wav", 1, 1)
    rows = dataset(tmp_path / "a.wav")
    one, two = run(rows, os_plugin()), run(rows, os_plugin(set="GeMAPSv01b"))
    both = join([one, two], (), rows)
    assert both.values.shape == (1, 88 + 62)
    kept = join([one], (), rows, ("loudness_sma3_amean",))
    assert kept.values[0, 0] == both.values[0, both.names.index("os.loudness_sma3_amean")]
    assert "os2.loudness_sma3_amean" in both.names
    with pytest.raises(DataError, match="names columns that are not there: `loud`"):
        join([one], (), rows, ("loud",))


def test_what_an_extractor_has_to_say_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nk.features import _smile_kept

    paths = [tmp_path / f"{seed}.wav" for seed in range(3)]
    for seed, path in enumerate(paths):
        noise(path, 0.5, seed)
    expected = run(dataset(*paths), os_plugin()).values
    monkeypatch.setattr(_smile_kept._Instance, "__call__", lambda *_: 1 / 0)
    ui = Ui(quiet=True)
    values = run(dataset(*paths), os_plugin(), fresh=True, ui=ui).values
    assert all(values[name].tobytes() == expected[name].tobytes() for name in expected)
    said = [line for line in ui.lines if "openSMILE" in line]
    assert [line[20:] for line in said] == [
        "openSMILE starts anew for each recording, which is slower: division by zero"
    ]
