"""What every store promises about commands: asked for, answered, retried, given up."""

from collections.abc import Callable

import pytest
from statemachine import State

from relink.adapters.store import Codec, Party, Store
from relink.engine import Address, Chart, Command, Event, Facts, Send, System
from relink.machines.commands import (
    CreatePaymentMethod,
    Notification,
    RetrieveAccount,
    RetrieveSessionForCaller,
    Wake,
)
from relink.machines.events import (
    BillingNameAbsent,
    BillingNameGiven,
    PaymentMethodMade,
    RelinkRequested,
    SessionAccount,
    SessionReported,
)

from .contents import contents
from .messages import ACCOUNT, ACTIVE, NOW, due_for, message, open_session, receive, reported


@pytest.fixture
def store(any_store: Store) -> Store:
    return any_store


class Rung(Event):
    """Of a chart that always asks for the same command."""


class Chime(Notification):
    bell: str

    @property
    def subject(self) -> str:
        return self.bell


class Whim(Command):
    """Of no family: nobody would carry it out."""


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


class Fancy(Bell):
    def ask(self, facts: BellFacts, trigger: Rung) -> Whim:
        return Whim()


def ringing(chart: type[Chart]) -> System:
    return System(
        {"bell": chart.table()}, lambda rung, _: [Send(machine="bell", key="b", event=rung)]
    )


# ── asked for ────────────────────────────────────────────────────────────────


def test_a_command_that_is_asked_for_again_is_stored_once(new_store: Callable[..., Store]):
    store = new_store(ringing(Bell), Codec([Rung], [Chime]))
    for id in ("evt_1", "evt_2", "evt_3"):
        (step,) = store.apply(message(id), [Rung()]).steps
        assert len(step.commands) == 1
        if id == "evt_2":
            chime = due_for(store, "chime")
            assert chime.causation_id == "evt_1"
            store.answer(chime, [], NOW)
    assert store.due_commands(9e9, 9) == []
    assert [entry.event for entry in store.journal(Address("bell", "b"))] == [Rung()] * 3


def test_a_command_of_no_family_is_refused_before_anything_is_stored(
    new_store: Callable[..., Store],
):
    store = new_store(ringing(Fancy), Codec([Rung], []))
    with pytest.raises(TypeError, match="Whim is of no command family"):
        store.apply(message("evt_1"), [Rung()])
    assert store.count_machines() == 0


def test_a_command_for_the_caller_is_not_stored(store: Store):
    receive(store, "evt_1")
    open_session(store)
    assert store.snapshot(ACCOUNT).state == "relinking"
    again = RelinkRequested(causation_id="req_3", at=float(NOW), account=ACCOUNT.key)
    commands = store.apply(message("req_3"), [again]).steps[0].commands
    assert [type(command) for command in commands] == [RetrieveSessionForCaller]
    names = {due.command.name for due in store.due_commands(9e9, 99)}
    assert names
    assert not names & {"create_relink_session", "retrieve_session_for_caller"}


def test_commands_are_due_at_their_time_and_longest_due_first(store: Store):
    receive(store, "evt_1")
    receive(store, "evt_2", **ACTIVE)  # ambiguous within the same second: Stripe is read later

    at_once = {due.command.name for due in store.due_commands(NOW, 99)}
    assert "notify_customer" in at_once
    due = store.due_commands(NOW + 10**9, 99)
    assert due == sorted(due, key=lambda each: (each.due_at, each.id))
    due_at = {each.command: each.due_at for each in due}
    (read,) = [command for command in due_at if isinstance(command, RetrieveAccount)]
    assert due_at[read] == read.after > NOW
    timers = [command for command in due_at if isinstance(command, Wake)]
    assert timers
    assert all(due_at[timer] == timer.due > NOW for timer in timers)
    assert store.due_commands(NOW + 10**9, limit=2) == due[:2]
    assert store.due_commands(due[0].due_at - 0.5, 99) == []
    assert store.next_due_at() == due[0].due_at


def test_reading_due_commands_does_not_take_them(store: Store):
    receive(store, "evt_1")
    due = store.due_commands(9e9, 99)
    assert store.due_commands(9e9, 99) == due
    assert [store.due_command(each.id) for each in due] == due
    assert store.due_command("unknown") is None


