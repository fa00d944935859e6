"""Databases that hold many accounts already."""

import json
from typing import Any

from .measure import progress
from .webhooks import FIRST, account

AT_A_TIME = 200_000
"""Accounts that one transaction adds."""

CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"


def fill(url: str, accounts: int) -> None:
    """Store so many accounts, as if each had been through an outage.

    One goes through it, and its rows are copied within the database.
    """
    from relink.adapters.store import InboxMessage, SqlStore, migrate
    from relink.adapters.stripe import Origin, reduce_account
    from relink.machines import relink_system

    migrate(url)
    store = SqlStore(url, relink_system())
    for turn, active in enumerate((True, False, True)):
        now, id = FIRST - 1000 + 100 * turn, f"evt_{turn}"
        template = json.dumps(account(10**12, active)).replace(f"{10**12:012}", "TEMPLATE")
        report = reduce_account(json.loads(template), Origin(id, float(now), now, read=False))
        store.apply(InboxMessage(id, "template", now, float(now)), [report])
    store.close()
    _copy(url, accounts)


def _copy(url: str, accounts: int) -> None:
    """Copy the template, on a connection without the store's bounds of waits."""
    from sqlalchemy import create_engine, text

    from relink.adapters.store import locate
    from relink.adapters.store.schema import accounts as found
    from relink.adapters.store.schema import journal, snapshots

    schema = getattr(locate(url), "schema", None)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if schema:
            connection.execute(text(f"SET search_path TO {schema}"))
        for table in (snapshots, found, journal):
            copy = text(_copies(connection, table, on_postgres=schema is not None))
            for first in range(0, accounts, AT_A_TIME):
                last = min(first + AT_A_TIME, accounts) - 1
                connection.execute(copy, {"first": first, "last": last})
                progress(f"{table.name} of {last + 1:,} of {accounts:,} accounts stored")
        # Now, so that the database does not do it during a measurement.
        ends = ("VACUUM ANALYZE", "CHECKPOINT") if schema else ("ANALYZE", CHECKPOINT)
        for end in ends:
            connection.execute(text(end))
    engine.dispose()


def _copies(connection: Any, table: Any, on_postgres: bool) -> str:
    """SQL that copies the template's rows, each with the numbers from ``:first`` to ``:last``."""
    from sqlalchemy import JSON, select

    if on_postgres:
        series = "generate_series(CAST(:first AS int), CAST(:last AS int))"
        numbers = f"SELECT lpad(n::text, 12, '0') AS n FROM {series} AS n"
        json_of = "replace({0}::text, 'TEMPLATE', n)::json"
    else:
        series = "SELECT :first UNION ALL SELECT n + 1 FROM upto WHERE n < :last"
        numbers = f"WITH RECURSIVE upto(n) AS ({series}) SELECT printf('%012d', n) AS n FROM upto"
        json_of = "replace({0}, 'TEMPLATE', n)"
    key = "key" if "key" in table.c else "id"
    rows = connection.execute(select(table).where(table.c[key].contains("TEMPLATE"))).mappings()
    columns = {str(row_key) for row in rows for row_key, value in row.items() if _names(value)}
    values: dict[str, str] = {}
    for column in table.c:
        name = f'"{column.name}"'
        if column.name in columns:
            is_json = isinstance(column.type, JSON)
            values[name] = (json_of if is_json else "replace({0}, 'TEMPLATE', n)").format(name)
        elif column.name != "seq":
            values[name] = name
    return (
        f"WITH t AS MATERIALIZED (SELECT * FROM {table.name} WHERE {key} LIKE '%TEMPLATE') "
        f"INSERT INTO {table.name} ({', '.join(values)}) SELECT {', '.join(values.values())} "
        f"FROM ({numbers}) AS numbers CROSS JOIN t"
    )


def _names(value: object) -> bool:
    """Whether a value names the template's account."""
    return "TEMPLATE" in json.dumps(value)
