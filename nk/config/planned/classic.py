"""Options of the classical models and the readers that are known but not built yet."""

from __future__ import annotations

from typing import Literal

from nk.config.field import key
from nk.registry import Options


class BayesOptions(Options):
    """Options of `bayes`: there are none."""


class GmmOptions(Options):
    """Options of `gmm`."""

    GMM_components: int = key(4, "normal distributions a class", ge=1)
    GMM_covariance_type: Literal["full", "tied", "diag", "spherical"] = key("full", "shape of the distributions")


class LgbmOptions(Options):
    """Options of `lgbm`."""

    n_estimators: int = key(100, "number of trees", unit="trees", ge=1)
    max_depth: int = key(6, "largest depth of a tree", unit="levels", ge=1)
    learning_rate: float = key(0.1, "share of a tree's correction that is used", gt=0)
    subsample: float = key(1.0, "share of the rows a tree sees", gt=0, le=1)
    class_weight: bool = key(False, "weight classes by inverse frequency")


class AudformatOptions(Options):
    """Options of the reader `audformat`."""

    columns: tuple[str, ...] = key((), "columns to read besides the target, age, gender and speaker")
    label: str | None = key(None, "scheme or column of the target, if it is called otherwise here")
    target_tables: tuple[str, ...] | None = key(None, "tables with the target")
    files_tables: tuple[str, ...] | None = key(None, "tables with the files")
    train_tables: tuple[str, ...] | None = key(None, "tables that make the training part, for the strategy `specified`")
    dev_tables: tuple[str, ...] | None = key(None, "tables that make the dev part")
    test_tables: tuple[str, ...] | None = key(None, "tables that make the test part")
