"""The section [DATA]: which recordings, what is to be learnt of them, and how they are split."""

# Annotations are not kept as text here: pydantic would compile each again, which is a fifth of the start-up.
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from nk.config.field import Section, key
from nk.config.values import Form, MisfitError, Scalar, as_items, as_mapping, as_scalar, as_text, fit, opened

Names = tuple[str, ...]
Part = Literal["all", "train", "dev", "test"]
Strategy = Literal[
    "speaker_split",
    "speakers_stated",
    "column",
    "train",
    "dev",
    "test",
    "database",
    "specified",
    "random",
    "balanced",
    "reuse",
    "lock",
]


def _relabelling(value: Any) -> dict[str, Any]:
    """`{old: new}` or `{column: {old: new}}`; old may be several values, as `'a,b'` or `('a', 'b')`."""
    pairs = as_mapping(value)
    nested = [isinstance(new, Mapping) for new in pairs.values()]
    if any(nested) and not all(nested):
        raise MisfitError("give either old and new values or columns, not both")
    if nested and all(nested):
        return {as_text(column): _flat(as_mapping(inner)) for column, inner in pairs.items()}
    return _flat(pairs)


def _flat(pairs: dict[Any, Any]) -> dict[str, Scalar]:
    return {old: as_scalar(new) for several, new in pairs.items() for old in _each(several)}


def _each(several: Any) -> list[str]:
    if isinstance(several, tuple):
        return [as_text(one) for one in several]
    return [one.strip() for one in as_text(several).split(",")]


def _strategy(value: Any) -> str | Names:
    """A strategy by its name, or a list of test speakers; a single word is never taken for a speaker."""
    found = opened(value)
    strategy: str | Names = fit(found, Names if isinstance(found, list | tuple) else Strategy)
    return strategy


def _conditions(value: Any) -> tuple[tuple[str, tuple[Scalar, ...]], ...]:
    """`{column: value or values}` or `[[column, value or values], ...]`."""
    found = opened(value)
    pairs: list[Any] = list(found.items()) if isinstance(found, Mapping) else as_items(found)
    if pairs and not isinstance(pairs[0], list | tuple) and len(pairs) == 2 and not isinstance(found, Mapping):
        pairs = [pairs]
    return tuple(_condition(pair) for pair in pairs)


def _condition(pair: Any) -> tuple[str, tuple[Scalar, ...]]:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise MisfitError
    column, values = pair
    return as_text(column), tuple(as_scalar(item) for item in as_items(values))


Relabelling = Annotated[
    dict[str, Scalar | dict[str, Scalar]],
    Form(_relabelling, "a mapping {old: new} or {column: {old: new}}"),
]
Conditions = Annotated[
    tuple[tuple[str, tuple[Scalar, ...]], ...],
    Form(_conditions, "a mapping {column: values} or a list [[column, values], ...]"),
]
Share = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]
Channel = Literal["first", "mix"] | Annotated[int, Field(ge=0)]
Splitting = Annotated[
    Strategy | Names,
    Form(_strategy, f"{', '.join(f'`{name}`' for name in get_args(Strategy))} or a list of test speakers"),
]
Renaming = dict[str, str]


class Database(Section):
    """The keys of one database, written as `<database>.<key>`."""

    path: str | None = key(None, "where it is: a CSV file or a folder in audformat; the bare key `<database>`")
    type: str | None = key(
        None, "reader, see the readers; without it csv for a path that ends in .csv or .tsv, else audformat"
    )
    split_strategy: Splitting = key("speaker_split", "how it is split: a strategy, or the list of the test speakers")
    test_size: Percent = key(20.0, "share of the speakers (or samples) for test", unit="%")
    dev_size: Percent = key(20.0, "share of the speakers (or samples) for dev", unit="%")
    split_column: str = key("split", "column that holds the part, for the strategy `column`")
    train_vals: Names = key(("train",), "values of the split column that mean train")
    dev_vals: Names = key(("dev",), "values of the split column that mean dev")
    test_vals: Names = key(("test",), "values of the split column that mean test")
    lock: str | None = key(
        None, "run folder, or its split.lock.json, whose parts or folds are used, for the strategy `lock`"
    )
    train: Names | None = key(None, "training speakers, for `speakers_stated`; without it all others")
    dev: Names | None = key(None, "dev speakers, for `speakers_stated`")
    test: Names | None = key(None, "test speakers, for `speakers_stated`")
    channel: Channel = key(
        "first", "channel of a recording that is used, from 0, or the mean of all; without it that of [DATA]"
    )
    as_train: bool = key(False, "use its training part only")
    as_test: bool = key(False, "use its test part only")
    colnames: Renaming | None = key(None, "columns to rename: {name in the table: new name}")
    mapping: Relabelling | None = key(None, "labels to rename: {old: new} or {column: {old: new}}")
    filter: Conditions | None = key(None, "rows to keep: {column: values}")
    required: str | None = key(None, "drop rows without a value in this column")
    limit_samples: int | None = key(None, "keep at most this many rows, drawn at random", ge=1)
    limit_samples_per_speaker: int | None = key(None, "keep at most this many rows of a speaker", ge=1)
    min_duration_of_sample: float | None = key(None, "drop shorter rows", unit="s", ge=0)
    max_duration_of_sample: float | None = key(None, "drop longer rows", unit="s", gt=0)
    rename_speakers: bool = key(False, "put the database's name before the speakers' names")
    reverse: bool = key(False, "turn a numeric target round: |x - max|")
    reverse_max: float | None = key(
        None, "the largest value for `reverse`; without it the largest there is", alias="reverse.max"
    )
    scale: bool = key(False, "bring a numeric target to mean 0 and deviation 1, as measured on train")
    value_counts: bool = key(False, "draw how classes and genders are spread over the parts")
    options: dict[str, Any] = key({}, "options of the reader", pattern="-")

    @property
    def reader(self) -> str:
        """Name of the reader: `type`, or what the path looks like."""
        if self.type is not None:
            return self.type
        return "csv" if (self.path or "").lower().endswith((".csv", ".tsv")) else "audformat"


