"""What a config has to say before it can be run, beyond being right as far as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.errors import Problem

if TYPE_CHECKING:
    from nk.config import Loaded


def missing(loaded: Loaded) -> list[Problem]:
    """What `nk run` cannot do without, all of it, at the line of the key or else of its section."""
    found = (_databases(loaded), _target(loaded), _features(loaded), _model(loaded))
    return sorted(problem for problem in found if problem is not None)


def missing_data(loaded: Loaded) -> list[Problem]:
    """What a look at the data cannot do without: databases."""
    problem = _databases(loaded)
    return [problem] if problem else []


def _problem(loaded: Loaded, section: str, key: str, text: str, hint: str) -> Problem:
    return Problem(*loaded.place(f"{section}.{key}"), f"[{section.upper()}] `{key}` {text}", hint)


def _databases(loaded: Loaded) -> Problem | None:
    data = loaded.config.data
    if data.databases:
        return None
    names = [name for name, database in data.others.items() if database.path or database.type == "synthetic"]
    listed = f"databases = [{', '.join(map(repr, names or ['clinic']))}]"
    hint = f"write `{listed}` in [DATA]" + ("" if names else ", and where it is: `clinic = clinic.csv`")
    return _problem(loaded, "data", "databases", "names none, so there is nothing to run on", hint)


def _target(loaded: Loaded) -> Problem | None:
    if loaded.config.data.target is not None:
        return None
    hint = "name the column that is to be learnt: `target = emotion` in [DATA]"
    return _problem(loaded, "data", "target", "is None, so there is nothing to learn", hint)


def _features(loaded: Loaded) -> Problem | None:
    if loaded.config.feats.type or _is_planned(loaded.config.model.type):
        return None
    text = "is empty, and a model learns from features"
    return _problem(loaded, "feats", "type", text, "write `type = ['os']` in [FEATS]")


def _is_planned(model: str | None) -> bool:
    """Whether it is a model that is not built: what it needs is not for us to say."""
    from nk.config.plugins import define

    definition = define("models", model) if model else None
    return definition is not None and not definition.built


def _model(loaded: Loaded) -> Problem | None:
    from nk.config.plugins import define

    config = loaded.config
    if config.model.type is None:
        return None
    definition = define("models", config.model.type)
    if definition is None or definition.task in {None, config.exp.type}:
        return None
    text = f"is `{config.model.type}`, which is for {definition.task}, but [EXP] `type` is `{config.exp.type}`"
    return _problem(loaded, "model", "type", text, f"take one of {_models(config.exp.type)}")


def _models(task: str) -> str:
    from nk.config.words import built_for, listed

    return listed(built_for("models", task))
