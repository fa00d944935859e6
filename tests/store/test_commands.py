"""Commands in the outbox: asked for once, answered once, tried again, given up, taken up again."""

import pytest
from statemachine import State

from relink.adapters.store import Codec, SqlStore
from relink.adapters.store.outbox import PATIENCE
from relink.engine import Address, Chart, Command, Event, Facts, Send, System
from relink.machines.commands import CreatePaymentMethod, RetrieveAccount, Wake
from relink.machines.events import (
    BillingNameAbsent,
    BillingNameGiven,
    PaymentMethodMade,
    RelinkRequested,
    SessionAccount,
    SessionReported,
)

from .database import Database
from .messages import ACCOUNT, NOW, WORKS, due_for, hear, message, relink, reported

# ── asked for ────────────────────────────────────────────────────────────────


class Rung(Event):
    """Of a chart that always asks for the same."""


class Chime(Command):
    bell: str


class BellFacts(Facts):
    id: str


class Bell(Chart):
    facts_type = BellFacts
    alphabet = (Rung,)

    left = State(initial=True)
    right = State()

    left.to(right, event="rung", on="ask")
    right.to(left, event="rung", on="ask")

    def ask(self, facts: BellFacts, trigger: Rung) -> Chime:
        return Chime(bell=facts.id)


def test_a_command_asked_for_twice_is_one(url: str, database: Database):
    table = Bell.table()
    system = System({"bell": table}, lambda rung, _: [Send(machine="bell", key="b", event=rung)])
    store = SqlStore(url, system, Codec([Rung], [Chime]))
    for name in ("evt_1", "evt_2", "evt_3"):
        (step,) = store.apply(message(name), [Rung()]).steps
        assert len(step.commands) == 1
        if name == "evt_2":
            store.answer(due_for(store, "chime"), [], NOW)
    (row,) = database.contents()["outbox"]
    assert (row["cause"], row["status"]) == ("evt_1", "done")
    assert [entry.event for entry in store.journal(Address("bell", "b"))] == [Rung()] * 3
    store.close()


def test_what_the_caller_does_is_not_in_the_outbox(store: SqlStore, database: Database):
    hear(store, "evt_1")
    relink(store)
    assert store.snapshot(ACCOUNT).state == "relinking"
    again = RelinkRequested(causation_id="req_3", at=float(NOW), account=ACCOUNT.key)
    commands = store.apply(message("req_3"), [again]).steps[0].commands
    assert [c.for_caller for c in commands if c.name == "retrieve_session"] == [True]
    names = {row["command"] for row in database.contents()["outbox"]}
    assert names
    assert not names & {"create_relink_session", "retrieve_session"}


def test_commands_are_due_at_their_time_and_longest_due_first(store: SqlStore):
    hear(store, "evt_1")
    hear(store, "evt_2", **WORKS)  # in doubt, within the same second: Stripe is asked, later

    at_once = {c.command.name for c in store.due_commands(NOW, 99)}
    assert "notify_customer" in at_once
    later = {c.command: c.due_at for c in store.due_commands(NOW + 10**9, 99)}
    assert list(later.values()) == sorted(later.values())
    (read,) = [c for c in later if isinstance(c, RetrieveAccount)]
    assert later[read] == read.after > NOW
    wakes = [c for c in later if isinstance(c, Wake)]
    assert wakes
    assert all(later[wake] == wake.due > NOW for wake in wakes)
    assert len(store.due_commands(NOW + 10**9, limit=2)) == 2
    earliest = min(later.values())
    assert store.due_commands(earliest - 0.5, 99) == []
    assert store.next_due_at() == earliest


# ── answered ─────────────────────────────────────────────────────────────────


def test_an_answer_is_applied_and_closes_its_command(store: SqlStore, database: Database):
    hear(store, "evt_1")
    hear(store, "evt_2", **WORKS)
    read = due_for(store, "retrieve_account")
    answer = reported(read.answer_id, NOW + 60, **WORKS)
    applied = store.answer(read, [answer], NOW + 61.5)
    assert applied.outcome == "applied"
    assert store.snapshot(ACCOUNT) == applied.steps[0].snapshots[ACCOUNT]
    assert store.snapshot(ACCOUNT).state == "active"
    assert store.journal(ACCOUNT)[-1].causation_id == read.id
    row = database.outbox(read.id)
    assert (row["status"], row["attempts"], row["finished_at"]) == ("done", 1, NOW + 61.5)
    assert store.due_command(read.id) is None
    assert read.id not in [due.id for due in store.due_commands(9e9, 99)]


