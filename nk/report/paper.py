"""A summary as blocks: what stands in the PDF, and the parts of it that a model card has too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.report.beside import beside, databases
from nk.report.blocks import Block, Code, Heading, Items, Paragraph, Picture, Table
from nk.report.paper_parts import parts
from nk.report.tested import on_paper
from nk.report.words import counted, interval, listed, measure, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Told = dict[str, Any]
_WORST = 10
_WIDEST = 8  # columns that fit on paper
_MOST_FOLDS = 50
_MOST_REASONS = 5

_ALIKE = (
    " In UAR each class of a group counts alike, however few its rows are, so that all may have less than the whole."
)


def paper(run: Told, figures: Sequence[Picture], exhibits: Mapping[str, Picture], worst: Told | None) -> list[Block]:
    """The whole report of a run.

    Args:
        run: as `nk.report.summary.summary` gives it
        figures: of the results
        exhibits: figures of what was explored, or of parts, by name
        worst: its predictions, as `nk.report.judged.table` gives them
    """
    methods = [Heading(2, "Methods"), Paragraph(run["methods"])] if run["methods"] else []
    return [
        *first(run),
        *methods,
        *parts(run["parts"], exhibits),
        *_results(run, figures),
        *_errors(worst),
        *groups(run),
        *_explored(run, exhibits),
        *(_data(run) if run["data"] else ()),
        *(_audit(run) if run["audit"] is not None else ()),
        *_config(run),
    ]


def side_by_side(comparison: Told) -> list[Block]:
    """Several runs in a table."""
    rows: list[Sequence[str]] = [(fact["what"], *fact["each"]) for fact in comparison["facts"]]
    for one in comparison["measures"]:
        rows.append((measure(one["measure"]), *(number(each["value"]) if each else "-" for each in one["each"])))
        rows.append(("95 % interval", *(interval(each["low"], each["high"]) if each else "-" for each in one["each"])))
        rows.append(("difference to the first", *(_difference(each) for each in one["each"])))
    rows = [row for row in rows if any(cell not in {"", "-"} for cell in row[1:])]
    head = ("", *(one["name"] for one in comparison["runs"]))
    said = "A difference alone does not say that one is better: the list above does, by pairs over speakers."
    pairs = Items([("", f"{text}.") for text in comparison["pairs"]])
    return [Heading(1, "Side by side"), Paragraph(comparison["rows"]), pairs, Table(said, head, rows)]


def _difference(each: Told | None) -> str:
    return "" if not each or each["difference"] is None else f"{each['difference']:+.3f}"


def first(run: Told) -> Iterator[Block]:
    """What has to be known first: the result, and what to be careful of."""
    yield Heading(1, run["name"])
    if run["openings"]:
        for one in run["openings"]:
            yield Paragraph(f"{one['big']} ({one['small']})")
            yield Items([("", text) for text in one["said"]])
    elif run["task"]:
        yield Paragraph(headline(run))
    elif run["explored"]:
        yield Paragraph(run["explored"][0]["said"])
    if run["leads"]:
        yield Items([(one["level"], _with_hint(one)) for one in run["leads"]])
    elif run["audit"] is not None:
        yield Paragraph("The audit has no warning.")
    elif not run["openings"]:
        yield Paragraph("Exploring has found nothing to warn of; that is no proof.")


def headline(run: Told) -> str:
    """The result in a sentence."""
    found, task = run["headline"], run["task"]
    if not found:
        return f"No row with a known `{task['target']}` was predicted, so nothing was scored."
    ends = "no interval" if found["low"] is None else f"95 % interval {interval(found['low'], found['high'])}"
    guesses = "".join(f", {base} {number(value)}" for base, value in found["guesses"].items())
    speakers = f" of {counted(found['n_speakers'], 'speaker')}" if found["n_speakers"] else ""
    text = f"{measure(found['measure'])} {number(found['value'])} ({ends}{guesses})"
    rows = f"{counted(found['n'], 'recording')}{speakers}"
    return f"{text} for {task['target']}, {task['kind']}, of {rows}, by {task['model']} on {listed(task['features'])}."


def _with_hint(one: Told) -> str:
    return f"{one['text']}. What to do: {one['do']}." if one["do"] else f"{one['text']}."


def _results(run: Told, figures: Sequence[Picture]) -> Iterator[Block]:
    if run["results"]:
        yield Heading(2, "Results")
    for result in run["results"]:
        yield measures(result)
        if result["classes"]:
            yield classes(result)
        yield from _more(result)
    for test in [one for one in run["tests"] if one["measures"]]:
        yield measures({"part": test["name"], **test}, "The stored model on")
    if run["members"]:
        yield members(run["members"])
        said = (f"Against the best member: {run['members']['words']}", *run["members"]["cautions"])
        yield Paragraph(" ".join(f"{text}." for text in said))
    yield from figures


def _more(result: Told) -> Iterator[Block]:
    """Databases, folds, and what stands beside the main result."""
    if found := databases(result):
        yield Paragraph(f"{result['part']}, by database:")
        yield Items([("", text) for text in found])
    if folds := result["folds"]:
        several = len({fold.get("run") for fold in folds}) > 1
        names = ["fold", *(name for name in folds[0] if name != "fold" and (several or name != "run"))]
        rows = [[_fold_cell(name, fold.get(name)) for name in names] for fold in folds[:_MOST_FOLDS]]
        more = f" The first {_MOST_FOLDS} of {len(folds)}." if len(folds) > _MOST_FOLDS else ""
        yield Table(f"Results on {result['part']} by fold.{more}", [measure(name) for name in names], rows)
    if found := beside(result):
        yield Paragraph(f"{result['part']}, beside the main result:")
        yield Items([("", f"{text}.") for text in found])


def _fold_cell(name: str, value: Any) -> str:
    return str(value) if name in {"fold", "n", "n_speakers", "run"} else _cell(value)


def members(told: Told) -> Table:
    """The members of an ensemble in the measure that counts."""
    rows = [
        (one["name"], one["model"] or "-", listed(one["features"]) or "-", number(one["value"]),
         interval(one["low"], one["high"]))
        for one in told["rows"]
    ]  # fmt: skip
    head = ("member", "model", "features", measure(told["measure"]), "95 % interval")
    return Table("What the members reach by themselves.", head, rows, 3)


def measures(result: Told, what: str = "Results on") -> Table:
    """All measures of a part, beside what guessing gives."""
    rows = [
        (measure(one["measure"]), number(one["value"]), interval(one["low"], one["high"]),
         *(number(one["guesses"][base]) for base in result["guesses"]))
        for one in result["measures"]
    ]  # fmt: skip
    speakers = f" of {counted(result['n_speakers'], 'speaker')}" if result["n_speakers"] else ""
    caption = f"{what} {result['part']}: {counted(result['n'], 'recording')}{speakers}. Interval: {result['method']}."
    return Table(caption, ("measure", "value", "95 % interval", *result["guesses"]), rows)


def classes(result: Told) -> Table:
    """Precision, recall and F1 of every class."""
    rows = [
        (str(one["class"]), number(one["precision"]), number(one["recall"]),
         interval(one.get("low"), one.get("high")), number(one["f1"]), str(one["support"]))
        for one in result["classes"]
    ]  # fmt: skip
    head = ("class", "precision", "recall", "95 % interval of recall", "F1", "rows")
    return Table(f"Results on {result['part']} by class.", head, rows)


def _errors(worst: Told | None) -> Iterator[Block]:
    if not worst or not worst["rows"]:
        return
    columns = [name for name in worst["columns"] if name not in {"right", "run", "fold"}]
    places = [worst["columns"].index(name) for name in columns]
    rows = [[_cell(row[place]) for place in places] for row in worst["rows"][:_WORST]]
    texts = 4 if worst["labels"] else 2
    yield Table("The worst predictions.", columns, rows, texts if "speaker" in columns else texts - 1)


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, float) else "-" if value is None else str(value)


def groups(run: Told) -> Iterator[Block]:
    """Results by group, with gaps."""
    if run["groups"]:
        yield Heading(2, "Groups")
        fewest = f"Groups of fewer than {run['groups'][0]['fewest']} rows have no value."
        text = f"{fewest} Of several groups some are worse by chance, which the interval of a gap heeds: "
        text += "a gap whose interval holds 0 may be nothing."
        yield Paragraph(text + _ALIKE * any(one["measure"] == "uar" for one in run["groups"]))
    for one in run["groups"]:
        rows = [
            (group["group"], number(group["value"]), interval(group["low"], group["high"]), str(group["n"]),
             "-" if group["n_speakers"] is None else str(group["n_speakers"]))
            for group in one["groups"]
        ]  # fmt: skip
        head = (one["column"], measure(one["measure"]), "95 % interval", "n", "speakers")
        yield Table(f"Results by {one['column']}. {_gap(one['gap'])}", head, rows)


def _gap(gap: Told | None) -> str:
    if not gap:
        return ""
    ends = "no interval" if gap["low"] is None else f"95 % interval {interval(gap['low'], gap['high'])}"
    return f"Gap from {gap['best']} to {gap['worst']}: {number(gap['value'])} ({ends})."


def _explored(run: Told, exhibits: Mapping[str, Picture]) -> Iterator[Block]:
    if run["explored"]:
        yield Heading(2, "Explored")
    for one in run["explored"]:
        yield Heading(3, one["title"])
        if one["lead"]:
            yield Items([("finding", one["lead"])])
        picture = exhibits.get(one["name"])
        yield Picture(picture.path, one["said"]) if picture else Paragraph(one["said"])
        if not picture and one["table"]:
            yield from _numbers(one["table"])


def _numbers(table: Told) -> Iterator[Block]:
    """The numbers of what has no figure: tests as sentences, others as a table if it fits on paper."""
    if "compared" in table["columns"] and "unit" in table["columns"]:
        yield from _tests(table)
    elif len(table["columns"]) <= _WIDEST:
        texts = table["numeric"].index(True) if True in table["numeric"] else len(table["columns"])
        yield Table("", table["columns"], table["rows"], texts)
    if table["total"] > len(table["rows"]):
        yield Paragraph(f"These are the first {len(table['rows'])} of {table['total']} rows; all are in the CSV file.")


def _tests(table: Told) -> Iterator[Block]:
    """Tests in few columns, of rows and of speakers apart, and the rules that have chosen them."""
    shown = on_paper(table["columns"], table["rows"])
    of_features = "feature" in shown.head
    widths = (0.25, 0.13, 0.14, 0.13) if of_features else (0.22, 0.17, 0.17)
    for unit, rows in shown.rows.items():
        yield Table(f"By {unit}.", shown.head, rows, shown.texts, widths, small=True)
    if shown.why:
        more = "; and others" if len(shown.why) > _MOST_REASONS else ""
        yield Paragraph(f"Chosen by rule: {'; '.join(shown.why[:_MOST_REASONS])}{more}.")


def _data(run: Told) -> Iterator[Block]:
    yield Heading(2, "Data")
    yield Paragraph(data_words(run))
    if run["data"]["classes"]:
        parts = list(run["data"]["classes"][0]["parts"])
        rows = [
            (one["class"], str(one["rows"]), "-" if one["speakers"] is None else str(one["speakers"]),
             *(str(one["parts"][part]) for part in parts))
            for one in run["data"]["classes"]
        ]  # fmt: skip
        yield Table("Classes.", ("class", "rows", "speakers", *parts), rows)
    rows = [
        (step["what"], str(step["rows_in"]), str(step["rows_out"]), str(step["lost"] or "")) for step in run["history"]
    ]
    if rows:
        yield Table("What became of the rows.", ("step", "rows before", "after", "left out"), rows)
    if run["skipped"]["rows"]:
        yield Paragraph(f"{counted(run['skipped']['rows'], 'row')} could not be used:")
        yield Items([("", f"{one['reason']}: {one['rows']}") for one in run["skipped"]["reasons"]])


def data_words(run: Told) -> str:
    """How much there is, in a sentence."""
    data, seconds = run["data"], run["data"]["seconds"]
    speakers = counted(data["speakers"], "speaker") if data["speakers"] else "speakers not known"
    names = listed(f"`{one['database']}`" for one in data["databases"])
    text = f"{counted(data['rows'], 'row')} of {counted(data['files'], 'file')}, {data['hours']:.2f} hours, {speakers}"
    length = f"each from {number(seconds['min'], 1)} to {number(seconds['max'], 1)} s"
    lost = f"; {data['unlabelled']} without `{run['task']['target']}`" if data["unlabelled"] else ""
    return f"{text}; databases {names}; {length}, {number(seconds['mean'], 1)} s on average{lost}."


def _audit(run: Told) -> Iterator[Block]:
    yield Heading(2, "Audit")
    if run["audit"]:
        yield Items([(one["level"], _with_hint(one)) for one in run["audit"]])
    else:
        yield Paragraph("The audit has found nothing.")
    if run["looks"]:
        yield Paragraph(f"How often the test was used: {run['looks']}.")


def _config(run: Told) -> Iterator[Block]:
    made = run["made_with"]
    if not made:
        return
    yield Heading(2, "Config and versions" if run["config"] else "Versions")
    packages = ", ".join(f"{name} {version}" for name, version in made["packages"].items())
    yield Paragraph(f"nk {made['nk']}, Python {made['python']}, {packages}; seed {made['seed']}.")
    if run["config"]:
        yield Code(run["config"].splitlines())
