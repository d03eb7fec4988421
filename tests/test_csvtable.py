from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.csvtable import LINE, read_table
from nk.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def table(tmp_path: Path, text: str | bytes) -> pl.DataFrame:
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path, "t.csv")


def complaint(tmp_path: Path, text: str | bytes) -> tuple[str, str]:
    with pytest.raises(DataError) as caught:
        table(tmp_path, text)
    return str(caught.value), caught.value.hint or ""


PLAIN = [("x/sample.wav", "s1", "female", "happy"), ("x/other.wav", "s2", "male", "sad")]


@pytest.mark.parametrize(
    "text",
    [
        "file, speaker, gender, emotion\nx/sample.wav, s1, female, happy\nx/other.wav, s2, male, sad\n",
        "file,speaker,gender,emotion\nx/sample.wav,s1,female,happy\nx/other.wav,s2,male,sad",
        "file;speaker;gender;emotion\nx/sample.wav;s1;female;happy\nx/other.wav;s2;male;sad\n",
        "file\tspeaker\tgender\temotion\nx/sample.wav\ts1\tfemale\thappy\nx/other.wav\ts2\tmale\tsad\n",
        "file , speaker\t,gender,emotion  \r\nx/sample.wav , s1,female ,happy \r\nx/other.wav,s2,male,sad\r\n",
        "\ufefffile,speaker,gender,emotion\nx/sample.wav,s1,female,happy\nx/other.wav,s2,male,sad\n",
        "\n  \nfile,speaker,gender,emotion\n\nx/sample.wav,s1,female,happy\n  \nx/other.wav,s2,male,sad\n,,,\n,,\n\n",
        '"file","speaker","gender","emotion"\n"x/sample.wav","s1","female","happy"\nx/other.wav,s2,male,sad\n',
        '"file" , "speaker", "gender","emotion"\n"x/sample.wav" , "s1", female,happy\n\nx/other.wav,s2,male,"sad"\n,,,',
        ",file,speaker,gender,emotion\n0,x/sample.wav,s1,female,happy\n1,x/other.wav,s2,male,sad\n",
        "\tfile\tspeaker\tgender\temotion\t\n0\tx/sample.wav\ts1\tfemale\thappy\t\n1\tx/other.wav\ts2\tmale\tsad\t\n",
        "file,speaker,gender,emotion\rx/sample.wav,s1,female,happy\rx/other.wav,s2,male,sad\r",
    ],
)
def test_spellings_of_one_table(tmp_path: Path, text: str) -> None:
    frame = table(tmp_path, text)
    assert frame.drop(LINE).columns == ["file", "speaker", "gender", "emotion"]
    assert frame.drop(LINE).rows() == PLAIN


def test_quoted_fields(tmp_path: Path) -> None:
    frame = table(
        tmp_path, 'file,text,n\na.wav,"one, two",1\nb.wav,"she said ""no""",2\nc.wav,"a\nb",3\nd.wav,5" pipe,4\n'
    )
    assert frame["text"].to_list() == ["one, two", 'she said "no"', "a\nb", '5" pipe']
    assert frame["n"].to_list() == [1, 2, 3, 4]
    assert frame[LINE].to_list() == [2, 3, 5, 6]


def test_umlauts(tmp_path: Path) -> None:
    frame = table(tmp_path, "file;gefühl\nüber/größe.wav;Ärger\n音.wav;Freude\n")
    assert frame["gefühl"].to_list() == ["Ärger", "Freude"]
    assert frame["file"].to_list() == ["über/größe.wav", "音.wav"]


def test_empty_fields_at_the_end(tmp_path: Path) -> None:
    assert table(tmp_path, 'file\tx\ty\n"a"\t1\t\nb\t\t').drop(LINE).rows() == [("a", 1, None), ("b", None, None)]
    assert table(tmp_path, "file\tx\ty\na\t1\t\nb\t\t").drop(LINE).rows() == [("a", 1, None), ("b", None, None)]


def test_one_column(tmp_path: Path) -> None:
    assert table(tmp_path, "file\na.wav\n\nb.wav\n")["file"].to_list() == ["a.wav", "b.wav"]


def test_a_semicolon_in_a_comma_table(tmp_path: Path) -> None:
    frame = table(tmp_path, "file,a;b;c;d\nx;y.wav,1;2\n")
    assert frame.drop(LINE).rows() == [("x;y.wav", "1;2")]


