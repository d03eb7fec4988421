"""Options of the features that are known but not built yet."""

# Annotations are not kept as text here: pydantic would compile each again, which is a fifth of the start-up.
from typing import Annotated, Literal

from pydantic import Field

from nk.config.field import key
from nk.registry import Options

_LAYER = "number of layers cut off at the end"
_MODEL = "another model: an id of the Hugging Face hub or a folder"


class NoOptions(Options):
    """Features without options."""


class Wav2Vec2Options(Options):
    """Options of `wav2vec2*`."""

    model: str | None = key(None, _MODEL, alias="wav2vec2.model")
    layer: int = key(0, _LAYER, unit="layers", ge=0, alias="wav2vec2.layer")


class HubertOptions(Options):
    """Options of `hubert-*`."""

    model: str | None = key(None, _MODEL, alias="hubert.model")
    layer: int = key(0, _LAYER, unit="layers", ge=0, alias="hubert.layer")


class WavLmOptions(Options):
    """Options of `wavlm-*`."""

    model: str | None = key(None, _MODEL, alias="wavlm.model")
    layer: int = key(0, _LAYER, unit="layers", ge=0, alias="wavlm.layer")


class AstOptions(Options):
    """Options of `ast`."""

    model: str = key("MIT/ast-finetuned-audioset-10-10-0.4593", _MODEL, alias="ast.model")


class SpeakerOptions(Options):
    """Options of `spkrec*`."""

    model: str | None = key(None, _MODEL, alias="spkrec.model")


class BertOptions(Options):
    """Options of `bert*`."""

    model: str | None = key(None, _MODEL, alias="bert.model")
    layer: int = key(0, _LAYER, unit="layers", ge=0, alias="bert.layer")
    text_column: str = key("text", "column with the words that are spoken", alias="bert.text_column")


class Emotion2VecOptions(Options):
    """Options of `emotion2vec*`."""

    model: str | None = key(None, _MODEL, alias="emotion2vec.model")


class TrillOptions(Options):
    """Options of `trill`."""

    model: str | None = key(None, "another model: an address or a folder", alias="trill.model")


class AudOptions(Options):
    """Options of `audwav2vec2` and `auddim`."""

    model: str = key("./audmodel/", "folder of the model", alias="aud.model")


class AgenderOptions(Options):
    """Options of `agender` and `agender_agender`."""

    model: str = key("./audmodel_agender/", "folder of the model", alias="agender.model")


class AudmodelOptions(Options):
    """Options of `audmodel`."""

    id: str | None = key(None, "id of the model", alias="audmodel.id")
    embeddings_name: tuple[str, ...] = key(
        ("hidden_states",), "outputs of the model, joined column by column", alias="audmodel.embeddings_name"
    )


class MldOptions(Options):
    """Options of `mld`."""

    model: str | None = key(None, "folder of the sources", alias="mld.model")
    df: Literal["Mld", "MldSust", "MldStruct"] = key("Mld", "class of the extractor", alias="mld.df")
    min_syls: Annotated[int, Field(ge=0)] | None = key(None, "drop rows with fewer syllables", unit="syllables")


class SptkOptions(Options):
    """Options of `sptk`."""

    groups: tuple[Literal["stft", "fbank", "mcep", "chroma", "lfcc", "cqcc"], ...] = key(
        ("stft", "fbank"), "groups to compute", alias="sptk.features"
    )
    frame_length: int = key(400, "length of a frame", unit="samples", ge=1, alias="sptk.frame_length")
    frame_period: int = key(80, "step between frames", unit="samples", ge=1, alias="sptk.frame_period")
    fft_length: int = key(512, "length of the Fourier transform", unit="samples", ge=1, alias="sptk.fft_length")
    n_channel: int = key(128, "channels of the filterbank", ge=1, alias="sptk.n_channel")
    sample_rate: int = key(16000, "rate that recordings are brought to", unit="Hz", ge=1, alias="sptk.sample_rate")
