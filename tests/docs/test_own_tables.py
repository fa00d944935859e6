"""Tables of one's own: what the page says, beside the contract that `tests/store` runs."""

import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from relink.adapters.runner import Performer
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import (
    ConcurrentChangeError,
    StoreUnavailableError,
    Tables,
    TableStore,
    WrongTablesError,
    verify_tables,
)
from relink.adapters.store.replay import replay
from relink.engine import Address
from relink.machines import relink_system

from ..absent import run_without
from ..own_tables import EXAMPLES, django_tables, examples_on_path
from ..store.messages import ACTIVE, NOW, due_for, message, receive, reported
from .shops import WEBHOOK_SECRET

ACCOUNT = Address("account", "fca_1")


@pytest.fixture
def tables(own_tables: Tables) -> Tables:
    return own_tables


@pytest.fixture
def store(tables: Tables) -> TableStore:
    return TableStore(tables, relink_system())


def test_the_examples_pass_the_check_and_it_leaves_nothing_behind(tables: Tables) -> None:
    verify_tables(tables)
    for table in ("inbox", "snapshots", "journal", "outbox"):
        assert list(tables.select(table, {})) == []


class UndoneError(Exception):
    """What the service did within its transaction failed."""


class Wrapped:
    """Tables with one operation that does something else."""

    def __init__(self, tables: Tables, **changed: Any) -> None:
        self._tables = tables
        self.__dict__.update(changed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tables, name)


def test_the_check_names_the_operation_that_is_wrong(tables: Tables) -> None:
    def shortened(table: Any, rows: Any) -> None:
        tables.insert(table, [{**row, "type": "x"} if "type" in row else row for row in rows])

    for changed, named in (
        ({"update": lambda *_: 0}, "number of updated rows"),
        ({"insert": shortened}, "inbox: an inserted row"),
        ({"select": lambda table, where, *_: tables.select(table, where)}, "outbox: rows"),
        ({"count": lambda *_: {}}, "counted rows"),
    ):
        with pytest.raises(WrongTablesError, match=named):
            verify_tables(Wrapped(tables, **changed))


def test_a_row_that_another_writer_changed_first_is_decided_again(
    store: TableStore, tables: Tables
) -> None:
    receive(store, "evt_1")
    number = store.snapshot(ACCOUNT).version
    raced = []

    def select(table: Any, where: Any, *more: Any) -> Any:
        found = tables.select(table, where, *more)
        if table == "snapshots" and where["machine"] == ACCOUNT.machine and not raced:
            here = ACCOUNT._asdict()
            raced.append(tables.update("snapshots", here, {"version": number + 7}))
        return found

    behind = TableStore(Wrapped(tables, select=select), relink_system())
    applied = behind.apply(message("evt_2"), [reported("evt_2", NOW + 60, **ACTIVE)])
    assert raced == [1]
    # The first attempt was rolled back, the other writer's change with it: both were one
    # transaction here.
    assert applied.outcome == "applied"
    assert store.snapshot(ACCOUNT).version == applied.steps[0].snapshots[ACCOUNT].version
    assert store.snapshot(ACCOUNT).state == "active"


def test_a_writer_that_always_loses_gives_up_and_stores_nothing(
    store: TableStore, tables: Tables
) -> None:
    def update(table: Any, where: Any, values: Any) -> int:
        return 0 if table == "snapshots" else tables.update(table, where, values)

    receive(store, "evt_1")
    before = store.histories(None, 99)
    loses = TableStore(Wrapped(tables, update=update), relink_system())
    with pytest.raises(ConcurrentChangeError):
        receive(loses, "evt_2", NOW + 60, **ACTIVE)
    assert store.histories(None, 99) == before
    assert receive(store, "evt_2", NOW + 60, **ACTIVE).outcome == "applied"


def test_what_is_stored_within_a_transaction_of_yours_is_part_of_it(
    store: TableStore, tables: Tables
) -> None:
    def fail_after_storing() -> None:
        with tables.transaction():
            tables.insert("cursors", [{"name": "yours", "value": "{}"}])
            assert receive(store, "evt_1").outcome == "applied"
            raise UndoneError

    with pytest.raises(UndoneError):
        fail_after_storing()
    assert (store.count_machines(), store.cursor("yours")) == (0, None)
    with tables.transaction():
        tables.insert("cursors", [{"name": "yours", "value": "{}"}])
        receive(store, "evt_1")
    assert store.snapshot(ACCOUNT) is not None
    assert store.cursor("yours") == {}


