"""Other sentences for every reason, to show that nothing depends on their wording."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from relink.machines.reasons import ANOMALIES, IGNORED, READ_REASONS


@contextmanager
def reworded() -> Iterator[None]:
    """Every sentence is another one."""
    originals = {code: reason.sentence for code, reason in IGNORED.items()}
    tables: tuple[dict[Any, str], ...] = (READ_REASONS, ANOMALIES)
    copies: list[Mapping[Any, str]] = [dict(table) for table in tables]
    try:
        for code, reason in IGNORED.items():
            object.__setattr__(reason, "sentence", f"Reworded {code}.")
        for table in tables:
            table.update({key: f"Reworded {key}." for key in table})
        yield
    finally:
        for code, reason in IGNORED.items():
            object.__setattr__(reason, "sentence", originals[code])
        for table, copy in zip(tables, copies, strict=True):
            table.update(copy)
