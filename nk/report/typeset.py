"""Blocks as LaTeX, Typst and Markdown. Every text is escaped as it is written, whoever it is from."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk.report.words import spans

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nk.report.blocks import Block

_TEMPLATES = Path(__file__).parent / "templates"
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_\allowbreak{}",
    "%": r"\%", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "-": r"{-}", "[": "{[}", "]": "{]}", "\u2013": r"{--}", "\u2014": r"{---}", "\u2026": r"\dots{}",
    "\xb2": r"\textsuperscript{2}", "\u2212": "$-$", "\u2264": r"$\leq$", "\u2265": r"$\geq$", "\u2192": r"$\to$",
    "\u2260": r"$\neq$", "\u2248": r"$\approx$",
}  # fmt: skip
# Statistics are called by Greek letters: those that TeX knows by name and Unicode too.
_GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
_TEX |= {
    unicodedata.lookup(f"GREEK SMALL LETTER {'LAMDA' if name == 'lambda' else name}"): rf"$\{name}$" for name in _GREEK
}
_TEX |= {
    unicodedata.lookup(f"GREEK CAPITAL LETTER {name}"): rf"$\{name.title()}$" for name in ("DELTA", "SIGMA", "OMEGA")
}
# What the fonts of pdflatex have, in the encoding T1: ASCII, Latin 1 and most of Latin Extended A, quotation marks.
_WRITABLE = re.compile(
    "[\x20-\x7e\u00a1-\u00ac\u00ae-\u0107\u010a-\u0111\u0116-\u011b\u011e\u011f\u0122\u0123\u0128-\u012b\u012e-\u0133"
    "\u0136\u0137\u0139-\u013e\u0141-\u0148\u014a-\u014d\u0150-\u015b\u015e-\u0165\u0168-\u016b\u016e-\u0173\u0178-\u017e"
    "\u2018-\u201a\u201c-\u201e\u2022\u20ac\u2122]"
)
_MARKDOWN = re.compile(r"([\\*_\[\]#|~`])")


def tex(document: Mapping[str, Any], blocks: Sequence[Block]) -> str:
    """A LaTeX file for pdflatex."""
    return _rendered("report.tex", document, blocks, escape_tex)


def typst(document: Mapping[str, Any], blocks: Sequence[Block]) -> str:
    """A Typst file."""
    return _rendered("report.typ", document, blocks, escape_typst)


def markdown(blocks: Sequence[Block], metadata: Mapping[str, Any] | None = None) -> str:
    """Markdown, behind a block of YAML where there is metadata."""
    import yaml

    head = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True) if metadata else ""
    return _rendered("card.md", {"metadata": _Plain(head)}, blocks, escape_markdown)


class _Plain(str):
    """A text that is written as it is."""

    __slots__ = ()


def _rendered(name: str, document: Mapping[str, Any], blocks: Sequence[Block], escape: Callable[[str], str]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    def written(value: Any) -> str:
        return value if isinstance(value, _Plain) else escape(str(value))

    # HTML is not written here: each language escapes in its own way, at the one place where values are written.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        finalize=written,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.filters["line"] = lambda text: _Plain(_tex_line(text))
    environment.filters["literal"] = lambda text: _Plain(_literal(text))
    environment.filters["path"] = lambda text: _Plain(_need_plain(text))
    return environment.get_template(name).render(document=document, blocks=blocks)


def escape_tex(text: str) -> str:
    """A text with code between backticks; a character that pdflatex cannot write is named by its number."""
    return "".join(rf"\texttt{{{_tex(piece)}}}" if code else _tex(piece) for code, piece in spans(text))


def _tex(text: str) -> str:
    return "".join(_TEX.get(one) or _tex_character(one) for one in unicodedata.normalize("NFC", text))


def _tex_character(one: str) -> str:
    return one if _WRITABLE.match(one) else f"{{[}}U+{ord(one):04X}{{]}}"


def _tex_line(text: str) -> str:
    """A line of code: blanks at its start stay."""
    bare = text.lstrip(" ")
    return r"~" * (len(text) - len(bare)) + _tex(bare)


def escape_typst(text: str) -> str:
    """A text as literals, in which nothing has a meaning; code between backticks."""
    return "".join(f"#raw({_literal(piece)});" if code else f"#{_literal(piece)};" for code, piece in spans(text))


def _literal(text: str) -> str:
    """A literal of Typst."""
    return (
        '"' + "".join(one if one.isprintable() and one not in '"\\' else f"\\u{{{ord(one):x}}}" for one in text) + '"'
    )


def escape_markdown(text: str) -> str:
    """A text in which nothing has a meaning but code between backticks."""
    return "".join(f"`{piece.replace('|', ' ')}`" if code else _markdown(piece) for code, piece in spans(text))


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _need_plain(path: str) -> str:
    """The name of a file of ours, which has no character that means anything."""
    if not re.fullmatch(r"[\w/.-]+", path, re.ASCII):
        raise ValueError(path)
    return path
