"""Names and values of older config files: the only place that knows them.

A renamed key or value is accepted with a warning that names the present one; a dead key is a warning that says why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nk.config.values import Plain

if TYPE_CHECKING:
    from nk.config.source import Entry

# (section, key) -> present key, or (section, key) where it moved.
RENAMED: dict[tuple[str, str], str | tuple[str, str]] = {
    ("exp", "models_dir"): "model_dir",
    ("exp", "random_state"): "random_seed",
    ("exp", "no_reuse"): ("data", "no_reuse"),
    ("exp", "filter.sample_selection"): ("data", "filter.sample_selection"),
    ("data", "samples_per_speaker"): "limit_samples_per_speaker",
    ("data", "min_length"): "min_duration_of_sample",
    ("data", "min_duration_of_samples"): "min_duration_of_sample",
    ("feats", "scaler"): "scale",
    ("feats", "os.set"): "set",
    ("feats", "os.level"): "level",
    ("feats", "os.features"): "features",
    ("feats", "praat.features"): "features",
    ("feats", "needs_feature_extraction"): "no_reuse",
    ("feats", "class_weight"): ("model", "class_weight"),
    ("model", "duration"): "max_duration",
    ("model", "random_state"): "random_seed",
    ("model", "manual_seed"): "random_seed",
    ("model", "c"): "C_val",
    ("model", "weights"): "KNN_weights",
    ("model", "store"): "save",
    ("model", "scale"): ("feats", "scale"),
    ("optim", "c"): "C_val",
    ("segment", "target"): "segment_target",
    ("export", "target_root"): "root",
    ("plot", "plot_best_model"): "best_model",
    ("plot", "plot_epoch_progression"): "epoch_progression",
}

# Keys of a database.
RENAMED_IN_DATABASE = {
    "testsplit": "test_size",
    "tests_size": "test_size",
    "files_table": "files_tables",
    "target_table": "target_tables",
    "samples_per_speaker": "limit_samples_per_speaker",
    "min_length": "min_duration_of_sample",
    "train_values": "train_vals",
    "dev_values": "dev_vals",
    "test_values": "test_vals",
}

DEAD = {
    ("exp", "balancing"): "balancing is [FEATS] `balancing`",
    ("data", "strategy"): "each database has its own `<database>.split_strategy`",
    ("data", "stratify"): "the strategy `balanced` stratifies, with `balance`",
    ("data", "needs_feature_extraction"): "it is [FEATS] `no_reuse`",
    ("data", "target_tables_append"): "tables are joined by what they hold",
    ("data", "test_folder"): "recordings are given on the command line",
    ("feats", "scale_speakers"): "it is [FEATS] `scale = speaker`",
    ("feats", "model"): "each feature has its own, as in `wav2vec2.model`",
    ("feats", "mld"): "it is `mld.model`",
    ("feats", "xbow.model"): "nk makes bags of audio words itself",
    ("model", "adm.ssl_feat_dim"): "sizes are read off the features",
    ("model", "adm.phase_feat_dim"): "sizes are read off the features",
    ("plot", "sample_selection"): "it is [EXP] `sample_selection`",
}
DEAD_IN_DATABASE = {
    "limit": "it is `limit_samples`",
    "check_size": "it is [DATA] `check_size`, for all databases",
    "check_vad": "it is [DATA] `check_vad`, for all databases",
    "target_tables_append": "tables are joined by what they hold",
}

# (section, key) -> {old value in lower case: present value}; `<database>.` stands for any database.
VALUES: dict[tuple[str, str], dict[str, Any]] = {
    ("model", "device"): {"gpu": "cuda"},
    ("model", "type"): {"nb": "bayes"},
    ("feats", "level"): {"functional": "functionals", "frame": "lld"},
    ("feats", "scale"): {"none": None},
    ("plot", "runs_compare"): {"models": "model"},
    ("expl", "feature_distributions"): {"all": True},
    ("data", "<database>.scale"): {"standard": True},
    ("data", "<database>.split_strategy"): {"train_test": "speaker_split"},
}

# Columns that were once called est_<x>.
ESTIMATED = {("expl", "value_counts"), ("expl", "regplot"), ("expl", "scatter.target"), ("expl", "plot_features")}


def renamed(entry: Entry) -> Entry | None:
    """The entry under its present name; None if it has it already."""
    now = RENAMED.get((entry.section, entry.key.lower()))
    if now is None:
        return None
    section, key = (entry.section, now) if isinstance(now, str) else now
    return replace(entry, section=section, key=key)


def revalued(section: str, key: str, value: Any) -> Any | None:
    """The present value as a plain scalar; None if it is a present one."""
    table = VALUES.get((section, key.lower()))
    if table is None or not isinstance(value, str) or value.lower() not in table:
        return None
    now = table[value.lower()]
    return None if now is None else Plain(now)


def estimated(value: str) -> str | None:
    """`<x>_pred` for `est_<x>`, anywhere in a text; None if there is none."""
    import re

    now = re.sub(r"\best_(mos|pesq|sdr|stoi|snr|arousal|valence|dominance|age|gender)\b", r"\1_pred", value)
    return now if now != value else None
