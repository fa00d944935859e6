"""The database's URL is parsed once, and means the same to every part that connects with it."""

import traceback
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from relink.adapters.store.location import (
    LocationError,
    PostgresLocation,
    SqliteLocation,
    locate,
    schema_name,
)
from relink.adapters.store.postgres.connection import parameters

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (
            "postgresql://me:pa%20ss%40%2F%3F%25@db:5433/relink",
            {
                "user": "me",
                "password": "pa ss@/?%",
                "host": "db",
                "port": "5433",
                "dbname": "relink",
            },
        ),
        ("postgres://db/relink", {"host": "db", "dbname": "relink"}),
        ("postgresql+psycopg://me@db", {"user": "me", "host": "db"}),
        ("postgresql://[::1]:5433/x", {"host": "::1", "port": "5433", "dbname": "x"}),
        (
            "postgresql://me@a:5432,b:5433/x?target_session_attrs=read-write",
            {
                "user": "me",
                "host": "a,b",
                "port": "5432,5433",
                "dbname": "x",
                "target_session_attrs": "read-write",
            },
        ),
        ("postgresql://me@a,b/x", {"user": "me", "host": "a,b", "port": ",", "dbname": "x"}),
        ("postgresql:///x?host=%2Frun%2Fpg", {"host": "/run/pg", "dbname": "x"}),
        ("postgresql:///x?host=/run/pg&sslmode=disable", {"sslmode": "disable"}),
        ("postgresql://db/x?options=-c%20jit%3Doff", {"options": "-c jit=off"}),
    ],
)
def test_a_url_of_postgresql_becomes_the_parameters_of_libpq(url: str, found: dict[str, str]):
    location = locate(url)
    assert isinstance(location, PostgresLocation)
    assert found.items() <= location.parameters.items()
    # libpq itself reads all of them back, whatever characters are in them.
    given = {name: value for name, value in parameters(location).items() if name not in OURS}
    assert found.items() <= conninfo_to_dict(make_conninfo("", **given)).items()


OURS = {"prepare_threshold"}
"""Parameters of psycopg."""


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("", "is not a database URL"),
        ("hunter2", "is not a database URL"),
        ("http://[hunter2", "must be SQLite or PostgreSQL"),
        ("hunter2://db/x", "must be SQLite or PostgreSQL"),
        ("mysql://me:hunter2@db/x", "must be SQLite or PostgreSQL"),
        ("sqlite+aiosqlite:///relink.db", "names a driver"),
        ("postgresql+asyncpg://me:hunter2@db/x", "names a driver"),
        ("postgresql+psycopg2://me:hunter2@db/x", "names a driver"),
        ("postgresql://me:hunter2@db:99999/x", "port must be a number from 1 to 65535"),
        ("postgresql://me:hunter2@db:0/x", "port must be a number from 1 to 65535"),
        ("postgresql://me:hunter2@db:٣/x", "port must be a number from 1 to 65535"),
        ("postgresql://me:hunter2/more@db/x", "/ too many"),
        ("postgresql://me:hunter2@db/x/y", "/ too many"),
        ("postgresql://me:hunter2@[::1/x", "host is invalid"),
        ("postgresql://me:hunter2@d b/x", "blank"),
        ("postgresql://me:hun ter2@db/x", "blank"),
        ("postgresql://me:hunter2@db/x\n", "blank"),
        ("postgresql://me:hunter2#@db/x", "#"),
        ("postgresql://me:hunter2%@db/x", "Write it as %25"),
        ("postgresql://me:hunter2%ff@db/x", "not UTF-8"),
        ("postgresql://me:hunter2%00@db/x", "NUL"),
        ("postgresql://me:pass?hunter2@db/x", "? as %3F"),
        ("postgresql://db/x?hunter2=1", "parameter that relink does not know"),
        ("postgresql://db/x?schema=bank", "RELINK_DATABASE_SCHEMA"),
        ("postgresql://db/x?options=-c%20search_path%3Dbank", "RELINK_DATABASE_SCHEMA"),
        ("postgresql://db/x?connect_timeout=3", "RELINK_DATABASE_TIMEOUT"),
        ("postgresql://db/x?keepalives=0", "RELINK_DATABASE_TIMEOUT"),
        ("postgresql:///x?host=a:5432&host=b:5432", "given twice"),
        ("postgresql:///x?host=a:5432", "folder of a socket"),
        ("postgresql://db/x?host=/run/pg", "names a host twice"),
        ("postgresql://me@a,,b/x", "one of several hosts is empty"),
    ],
)
def test_a_url_that_parts_could_read_differently_is_refused_at_once(url: str, rule: str):
    with pytest.raises(LocationError) as refused:
        locate(url)
    assert rule in str(refused.value)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_a_location_never_shows_its_password():
    location = locate("postgresql://me:hunter2@a:1,[::2]/x?sslpassword=hunter2")
    assert str(location) == "postgresql://me@a:1,[::2]/x"
    assert SECRET not in repr(location)
    assert SECRET not in f"{location}"


def test_a_location_of_sqlite_is_its_file():
    assert locate("sqlite:///relink.db") == SqliteLocation(Path("relink.db"))
    assert locate("sqlite:////var/a%20b.db") == SqliteLocation(Path("/var/a b.db"))
    assert str(locate("sqlite:////var/a%20b.db")) == "sqlite:////var/a%20b.db"


def test_a_location_is_located_already():
    location = locate("postgresql://db/x", "bank", 3.0)
    assert locate(location) is location
    assert (location.schema, location.timeout) == ("bank", 3.0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name", ["", "Relink", "1st", "pg_relink", "a-b", 'a"b', "a b", "x" * 64, "information_schema"]
)
def test_a_schema_has_a_plain_name(name: str):
    with pytest.raises(LocationError, match="lower-case"):
        schema_name(name)
    with pytest.raises(LocationError, match="lower-case"):
        locate("postgresql://db/x", name)
