"""Rows as points in two or three dimensions: those with like features lie near each other."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.explore.colours import colours_of
from nk.explore.exhibit import Exhibit
from nk.explore.matrix import matrix, standardised
from nk.explore.sampling import sampled, thinned
from nk.report.figures import count_text, projection
from nk.stages.fit import threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Doubles
    from nk.tables import Dataset, Features

Method = Literal["pca", "tsne", "umap"]
PLACES = ("first", "second", "third")
MOST_ROWS = 2000  # of what cannot take all
_MOST_POINTS = 5000
_LEAST = 5
_PERPLEXITY, _NEIGHBOURS = 30, 10
_CALLED = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True)
class _Placed:
    """Where rows lie: `places` of shape (rows, dimensions), and what to say of it."""

    dataset: Dataset
    places: Doubles
    labels: tuple[str, ...]
    how: str
    notes: tuple[str, ...]


def exhibits(
    dataset: Dataset,
    features: Features,
    methods: Sequence[Method],
    targets: Sequence[str],
    *,
    dimensions: int,
    seed: int,
    jobs: int,
) -> list[Exhibit]:
    """A picture a method and target; what is fitted is fitted on all rows, as this is a view and no result.

    Args:
        dataset: the rows
        features: of the rows
        methods: how they are projected
        targets: columns that colour the points; none leaves them in one colour
        dimensions: 2 or 3
        seed: of the sample and of the methods
        jobs: how many cores to use

    Raises:
        DataError: there is no such column, or too few rows
    """
    if methods and len(dataset) < _LEAST:
        raise DataError(f"`scatter` needs {_LEAST} rows", rows=len(dataset), hint="look at the tables: they are few")
    for one in targets:
        colours_of(one, dataset.frame.head(0), features)
    found = []
    for method in dict.fromkeys(methods):
        placed = _placed(dataset, features, method, dimensions, seed, jobs)
        by: list[str | None] = [*targets]
        found += [_of_target(placed, features, method, target, seed) for target in by or [None]]
    return found


def _placed(dataset: Dataset, features: Features, method: Method, dimensions: int, seed: int, jobs: int) -> _Placed:
    notes: tuple[str, ...] = ()
    if method != "pca":
        dataset, notes = sampled(dataset, MOST_ROWS, seed, f"{_CALLED[method]} is of")
    x = standardised(matrix(dataset, features))
    with threads(jobs, "blas"), threads(1, "openmp"):  # t-SNE's threads mostly wait for each other
        places, labels, how = _METHODS[method](x, dimensions, seed)
    return _Placed(dataset, places, labels, how, notes)


def _of_target(placed: _Placed, features: Features, method: Method, target: str | None, seed: int) -> Exhibit:
    frame, labels = placed.dataset.frame, placed.dataset.target.labels
    drawn = thinned(frame.height, _MOST_POINTS, seed)
    own = target == placed.dataset.target.name
    colours = colours_of(target, frame, features, labels if own else ()).at(drawn)
    notes = [*placed.notes, *colours.notes]
    if len(drawn) < frame.height:
        notes.append(f"drawn are {len(drawn):,} of {frame.height:,} rows; the projection is of all")
    places = {name: placed.places[drawn, number] for number, name in enumerate(PLACES[: len(placed.labels)])}
    table = pl.DataFrame({"id": frame["id"].gather(drawn), **places})
    if target is not None:
        table = table.with_columns(colours.column.alias(f"{target}_" if target in table.columns else target))
    title = f"{_CALLED[method]} of {count_text(len(features.names), 'feature')}" + (f", by {target}" if target else "")
    caption = f"{count_text(frame.height, 'recording')}, features scaled to deviation 1. {placed.how}"
    caption += " Fitted on all of them: a view, no result."
    return Exhibit(
        name="_".join(["scatter", method, f"{len(placed.labels)}d", *([target] if target else [])]),
        title=title,
        table=table,
        caption=caption,
        draw=lambda pen: projection.draw(
            tuple(places.values()), colours, placed.labels, title=title, caption=caption, pen=pen
        ),
        notes=tuple(notes),
    )


def _pca(x: Doubles, dimensions: int, seed: int) -> tuple[Doubles, tuple[str, ...], str]:
    from sklearn.decomposition import PCA

    count = min(dimensions, *x.shape)
    fitted = PCA(count, svd_solver="covariance_eigh" if len(x) > x.shape[1] else "full", random_state=seed).fit(x)
    shares = np.nan_to_num(fitted.explained_variance_ratio_)
    places = np.zeros((len(x), dimensions))
    places[:, :count] = fitted.transform(x)
    labels = [f"component {one + 1} ({100 * share:.0f} %)" for one, share in enumerate(shares)]
    labels += [f"component {one + 1} (nothing left)" for one in range(count, dimensions)]
    how = f"The components hold {100 * shares.sum():.0f} % of the variance."
    return places, tuple(labels), how


def _tsne(x: Doubles, dimensions: int, seed: int) -> tuple[Doubles, tuple[str, ...], str]:
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, max(1.0, (len(x) - 1) / 3))
    places = TSNE(dimensions, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1).fit_transform(x)
    how = f"Perplexity {perplexity:.3g}; near neighbours mean something, distances and sizes of groups do not."
    return places.astype(np.float64), _axes("t-SNE", dimensions), how


def _umap(x: Doubles, dimensions: int, seed: int) -> tuple[Doubles, tuple[str, ...], str]:
    from sklearn.metrics import euclidean_distances

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it finds no TensorFlow, and that a seed costs it its threads
        from umap import UMAP

        neighbours = min(_NEIGHBOURS, len(x) - 1)
        init = "spectral" if len(x) > dimensions + 2 else "random"
        # Distances made here: for so few rows UMAP calls a function of Python for each pair.
        made: Any = UMAP(neighbours, dimensions, init=init, metric="precomputed", random_state=seed, n_jobs=1)
        places = made.fit_transform(euclidean_distances(x).astype(np.float32))
    how = f"{neighbours} neighbours; near neighbours mean something, distances and sizes of groups do not."
    return np.asarray(places, dtype=np.float64), _axes("UMAP", dimensions), how


def _axes(name: str, dimensions: int) -> tuple[str, ...]:
    return tuple(f"{name} {one + 1}" for one in range(dimensions))


_METHODS = {"pca": _pca, "tsne": _tsne, "umap": _umap}
