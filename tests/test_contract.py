"""What every plug-in of every family has to keep; families have more in tests of their own."""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nk import families
from nk.audio import Audio
from nk.registry import FeatureExtractor, FeatureLearner, Plugin, Reader, Registry, Request
from nk.votes import Ensemble, Votes

REGISTRIES: list[Registry[Any]] = [
    families.readers,
    families.features,
    families.models,
    families.metrics,
    families.ensembles,
]
PLUGINS = [plugin for registry in REGISTRIES for plugin in registry.all()]
OPTIONS = [(plugin, name) for plugin in PLUGINS for name in plugin.options_type.model_fields]


def called(plugin: type[Plugin]) -> str:
    return f"{plugin.__module__.removeprefix('nk.')}"


def made(plugin: type[Any], **options: Any) -> Any:
    return plugin(plugin.options_type(**options), name=plugin.name)


def test_every_family_is_here() -> None:
    assert {id(registry) for registry in REGISTRIES} == {
        id(item) for item in vars(families).values() if isinstance(item, Registry)
    }


@pytest.mark.parametrize("plugin", PLUGINS, ids=called)
def test_one_file_holds_one_plugin_that_imports_little_at_its_top(plugin: type[Plugin]) -> None:
    file = Path(inspect.getfile(plugin))
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {name.name.split(".")[0] for node in tree.body if isinstance(node, ast.Import) for name in node.names}
    found |= {(node.module or "").split(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert found <= {"nk", "pydantic", *sys.stdlib_module_names}
    names = [name for registry in REGISTRIES for name in registry.names() if registry.get(name) is plugin]
    assert len(names) == 1
    assert inspect.getdoc(plugin)


@pytest.mark.parametrize("plugin", PLUGINS, ids=called)
def test_options_are_frozen_closed_and_have_defaults(plugin: type[Plugin]) -> None:
    options = plugin.options_type()
    assert options.model_config["frozen"]
    assert options.model_config["extra"] == "forbid"


@pytest.mark.parametrize(("plugin", "name"), OPTIONS, ids=lambda item: item if isinstance(item, str) else called(item))
def test_every_option_is_described_and_every_number_bounded(plugin: type[Plugin], name: str) -> None:
    field = plugin.options_type.model_fields[name]
    assert field.description
    schema = plugin.options_type.model_json_schema()["properties"][field.alias or name]
    arms = schema.get("anyOf", [schema])
    numbers = [arm for arm in arms if arm.get("type") in {"integer", "number"}]
    for arm in numbers:
        assert {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "enum", "const"} & set(arm), arm


def recording(seed: int, seconds: float = 1.0) -> Audio:
    generator = np.random.default_rng(seed)
    time = np.arange(int(seconds * 16000)) / 16000
    loudness = np.sin(2 * np.pi * 2 * time) ** 4  # four syllables a second
    wave = 0.3 * loudness * np.sin(2 * np.pi * (120 + 30 * seed) * time) + generator.normal(0, 0.01 * seed, len(time))
    return Audio(wave[np.newaxis].astype(np.float32), 16000, f"{seed}.wav")


EXTRACTORS: list[type[FeatureExtractor]] = [one for one in families.features.all() if issubclass(one, FeatureExtractor)]
LEARNERS: list[type[FeatureLearner]] = [one for one in families.features.all() if issubclass(one, FeatureLearner)]


@pytest.mark.parametrize("plugin", LEARNERS, ids=called)
def test_learnt_features_are_stored_and_depend_on_the_recording_alone(
    plugin: type[FeatureLearner], tmp_path: Path
) -> None:
    learner = made(plugin)
    frames = [learner.frames().extract(recording(number, 3.0)) for number in range(4)]
    learnt = learner.learn(frames, seed=1)
    learnt.save(tmp_path)
    stored = plugin.load(tmp_path)
    for rows in frames:
        vector = learnt.vector(rows)
        assert vector.shape == (len(learnt.names),)
        assert np.isfinite(vector).all()
        assert np.array_equal(vector, stored.vector(rows))
        assert np.array_equal(vector, learner.learn(frames, seed=1).vector(rows))
    assert stored.names == learnt.names
    assert not [file for file in tmp_path.iterdir() if b"sklearn" in file.read_bytes()]


@pytest.mark.parametrize("plugin", EXTRACTORS, ids=called)
def test_features_fit_their_names_and_depend_on_the_recording_alone(plugin: type[FeatureExtractor]) -> None:
    alone, after = made(plugin), made(plugin)
    after.extract(recording(2))
    first, second = alone.extract(recording(1)), after.extract(recording(1))
    assert np.array_equal(first, second, equal_nan=True)
    assert not np.array_equal(first, alone.extract(recording(2)), equal_nan=True)
    assert first.shape[-1] == len(alone.names()) == len(set(alone.names()))
    assert first.ndim == (2 if alone.frame_level else 1)
    assert np.isfinite(first).any()
    assert not np.isinf(first).any()


@pytest.mark.parametrize("plugin", EXTRACTORS, ids=called)
def test_the_package_of_an_extractor_has_a_version(plugin: type[FeatureExtractor]) -> None:
    from importlib.metadata import version

    assert version(plugin.package)


@pytest.mark.parametrize("plugin", families.readers.all(), ids=called)
def test_readers_give_the_columns_that_loading_needs(plugin: type[Reader], tmp_path: Path) -> None:
    table = "file,speaker,emotion\na.wav,s1,joy\n"
    (tmp_path / "db.csv").write_text(table, encoding="utf-8")
    (tmp_path / "db.t.csv").write_text(table, encoding="utf-8")
    header = "{name: db, source: me, usage: other, tables: {t: {type: filewise, columns: {speaker: {}, emotion: {}}}}}"
    (tmp_path / "db.yaml").write_text(header, encoding="utf-8")
    path = "." if plugin.name == "audformat" else "db.csv"
    frame = made(plugin).read(Request("db", path, "emotion", lambda path: tmp_path / path))
    assert {"file", "path", "start", "end"} <= set(frame.columns)
    assert frame.schema["file"] == frame.schema["path"] == pl.String
    assert frame.schema["start"] == frame.schema["end"] == pl.Float64
    assert frame.height
    assert not frame["file"].null_count()


@pytest.mark.parametrize("plugin", families.metrics.all(), ids=called)
def test_metrics_say_what_they_are(plugin: Any) -> None:
    assert plugin.task in {"classification", "regression"}
    assert plugin.bounds in {"unit", "signed", "positive", "below_one"}
    assert plugin.chance
    assert plugin.__doc__


def votes(classes: int, *, learn: bool = False) -> Votes:
    generator = np.random.default_rng(learn)
    shape = (3, 40, classes)
    scores = generator.dirichlet(np.ones(classes), shape[:2]) if classes > 1 else generator.normal(size=shape)
    truth = generator.integers(0, classes, 40) if classes > 1 else generator.normal(size=40)
    return Votes(scores, generator.uniform(0, 1, shape[:2]), truth if learn else None)


@pytest.mark.parametrize("plugin", families.ensembles.all(), ids=called)
def test_ensembles_give_scores_of_each_row_whatever_the_order_of_rows_and_models(plugin: type[Ensemble]) -> None:
    assert set(plugin.tasks) <= {"classification", "regression"}
    for classes in [4] * ("classification" in plugin.tasks) + [1] * ("regression" in plugin.tasks):
        some, method = votes(classes), made(plugin)
        learnt = votes(classes, learn=True) if method.learns else None
        found = method.combine(some, learnt)
        assert found.shape == (40, classes)
        assert np.isfinite(found).all()
        if classes > 1:
            assert found.sum(axis=1) == pytest.approx(1.0)
            assert (found >= 0).all()
        turned = Votes(some.scores[::-1, ::-1], some.uncertainty[::-1, ::-1])
        other = replace(learnt, scores=learnt.scores[::-1], uncertainty=learnt.uncertainty[::-1]) if learnt else None
        assert method.combine(turned, other)[::-1] == pytest.approx(found, abs=1e-3)
