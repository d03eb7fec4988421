"""Options of the networks that are known but not built yet; three of them have a section of their own, too."""

from __future__ import annotations

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


class NetworkOptions(Options):
    """What every network has."""

    batch_size: int = key(8, "rows a step", unit="rows", ge=1)
    learning_rate: float = key(0.0001, "step size", gt=0)
    patience: int | None = key(None, "stop after this many epochs without gain on dev", unit="epochs", ge=1)
    optimizer: Literal["adamw", "adam", "sgd"] = key("adamw", "how the weights are moved")
    weight_decay: float = key(0.01, "pull of the weights to zero, for adamw", ge=0)
    momentum: Share = key(0.9, "share of the last step that is kept, for sgd")
    scheduler: Literal["cosine", "step", "exponential", "none"] | None = key(None, "how the step size falls")
    scheduler_step_size: int = key(
        10, "epochs between two falls, for `step`", unit="epochs", ge=1, alias="scheduler.step_size"
    )
    scheduler_gamma: float | None = key(
        None, "factor of a fall; without it 0.5 for `step`, 0.95 for `exponential`", gt=0, le=1, alias="scheduler.gamma"
    )
    warmup_epochs: int = key(5, "epochs with a rising step size, for `cosine`", unit="epochs", ge=0)
    domain_balanced_sampling: bool = key(False, "the same share of every domain in a batch")
    domain_balanced_column: str = key("source_db", "column that tells the domain")
    sam: bool = key(False, "sharpness-aware minimisation")
    sam_rho: float = key(0.05, "its radius", gt=0)
    dann_columns: tuple[str, ...] | None = key(None, "columns that are trained against")
    dann_lambda: float = key(1.0, "strength of the reversed gradient", ge=0)
    dann_weight: float = key(1.0, "weight of the loss for these columns", ge=0)
    dann_reverse: bool = key(True, "reverse the gradient; False learns the columns as well")


class MlpOptions(NetworkOptions):
    """Options of `mlp`."""

    layers: Layers = key((64, 16), "sizes of the hidden layers, in order")
    drop: Share | tuple[Share, ...] | None = key(0.1, "dropout, one for all gaps or one each")
    activation: Activation = key("relu", "activation of the hidden layers")
    loss: Literal["cross", "f1", "focal"] = key("cross", "loss")
    class_weight: bool = key(False, "weight classes by inverse frequency")
    label_smoothing: bool | Share = key(0.0, "share of the truth given to the other classes; True is 0.1")


class MlpRegOptions(NetworkOptions):
    """Options of `mlp_reg`."""

    layers: Layers = key((64, 16), "sizes of the hidden layers, in order")
    drop: Share | tuple[Share, ...] | None = key(0.1, "dropout, one for all gaps or one each")
    activation: Activation = key("relu", "activation of the hidden layers")
    loss: Literal["mse", "mae", "1-ccc", "1-pcc"] = key("mse", "loss")


class CnnOptions(NetworkOptions):
    """Options of `cnn`."""

    layers: Layers = key((120, 84), "sizes of the two hidden layers")
    drop: Share | None = key(0.1, "dropout")
    loss: Literal["cross", "f1", "focal"] = key("cross", "loss")
    class_weight: bool = key(False, "weight classes by inverse frequency")
    label_smoothing: bool | Share = key(0.0, "share of the truth given to the other classes; True is 0.1")


class AdmOptions(NetworkOptions):
    """Options of `adm`, a detector of synthetic speech."""

    batch_size: int = key(32, "rows a step", unit="rows", ge=1)
    loss: Literal["bce", "weighted_bce", "focal"] = key("bce", "loss")
    branches: str = key(
        "time,spectral,phase,lfcc,cqcc", "streams that are used, with commas between", alias="adm.branches"
    )
    fusion: Literal["avg", "max", "weighted", "concat", "gated"] = key(
        "weighted", "how the streams' scores are joined", alias="adm.fusion"
    )
    hidden_dim: int = key(256, "hidden size of a stream", ge=1, alias="adm.hidden_dim")
    focal_alpha: Share = key(0.25, "weight of the positive class in the focal loss", alias="focal.alpha")
    focal_gamma: float = key(2.0, "exponent of the focal loss", ge=0, alias="focal.gamma")
    feature_noise: float = key(0.0, "deviation of noise added to the features", ge=0)
    max_grad_norm: float = key(0.0, "clip gradients at this norm; 0 does not", ge=0)
    threshold: Share = key(0.5, "score from which on a sample is positive")
    class_weight: bool | Literal["auto"] | float = key("auto", "weight of the positive class")


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


class FinetuneOptions(Options):
    """Options of `finetune`, also the section [FINETUNE], which goes first."""

    pretrained_model: str = key(BaseModelId, "body, an id of the Hugging Face hub or a folder", built=False)
    batch_size: int = key(8, "recordings a step", unit="recordings", ge=1, built=False)
    learning_rate: float = key(0.0001, "step size", gt=0, built=False)
    max_duration: float = key(8.0, "what a recording has beyond this is not used", unit="s", gt=0, built=False)
    push_to_hub: bool = key(False, "upload the trained model to the Hugging Face hub", built=False)
    drop: Share | None = key(0.1, "dropout of the head", built=False)
    loss: Literal["cross", "1-ccc", "1-pcc", "mse", "mae"] | None = key(
        None, "loss; without it cross for classes, 1-ccc for numbers", built=False
    )
    measure: Literal["uar", "ccc", "pcc", "mse", "mae"] | None = key(
        None, "metric to choose by; without it uar for classes, ccc for numbers", built=False
    )
    class_weight: bool = key(False, "weight classes by inverse frequency", built=False)
    balancing: Literal["ros", "smote", "adasyn"] | None = key(None, "how training rows are balanced", built=False)
    device: str | None = key(None, "where it runs; without it cuda where there is one", built=False)
    freeze_layers: int = key(0, "number of transformer layers that stay as they are", unit="layers", ge=0, built=False)
    num_layers: Size | None = key(None, "keep only this many layers of the body", unit="layers", built=False)
    head_layers: Layers | None = key(None, "sizes of the hidden layers of the head", built=False)
    head_activation: Activation = key("tanh", "activation of the head", built=False)
    pooling: Literal["mean", "meanvar"] = key("mean", "how frames become one vector", built=False)
    layer_pooling: Literal["last", "weighted"] = key("last", "which layers are used", built=False)
    warmup_ratio: Share = key(0.0, "share of the steps with a rising step size", built=False)


class SequenceOptions(NetworkOptions):
    """Options of `lstm` in [MODEL]; the rest is in [RNN]."""

    batch_size: int = key(32, "recordings a step", unit="recordings", ge=1)
    drop: Share | None = key(0.1, "dropout between layers")
    loss: Literal["cross", "f1", "focal", "mse", "mae", "1-ccc", "1-pcc"] | None = key(None, "loss")
    class_weight: bool = key(False, "weight classes by inverse frequency")
    label_smoothing: bool | Share = key(0.0, "share of the truth given to the other classes; True is 0.1")


class WaveOptions(NetworkOptions):
    """Options of `aasist` in [MODEL]; the rest is in [AASIST]."""

    batch_size: int = key(24, "recordings a step", unit="recordings", ge=1)
    class_weight: bool = key(False, "weight classes by inverse frequency")


class TunedOptions(FinetuneOptions):
    """Options of `finetune` in [MODEL], where the paper has them; those that the section has anyway are left out."""

    label_smoothing: bool | Share = key(0.0, "share of the truth given to the other classes; True is 0.1")
    patience: int | None = key(None, "stop after this many evaluations without gain on dev", ge=1)
