"""Options that the support vector machines share."""

from __future__ import annotations

from operator import attrgetter
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from nk.registry import Options

# Arrays of a machine that libsvm reads, and their types.
ARRAYS = {
    "support_vectors_": "float64",
    "_dual_coef_": "float64",
    "_intercept_": "float64",
    "_probA": "float64",
    "_probB": "float64",
    "support_": "int32",
    "_n_support": "int32",
}


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
    vectors = len(machine.support_vectors_)
    arrays = {name: getattr(machine, name) for name in ARRAYS}
    due = {
        "support_vectors_": (vectors, machine.n_features_in_),
        "_dual_coef_": (classes - 1, vectors),
        "_intercept_": (classes * (classes - 1) // 2,),
        "_probA": (0,),
        "_probB": (0,),
        "support_": (vectors,),
        "_n_support": (classes,),
    }
    counts = machine.n_support_.tolist()
    fits = {name: values.shape for name, values in arrays.items()} == due
    if not fits or min(counts) < 0 or sum(counts) != vectors:
        raise ValueError("the arrays of the support vectors do not fit each other")
    if not all(_as_libsvm_wants(values, ARRAYS[name]) for name, values in arrays.items()):
        raise ValueError("the arrays of the support vectors are not finite numbers of the types that libsvm reads")
    known = get_args(SvmOptions.model_fields["kernel"].annotation)
    kind = attrgetter("_impl")
    settings = (attrgetter("_sparse")(machine), kind(machine), machine.degree)
    if machine.kernel not in known or settings != (False, kind(type(machine)), 3):
        raise ValueError("its kernel is none of " + ", ".join(f"`{name}`" for name in known))


def _as_libsvm_wants(values: Any, kind: str) -> bool:
    """Whether an array has the type and order that compiled code takes for granted, and finite numbers."""
    import numpy as np

    return bool(values.dtype == np.dtype(kind) and values.flags.c_contiguous and np.isfinite(values).all())
