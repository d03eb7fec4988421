"""Two ways to make scores of an SVM, on the same folds: whole votes plus a fraction, or sums of pairwise margins.

`python benchmarks/svm_scores.py examples/emodb.ini` (its data has to be there) makes the table of the decision in
docs/decisions/0005-learners.md. The decisions of both are those of the SVM itself.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

from nk.config import load_config
from nk.models import _margins
from nk.paths import resolver
from nk.pipeline import _features
from nk.ready import divided
from nk.setup import prepare
from nk.stages import train
from nk.stages.load import load
from nk.ui import Ui

if TYPE_CHECKING:
    from nk.tables import Predictions


def votes(estimator: Any, rows: Any) -> Any:
    """The one-against-rest decision function of scikit-learn: votes of the pairs, and a fraction of their margins."""
    return estimator.decision_function(rows)


def predicted(config: Path) -> Predictions:
    """The out-of-fold predictions of an experiment."""
    loaded, ui = load_config(config), Ui(quiet=True)
    setup = prepare(loaded, None)
    settings: dict[str, Any] = {
        "number": False,
        "fail_threshold": 0.5,
        "seed": setup.config.exp.random_seed,
        "jobs": setup.jobs,
    }
    read = load(setup.config.data, resolve=resolver(config), ui=ui, **settings)
    dataset, folds = divided(read.dataset, setup)
    features, _ = _features(dataset, setup, ui)
    return train.cross(features, dataset, folds, setup.recipe, 1, ui).predictions


def describe(name: str, predictions: Predictions) -> None:
    """Print a line: how well scores tell what is right."""
    scores, labels = predictions.scores, list(predictions.target.labels)
    truth = np.array([labels.index(label) for label in predictions.frame["truth"]])
    top, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    errors = [_calibration_error(top, right, bins) for bins in (5, 10, 15)]
    print(
        f"{name}: right {right.mean():.3f}, ROC area of the top score for being right {roc_auc_score(right, top):.3f}, "
        f"log loss {log_loss(truth, scores, labels=range(len(labels))):.3f}, "
        f"calibration error in 5, 10, 15 bins {' '.join(f'{one:.3f}' for one in errors)}, "
        f"one-against-rest AUC {roc_auc_score(truth, scores, multi_class='ovr'):.3f}"
    )


def _calibration_error(top: Any, right: Any, bins: int) -> float:
    place = np.minimum((top * bins).astype(int), bins - 1)
    gaps = [abs(right[place == one].mean() - top[place == one].mean()) * (place == one).mean() for one in set(place)]
    return float(np.sum(gaps))


def main() -> None:
    """Measure both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    config = parser.parse_args().config
    describe("margins", predicted(config))
    _margins.margins = votes
    describe("votes", predicted(config))


if __name__ == "__main__":
    main()
