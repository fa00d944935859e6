"""Databases that hold many accounts already."""

import json
from typing import Any

from ..measure import progress
from ..webhooks import FIRST, account


def fill(url: str, accounts: int) -> None:
    """Store so many accounts, as if each had been through an outage, one after the other.

    The first one goes through it, and its rows are copied in the database.
    """
    from sqlalchemy import text

    from relink.adapters.store import InboxMessage, SqlStore, backend_for, migrate
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
    if on_postgres:
        series = "generate_series(CAST(:first AS int), CAST(:last AS int))"
        numbers = f"SELECT lpad(n::text, 12, '0') AS n FROM {series} AS n"
        json_of = "replace({0}::text, 'TEMPLATE', n)::json"
    else:
        series = "SELECT :first UNION ALL SELECT n + 1 FROM upto WHERE n < :last"
        numbers = f"WITH RECURSIVE upto(n) AS ({series}) SELECT printf('%012d', n) AS n FROM upto"
        json_of = "replace({0}, 'TEMPLATE', n)"

    def copies(table: str, columns: dict[str, str], key: str = "key") -> str:
        names = ", ".join(f'"{name}"' for name in columns)
        return (
            f"WITH t AS MATERIALIZED (SELECT * FROM {table} WHERE {key} LIKE '%TEMPLATE') "
            f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())} "
            f"FROM t, ({numbers}) AS numbers ORDER BY n"
        )

    replaced = "replace({0}, 'TEMPLATE', n)"
    snapshots = copies(
        "snapshots",
        {
            "machine": "machine",
            "key": replaced.format("key"),
            "state": "state",
            "version": "version",
            "facts": json_of.format("facts"),
        },
    )
    found = copies(
        "accounts",
        {
            "id": replaced.format("id"),
            "state": "state",
            "holder": replaced.format("holder"),
            "authorization": replaced.format('"authorization"'),
            "institution": "institution",
        },
        key="id",
    )
    journal = copies(
        "journal",
        {
            **{
                name: name
                for name in ("machine", "version", "causation_id", "at", "event", "outcome")
            },
            **{name: name for name in ("from_state", "to_state", "transition", "guards")},
            **{name: name for name in ("reason", "anomaly", "commands")},
            "key": replaced.format("key"),
            "fields": json_of.format("fields"),
            "changes": json_of.format("changes"),
        },
    )
    slice_of = 200_000
    with backend_for(url).for_writing(store.engine).connect() as connection:
        for first in range(0, accounts, slice_of):
            with connection.begin():
                some = {"first": first, "last": min(first + slice_of, accounts) - 1}
                connection.execute(text(snapshots), some)
                connection.execute(text(found), some)
                connection.execute(text(journal), some)
            progress(f"{min(first + slice_of, accounts):,} of {accounts:,} accounts")
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
