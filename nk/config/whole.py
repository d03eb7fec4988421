"""The whole config: its sections by name, each made when it is asked for.

Most files have four sections of eighteen; the models of the others are neither imported nor built, which is a fifth of
what `nk config validate` costs.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from nk.config.cluster import Cluster
    from nk.config.data import Data
    from nk.config.model import Exp, Feats, Model
    from nk.config.output import Flags, Optim, Plot, Report
    from nk.config.planned.sections import AasistOptions, FinetuneOptions, RnnOptions
    from nk.config.work import Augment, CrossDb, Expl, Export, Predict, Resample, Segment

SECTIONS = {
    "exp": "model.Exp",
    "data": "data.Data",
    "feats": "model.Feats",
    "model": "model.Model",
    "expl": "work.Expl",
    "predict": "work.Predict",
    "segment": "work.Segment",
    "augment": "work.Augment",
    "resample": "work.Resample",
    "export": "work.Export",
    "crossdb": "work.CrossDb",
    "plot": "output.Plot",
    "report": "output.Report",
    "optim": "output.Optim",
    "flags": "output.Flags",
    "cluster": "cluster.Cluster",
    "aasist": "planned.sections.AasistOptions",
    "rnn": "planned.sections.RnnOptions",
    "finetune": "planned.sections.FinetuneOptions",
}


@cache
def section_type(name: str) -> Any:
    """The model of a section."""
    module, _, found = SECTIONS[name].rpartition(".")
    return getattr(import_module(f"nk.config.{module}"), found)


class Config:
    """A whole config, frozen; a section that was not given has its defaults."""

    if TYPE_CHECKING:
        exp: Exp
        data: Data
        feats: Feats
        model: Model
        expl: Expl
        predict: Predict
        segment: Segment
        augment: Augment
        resample: Resample
        export: Export
        crossdb: CrossDb
        plot: Plot
        report: Report
        optim: Optim
        flags: Flags
        cluster: Cluster
        aasist: AasistOptions
        rnn: RnnOptions
        finetune: FinetuneOptions

    def __init__(self, **sections: Any) -> None:
        self.__dict__.update({name: sections[name] for name in SECTIONS if name in sections})

    def __getattr__(self, name: str) -> Any:
        if name not in SECTIONS:
            raise AttributeError(f"there is no section `{name}`")
        return self.__dict__.setdefault(name, section_type(name).model_construct())

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a config is frozen, `{name}` cannot be set to {value!r}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Config):
            return NotImplemented
        given = {**self.__dict__, **other.__dict__}
        return all(getattr(self, name) == getattr(other, name) for name in given)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={value!r}' for name, value in self.given())})"

    def replaced(self, **sections: Any) -> Config:
        """The config with other sections."""
        return Config(**{**dict(self.given()), **sections})

    def given(self) -> list[tuple[str, Any]]:
        """The sections that were given or looked at, in order."""
        return [(name, self.__dict__[name]) for name in SECTIONS if name in self.__dict__]
