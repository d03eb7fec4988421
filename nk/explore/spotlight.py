"""The rows in Renumics Spotlight: to hear and sort them beside features and what the model of a run says of them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.errors import DataError, MissingDependency
from nk.stages.columns import describing, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from nk.config.work import Expl
    from nk.explore.material import Material
    from nk.tables import Features

TYPES = {"audio": "audio", "segment": "window", "features": "embedding"}
_LABELS = ("truth", "predicted")
_MOST_CATEGORIES = 100  # with more of them, texts stay texts


def check(expl: Expl) -> None:
    """Find out before any work whether Spotlight is there, where [EXPL] asks for it.

    Raises:
        MissingDependency: it is not
    """
    if expl.spotlight and (find_spec("renumics") is None or find_spec("renumics.spotlight") is None):
        message = "`spotlight` in [EXPL] needs the package `renumics-spotlight`"
        raise MissingDependency(message, hint="pip install 'nk-speech[spotlight]'")


def rows(material: Material, features: Features | None, predictions: pl.DataFrame | None) -> pl.DataFrame:
    """What Spotlight shows: a row each, with `audio` (a path), `segment` (start and end, s), and all columns.

    Args:
        material: the rows, and what was heard of them
        features: of the rows that have some, shown with mean 0 and deviation 1 each, or else the map of those that are
            alike would show the one with the largest numbers alone; None leaves them out
        predictions: `id`, and what is said of rows that were tested; None where there was no run
    """
    frame = material.frame
    about = [name for name in describing(frame.columns) if name not in TYPES]
    table = frame.select(
        "id",
        pl.Series("audio", [str(Path(path).absolute()) for path in frame["path"]]),
        pl.concat_list("start", "end").alias("segment"),
        *about,
    )
    if features is not None:
        vectors = pl.DataFrame({"id": features.ids, "features": _standard(features.values).tolist()})
        table = table.join(vectors, on="id", how="left", maintain_order="left")
    if predictions is not None:
        table = table.join(predictions, on="id", how="left", suffix="_of_run", maintain_order="left")
    return table


def said(folder: Path) -> pl.DataFrame:
    """What the run of a folder says of the rows that it has tested, once each: `id`, `predicted` and so on.

    Raises:
        DataError: its table of predictions cannot be read
    """
    path = folder / "predictions.csv"
    try:
        found = pl.read_csv(path, infer_schema_length=None, schema_overrides={"id": pl.String, "split": pl.String})
        tested = found.filter(pl.col("split") == "test").unique("id", keep="first", maintain_order=True)
        kept = [name for name in ("id", "run", "fold", "truth", "predicted", "uncertainty") if name in tested.columns]
        tested = tested.select(kept)
        return tested.with_columns((pl.col("truth") == pl.col("predicted")).alias("right"))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"`{path}` cannot be read: {error}", hint="run the experiment anew") from error


def _standard(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Columns with mean 0 and deviation 1; those that are the same in all rows, or not known, are 0."""
    known = np.ma.masked_invalid(values)
    scaled = (known - known.mean(axis=0)) / known.std(axis=0)  # where that is 0, masked
    return np.asarray(scaled.filled(0), dtype=np.float32)


def _few(table: pl.DataFrame) -> list[pl.Series]:
    """Columns of few different texts as categories, by which Spotlight can colour; it takes speakers `3` for numbers.

    Truth and prediction have the same ones in the same order.
    """
    texts = table.drop("id", *TYPES, strict=False).select(pl.col(pl.String, pl.Categorical, pl.Enum).cast(pl.String))
    found = []
    for column in texts:
        alike = texts.select(_LABELS) if column.name in _LABELS and {*_LABELS} <= {*texts.columns} else [column]
        labels = sorted({label for one in alike for label in one.unique() if label is not None}, key=in_order)
        if len(labels) <= _MOST_CATEGORIES:
            found.append(column.cast(pl.Enum(labels)))
    return found


def show(table: pl.DataFrame, target: str | None) -> None:
    """Open the rows in a browser of this machine, points coloured by the target, and wait until it is closed.

    Nothing is reported to anybody, and no other file can be opened from there. Its server has no password: while it
    is open, others who are logged in to this machine can see the rows and listen.
    """
    os.environ.setdefault("SPOTLIGHT_OPT_OUT", "true")
    from loguru import logger

    logger.disable("renumics")  # it logs which of its own extras it lacks
    from renumics import spotlight

    types: dict[str, Any] = {name: kind for name, kind in TYPES.items() if name in table.columns}
    shown = table.with_columns(_few(table))
    frame, layout = shown.to_pandas(), _layout(shown, target)
    with _nowhere():
        spotlight.show(frame, dtype=types, layout=layout, wait=True, allow_filebrowsing=False)


@contextmanager
def _nowhere() -> Iterator[None]:
    """Work in an empty folder: the server of Spotlight imports what it finds where it is started, as a `uvicorn.py`."""
    here = Path.cwd()
    with TemporaryDirectory() as empty:
        os.chdir(empty)
        try:
            yield
        finally:
            os.chdir(here)


def _layout(table: pl.DataFrame, target: str | None) -> Any:
    """The table, what is alike in its features and who was taken for whom beside it, and below a place to listen."""
    from renumics.spotlight import layout

    colour = target if target in table.columns else None
    views: list[Any] = []
    if "features" in table.columns:
        views.append(layout.similaritymap("alike", ["features"], "umap", colour))
    if "predicted" in table.columns and table["predicted"].dtype.is_numeric():
        views.append(layout.scatterplot("predictions", "truth", "predicted"))
    elif "predicted" in table.columns:
        views.append(layout.confusion_matrix("confusion", "predicted", "truth"))
    views += [layout.scatterplot(color_by_column=colour), layout.histogram()]
    above = layout.split(layout.tab(layout.table(), weight=60), layout.tab(*views, weight=40), weight=60)
    return layout.layout(above, layout.tab(layout.inspector(), weight=40))
