"""Databases that hold many accounts already."""

import json
from typing import Any

from .measure import progress
from .webhooks import FIRST, account

AT_A_TIME = 200_000
"""Accounts that one transaction adds."""


def fill(url: str, accounts: int) -> None:
    """Store so many accounts, as if each had been through an outage.

    One goes through it, and its rows are copied within the database.
    """
    from sqlalchemy import text

    from relink.adapters.store import InboxMessage, SqlStore, backend_for, migrate
    from relink.adapters.store.schema import accounts as found
    from relink.adapters.store.schema import journal, snapshots
    from relink.adapters.stripe import Origin, reduce_account
    from relink.machines import relink_system

    migrate(url)
    store = SqlStore(url, relink_system())
    for turn, active in enumerate((True, False, True)):
        now, id = FIRST - 1000 + 100 * turn, f"evt_{turn}"
        template = json.dumps(account(10**12, active)).replace(f"{10**12:012}", "TEMPLATE")
        report = reduce_account(json.loads(template), Origin(id, float(now), now, read=False))
        store.apply(InboxMessage(id, "template", now, float(now)), [report])
    on_postgres = backend_for(url).file is None
    copies = [text(_copies(table, on_postgres)) for table in (snapshots, found, journal)]
    with backend_for(url).for_writing(store.engine).connect() as connection:
        for first in range(0, accounts, AT_A_TIME):
            last = min(first + AT_A_TIME, accounts) - 1
            with connection.begin():
                if on_postgres:
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
                for copy in copies:
                    connection.execute(copy, {"first": first, "last": last})
            progress(f"{last + 1:,} of {accounts:,} accounts stored")
    pooled = store.engine.raw_connection()
    driver: Any = pooled.driver_connection
    if on_postgres:
        driver.autocommit = True
        # Now, so that the server does not do it during a measurement.
        driver.execute("VACUUM ANALYZE")
        driver.execute("CHECKPOINT")
    else:
        driver.execute("ANALYZE")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pooled.invalidate()
    store.close()


def _copies(table: Any, on_postgres: bool) -> str:
    """SQL that copies the template's rows, each with the numbers from ``:first`` to ``:last``."""
    from sqlalchemy import JSON, String

    if on_postgres:
        series = "generate_series(CAST(:first AS int), CAST(:last AS int))"
        numbers = f"SELECT lpad(n::text, 12, '0') AS n FROM {series} AS n"
        json_of = "replace({0}::text, 'TEMPLATE', n)::json"
    else:
        series = "SELECT :first UNION ALL SELECT n + 1 FROM upto WHERE n < :last"
        numbers = f"WITH RECURSIVE upto(n) AS ({series}) SELECT printf('%012d', n) AS n FROM upto"
        json_of = "replace({0}, 'TEMPLATE', n)"
    values: dict[str, str] = {}
    for column in table.c:
        name = f'"{column.name}"'
        if isinstance(column.type, JSON):
            values[name] = json_of.format(name)
        elif isinstance(column.type, String):
            values[name] = f"replace({name}, 'TEMPLATE', n)"
        elif column.name != "seq":
            values[name] = name
    key = "key" if "key" in table.c else "id"
    return (
        f"WITH t AS MATERIALIZED (SELECT * FROM {table.name} WHERE {key} LIKE '%TEMPLATE') "
        f"INSERT INTO {table.name} ({', '.join(values)}) SELECT {', '.join(values.values())} "
        f"FROM t, ({numbers}) AS numbers ORDER BY n"
    )