def test_timers_come_in_the_order_in_which_they_fire(store: Store):
    for number in range(3):
        login = f"fcauth_{number}"
        receive(store, f"evt_{number}", NOW + 10 - number, f"fca_{number}", authorization=login)
    timers = store.timers()
    assert len(timers) >= 3
    assert all(isinstance(timer.command, Wake) for timer in timers)
    assert [timer.due_at for timer in timers] == sorted(timer.due_at for timer in timers)
    assert store.timers(limit=2) == timers[:2]
    store.answer(timers[0], [], timers[0].due_at)
    assert store.timers() == timers[1:]


def test_the_next_due_time_is_that_of_the_first_command(store: Store):
    assert store.next_due_at() is None
    receive(store, "evt_1")
    assert store.next_due_at() == NOW
    for due in store.due_commands(NOW, 99):
        store.postpone(due, NOW + 500.25)
    assert store.next_due_at() == NOW + 500.25
    for due in store.due_commands(9e9, 99):
        store.answer(due, [], NOW)
    assert store.next_due_at() is None


# ── answered ─────────────────────────────────────────────────────────────────


def test_an_answer_is_applied_and_completes_its_command(store: Store):
    receive(store, "evt_1")
    receive(store, "evt_2", **ACTIVE)
    read = due_for(store, "retrieve_account")
    applied = store.answer(read, [reported(read.answer_id, NOW + 60, **ACTIVE)], NOW + 61.5)
    assert applied.outcome == "applied"
    assert store.snapshot(ACCOUNT) == applied.steps[0].snapshots[ACCOUNT]
    assert store.snapshot(ACCOUNT).state == "active"
    entry = store.journal(ACCOUNT)[-1]
    assert (entry.causation_id, entry.at) == (read.id, NOW + 61.5)
    assert store.due_command(read.id) is None
    assert read.id not in [due.id for due in store.due_commands(9e9, 99)]


@pytest.mark.parametrize("failed", [False, True])
def test_a_second_answer_changes_nothing(store: Store, failed: bool):
    receive(store, "evt_1")
    receive(store, "evt_2", **ACTIVE)
    read = due_for(store, "retrieve_account")
    store.answer(read, [reported(read.id, NOW + 60, **ACTIVE)], NOW + 60)
    before = contents(store)
    again = store.answer(read, [reported(read.id, NOW + 90)], NOW + 90, failed=failed, error="no")
    assert (again.outcome, again.steps) == ("duplicate", ())
    store.postpone(read, NOW + 99, "late")
    assert contents(store) == before


def test_an_answer_without_events_completes_its_command(store: Store):
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    machines = store.count_machines()
    assert store.answer(prompt, [], NOW + 1).outcome == "applied"
    assert store.due_command(prompt.id) is None
    assert store.answer(prompt, [], NOW + 1).outcome == "duplicate"
    assert store.count_machines() == machines
    # It left no message behind.
    assert store.apply(message(prompt.answer_id), []).outcome == "applied"


def test_an_answer_that_arrived_before_only_completes_its_command(store: Store):
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    store.apply(message(prompt.id), [])
    journal = store.journal(ACCOUNT)
    assert store.answer(prompt, [reported(prompt.id, **ACTIVE)], NOW).outcome == "duplicate"
    assert store.due_command(prompt.id) is None
    assert store.journal(ACCOUNT) == journal


def test_an_answer_that_cannot_be_decided_leaves_its_command_due(store: Store):
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    before = contents(store)
    with pytest.raises(TypeError, match="not an outside event"):
        store.answer(prompt, [Rung()], NOW)
    assert contents(store) == before
    assert store.due_command(prompt.id) == prompt


# ── retried and given up ─────────────────────────────────────────────────────


def test_a_postponed_command_is_due_later(store: Store):
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    store.postpone(prompt, NOW + 100.5, "HTTP 503")
    assert prompt.id not in [due.id for due in store.due_commands(NOW + 100, 99)]
    again = store.due_command(prompt.id)
    assert (again.attempts, again.due_at) == (1, NOW + 100.5)
    assert (again.command, again.created_at) == (prompt.command, prompt.created_at)


def test_F1_the_pauses_between_attempts_add_up(store: Store):
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    assert prompt.retried_for == 0
    store.postpone(prompt, NOW + 101.5, "HTTP 503", pause=1.5)
    store.postpone(due_for(store, "notify_customer"), NOW + 9000, "HTTP 503", pause=3.25)
    assert due_for(store, "notify_customer").retried_for == 4.75


