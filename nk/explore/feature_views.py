"""What [EXPL] asks to see of features: importance, distributions, pairs, a tree, SHAP values, projections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nk.config.model import DEFAULTS
from nk.errors import DataError, MissingDependency
from nk.explore import correlations, distributions, importance, projections, regression, shapley, tree
from nk.explore.learners import labelled, learners

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.config.model import Model as ModelSection
    from nk.config.output import Plot
    from nk.config.work import Expl
    from nk.explore.exhibit import Exhibit
    from nk.explore.projections import Method
    from nk.tables import Dataset, Features

# What is imported, and what installs it.
_PACKAGES = {"shap": "shap", "umap": "umap-learn"}


def needed(expl: Expl) -> bool:
    """Whether anything is asked for that needs features."""
    asked = (expl.feature_distributions, expl.permutation, expl.plot_tree, expl.shap, expl.plot_features, expl.regplot)
    return any(asked) or bool(_methods(expl))


def check(expl: Expl) -> None:
    """Find out before any work whether the packages are there that [EXPL] needs.

    Raises:
        MissingDependency: one is not
    """
    for name, asked in (("shap", expl.shap), ("umap", "umap" in _methods(expl))):
        if asked and find_spec(name) is None:
            message = f"`{name}` in [EXPL] needs the package `{_PACKAGES[name]}`"
            raise MissingDependency(message, hint="pip install 'nk-speech[explore]'")


def views(
    dataset: Dataset,
    features: Features,
    expl: Expl,
    plot: Plot,
    seed: int,
    jobs: int,
    *,
    model: ModelSection | None = None,
    parted: bool = True,
) -> list[Exhibit]:
    """All views of features that [EXPL] asks for, in the order of a report.

    Args:
        dataset: the rows; its target is no column where there is nothing to be learnt
        features: of the rows
        expl: the section EXPL
        plot: the section PLOT
        seed: of samples, models and projections
        jobs: how many cores to use
        model: the section MODEL, whose options the models get, and whose type is explained by SHAP
        parted: whether a column `split` holds the parts that the config asks for, and is none of the user's

    Raises:
        MissingDependency: a package is not installed
        ConfigError: a model is not for this kind of target
        DataError: a feature or column is not there, or there is nothing to learn from
    """
    if not needed(expl):
        return []
    check(expl)
    if not features.names:
        hint = "take others in [FEATS] `type`, such as `os`"
        raise DataError("there is no feature to look at: all are learnt anew in every fold", hint=hint)
    view = _Views(dataset, replace(features, sequences=()), expl, plot, seed, jobs, model, parted)
    return view.all()


@dataclass(frozen=True)
class _Views:
    """The views of one dataset."""

    dataset: Dataset
    features: Features
    expl: Expl
    plot: Plot
    seed: int
    jobs: int
    model: ModelSection | None
    parted: bool

    def all(self) -> list[Exhibit]:
        """All that is asked for."""
        named = [*self.pairs(), *self.scatters()]  # first, as what they name may not be there
        found, order = self.importances()
        found += self.distributions(order)
        if self.expl.feature_distributions:
            found += correlations.exhibit(self.dataset, self.features, order)
        return [*found, *self.of_models(), *named]

    def importances(self) -> tuple[list[Exhibit], Sequence[int]]:
        """How much features weigh, and their places in that order; as they come where there is nothing to tell."""
        expl, names = self.expl, self.features.names
        if not (expl.feature_distributions or expl.permutation) or not self.has_target:
            return [], range(len(names))
        found = [
            importance.measured(
                self.dataset, self.features, one, seed=self.seed, jobs=self.jobs, permuted=expl.permutation
            )
            for one in learners(expl.model, self._options, numbers=self.dataset.target.is_number)
        ]
        shown = importance.exhibits(found, names, expl.max_feats, about=self.dataset.target.name)
        return shown, importance.in_order(found)

    def distributions(self, order: Sequence[int]) -> list[Exhibit]:
        """The most important features, and those that are drawn in any case."""
        expl = self.expl
        best = [self.features.names[place] for place in order[: expl.max_feats]] if expl.feature_distributions else []
        names = list(dict.fromkeys([*best, *(expl.plot_features or ())]))
        by_gender, kind = not expl.ignore_gender, self.plot.kind
        picked = {*best} if self.has_target else set()
        shown = [
            distributions.exhibit(
                self.dataset, self.features, name, kind=kind, by_gender=by_gender, seed=self.seed, ccc=self.plot.ccc,
                picked=name in picked, key="plot_features",
            )
            for name in names
        ]  # fmt: skip
        if len(shown) > 1 and self.has_target:
            shown = [replace(one, notes=(*one.notes, distributions.ALONE)) for one in shown]
        return [*shown, *distributions.tests_of(self.dataset, self.features, names, picked=bool(picked))]

    def of_models(self) -> list[Exhibit]:
        """A tree, and SHAP values of the model that [MODEL] names."""
        found: list[Exhibit] = []
        if self.expl.plot_tree:
            self.need_target("plot_tree")
            found.append(tree.exhibit(self.dataset, self.features, seed=self.seed))
        if self.expl.shap:
            self.need_target("shap")
            name = (self.model.type if self.model else None) or DEFAULTS[self._task]
            (one,) = learners([name], self._options, numbers=self.dataset.target.is_number)
            most, seed, jobs = self.expl.max_feats, self.seed, self.jobs
            found.append(
                shapley.exhibit(self.dataset, self.features, one, most=most, seed=seed, jobs=jobs, parted=self.parted)
            )
        return found

    def pairs(self) -> list[Exhibit]:
        """Numbers against each other."""
        found = []
        for names in self.expl.regplot or ():
            if len(names) not in {2, 3}:
                hint = "write `regplot = [['duration', 'meanF0Hz']]`, or a third name that colours the points"
                raise DataError(f"`regplot` takes two or three names each, and has {len(names)}", hint=hint)
            found.append(regression.exhibit(self.dataset, self.features, names, seed=self.seed, ccc=self.plot.ccc))
        return found

    def scatters(self) -> list[Exhibit]:
        """Projections."""
        own = (self.dataset.target.name,) if self.has_target else ()
        targets = self.expl.scatter_target or own
        return projections.exhibits(
            self.dataset, self.features, _methods(self.expl), targets, dimensions=self.expl.scatter_dim,
            seed=self.seed, jobs=self.jobs,
        )  # fmt: skip

    @property
    def _options(self) -> dict[str, Any]:
        return self.model.options if self.model else {}

    @property
    def _task(self) -> str:
        return "regression" if self.dataset.target.is_number else "classification"

    @property
    def has_target(self) -> bool:
        """Whether there is something to be learnt, and a row of which it is known."""
        return self.dataset.target.name in self.dataset and len(labelled(self.dataset)) > 0

    def need_target(self, key: str) -> None:
        """Make sure that there is something to be learnt.

        Raises:
            DataError: there is not
        """
        if not self.has_target:
            raise DataError(f"`{key}` in [EXPL] needs something to be learnt", hint="name a column as [DATA] `target`")


def _methods(expl: Expl) -> list[Method]:
    """The projections that are asked for, in either spelling."""
    asked: list[tuple[Method, bool]] = [("pca", expl.pca), ("tsne", expl.tsne), ("umap", expl.umap)]
    return [*dict.fromkeys([*(expl.scatter or ()), *(method for method, wanted in asked if wanted)])]
