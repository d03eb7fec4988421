"""Options that the decision trees share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nk.registry import Options


class TreeOptions(Options):
    """Options of `tree` and `tree_reg`."""

    max_depth: Annotated[int, Field(ge=1, le=1000, strict=True)] | Literal[False] = Field(
        default=False, description="Questions from root to leaf at most (count); False: no limit"
    )