def test_F1_a_stuck_command_is_listed_until_it_is_not_stuck_any_more(store: Store):
    receive(store, "evt_1")
    receive(store, "evt_2", **ACTIVE)
    assert (store.stuck_commands(), store.count_stuck()) == ([], {})
    prompt, read = due_for(store, "notify_customer"), due_for(store, "retrieve_account")
    wake = store.timers()[0]
    for due, code in ((prompt, "no_success_in_time"), (read, "http_403"), (wake, "http_403")):
        store.postpone(due, 8e9, f"not {due.id}", stuck_on=code)
    of_key = sorted([wake, read], key=lambda each: each.id)
    assert store.stuck_commands() == [
        (due.id, due.command.name, 1, 8e9, code, f"not {due.id}")
        for due, code in [*((each, "http_403") for each in of_key), (prompt, "no_success_in_time")]
    ]
    assert store.stuck_commands(limit=1) == store.stuck_commands()[:1]
    assert store.count_stuck() == {"http_403": 2, "no_success_in_time": 1}

    store.postpone(due_for(store, "retrieve_account"), 8e9, "HTTP 500")
    store.answer(store.due_command(wake.id), [], NOW + 1.0)
    assert store.count_stuck() == {"no_success_in_time": 1}
    store.answer(due_for(store, "notify_customer"), [], NOW + 2.0, failed=True, error="refused")
    assert (store.stuck_commands(), store.count_stuck()) == ([], {})


def test_a_retried_dead_letter_is_due_in_a_new_generation(store: Store):
    receive(store, "evt_1")
    receive(store, "evt_2", **ACTIVE)
    read = due_for(store, "retrieve_account")
    store.postpone(read, NOW + 55.0, "HTTP 503", pause=5.0)
    read = due_for(store, "retrieve_account")
    refused = reported(read.answer_id, NOW + 60, action="none")
    store.answer(read, [refused], NOW + 60.0, failed=True, error="no such account")
    assert store.due_command(read.id) is None
    assert store.dead_letters() == [(read.id, "retrieve_account", 2, NOW + 60.0, "no such account")]
    assert store.count_dead_letters() == 1

    assert store.retry(read.id, NOW + 90.5)
    assert not store.retry(read.id, NOW + 90.5)
    assert not store.retry("no_such_command", NOW + 90.5)
    assert (store.count_dead_letters(), store.dead_letters()) == (0, [])
    again = store.due_command(read.id)
    assert (again.command, again.generation, again.due_at) == (read.command, 1, NOW + 90.5)
    assert (again.attempts, again.retried_for) == (2, 0)
    assert again.answer_id not in (read.answer_id, again.id)
    applied = store.answer(again, [reported(again.answer_id, NOW + 99, **ACTIVE)], NOW + 99)
    assert applied.outcome == "applied"
    assert store.snapshot(ACCOUNT).state == "active"


def test_a_retried_command_can_fail_again(store: Store):
    receive(store, "evt_1")
    ids = set()
    for number in range(3):
        prompt = due_for(store, "notify_customer")
        assert prompt.generation == number
        ids.add(prompt.answer_id)
        events = [reported(prompt.answer_id, NOW + number)]
        store.answer(prompt, events, NOW + number, failed=True)
        assert store.retry(prompt.id, NOW + number)
    assert len(ids) == 3
    assert {entry.causation_id for entry in store.journal(ACCOUNT)} == {"evt_1", *ids}


def test_a_worker_with_an_older_generation_changes_nothing(store: Store):
    """The worker stalled for so long that an operator retried the command meanwhile."""
    receive(store, "evt_1")
    due = store.due_commands(NOW, 1)[0]
    store.answer(due, (), NOW, failed=True, error="no")
    assert store.retry(due.id, NOW)
    before = contents(store)
    assert store.answer(due, (), NOW + 1).outcome == "duplicate"
    store.postpone(due, NOW + 99, "late")
    assert contents(store) == before
    again = store.due_command(due.id)
    assert again is not None
    assert store.answer(again, (), NOW + 2).outcome == "applied"


