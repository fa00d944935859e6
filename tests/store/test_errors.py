"""Errors of the store can be copied: of those who wait for one transaction, each gets its own."""

import copy
import pickle

import pytest

from relink.adapters.store import StoreError
from relink.adapters.store.errors import (
    DatabaseFileError,
    ForeignSchemaError,
    SchemaAheadError,
    SchemaBehindError,
    StoreDefectError,
    StoreUnavailableError,
    UnreadableRecordError,
    UnstorableError,
)
from relink.adapters.store.meaning import Meaning
from relink.adapters.store.table_errors import OwnDatabaseError

ERRORS: list[StoreError] = [
    StoreUnavailableError("SQLite: disk I/O error", Meaning.FULL),
    DatabaseFileError("the file was removed", "Put it back", Meaning.GONE),
    OwnDatabaseError("your database: no answer", Meaning.LOST),
    SchemaBehindError("the schema is missing", "Run relink migrate"),
    SchemaAheadError("the schema is of a newer release", "Upgrade relink"),
    ForeignSchemaError("the tables are not relink's", "Give relink a schema"),
    StoreDefectError("SQLite: IntegrityError"),
    UnreadableRecordError("the state is unknown"),
    UnstorableError("the id is too long"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_copy_says_the_same(error: StoreError):
    for made in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(made) is type(error)
        assert str(made) == str(error)
        assert vars(made) == vars(error)
