"""The sections of what else there is to do: explore, predict, segment, augment, resample, export, compare."""

# Annotations are not kept as text here: pydantic would compile each again, which is a fifth of the start-up.
from typing import Annotated, Any, Literal

from nk.config.data import Names, Part, Share
from nk.config.field import Section, key
from nk.config.values import Form, MisfitError, as_items, as_text


def _groups(value: Any) -> tuple[Names, ...]:
    """`[['a'], ['a', 'b']]`; a plain list of names is a list of groups of one."""
    return tuple(tuple(as_text(one) for one in as_items(item)) for item in as_items(value))


def _switch_or_names(value: Any) -> Names:
    found = tuple(as_text(item).lower() for item in as_items(value) if as_text(item))
    if not set(found) <= {"tsne", "umap", "pca"}:
        raise MisfitError
    return found


Groups = Annotated[tuple[Names, ...], Form(_groups, "a list of lists of column names")]
Projections = Annotated[
    tuple[Literal["tsne", "umap", "pca"], ...], Form(_switch_or_names, "a list of `tsne`, `umap`, `pca`")
]


class Expl(Section):
    """The section [EXPL]: look at data and features."""

    value_counts: Groups | None = key(None, "columns, or pairs of columns, to draw against the target")
    bin_reals: bool = key(False, "cut every numeric column into three bins first")
    column_bin_reals: dict[str, bool] = key(
        {}, "cut this numeric column into three bins first", pattern="<column>.bin_reals"
    )
    dist_type: Literal["kde", "hist"] = key("kde", "how numeric distributions are drawn")
    feature_distributions: bool = key(
        False, "how much features weigh in each `model`, how the first are distributed, and which go together"
    )
    model: Names = key(
        ("log_reg",),
        "models that tell how important features are: by their trees or coefficients, others by permutation",
    )
    max_feats: int = key(10, "number of features drawn", ge=1)
    permutation: bool = key(False, "measure it by permutation instead, on speakers that the model has not heard")
    plot_features: Names | None = key(None, "features drawn in any case")
    plot_tree: bool = key(False, "draw a small decision tree")
    ignore_gender: bool = key(False, "do not part the features' distributions by gender")
    print_stats: bool = key(False, "show the whole statistical tests")
    print_colvals: bool = key(False, "show the values of every column")
    regplot: Groups | None = key(
        None, "pairs of features or columns to draw against each other; a third name colours the points"
    )
    scatter: Projections | None = key(None, "projections to draw")
    scatter_target: Names | None = key(
        None, "columns that colour the projections; without it the target", alias="scatter.target"
    )
    scatter_dim: Literal[2, 3] = key(2, "dimensions of the projections", alias="scatter.dim")
    tsne: bool = key(False, "same as `tsne` in `scatter`")
    umap: bool = key(False, "same as `umap` in `scatter`")
    pca: bool = key(False, "same as `pca` in `scatter`")
    shap: bool = key(False, "SHAP values of the model in [MODEL], of speakers that it has not heard")
    spotlight: bool = key(
        False, "open the data in Renumics Spotlight, with audio, the features that [FEATS] names and predictions"
    )
    sample_selection: Part | None = key(None, "parts of the split to look at; without it that of [EXP]")


class Predict(Section):
    """The section [PREDICT]: label recordings with ready-made models."""

    targets: tuple[
        Literal[
            "speaker", "gender", "age", "snr", "mos", "pesq", "sdr", "stoi", "text", "textclassification",
            "translation", "arousal", "valence", "dominance", "emotion",
        ],
        ...,
    ] | None = key(None, "what to predict", built=False)  # fmt: skip
    sample_selection: Part | None = key(None, "parts of the split to label; without it that of [EXP]", built=False)
    target_language: str = key("en", "language to translate into, an ISO code", built=False)
    candidates: Names | None = key(
        None, "classes for the target `textclassification`", alias="textclassifier.candidates", built=False
    )


class Segment(Section):
    """The section [SEGMENT]: cut recordings at pauses."""

    method: Literal["silero", "pyannote"] = key("silero", "what finds the speech", built=False)
    result: str = key("segmented.csv", "table of the segments", built=False)
    min_length: float = key(2.0, "shorter rests are dropped or joined", unit="s", ge=0, built=False)
    max_length: float | None = key(None, "longer segments are cut", unit="s", gt=0, built=False)
    output_audio: bool = key(False, "write a file for every segment", built=False)
    audio_dir: str = key("segments", "folder of these files, below the experiment's", built=False)
    audio_format: Literal["wav", "flac", "mp3"] = key("wav", "format of these files", built=False)
    sampling_rate: int | None = key(
        None, "rate of these files; without it that of the recording", unit="Hz", ge=1, built=False
    )
    include_silence_borders: bool = key(False, "list the silence at the ends of a recording too", built=False)
    sample_selection: Part | None = key(None, "parts of the split to cut; without it that of [EXP]", built=False)
    segment_target: str = key("_segmented", "what is added to the database's name", built=False)


class Augment(Section):
    """The section [AUGMENT]: add altered copies of recordings."""

    augment: tuple[
        Literal["traditional", "auglib", "random_splice", "rawboost", "silero-denoise"], ...
    ] | None = key(None, "methods", built=False)  # fmt: skip
    augmentations: str | None = key(
        None, "transforms of the method `traditional`: names and numbers, never evaluated", built=False
    )
    transformations: tuple[Literal["room", "music", "noise", "babble", "crop", "cough"], ...] = key(
        ("room", "music", "noise", "babble", "crop", "cough"), "transforms of the method `auglib`", built=False
    )
    bypass_prob: Share = key(0.3, "probability that a transform is left out", built=False)
    crop_dur: float = key(1.0, "length of the transform `crop`", unit="s", gt=0, built=False)
    p_reverse: Share = key(0.3, "probability that a splice is reversed", built=False)
    top_db: float = key(12.0, "what lies this far below the loudest is silence", unit="dB", gt=0, built=False)
    result: str = key("augmented.csv", "table of the new files", built=False)
    sample_selection: Part | None = key(None, "parts of the split to augment; without it that of [EXP]", built=False)
    silero_model: Literal["small_slow", "large_fast", "small_fast"] = key("small_slow", "denoiser", built=False)
    rawboost_algo: int = key(5, "which noises `rawboost` adds", ge=0, le=8, built=False)
    rawboost: dict[str, float] = key({}, "a number of the noise generators", pattern="rawboost_<number>", built=False)


class Resample(Section):
    """The section [RESAMPLE]: bring recordings to 16 kHz mono."""

    replace: bool = key(False, "overwrite the recordings", built=False)
    target: str = key("resampled.csv", "table of the new files", built=False)
    sample_selection: Part | None = key(None, "parts of the split to resample; without it that of [EXP]", built=False)


class Export(Section):
    """The section [EXPORT]: copy the data, or the model, to another place."""

    root: str = key("./exported_data/", "folder to write to", built=False)
    orig_root: str | None = key(None, "folder above the original recordings", built=False)
    data_name: str = key("export", "name of the table", built=False)
    segments_as_files: bool = key(False, "a file for every segment", built=False)
    bundle_path: str | None = key(None, "folder of the model bundle; without it <root>/<name>/export", built=False)


class CrossDb(Section):
    """The section [CROSSDB]: train on one database, test on another."""

    train_extra: Names | None = key(None, "databases added to every training")