@pytest.mark.parametrize(
    ("values", "kind", "want"),
    [
        (["1", "2", ""], pl.Int64, [1, 2, None]),
        (["1e5", "2e-2", "0"], pl.Float64, [1e5, 0.02, 0.0]),
        (["12345678901234567890e-3", "1", "2"], pl.Float64, [12345678901234567.890, 1.0, 2.0]),
        (["1000000000000000000", "1", "2"], pl.String, ["1000000000000000000", "1", "2"]),
        (["-1", "+2", "0"], pl.Int64, [-1, 2, 0]),
        (["1", "2.5", ""], pl.Float64, [1, 2.5, None]),
        (["1e-4", ".5", "-2."], pl.Float64, [1e-4, 0.5, -2.0]),
        (["03", "08", "10"], pl.String, ["03", "08", "10"]),
        (["1", "x", "3"], pl.String, ["1", "x", "3"]),
        (["1٣", "2", "3"], pl.String, ["1٣", "2", "3"]),
        (["1_000", "2", "3"], pl.String, ["1_000", "2", "3"]),
        (["nan", "inf", "1"], pl.String, ["nan", "inf", "1"]),
        (["True", "False", ""], pl.String, ["True", "False", None]),
        (["", "", ""], pl.String, [None, None, None]),
        (["12345678901234567890", "1", "2"], pl.String, ["12345678901234567890", "1", "2"]),
        (["9007199254740993", "1", "2"], pl.Int64, [9007199254740993, 1, 2]),
        (["12345678901234567890", "1.5", "2"], pl.String, ["12345678901234567890", "1.5", "2"]),
    ],
)
def test_types(tmp_path: Path, values: list[str], kind: pl.DataType, want: list[object]) -> None:
    frame = table(tmp_path, "file,x\n" + "".join(f"{row}.wav,{value}\n" for row, value in enumerate(values)))
    assert frame.schema["x"] == kind
    assert frame["x"].to_list() == want


def test_speaker_and_file_are_text(tmp_path: Path) -> None:
    frame = table(tmp_path, "file,speaker,age\n1,3,31\n2,,\n")
    assert frame.drop(LINE).rows() == [("1", "3", 31), ("2", None, None)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1.5", 1.5),
        ("2", 2.0),
        ("1e1", 10.0),
        ("0.12345", 0.123),
        ("00:00:01.5", 1.5),
        ("0 days 00:00:01.500000", 1.5),
        ("0 days 00:00:01.898250000", 1.898),
        ("1 day 01:01:01", 90061.0),
        ("2 days, 0:00:01", 172801.0),
        ("", None),
        ("NaT", None),
    ],
)
def test_times(tmp_path: Path, text: str, seconds: float | None) -> None:
    frame = table(tmp_path, f'file,start,end\na.wav,"{text}",\nb.wav,0.25,NaT\n')
    assert frame["start"].to_list() == [seconds, 0.25]
    assert frame["end"].to_list() == [None, None]
    assert frame.schema["end"] == pl.Float64


@pytest.mark.parametrize(
    "wrong",
    ["soon", "00:61:00", "inf", "1.5s", "1.2.3", "1e400", "-1e400", "1e300", "1000000001", "277778:00:00", "00:00:0٣"],
)
def test_no_times(tmp_path: Path, wrong: str) -> None:
    text, hint = complaint(tmp_path, f"file;start\na.wav;1\nb.wav;{wrong}\n")
    assert text == f"`t.csv` has values of `start` that are no time (1 row): `line 3: {wrong}`"
    assert "seconds" in hint


def test_the_latest_time(tmp_path: Path) -> None:
    assert table(tmp_path, "file,start,end\na.wav,999999999.5,1e9\n").select("start", "end").row(0) == (
        999999999.5,
        1e9,
    )


@pytest.mark.parametrize("text", ["file;start;end\na.wav;0,1;,5\n", 'file,start,end\na.wav,"0,1",0.5\n'])
def test_decimal_commas(tmp_path: Path, text: str) -> None:
    message, hint = complaint(tmp_path, text)
    assert message == "`t.csv` has values of `start` that are no time (1 row): `line 2: 0,1`"
    assert hint == "write a point, not a comma, in numbers"


def test_latin_1(tmp_path: Path) -> None:
    text, hint = complaint(tmp_path, "file,emotion\na.wav,Ärger\n".encode("latin-1"))
    assert text == "`t.csv` is not UTF-8 (line 2)"
    assert hint == "in a spreadsheet program save it as `CSV UTF-8`"


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_utf_16(tmp_path: Path, mark: bytes, encoding: str) -> None:
    raw = "file\temotion\na.wav\tÄrger\n".encode(encoding)
    text, hint = complaint(tmp_path, mark + raw)
    assert text == "`t.csv` is UTF-16, not UTF-8"
    assert hint == "in a spreadsheet program save it as `CSV UTF-8`"
    assert complaint(tmp_path, "file,emotion\na.wav,x\n".encode(encoding))[1] == hint


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("code", [0, 1, 8, 0x0B, 0x0C, 0x0E, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9F])
def test_control_characters(tmp_path: Path, code: int, quote: str) -> None:
    raw = f"file,x\r\n{quote}ä.wav{quote},1\r\nb.wav,{chr(code)}{chr(code)}\r\nc.wav,3\n"
    text, hint = complaint(tmp_path, raw)
    assert text == f"`t.csv` has control characters, which are no text: `line 3: U+{code:04X}`"
    assert ("UTF-8" in hint) == (code == 0)


@pytest.mark.parametrize("text", ["\xa0", "©", "¿", "\u200b"])
def test_what_is_no_control_character(tmp_path: Path, text: str) -> None:
    assert table(tmp_path, f"file,x\na.wav,a{text}b\n")["x"].to_list() == [f"a{text}b"]


