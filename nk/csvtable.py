"""A CSV file as a table: separator, encoding, quotes, line numbers, types.

Columns become numbers where every value is one. What is wrong with a file is told with its lines.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = "\n"  # the column with the number of the line; stripped names cannot collide with it
SEPARATORS = (",", ";", "\t")

# A leading zero makes a code of it (`03`); 19 digits may not fit an Int64, and a float would lose some.
_INTEGER = r"^[+-]?(?:0|[1-9][0-9]{0,17})$"
_NUMBER = (
    r"^[+-]?(?:0|[1-9][0-9]{0,17}"
    r"|(?:(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?"
    r"|(?:0|[1-9][0-9]*)[eE][+-]?[0-9]{1,2})$"
)
_CLOCK = r"^(?:([0-9]+) days?,? \+?)?([0-9]+):([0-5]?[0-9]):([0-5]?[0-9](?:\.[0-9]*)?)$"
_NO_TIME = ("", "nat", "nan", "none")
_LATEST = 1e9  # s, 30 years; an id holds milliseconds as a whole number
_SECONDS = "write seconds (`1.5`) or hours, minutes, seconds (`00:00:01.5`)"
_POINT = "write a point, not a comma, in numbers"

_AS_UTF_8 = "in a spreadsheet program save it as `CSV UTF-8`"
# In UTF-8: U+0000 to U+001F but for tab and line ends, U+007F, and U+0080 to U+009F. All but the last are one byte.
_CONTROLS = bytes([*(code for code in range(32) if code not in b"\t\n\r"), 127])
_CONTROL = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")

_SLICE = 20_000  # rows; keeps the lists that Python walks for garbage short


def read_table(path: Path, name: str) -> pl.DataFrame:
    """Read a table of recordings.

    Separators are commas, semicolons or tabs; blanks around values, a byte order mark and lines without a value do not
    matter; fields may be quoted with `"`; columns without a name are left out.

    Args:
        path: the file
        name: how messages call it

    Returns:
        its columns in order, an empty field being null; `file` and `speaker` are text, `start` and `end` float64 (s, to
        1 ms), the rest Int64 or Float64 where every value is a plain number and text otherwise; and `LINE`

    Raises:
        DataError: the file cannot be read, is not UTF-8, has control characters, has no rows, has no column `file`, has
            double names or ragged rows, or a row lacks its `file` or has a `start` or `end` that is no time
    """
    text = _decoded(path, name)
    skipped, text = _after_blank_lines(text)
    separator, columns = _header(text, name, skipped)
    if "\n" not in text.rstrip():
        raise _no_rows(name)
    parse = _quoted if '"' in text else _plain
    frame = parse(text, separator, columns, name, skipped).select(pl.exclude(r"^\n\d+$"))
    values = pl.exclude(LINE)
    bare = values.str.strip_chars()
    frame = frame.with_columns(pl.when(bare != "").then(bare).name.keep())
    frame = frame.filter(pl.any_horizontal(values.is_not_null()))
    if frame.is_empty():
        raise _no_rows(name)
    _need_files(frame, name)
    return _typed(frame, name)


def _no_rows(name: str) -> DataError:
    return DataError(f"`{name}` has no rows", hint="below the names of the columns there has to be a line a recording")


def _decoded(path: Path, name: str) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"`{name}` cannot be read: {error.strerror}") from error
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"`{name}` is UTF-16, not UTF-8", hint=_AS_UTF_8)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"`{name}` is not UTF-8 (line {_line(raw, error.start)})", hint=_AS_UTF_8) from error
    if len(raw.translate(None, _CONTROLS)) < len(raw) or b"\xc2" in raw:
        _no_controls(raw, name)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _line(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1


def _no_controls(raw: bytes, name: str) -> None:
    """Refuse what separates or ends fields inside the parsers, or is no text at all."""
    found = {_line(raw, match.start()): match[0].decode() for match in islice(_CONTROL.finditer(raw), 100)}
    if found:
        examples = [f"line {line}: U+{ord(character):04X}" for line, character in found.items()]
        hint = _AS_UTF_8 if "\0" in found.values() else "take them out in a text editor, or write the table anew"
        raise DataError(f"`{name}` has control characters, which are no text", examples=examples, hint=hint)


def _after_blank_lines(text: str) -> tuple[int, str]:
    """How many blank lines stand above the header, and the text below them."""
    body = text.lstrip()
    above = text[: len(text) - len(body)]
    start = above.rfind("\n") + 1
    return above.count("\n"), text[start:]


def _header(text: str, name: str, skipped: int) -> tuple[str, list[str]]:
    """The separator and the names of the columns; one that has none is `LINE` and its number."""
    line = text.split("\n", 1)[0]
    readings = {separator: _names(line, separator) for separator in SEPARATORS}
    with_file = [separator for separator in SEPARATORS if "file" in readings[separator]]
    separator = max(with_file or SEPARATORS, key=lambda each: len(readings[each]))
    columns = readings[separator]
    named = [column for column in columns if column]
    if not named:
        raise DataError(f"`{name}` is empty", hint="the first line has to name the columns, one of them `file`")
    double = sorted(column for column, count in Counter(named).items() if count > 1)
    if double:
        raise DataError(
            f"`{name}` names columns twice (line {skipped + 1})", examples=double, hint="rename one of each"
        )
    if "file" not in named:
        raise DataError(f"`{name}` has no column `file`, it has", examples=named, hint=_rename(named))
    return separator, [column or f"{LINE}{number}" for number, column in enumerate(columns)]


def _names(line: str, separator: str) -> list[str]:
    if '"' not in line:
        return [name.strip() for name in line.split(separator)]
    with _long_fields(line):
        row = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return [name.strip() for name in row]


@contextmanager
def _long_fields(text: str) -> Iterator[None]:
    """Let a field be as long as the text; the limit is one for all of Python, so it is put back."""
    before = csv.field_size_limit()
    csv.field_size_limit(max(before, len(text)))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _rename(columns: list[str]) -> str:
    lowered = {column.lower(): column for column in columns}
    near = get_close_matches("file", lowered, n=1, cutoff=0.5)
    if near:
        return f"rename `{lowered[near[0]]}` to `file` if it holds the names of the recordings"
    return "the first line has to name the columns, and `file` the recordings"


def _plain(text: str, separator: str, columns: list[str], name: str, skipped: int) -> pl.DataFrame:
    """Without quotes: polars reads it, a row a line."""
    raw = io.BytesIO(text.encode())
    lines = _lines(raw, "\1", ["line"])["line"]
    fields = lines.str.count_matches(separator, literal=True) + 1
    ragged = lines.str.contains(rf"[^\s{separator}]") & (fields != len(columns))
    if ragged.any():
        _raise_ragged(name, columns, [(row + 1 + skipped, fields[row]) for row in ragged.arg_true().to_list()])
    frame = _lines(raw, separator, columns)
    return frame.with_row_index(LINE, offset=1 + skipped).slice(1)


def _lines(raw: io.BytesIO, separator: str, columns: list[str]) -> pl.DataFrame:
    raw.seek(0)
    return pl.read_csv(
        raw,
        separator=separator,
        has_header=False,
        schema=dict.fromkeys(columns, pl.String()),
        quote_char=None,
        truncate_ragged_lines=True,
    )


def _quoted(text: str, separator: str, columns: list[str], name: str, skipped: int) -> pl.DataFrame:
    """With quotes: slower, but it takes blanks before a quote, and lines inside quotes."""
    names = [LINE, *columns]
    schema = dict.fromkeys(names, pl.String())
    frames, ragged = [pl.DataFrame(schema=schema)], []
    rows = _fields(text, separator, name, skipped)
    with _long_fields(text):
        while chunk := list(islice(rows, _SLICE)):
            ragged += [(int(row[0]), len(row) - 1) for row in chunk if len(row) != len(names)]
            if not ragged:
                frames.append(pl.DataFrame(dict(zip(names, zip(*chunk, strict=True), strict=True)), schema=schema))
    if ragged:
        _raise_ragged(name, columns, ragged)
    return pl.concat(frames).with_columns(pl.col(LINE).cast(pl.UInt32))


def _fields(text: str, separator: str, name: str, skipped: int) -> Iterator[list[str]]:
    """The number of the line and the fields of each row below the header that has any."""
    end = "\1"  # comes out as a row of its own unless a quote before it is open
    reader = csv.reader(io.StringIO(f"{text}\n{end}", newline=""), delimiter=separator, skipinitialspace=True)
    next(reader)
    for row in reader:
        if row == [end]:
            return
        if any(map(str.strip, row)):
            yield [str(reader.line_num + skipped), *row]
    raise DataError(f"`{name}` has a quote that is not closed", hint='look for a single `"`')


def _raise_ragged(name: str, columns: list[str], ragged: list[tuple[int, int]]) -> None:
    examples = [f"line {line} has {fields}" for line, fields in ragged]
    text = f"`{name}` has lines that do not have {len(columns)} fields"
    hint = "a value that holds the separator has to stand in double quotes"
    raise DataError(text, rows=len(ragged), examples=examples, hint=hint)


def _need_files(frame: pl.DataFrame, name: str) -> None:
    without = frame.filter(pl.col("file").is_null())[LINE]
    if len(without):
        examples = [f"line {line}" for line in without.head(6)]
        raise DataError(f"`{name}` has rows without a `file`", rows=len(without), examples=examples)


def _typed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Numbers where all are, and times in seconds."""
    times = [_seconds(frame, column, name) for column in ("start", "end") if column in frame.columns]
    free = [column for column in frame.columns if column not in (LINE, "file", "speaker", "start", "end")]
    return with_numbers(frame, free).with_columns(times)


