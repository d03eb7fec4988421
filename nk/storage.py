"""How trained things are stored: files of numbers and text, with nothing in them that could be run.

scikit-learn's objects are stored by skops (a zip of JSON and npy files), boosters in their own format, and what is
said about them in JSON that is checked on reading. A file that is damaged, or holds something else, is a `PluginError`.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from nk.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

Record = TypeVar("Record", bound=BaseModel)
E = TypeVar("E")

# Types of scikit-learn that may be within the one that is asked for; the nodes of a decision tree are an array.
TRUSTED = (
    "sklearn.tree._tree.Tree",
    "sklearn.svm._classes.SVR",
    "sklearn.tree._classes.DecisionTreeClassifier",
    "sklearn.tree._classes.DecisionTreeRegressor",
    "sklearn.mixture._gaussian_mixture.GaussianMixture",
    "sklearn.preprocessing._data.StandardScaler",
)
_IMPORTING = Lock()


def write_record(path: Path, record: BaseModel) -> None:
    """Write a record as JSON."""
    path.write_text(record.model_dump_json(by_alias=True, indent=2) + "\n", encoding="utf-8")


def read_record(path: Path, kind: type[Record]) -> Record:
    """Read what `write_record` has written.

    Raises:
        PluginError: it is missing, damaged, or not a record of this kind
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except Exception as error:
        raise unreadable(path, error) from error


def dump_estimator(path: Path, estimator: object) -> None:
    """Write an object of scikit-learn."""
    _skops().dump(estimator, path)


def _skops() -> Any:
    """The module `skops.io`, without the lists that it makes when it is imported of what may be trusted.

    For that of all estimators it imports the whole of scikit-learn, and torch where it is installed; for those of all
    functions of numpy and scipy it looks for each in every module there is. Both take longer than to train a model. nk
    trusts the type that it asks for and `TRUSTED`, and nothing for being an estimator or a function.
    """
    import numpy as np
    import scipy.special
    import sklearn.utils

    with _IMPORTING:
        if "skops.io" in sys.modules:
            return import_module("skops.io")
        with ExitStack() as stack:
            for module, name in ((sklearn.utils, "all_estimators"), (scipy.special, "__dir__"), (np, "__dir__")):
                stack.enter_context(_giving_nothing(module, name))
            return import_module("skops.io")


@contextmanager
def _giving_nothing(module: ModuleType, name: str) -> Iterator[None]:
    """A function of a module gives an empty list for a while."""
    had = vars(module).get(name)
    setattr(module, name, list)
    try:
        yield
    finally:
        if had is None:
            delattr(module, name)
        else:
            setattr(module, name, had)


def load_estimator(path: Path, kind: type[E]) -> E:
    """Read what `dump_estimator` has written.

    Raises:
        PluginError: it is missing, damaged, holds a type that is not trusted, or is not of this kind
    """
    try:
        found: Any = _skops().load(path, trusted=[*TRUSTED, f"{kind.__module__}.{kind.__qualname__}"])
    except Exception as error:
        raise unreadable(path, error) from error
    if type(found) is not kind:
        raise unreadable(path, f"it holds a `{type(found).__name__}` where a `{kind.__name__}` is due")
    return found


def unreadable(path: Path, why: object) -> PluginError:
    """The error for a stored file that cannot be used."""
    # A bare ValueError is one of our own checks, whose words are enough.
    kind = "" if isinstance(why, str) or type(why) is ValueError else f"{type(why).__name__}: "
    reason = f"{kind}{str(why).strip() or 'no reason given'}"
    first = reason.splitlines()[0].rstrip(".")
    return PluginError(f"`{path}` cannot be read: {first}", hint="it is damaged or not of this model; train it again")
