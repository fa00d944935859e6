"""Case 6: relink's tables beside those of others, and never among them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from procrastinate.schema import SchemaManager

from relink.adapters.store import (
    ForeignSchemaError,
    Meaning,
    SqlStore,
    StoreUnavailableError,
    locate,
    migrate,
)
from relink.machines import relink_system

from ..postgres import connect
from ..store.messages import ACCOUNT, receive

FOREIGN = """
CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('theirs');
CREATE TABLE outbox (id serial PRIMARY KEY, payload text);
INSERT INTO outbox (payload) VALUES ('1');
CREATE TABLE accounts (id serial PRIMARY KEY, email text); CREATE TABLE inbox (id int)
"""


@pytest.fixture
def shared_url(empty_postgres_url: str) -> str:
    """A database that the service uses itself, with a Procrastinate of its own."""
    with connect(empty_postgres_url, options="") as connection:
        connection.execute(FOREIGN)
        connection.execute(SchemaManager.get_schema())
    return empty_postgres_url


def contents(url: str) -> list[tuple[object, ...]]:
    """What the service keeps in it."""
    with connect(url, options="") as connection:
        return connection.execute(
            "SELECT (SELECT array_agg(version_num) FROM alembic_version),"
            " (SELECT count(*) FROM outbox), (SELECT count(*) FROM accounts),"
            " (SELECT count(*) FROM procrastinate_jobs)"
        ).fetchall()


def test_relink_lives_beside_the_services_own_tables(shared_url: str):
    before = contents(shared_url)
    migrate(shared_url)
    migrate(shared_url)
    store = SqlStore(shared_url, relink_system())
    store.check_writes()
    assert receive(store, "evt_1").outcome == "applied"
    assert contents(shared_url) == before
    with connect(shared_url) as connection:
        jobs = connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
    assert jobs is not None
    assert jobs[0] > 0
    store.close()


def test_several_installations_share_a_database(shared_url: str):
    stores = []
    for name in ("relink", "relink_eu"):
        location = locate(shared_url, name)
        migrate(location)
        stores.append(SqlStore(location, relink_system()))
    first, second = stores
    assert receive(first, "evt_1").outcome == "applied"
    assert second.snapshot(ACCOUNT) is None
    assert receive(second, "evt_1").outcome == "applied"
    for store in stores:
        store.check_writes()
        store.close()


def test_a_schema_with_tables_of_others_is_refused_and_left_alone(shared_url: str):
    before = contents(shared_url)
    public = locate(shared_url, "public")
    store = SqlStore(public, relink_system())
    for refused in (lambda: migrate(public), store.check):
        with pytest.raises(ForeignSchemaError) as error:
            refused()
        text = str(error.value)
        assert "accounts, inbox, outbox, procrastinate_jobs" in text
        assert "RELINK_DATABASE_SCHEMA" in text
    store.close()
    assert contents(shared_url) == before


def test_a_version_table_alone_does_not_make_a_schema_relinks(empty_postgres_url: str):
    with connect(empty_postgres_url) as connection:
        connection.execute("CREATE SCHEMA relink")
        connection.execute("CREATE TABLE relink.relink_version (version_num text)")
        connection.execute("INSERT INTO relink.relink_version VALUES ('initial')")
    with pytest.raises(ForeignSchemaError, match="lacks inbox, journal, outbox, snapshots"):
        migrate(empty_postgres_url)


def test_a_role_that_may_create_no_schema_is_told_so(empty_postgres_url: str):
    with connect(empty_postgres_url) as connection:
        connection.execute("CREATE ROLE relink_poor LOGIN")
    try:
        url = empty_postgres_url.replace("postgres@", "relink_poor@")
        with pytest.raises(StoreUnavailableError, match="permission denied") as refused:
            migrate(url)
        assert refused.value.meaning is Meaning.MISCONFIGURED
    finally:
        with connect(empty_postgres_url) as connection:
            connection.execute("DROP ROLE relink_poor")


def test_a_server_that_refuses_a_connection_says_why(empty_postgres_url: str):
    """libpq passes on no code for these, and the server is not down."""
    migrate(empty_postgres_url)
    with connect(empty_postgres_url) as connection:
        connection.execute("CREATE ROLE relink_poor LOGIN")
        connection.execute("CREATE ROLE relink_crowded LOGIN CONNECTION LIMIT 0")
        connection.execute("CREATE ROLE relink_off NOLOGIN")
    name = empty_postgres_url.partition("@/")[2].partition("?")[0]
    poor = empty_postgres_url.replace("postgres@", "relink_poor@")
    refused = {
        empty_postgres_url.replace(name, "nowhere"): Meaning.MISCONFIGURED,
        empty_postgres_url.replace("postgres@", "nobody@"): Meaning.MISCONFIGURED,
        empty_postgres_url.replace("postgres@", "relink_off@"): Meaning.MISCONFIGURED,
        empty_postgres_url + "&sslmode=bogus": Meaning.MISCONFIGURED,
        empty_postgres_url.replace("postgres@", "relink_crowded@"): Meaning.EXHAUSTED,
        # It may connect, and not look into the schema: the tables are there all the same.
        poor: Meaning.MISCONFIGURED,
    }
    try:
        for url, meaning in refused.items():
            store = SqlStore(url, relink_system())
            with pytest.raises(StoreUnavailableError) as found:
                store.check()
            store.close()
            assert found.value.meaning is meaning, found.value
        assert "permission denied for schema relink" in str(found.value)
    finally:
        with connect(empty_postgres_url) as connection:
            connection.execute("DROP ROLE relink_poor, relink_crowded, relink_off")


def test_a_file_of_another_application_is_refused_and_left_alone(tmp_path: Path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(FOREIGN.replace("serial PRIMARY KEY", "integer PRIMARY KEY"))
    with pytest.raises(ForeignSchemaError, match=r"shop\.db holds tables.*accounts, inbox, outbox"):
        migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    assert tables == (4,)
