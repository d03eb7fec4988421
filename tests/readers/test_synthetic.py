from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from nk.families import readers
from nk.registry import Request


def test_it_gives_the_corpus_of_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    from nk.corpus import store

    asked: list[tuple[int, str]] = []

    def corpus(seed: int, fault: str) -> pl.DataFrame:
        asked.append((seed, fault))
        return pl.DataFrame({"file": ["a"]})

    monkeypatch.setattr(store, "corpus", corpus)
    reader = readers.get("synthetic")
    options: Any = reader.options_type
    for given in ({}, {"seed": 5}, {"fault": "duplicates"}):
        assert reader(options(**given), name="synthetic").read(Request("teach", "", None, Path)).height == 1
    assert asked == [(1, "none"), (5, "none"), (1, "duplicates")]


@pytest.mark.parametrize("given", [{"seed": -1}, {"seed": "x"}, {"faults": 1}, {"fault": "leak"}])
def test_options(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        readers.get("synthetic").options_type(**given)
