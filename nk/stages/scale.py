"""Bring features to a common scale; what is learnt for it, is learnt from the training part alone.

`standard` is (x - mean) / standard deviation, `robust` (x - median) / interquartile range, `minmax` maps the training
part to [0, 1], `maxabs` to [-1, 1] keeping 0, `normalizer` divides each row by its Euclidean norm, `powertransformer`
is Yeo and Johnson's power with the standard scale after it, `quantiletransformer` maps to the ranks of the training
part in [0, 1], and `bins` to 0, 0.5 or 1: low, middle or high third of the training part (quantiles .33 and .66).
`speaker` learns nothing: it is the standard scale within the rows of each speaker that are scaled together, so that
test speakers are scaled by their own rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nk.errors import ConfigError, DataError, Problem
from nk.storage import dump_estimator, load_estimator, read_record, unreadable, write_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Doubles = npt.NDArray[np.float64]

# In the order of the config: Python keeps one of two lists that are equal but for it.
Method = Literal[
    "standard", "robust", "minmax", "maxabs", "normalizer", "powertransformer", "quantiletransformer", "speaker", "bins"
]
# These have nothing that scikit-learn would hold.
_BARE = {None, "bins", "speaker"}
METHODS: tuple[str, ...] = get_args(Method)
BINS = (0.33, 0.66)

RECORD = "scaler.json"
ESTIMATOR = "scaler.skops"


class _About(BaseModel):
    """What is stored beside a scaler: its method (None: the features stay as they are).

    `edges` are those of bins; `center` and `width` are mean and deviation of the powers of the training part.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = Field(default=1, alias="schema")
    method: Method | None = None
    features: int = Field(ge=1)
    edges: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    center: tuple[float, ...] = ()
    width: tuple[float, ...] = ()


class FittedScaler:
    """A scaler that has seen the training part."""

    def __init__(self, about: _About, estimator: Any = None) -> None:
        self.about = about
        self.estimator = estimator

    @property
    def method(self) -> str | None:
        """The method's name, None where the features stay as they are."""
        return self.about.method

    def transform(self, x: Floats, speakers: Sequence[str | None] | None = None) -> Floats:
        """Scale features, shape (rows, features); the result is finite where they are.

        Args:
            x: the features
            speakers: of the rows, which the method `speaker` needs

        Raises:
            DataError: there are more or fewer features than in training, or a speaker that is needed is not known
        """
        if x.shape[1] != self.about.features:
            message = f"{x.shape[1]} features where the scaler was fitted on {self.about.features}"
            raise DataError(message, hint="extract the features that the model was trained on")
        if not len(x) or self.about.method is None:
            return np.asarray(x, dtype=np.float32)
        rows = np.asarray(x, dtype=np.float64)
        if self.about.method == "speaker":
            return _by_speaker(rows, _known(speakers)).astype(np.float32)
        scaled = self._binned(rows) if self.about.edges else _transformed(self.estimator, rows)
        if self.about.center:
            scaled = (scaled - self.about.center) / self.about.width
        # A test value far off the training part may be too large for single precision.
        most = np.finfo(np.float32).max
        return np.clip(scaled, -most, most).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write `scaler.json`, and `scaler.skops` where there is an estimator, into an existing folder."""
        write_record(folder / RECORD, self.about)
        if self.estimator is not None:
            dump_estimator(folder / ESTIMATOR, self.estimator)

    def _binned(self, rows: Doubles) -> Doubles:
        low, high = np.asarray(self.about.edges)
        binned: Doubles = ((rows > low).astype(np.float64) + (rows > high)) / 2
        return binned


def fit_scaler(method: str | None, x: Floats) -> FittedScaler:
    """Learn a scale from the training part, shape (rows, features), all finite.

    Args:
        method: one of `METHODS`, or None to leave features as they are
        x: features of the training part

    Raises:
        ConfigError: there is no such method
        DataError: there are no rows
    """
    if method is not None:
        _check(method)
    if not len(x):
        raise DataError("the training part has no rows to fit the scale on", hint="choose another split")
    rows = np.asarray(x, dtype=np.float64)
    about = _About(method=method, features=x.shape[1])
    if method in {None, "speaker"}:
        return FittedScaler(about)
    if method == "bins":
        low, high = np.quantile(rows, BINS, axis=0).tolist()
        return FittedScaler(about.model_copy(update={"edges": (tuple(low), tuple(high))}))
    estimator = _estimator(str(method), len(rows)).fit(rows)
    if method == "powertransformer":
        about = about.model_copy(update=_spread(_transformed(estimator, rows)))
    return FittedScaler(about, estimator)


def _known(speakers: Sequence[str | None] | None) -> Sequence[str | None]:
    """The speakers, if they are known.

    Raises:
        DataError: one is not
    """
    unknown = None if speakers is None else sum(speaker is None for speaker in speakers)
    if speakers is None or unknown:
        raise DataError("features are scaled by speaker, and it is not known who speaks", rows=unknown,
                        hint="give every row its speaker, or use `scale = standard`")  # fmt: skip
    return speakers


def _by_speaker(rows: Doubles, speakers: Sequence[str | None]) -> Doubles:
    """(x - mean) / standard deviation within the rows of each speaker; what is constant there becomes 0."""
    number = np.unique(np.asarray(speakers, dtype=str), return_inverse=True)[1]
    order = np.argsort(number, kind="stable")
    starts, counts = np.flatnonzero(np.diff(number[order], prepend=-1)), np.bincount(number)[:, None]
    centred: Doubles = rows - (np.add.reduceat(rows[order], starts) / counts)[number]
    width = np.sqrt(np.add.reduceat(centred[order] ** 2, starts) / counts)
    same = np.minimum.reduceat(rows[order], starts) == np.maximum.reduceat(rows[order], starts)
    return np.where(same[number], 0.0, centred / np.where(same, 1.0, width)[number])


def _transformed(estimator: Any, rows: Doubles) -> Doubles:
    """The estimator's values; those that a power has sent beyond the largest number are put on it."""
    most = float(np.finfo(np.float32).max)
    with np.errstate(over="ignore"):
        found: Doubles = np.nan_to_num(estimator.transform(rows), posinf=most, neginf=-most)
    return found


