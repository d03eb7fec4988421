"""The sections [EXP], [FEATS] and [MODEL]."""

# Annotations are not kept as text here: pydantic would compile each again, which is a fifth of the start-up.
from typing import Annotated, Any, Literal

from pydantic import Field

from nk.config.data import Names, Part, Share
from nk.config.field import Section, key
from nk.config.values import FileName

Measure = Literal["uar", "accuracy", "macro_f1", "auc", "eer", "ccc", "pcc", "mse", "rmse", "mae", "r2"]
Scale = Literal[
    "standard",
    "robust",
    "minmax",
    "maxabs",
    "normalizer",
    "powertransformer",
    "quantiletransformer",
    "speaker",
    "bins",
]
Balancing = Literal[
    "ros",
    "smote",
    "adasyn",
    "borderlinesmote",
    "svmsmote",
    "clustercentroids",
    "randomundersampler",
    "editednearestneighbours",
    "tomeklinks",
    "smoteenn",
    "smotetomek",
]
_LAYOUT = "the run folder has one layout"


class Exp(Section):
    """The section [EXP]: the experiment as a whole."""

    name: FileName = key("", "name of the run folder; without it the name of the config file", min_length=1)
    root: str = key("./results/", "folder above the run folders")
    type: Literal["classification", "regression"] = key("classification", "classes or numbers")
    epochs: int = key(1, "passes over the training data", ge=1, networks=True)
    runs: int = key(1, "how often the training is repeated, each with the next seed", ge=1)
    random_seed: int = key(42, "seed of splits, folds and models", ge=0, lt=2**32)
    traindevtest: bool = key(False, "three parts instead of two; dev chooses, test is only tested")
    strict: bool = key(False, "what the audit warns of stops the run, as an error does")
    save: bool = key(
        True,
        "store the experiment",
        idle="the run folder is always written; [MODEL] `save` says whether the model is in it",
    )
    results_by: Names = key((), "columns to tell results by, beside class, speaker, gender, age and database")
    save_test: str | None = key(None, "CSV file for the test rows with the predictions, beside the run folder")
    no_warnings: bool = key(
        False, "silence the warnings of Python's packages", idle="they are shown with `--verbose` alone"
    )
    sample_selection: Part = key("all", "parts of the split that other commands work on")
    language: str = key("en", "language that is spoken, an ISO code", of="predict", built=False)
    export_onnx: bool | str = key(False, "store the best model as ONNX too; or the file's name", built=False)
    executor: Literal["local", "dask"] = key(
        "local", "where features, folds and cells are computed: on this machine, or on that of [CLUSTER]", of="cluster"
    )
    databases: Names | None = key(None, "databases to train and test on in turn", of="crossdb")
    use_splits: bool = key(False, "keep the databases' own splits", of="crossdb")
    reuse_train: bool = key(False, "train once a database", of="crossdb", built=False)
    lodo: bool = key(False, "leave one database out", of="crossdb")
    lodo_dev: str | None = key(None, "database that is dev in every cell of `lodo`", of="crossdb")
    lodo_runs: int | None = key(None, "`runs` of each cell of `lodo`", ge=1, of="crossdb")
    res_name: str | None = key(None, "another name for the result files", built=False)
    run: int = key(0, "number of the run", ge=0, idle="runs are counted by nk")
    store: str = key("store/", "folder for caches", idle="all experiments share one cache")
    cache: str = key("cache/", "folder for caches of segments", idle="all experiments share one cache")
    fig_dir: str = key("images/", "folder for figures", idle=_LAYOUT)
    res_dir: str = key("results/", "folder for results", idle=_LAYOUT)
    model_dir: str = key("models/", "folder for models", idle=_LAYOUT)


