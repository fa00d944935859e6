"""The tables of ``docs/examples``, empty: of Django and of SQLAlchemy, on SQLite and PostgreSQL."""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy

from relink.adapters.store import Tables, locate
from relink.adapters.store.location import PostgresLocation

from .postgres import new_database

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
OWN_TABLES = ("django", "sqlalchemy", "django-postgres", "sqlalchemy-postgres")
"""The kinds that :func:`new_own_tables` takes."""


@pytest.fixture(scope="session")
def own_tables_database(postgres_server: str) -> Mapping[str, str]:
    """A PostgreSQL database with the tables of both examples, as libpq's parameters."""
    location = locate(new_database(postgres_server, "template1"))
    assert isinstance(location, PostgresLocation)
    set_up_django()
    with _django_in(location.parameters):
        _migrate_django()
    engine = _engine_of(location.parameters)
    _sqlalchemy_example().metadata.create_all(engine)
    engine.dispose()
    return location.parameters


@pytest.fixture
def new_own_tables(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[str], AbstractContextManager[Tables]]:
    """Empty tables of a kind, as a context."""

    def make(kind: str) -> AbstractContextManager[Tables]:
        library, _, is_on_postgres = kind.partition("-")
        database = request.getfixturevalue("own_tables_database") if is_on_postgres else None
        if library == "django":
            return django_tables(database)
        return sqlalchemy_tables(database or tmp_path)

    return make


@pytest.fixture(params=OWN_TABLES)
def own_tables(
    request: pytest.FixtureRequest,
    new_own_tables: Callable[[str], AbstractContextManager[Tables]],
) -> Iterator[Tables]:
    """Empty tables; each test runs on every kind."""
    with new_own_tables(request.param) as found:
        yield found


@cache
def set_up_django() -> None:
    """Set up the examples' Django, once for this process: its settings can't change."""
    folder = tempfile.mkdtemp(prefix="relink-django-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, value in {
        "SECRET_KEY": "of the shop",
        "ALLOWED_HOSTS": "testserver",
        "SHOP_DATABASE": f"{folder}/shop.db",
        "DJANGO_SETTINGS_MODULE": "django_settings",
    }.items():
        os.environ.setdefault(name, value)
    with examples_on_path():
        import django

        django.setup()
        _migrate_django()


def _migrate_django() -> None:
    from django.core.management import call_command

    with examples_on_path():
        call_command("migrate", run_syncdb=True, verbosity=0)


@contextmanager
def examples_on_path() -> Iterator[None]:
    """Import the examples by their names."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        yield
    finally:
        sys.path.remove(str(EXAMPLES))


@contextmanager
def _django_in(database: Mapping[str, str]) -> Iterator[None]:
    """Let Django's default database be another one: its settings can't change, a handler's can."""
    from django.db import ConnectionHandler, connections
    from django.db.backends.signals import connection_created

    opened: list[Any] = []

    def keep(connection: Any, **_: object) -> None:
        opened.append(connection.connection)

    other = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database["dbname"],
        "USER": database["user"],
        "HOST": database["host"],
    }
    configured = connections.settings
    connections["default"].close()
    del connections["default"]
    connections.settings = ConnectionHandler({"default": other}).settings
    # Threads of a test end without closing theirs, and psycopg warns of that.
    connection_created.connect(keep)
    try:
        yield
    finally:
        connection_created.disconnect(keep)
        for raw in opened:
            raw.close()
        connections["default"].close()
        del connections["default"]
        connections.settings = configured


@contextmanager
def django_tables(database: Mapping[str, str] | None = None) -> Iterator[Tables]:
    """Empty tables of Django.

    Args:
        database: with its tables in it, on PostgreSQL; otherwise they are in SQLite's.
    """
    set_up_django()
    if database is not None:
        with _django_in(database), django_tables() as found:
            yield found
        return
    with examples_on_path():
        example = import_module("bank_links.tables")
    for model in example.MODELS.values():
        model.objects.all().delete()
    yield example.DjangoTables()


@contextmanager
def sqlalchemy_tables(where: Path | Mapping[str, str]) -> Iterator[Tables]:
    """Empty tables of SQLAlchemy.

    Args:
        where: the folder of a new SQLite file, or a PostgreSQL database with the tables in it.
    """
    example = _sqlalchemy_example()
    if isinstance(where, Path):
        file = tempfile.mktemp(".db", dir=where)
        engine = sqlalchemy.create_engine(f"sqlite:///{file}", connect_args={"timeout": 20})
        example.begin_immediately(engine)
        example.metadata.create_all(engine)
    else:
        engine = _engine_of(where)
        with engine.begin() as connection:
            for table in example.TABLES.values():
                connection.execute(table.delete())
    yield example.EngineTables(engine)
    engine.dispose()


def _sqlalchemy_example() -> Any:
    with examples_on_path():
        return import_module("sqlalchemy_tables")


def _engine_of(database: Mapping[str, str]) -> sqlalchemy.Engine:
    connect = partial(psycopg.connect, **database)
    return sqlalchemy.create_engine("postgresql+psycopg://", creator=connect)
