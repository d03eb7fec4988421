"""What a search is to do, made of the config before any work, so that what cannot be is refused at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nk.config import check_built
from nk.config.model import DEFAULTS
from nk.config.plugins import define
from nk.config.scoring import chooses
from nk.config.spaces import COUNTS
from nk.execute import HERE
from nk.optim import aims, space
from nk.optim.search import Strategy, strategy
from nk.optim.store import check_package
from nk.setup import Setup, model_of, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from nk.config import Loaded
    from nk.execute import Executor
    from nk.optim.space import Dimension
    from nk.registry import Measure, Model

    Outer: TypeAlias = bool | int  # how many outer folds; True: as usual


@dataclass(frozen=True)
class Setting:
    """What is searched, how, and for what; `nested` is how many outer folds there are, True if the config says so."""

    loaded: Loaded
    setup: Setup
    how: Strategy
    aim: Measure[Any]
    folds: int
    nested: Outer

    @property
    def model(self) -> str:
        """The name of the model."""
        return str(self.setup.config.model.type)

    def make(self, values: Mapping[str, Any]) -> Model:
        """The model with a combination of values.

        Raises:
            ConfigError: the model refuses it
        """
        config = self.setup.config
        return model_of(config, {**config.model.options, **space.options(values)})


def setting(loaded: Loaded, jobs: int | None, nested: Outer | None = None, executor: Executor = HERE) -> Setting:
    """Everything that a search needs besides data.

    Args:
        loaded: the config
        jobs: as for `pipeline.run`
        nested: in place of [OPTIM] `nested`
        executor: where features are computed and trials made

    Raises:
        ConfigError: the config does not say what to search, or something that does not go with a search
        NotBuilt: the config asks for what nk cannot do yet
        MissingDependency: a package is not installed
        DataError: as `prepare`
    """
    check_package()
    check_built(loaded, ("OPTIM",))
    config, optim = loaded.config, loaded.config.optim
    name = config.model.type or optim.model or DEFAULTS[config.exp.type]
    if config.model.tuning_params:
        text = "[MODEL] `tuning_params` chooses options too, and `nk optim` chooses those of [OPTIM]"
        raise loaded.error("model.tuning_params", text, "leave it out, and put its lists into [OPTIM]")
    _check_task(loaded, name)
    named = replace(loaded, config=config.replaced(model=config.model.model_copy(update={"type": name})))
    setup = prepare(named, jobs, executor=executor)
    setup = replace(setup, recipe=replace(setup.recipe, aims=None))
    dims = _dimensions(loaded, name)
    how = strategy(optim.search_strategy, dims, optim.n_iter, optim.random_state)
    _check_size(loaded, how)
    given = optim.nested if nested is None else nested
    return Setting(named, setup, how, _aim(loaded), optim.cv_folds, given)


def _check_task(loaded: Loaded, name: str) -> None:
    config, definition = loaded.config, define("models", name)
    if config.model.type is None and definition and definition.task not in {None, config.exp.type}:
        text = f"[OPTIM] `model` is `{name}`, which is for {definition.task}, but [EXP] `type` is `{config.exp.type}`"
        raise loaded.error("optim.model", text, f"the usual one is `{DEFAULTS[config.exp.type]}`")


def _dimensions(loaded: Loaded, name: str) -> tuple[Dimension, ...]:
    definition = define("models", name)
    dims = space.dimensions(loaded.config.optim.space, definition) if definition else ()
    keys = ", ".join(f"`{spot.key}`" for spot in definition.spots.values()) if definition else ""
    hint = f"list values, as `<option> = [1, 3, 10]`; its options are {keys or 'none'}"
    if all(len(one.values) < 2 for one in dims):
        raise loaded.error("optim", f"[OPTIM] lists no values of `{name}` to choose from", hint)
    counts = [one.key for one in dims if one.key in COUNTS]
    if len(counts) == 1:
        other = next(key for key in COUNTS if key not in counts)
        text = f"[OPTIM] `{counts[0]}` needs `{other}`: together they are the layers"
        raise loaded.error(f"optim.{counts[0]}", text, f"add `{other} = [...]`")
    doubles = [one.key for one in dims if space.options({one.key: 0}).keys() & _others(one, dims)]
    if doubles:
        text = f"[OPTIM] `{doubles[0]}` searches an option that another of its keys searches too"
        raise loaded.error(f"optim.{doubles[0].lower()}", text, "leave one of them")
    return dims


def _others(one: Dimension, dims: Sequence[Dimension]) -> set[str]:
    return {option for other in dims if other is not one for option in space.options({other.key: 0})}


def _check_size(loaded: Loaded, how: Strategy) -> None:
    if how.kind == "grid" and how.count > space.MOST:
        text = f"[OPTIM] has {how.count:,} combinations, and `{how.kind}` tries all"
        raise loaded.error("optim.search_strategy", text, "write `search_strategy = random` or `tpe`, and `n_iter`")


def _aim(loaded: Loaded) -> Measure[Any]:
    config = loaded.config
    name = config.optim.metric
    aim = aims.aim_of(name or chooses(config.model, config.exp.type))
    if aim.task != config.exp.type:
        key = "optim.metric" if name else "model.measure"
        text = f"[{key.partition('.')[0].upper()}] `{key.partition('.')[2]}` is `{aim.called}`, which is for {aim.task}"
        raise loaded.error(key, f"{text}, but [EXP] `type` is `{config.exp.type}`", "leave it out, or take another")
    return aim
