"""The schema: how an empty database, or one of an older release with its data, gets to it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from relink.adapters.gateway import DryRunGateway
from relink.adapters.runner import Performer
from relink.adapters.store import (
    SchemaAheadError,
    SchemaBehindError,
    SqlStore,
    backend_for,
    migrate,
)
from relink.adapters.store.migrating import HEAD, MIGRATIONS, Migrations
from relink.adapters.store.replay import replay
from relink.adapters.store.schema import metadata
from relink.engine import Address, Snapshot
from relink.machines import relink_system

from . import older_release
from .database import Contents, Database
from .messages import NOW, receive, reported


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def opened(empty_url: str) -> Iterator[SqlStore]:
    """A store that opens it."""
    store = SqlStore(empty_url, relink_system())
    yield store
    store.close()


# ── the schema ───────────────────────────────────────────────────────────────


def test_an_empty_database_is_refused_until_it_is_migrated(empty_url: str, opened: SqlStore):
    with pytest.raises(
        SchemaBehindError, match=r"(has no schema|does not exist).*Run relink migrate"
    ):
        opened.check()
    migrate(empty_url)
    opened.check()
    database = Database(empty_url)
    before = database.contents()
    migrate(empty_url)
    assert database.contents() == before
    assert database.rows("SELECT * FROM rate_limits") == []


def test_the_head_is_the_latest_revision():
    assert MIGRATIONS._scripts.get_heads() == [HEAD]


AT_HEAD = """
import sys
from relink.adapters.store import SqlStore, migrate
from relink.machines import relink_system
migrate(sys.argv[1])
SqlStore(sys.argv[1], relink_system()).check()
print("alembic" in sys.modules)
"""


def test_alembic_is_imported_only_for_a_database_that_is_not_at_the_head(empty_url: str):
    for imports_it in ("True", "False"):
        run = subprocess.run(
            [sys.executable, "-c", AT_HEAD, empty_url], capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == imports_it


def described(url: str) -> dict[str, Any]:
    """Everything that the database says about our tables."""
    engine = Database(url).engine
    with engine.connect() as connection:
        look = inspect(connection)
        found = {
            table: {
                "columns": {
                    column["name"]: (str(column["type"]), column["nullable"], column["default"])
                    for column in look.get_columns(table)
                },
                "key": look.get_pk_constraint(table)["constrained_columns"],
                "unique": [each["column_names"] for each in look.get_unique_constraints(table)],
                "foreign": look.get_foreign_keys(table),
                "indexes": sorted(look.get_indexes(table), key=lambda index: index["name"]),
            }
            for table in metadata.tables
        }
        if backend_for(url).file is None:
            found["comments"] = {t: look.get_table_comment(t)["text"] for t in metadata.tables}
            query = "SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL"
            ours = [row for row in connection.execute(text(query)) if row[0] in metadata.tables]
            found["options"] = dict(ours)
    engine.dispose()
    return json.loads(json.dumps(found, default=str))


def test_the_revisions_lead_to_the_schema_of_the_code(empty_url: str):
    migrate(empty_url)
    engine = Database(empty_url).engine
    with engine.connect() as connection:
        own = {
            "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
            "compare_server_default": True,
        }
        context = MigrationContext.configure(connection, opts=own)
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    migrated = described(empty_url)

    engine = Database(empty_url).engine
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    engine.dispose()
    assert migrated == described(empty_url)


MIGRATING = """
import sys
from relink.adapters.store import SqlStore, migrate
from relink.machines import relink_system
print("ready", flush=True)
sys.stdin.readline()
migrate(sys.argv[1])
store = SqlStore(sys.argv[1], relink_system())
store.check()
store.close()
"""


def test_several_processes_may_migrate_at_once(empty_url: str, opened: SqlStore):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATING, empty_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0, 0]
    opened.check()
    [revision] = Database(empty_url).rows("SELECT version_num FROM relink_version")
    assert revision["version_num"] == "initial"


def test_a_database_of_a_newer_release_is_refused(empty_url: str, opened: SqlStore):
    migrate(empty_url)
    Database(empty_url).change("UPDATE relink_version SET version_num = 'of_the_future'")
    message = "'of_the_future', which this release does not know.*Upgrade relink, or restore"
    with pytest.raises(SchemaAheadError, match=message):
        migrate(empty_url)
    with pytest.raises(SchemaAheadError, match=message):
        opened.check()


FAILING = """
from alembic import op
revision, down_revision = "initial", "older"


def upgrade():
    op.execute("UPDATE outbox SET attempts = 99")
    op.execute("INSERT INTO there_is_no_such_table VALUES (1)")
