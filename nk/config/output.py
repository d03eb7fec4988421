"""The sections of what comes out, and of runs over several settings: plots, report, search, flags."""

# Annotations are not kept as text here: pydantic would compile each again, which is a fifth of the start-up.
from typing import Annotated, Any, Literal

from pydantic import Field

from nk.config.data import Names, Share
from nk.config.field import Section, key
from nk.config.values import FileName


class Plot(Section):
    """The section [PLOT]."""

    name: FileName | None = key(None, "start of the figures' file names; without it none")
    format: Literal["png", "svg", "pdf", "eps", "jpg", "tif"] = key("png", "file format of the figures")
    titles: bool = key(True, "put titles above the figures")
    best_model: bool = key(False, "draw the results of the best model; it is always drawn")
    ccc: bool = key(False, "put the concordance correlation into headings; of results it is always there", of="expl")
    epochs: bool = key(False, "draw a confusion matrix an epoch", built=False, networks=True)
    anim_progression: bool = key(False, "join the figures of the epochs into a film", built=False, networks=True)
    fps: float = key(1.0, "speed of the film", unit="1/s", gt=0, built=False, networks=True)
    epoch_progression: bool = key(False, "draw the results over the epochs", built=False, networks=True)
    combine_per_speaker: Literal["mode", "mean"] | None = key(
        None, "score one decision a speaker too: the most frequent class, or the class of the mean scores"
    )
    combine_per_speaker_col: str = key("speaker", "column to combine by", alias="combine_per_speaker.col", min_length=1)
    uncertainty_threshold: Share | None = key(
        None, "score those samples too whose uncertainty is below this, without the others"
    )
    runs_compare: Literal["features", "model", "target", "databases"] | None = key(
        None, "compare this run with those beside it that differ in this alone; see docs/concepts/comparing.md"
    )
    fill_areas: bool = key(False, "fill the areas under densities")
    kind: Literal["violin", "box", "bar", "strip", "swarm"] = key(
        "violin", "how the distribution of a feature is drawn", of="expl"
    )


class Report(Section):
    """The section [REPORT]."""

    show: bool = key(False, "show the report on the terminal")
    fresh: bool = key(False, "begin a new report; reports never pile up here, so it changes nothing")
    latex: FileName | None = key(None, "name of a LaTeX and PDF report, beside the page")
    title: str = key("Report", "title of the report")
    author: str = key("anon", "author of the report")
    audio: bool = key(True, "put short clips of recordings into the page, to be heard")


class Optim(Section):
    """The section [OPTIM]: search the options of a model."""

    model: str | None = key(None, "model whose options are searched, where [MODEL] `type` names none")
    search_strategy: Literal[
        "grid", "random", "halving_grid", "halving_random", "tpe", "grid_cv", "random_cv"
    ] = key("grid", "how to search; `grid_cv` and `random_cv` are other words for `grid` and `random`")  # fmt: skip
    n_iter: int = key(50, "combinations that `random`, `halving_random` and `tpe` try", ge=1)
    cv_folds: int = key(3, "inner folds of speakers of the training part, in which each combination is tried", ge=2)
    metric: Literal[
        "uar", "accuracy", "f1", "precision", "recall", "sensitivity", "specificity", "eer",
        "macro_f1", "auc", "ccc", "pcc", "mse", "rmse", "mae", "r2",
    ] | None = key(None, "what is to be best; without it `measure` of [MODEL]")  # fmt: skip
    random_state: int = key(42, "seed of what `random`, `halving_random` and `tpe` draw")
    nested: bool | Annotated[int, Field(ge=2)] = key(
        False,
        "repeat the search in each of so many outer folds of speakers, to say what it is worth; True: 5, or those of "
        "the cross-validation",
    )
    space: dict[str, Any] = key(
        {}, "search space of an option: a list of values, (low, high), (low, high, step) or a value", pattern="-"
    )


class Flags(Section):
    """The section [FLAGS]: an experiment for every combination of values."""

    models: Names | None = key(None, "values of [MODEL] `type`")
    features: Names | None = key(None, "values of [FEATS] `type`")
    balancing: Names | None = key(None, "values of [FEATS] `balancing`")
    scale: Names | None = key(None, "values of [FEATS] `scale`")
    targets: Names | None = key(None, "values of [DATA] `target`")
    nested: bool = key(
        False, "choose among cells in inner folds of each fold of a cross-validation, to say what the choice is worth"
    )
    name_target: tuple[tuple[str, str], ...] | None = key(None, "pairs of [EXP] `name` and [DATA] `target`")
    model: dict[str, tuple[Any, ...]] = key({}, "values of a key of [MODEL]", pattern="model_<key>")
    feats: dict[str, tuple[Any, ...]] = key({}, "values of a key of [FEATS]", pattern="feats_<key>")
    exp: dict[str, tuple[Any, ...]] = key({}, "values of a key of [EXP]", pattern="exp_<key>")
    others: dict[str, tuple[Any, ...]] = key(
        {}, "values of any other key of a section that a run reads", pattern="<section>.<key>"
    )
