"""Options of the networks that are known but not built yet."""

# Annotations are not kept as text here: pydantic would compile each again, which is a fifth of the start-up.
from typing import Literal

from nk.config.field import key
from nk.config.planned.sections import Activation, Layers, Share, TunedOptions
from nk.registry import Options


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


class FinetuneModelOptions(TunedOptions):
    """Options of `finetune` in [MODEL]."""

    label_smoothing: bool | Share = key(0.0, "share of the truth given to the other classes; True is 0.1")
    patience: int | None = key(None, "stop after this many evaluations without gain on dev", ge=1)
