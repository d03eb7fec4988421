"""Options of the classical models that are known but not built yet."""

# Annotations are not kept as text here: pydantic would compile each again, which is a fifth of the start-up.
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