def test_an_answer_is_taken_once(store: SqlStore, database: Database):
    hear(store, "evt_1")
    hear(store, "evt_2", **WORKS)
    read = due_for(store, "retrieve_account")
    store.answer(read, [reported(read.id, NOW + 60, **WORKS)], NOW + 60)
    before = database.contents()
    for failed in (False, True):
        late = [reported(read.id, NOW + 90)]
        again = store.answer(read, late, NOW + 90, failed=failed, error="late")
        assert (again.outcome, again.steps) == ("duplicate", ())
    store.postpone(read, NOW + 99, "late")
    assert database.contents() == before


def test_a_command_without_an_answer_is_closed_all_the_same(store: SqlStore, database: Database):
    hear(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    inbox = database.contents()["inbox"]
    assert store.answer(prompt, [], NOW + 1).outcome == "applied"
    assert database.outbox(prompt.id)["status"] == "done"
    assert database.contents()["inbox"] == inbox
    assert store.answer(prompt, [], NOW + 1).outcome == "duplicate"


def test_an_answer_that_arrived_before_only_closes_its_command(store: SqlStore, database: Database):
    # Another release applied the answer, and crashed before it noted that the command was done.
    hear(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    store.apply(message(prompt.id), [])
    journal = database.contents()["journal"]
    assert store.answer(prompt, [reported(prompt.id, **WORKS)], NOW).outcome == "duplicate"
    assert database.outbox(prompt.id)["status"] == "done"
    assert database.contents()["journal"] == journal


def test_an_answer_that_cannot_be_decided_leaves_its_command_due(store: SqlStore, database: Database):
    hear(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    before = database.contents()
    with pytest.raises(TypeError, match="not an outside event"):
        store.answer(prompt, [Rung()], NOW)
    assert database.contents() == before
    assert store.due_command(prompt.id) == prompt


# ── tried again, given up, taken up again ────────────────────────────────────


def test_a_postponed_command_is_due_later(store: SqlStore, database: Database):
    hear(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    store.postpone(prompt, NOW + 100.5, "HTTP 503")
    assert prompt.id not in [due.id for due in store.due_commands(NOW + 100, 99)]
    again = store.due_command(prompt.id)
    assert (again.attempts, again.due_at) == (1, NOW + 100.5)
    assert (again.command, again.created_at, again.give_up_at) == (
        prompt.command,
        prompt.created_at,
        prompt.give_up_at,
    )
    assert database.outbox(prompt.id)["error"] == "HTTP 503"


def test_patience_begins_when_a_command_is_due(store: SqlStore):
    hear(store, "evt_1")
    due = store.due_commands(9e9, 99)
    assert any(isinstance(each.command, Wake) for each in due)
    assert all(each.give_up_at == each.due_at + PATIENCE for each in due)


def test_a_dead_letter_is_taken_up_again_and_its_answer_is_applied(store: SqlStore):
    hear(store, "evt_1")
    hear(store, "evt_2", **WORKS)
    read = due_for(store, "retrieve_account")
    refused = reported(read.answer_id, NOW + 60, action="none")
    store.answer(read, [refused], NOW + 60.0, failed=True, error="no such account")
    assert store.due_command(read.id) is None
    (letter,) = store.dead_letters()
    assert letter == (read.id, "retrieve_account", 1, NOW + 60.0, "no such account")
    assert store.count_dead_letters() == 1

    assert store.retry(read.id, NOW + 90.5)
    assert not store.retry(read.id, NOW + 90.5)
    assert not store.retry("no_such_command", NOW + 90.5)
    assert store.count_dead_letters() == 0
    again = store.due_command(read.id)
    assert (again.command, again.round, again.due_at) == (read.command, 1, NOW + 90.5)
    assert again.give_up_at == NOW + 90.5 + PATIENCE
    assert again.answer_id not in (read.answer_id, again.id)

    # The one that was answered before is over, whoever still has it.
    applied = store.answer(again, [reported(again.answer_id, NOW + 99, **WORKS)], NOW + 99)
    assert applied.outcome == "applied"
    assert store.snapshot(ACCOUNT).state == "active"
    assert store.dead_letters() == []


def test_it_can_fail_again(store: SqlStore):
    hear(store, "evt_1")
    ids = set()
    for number in range(3):
        prompt = due_for(store, "notify_customer")
        assert prompt.round == number
        ids.add(prompt.answer_id)
        name = prompt.answer_id
        store.answer(prompt, [reported(name, NOW + number)], NOW + number, failed=True)
        assert store.retry(prompt.id, NOW + number)
    assert len(ids) == 3
    assert {entry.causation_id for entry in store.journal(ACCOUNT)} == {"evt_1", *ids}


def test_what_cannot_be_read_becomes_a_dead_letter_and_holds_nobody_up(
    store: SqlStore, database: Database
):
    hear(store, "evt_1")
    due = store.due_commands(9e9, 99)
    unknown, wrong, *others = due
    assert others
    database.change("UPDATE outbox SET command = 'of_the_future' WHERE id = :id", id=unknown.id)
    database.change("UPDATE outbox SET fields = '{\"new\": 1}' WHERE id = :id", id=wrong.id)
    assert store.due_command(wrong.id) is None
    assert store.due_commands(9e9, 99) == others
    letters = {letter.id: letter for letter in store.dead_letters()}
    assert set(letters) == {unknown.id, wrong.id}
    assert letters[unknown.id].command == "of_the_future"
    assert "'of_the_future'" in letters[unknown.id].error
    assert "does not fit" in letters[wrong.id].error

    # A release that can read them may take them up again.
    for change in ("command = :name", "fields = :fields"):
        fields = '{"account": "fca_1", "because": "b", "occasion": "o"}'
        database.change(
            f"UPDATE outbox SET {change} WHERE id IN (:unknown, :wrong)",
            unknown=unknown.id,
            wrong=wrong.id,
            **({"name": "retrieve_account"} if "name" in change else {"fields": fields}),
        )
    assert all(store.retry(name, NOW) for name in letters)
    assert {each.id for each in store.due_commands(NOW, 99)} >= set(letters)


# ── names ────────────────────────────────────────────────────────────────────


def suspended_build(store: SqlStore) -> None:
    """A new account is linked, and to be built on; but its customer has no name."""
    hear(store, "evt_1")
    relink(store)
    new = reported("", account="fca_new", authorization="fcauth_2", **WORKS).report
    linked = SessionReported(
        causation_id="evt_2",
        at=NOW + 60.0,
        session="fcsess_1",
        as_of=NOW + 60,
        read=True,
        status="succeeded",
        accounts=(SessionAccount(account="fca_new", report=new),),
    )
    store.apply(message("evt_2"), [linked])
    build = due_for(store, "create_payment_method")
    absent = BillingNameAbsent(causation_id=build.id, at=NOW + 61.0, account="fca_new")
    store.answer(build, [absent], NOW + 61)


def named_build(store: SqlStore) -> None:
    """And then the service gives the name."""
    suspended_build(store)
    named = BillingNameGiven(
        causation_id="req_3", at=NOW + 62.0, account="fca_new", billing_name="Jenny Rosen"
    )
    store.apply(message("req_3"), [named])


def test_a_billing_name_is_kept_until_it_was_needed(store: SqlStore, database: Database):
    named_build(store)
    build = due_for(store, "create_payment_method")
    assert isinstance(build.command, CreatePaymentMethod)
    assert build.command.billing_name == "Jenny Rosen"
    store.postpone(build, NOW + 70, "HTTP 500")
    made = PaymentMethodMade(
        causation_id=build.id, at=NOW + 71.0, account="fca_new", payment_method="pm_1"
    )
    store.answer(build, [made], NOW + 71)
    fields = {key: value for key, value in build.command if key != "billing_name"}
    row = database.outbox(build.id)
    assert row["fields"] == {**fields, "holder": dict(build.command.holder)}
    assert "Jenny" not in str(database.contents())


def test_of_a_command_that_failed_the_name_is_kept_for_another_try(
    store: SqlStore, database: Database
):
    named_build(store)
    build = due_for(store, "create_payment_method")
    store.answer(build, [], NOW + 71, failed=True, error="refused")
    assert store.retry(build.id, NOW + 80)
    again = due_for(store, "create_payment_method")
    assert again.command == build.command
    store.answer(again, [], NOW + 81)
    assert "Jenny" not in str(database.contents())


def test_closing_leaves_the_fields_of_other_commands_alone(store: SqlStore, database: Database):
    hear(store, "evt_1")
    for due in store.due_commands(9e9, 99):
        fields = database.outbox(due.id)["fields"]
        store.answer(due, [], NOW)
        assert database.outbox(due.id)["fields"] == fields


def test_an_answer_that_comes_after_its_command_was_taken_up_again_changes_nothing(
    store: SqlStore, database: Database
):
    """Of a worker that stalled for so long that an operator came first."""
    hear(store, "evt_1")
    due = store.due_commands(NOW, 1)[0]
    store.answer(due, (), NOW, failed=True, error="no")
    assert store.retry(due.id, NOW)
    before = database.contents()
    assert store.answer(due, (), NOW + 1).outcome == "duplicate"
    assert database.contents() == before
    again = store.due_command(due.id)
    assert again is not None
    assert store.answer(again, (), NOW + 2).outcome == "applied"
