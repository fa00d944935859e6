"""The schema: how a database gets to it, from nothing or from the first release with its data."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, inspect, text

from relink.adapters.gateway import DryRunGateway
from relink.adapters.runner import Performer
from relink.adapters.store import SchemaBehindError, SqlStore, migrate
from relink.adapters.store.database import open_database, writing
from relink.adapters.store.migrate import FIRST, _config
from relink.adapters.store.outbox import RETRY_BUDGET
from relink.adapters.store.replay import replay
from relink.adapters.store.schema import metadata
from relink.engine import Address, Snapshot
from relink.machines import relink_system
from relink.machines.commands import CreatePaymentMethod

from .arrivals import receive, reported
from .database import Database

OLD: dict[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("first_release.json").read_text("utf-8")
)
"""What the first release wrote, row by row: accounts that were lost, relinked and replaced, and a
connected account's, with commands done, failed, due, and due much later."""


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
    with pytest.raises(SchemaBehindError, match=r"without a schema.*relink migrate"):
        opened.check()
    migrate(empty_url)
    opened.check()
    database = Database(empty_url)
    before = database.contents()
    migrate(empty_url)
    assert database.contents() == before
    assert database.rows("SELECT name, next_at FROM pace") == [{"name": "stripe", "next_at": 0.0}]


def described(url: str) -> dict[str, Any]:
    """All that the database says of our tables."""
    engine = create_engine(url)
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
        if engine.dialect.name == "postgresql":
            found["comments"] = {t: look.get_table_comment(t)["text"] for t in metadata.tables}
            query = "SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL"
            ours = [row for row in connection.execute(text(query)) if row[0] in metadata.tables]
            found["options"] = dict(ours)
    engine.dispose()
    return json.loads(json.dumps(found, default=str))


def test_the_steps_lead_to_the_schema_of_the_code(empty_url: str):
    migrate(empty_url)
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        own = {
            "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
            "compare_server_default": True,
        }
        context = MigrationContext.configure(connection, opts=own)
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    migrated = described(empty_url)

    engine = create_engine(empty_url)
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
    assert Database(empty_url).rows("SELECT name FROM pace") == [{"name": "stripe"}]


def test_a_database_of_a_newer_release_is_refused(empty_url: str, opened: SqlStore):
    migrate(empty_url)
    Database(empty_url).change("UPDATE alembic_version SET version_num = 'of_the_future'")
    told = "'of_the_future', which this release does not know: use a newer one"
    with pytest.raises(SchemaBehindError, match=told):
        migrate(empty_url)
    with pytest.raises(SchemaBehindError, match=told):
        opened.check()


def test_a_step_that_fails_leaves_the_database_as_it_was(empty_url: str):
    build_first_release(empty_url)
    before = Database(empty_url).rows("SELECT * FROM snapshots ORDER BY machine, key")
    database = Database(empty_url)
    # In the way of one of the last tables that are made.
    database.change("CREATE TABLE pace (name VARCHAR)")
    with pytest.raises(Exception, match="pace"):
        migrate(empty_url)
    database.change("DROP TABLE pace")
    assert database.rows("SELECT * FROM snapshots ORDER BY machine, key") == before
    migrate(empty_url)
    store = SqlStore(empty_url, relink_system())
    store.check()
    store.close()


# ── a database of the first release ──────────────────────────────────────────


def build_first_release(url: str, *, stamped: bool = False) -> None:
    """Make what the first release made, and wrote.

    Args:
        url: an empty database.
        stamped: whether it says so; the first release did not know that it should.
    """
    engine = open_database(url)
    with writing(engine).begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, FIRST)
        tables = MetaData()
        tables.reflect(connection, only=list(OLD))
        for name, rows in OLD.items():
            connection.execute(tables.tables[name].insert(), rows)
        if not stamped:
            connection.execute(text("DROP TABLE alembic_version"))
    engine.dispose()


@pytest.fixture(params=[False, True], ids=["tables-alone", "stamped"])
def upgraded(request: pytest.FixtureRequest, empty_url: str, opened: SqlStore) -> SqlStore:
    """The first release's database, brought to this one's."""
    build_first_release(empty_url, stamped=request.param)
    with pytest.raises(SchemaBehindError, match="relink migrate"):
        opened.check()
    migrate(empty_url)
    opened.check()
    return opened


