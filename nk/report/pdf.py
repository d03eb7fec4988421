"""A PDF: by pdflatex where TeX is installed, else by Typst, which is a Python package."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_SECONDS = 180
_PASSES = 2  # the widths of long tables are known after the first
_NAME = "paper"  # TeX would read the user's as options, or as what to typeset


def by_tex(source: Path) -> str | None:
    """Typeset a LaTeX file beside itself; why it could not be done, if so."""
    program = shutil.which("pdflatex")
    if program is None:
        return "pdflatex is not installed"
    with TemporaryDirectory() as made:
        why = _typeset(program, source, Path(made))
        if why is None:
            shutil.copyfile(Path(made) / f"{_NAME}.pdf", source.with_name(f"{source.stem}.pdf"))
        return why


def _typeset(program: str, source: Path, made: Path) -> str | None:
    """Typeset into a folder; figures are looked for beside the source."""
    text = shutil.copyfile(source, made / f"{_NAME}.tex")
    output = f"-output-directory={made}"
    command = [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", output, str(text)]
    try:
        for _ in range(_PASSES):
            done = subprocess.run(
                command, cwd=source.parent, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
            )
            if done.returncode:
                return _first_error(made / f"{_NAME}.log")
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"pdflatex failed ({type(error).__name__})"
    return None


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