def _spread(powers: Doubles) -> dict[str, tuple[float, ...]]:
    """Mean and deviation, shape (features,) each; the deviation of what is constant counts as one."""
    from sklearn.preprocessing import StandardScaler

    fitted = StandardScaler().fit(powers)
    return {"center": tuple(fitted.mean_.tolist()), "width": tuple(fitted.scale_.tolist())}


def load_scaler(folder: Path) -> FittedScaler:
    """Read what `FittedScaler.save` has written.

    Raises:
        PluginError: a file is missing, damaged, or does not fit the other
    """
    about = read_record(folder / RECORD, _About)
    if about.method in _BARE:
        if (about.edges is not None) != (about.method == "bins") or any(
            len(edge) != about.features for edge in about.edges or ()
        ):
            raise unreadable(folder / RECORD, "its edges are not those of its method and features")
        return FittedScaler(about)
    estimator = load_estimator(folder / ESTIMATOR, type(_estimator(str(about.method), 1)))
    wide = about.features if about.method == "powertransformer" else 0
    if (len(about.center), len(about.width)) != (wide, wide):
        raise unreadable(folder / RECORD, "its centre and width are not those of its method and features")
    if getattr(estimator, "n_features_in_", None) != about.features:
        raise unreadable(folder / ESTIMATOR, f"its features are not those of `{RECORD}`")
    _try(estimator, about.features, folder / ESTIMATOR)
    return FittedScaler(about, estimator)


def _try(estimator: Any, features: int, path: Path) -> None:
    """Look at what a stored estimator has learnt, and scale a row of zeros with it."""
    try:
        learnt = [value for key, value in vars(estimator).items() if key.endswith("_") and np.ndim(value)]
        if any(value.dtype != np.float64 or not np.isfinite(value).all() for value in learnt):
            raise ValueError("what it has learnt are not finite numbers of double precision")
        if any(
            features not in value.shape[-1:] for value in learnt if value is not getattr(estimator, "references_", 0)
        ):
            raise ValueError(f"what it has learnt is not of {features} features")
        if estimator.transform(np.zeros((1, features))).shape != (1, features):
            raise ValueError(f"it does not give {features} features")
    except Exception as error:
        raise unreadable(path, error) from error


def _check(method: str) -> None:
    if method not in METHODS:
        raise ConfigError([Problem("nk", 0, f"`{method}` is not one of the scales: {', '.join(METHODS)}")])


def _estimator(method: str, rows: int) -> Any:
    """scikit-learn's transformer, not yet fitted."""
    from sklearn import preprocessing as sk

    makers: dict[str, Any] = {
        "standard": sk.StandardScaler,
        "robust": sk.RobustScaler,
        "minmax": sk.MinMaxScaler,
        "maxabs": sk.MaxAbsScaler,
        "normalizer": sk.Normalizer,
        # Its own standardising refuses values that a power has made infinite, so that is done here.
        "powertransformer": lambda: sk.PowerTransformer(standardize=False),
        # All rows, not a sample of them, so that there is nothing random.
        "quantiletransformer": lambda: sk.QuantileTransformer(n_quantiles=min(1000, rows), subsample=None),
    }
    return makers[method]()
