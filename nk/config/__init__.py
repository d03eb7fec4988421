"""The config of an experiment: INI or YAML in, a frozen `Config` out, every problem of the file at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nk.errors import ConfigError, NotBuilt, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nk.config.data import Data as Data
    from nk.config.data import Database as Database
    from nk.config.findings import Unbuilt
    from nk.config.model import Exp as Exp
    from nk.config.model import Feats as Feats
    from nk.config.model import Model as Model
    from nk.config.output import Plot as Plot
    from nk.config.output import Report as Report
    from nk.config.whole import Config as Config
    from nk.registry import Options, Plugin


@dataclass(frozen=True)
class Loaded:
    """A config with what is odd about it: `warnings`, and `unbuilt`, what it asks for that nk cannot do yet."""

    config: Config
    warnings: tuple[Problem, ...]
    unbuilt: tuple[Unbuilt, ...]
    file: Path


def load_config(file: Path | str, overrides: Sequence[str] = (), *, roots: bool = True) -> Loaded:
    """Read and check a config file.

    Args:
        file: INI, or YAML by its ending
        overrides: `section.key=value`, put over what the file says
        roots: read the file that [DATA] `root_folders` names, too; its keys become part of the config

    Raises:
        ConfigError: something is wrong; it holds every problem
        PluginError: a third party's plug-in cannot be imported
    """
    from nk.config.build import assemble
    from nk.config.source import overrides_of, read

    source = read(file)
    extra, problems = overrides_of(overrides)
    config, found = assemble(source, extra, roots=roots)
    wrong, warnings, unbuilt = found.ordered()
    if wrong or problems:
        raise ConfigError([*wrong, *problems])
    return Loaded(config, tuple(warnings), tuple(unbuilt), Path(file))


def options_for(plugin: type[Plugin], options: Mapping[str, Any]) -> Options:
    """The plug-in's own options from those of a section; options of other plug-ins are left out.

    Raises:
        ConfigError: the plug-in refuses them
    """
    from nk.config.options import options_for as made

    return made(plugin, options)


def check_built(loaded: Loaded, sections: Sequence[str]) -> None:
    """Find out whether everything that these sections ask for is built, before any work.

    Raises:
        NotBuilt: something is not; names all of it
        ConfigError: the section data is among them and lists no database
    """
    wanted = {name.lower() for name in sections}
    names = dict.fromkeys(item.name for item in loaded.unbuilt if item.section in wanted)
    if names:
        raise NotBuilt(f"not built yet: {', '.join(names)}")
    if "data" in wanted and not loaded.config.data.databases:
        raise ConfigError(
            [Problem(str(loaded.file), 0, "[DATA] `databases` names none, so there is nothing to run on")]
        )


def to_yaml(config: Config) -> str:
    """The config as YAML that loads equal: every key that was set."""
    from nk.config.write import to_yaml as written

    return written(config)


def to_ini(config: Config) -> str:
    """The config as INI that loads equal: every key that was set.

    Raises:
        ConfigError: a text holds both kinds of quotes and a comment sign, which INI cannot
    """
    from nk.config.write import to_ini as written

    return written(config)
