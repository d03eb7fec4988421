"""The recipe of `nk explore`: read and hear the rows, look at them in every way that is asked for, write the folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import runfolder
from nk.config import check_built, check_data, to_yaml
from nk.dividing import divide, is_folded, undivided
from nk.errors import DataError
from nk.execute import cores
from nk.explore import bias, groups, measuring, overview, spotlight, value_counts
from nk.explore.columns import WORDS_OF_TARGET
from nk.explore.hearing import BESIDE, HEARD, hear
from nk.explore.material import Material
from nk.manifest import Stopwatch, manifest
from nk.paths import resolver
from nk.plan import history_lines
from nk.report import fonts
from nk.report.figures.bare import add_below, as_drawn, lines_below
from nk.report.pictures import Album
from nk.stages import cautions
from nk.stages.load import load
from nk.stages.locked import places_of, read_locks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nk.config import Config, Loaded
    from nk.explore.exhibit import Exhibit
    from nk.reporting import Report
    from nk.runfolder import RunFolder
    from nk.stages.folds import Fold
    from nk.tables import Dataset
    from nk.ui import Ui

EXPLORE = runfolder.EXPLORE
NAME = "explore.json"
BARE = "for_report"  # the folder for figures without words, which a report has in its text
_ESTIMATE = "est_"
USED = ("EXP", "DATA", "EXPL", "PLOT")


@dataclass(frozen=True)
class Explored:
    """What a look at the data has found, and the folder that holds it; `told` is the content of `explore.json`.

    `rows` are what `nk.explore.spotlight` shows, None where it is not asked for.
    """

    folder: Path
    exhibits: Sequence[Exhibit]
    told: dict[str, Any]
    config: Config
    report: Report | None = None
    rows: pl.DataFrame | None = None


def place_of(loaded: Loaded) -> tuple[Path, str]:
    """The folder above, and the name, of what is written; made sure that it can be.

    Raises:
        ConfigError: the config names no database
        NotBuilt: it asks for what nk cannot do yet
        DataError: the folder cannot be written
    """
    check_data(loaded)
    check_built(loaded, USED)
    measuring.check(loaded)
    spotlight.check(loaded.config.expl)
    above = _run_folder(loaded.config)
    runfolder.check_place(above.parent, above.name)
    runfolder.check_place(above, EXPLORE)
    return above, EXPLORE


def gather(loaded: Loaded, ui: Ui, jobs: int | None, watch: Stopwatch) -> Material:
    """Read, choose and part the rows, and listen to their recordings.

    Raises:
        DataError: they cannot be read, or the part that is asked for is not there
    """
    config, resolve = loaded.config, resolver(loaded.file)
    jobs = jobs or min(config.model.n_jobs or cores(), cores())
    with watch("load"):
        read = load(
            config.data,
            number=config.exp.type == "regression",
            fail_threshold=config.feats.fail_threshold,
            resolve=resolve,
            seed=config.exp.random_seed,
            jobs=jobs,
            ui=ui,
            needed="target" in config.data.model_fields_set and config.data.target is not None,
        )
    dataset, folds, parted = _divided(read.dataset, loaded)
    for line in history_lines(dataset):
        ui.note(line)
    cautions.say(cautions.of_skips(read.skipped, len(read.dataset) + len(read.skipped)), ui)
    dataset = _estimates(_selected(dataset, config, parted=parted))
    also = [WORDS_OF_TARGET] if dataset.target.name else []
    value_counts.check([*dataset.frame.columns, *HEARD, *BESIDE, *also], config.expl)
    with watch("listen"):
        channels = config.data.channels
        heard = hear(dataset, channels=channels, jobs=jobs, ui=ui, fresh=config.feats.no_reuse)
    return Material(dataset, heard, parted, folds if len(folds) > 1 else [], config, jobs)


def exhibits(material: Material, loaded: Loaded, ui: Ui, watch: Stopwatch) -> list[Exhibit]:
    """Everything that is shown, in its order."""
    with watch("rows"):
        found = [*_of_rows(material, ui)]
    with watch("features"):
        found += measuring.show(material, loaded, ui)
    return found


def for_spotlight(material: Material, loaded: Loaded, ui: Ui) -> pl.DataFrame | None:
    """The rows as Spotlight shows them, with the features that [FEATS] names; None where it is not asked for."""
    config = material.config
    if not config.expl.spotlight:
        return None
    features = measuring.extracted(material, loaded, ui)[1] if measuring.names_features(config) else None
    folder = _run_folder(config)
    run = groups.earlier(folder, material, ui)
    return spotlight.rows(material, features, spotlight.said(folder) if run else None)


def _of_rows(material: Material, ui: Ui) -> Iterator[Exhibit]:
    """Views of what the tables say and of what was heard."""
    yield from overview.show(material)
    yield from value_counts.show(material, ui)
    before = groups.earlier(_run_folder(material.config), material, ui)
    yield from bias.show(material, before.reached if before else None)
    if before:
        yield from groups.show(before.groups, material.target)


def _divided(dataset: Dataset, loaded: Loaded) -> tuple[Dataset, Sequence[Fold], bool]:
    """The rows with their parts, or folds, where the config asks for them; and whether they have parts."""
    config = loaded.config
    places = places_of(config.data, resolver(loaded.file))
    locks = read_locks(places, config.data, config.model)
    folded = is_folded(config, locks)
    asked = any("split_strategy" in one.model_fields_set for one in config.data.databases.values())
    if not dataset.target.name or not (folded or asked or _selection(config) != "all"):
        return undivided(dataset, config), [], False
    dataset, folds = divide(dataset, config, locks, _run_folder(config))
    return dataset, folds, not folded


def _run_folder(config: Config) -> Path:
    return Path(config.exp.root) / config.exp.name


def _selection(config: Config) -> str:
    return config.expl.sample_selection or config.exp.sample_selection


def _selected(dataset: Dataset, config: Config, *, parted: bool) -> Dataset:
    """The rows of the part that is to be looked at."""
    part = _selection(config)
    if part == "all":
        return dataset
    if not parted:
        raise DataError(f"`sample_selection = {part}` names a part, and there is no split",
                        hint="a cross-validation has none, nor have rows without a target: remove it")  # fmt: skip
    if not len(dataset.part(part)):
        raise DataError(f"the part `{part}` has no row", hint="look at `split_strategy` of each database")
    kept = dataset.part(part)
    return dataset.with_frame(kept.frame, f"the row is in `{part}`")


def _estimates(dataset: Dataset) -> Dataset:
    """The rows with the paper's names of estimates, such as `est_sdr`, as they are called now: `sdr_pred`."""
    columns = dataset.frame.columns
    names = {name: f"{name.removeprefix(_ESTIMATE)}_pred" for name in columns if name.startswith(_ESTIMATE)}
    names = {old: new for old, new in names.items() if new not in columns and old != dataset.target.name}
    return replace(dataset, frame=dataset.frame.rename(names))


