"""Options that the support vector machines share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from nk.registry import Options


class SvmOptions(Options):
    """Options of `svm` and `svr`."""

    C_val: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="Price of a training error (no unit): the smaller, the smoother the model",
    )
    kernel: Literal["linear", "poly", "rbf", "sigmoid"] = Field(
        default="rbf", description="Kernel; `poly` is of degree 3"
    )
    gamma: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)] | Literal["scale", "auto"] = Field(
        default="scale",
        description="Width of the kernels other than linear (1 / squared feature unit): `scale` is 1 / (features x "
        "variance), `auto` is 1 / features",
    )


def check_machine(machine: Any, classes: int) -> None:
    """Check that the arrays of a stored SVC or SVR fit each other, since libsvm does not.

    Args:
        machine: the SVC or SVR
        classes: how many it tells apart, 2 for an SVR, which libsvm handles alike

    Raises:
        ValueError: they do not
    """
    vectors, features = machine.support_vectors_.shape
    counts = machine.n_support_.tolist()
    fits = (
        features == machine.n_features_in_
        and machine._dual_coef_.shape == (classes - 1, vectors)
        and machine._intercept_.shape == (classes * (classes - 1) // 2,)
        and min(counts) >= 0
        and sum(counts) == vectors
        and machine.support_.shape == (vectors,)
    )
    if not fits:
        raise ValueError("the arrays of the support vectors do not fit each other")
