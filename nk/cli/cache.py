"""`nk cache`: what is kept of features, whether it is sound, and how to get rid of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nk.cli.options import ending_well
from nk.errors import DataError
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.cache_care import Store

app = typer.Typer(
    help="Look at the cache of features, check it, and clear it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def info() -> None:
    """Show where the cache is and what it holds, by extractor, version and set of options."""
    ui = Ui()
    with ending_well(ui):
        for store in _found(ui):
            size, days = _size(store.bytes), max(0, store.days)
            ui.out(f"{store.path.name}: {store.entries:,} entries, {size}, used {days:.0f} days ago")
            ui.out(f"  {_about(store)}")


@app.command()
def verify() -> None:
    """Read the whole cache and name what is damaged. Leaves with 3 if something is; runs compute that again."""
    ui = Ui()
    with ending_well(ui):
        from nk.cache_care import damages

        bad = 0
        for store in _found(ui):
            found = damages(store)
            bad += len(found)
            ui.out(f"{store.path.name}: " + (f"{len(found)} damaged" if found else f"{store.entries:,} entries ok"))
            for one in found:
                ui.out(f"  {one}")
        if bad:
            hint = "nothing need be done: runs compute it again; `nk cache clear` removes all that is kept"
            raise DataError(f"{bad} part{'' if bad == 1 else 's'} of the cache cannot be used", hint=hint)


@app.command()
def clear(
    older: Annotated[
        float | None,
        typer.Option(help="Only what no run has used for so many days.", metavar="DAYS", min=0, show_default=False),
    ] = None,
) -> None:
    """Remove what is kept of features; what a run has open stays. Results are not touched."""
    ui = Ui()
    with ending_well(ui):
        found = [store for store in _found(ui) if older is None or store.days > older]
        removed = [store for store in found if _remove(store, ui)]
        ui.out(f"{_count(removed)} removed, {_size(sum(store.bytes for store in removed))}")


def _remove(store: Store, ui: Ui) -> bool:
    from nk.cache_care import remove

    try:
        removed = remove(store)
    except OSError as error:
        raise DataError(f"`{store.path}` cannot be removed: {error.strerror or error}",
                        hint="look who owns the folder") from error  # fmt: skip
    if removed:
        ui.out(f"removed {store.path.name}: {store.entries:,} entries, {_size(store.bytes)}")
    else:
        ui.warn(f"`{store.path.name}` stays: a run has it open", hint="clear it when the run has ended")
    return removed


def _found(ui: Ui) -> Sequence[Store]:
    from nk.cache_care import stores
    from nk.cache_folder import cache_folder

    found = stores(cache_folder())
    ui.out(f"{cache_folder()}: {_count(found)}, {_size(sum(store.bytes for store in found))}")
    return found


def _about(store: Store) -> str:
    if store.about is None:
        return f"damaged: {store.damaged}"
    options = (f"{key} {value}" for key, value in sorted((store.about.get("options") or {}).items()))
    return ", ".join((f"{store.extractor} {store.about.get('version', '')}", *options))


def _count(found: Sequence[Store]) -> str:
    return f"{len(found)} store{'' if len(found) == 1 else 's'}"


def _size(count: int) -> str:
    """Bytes in words."""
    size = float(count)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