def test_dead_letters_come_latest_first(store: Store):
    receive(store, "evt_1")
    due = store.due_commands(9e9, 99)
    for number, each in enumerate(due):
        store.answer(each, [], NOW + number, failed=True, error=f"reason {number}")
    letters = store.dead_letters()
    assert [letter.id for letter in letters] == [each.id for each in reversed(due)]
    assert letters[0].error == f"reason {len(due) - 1}"
    assert store.dead_letters(limit=2) == letters[:2]
    assert store.count_dead_letters() == len(due)


# ── billing names ────────────────────────────────────────────────────────────


def link_without_name(store: Store) -> None:
    """Link a new account that is to be built on, of a customer who has no name."""
    receive(store, "evt_1")
    open_session(store)
    new = reported("", account="fca_new", authorization="fcauth_2", **ACTIVE).report
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


def link_and_name(store: Store) -> None:
    """Link such an account, and give the name."""
    link_without_name(store)
    named = BillingNameGiven(
        causation_id="req_3", at=NOW + 62.0, account="fca_new", billing_name="Jenny Rosen"
    )
    store.apply(message("req_3"), [named])


def test_a_billing_name_is_kept_until_its_command_is_done(store: Store):
    link_and_name(store)
    build = due_for(store, "create_payment_method")
    assert isinstance(build.command, CreatePaymentMethod)
    assert build.command.billing_name == "Jenny Rosen"
    store.postpone(build, NOW + 70, "HTTP 500")
    assert due_for(store, "create_payment_method").command == build.command
    made = PaymentMethodMade(
        causation_id=build.id, at=NOW + 71.0, account="fca_new", payment_method="pm_1"
    )
    store.answer(due_for(store, "create_payment_method"), [made], NOW + 71)
    assert "Jenny" not in str(contents(store))


def test_a_dead_letter_keeps_its_billing_name_for_a_retry(store: Store):
    link_and_name(store)
    build = due_for(store, "create_payment_method")
    store.answer(build, [], NOW + 71, failed=True, error="refused")
    assert store.retry(build.id, NOW + 80)
    again = due_for(store, "create_payment_method")
    assert again.command == build.command
    store.answer(again, [], NOW + 81)
    assert "Jenny" not in str(contents(store))


# ── what should be done by now ───────────────────────────────────────────────


def test_a_command_that_was_not_tried_is_put_off_and_nothing_is_counted(store: Store):
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    store.put_off(prompt, NOW + 50)
    waits = due_for(store, "notify_customer")
    assert (waits.attempts, waits.retried_for, waits.due_at) == (0, 0, NOW + 50)
    store.put_off(prompt, NOW + 20)
    assert due_for(store, "notify_customer").due_at == NOW + 50, "never sooner"
    store.answer(waits, [], NOW + 1)
    store.put_off(prompt, NOW + 90)
    assert store.due_command(prompt.id) is None


def test_the_commands_of_one_party_can_be_asked_for(store: Store):
    receive(store, "evt_1")
    receive(store, "evt_2", **ACTIVE)
    everything = store.due_commands(9e9, 99)
    by_party = {party: store.due_commands(9e9, 99, party) for party in Party}
    assert all(by_party.values())
    for party, found in by_party.items():
        assert found == [due for due in everything if Party.of(due.command) is party]
        assert store.due_commands(9e9, 1, party) == found[:1]


def test_what_is_overdue_counts_from_when_it_was_asked_for(store: Store):
    assert store.overdue(NOW) == (0, {}, None)
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    others = len(store.due_commands(NOW + 1, 99)) - 1
    assert store.overdue(NOW + 1) == (others + 1, {}, NOW)
    assert store.overdue(NOW - 1) == (0, {}, None)

    # It fails again and again, and each time it is due later: it does not get younger.
    for later in (10, 100, 9e8):
        store.postpone(due_for(store, "notify_customer"), NOW + later, "HTTP 503")
    for due in store.due_commands(NOW + 1, 99):
        store.answer(due, [], NOW + 1)
    assert store.overdue(NOW + 200) == (0, {"notify_customer": 1}, NOW)
    # What is stuck is counted on its own, and is as old.
    store.postpone(due_for(store, "notify_customer"), 9e9, "HTTP 403", stuck_on="permission")
    assert store.overdue(NOW + 200) == (0, {}, NOW)
    store.answer(store.due_command(prompt.id), [], NOW + 1)
    assert store.overdue(NOW + 200) == (0, {}, None)
