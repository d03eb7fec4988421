"""The scalar rule."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from nk.config.values import MisfitError, Plain, fit, number

Names = tuple[str, ...]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("0", 0),
        ("1e-4", 0.0001),
        ("1E5", 100000.0),
        (".4", 0.4),
        ("1.", 1.0),
        ("-0.5", -0.5),
        ("03", None),
        ("00.5", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("1_000", None),
        ("0x10", None),
        ("12 14", None),
        ("٣", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_numbers(text: str, value: float | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (Plain("03"), str, "03"),
        (Plain("yes"), str, "yes"),
        (Plain("[1] first"), str, "[1] first"),
        (Plain("Yes"), bool, True),
        (Plain("no"), bool, False),
        (Plain("TRUE"), bool, True),
        (Plain("1"), bool, True),
        (Plain("1"), bool | int, 1),
        (Plain("True"), bool | int, True),
        (Plain("1e2"), int, 100),
        (Plain("1e-4"), float, 0.0001),
        (Plain("[12, '03']"), Names, ("12", "03")),
        (Plain("(1, 2)"), tuple[int, ...], (1, 2)),
        (Plain("os"), Names, ("os",)),
        ([Plain("os"), "praat"], Names, ("os", "praat")),
        (Plain("ADAMW"), Literal["adamw", "sgd"], "adamw"),
        (Plain("2"), Literal[2, 3], 2),
        (Plain("False"), int | None, None),
        (Plain("none"), str | None, None),
        (Plain(""), str | None, None),
        ("none", str | None, "none"),
        ("", str | None, ""),
        (Plain(".4"), Annotated[float, Field(ge=0)] | Names | None, 0.4),
        (Plain("scale"), float | Literal["scale"], "scale"),
        (Plain("{'a': 1}"), dict[str, float], {"a": 1}),
        ({Plain("a"): Plain("1")}, dict[str, float], {"a": 1}),
        (Plain("['a']#,'b']"), Names, ("a",)),
        (Plain("3"), Any, 3),
        (Plain("true"), Any, "true"),
        (True, Any, "True"),
    ],
)
def test_a_field_decides_what_its_text_is(value: Any, hint: Any, expected: Any) -> None:
    found = fit(value, hint)
    assert found == expected
    assert type(found) is type(expected) or isinstance(found, Plain)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (Plain("03"), int),
        ("3", int),
        (Plain("2.5"), int),
        (True, int),
        (Plain("nan"), float),
        ("yes", bool),
        (Plain("maybe"), bool),
        (Plain("[angry]"), Names),
        (Plain("[1,"), Names),
        (Plain("["), Names),
        (Plain("(" * 100_000), Names),
        (Plain("__import__('os')"), tuple[int, ...]),
        (Plain("{'a': 1}"), Names),
        (Plain("x"), dict[str, str]),
        (Plain("[1, 2, 3]"), tuple[int, int]),
        (Plain("a\nb"), str),
        (Plain("a\x00b"), str),
        ([1], str),
        (Plain(str(2**63)), int),
    ],
)
def test_what_does_not_fit_is_refused(value: Any, hint: Any) -> None:
    with pytest.raises(MisfitError):
        fit(value, hint)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("[03, 08]", "leading zeros"), ("[a, b]", "quotes"), ("['a'", "brackets"), ("['a', 'b'}", "brackets")],
)
def test_a_wrong_literal_says_what_is_wrong(text: str, hint: str) -> None:
    with pytest.raises(MisfitError, match=hint):
        fit(Plain(text), Names)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**62), 2**62))
def test_numbers_survive_being_written(value: float) -> None:
    assert number(repr(value)) == value or abs(value) >= 1e19


@given(st.text(), st.sampled_from([str, int, bool, Names, dict[str, Any], Literal["a"], int | Names | None]))
def test_no_text_breaks_a_field(text: str, hint: Any) -> None:
    try:
        fit(Plain(text), hint)
    except MisfitError:
        return
