"""What is wrong with the data stands on the first screen, for each mistake that is planted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nk import pipeline
from nk.config import load_config
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
    tab = browser.new_page(viewport={"width": 1280, "height": 720})
    tab.goto(done.report.page.as_uri())
    place = tab.get_by_text(SAID[fault]).first.bounding_box()
    tab.close()
    assert place["y"] + place["height"] < 720
