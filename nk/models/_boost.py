"""What the trees that XGBoost boosts share: options, training with early stopping, and storage."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from nk.errors import DataError
from nk.models._boosting import Boosting, BoostingOptions, watched
from nk.models._common import RECORD, About, describe, read_about
from nk.models._tree import check_nodes
from nk.registry import Fitted
from nk.storage import unreadable, write_record

if TYPE_CHECKING:
    from pathlib import Path

    from nk.registry import Doubles, Floats, Training

# Text, not the binary UBJ: XGBoost crashes the process on a truncated UBJ file, Python checks JSON before it sees it.
BOOSTER = "booster.json"
# Arrays of a stored tree with a value a node, and those of categories, which are empty.
NODES = (
    "left_children", "right_children", "parents", "split_indices", "split_conditions", "split_type", "default_left",
    "base_weights", "loss_changes", "sum_hessian",
)  # fmt: skip
CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")


class BoostOptions(BoostingOptions):
    """Options of `xgb` and `xgr`."""

    learning_rate: float = Field(default=0.3, gt=0, le=1, description="Share of a tree that is added (0 to 1)")
    tree_method: Literal["auto", "hist", "approx", "exact"] = Field(
        default="auto", description="How splits are searched; `auto` is XGBoost's choice"
    )


class FittedBooster(Fitted):
    """Trained trees, and the record that is stored beside them."""

    def __init__(self, booster: Any, about: About) -> None:
        self.booster = booster
        self.about = about
        self.notes = about.notes

    def raw(self, x: Floats) -> Doubles:
        """What the booster says: probabilities or values.

        Raises:
            DataError: there are more or fewer features than in training
        """
        import numpy as np
        import xgboost

        # XGBoost would take features that are not there for missing values.
        if x.shape[1] != self.booster.num_features():
            message = f"{x.shape[1]} features where the model was trained on {self.booster.num_features()}"
            raise DataError(message, hint="extract the features that the model was trained on")
        return np.asarray(self.booster.predict(xgboost.DMatrix(x, nthread=1)), dtype=np.float64)

    def predict(self, x: Floats) -> Doubles:
        """Values, shape (rows,)."""
        return self.raw(x)

    def importances(self) -> Doubles:
        """The loss that the questions for a feature have saved, all together, as a share of the whole."""
        import numpy as np

        gains = self.booster.get_score(importance_type="total_gain")  # without names features are `f0`, `f1`, ...
        found = np.array([gains.get(f"f{place}", 0.0) for place in range(self.booster.num_features())])
        shares: Doubles = found / (found.sum() or 1.0)
        return shares

    def save(self, folder: Path) -> None:
        """Write `model.json` and `booster.json`, XGBoost's own format."""
        write_record(folder / RECORD, self.about)
        self.booster.save_model(folder / BOOSTER)


