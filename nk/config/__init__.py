"""The config of an experiment: INI or YAML in, a frozen `Config` out, every problem of the file at once."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """A config with what is odd about it: `warnings`, and `unbuilt`, what it asks for that nk cannot do yet.

    `places` are file and line of sections (`model`) and of their keys (`model.type`), line 0 for what came by `--set`.
    """

    config: Config
    warnings: tuple[Problem, ...]
    unbuilt: tuple[Unbuilt, ...]
    file: Path
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def place(self, key: str) -> tuple[str, int]:
        """File and line of `section.key`; of its section, or of the file, where the config does not have it."""
        return self.places.get(key) or self.places.get(key.partition(".")[0]) or (str(self.file), 0)

    def error(self, key: str, text: str, hint: str) -> ConfigError:
        """An error at the place of a key."""
        return ConfigError([Problem(*self.place(key), text, hint)])


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
    places = {name: (source.file, line) for name, line in source.sections.items()}
    places |= {f"{item.section}.{item.key.lower()}": (item.file, item.line) for item in [*source.entries, *extra]}
    return Loaded(config, tuple(warnings), tuple(unbuilt), Path(file), places)


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
        NotBuilt: something is not; names all of it, each with its place
    """
    wanted = {name.lower() for name in sections}
    found = list({item.name: item for item in reversed(loaded.unbuilt) if item.section in wanted}.values())[::-1]
    if found:
        names = ", ".join(f"{item.name} ({item.place})" for item in found)
        hint = (
            found[0].hint
            if len(found) == 1
            else f"`nk config explain {found[0].key}` says more, likewise of the others"
        )
        raise NotBuilt(f"not built yet: {names}", hint=hint)


def check_run(loaded: Loaded) -> None:
    """Find out whether the config says all that a run needs: databases, a target, features, a model for the task.

    Raises:
        ConfigError: it does not; holds everything that is missing
    """
    problems = missing(loaded)
    if problems:
        raise ConfigError(problems)


def check_data(loaded: Loaded) -> None:
    """Find out whether the config names databases, which is all that a look at the data needs.

    Raises:
        ConfigError: it does not
    """
    from nk.config.runnable import missing_data

    problems = missing_data(loaded)
    if problems:
        raise ConfigError(problems)


def missing(loaded: Loaded) -> list[Problem]:
    """What `check_run` would raise; `nk config validate` only warns of it, as other commands need less."""
    from nk.config.runnable import missing as found

    return found(loaded)


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
