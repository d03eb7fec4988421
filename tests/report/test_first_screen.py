"""What is wrong with the data stands on the first screen, for each mistake that is planted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nk import pipeline
from nk.config import load_config
from nk.report import leads
from nk.ui import Ui

FAULT = Path(__file__).parents[2] / "examples" / "fault.ini"
SAID = {
    "gender_bias": "gender alone tells emotion",
    "channel_confound": "the way of recording alone predicts emotion",
    "speaker_leak": "speakers are in both train and test",
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", SAID)
def test_the_planted_mistake_is_on_the_first_screen(fault: str, browser: Any, tmp_path: Path) -> None:
    sets = [f"data.demo.fault={fault}", f"exp.root={tmp_path}", "report.title=A corpus with a mistake"]
    done = pipeline.run(load_config(FAULT, sets), Ui(quiet=True))
    assert isinstance(done, pipeline.Result)
    assert done.report
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.goto(done.report.page.as_uri())
    place = tab.get_by_text(SAID[fault]).first.bounding_box()
    tab.close()
    assert place["y"] + place["height"] < 800


LOOK = {
    "gender_bias": "gender alone tells emotion",
    "channel_confound": "bandwidth in the pauses alone tells emotion",
    "none": "Exploring has found nothing to warn of",
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", LOOK)
def test_a_look_alone_has_it_on_the_first_screen_too(fault: str, browser: Any, tmp_path: Path) -> None:
    sets = [f"data.demo.fault={fault}", f"exp.root={tmp_path}", "report.title=A look"]
    done = pipeline.explore(load_config(FAULT, sets), Ui(quiet=True))
    assert done.report
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.goto(done.report.page.as_uri())
    place = tab.get_by_text(LOOK[fault]).first.bounding_box()
    tab.close()
    assert place["y"] + place["height"] < 800


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["gender_bias", "channel_confound"])
def test_what_a_run_and_a_look_have_found_is_said_once(fault: str, tmp_path: Path) -> None:
    loaded = load_config(FAULT, [f"data.demo.fault={fault}", f"exp.root={tmp_path}", "report.audio=False"])
    pipeline.run(loaded, Ui(quiet=True))
    look = pipeline.explore(loaded, Ui(quiet=True))
    assert look.report
    assert any(one.lead for one in look.exhibits)
    leads = look.report.document["runs"][0]["leads"]
    assert [one["level"] for one in leads if one["of"] != "locks"] == ["warning"]


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.3, 0.5, None), (0.2, 0.5, "is not surely better"), (0.01, 0.2, "is worse than")]
)
def test_a_result_is_set_beside_guessing(low: float, high: float, said: str | None) -> None:
    """More speakers would not help a model that is worse than guessing for certain."""
    measured = SimpleNamespace(value=(low + high) / 2, low=low, high=high)
    metrics = SimpleNamespace(
        metrics={"test": {"uar": measured}}, baselines_by_part={"test": {"chance": {"uar": 0.25}}}
    )
    run: Any = SimpleNamespace(part="test", measure="uar", metrics=metrics)
    found = [*leads._guessing(run)]
    assert len(found) == (said is not None)
    assert all(str(said) in one["text"] for one in found)
    assert all(("more speakers" in one["do"]) == (high > 0.25) for one in found)
