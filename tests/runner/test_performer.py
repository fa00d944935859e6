"""The performer stores an attempt's answer with its command, once, and loses nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from relink.adapters.gateway import Answer, Attempt, Gateway, TransientError
from relink.adapters.gateway.protocol import FIRST
from relink.adapters.runner import RETRY_BUDGET_SPENT, Performer
from relink.adapters.runner.stuck import UNEXPECTED
from relink.adapters.simulator import ApiFault, Faults
from relink.adapters.store import SqlStore, StoreUnavailableError
from relink.engine import Command, Event, Step
from relink.machines.commands import CreatePaymentMethod, NotifyCustomer, RequestNewPaymentMethod
from relink.machines.events import CommandFailed

from ..profile import examples
from .embedding import Embedding

HOUR = 3600
DAY = 24 * HOUR


class Unknown(Event):
    """An event of no machine: the system can't decide it."""


class Answers:
    """A gateway that answers from a script, and after that as another one does."""

    def __init__(self, stripe: Gateway, script: list[Exception | Event]) -> None:
        self.stripe = stripe
        self.next = script

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        if not self.next:
            return self.stripe.perform(command, at, attempt)
        match self.next.pop(0):
            case Exception() as error:
                raise error
            case event:
                return Answer((event,))  # type: ignore[arg-type]


