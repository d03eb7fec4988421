"""Options of the readers that are known but not built yet."""

# Annotations are not kept as text here: pydantic would compile each again, which is a fifth of the start-up.
from nk.config.field import key
from nk.registry import Options


class AudformatOptions(Options):
    """Options of the reader `audformat`."""

    columns: tuple[str, ...] = key((), "columns to read besides the target, age, gender and speaker")
    label: str | None = key(None, "scheme or column of the target, if it is called otherwise here")
    target_tables: tuple[str, ...] | None = key(None, "tables with the target")
    files_tables: tuple[str, ...] | None = key(None, "tables with the files")
    train_tables: tuple[str, ...] | None = key(None, "tables that make the training part, for the strategy `specified`")
    dev_tables: tuple[str, ...] | None = key(None, "tables that make the dev part")
    test_tables: tuple[str, ...] | None = key(None, "tables that make the test part")
