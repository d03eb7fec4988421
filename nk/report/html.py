"""A report as one HTML file that needs nothing else: no network, no other file, and nothing of a user's is run."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nk.report import words
from nk.report.beside import beside, databases
from nk.report.clips import KINDS, MOST_SECONDS
from nk.report.files import read_text
from nk.report.parts import TEXTS, order, written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

    from nk.report.clips import Clip
    from nk.report.drawings import Drawing

TEMPLATES = Path(__file__).parent / "templates"
_SVG = "image/svg+xml"
_UNSAFE = re.compile(r"[^\w <>=:;/'(),.-]", re.ASCII)
_KINDS = {"svg": _SVG, "png": "image/png", "jpg": "image/jpeg"}


@dataclass(frozen=True)
class Page:
    """What a page shows of a run: its summary, figures, those of what was explored by name, table, clips and notes."""

    summary: Mapping[str, Any]
    figures: Sequence[Drawing] = ()
    exhibits: Mapping[str, Drawing] | None = None
    table: Mapping[str, Any] | None = None
    clips: Sequence[Clip] = ()
    notes: Sequence[str] = ()


def html(document: Mapping[str, Any], pages: Sequence[Page]) -> str:
    """The page of one or several runs; `document` has `title`, `author` and `comparison`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    style, script = _text("report.css"), _text("report.js")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": words.number, "measure": words.measure, "counted": words.counted, "listed": words.listed,
        "code": _code,
    }  # fmt: skip
    return environment.get_template("report.html").render(
        document=document,
        pages=[vars(page) | {"clips": _by_kind(page.clips)} for page in pages],
        style=style,
        script=script,
        policy=_policy(style, script),
        uri=_uri,
        interval=words.interval,
        written=written,
        order=order,
        texts=TEXTS,
        beside=beside,
        databases=databases,
        kinds=KINDS,
        zip=zip,
        seconds=MOST_SECONDS,
    )


def _code(text: str) -> Markup:
    """A text with code between backticks."""
    from markupsafe import Markup

    kinds = (Markup("{}"), Markup("<code>{}</code>"))
    return Markup("").join(kinds[code].format(piece) for code, piece in words.spans(text))


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """What the browser may do: our own style and script, known by their hashes, and data that is in the page."""
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "img-src data:; media-src data:; base-uri 'none'; form-action 'none'"
    )


def _uri(path: Path) -> str:
    """A picture as part of the page; within `img` nothing in it is run, wherever it is from."""
    kind = _KINDS[path.suffix.removeprefix(".").lower()]
    return _text_uri(read_text(path)) if kind == _SVG else data_uri(path.read_bytes(), kind)


def _text_uri(text: str) -> Markup:
    """An SVG as an address, which is a quarter shorter than by Base64; nothing in it can end an attribute."""
    from markupsafe import Markup

    return Markup(f"data:{_SVG},") + Markup(_UNSAFE.sub(lambda one: quote(one[0]), text))  # noqa: S704


def data_uri(data: bytes, kind: str) -> str:
    """Bytes as an address."""
    return f"data:{kind};base64,{b64encode(data).decode()}"


def _by_kind(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """The clips by why they are here."""
    found = []
    for kind in dict.fromkeys(clip.kind for clip in clips):
        some = [{"row": one.row, "cut": one.cut, "uri": data_uri(one.data, "audio/mpeg")}
                for one in clips if one.kind == kind]  # fmt: skip
        found.append({"kind": kind, "title": KINDS[kind], "clips": some})
    return found
