"""Plug-ins: how a name in a config file becomes code.

A plug-in is one class in one file of its family's package (`nk/models/svm.py`), with a literal line `name = "svm"`. It
is imported when it is named and not before: names are listed by reading the files. Third parties add plug-ins by the
entry-point group `nk.<family>`, with the plug-in's name as the entry point's name. At its top a plug-in's file imports
this module, pydantic and the standard library alone; numpy and the rest belong inside its functions.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from nk.errors import ConfigError, MissingDependency, PluginError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from nk.audio import Audio

    Floats = npt.NDArray[np.float32]
    Doubles = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

Task = Literal["classification", "regression"]
# The column in which a reader says which part (train, dev or test) a row has in the database itself; no user's column
# can have this name.
PART = "\npart"
Bounds = Literal["unit", "signed", "positive", "below_one"]


class Options(BaseModel):
    """What a user can set for a plug-in: every field has a default, bounds, and a description with its unit."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Plugin(ABC):
    """What every plug-in has.

    `name` is what the user writes, or a pattern for a family of names (`hubert-*`). `requires` are the packages that it
    imports beyond the core install, `extra` the extra of nk-speech that brings them. `options_type` is what can be set.
    """

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""
    options_type: ClassVar[type[Options]] = Options

    def __init__(self, options: Options, *, name: str) -> None:
        """`name` is the name as the user wrote it, which matters to patterns."""
        self.options: Any = options
        self.called = name


@dataclass(frozen=True)
class Request:
    """What a reader is asked for.

    `database` is the database's name in the config, for messages, and `path` where it is, as written there; `resolve`
    turns such a path into one that exists, or raises `DataError`. `target` is the column that is to be learnt, None
    where there is nothing to learn. `strategy` is the name of the database's `split_strategy`, None where it is a list.
    """

    database: str
    path: str
    target: str | None
    resolve: Callable[[str], Path]
    strategy: str | None = None


class Reader(Plugin):
    """Reads a database: `nk/readers/`."""

    @abstractmethod
    def read(self, request: Request) -> pl.DataFrame:
        """Read a database's table.

        Returns:
            a row a file or segment: `file` (text, as written), `path` (text, where the audio is; it need not exist),
            `start` and `end` (s; null means the file's own), and the table's other columns as text or numbers; and
            `PART` where the database has parts of its own and `strategy` asks for them

        Raises:
            DataError: the table cannot be read
        """


class FeatureSource(Plugin):
    """What gives features: `nk/features/`. It is one of three kinds: extractor, table or learner."""

    @property
    def frame_level(self) -> bool:
        """Whether it gives a row a frame, not one vector."""
        return False


class FeatureExtractor(FeatureSource):
    """Computes features of one recording. A value never depends on any other recording.

    `workers` says whether the work runs in threads or in processes: those are for code that keeps the interpreter's
    lock, or that may crash or hang, as there it costs one recording and in a thread the whole run. Part of the key
    under which values are cached are the version of `package`, which computes them, and `revision`, to be raised when
    the plug-in's own code gives other values. `every_channel` asks for all channels of a file that has several, behind
    the one that is used. `notes` are sentences for the user about how the work went, complete once it is done.
    """

    workers: ClassVar[Literal["threads", "processes"]] = "threads"
    package: ClassVar[str]
    revision: ClassVar[int] = 1
    every_channel: ClassVar[bool] = False

    @property
    def notes(self) -> tuple[str, ...]:
        """None, unless a plug-in has some."""
        return ()

    @property
    def rate(self) -> int | None:
        """The sampling rate in Hz that the stage has to provide; None: the file's own."""
        return None

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""

    @abstractmethod
    def extract(self, audio: Audio) -> Floats:
        """Compute the features of one recording: shape (features,), or (frames, features) where `frame_level`.

        NaN is what the recording does not define; a recording of which nothing is defined counts as too short.
        """


class FeatureTable(FeatureSource):
    """Ready-made features, found by recording and times."""

    @abstractmethod
    def read(self, resolve: Callable[[str], Path]) -> pl.DataFrame:
        """Read the features.

        Args:
            resolve: turns a path as written in the config into one that exists, or raises `DataError`

        Returns:
            a row a recording or segment: `file` (text), `start` and `end` (s; null means the file's own), `database`
            (text) where it matters, and a column of numbers a feature, null or NaN where it is missing

        Raises:
            DataError: it cannot be read, a row stands in it twice, or a feature is no number
        """


