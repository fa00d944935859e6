"""What is in the tables: rows as they were given, unreadable rows, private fields, indexes."""

import re
from collections.abc import Callable

import pytest

from relink.adapters.store import InboxMessage, SqlStore, UnreadableRecordError, journal, schema
from relink.adapters.store.codec import domain_codec
from relink.adapters.store.outbox import DueCommand, new_due_command, to_row
from relink.adapters.store.replay import Difference, replay
from relink.engine import Address
from relink.machines import relink_system
from relink.machines.commands import CreatePaymentMethod, CreateRelinkSession, RetrieveAccount
from relink.machines.events import BillingNameGiven
from relink.machines.report import Holder

from .database import Database
from .kinds import on_postgres
from .messages import ACCOUNT, ACTIVE, NOW, due_for, message, open_session, receive, reported


def test_new_rows_have_the_columns_of_their_tables():
    codec = domain_codec()
    (delivery, *_) = relink_system().step(reported("e"), lambda _: None).deliveries
    entry = journal.to_row(delivery, "evt_1", 1.0, "0123456789abcdef", codec)
    assert set(entry) == {column.name for column in schema.ENTRY}
    read = RetrieveAccount(account="fca_1", number=1, reason="look")
    row = to_row(new_due_command(read, "evt_1", None, 1.0), codec)
    assert set(row) == {column.name for column in schema.COMMAND}
    assert set(DueCommand.__slots__) - {"command"} <= set(row)


def test_a_message_is_stored_as_it_came(store: SqlStore, database: Database):
    store.apply(InboxMessage("evt_1", "any.type", 2**40, 1760000000.123456, "acct_é"), [])
    assert database.contents()["inbox"] == [
        {
            "id": "evt_1",
            "type": "any.type",
            "created": 2**40,
            "received_at": 1760000000.123456,
            "connected_account": "acct_é",
        }
    ]


def test_a_duplicate_writes_no_row(store: SqlStore, database: Database):
    receive(store, "evt_1")
    before = database.contents()
    assert store.apply(message("evt_1", at=9e9), [reported("evt_1")]).outcome == "duplicate"
    assert database.contents() == before


def test_a_completed_command_keeps_its_row(store: SqlStore, database: Database):
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    store.postpone(prompt, NOW + 1, "HTTP 503", stuck_on="http_403")
    assert database.outbox(prompt.id)["error"] == "HTTP 503"
    assert database.outbox(prompt.id)["stuck_on"] == "http_403"
    before = database.outbox(prompt.id)
    store.answer(prompt, [], NOW + 61.5)
    assert database.outbox(prompt.id) == {
        **before,
        "status": "done",
        "attempts": 2,
        "finished_at": NOW + 61.5,
        "error": None,
        "stuck_on": None,
    }


def test_a_cursor_outlives_its_store(open_store: Callable[[], SqlStore]):
    open_store().set_cursor("reading", {"after": "fca_1"})
    assert open_store().cursor("reading") == {"after": "fca_1"}


# ── rows that this release can't read ────────────────────────────────────────


def test_unreadable_facts_are_refused_by_name(store: SqlStore, database: Database):
    receive(store, "evt_1")
    facts = """'{"id": "fca_1", "attempt": "many"}'"""
    database.change(f"UPDATE snapshots SET facts = {facts} WHERE machine = 'account'")
    before = database.contents()
    fault = r"account fca_1: .* AccountFacts: the field attempt takes int"
    with pytest.raises(UnreadableRecordError, match=fault):
        store.snapshot(ACCOUNT)
    with pytest.raises(UnreadableRecordError, match=fault):
        receive(store, "evt_2")
    assert database.contents() == before


def test_an_unreadable_account_is_left_out_and_the_page_is_full(
    store: SqlStore, database: Database, caplog: pytest.LogCaptureFixture
):
    for number in range(6):
        receive(store, f"evt_{number}", account=f"fca_{number}")
    every = store.accounts()
    for key in ("fca_2", "fca_3"):
        database.change(
            """UPDATE snapshots SET facts = '{"attempt": "many"}'
            WHERE machine = 'account' AND key = :key""",
            key=key,
        )
    readable = [account for account in every if account.facts.id not in ("fca_2", "fca_3")]
    assert store.accounts(limit=4) == readable
    assert store.accounts(limit=3) == readable[:3]
    assert store.accounts(after="fca_2", limit=9) == readable[2:]
    assert "fca_2" in caplog.text


def test_an_unreadable_command_becomes_a_dead_letter(store: SqlStore, database: Database):
    receive(store, "evt_1")
    receive(store, "evt_2", **ACTIVE)
    due = store.due_commands(9e9, 99)
    unknown, wrong, *others = due
    assert others
    kept = {each.id: database.outbox(each.id) for each in (unknown, wrong)}
    database.change("UPDATE outbox SET command = 'of_the_future' WHERE id = :id", id=unknown.id)
    database.change("UPDATE outbox SET fields = '{\"new\": 1}' WHERE id = :id", id=wrong.id)
    assert store.due_command(wrong.id) is None
    assert store.due_commands(9e9, 99) == others
    letters = {letter.id: letter for letter in store.dead_letters()}
    assert set(letters) == {unknown.id, wrong.id}
    assert letters[unknown.id].command == "of_the_future"
    assert "'of_the_future'" in letters[unknown.id].error
    assert "do not fit" in letters[wrong.id].error

    # A release that can read them retries them.
    database.change(
        "UPDATE outbox SET command = :name WHERE id = :id",
        name=kept[unknown.id]["command"],
        id=unknown.id,
    )
    assert store.retry(unknown.id, NOW)
    assert store.due_command(unknown.id).command == unknown.command