def test_no_file_column(tmp_path: Path) -> None:
    text, hint = complaint(tmp_path, "File;speaker\na.wav;1\n")
    assert text == "`t.csv` has no column `file`, it has: `File`, `speaker`"
    assert hint == "rename `File` to `file` if it holds the names of the recordings"
    assert "`filename`" in complaint(tmp_path, "filename,x\na.wav,1\n")[1]
    assert "rename" not in complaint(tmp_path, "speaker,x\na.wav,1\n")[1]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_empty_files(tmp_path: Path, text: str) -> None:
    assert complaint(tmp_path, text)[0] == "`t.csv` is empty"


@pytest.mark.parametrize("text", ["file,speaker", "file,speaker\n", "file,speaker\n\n,\n  \n", '"file",speaker\n,\n'])
def test_no_rows(tmp_path: Path, text: str) -> None:
    assert complaint(tmp_path, text)[0] == "`t.csv` has no rows"


def test_double_names(tmp_path: Path) -> None:
    text, _ = complaint(tmp_path, "file,age, age,x,x\na.wav,1,2,3,4\n")
    assert text == "`t.csv` names columns twice (line 1): `age`, `x`"
    assert "(line 3)" in complaint(tmp_path, "\n\nfile,x,x\n")[0]


@pytest.mark.parametrize("quote", ["", '"'])
def test_ragged_rows(tmp_path: Path, quote: str) -> None:
    rows = f"file,a,b\n{quote}x{quote},1,2\nx,1\n\nx,1,2,3\n"
    text, hint = complaint(tmp_path, "\n" + rows)
    assert text == "`t.csv` has lines that do not have 3 fields (2 rows): `line 4 has 2`, `line 6 has 4`"
    assert "double quotes" in hint


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("separator", [",", ";"])
def test_many_columns(tmp_path: Path, separator: str, quote: str) -> None:
    """In a header line longer than what Python takes for a field."""
    count = 1500
    names = ["file", *(f"{quote}{'x' * 90}_{number}{quote}" for number in range(count))]
    rows = [[f"{row}.wav", *["1.5"] * count] for row in range(3)]
    limit = csv.field_size_limit()
    frame = table(tmp_path, "\n".join(separator.join(line) for line in [names, *rows]))
    assert csv.field_size_limit() == limit
    assert frame.shape == (3, count + 2)
    assert frame["x" * 90 + "_7"].to_list() == [1.5, 1.5, 1.5]


@pytest.mark.parametrize("quote", ["", '"'])
def test_long_values(tmp_path: Path, quote: str) -> None:
    limit = csv.field_size_limit()
    long = "x" * 200_000
    frame = table(tmp_path, f'file,text\na.wav,{quote}{long}{quote}\n"b.wav",2\n')
    assert frame["text"].to_list() == [long, "2"]
    complaint(tmp_path, f'file,text\na.wav,"{long}\n')
    assert csv.field_size_limit() == limit


def test_open_quote(tmp_path: Path) -> None:
    assert complaint(tmp_path, 'file,a\nx,"1\ny,2\nz,3\n')[0] == "`t.csv` has a quote that is not closed"
    assert complaint(tmp_path, 'file,a\nx,"' + "1" * 200_000)[0] == "`t.csv` has a quote that is not closed"


def test_rows_without_a_file(tmp_path: Path) -> None:
    text, _ = complaint(tmp_path, "file,a\nx,1\n,2\ny,3\n  ,4\n")
    assert text == "`t.csv` has rows without a `file` (2 rows): `line 3`, `line 5`"


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`x` cannot be read: No such file"):
        read_table(tmp_path / "x", "x")


# Whatever a spreadsheet may hold, but no line ends, which come out as `\n` within quotes.
_cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=8)


@given(
    st.lists(st.tuples(_cells, _cells), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    separator: str,
    quoting: int,
    end: str,
) -> None:
    """Any table that Python writes comes back, but for blanks around values; the first column is always text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerow(["file", "speaker", "x"])
    writer.writerows([f"{number}.wav", *row] for number, row in enumerate(rows))
    frame = table(tmp_path_factory.getbasetemp(), buffer.getvalue())
    want = [tuple(cell.strip() or None for cell in row) for row in rows]
    found = frame.select("speaker", pl.col("x").cast(pl.String)).rows()
    if frame.schema["x"] == pl.String:
        assert found == want
    assert [row[0] for row in found] == [row[0] for row in want]
    assert frame["file"].to_list() == [f"{number}.wav" for number in range(len(rows))]


@pytest.mark.slow
def test_a_million_rows(tmp_path: Path) -> None:
    rows = "".join(f"wav/{row % 500}/{row}.wav,{row % 100}.25,{row % 7},s{row % 500},happy\n" for row in range(100_000))
    (tmp_path / "t.csv").write_text("file,start,age,speaker,emotion\n" + rows * 10)
    began = time.process_time()
    assert read_table(tmp_path / "t.csv", "t.csv").height == 1_000_000
    assert time.process_time() - began < 8  # 1.5 s here; the bound is for slow machines