def write(place: tuple[Path, str], found: Sequence[Exhibit], material: Material, watch: Stopwatch, ui: Ui) -> Explored:
    """Write the folder: `explore.json`, and for each exhibit its numbers and its picture."""
    with runfolder.writing(*place) as folder:
        told = {"schema": 1, **_about(material), "exhibits": _hung(folder, found, material.config, ui)}
        folder.json(NAME, told)
        folder.text("config.yaml", to_yaml(material.config))
        folder.text("log.txt", "\n".join(ui.lines) + "\n")
        folder.json("manifest.json", manifest(seed=material.seed, seconds=watch.seconds, command="explore"))
    return Explored(place[0] / place[1], found, told, material.config)


def _about(material: Material) -> dict[str, Any]:
    target = material.dataset.target
    return {
        "name": material.config.exp.name,
        "target": target.name or None,
        "labels": list(target.labels),
        "rows": len(material.dataset),
        "selection": _selection(material.config),
        "parted": material.parted,
    }


def _hung(folder: RunFolder, found: Sequence[Exhibit], config: Config, ui: Ui) -> list[dict[str, Any]]:
    """Write the files of every exhibit, and say what is in them."""
    hung = []
    with fonts.writing({text for one in found for text in _texts(one)}) as pen:
        album = Album(folder.path, config.plot, pen, bare=folder.folder(BARE).name)
        for one in found:
            figure = one.draw(pen) if one.draw else None
            below = [line for line in lines_below(figure) if line != as_drawn(one.caption, pen)] if figure else []
            if figure:
                add_below(figure, [as_drawn(note, pen).replace("$", r"\$") for note in one.notes])
            entry = album.add(figure, one.table, one.name)
            hung.append({"name": one.name, "title": one.title, "caption": one.caption, "notes": list(one.notes),
                         "below": below, "lead": one.lead, "leads": [vars(lead) for lead in one.leads],
                         "files": entry.files, "bare": entry.bare})  # fmt: skip
    if pen.lacking:
        shown = " ".join(sorted(pen.lacking)[:10])
        ui.warn(f"no font of this machine can write `{shown}`", "install a font for them; the tables have all names")
    return hung


def _texts(one: Exhibit) -> set[str]:
    """The user's texts that a figure may show."""
    kinds = pl.String | pl.Enum | pl.Categorical
    words = {text for column in one.table.iter_columns() if isinstance(column.dtype, kinds)
             for text in column.cast(pl.String).unique().drop_nulls().head(2000)}  # fmt: skip
    return {one.title, one.caption, *one.notes, *one.table.columns, *words}
