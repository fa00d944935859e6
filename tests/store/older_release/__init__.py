"""A made-up older release: its revision, the step from it to the present one, and its data."""

from pathlib import Path

from sqlalchemy import MetaData

from relink.adapters.store import SqlStore, backend_for, migrate
from relink.adapters.store.migrating import Migrations
from relink.machines import relink_system

from ..database import Contents, Database
from ..messages import ACTIVE, NOW, due_for, message, open_session, receive, reported

MIGRATIONS = Migrations(Path(__file__).parent / "versions", "initial")
RENAMED = {"causation_id": "origin"}
NEW = {"party", "retried_for", "stuck_on", "generation", "chart"}


def write_data(folder: Path) -> Contents:
    """What a service left behind: commands done, failed, due, and due much later.

    Args:
        folder: where a database of the present release is made on the way.
    """
    url = f"sqlite:///{folder / 'present.db'}"
    migrate(url)
    store = SqlStore(url, relink_system())
    receive(store, "evt_1")
    store.answer(due_for(store, "notify_customer"), [], NOW + 1)
    open_session(store)
    shop = message("evt_2", at=NOW + 2, connected_account="acct_shop")
    store.apply(shop, [reported("evt_2", NOW + 2, "fca_2", authorization="fcauth_2")])
    failed = due_for(store, "notify_customer")
    store.answer(failed, [], NOW + 3, failed=True, error="nobody listens")
    receive(store, "evt_3", NOW + 2, "fca_2", authorization="fcauth_2", **ACTIVE)
    store.postpone(due_for(store, "retrieve_account"), NOW + 100, "HTTP 503")
    store.close()
    return Database(url).contents()


def build(url: str, data: Contents) -> None:
    """Make the older release's database.

    Args:
        url: an empty database.
        data: what is in it, as the present release has it.
    """
    MIGRATIONS.upgrade(url, "older")
    backend = backend_for(url)
    engine = backend.create_engine()
    with backend.for_writing(engine).begin() as connection:
        tables = MetaData()
        tables.reflect(connection, only=["inbox", "snapshots", "journal", "outbox"])
        for name, rows in data.items():
            older = [
                {RENAMED.get(key, key): value for key, value in row.items() if key not in NEW}
                for row in rows
            ]
            connection.execute(tables.tables[name].insert(), older)
    engine.dispose()
