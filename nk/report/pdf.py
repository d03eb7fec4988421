"""A PDF: by pdflatex where TeX is installed, else by Typst, which is a Python package."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 180
_PASSES = 2  # the widths of long tables are known after the first


def by_tex(source: Path) -> str | None:
    """Typeset a LaTeX file beside itself; why it could not be done, if so."""
    program = shutil.which("pdflatex")
    if program is None:
        return "pdflatex is not installed"
    command = [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", source.name]
    try:
        for _ in range(_PASSES):
            done = subprocess.run(command, cwd=source.parent, capture_output=True, timeout=_SECONDS, check=False)
            if done.returncode:
                break
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"pdflatex failed ({type(error).__name__})"
    log = source.with_suffix(".log")
    why = _first_error(log) if done.returncode else None
    for ending in (".aux", ".log", ".out"):
        source.with_suffix(ending).unlink(missing_ok=True)
    if why is not None:
        source.with_suffix(".pdf").unlink(missing_ok=True)
    return why


def _first_error(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    return f"pdflatex failed: {next((line for line in lines if line.startswith('!')), 'no reason given')}"


def by_typst(text: str, target: Path) -> str | None:
    """Typeset a Typst text into a file; why it could not be done, if so. It sees the files of the folder alone."""
    try:
        import typst

        compiled: Any = typst.compile
    except ImportError:
        return "typst is not installed"
    try:
        compiled(text.encode(), output=target, root=target.parent)
    except Exception as error:  # noqa: BLE001 - its own errors have no common type
        return f"typst failed: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    return None
