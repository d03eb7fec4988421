"""Reading INI and YAML: lines, comments, quotes, and everything that a file can be besides a config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.config.ini import value_of
from nk.config.source import Source, read
from nk.config.values import Plain
from nk.errors import ConfigError


def source(folder: Path, text: str | bytes, name: str = "exp.ini") -> Source:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(file)


def values(found: Source) -> dict[tuple[str, str], Any]:
    return {(entry.section, entry.key): entry.value for entry in found.entries}


def failure(folder: Path, text: str | bytes, name: str = "exp.ini") -> tuple[int, str]:
    try:
        problem = source(folder, text, name).problems[0]
    except ConfigError as error:
        problem = error.problems[0]
    return problem.line, problem.text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("25 # per cent", "25"),
        ("25 ; per cent", "25"),
        ("25#5", "25#5"),
        ("#a", ""),
        ("['a # b', 'c'] # d", "['a # b', 'c']"),
        ("['don''t # x'] ; y", "['don''t # x']"),
        ("Don't panic # yes", "Don't panic"),
        ("My (first # try", "My (first"),
        ("f(a ; b) ; c", "f(a ; b)"),
        ("100 %", "100 %"),
        ("100 %%", "100 %"),
        ("a=b:c", "a=b:c"),
    ],
)
def test_values_lose_their_comments_and_nothing_else(text: str, value: str) -> None:
    found = value_of(text)
    assert found == value
    assert isinstance(found, Plain)


@pytest.mark.parametrize(
    ("text", "value"),
    [("'a # b'", "a # b"), ('"a"  # b', "a"), ("''", ""), ("'it's'", "it's"), ("' a '", " a "), ("'a' # 'b'", "a")],
)
def test_quoted_values_are_text(text: str, value: str) -> None:
    found = value_of(text)
    assert found == value
    assert not isinstance(found, Plain)


def test_ini_knows_lines_sections_and_continuations(tmp_path: Path) -> None:
    text = "; head\n[exp]\nname: x\n\n[ DATA ]  # data\nLabels = ['a',\n   # not this\n   'b']\n  \n  , 'c'\n"
    found = source(tmp_path, text)
    assert found.problems == []
    assert found.sections == {"exp": 2, "data": 5}
    assert values(found) == {("exp", "name"): "x", ("data", "Labels"): "['a',\n'b']\n, 'c'"}
    assert [entry.line for entry in found.entries] == [3, 6]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path: Path, end: str, mark: bytes) -> None:
    found = source(tmp_path, mark + end.join(["[EXP]", "name = ü", "root = y"]).encode())
    assert values(found) == {("exp", "name"): "ü", ("exp", "root"): "y"}
    assert [entry.line for entry in found.entries] == [2, 3]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name = x", 1, "before any section"),
        ("[EXP]\nname", 2, "not of the form"),
        ("[EXP]\n= x", 2, "not of the form"),
        ("[EXP\nname = x", 1, "not a section"),
        ("[]", 1, "not a section"),
        ("[EXP]\nname = x\n[exp]", 3, "twice, first in line 1"),
        (b"[EXP]\nname = \xfc", 2, "0xfc is not UTF-8"),
        (b"\x89PNG\r\n\x00\x01", 0, "not text"),
        ("[EXP]\nname = x".encode("utf-16"), 0, "not text"),
        ("", 0, "empty"),
        (" \n\n", 0, "empty"),
        (b"x" * 1_000_001, 0, "larger than 1 MB"),
    ],
)
def test_what_is_no_ini_is_said_with_its_line(tmp_path: Path, text: str | bytes, line: int, words: str) -> None:
    found = failure(tmp_path, text)
    assert found[0] == line
    assert words in found[1]


def test_all_problems_of_a_file_are_found(tmp_path: Path) -> None:
    found = source(tmp_path, "[EXP]\na\nb\n[EXP]\nc")
    assert [problem.line for problem in found.problems] == [2, 3, 4, 5]


def test_a_missing_file_and_a_folder_are_config_errors(tmp_path: Path) -> None:
    cases = {tmp_path / "none.ini": "no such file", tmp_path: "folder", Path("a\0b"): "cannot be read"}
    for place, words in cases.items():
        with pytest.raises(ConfigError, match=words):
            read(place)


def test_yaml_keeps_scalars_as_text_and_knows_lines(tmp_path: Path) -> None:
    text = "exp:\n  name: 03\n  root: '04'\ndata:\n  labels: [yes, 1e-4]\n  target: |\n    x\nplot:\n"
    found = source(tmp_path, text, "exp.yaml")
    assert values(found) == {
        ("exp", "name"): "03",
        ("exp", "root"): "04",
        ("data", "labels"): ["yes", "1e-4"],
        ("data", "target"): "x\n",
    }
    plain = [isinstance(entry.value, Plain) for entry in found.entries]
    assert plain == [True, False, False, False]
    assert [entry.line for entry in found.entries] == [2, 3, 5, 6]
    assert found.sections == {"exp": 1, "data": 4, "plot": 8}


def test_yaml_anchors_are_read(tmp_path: Path) -> None:
    found = source(tmp_path, "exp: {name: &a x, root: *a}\n", "exp.yml")
    assert values(found) == {("exp", "name"): "x", ("exp", "root"): "x"}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- a\n- b", 1, "not a mapping of sections"),
        ("text", 1, "not a mapping of sections"),
        ("exp: 3", 1, "not a mapping of keys"),
        ("exp: {a: 1, A: 2}", 1, "twice"),
        ("exp:\n  a: 1\n  a: 2", 3, "twice, first in line 2"),
        ("exp: {name: !!python/object/apply:os.system [ls]}", 1, "tag"),
        ("exp: {name: [}", 1, "not YAML"),
        ("exp: a: b", 1, "not YAML"),
        ("exp: {name: *x}", 1, "no anchor"),
        ("exp: &x\n  name: *x", 2, "holds itself"),
        ("exp: {[a]: b}", 1, "a key is a word"),
        ("a: 1\n---\nb: 2", 2, "more than one document"),
        ("exp: " + "[" * 100_000, 1, "nested more than 20"),
        (BOMB, 5, "more than 20000 values"),
        ("exp: \x07", 1, "character"),
    ],
)
def test_what_is_no_yaml_config_is_said_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    found = failure(tmp_path, text, "exp.yaml")
    assert words in found[1]
    assert found[0] == line


@given(st.binary(max_size=200), st.sampled_from(["ini", "yaml"]))
def test_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, spelling: str) -> None:
    file = tmp_path_factory.getbasetemp() / f"bytes.{spelling}"
    file.write_bytes(data)
    try:
        read(file)
    except ConfigError as error:
        assert error.problems  # noqa: PT017 - that it is no other error is the test
