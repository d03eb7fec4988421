"""Every balancer, and scaling within speakers, on Emo-DB with eGeMAPS features: what plain libraries give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from nk.config.model import Balancing
from nk.stages import train
from nk.stages.results import metrics_json
from nk.ui import Ui

pytestmark = pytest.mark.slow
METHODS: tuple[str, ...] = get_args(Balancing)
EXAMPLE = Path(__file__).parents[2] / "examples" / "emodb.ini"


@pytest.fixture(scope="module")
def emodb(data: Path) -> Any:
    """Features, dataset, folds and recipe of the example: an SVM, each speaker left out in turn."""
    from nk.config import load_config
    from nk.paths import resolver
    from nk.pipeline import _features
    from nk.ready import divided
    from nk.setup import prepare
    from nk.stages.load import load

    setup, ui = prepare(load_config(EXAMPLE, [f"data.emodb={data / 'emodb' / 'emodb.csv'}"]), None), Ui(quiet=True)
    resolve = resolver(EXAMPLE)
    read = load(setup.config.data, number=False, fail_threshold=0.5, resolve=resolve, seed=42, jobs=2, ui=ui)
    dataset, folds = divided(read.dataset, setup)
    features, _ = _features(dataset, setup, ui)
    return features, dataset, folds, setup.recipe


def uar(dataset: Any, folds: Any, predictions: Any) -> float:
    known = {fold.name: dataset.frame["emotion"][fold.train_rows] for fold in folds}
    value: float = metrics_json(predictions, known)["metrics"]["test"]["uar"]["value"]
    return value


def sampler(method: str) -> Any:
    from imblearn import combine, over_sampling, under_sampling

    kinds = {
        kind.__name__.lower(): kind
        for family in (combine, over_sampling, under_sampling)
        for kind in (getattr(family, name) for name in family.__all__)
    }
    kind = kinds["randomoversampler" if method == "ros" else method]
    return kind() if method in {"editednearestneighbours", "tomeklinks"} else kind(random_state=42)


def decided(x: Any, y: Any, test: Any) -> Any:
    from sklearn.svm import SVC

    return SVC(break_ties=True).fit(x, y).predict(test)


@pytest.mark.parametrize("method", METHODS)
def test_every_balancer_gives_what_plain_libraries_give(method: str, emodb: Any) -> None:
    from sklearn.preprocessing import StandardScaler

    features, dataset, folds, recipe = emodb
    found = train.cross(features, dataset, folds, replace(recipe, balancing=method), 1, Ui(quiet=True))
    assert uar(dataset, folds, found.predictions) > 0.5
    labels = dataset.frame["emotion"].to_numpy()
    for fold, course in list(zip(folds, found.courses, strict=True))[:3]:
        scaler = StandardScaler().fit(features.rows(fold.train))
        x, test = (scaler.transform(features.rows(ids)).astype(np.float32) for ids in (fold.train, fold.test))
        more, y = sampler(method).fit_resample(x.astype(np.float64), labels[fold.train_rows])
        assert course.after == tuple(np.sum(y == label) for label in dataset.target.labels)
        said = found.predictions.frame.filter(fold=fold.name)["predicted"].to_numpy()
        # Another order of the rows may turn a decision that is nearly even.
        assert np.mean(said == decided(more, y, test)) > 0.96


def test_scaling_within_speakers_gives_what_plain_libraries_give(emodb: Any) -> None:
    from scipy.stats import zscore

    features, dataset, folds, recipe = emodb
    found = train.cross(features, dataset, folds, replace(recipe, scale="speaker"), 1, Ui(quiet=True))
    assert uar(dataset, folds, found.predictions) > uar(
        dataset, folds, train.cross(features, dataset, folds, recipe, 1, Ui(quiet=True)).predictions
    )
    labels, speakers = (dataset.frame[name].to_numpy() for name in ("emotion", "speaker"))
    x = features.rows(dataset.ids).astype(np.float64)
    for speaker in np.unique(speakers):
        x[speakers == speaker] = np.nan_to_num(zscore(x[speakers == speaker]))
    for fold in folds:
        said = found.predictions.frame.filter(fold=fold.name)["predicted"].to_numpy()
        train_rows, test_rows = fold.train_rows, fold.test_rows
        assert np.mean(said == decided(x[train_rows], labels[train_rows], x[test_rows])) > 0.96
