"""Pages in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[[Path], Any]]:
    """Opens a page as the browser shows it; nothing but the file may be asked for, and nothing be complained of."""
    said: list[str] = []
    asked: list[str] = []
    pages: list[str] = []
    tabs: list[Any] = []

    def opening(page: Path) -> Any:
        tab = browser.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("dialog", lambda dialog: said.append(dialog.message))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page.as_uri())
        pages.append(page.as_uri())
        tabs.append(tab)
        return tab

    yield opening
    for tab in tabs:
        tab.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == pages