class Feats(Section):
    """The section [FEATS]: what is measured of a recording. Options of the named features stand here too."""

    type: Names = key(("os",), "features, joined column by column; see the features")
    features: Names | None = key(None, "columns to keep; of a feature that has none of them all stay; without it all")
    scale: Scale | None = key(
        None,
        "how features are scaled, as measured on train; `speaker`: those of each speaker by the speaker's own rows",
    )
    balancing: Balancing | None = key(None, "how the classes of the training rows are balanced")
    balancing_random_state: int = key(42, "seed of the balancing; run r adds r", ge=0, lt=2**32)
    pooling: tuple[Literal["mean", "std", "min", "max", "median"], ...] = key(
        ("mean", "std"), "how the vectors of frames become one"
    )
    fail_threshold: Share = key(0.5, "stop when more than this share of the recordings is unusable")
    nan_strategy: Literal["zero", "zeros", "mean", "median", "drop"] = key(
        "zero",
        "what replaces a missing value of a feature; `mean` and `median` of train; `drop` leaves the row out",
    )
    no_reuse: bool = key(False, "compute the features anew though the cache has them")
    store_format: Literal["pkl", "csv", "parquet"] | None = key(
        None, "write the features into the run folder too, as a table in this format; nk itself never reads a pickle"
    )
    print_feats: bool = key(False, "list the names of the features")
    options: dict[str, Any] = key({}, "options of the features", pattern="-")


# What learns where the config names nothing.
DEFAULTS = {"classification": "svm", "regression": "svr"}


class Model(Section):
    """The section [MODEL]: what learns. Options of the named model stand here too."""

    type: str | None = key(None, "model, see the models; without it svm for classes, svr for numbers")
    measure: Measure | None = key(None, "metric to choose by; without it uar for classes, mse for numbers")
    save: bool = key(True, "store the trained model")
    n_jobs: Annotated[int, Field(ge=1)] | None = key(None, "most cores used at once; without it all")
    logo: bool | Annotated[int, Field(ge=2)] = key(
        False, "leave one group of speakers out: number of groups; True: every speaker is a group"
    )
    loso: bool = key(False, "leave one speaker out")
    k_fold_cross: Annotated[int, Field(ge=2)] | None = key(None, "number of speaker-grouped, stratified folds")
    random_seed: Annotated[int, Field(ge=0, lt=2**32)] | None = key(None, "seed of the model; without it that of [EXP]")
    nan_strategy: Literal["zero", "mean", "median"] | None = key(
        None, "what replaces a missing value before training; without it that of [FEATS]"
    )
    device: str | None = key(
        None,
        "where networks run: cpu, cuda or cuda:<number>; without it cuda where there is one",
        built=False,
        networks=True,
    )
    only_test: bool = key(False, "test the stored model and do not train", built=False)
    tuning_params: Names | None = key(
        None,
        "options whose lists of values are tried; chosen are those that do best on dev, or in inner folds of train",
    )
    scoring: str | None = key(
        None, "what decides between them: a metric, or a scorer as scikit-learn calls it; without it `measure`"
    )
    calibrate: bool = key(True, "make class scores say how often they are right, on dev or out of fold")
    risk_coverage: Annotated[float, Field(gt=0, lt=1)] = key(
        0.8, "share of rows to decide on: the surest, by a threshold chosen on dev or out of fold"
    )
    set_coverage: Annotated[float, Field(ge=0.5, lt=1)] = key(
        0.9, "how often the set of classes that is given for a row is to hold the truth"
    )
    balancing: Literal["ros", "smote", "adasyn"] | None = key(
        None, "how training rows of networks are balanced; for other models it is [FEATS] `balancing`", built=False
    )
    hf_token: str | None = key(None, "token of the Hugging Face hub", of="segment", built=False)
    options: dict[str, Any] = key({}, "options of the model", pattern="-")
    search: dict[str, tuple[Any, ...]] = key({}, "values of the options in `tuning_params`", pattern="-")

    @property
    def spaces(self) -> dict[str, tuple[Any, ...]]:
        """The values to try of each option in `tuning_params`, in its order; one that has a single value has that."""
        known = {key.lower(): (key, (value,)) for key, value in self.options.items()}
        known |= {key.lower(): (key, values) for key, values in self.search.items()}
        return dict(known[name.lower()] for name in self.tuning_params or () if name.lower() in known)
