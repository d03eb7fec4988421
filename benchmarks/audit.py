"""What does the audit cost beside a cold extraction? CPU seconds of one core, with an empty cache.

Run it as `python benchmarks/audit.py examples/emodb.ini`, from where the config finds its data; it has to ask for a
cross-validation.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
from functools import partial
from typing import TYPE_CHECKING

from nk.config import load_config
from nk.paths import resolver
from nk.setup import prepare
from nk.stages import audit, sources
from nk.stages.folds import make_folds
from nk.stages.load import load
from nk.stages.pooling import Pooling
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Print the seconds of each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config")
    loaded, ui = load_config(parser.parse_args().config), Ui(quiet=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NK_CACHE"] = folder
        setup = prepare(loaded, 1)
        config, resolve = setup.config, resolver(setup.file)
        number = config.exp.type == "regression"
        dataset = load(config.data, number=number, fail_threshold=0, resolve=resolve, seed=0, jobs=1, ui=ui).dataset
        folds = make_folds(dataset, config.model, config.data.groups, seed=0) or []
        ask = sources.Ask(setup.channels, Pooling(config.feats.pooling), resolve, 1)
        extraction = seconds(lambda: sources.gather(dataset, setup.sources, ask, ui))
        tables = seconds(lambda: audit.of_tables(dataset, folds))
        listen = partial(audit.listen, dataset, folds, channels=setup.channels, jobs=1, ui=ui)
        listening, again = seconds(listen), seconds(listen)
    print(f"extraction {extraction:.2f} s, tables {tables:.2f} s, listening {listening:.2f} s, again {again:.2f} s")
    print(f"audit: {(tables + listening) / extraction:.1%} of a cold extraction")


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process and those that it has waited for."""
    start = _cpu()
    work()
    return _cpu() - start


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