class LearntFeatures(ABC):
    """What a learner of features, the plug-in `learner`, has learnt: a function of the frames of one recording."""

    learner: ClassVar[str]
    names: tuple[str, ...]

    @abstractmethod
    def vector(self, frames: Floats) -> Floats:
        """The features of a recording, shape (names,), from its frames, shape (frames, columns)."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write it into an existing folder; nothing written can be executed (no pickle)."""


class FeatureLearner(FeatureSource):
    """Features that are learnt from the frames of the training rows, anew in every fold."""

    @abstractmethod
    def frames(self) -> FeatureExtractor:
        """The extractor whose frames it learns from."""

    def beside(self) -> tuple[FeatureExtractor, ...]:
        """Extractors whose vectors stand beside what is learnt."""
        return ()

    @abstractmethod
    def learn(self, frames: Sequence[Floats], *, seed: int) -> LearntFeatures:
        """Learn from the frames of training rows, each of shape (frames, columns).

        Raises:
            DataError: there are too few
        """

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> LearntFeatures:
        """Read what `LearntFeatures.save` has written; vectors are the same.

        Raises:
            PluginError: it is missing or damaged
        """


@dataclass(frozen=True)
class Training:
    """What a model may see: rows sorted by id, made-up ones after them, shapes (rows, features) and (rows,).

    `y` are class numbers 0 to `classes` - 1 (int64), or values (float64) with `classes` 0. `groups` are numbers that
    are equal for rows of one speaker, who are numbered in an order that the seed has drawn: who needs a choice of
    speakers takes the lowest numbers. -1 are rows that are no recording: balancing has made them up of others, of
    whichever speakers. Who holds out speakers leaves these rows out altogether, on both sides.

    `dev_x` and `dev_y` are a part to stop on: given, or cut off by the stage where the model asks for it
    (`Model.stop_share`). It is never balanced.
    """

    x: Floats
    y: Ints | Doubles
    groups: Ints
    classes: int
    dev_x: Floats | None = None
    dev_y: Ints | Doubles | None = None


