"""The recipe of `nk report`: read folders, say in a plain dict what they hold, and write it in every form."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nk import comparing, runfolder
from nk.config import load_config
from nk.errors import DataError, NkError
from nk.report import drawings, pdf, typeset
from nk.report.blocks import Picture
from nk.report.card import card, metadata
from nk.report.clips import clips
from nk.report.commands import FOUND, is_of_command, read_several
from nk.report.compare import compare
from nk.report.files import CONFIG, ENSEMBLE, EXPLORE, LOOK, read_explored, read_made, read_run
from nk.report.html import Page, html
from nk.report.joined import config_of
from nk.report.judged import table
from nk.report.paper import first, paper, side_by_side
from nk.report.summary import looked_at, summary
from nk.report.words import without_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nk.config import Config
    from nk.config.output import Report as Asked
    from nk.report.blocks import Block
    from nk.report.commands import Several
    from nk.report.drawings import Drawing
    from nk.report.files import Run
    from nk.report.shapes import Explored
    from nk.runfolder import RunFolder
    from nk.ui import Ui

PAGE, CARD = "report.html", "model_card.md"
_TOGETHER, _CHECK = "comparison", "_check"
_ON_SCREEN, _ON_PAPER = ("svg", "png", "jpg"), ("pdf", "png", "jpg")
_NO_CONFIGS = {".csv", ".html", ".json", ".md", ".parquet", ".pdf", ".png", ".svg", ".tex", ".wav"}
_NAME = "name a folder that a command of nk has written, or a config file"
_ELSEWHERE = "name another folder by `--output`"
_FIRST = "`nk run` or `nk explore` comes first; of `nk flags`, `nk multidb` and `nk optim` name the folder"
_INSTALL = "install TeX, or `pip install 'nk-speech[report]'`, which brings Typst"


@dataclass(frozen=True)
class Subject:
    """What a report is about: the folder of an experiment, with a run or a look at the data, or both.

    In place of these it may be what a command has found that makes many runs.
    """

    folder: Path
    told: dict[str, Any]
    run: Run | None = None
    explored: Explored | None = None
    several: Several | None = None


@dataclass(frozen=True)
class Report:
    """The folder of a report, all that it says, and a short form of it where that is to be shown."""

    folder: Path
    document: dict[str, Any]
    shown: str

    @property
    def page(self) -> Path:
        """The file to open."""
        return self.folder / PAGE


def report(
    where: Sequence[Path],
    ui: Ui,
    *,
    overrides: Sequence[str] = (),
    output: Path | None = None,
    audio: bool = True,
) -> Report:
    """Make a report of one experiment, or of several side by side.

    Args:
        where: folders of runs or of other commands, or config files of runs
        ui: where to say what happens
        overrides: `section.key=value`, put over what the configs say
        output: the folder to write to
        audio: whether recordings are put into the page, unless a config forbids it

    Raises:
        ConfigError: a config is wrong
        DataError: there is no run, a file of it cannot be read, or the report cannot be written
    """
    found = [_found(one, overrides) for one in where]
    subjects = [_subject(one) for one in found]
    asked = found[0].config.report
    audio = audio and all(one.config.report.audio for one in found)
    return _write(subjects, asked, output or _place(subjects), ui, audio=audio)


def at_the_end(folder: Path, config: Config, ui: Ui) -> Report | None:
    """Make the report of a command that has just ended, if its config has a section [REPORT].

    What the command has found is complete without it, so that what stands in its way is a warning.
    """
    if not config.report.model_fields_set:
        return None
    try:
        subjects = [_subject(_of_run(folder, config))]
        return _write(subjects, config.report, _place(subjects), ui, audio=config.report.audio)
    except DataError as error:
        ui.warn(f"there is no report: {error}", error.hint)
        return None


def of_check(config: Config, tell: Callable[[], dict[str, Any]], ui: Ui) -> Report | None:
    """Make the report of a check, which has no folder of its own: the report is the folder `<root>/<name>_check`.

    Args:
        config: of the experiment; without a section [REPORT] there is none
        tell: says what was found, as `nk.report.frame.frame` has it
        ui: told what stands in its way
    """
    if not config.report.model_fields_set:
        return None
    try:
        place = _no_link(Path(config.exp.root) / f"{config.exp.name}{_CHECK}")
        return _write([Subject(place, tell())], config.report, place, ui, audio=False)
    except DataError as error:
        ui.warn(f"there is no report: {error}", error.hint)
        return None


def of_compared(where: Sequence[Path], ui: Ui) -> Report | None:
    """Make the report of runs that were just compared, if a config file among those named has a section [REPORT]."""
    files = [one for one in where if one.is_file() and one.suffix.lower() != ".csv"]
    if not any(load_config(one).config.report.model_fields_set for one in files):
        return None
    try:
        return report(where, ui)
    except DataError as error:
        ui.warn(f"there is no report: {error}", error.hint)
        return None


@dataclass(frozen=True)
class _Found:
    """The folder of an experiment, the config that its report goes by, and the file that this is from."""

    folder: Path
    config: Config
    file: Path


def _found(where: Path, overrides: Sequence[str]) -> _Found:
    """A run folder and its config; where a config file is named, the section [REPORT] is that of the file."""
    if where.is_dir():
        if (where / ENSEMBLE).is_file():
            return _Found(where, *config_of(where, overrides))
        file = _config(where)
        return _Found(where, load_config(file, overrides, roots=False).config, file)
    if not where.exists():
        raise DataError(f"there is no `{where}`", hint=_NAME)
    if where.suffix.lower() in _NO_CONFIGS:
        raise DataError(f"`{where}` is no config file", hint=_NAME)
    asked = load_config(where, overrides).config
    return _of_run(Path(asked.exp.root) / asked.exp.name, asked)


def _config(folder: Path) -> Path:
    """The config of a run, or of a look at the data where there was no run."""
    if (folder / PAGE).is_file():
        anew = "name the folder of the run, or repeat the command, to make it anew"
        raise DataError(f"`{folder}` is a report already", hint=f"open `{folder / PAGE}`; {anew}")
    if (folder / LOOK).is_file():
        above = folder.resolve().parent.name
        raise DataError(f"`{folder}` is a look in the folder of an experiment", hint=f"name that, `{above}`")
    found = [place for place in (folder / CONFIG, folder / EXPLORE / CONFIG) if place.is_file()]
    if not found and any((folder / name).is_file() for name in FOUND):
        text = f"`{folder}` is of an earlier nk, which kept no `{CONFIG}` there"
        raise DataError(text, hint="repeat the command, which takes the runs that are there already")
    if not found:
        raise DataError(f"`{folder}` is no run folder: it has no `{CONFIG}`", hint=_NAME)
    return found[0]


def _of_run(folder: Path, asked: Config) -> _Found:
    """The config of the run in a folder, in which nothing is left open, with the section [REPORT] that is asked for."""
    if is_of_command(folder) or not (folder / "manifest.json").is_file():
        return _Found(folder, asked, folder / CONFIG)
    found, file = config_of(folder) if (folder / ENSEMBLE).is_file() else (None, folder / CONFIG)
    return _Found(folder, (found or load_config(file).config).replaced(report=asked.report), file)


def _subject(found: _Found) -> Subject:
    folder, several = found.folder, read_several(found.folder)
    if several:
        return Subject(folder, several.told(folder.resolve().name, *read_made(folder)), several=several)
    explored = read_explored(folder)
    if (folder / "manifest.json").is_file():
        run = read_run(folder, found.config, found.file)
        return Subject(folder, summary(run), run, explored)
    if explored is None:
        raise DataError(f"there is nothing to report in `{folder}`", hint=_FIRST)
    told = looked_at(folder, explored, *read_made(folder / EXPLORE))
    return Subject(folder, told, explored=explored)


def _place(subjects: Sequence[Subject]) -> Path:
    folder = subjects[0].folder
    return _no_link(folder / runfolder.REPORT if len(subjects) == 1 else folder.parent / _TOGETHER)


def _no_link(place: Path) -> Path:
    """A place that nobody has named may not be a link: it could lead to a report of something else.

    Raises:
        DataError: it is
    """
    if place.is_symlink():
        raise DataError(f"`{place}` is a link, and a report would replace what it leads to", hint=_ELSEWHERE)
    return place


def _need_free(place: Path) -> None:
    """A report may take the place of a report, and of nothing else."""
    if place.is_dir() and any(place.iterdir()) and not (place / PAGE).is_file():
        raise DataError(f"`{place}` is there already and is no report", hint=_ELSEWHERE)


def _write(subjects: Sequence[Subject], asked: Asked, place: Path, ui: Ui, *, audio: bool) -> Report:
    _need_free(place)
    told = [one.told for one in subjects]
    runs = [one.run for one in subjects if one.run]
    document = {
        "schema": 1,
        "title": asked.title,
        "author": asked.author,
        "date": max(one["made"][:10] for one in told),
        "comparison": _side_by_side(runs, told) if len(runs) == len(subjects) > 1 else None,
        "runs": told,
    }
    with TemporaryDirectory() as drawn, runfolder.writing(place.parent, place.name, way_out=_ELSEWHERE) as folder:
        pages = [_page(one, Path(drawn) / str(number), audio=audio) for number, one in enumerate(subjects)]
        folder.json("summary.json", document)
        folder.text(PAGE, html(document, pages))
        if len(runs) == len(subjects) == 1:
            folder.text(CARD, typeset.markdown(card(told[0]), metadata(told[0])))
        if asked.latex:
            blocks = side_by_side(document["comparison"]) if document["comparison"] else []
            _typeset(folder, asked.latex, document, [*blocks, *_blocks(subjects, folder)], ui)
    shown = typeset.markdown([block for one in told for block in first(one)]) if asked.show else ""
    return Report(place, document, shown)


def _side_by_side(runs: Sequence[Run], told: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The comparison of runs, with what `nk compare` says of every pair; nothing of it where their rows differ."""
    found = compare(runs, told)
    try:
        paired = comparing.compare([run.folder for run in runs], runs[0].measure)
    except NkError as error:
        return found and found | {"pairs": [f"no pair was tested: {without_folders(str(error))}"]}
    return found and found | {"pairs": [*comparing.lines(paired), *paired.cautions]}