class Boosted(Boosting):
    """A learner of XGBoost."""

    fitted_type: type[FittedBooster] = FittedBooster

    @classmethod
    @abstractmethod
    def objective(cls, about: About) -> dict[str, Any]:
        """XGBoost's parameters for the task."""

    def fit(self, data: Training, *, seed: int, jobs: int) -> FittedBooster:
        """Train on `data` with `jobs` threads; with early stopping the rounds up to the best one on dev are kept.

        Raises:
            DataError: there is nothing to learn from, or nothing to stop on
        """
        import xgboost

        about = describe(data, self.name)
        rows = self._matrix(data.x, data.y, about, jobs, weights=self.weights(data.y))
        stop: dict[str, Any] = {}
        if self.options.early_stopping_rounds:
            dev = self._matrix(*watched(data, about), about, jobs)
            stop = {"evals": [(dev, "stop")], "early_stopping_rounds": self.options.early_stopping_rounds}
        params = self._params(about, seed, jobs)
        booster = xgboost.train(params, rows, self.options.n_estimators, verbose_eval=False, **stop)
        return self.fitted_type(booster[: booster.best_iteration + 1] if stop else booster, about)

    @classmethod
    def load(cls, folder: Path) -> FittedBooster:
        """Read what `save` has written.

        Raises:
            PluginError: a file is missing, damaged, or of another learner
        """
        import xgboost

        about = read_about(folder, About, cls.name)
        path = folder / BOOSTER
        try:
            content = json.loads(path.read_bytes())
            learner = content["learner"]
            _check_trees(learner)
            found = _objective(learner)
            if found != cls.objective(about):
                raise ValueError(f"its task {found} is not that of `{RECORD}`")
            # What was checked, written anew: of a key that is there twice the two parsers may take different ones.
            checked = bytearray(json.dumps(content).encode())
            booster = xgboost.Booster({"nthread": 1}, model_file=checked)
        except Exception as error:
            raise unreadable(path, error) from error
        return cls.fitted_type(booster, about)

    def _params(self, about: About, seed: int, jobs: int) -> dict[str, Any]:
        taken = {"max_depth", "learning_rate", "subsample", "colsample_bytree", "tree_method"}
        rest = {"eval_metric": self.metric(about), "seed": seed, "nthread": jobs, "verbosity": 0}
        return {**self.options.model_dump(include=taken), **self.objective(about), **rest}

    def _matrix(self, x: Floats, y: Any, about: About, jobs: int, weights: Doubles | None = None) -> Any:
        import xgboost

        return xgboost.DMatrix(x, label=self.targets(y, about), weight=weights, nthread=jobs)


def _objective(learner: dict[str, Any]) -> dict[str, Any]:
    """XGBoost's parameters for the task, from a stored booster."""
    classes = int(learner["learner_model_param"]["num_class"])
    return {"objective": learner["objective"]["name"], **({"num_class": classes} if classes else {})}


def _check_trees(learner: dict[str, Any]) -> None:
    """Look for contents of a stored booster that XGBoost would follow out of its arrays.

    Raises:
        ValueError: there are some
    """
    sizes, booster = learner["learner_model_param"], learner["gradient_booster"]
    model, outputs = booster["model"], max(1, int(sizes["num_class"]))
    if booster["name"] != "gbtree" or int(sizes["num_target"]) != 1:
        raise ValueError("it is not of trees for one target")
    if learner["feature_names"] or learner["feature_types"] or any((model.get("cats") or {}).values()):
        raise ValueError("it knows names or categories, and features are numbers")
    base = json.loads(sizes["base_score"])
    if len(base if isinstance(base, list) else [base]) not in {1, outputs}:
        raise ValueError("it starts with scores of other classes")
    for tree in model["trees"]:
        _check_tree(tree, int(sizes["num_feature"]))
    params, count = model["gbtree_model_param"], len(model["trees"])
    if (int(params["num_trees"]), int(params["num_parallel_tree"])) != (count, 1):
        raise ValueError("its trees are not as many as it says")
    if len(model["tree_info"]) != count or not {*model["tree_info"]} <= {*range(outputs)}:
        raise ValueError("a tree is of a class that there is not")
    if model["iteration_indptr"] != list(range(0, count + 1, outputs)):
        raise ValueError("a round of boosting has not one tree a class")


def _check_tree(tree: dict[str, Any], features: int) -> None:
    """The part of `_check_trees` that is about one tree.

    Raises:
        ValueError: its arrays do not fit each other, or would lead out of themselves
    """
    sizes = {key: int(value) for key, value in tree["tree_param"].items()}
    nodes = sizes["num_nodes"]
    if nodes < 1 or any(len(tree[key]) != nodes for key in NODES):
        raise ValueError("the arrays of a tree do not fit each other")
    if (sizes["num_feature"], sizes["size_leaf_vector"]) != (features, 1):
        raise ValueError("a tree is of other features, or has more than a number in a leaf")
    if any(tree["split_type"]) or any(tree[key] for key in CATEGORIES):
        raise ValueError("a tree asks for a category, and features are numbers")
    left, right = tree["left_children"], tree["right_children"]
    check_nodes(left, right, tree["split_indices"], features)
    parents = {child: node for node in range(nodes) for child in (left[node], right[node]) if child != -1}
    if any(tree["parents"][child] != node for child, node in parents.items()):
        raise ValueError("the nodes of a tree do not lead back to the root")
