"""The sections [AASIST], [RNN] and [FINETUNE]: options of networks that have a section of their own."""

# Annotations are not kept as text here: pydantic would compile each again, which is a fifth of the start-up.
from typing import Annotated, Any, Literal

from pydantic import Field

from nk.config.field import key
from nk.config.values import Form, MisfitError, as_items, as_whole, opened
from nk.registry import Options

Size = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Activation = Literal["relu", "tanh", "sigmoid", "leaky_relu"]
BaseModelId = "facebook/wav2vec2-large-robust-ft-swbd-300h"


def _sizes(value: Any) -> tuple[int, ...]:
    """`[64, 16]` or `{'l1': 64, 'l2': 16}`, in the order as written."""
    found = opened(value)
    sizes = tuple(as_whole(item) for item in (found.values() if isinstance(found, dict) else as_items(found)))
    if min(sizes, default=0) < 1:
        raise MisfitError
    return sizes


Layers = Annotated[tuple[Size, ...], Form(_sizes, "a list of whole numbers above 0")]


class AasistOptions(Options):
    """Options of `aasist`, also the section [AASIST]."""

    batch_size: int = key(24, "recordings a step", unit="recordings", ge=1, built=False)
    ssl_model: str = key(
        "facebook/wav2vec2-xls-r-300m", "front end, an id of the Hugging Face hub or a folder", built=False
    )
    max_len: int = key(64600, "input length at 16 kHz; cut or repeated to it", unit="samples", ge=1, built=False)
    ssl_layer_pooling: Literal["last", "weighted"] = key("last", "which layers of the front end are used", built=False)
    freeze_ssl_frontend: bool = key(False, "keep the front end as it is", built=False)
    rawboost: bool = key(False, "add RawBoost noise while training", built=False)


class RnnOptions(Options):
    """Options of `lstm` and `lstm_reg`, also the section [RNN]."""

    hidden_size: int = key(64, "units a layer and direction", unit="units", ge=1, built=False)
    num_layers: int = key(2, "number of layers", ge=1, built=False)
    bidirectional: bool = key(False, "read in both directions", built=False)
    batch_size: int = key(32, "recordings a step", unit="recordings", ge=1, built=False)


class TunedOptions(Options):
    """Options of `finetune`, which the paper has in [MODEL]."""

    pretrained_model: str = key(BaseModelId, "body, an id of the Hugging Face hub or a folder", built=False)
    batch_size: int = key(8, "recordings a step", unit="recordings", ge=1, built=False)
    learning_rate: float = key(0.0001, "step size", gt=0, built=False)
    max_duration: float = key(8.0, "what a recording has beyond this is not used", unit="s", gt=0, built=False)
    push_to_hub: bool = key(False, "upload the trained model to the Hugging Face hub", built=False)
    drop: Share | None = key(0.1, "dropout of the head", built=False)
    loss: Literal["cross", "1-ccc", "1-pcc", "mse", "mae"] | None = key(
        None, "loss; without it cross for classes, 1-ccc for numbers", built=False
    )
    class_weight: bool = key(False, "weight classes by inverse frequency", built=False)
    freeze_layers: int = key(0, "number of transformer layers that stay as they are", unit="layers", ge=0, built=False)
    num_layers: Size | None = key(None, "keep only this many layers of the body", unit="layers", built=False)
    head_layers: Layers | None = key(None, "sizes of the hidden layers of the head", built=False)
    head_activation: Activation = key("tanh", "activation of the head", built=False)
    pooling: Literal["mean", "meanvar"] = key("mean", "how frames become one vector", built=False)
    layer_pooling: Literal["last", "weighted"] = key("last", "which layers are used", built=False)
    warmup_ratio: Share = key(0.0, "share of the steps with a rising step size", built=False)


class FinetuneOptions(TunedOptions):
    """The section [FINETUNE], which goes before [MODEL]; three of its keys are keys of [MODEL] itself."""

    measure: Literal["uar", "ccc", "pcc", "mse", "mae"] | None = key(
        None, "metric to choose by; without it uar for classes, ccc for numbers", built=False
    )
    balancing: Literal["ros", "smote", "adasyn"] | None = key(None, "how training rows are balanced", built=False)
    device: str | None = key(None, "where it runs; without it cuda where there is one", built=False)