class Fitted(ABC):
    """A trained model; `notes` are sentences for the user about how its training went."""

    notes: tuple[str, ...] = ()

    @abstractmethod
    def predict(self, x: Floats) -> Doubles:
        """Class scores that sum to one, shape (rows, classes), or values, shape (rows,)."""

    def importances(self) -> Doubles | None:
        """How much each feature weighs, 0 or more, shape (features,); None unless its model has a `weighs`."""
        return None

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write it into an existing folder; nothing written can be executed (no pickle)."""


class Model(Plugin):
    """A learner: `nk/models/`; `weighs`: what tells the weights of features; `by_size`: larger ones weigh more."""

    task: ClassVar[Task]
    by_size: ClassVar[bool] = False
    weighs: ClassVar[Literal["", "impurity", "gain", "coefficients"]] = ""

    @property
    def stop_share(self) -> float | None:
        """The share of training speakers to cut off as a dev part where none is given; None: this model needs none."""
        return None

    @abstractmethod
    def fit(self, data: Training, *, seed: int, jobs: int) -> Fitted:
        """Train on `data` with at most `jobs` threads of its own; equal data, options and seed give an equal model.

        Several may train at once in threads of a process. The limit on the threads of linear algebra and of OpenMP is
        the caller's (`nk/stages/train.py`): a model sets none, since it would be that of the others too.
        """

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Fitted:
        """Read what `Fitted.save` has written; predictions are the same to 1e-6."""


T = TypeVar("T")


class Measure(Plugin, Generic[T]):
    """Measures predictions against the truth: `nk/metrics/`. `T` is `Counts` for classes and `Moments` for numbers.

    `bounds` says which values there can be: unit [0, 1], signed [-1, 1], positive [0, inf), below_one (-inf, 1].
    `by_class` says whether all classes weigh the same, however few rows they have, `by_score` whether it goes by class
    scores, beyond which one is the largest. `chance` is what guessing gives and `undefined` when there is no value,
    both in words; `place` orders measures in tables, low first.
    """

    task: ClassVar[Task]
    bounds: ClassVar[Bounds]
    greater_is_better: ClassVar[bool] = True
    by_class: ClassVar[bool] = False
    by_score: ClassVar[bool] = False
    chance: ClassVar[str]
    undefined: ClassVar[str] = ""
    place: ClassVar[int] = 100

    @abstractmethod
    def values(self, tally: T) -> Doubles:
        """The measure over all rows, and with each group of rows left out in turn: shape (1 + groups,).

        NaN where it is not defined. It works on the first axis of what the tally holds, so that a measure is written
        once for both.
        """


P = TypeVar("P", bound=Plugin)

# A class attribute of a plug-in as the contract asks for: one indented line with a literal.
_NAME = re.compile(r'^    name(?:: ClassVar\[str\])? = "([^"]+)"$', re.MULTILINE)


class Registry(Generic[P]):
    """The plug-ins of one family, for instance `Registry("models", Model)`."""

    def __init__(self, family: str, base: type[P]) -> None:
        self.family = family
        self.base = base

    @cached_property
    def _built_in(self) -> dict[str, str]:
        """Name or pattern -> module, from the text of the files."""
        folder = Path(__file__).parent / self.family
        found: dict[str, str] = {}
        for file in sorted(folder.glob("[!_]*.py")):  # what begins with `_` is shared by plug-ins, and is none
            for name in _NAME.findall(file.read_text(encoding="utf-8")):
                found[name] = f"nk.{self.family}.{file.stem}"
        return found

    @cached_property
    def _third_party(self) -> dict[str, Any]:
        from importlib.metadata import entry_points

        return {point.name: point for point in entry_points(group=f"nk.{self.family}")}

    def names(self) -> list[str]:
        """All names and patterns, sorted, without importing a plug-in."""
        return sorted({*self._built_in, *self._third_party})

    def knows(self, name: str) -> bool:
        """Whether there is a plug-in for this name."""
        return self._key(name) is not None

    def get(self, name: str) -> type[P]:
        """The plug-in class of this name.

        Raises:
            ConfigError: there is none
            PluginError: it cannot be imported, or is not of this family
        """
        key = self._key(name)
        if key is None:
            text = f"`{name}` is not one of the {self.family}: {', '.join(self.names())}"
            raise ConfigError([Problem("nk", 0, text)])
        return self._import(key)

    def all(self) -> list[type[P]]:
        """Every plug-in class, imported."""
        return [self._import(name) for name in self.names()]

    def _key(self, name: str) -> str | None:
        # Entry points are only read for names that we do not have: it takes a search of all installed packages.
        return _match(name, self._built_in) or _match(name, self._third_party)

    def _import(self, key: str) -> type[P]:
        try:
            if key in self._built_in:
                module = import_module(self._built_in[key])
                found = next(item for item in vars(module).values() if self._is_plugin(item, key))
            else:
                found = self._third_party[key].load()
        except Exception as error:
            raise PluginError(f"the plug-in `{key}` of {self.family} cannot be imported: {error!r}") from error
        if not self._is_plugin(found, key):
            raise PluginError(f"the plug-in `{key}` is not a `{self.base.__name__}` of that name")
        return found  # type: ignore[no-any-return]

    def _is_plugin(self, item: object, key: str) -> bool:
        return isinstance(item, type) and issubclass(item, self.base) and getattr(item, "name", None) == key


def _match(name: str, keys: Mapping[str, object]) -> str | None:
    """The key that is this name, else the first that is a pattern for it."""
    return name if name in keys else next((key for key in keys if fnmatchcase(name, key)), None)


def check_requirements(plugin: type[Plugin]) -> None:
    """Find out whether a plug-in's packages are installed, without importing them.

    Raises:
        MissingDependency: one is not, with the command that installs it
    """
    from importlib.util import find_spec

    # Of `package.part` the package is looked for, as looking for the part would import it.
    missing = [package for package in plugin.requires if find_spec(package.partition(".")[0]) is None]
    if missing:
        names = ", ".join(f"`{package}`" for package in missing)
        hint = f"pip install 'nk-speech[{plugin.extra}]'" if plugin.extra else f"pip install {' '.join(missing)}"
        raise MissingDependency(f"`{plugin.name}` needs {names}", hint=hint)
