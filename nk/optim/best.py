"""The config with the best values, in the spelling of the user's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.config import load_config, to_ini, to_yaml
from nk.config.source import is_yaml
from nk.config.whole import Config
from nk.optim.space import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.config import Loaded


def name_of(loaded: Loaded) -> str:
    """The name of the file."""
    return "best.yaml" if is_yaml(loaded.file) else "best.ini"


def text_of(loaded: Loaded, overrides: Sequence[str], model: str, values: Mapping[str, Any]) -> str:
    """The user's config without [OPTIM], with these values in [MODEL] and a name of its own.

    Args:
        loaded: the config
        overrides: what was put over its file, as for `load_config`
        model: the name of the model
        values: the combination

    Raises:
        ConfigError: it cannot be written in this spelling
    """
    config = load_config(loaded.file, overrides, roots=False).config
    chosen = {**config.model.options, **options(values)}
    sections = {name: section for name, section in config.given() if name != "optim"}
    sections["model"] = config.model.model_copy(update={"type": model, "options": chosen})
    sections["exp"] = config.exp.model_copy(update={"name": f"{config.exp.name}_best"})
    return (to_yaml if is_yaml(loaded.file) else to_ini)(Config(**sections))