"""


def test_a_revision_that_fails_leaves_the_database_as_it_was(empty_url: str, tmp_path: Path):
    data = older_release.write_data(tmp_path)
    older_release.build(empty_url, data)
    database = Database(empty_url)
    before = database.rows("SELECT id, attempts FROM outbox ORDER BY id")
    versions = tmp_path / "versions"
    versions.mkdir()
    older = Path(older_release.__file__).parent / "versions" / "older.py"
    (versions / "older.py").write_text(older.read_text("utf-8"), "utf-8")
    (versions / "failing.py").write_text(FAILING, "utf-8")
    with pytest.raises(Exception, match="there_is_no_such_table"):
        Migrations(versions, "initial").upgrade(empty_url)
    assert database.rows("SELECT id, attempts FROM outbox ORDER BY id") == before
    assert database.rows("SELECT * FROM relink_version") == [{"version_num": "older"}]
    older_release.MIGRATIONS.upgrade(empty_url)
    assert database.rows("SELECT * FROM relink_version") == [{"version_num": "initial"}]


# ── an older release's database ──────────────────────────────────────────────


@pytest.fixture
def data(tmp_path: Path) -> Contents:
    """What the older release left behind."""
    return older_release.write_data(tmp_path)


@pytest.fixture
def upgraded(empty_url: str, opened: SqlStore, data: Contents) -> SqlStore:
    """The older release's database, brought to the present schema."""
    older_release.build(empty_url, data)
    with (
        opened.engine.connect() as connection,
        pytest.raises(SchemaBehindError, match=r"is at revision 'older'.*Run relink migrate"),
    ):
        older_release.MIGRATIONS.check(connection, opened._backend)
    older_release.MIGRATIONS.upgrade(empty_url)
    opened.check()
    return opened


def test_an_upgrade_keeps_machines_and_journals(upgraded: SqlStore, data: Contents):
    assert len(data["snapshots"]) > 6
    for row in data["snapshots"]:
        snapshot = upgraded.snapshot(Address(row["machine"], row["key"]))
        assert snapshot == Snapshot(
            row["state"], type(snapshot.facts)(**row["facts"]), row["version"]
        )
    assert list(replay(upgraded, lambda *_: None)) == []
    account = Address("account", "fca_2")
    rows = [row for row in data["journal"] if (row["machine"], row["key"]) == account]
    assert [(e.version, e.causation_id, e.to_state) for e in upgraded.journal(account)] == [
        (row["version"], row["causation_id"], row["to_state"]) for row in rows
    ]
    assert upgraded.count_by_state() == {"relinking": 1, "inactive_relinkable": 1}
    assert upgraded.connected_account(account) == "acct_shop"


def test_after_an_upgrade_earlier_messages_are_duplicates(upgraded: SqlStore):
    assert receive(upgraded, "evt_1").outcome == "duplicate"
    assert receive(upgraded, "evt_9", NOW + 900).outcome == "applied"


def test_an_upgrade_keeps_commands_due_failed_and_done(
    upgraded: SqlStore, empty_url: str, data: Contents
):
    rows = {row["id"]: row for row in data["outbox"]}
    due = {each.id: each for each in upgraded.due_commands(9e9, 999)}
    assert set(due) == {id for id, row in rows.items() if row["status"] == "due"}
    assert any(each.due_at > NOW + 3600 for each in due.values())
    for id, each in due.items():
        kept = ("causation_id", "connected_account", "attempts", "due_at", "created_at")
        assert [getattr(each, field) for field in kept] == [rows[id][field] for field in kept]
        assert (each.command.id, each.generation, each.answer_id) == (id, 0, id)
        assert each.retried_for == 0
    (failed,) = [id for id, row in rows.items() if row["status"] == "failed"]
    (letter,) = upgraded.dead_letters()
    assert (letter.id, letter.failed_at) == (failed, rows[failed]["finished_at"])
    assert upgraded.retry(failed, 1.0)
    assert upgraded.due_command(failed).generation == 1
    done = [row for row in Database(empty_url).contents()["outbox"] if row["status"] == "done"]
    assert {row["id"] for row in done} == {
        id for id, row in rows.items() if row["status"] == "done"
    }


def test_after_an_upgrade_due_commands_are_carried_out(upgraded: SqlStore, empty_url: str):
    gateway, told = DryRunGateway(), []
    now = [NOW + 200.0]
    performer = Performer(
        upgraded, gateway, lambda command, id: told.append(id), clock=lambda: now[0]
    )
    due = [each.id for each in upgraded.due_commands(now[0], 999)]
    later = [each.id for each in upgraded.due_commands(9e9, 999)][len(due) :]
    assert due
    assert later
    performer.work_off()
    assert set(due) <= {*(each.command.id for each in gateway.recorded), *told}
    (read,) = [e for e in gateway.recorded if e.command.name == "retrieve_account"]
    assert (read.attempt.connected_account, read.attempt.number) == ("acct_shop", 2)

    # Timers fire, days later.
    now[0] += 4 * 24 * 3600
    performer.work_off()
    status = {row["id"]: row["status"] for row in Database(empty_url).contents()["outbox"]}
    assert {status[id] for id in (*due, *later)} == {"done"}
    assert list(replay(upgraded, lambda *_: None)) == []


def test_after_an_upgrade_a_command_is_answered_once(upgraded: SqlStore):
    due = upgraded.due_commands(9e9, 1)[0]
    events = [reported(due.answer_id, NOW + 60)]
    assert upgraded.answer(due, events, NOW + 60).outcome == "applied"
    assert upgraded.answer(due, events, NOW + 60).outcome == "duplicate"


def test_after_an_upgrade_the_sweep_defers_jobs_on_postgres(upgraded: SqlStore, empty_url: str):
    database = Database(empty_url)
    due = upgraded.due_commands(9e9, 999)
    if database.is_postgres:
        assert database.jobs() == {}
        assert upgraded.defer_due(9e9) == len(due)
        assert set(database.jobs()) == {each.id for each in due}
    else:
        assert upgraded.defer_due(9e9) == 0
