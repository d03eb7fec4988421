"""The page in a browser: no request, nothing of a user's is run, the audio plays, the table sorts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from nk import reporting
from nk.report.frame import frame
from nk.report.html import Page, html
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NASTY = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def page(nasty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("page") / "report"
    sets = [f"report.title={NASTY}", f"report.author={NASTY}"]
    return reporting.report([nasty], Ui(quiet=True), output=place, overrides=sets).page


@pytest.fixture
def shown(opened: Callable[[Path], Any], page: Path) -> Any:
    """The page as the browser shows it."""
    return opened(page)


def test_every_text_is_shown_as_it_is_and_none_is_run(shown: Any) -> None:
    assert shown.locator("h1").inner_text() == NASTY
    assert shown.locator("script").count() == 1
    assert shown.locator(".predictions td.file").first.inner_text().endswith("<b>&\"q'.wav")
    assert NASTY in shown.locator("select[name=truth] option").all_inner_texts()


def test_the_audio_plays(shown: Any) -> None:
    assert shown.locator("audio").count() > 8
    played = shown.evaluate(
        """async () => {
            const audio = document.querySelector("audio");
            audio.muted = true;
            await audio.play();
            while (audio.currentTime < 0.1 && !audio.ended) await new Promise((done) => setTimeout(done, 20));
            return audio.duration;
        }"""
    )
    assert played == pytest.approx(0.5, abs=0.12)  # MP3 has frames of 36 ms, and some before it starts


def test_the_table_sorts_by_a_button_and_says_so(shown: Any) -> None:
    head = shown.locator(".predictions th", has_text="uncertainty")
    place = shown.locator(".predictions thead th").all_inner_texts().index("uncertainty")

    def values() -> list[float]:
        texts = shown.locator(f".predictions tbody td:nth-child({place + 1})").all_inner_texts()
        return [float(text) for text in texts]

    before = values()
    assert head.get_attribute("aria-sort") == "none"
    head.locator("button").focus()
    shown.keyboard.press("Enter")
    assert values() == sorted(before)
    assert head.get_attribute("aria-sort") == "ascending"
    shown.keyboard.press("Enter")
    assert values() == sorted(before, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"


def test_the_table_is_filtered_and_counts_what_is_left(shown: Any) -> None:
    rows = shown.locator(".predictions tbody tr")
    wrong = shown.locator(".predictions tbody tr.wrong").count()
    shown.select_option(".predictions select[name=right]", "no")
    assert shown.locator(".predictions tbody tr:visible").count() == wrong
    assert shown.locator(".predictions [role=status]").inner_text() == f"{wrong} of {rows.count()} rows shown"
    shown.fill(".predictions input[type=search]", "no such text")
    assert shown.locator(".predictions tbody tr:visible").count() == 0


def test_it_fits_a_narrow_screen_and_is_read_in_light_and_dark(shown: Any) -> None:
    shown.set_viewport_size({"width": 360, "height": 640})
    assert shown.evaluate("document.documentElement.scrollWidth") <= 360
    for scheme in ("light", "dark"):
        shown.emulate_media(color_scheme=scheme)
        assert shown.evaluate(CONTRASTS) == []


def test_what_can_be_operated_has_a_name(shown: Any) -> None:
    nameless = shown.evaluate(
        """() => [...document.querySelectorAll("audio, img, input, select, button, [role=region]")].filter((one) =>
            !(one.getAttribute("aria-label") || one.alt || one.textContent.trim() || one.closest("label")))
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    ids = shown.evaluate("() => [...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len({*ids})
    targets = shown.evaluate("() => [...document.querySelectorAll('a[href]')].map((one) => one.getAttribute('href'))")
    assert {target.removeprefix("#") for target in targets} <= {*ids}


def test_one_stops_at_a_table_only_where_it_scrolls(shown: Any) -> None:
    stops = "() => [...document.querySelectorAll('[role=region][tabindex]')].length"
    wide = shown.evaluate(stops)
    shown.set_viewport_size({"width": 360, "height": 640})
    shown.wait_for_function(f"() => ({stops})() > {wide}")
    assert shown.evaluate(
        """() => [...document.querySelectorAll("[role=region]")].every((one) =>
            one.hasAttribute("tabindex") || one.scrollWidth <= one.clientWidth)"""
    )


def test_on_paper_nothing_is_folded_or_cut_off_and_then_it_is_as_it_was(shown: Any) -> None:
    before = shown.locator("details[open]").count()
    shown.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert shown.locator("details:not([open]):not(.beside)").count() == 0
    shown.emulate_media(media="print")
    shown.set_viewport_size({"width": 720, "height": 1000})
    assert shown.evaluate("document.documentElement.scrollWidth") <= 720
    shown.emulate_media(media="screen")
    shown.evaluate("dispatchEvent(new Event('afterprint'))")
    assert shown.locator("details[open]").count() == before


def test_without_audio_there_is_none(nasty: Path, tmp_path: Path) -> None:
    for sets, audio in (((), False), (("report.audio=False",), True)):
        found = reporting.report([nasty], Ui(quiet=True), output=tmp_path / "r", overrides=sets, audio=audio)
        text = found.page.read_text(encoding="utf-8")
        assert "<audio" not in text
        assert "data:audio" not in text


def test_the_policy_lets_nothing_in(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src &#39;none&#39;;")
    assert "unsafe" not in policy[1]
    assert re.findall(r'(?:src|href)="(?!data:|#)', text) == []
    assert " style=" not in re.sub(r'<img src="[^"]*"', "", text)


def test_a_look_at_the_data_alone_has_a_page() -> None:
    told = frame(
        "look", "2026-01-01",
        leads=[{"level": "finding", "text": "women are angry", "do": "", "of": ""}],
        explored=[{"name": "one", "title": "One", "said": NASTY, "lead": None, "files": ["a.csv"],
                   "table": {"columns": ["a"], "numeric": [False], "rows": [[NASTY]], "total": 2}}],
    )  # fmt: skip
    text = html({"title": "t", "author": "a", "comparison": None}, [Page(told)])
    assert "women are angry" in text
    assert NASTY not in text


# Texts whose contrast with what is behind them is below that of WCAG 2 AA (4.5; large ones 3).
CONTRASTS = """() => {
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (rgb) => {
        const linear = (v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
        const [r, g, b] = rgb.slice(0, 3).map((v) => linear(v / 255));
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const behind = (one) => {
        for (; one; one = one.parentElement) {
            const colour = parse(getComputedStyle(one).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    const bad = [];
    for (const one of document.querySelectorAll("main *, header *")) {
        if (![...one.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim())) continue;
        const style = getComputedStyle(one);
        const [a, b] = [light(parse(style.color)), light(behind(one))].sort((x, y) => y - x);
        const ratio = (a + .05) / (b + .05);
        if (ratio < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) bad.push(`${one.outerHTML.slice(0, 60)} ${ratio}`);
    }
    return bad;
}"""