def test_all_that_was_known_is_known(upgraded: SqlStore):
    for row in OLD["snapshots"]:
        snapshot = upgraded.snapshot(Address(row["machine"], row["key"]))
        assert snapshot == Snapshot(
            row["state"], type(snapshot.facts)(**row["facts"]), row["version"]
        )
    assert list(replay(upgraded, lambda *_: None)) == []

    account = Address("account", "fca_shop")
    entries = upgraded.journal(account)
    rows = [row for row in OLD["journal"] if (row["machine"], row["key"]) == account]
    assert [(e.version, e.causation_id, e.to_state) for e in entries] == [
        (row["version"], row["causation_id"], row["to_state"]) for row in rows
    ]

    found = {
        "cus_jo": ["fca_1", "fca_2", "fca_new", "fca_newer"],
        "acct_shop": ["fca_shop"],
        "cus_nobody": [],
    }
    for holder, ids in found.items():
        assert [a.facts.id for a in upgraded.accounts(holder=holder)] == ids
    by_login = upgraded.accounts(authorization="fcauth_2")
    assert [a.facts.id for a in by_login] == ["fca_new", "fca_newer"]
    assert len(upgraded.accounts(institution="StripeBank")) == 5
    assert upgraded.accounts(institution="StripeBank", authorization="fcauth_shop") != []
    assert upgraded.count_by_state() == {
        "active": 2,
        "new_account_linked": 2,
        "relinking": 1,
    }
    assert upgraded.connected_account(account) == "acct_shop"
    assert upgraded.connected_account(Address("outage", "fcauth_shop")) == "acct_shop"
    assert upgraded.connected_account(Address("account", "fca_1")) is None


def test_what_has_arrived_is_not_applied_again(upgraded: SqlStore):
    assert receive(upgraded, "evt_1").outcome == "duplicate"


def test_what_was_due_is_due_and_what_was_over_is_over(upgraded: SqlStore, empty_url: str):
    rows = {row["id"]: row for row in OLD["outbox"]}
    due = {each.id: each for each in upgraded.due_commands(9e9, 999)}
    assert set(due) == {name for name, row in rows.items() if row["status"] == "due"}
    for name, each in due.items():
        kept = ("cause", "connected_account", "attempts", "due_at", "created_at")
        assert [getattr(each, field) for field in kept] == [rows[name][field] for field in kept]
        assert (each.command.id, each.generation, each.answer_id) == (name, 0, name)
        # Timers that are far ahead are not given up when they come.
        assert each.give_up_at == each.due_at + RETRY_BUDGET
    (failed,) = [name for name, row in rows.items() if row["status"] == "failed"]
    (letter,) = upgraded.dead_letters()
    assert (letter.id, letter.failed_at) == (failed, rows[failed]["finished_at"])
    assert upgraded.retry(failed, 1.0)
    assert upgraded.due_command(failed).generation == 1
    done = [row for row in Database(empty_url).contents()["outbox"] if row["status"] == "done"]
    assert {row["id"] for row in done} == {
        name for name, row in rows.items() if row["status"] == "done"
    }


def test_what_is_due_is_carried_out(upgraded: SqlStore, empty_url: str):
    gateway, told = DryRunGateway(), []
    now = [OLD["outbox"][-1]["created_at"] + 1000]
    performer = Performer(
        upgraded, gateway, lambda command, id: told.append(id), clock=lambda: now[0]
    )
    due = [each.id for each in upgraded.due_commands(now[0], 999)]
    later = [each.id for each in upgraded.due_commands(9e9, 999)][len(due) :]
    assert later
    performer.work_off()
    asked = [each.command.id for each in gateway.recorded]
    assert set(due) <= {*asked, *told}
    (build,) = [e.command for e in gateway.recorded if isinstance(e.command, CreatePaymentMethod)]
    assert build.billing_name == "Zoë Doe"
    (shop,) = [e for e in gateway.recorded if getattr(e.command, "account", "") == "fca_shop"]
    assert shop.attempt.connected_account == "acct_shop"
    assert shop.attempt.number == 2

    # Timers, days later.
    now[0] += 4 * 24 * 3600
    performer.work_off()
    outbox = {row["id"]: row["status"] for row in Database(empty_url).contents()["outbox"]}
    assert {outbox[name] for name in (*due, *later)} == {"done"}
    assert list(replay(upgraded, lambda *_: None)) == []


def test_an_answer_that_was_applied_before_the_upgrade_is_not_applied_again(
    upgraded: SqlStore, empty_url: str
):
    arrived = {row["id"] for row in OLD["inbox"]}
    (answered,) = [each for each in upgraded.due_commands(9e9, 999) if each.id in arrived]
    journal = Database(empty_url).contents()["journal"]
    assert upgraded.answer(answered, [reported(answered.id)], 1.0).outcome == "duplicate"
    assert Database(empty_url).contents()["journal"] == journal
    assert upgraded.due_command(answered.id) is None


def test_names_that_are_not_needed_any_more_are_gone(upgraded: SqlStore, empty_url: str):
    kept = str(Database(empty_url).contents())
    assert "Jo Doe" in json.dumps(OLD)
    assert "Jo Doe" not in kept
    assert "Zoë Doe" in kept


def test_on_postgres_the_sweep_gives_jobs_to_what_is_due(upgraded: SqlStore, empty_url: str):
    database = Database(empty_url)
    if not database.is_postgres:
        return
    assert database.jobs() == {}
    due = upgraded.due_commands(9e9, 999)
    assert upgraded.defer_due(9e9) == len(due)
    assert set(database.jobs()) == {each.id for each in due}
