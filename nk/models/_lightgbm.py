"""What the trees that LightGBM boosts share: options, training with early stopping, and storage."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from pydantic import Field

from nk.errors import DataError, MissingDependency
from nk.models._boosting import Boosting, BoostingOptions, watched
from nk.models._common import RECORD, About, describe, read_about
from nk.models._lightgbm_text import MOST_LEAVES, Trees, read
from nk.registry import Fitted
from nk.storage import unreadable, write_record

if TYPE_CHECKING:
    from pathlib import Path

    from nk.registry import Doubles, Floats, Training

BOOSTER = "booster.txt"
# With fewer rows, threads that wait for each other cost more than they bring (docs/decisions/0005-learners.md).
ROWS_A_THREAD = 50_000
QUIET = {"verbosity": -1}
ONE_THREAD = {"num_threads": 1, **QUIET}


class LightOptions(BoostingOptions):
    """Options of `lgbm` and `lgbr`."""

    learning_rate: float = Field(default=0.1, gt=0, le=1, description="Share of a tree that is added (0 to 1)")
    num_leaves: int = Field(
        default=31, ge=2, le=MOST_LEAVES, description="Leaves of a tree at most (count); `max_depth` bounds them too"
    )
    min_child_samples: int = Field(
        default=20, ge=1, le=1_000_000, description="Training rows in a leaf at least (count): few rows need fewer"
    )


class FittedLight(Fitted):
    """Trained trees, and the record that is stored beside them; what predicts is what is stored."""

    def __init__(self, trees: Trees, about: About) -> None:
        self.trees = trees
        self.about = about
        self.notes = about.notes
        self.booster = library().Booster(model_str=trees.text())

    def raw(self, x: Floats) -> Doubles:
        """What the booster says: probabilities or values.

        Raises:
            DataError: there are more or fewer features than in training
        """
        import numpy as np

        if x.shape[1] != self.trees.features:
            message = f"{x.shape[1]} features where the model was trained on {self.trees.features}"
            raise DataError(message, hint="extract the features that the model was trained on")
        return np.asarray(self.booster.predict(x, **ONE_THREAD), dtype=np.float64)

    def predict(self, x: Floats) -> Doubles:
        """Values, shape (rows,)."""
        return self.raw(x)

    def importances(self) -> Doubles:
        """The loss that the questions for a feature have saved, all together, as a share of the whole."""
        import numpy as np

        found = np.asarray(self.booster.feature_importance("gain"), dtype=np.float64)
        shares: Doubles = found / (found.sum() or 1.0)
        return shares

    def save(self, folder: Path) -> None:
        """Write `model.json` and `booster.txt`, LightGBM's own format without what is of no use to predictions."""
        write_record(folder / RECORD, self.about)
        (folder / BOOSTER).write_text(self.trees.text(), encoding="ascii", newline="\n")


class Light(Boosting):
    """A learner of LightGBM."""

    fitted_type: type[FittedLight] = FittedLight

    @classmethod
    @abstractmethod
    def objective(cls, about: About) -> str:
        """LightGBM's name of the task, as it stands in a stored file."""

    def fit(self, data: Training, *, seed: int, jobs: int) -> FittedLight:
        """Train on `data`, in a thread if rows are few; early stopping keeps the rounds up to the best one on dev.

        Raises:
            DataError: there is nothing to learn from, or nothing to stop on
            MissingDependency: LightGBM lacks a library of the system
        """
        lightgbm = library()
        about = describe(data, self.name)
        rows = lightgbm.Dataset(data.x, self.targets(data.y, about), weight=self.weights(data.y), params=dict(QUIET))
        stop: dict[str, Any] = {}
        if self.options.early_stopping_rounds:
            dev_x, dev_y = watched(data, about)
            dev = lightgbm.Dataset(dev_x, self.targets(dev_y, about), reference=rows, params=dict(QUIET))
            early = lightgbm.early_stopping(self.options.early_stopping_rounds, verbose=False)
            stop = {"valid_sets": [dev], "callbacks": [early]}
        params = self._params(about, seed, min(jobs, 1 + len(data.y) // ROWS_A_THREAD))
        booster = lightgbm.train(params, rows, self.options.n_estimators, keep_training_booster=True, **stop)
        trees = read(booster.model_to_string(num_iteration=booster.best_iteration or None))
        return self.fitted_type(trees, self._with_note(about, trees))

    @classmethod
    def load(cls, folder: Path) -> FittedLight:
        """Read what `save` has written.

        Raises:
            PluginError: a file is missing, damaged, or of another learner
            MissingDependency: LightGBM lacks a library of the system
        """
        library()  # what it lacks is no fault of the file
        about = read_about(folder, About, cls.name)
        path = folder / BOOSTER
        try:
            text = path.read_bytes().decode("ascii")
            trees = read(text)
            if trees.objective != cls.objective(about) or trees.outputs != _outputs(about):
                raise ValueError(f"its task `{trees.objective}` is not that of `{RECORD}`")
            if trees.text() != text:
                raise ValueError("it holds more than trees, or numbers as nk does not write them")
            return cls.fitted_type(trees, about)
        except Exception as error:
            raise unreadable(path, error) from error

    def _params(self, about: About, seed: int, threads: int) -> dict[str, Any]:
        options = self.options
        task, *_ = self.objective(about).split()
        return {
            "objective": task,
            "num_class": _outputs(about),
            "metric": self.metric(about),
            "learning_rate": options.learning_rate,
            "max_depth": options.max_depth,
            "num_leaves": min(options.num_leaves, 2**options.max_depth),
            "min_data_in_leaf": options.min_child_samples,
            "bagging_fraction": options.subsample,
            "bagging_freq": int(options.subsample < 1),  # else the fraction has no effect
            "feature_fraction": options.colsample_bytree,
            "seed": seed % 2**31,  # LightGBM's seed is a signed number
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": threads,
            **QUIET,
        }

    def _with_note(self, about: About, trees: Trees) -> About:
        if not trees.ask_nothing:
            return about
        rows = f"`min_child_samples` = {self.options.min_child_samples} rows"
        note = f"`{self.name}` predicts the same for all: no question leaves {rows} on both sides, so set it lower"
        return about.model_copy(update={"notes": (note,)})


def _outputs(about: About) -> int:
    """Trees of a round: one a class, but one for two classes and for numbers."""
    return len(about.present) if len(about.present) > 2 else 1


def library() -> Any:
    """The package, whose wheel wants a library of the system.

    Raises:
        MissingDependency: it is not there
    """
    try:
        import lightgbm
    except OSError as error:
        hint = "install it: `libgomp1` on Debian and Ubuntu, `libgomp` on Fedora, `brew install libomp` on a Mac"
        raise MissingDependency(f"LightGBM finds no OpenMP on this system: {error}", hint=hint) from error
    return lightgbm