@contextmanager
def away(store: SqlStore) -> Iterator[None]:
    """The database can be read but not written."""

    def read_only(connection: Any, _: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    event.listen(store.engine, "connect", read_only)
    store.engine.dispose()
    yield
    event.remove(store.engine, "connect", read_only)
    store.engine.dispose()


def test_an_answer_is_applied_and_its_command_done(at: Embedding):
    account = at.linked()
    (read,) = at.store.due_commands(at.sim.now, 10)
    at.performer.perform(read)
    assert at.state(account) == "active"
    assert at.store.due_command(read.id) is None
    assert [step.trigger.causation_id for step in at.steps] == [read.id]


def test_performing_a_completed_command_changes_nothing(at: Embedding):
    at.linked()
    (read,) = at.store.due_commands(at.sim.now, 10)
    at.performer.perform(read)
    before = len(at.steps)
    at.performer.perform(read)
    assert len(at.steps) == before


def test_a_failed_attempt_is_retried_later(at: Embedding):
    account = at.linked()
    at.sim.inject(ApiFault.TIMEOUT_AFTER, method="GET", times=3)
    for number in (1, 2, 3):
        assert at.performer.work_off() == 1
        due_at = at.store.next_due_at()
        assert due_at is not None
        assert at.sim.now < due_at < at.sim.now + 2**number
        at.sim.advance_to(due_at)
    assert at.performer.work_off() >= 1
    assert at.state(account) == "active"
    assert at.due() == []


@pytest.mark.parametrize("fault", ApiFault)
@pytest.mark.parametrize("path", ["/v1/payment_methods", "/v1/payment_methods/"])
def test_a_lost_answer_does_not_repeat_the_effect(at: Embedding, fault: ApiFault, path: str):
    new = at.linked_instead()
    at.sim.inject(fault, method="POST", path=path, times=2)
    at.settle()
    assert at.count("payment_method.created") == 1
    assert at.count("payment_method.attached") == 1
    assert at.built(new) == "mandate_needed"
    assert CreatePaymentMethod.name not in at.due()
    assert at.store.dead_letters() == []


class Crash(BaseException):
    """The end of the process, right after Stripe carried out a request."""


class Mortal:
    """A gateway that crashes after Stripe's answer, where the script says so."""

    def __init__(self, stripe: Gateway, dies: list[bool]) -> None:
        self.stripe = stripe
        self.dies = dies

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        answer = self.stripe.perform(command, at, attempt)
        if self.dies and self.dies.pop(0):
            raise Crash
        return answer


@settings(max_examples=examples(15))
@given(
    dies=st.lists(st.booleans(), max_size=30),
    rate=st.sampled_from([0.0, 0.03, 0.1]),
)
def test_an_effect_happens_once_whatever_crashes(
    copy_database: Callable[[Path], str], dies: list[bool], rate: float
):
    with TemporaryDirectory() as folder:
        mortal: list[bool] = []
        url = copy_database(Path(folder) / "relink.db")
        at = Embedding(url, lambda stripe: Mortal(stripe, mortal))
        new = at.linked_instead()
        mortal += dies
        at.sim.faults = Faults.everywhere(rate)
        while True:
            try:
                at.settle(2 * DAY)
            except Crash:
                continue
            break
        at.store.close()
        assert at.count("payment_method.created") == 1
        assert at.count("payment_method.attached") == 1
        assert at.built(new) == "mandate_needed"


def test_what_stripe_refuses_for_good_comes_back_as_a_decision(at: Embedding):
    new = at.linked_instead()
    next(iter(at.sim.world.customers.values())).deleted = True
    at.settle()
    assert at.built(new) == "refused"
    (dead,) = at.store.dead_letters()
    assert dead.command == CreatePaymentMethod.name
    assert "is deleted" in (dead.error or "")
    assert any(isinstance(command, RequestNewPaymentMethod) for command, _ in at.told)


def test_F1_what_only_ever_fails_stays_due_and_is_told_to_operators_alone(
    at: Embedding, caplog: pytest.LogCaptureFixture
):
    new = at.linked_instead()
    at.receive_webhooks()
    at.sim.faults = Faults(rate_limited=1.0)
    at.settle(3 * DAY)
    assert at.store.dead_letters() == []
    stuck = {each.command: each for each in at.store.stuck_commands()}
    build = stuck[CreatePaymentMethod.name]
    assert build.stuck_on == RETRY_BUDGET_SPENT
    assert "429" in (build.error or "")
    assert at.store.count_stuck() == {RETRY_BUDGET_SPENT: len(stuck)}
    errors = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert any(build.id in each and RETRY_BUDGET_SPENT in each for each in errors)
    assert not any(isinstance(step.trigger, CommandFailed) for step in at.steps)
    assert not any(isinstance(command, RequestNewPaymentMethod) for command, _ in at.told)

    at.sim.faults = Faults()
    at.settle(HOUR)
    assert at.store.stuck_commands() == []
    assert at.count("payment_method.created") == 1
    assert at.built(new) == "mandate_needed"


def test_F1_after_a_rest_of_four_days_a_passing_fault_passes(at: Embedding):
    """Case 32: time in which nobody tried does not count."""
    at.linked_instead()
    at.receive_webhooks()
    at.sim.inject(ApiFault.ERROR_BEFORE, times=1)
    at.performer.work_off()
    at.sim.advance(4 * DAY)
    at.sim.inject(ApiFault.ERROR_BEFORE, times=3)
    at.settle(60)
    assert (at.store.dead_letters(), at.store.stuck_commands()) == ([], [])
    assert at.count("payment_method.created") == 1


def test_a_refused_command_can_be_retried_while_stripe_stores_the_refusal(at: Embedding):
    new = at.linked_instead()
    at.receive_webhooks()
    account = at.sim.world.accounts[new]
    works, account.status = account.status, "inactive"
    at.performer.work_off()
    (dead,) = at.store.dead_letters()
    assert "inactive" in (dead.error or "")

    account.status = works
    assert at.store.retry(dead.id, at.sim.now)
    at.settle()
    assert at.store.dead_letters() == []
    assert at.built(new) == "mandate_needed"
    assert at.count("payment_method.created") == 1


def test_a_notification_is_retried_until_it_is_delivered(url: str):
    at = Embedding(url)
    deaf = [TransientError("nobody there")] * 3

    def notify(command: Command, id: str) -> None:
        if deaf:
            raise deaf.pop()
        at.told.append((command, id))

    at.performer = Performer(at.store, at.stripe, notify, clock=lambda: at.sim.now)
    login = at.sim.world.accounts[at.linked()].authorization
    assert login
    at.sim.bank.expire_consent(login.id)
    at.settle(30)
    ((prompt, id),) = at.told
    assert isinstance(prompt, NotifyCustomer)
    assert id == prompt.id
    assert at.store.dead_letters() == []
    at.store.close()


# ── unexpected errors ─────────────────────────────────────────────────


@pytest.fixture
def answers(url: str) -> Iterator[tuple[Embedding, list[Exception | Event]]]:
    """A service, and the script of its gateway."""
    script: list[Exception | Event] = []
    at = Embedding(url, lambda stripe: Answers(stripe, script))
    yield at, script
    at.store.close()


Scripted = tuple[Embedding, list[Exception | Event]]


def test_an_unexpected_gateway_error_does_not_hold_up_other_commands(
    answers: Scripted, caplog: pytest.LogCaptureFixture
):
    at, script = answers
    at.linked()
    at.linked()
    script += [ZeroDivisionError("whose account it was")]
    at.performer.work_off()
    assert len(at.due()) == 1
    assert "Traceback" in caplog.text
    with at.store.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT error FROM outbox WHERE status = 'due'").scalar()
    assert kept == "unexpected ZeroDivisionError; the log has more"
    at.settle()
    assert at.due() == []


def test_an_undecidable_answer_is_retried(answers: Scripted, caplog: pytest.LogCaptureFixture):
    at, script = answers
    at.linked()
    script += [Unknown()]
    at.performer.work_off()
    assert "TypeError: Unknown is not an outside event" in caplog.text
    (due,) = at.store.due_commands(at.sim.now + 10, 10)
    assert due.attempts == 1
    at.settle()
    assert at.due() == []


def test_an_answer_that_stays_undecidable_keeps_its_command_due(answers: Scripted):
    at, script = answers
    at.linked()
    script += [Unknown()] * 1000
    at.settle(3 * DAY)
    (stuck,) = at.store.stuck_commands()
    assert (stuck.stuck_on, stuck.error) == (UNEXPECTED, "unexpected TypeError; the log has more")
    assert (at.store.dead_letters(), at.steps) == ([], [])
    assert stuck.due_at - at.sim.now < HOUR


def test_a_command_stays_due_while_the_database_is_down(at: Embedding):
    new = at.linked_instead()
    at.receive_webhooks()
    due = next(
        due
        for due in at.store.due_commands(at.sim.now, 10)
        if isinstance(due.command, CreatePaymentMethod)
    )
    with away(at.store):
        for fault in (None, ApiFault.RATE_LIMITED):
            if fault:
                at.sim.inject(fault)
            with pytest.raises(StoreUnavailableError):
                at.performer.perform(due)
    assert at.store.due_command(due.id) == due
    at.settle()
    assert at.count("payment_method.created") == 1
    assert at.built(new) == "mandate_needed"


def test_every_attempt_is_reported_to_the_watcher(url: str):
    seen: list[tuple[str, str, float]] = []
    at = Embedding(url)
    at.performer = Performer(
        at.store,
        at.stripe,
        print,
        clock=lambda: at.sim.now,
        watch_command=lambda command, result, age: seen.append((command.name, result, age)),
    )
    at.linked()
    asked_at = at.store.due_commands(at.sim.now, 1)[0].created_at
    at.sim.inject(ApiFault.ERROR_BEFORE, times=1)
    at.settle(60)
    name = "retrieve_authorization"
    assert [(what, result) for what, result, _ in seen] == [(name, "postponed"), (name, "done")]
    assert seen[1][2] == pytest.approx(at.sim.now - asked_at, abs=60)
    assert seen[0][2] < seen[1][2]
    at.store.close()


def test_a_failing_watcher_does_not_undo_what_was_stored(at: Embedding):
    def look(step: Step) -> None:
        raise ZeroDivisionError

    account = at.linked()
    performer = Performer(at.store, at.stripe, print, clock=lambda: at.sim.now, watch=look)
    (read,) = at.store.due_commands(at.sim.now, 10)
    with pytest.raises(ZeroDivisionError):
        performer.perform(read)
    assert at.store.due_command(read.id) is None
    assert at.state(account) == "active"