def test_a_command_for_the_caller_in_the_outbox_becomes_a_dead_letter(
    store: SqlStore, database: Database
):
    receive(store, "evt_1")
    create = open_session(store)
    assert isinstance(create, CreateRelinkSession)
    prompt = due_for(store, "notify_customer")
    database.change(
        "UPDATE outbox SET command = :name, fields = :fields WHERE id = :id",
        name=create.name,
        fields=domain_codec().text(create),
        id=prompt.id,
    )
    assert store.due_command(prompt.id) is None
    (letter,) = store.dead_letters()
    assert letter.error == (
        "create_relink_session is carried out in the request of its caller, never from the outbox"
    )


def test_replay_names_rows_that_were_changed_past_the_store(store: SqlStore, database: Database):
    for number in range(6):
        report = ACTIVE if number % 2 else {}
        receive(store, f"evt_{number}", NOW + number, f"fca_{number % 3}", **report)
    account = Address("account", "fca_1")
    stored = store.snapshot(account)
    database.change("UPDATE snapshots SET state = 'relinking' WHERE machine = 'account'")
    database.change("DELETE FROM journal WHERE key = 'fca_2' AND version = 1")
    findings = list(replay(store, lambda *_: None))
    assert {type(each) for each in findings} == {Difference}
    found = {each.address: each.what for each in findings if isinstance(each, Difference)}
    assert found[account] == f"it is relinking, and its journal leads to {stored.state}"
    assert "which should follow 0" in found[Address("account", "fca_2")]


# ── private fields ───────────────────────────────────────────────────────────


def build(name: str | None) -> CreatePaymentMethod:
    holder = Holder(field="customer", id="cus_1")
    return CreatePaymentMethod(
        account="fca_1", session="fcsess_1", holder=holder, billing_name=name
    )


@pytest.mark.parametrize("failed", [False, True])
def test_a_billing_name_leaves_the_disk_with_its_command(
    store: SqlStore, database: Database, failed: bool
):
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    database.change(
        "UPDATE outbox SET command = :name, fields = :fields WHERE id = :id",
        name=CreatePaymentMethod.name,
        fields=domain_codec().text(build("Jenny Rosen")),
        id=prompt.id,
    )
    named = BillingNameGiven(
        causation_id="req_1", at=float(NOW), account="fca_1", billing_name="Jenny Rosen"
    )
    store.apply(message("req_1"), [named])
    due = store.due_command(prompt.id)
    assert due.command == build("Jenny Rosen")
    store.answer(due, [], NOW + 1, failed=failed, error="refused")
    assert ("Jenny" in str(database.contents())) == failed


def test_completing_a_command_leaves_its_other_fields_alone(store: SqlStore, database: Database):
    receive(store, "evt_1")
    for due in store.due_commands(9e9, 99):
        fields = database.outbox(due.id)["fields"]
        store.answer(due, [], NOW)
        assert database.outbox(due.id)["fields"] == fields


# ── indexes and connections ──────────────────────────────────────────────────

PLANS = {
    "accounts by state": "SELECT id FROM accounts WHERE state = 's' AND id > 'a' ORDER BY id",
    "accounts by holder": "SELECT id FROM accounts WHERE holder = 'h' AND id > 'a' ORDER BY id",
    "accounts by bank": "SELECT id FROM accounts WHERE institution = 'i' ORDER BY id",
    "due commands": "SELECT id FROM outbox WHERE status = 'due' AND due_at <= 1 ORDER BY due_at",
    "due at a party": "SELECT id FROM outbox WHERE status = 'due' AND party = 'stripe' "
    "AND due_at <= 1 ORDER BY due_at",
    "the oldest that fails": "SELECT min(created_at) FROM outbox "
    "WHERE status = 'due' AND error IS NOT NULL",
    "the next": "SELECT min(due_at) FROM outbox WHERE status = 'due'",
    "dead letters": "SELECT id FROM outbox WHERE status = 'failed' ORDER BY finished_at DESC",
    "old commands": "SELECT id FROM outbox WHERE status = 'done' AND finished_at < 1",
    "stuck commands": "SELECT id FROM outbox WHERE stuck_on IS NOT NULL ORDER BY stuck_on",
    "machines by name": "SELECT key FROM snapshots WHERE machine = 'm' AND key > 'k' ORDER BY key",
    "old messages": "SELECT id FROM inbox WHERE received_at < 1",
    "a journal": "SELECT * FROM journal WHERE machine = 'm' AND key = 'k' ORDER BY version",
}


@pytest.mark.parametrize("what", PLANS)
def test_an_index_serves_a_query(database: Database, what: str):
    explain = "EXPLAIN" if database.is_postgres else "EXPLAIN QUERY PLAN"
    with database.engine.connect() as connection:
        if database.is_postgres:
            # On empty tables a scan would be the fastest.
            connection.exec_driver_sql("SET enable_seqscan = off")
            connection.exec_driver_sql("SET enable_sort = off")
        rows = connection.exec_driver_sql(f"{explain} {PLANS[what]}").fetchall()
    plan = "\n".join(str(row) for row in rows).lower()
    assert "index" in plan
    assert not re.search("seq scan|sort|temp b-tree", plan)


@on_postgres
def test_the_writers_prepared_statements_outlive_other_uses_of_its_connection(store: SqlStore):
    """psycopg prepares by itself after a few uses, and a rollback then deallocates everything."""
    receive(store, "evt_1")
    for number in range(10):
        store.set_cursor("walk", {"step": number})
    store.count_by_state()
    assert receive(store, "evt_2", NOW + 60, **ACTIVE).outcome == "applied"