def with_numbers(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Turn those of these text columns into Int64 or Float64 in which every value is a plain number."""
    numbers = _where(frame, columns, (pl.all().count() > 0) & pl.all().str.contains(_NUMBER).all())
    whole = set(_where(frame, numbers, pl.all().str.contains(_INTEGER).all()))
    return frame.with_columns(pl.col(column).cast(pl.Int64 if column in whole else pl.Float64) for column in numbers)


def _where(frame: pl.DataFrame, columns: list[str], test: pl.Expr) -> list[str]:
    """Those of the columns that pass; all at once, as a table may have thousands."""
    if not columns:
        return []
    passed = frame.select(columns).select(test).row(0)
    return [column for column, passes in zip(columns, passed, strict=True) if passes]


def _seconds(frame: pl.DataFrame, column: str, name: str) -> pl.Series:
    """Times as seconds: `1.5`, `00:00:01.5`, or `0 days 00:00:01.5` as pandas writes them; none beyond `_LATEST`."""
    some = pl.when(~pl.col(column).str.to_lowercase().is_in(_NO_TIME)).then(pl.col(column)).alias(column)
    given = frame.select(LINE, some)
    plain = pl.when(pl.col(column).str.contains(r"^[+-]?[\d.]")).then(pl.col(column)).cast(pl.Float64, strict=False)
    found = given.select(plain)[column].round(3)
    if found.null_count() > given[column].null_count():
        found = found.fill_null(given.select(_clock(column))[column].round(3))
    possible = (found.abs() <= _LATEST).fill_null(value=False)  # neither is what is not finite
    wrong = given.filter(given[column].is_not_null() & ~possible)
    if wrong.height:
        raise _no_times(wrong, column, name)
    return found


def _no_times(wrong: pl.DataFrame, column: str, name: str) -> DataError:
    examples = [f"line {line}: {value}" for line, value in wrong.head(6).iter_rows()]
    hint = _POINT if wrong[column].str.contains(r"^[+-]?\d*,\d+$").any() else _SECONDS
    return DataError(
        f"`{name}` has values of `{column}` that are no time", rows=wrong.height, examples=examples, hint=hint
    )


def _clock(column: str) -> pl.Expr:
    parts = pl.col(column).str.extract_groups(_CLOCK).struct
    day, hour, minute, second = (parts.field(str(number)).cast(pl.Float64) for number in (1, 2, 3, 4))
    return (day.fill_null(0) * 86400 + hour * 3600 + minute * 60 + second).alias(column)
