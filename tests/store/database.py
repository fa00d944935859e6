"""A database as another process sees it."""

from typing import Any

from sqlalchemy import NullPool, create_engine, select, text

from relink.adapters.store.location import PostgresLocation, locate
from relink.adapters.store.schema import inbox, journal, outbox, snapshots

from ..postgres import connect

Contents = dict[str, list[dict[str, Any]]]


class Database:
    """Reads and changes a database past the store.

    Args:
        url: an SQLAlchemy URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        location = locate(url)
        self.is_postgres = isinstance(location, PostgresLocation)
        if isinstance(location, PostgresLocation):
            self.engine = create_engine(
                "postgresql+psycopg://",
                creator=lambda: connect(url, autocommit=False),
                poolclass=NullPool,
            )
        else:
            self.engine = create_engine(url, poolclass=NullPool)

    def contents(self) -> Contents:
        """Every row that a step writes, without serial numbers: rollbacks use those up too."""
        found: Contents = {}
        with self.engine.connect() as connection:
            for table, order in (
                (inbox, ["id"]),
                (snapshots, ["machine", "key"]),
                (journal, ["machine", "key", "version"]),
                (outbox, ["id"]),
            ):
                query = select(*[column for column in table.c if column.name != "seq"])
                query = query.order_by(*[table.c[name] for name in order])
                found[table.name] = [dict(row) for row in connection.execute(query).mappings()]
        if self.is_postgres:
            found["jobs"] = self.rows("SELECT args FROM procrastinate_jobs ORDER BY args::text")
        return found

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of a query."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query), values).mappings()]

    def change(self, statement: str, **values: Any) -> None:
        """Change it past the store."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def outbox(self, command_id: str) -> dict[str, Any]:
        """A row of the outbox."""
        (row,) = [row for row in self.contents()["outbox"] if row["id"] == command_id]
        return row

    def jobs(self) -> dict[str, float | None]:
        """The commands with a waiting job, and until when it waits, if it is scheduled."""
        query = """SELECT args->>'command_id' AS id, extract(epoch FROM scheduled_at) AS at
            FROM procrastinate_jobs WHERE status = 'todo'"""
        found = self.rows(query)
        assert len({row["id"] for row in found}) == len(found), "a command has two jobs"
        return {row["id"]: row["at"] and float(row["at"]) for row in found}