class Data(Section):
    """The section [DATA]."""

    databases: dict[str, Database] = key({}, "names of the databases; each needs its own keys", pattern="-")
    others: dict[str, Database] = key({}, "databases with keys that are not in the list", pattern="-")
    target: str | None = key("emotion", "column that is to be learnt; None: nothing")
    labels: Names | None = key(None, "classes to keep, in order; without it all there are")
    channel: Channel = key("first", "channel of a recording that is used, from 0, or the mean of all")
    root_folders: str | None = key(
        None, "another file with a section [DATA]; its keys of databases hold unless set here"
    )
    no_reuse: bool = key(False, "once made tables anew; splits are never reused here, so it changes nothing")
    type: Literal["continuous"] | None = key(None, "`continuous`: cut a numeric target into classes")
    bins: tuple[float, ...] | None = key(
        None, "edges of the classes of a numeric target; without it classes of the same size in train"
    )
    tests: Names | None = key(None, "databases that `nk test` evaluates the stored model on, all their rows")
    trains: Names | None = key(None, "databases that the trained model has seen", built=False)
    target_divide_by: float | None = key(None, "divide a numeric target by this")
    colnames: Renaming | None = key(None, "columns to rename in every database")
    filter: Conditions | None = key(None, "rows to keep after all databases are joined")
    filter_selection: Part = key("all", "parts of the split that the filters hold for", alias="filter.sample_selection")
    limit_samples: int | None = key(None, "keep at most this many rows of a part", ge=1)
    limit_samples_per_speaker: int | None = key(None, "keep at most this many rows of a speaker and part", ge=1)
    min_duration_of_sample: float | None = key(None, "drop shorter rows", unit="s", ge=0)
    max_duration_of_sample: float | None = key(None, "drop longer rows", unit="s", gt=0)
    min_dur_test: float | None = key(None, "drop shorter rows of the test part", unit="s", ge=0)
    check_size: bool | int | None = key(None, "drop files that are smaller; True means 1000", unit="bytes", ge=0)
    check_vad: bool = key(False, "drop files in which no speech is found", built=False)
    groups: Names = key(
        ("speaker",),
        "columns whose values train and test never share; `row` lets every row stand for itself, whoever speaks",
    )
    balance: dict[str, float] | None = key(
        None, "columns to balance the parts by, and their weights, for the strategy `balanced`"
    )
    size_diff_weight: float = key(1.0, "weight of the parts' size, for `balanced`", ge=0)
    variable_bins: dict[str, Annotated[int, Field(ge=2)]] = key(
        {}, "quantile bins of a numeric column, for `balanced`; without it 4", pattern="<column>_bins"
    )
    sample_selection: Part = key("all", "parts of the split that are augmented", of="augment", built=False)
    label_data: str | None = key(None, "database to label with the trained model", built=False)
    label_result: str | None = key(None, "file for the labels of `label_data`", built=False)

    @property
    def channels(self) -> dict[str, Any]:
        """Which channel is used, a database."""
        own = {name: database.channel for name, database in self.databases.items()}
        return {name: self.channel if channel is None else channel for name, channel in own.items()}

    @property
    def tested(self) -> dict[str, Database]:
        """The databases in `tests`, by the names that they have there."""
        known = {name.lower(): database for name, database in {**self.databases, **self.others}.items()}
        return {name: known[name.lower()] for name in self.tests or () if name.lower() in known}
