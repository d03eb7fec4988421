"""The rows in Renumics Spotlight: to hear and sort them beside features and what the model of a run says of them."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.errors import DataError, MissingDependency
from nk.stages.columns import describing

if TYPE_CHECKING:
    from nk.config.work import Expl
    from nk.explore.material import Material
    from nk.tables import Features

# What Spotlight is to take a column for, beyond what it finds out by itself.
TYPES = {"audio": "audio", "segment": "window", "features": "embedding"}


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
        features: of the rows that have some; None leaves them out
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
        vectors = pl.DataFrame({"id": features.ids, "features": features.values.tolist()})
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


def show(table: pl.DataFrame) -> None:
    """Open the rows in a browser of this machine, and wait until it is closed; nothing is reported to anybody."""
    os.environ.setdefault("SPOTLIGHT_OPT_OUT", "true")
    from renumics import spotlight

    types: dict[str, Any] = {name: kind for name, kind in TYPES.items() if name in table.columns}
    spotlight.show(table.to_pandas(), dtype=types, wait=True)
