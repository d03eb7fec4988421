"""Options that the support vector machines share."""

from __future__ import annotations

from typing import Annotated, Literal

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
