"""The tables of ``docs/examples``, empty: in Django's database, and in one of SQLAlchemy's."""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path

import sqlalchemy

from relink.adapters.store import Tables

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


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
        from django.core.management import call_command

        django.setup()
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
def django_tables() -> Iterator[Tables]:
    """Empty tables of Django."""
    set_up_django()
    with examples_on_path():
        example = import_module("bank_links.tables")
    for model in example.MODELS.values():
        model.objects.all().delete()
    yield example.DjangoTables()


@contextmanager
def sqlalchemy_tables(folder: Path) -> Iterator[Tables]:
    """Empty tables of SQLAlchemy, in a new database.

    Args:
        folder: where its file is.
    """
    with examples_on_path():
        example = import_module("sqlalchemy_tables")
    engine = sqlalchemy.create_engine(
        f"sqlite:///{tempfile.mktemp('.db', dir=folder)}", connect_args={"timeout": 20}
    )
    example.begin_immediately(engine)
    example.metadata.create_all(engine)
    yield example.EngineTables(engine)
    engine.dispose()
