"""New databases. Copying an empty SQLite database is faster than migrating one each time."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from relink.adapters.store import migrate


def new_sqlite(folder: Path, name: str = "relink.db") -> str:
    """Make an empty, migrated SQLite database.

    Args:
        folder: where to put the file.
        name: the file's name.

    Returns:
        its URL.
    """
    path = folder / name
    path.write_bytes(_empty())
    return f"sqlite:///{path}"


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "relink.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()