def _page(one: Subject, folder: Path, *, audio: bool) -> Page:
    folder.mkdir()
    run = one.run
    heard, notes = clips(run) if run and audio else ([], [])
    return Page(
        summary=one.told,
        figures=drawings.draw(run, folder, "svg") if run else (),
        exhibits=_on_screen(one, folder),
        table=table(run.predictions, run.part) if run and run.part else None,
        clips=heard,
        notes=notes,
    )


def _blocks(subjects: Sequence[Subject], folder: RunFolder) -> list[Block]:
    """What stands on paper, with the figures in the folder `figures`, under names of our own."""
    found = []
    for number, one in enumerate(subjects, start=1):
        inside = folder.path / "figures" / f"run{number}"
        run = one.run
        if run or one.explored or one.several:
            inside.mkdir(parents=True)
        figures = [Picture(_path(each.path), each.said) for each in (drawings.draw(run, inside, "pdf") if run else ())]
        exhibits = {name: Picture(_path(each.path), each.said) for name, each in _on_paper(one, inside).items()}
        worst = table(run.predictions, run.part) if run and run.part else None
        found += paper(one.told, figures, exhibits, worst)
    return found


def _on_screen(one: Subject, folder: Path) -> dict[str, Drawing]:
    """The figures of what was explored, or of what makes many runs."""
    return one.several.draw(folder, "svg") if one.several else drawings.explored(one.folder, one.explored, _ON_SCREEN)