def test_a_database_that_is_down_is_a_store_that_is_unavailable(tables: Tables) -> None:
    def down(*_: Any) -> Any:
        raise tables.failures[0]("secret", {}, Exception("secret"))

    store = TableStore(Wrapped(tables, select=down), relink_system())
    for call in (store.check, lambda: store.snapshot(ACCOUNT), lambda: receive(store, "evt_1")):
        with pytest.raises(StoreUnavailableError, match="your database") as found:
            call()
        assert "secret" not in str(found.value)


def test_giving_up_and_replay(store: TableStore) -> None:
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    store.answer(prompt, [], NOW, failed=True, error="HTTP 410")
    (letter,) = store.dead_letters()
    assert (letter.id, letter.error) == (prompt.id, "HTTP 410")
    assert store.retry(letter.id, NOW + 1)
    assert list(replay(store, lambda *_: None)) == []


def test_from_a_broken_link_to_a_repaired_account_in_djangos_tables(
    stripe: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "STRIPE_API_KEY": "sk_test_of_the_shop",
        "STRIPE_API_BASE": stripe.url,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    sim = stripe.simulator
    sim.add_endpoint(WEBHOOK_SECRET)
    with django_tables(), examples_on_path():
        example = import_module("own_tables")
        told: list[str] = []
        performer = Performer(
            example.store(), example.gateway(), lambda command, _: told.append(command.name)
        )

        def pass_time(seconds: float) -> None:
            with stripe.lock:
                deliveries = list(sim.due_webhooks(sim.now + seconds))
            for delivery in deliveries:
                outcome = example.service().handle_webhook(delivery.payload, delivery.signature)
                assert outcome == "applied"
            for due in example.store().due_commands(time.time(), 100):
                performer.perform(due)

        def state(account: str) -> str:
            pass_time(10)
            return example.service().account(account).snapshot.state

        with stripe.lock:
            account = sim.link_account(sim.add_customer("Jo"))
        assert state(account.id) == "active"
        with stripe.lock:
            sim.bank.expire_consent(account.authorization.id)
        assert state(account.id) == "inactive_relinkable"
        assert "notify_customer" in told
        opened = example.service().request_relink(account.id)
        with stripe.lock:
            sim.customer(opened.id).choose_expected()
        assert example.service().session_result(opened.id).outcome == "relinked"
        assert state(account.id) == "active"
        example.maintain()
        assert list(replay(example.store(), lambda *_: None)) == []
        for piece in (example.store, example.gateway, example.service):
            piece.cache_clear()


PERFORM = """
from relink.adapters.gateway import DryRunGateway
from relink.adapters.runner import Loop, Performer
from relink.adapters.service import Service
from relink.adapters.store import InboxMessage, MemoryStore, TableStore, verify_tables
from relink.machines import relink_system
from relink.machines.events import AccountReported
from relink.machines.report import StatusReport

store = MemoryStore(relink_system())
event = AccountReported(
    causation_id="e",
    at=1.0,
    account="fca_1",
    as_of=1,
    read=False,
    report=StatusReport(status="inactive", action="relink_required", permissions=()),
)
store.apply(InboxMessage("e", "test", 1, 1.0), [event])
gateway = DryRunGateway()
attempts = Performer(store, gateway, lambda command, _: None, lambda: 2.0).work_off()
print(attempts, [each.command.name for each in gateway.recorded], store.status)
"""


def test_performing_needs_neither_sqlalchemy_nor_stripes_sdk() -> None:
    absent = ("sqlalchemy", "alembic", "psycopg", "procrastinate", "stripe", "httpcore")
    done = run_without(absent, PERFORM)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 ['retrieve_account'] {'retrieve_account_fca_1_1': 'done'")


def test_the_django_example_can_be_checked_and_migrated_by_django(tmp_path: Path) -> None:
    environment = {
        "SECRET_KEY": "x",
        "ALLOWED_HOSTS": "testserver",
        "SHOP_DATABASE": str(tmp_path / "shop.db"),
        "DJANGO_SETTINGS_MODULE": "django_settings",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "django", "makemigrations", "bank_links", "--dry-run"],
        cwd=EXAMPLES,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Create model") == 7