def _on_paper(one: Subject, inside: Path) -> dict[str, Drawing]:
    """The same, in a folder, under names of our own."""
    if one.several:
        return one.several.draw(inside, "pdf")
    found = drawings.explored(one.folder, one.explored, _ON_PAPER)
    copies = {name: replace(each, path=inside / f"explored_{count}{each.path.suffix}")
              for count, (name, each) in enumerate(found.items(), start=1)}  # fmt: skip
    for name, each in copies.items():
        shutil.copyfile(found[name].path, each.path)
    return copies


def _path(figure: Path) -> str:
    return "/".join(figure.parts[-3:])


def _typeset(folder: RunFolder, name: str, document: dict[str, Any], blocks: Sequence[Block], ui: Ui) -> None:
    """Write the LaTeX file, and the PDF by what there is."""
    name = name.removesuffix(".tex").removesuffix(".pdf")
    source, target = folder.path / f"{name}.tex", folder.path / f"{name}.pdf"
    folder.text(source.name, typeset.tex(document, blocks))
    why = pdf.by_tex(source)
    if why is None:
        return
    instead = pdf.by_typst(typeset.typst(document, blocks), target)
    if instead is None:
        ui.note(f"{target.name} is made by Typst: {why}")
    else:
        ui.warn(f"there is no {target.name}: {why}, {instead}", _INSTALL)
