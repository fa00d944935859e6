"""Each sweep reads everything once that a lost webhook could be about (K11)."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.adapters.runner import reconcile
from relink.adapters.runner.reconcile import CURSOR, LATE_SUCCESS, RECENT, sweep_everything
from relink.adapters.store import DueCommand, InboxMessage, SqlStore
from relink.engine import Address
from relink.machines import RelinkPolicy, relink_system
from relink.machines.commands import AttachExternalAccount, CreateRelinkSession, Read
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    DomainEvent,
    ExternalAccountMade,
    PaymentMethodMade,
    PaymentMethodReported,
    RelinkSessionCreated,
    SessionAccount,
    SessionReported,
)
from relink.machines.report import Holder, PaymentMethodReport, StatusReport

from ..profile import examples

NOW = 1_760_000_000.0
PERIOD = 1000.0
JUST = PERIOD * RECENT / 2
"""Seconds within which a report makes a read unnecessary."""
ACTIVE = StatusReport(status="active", authorization=None, subcategory="checking")


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = SqlStore(url, relink_system())
    yield opened
    opened.close()


def tell(store: SqlStore, *events: DomainEvent, on_behalf_of: str | None = None) -> None:
    """Apply events, as messages of their own."""
    for event in events:
        message = InboxMessage(event.causation_id, "test", int(event.at), event.at, on_behalf_of)
        store.apply(message, (event,))


def account(id: str, at: float, report: StatusReport = ACTIVE, **changed: Any) -> AccountReported:
    told = {"causation_id": f"evt_{id}_{at}", "at": at, "as_of": int(at), "read": False}
    return AccountReported(account=id, report=report, **{**told, **changed})


def authorization(id: str, at: float, **changed: Any) -> AuthorizationReported:
    told = {"causation_id": f"evt_{id}_{at}", "at": at, "as_of": int(at), "read": True}
    report = StatusReport(status=changed.pop("status", "active"))
    return AuthorizationReported(authorization=id, report=report, **{**told, **changed})


def session(id: str, at: float, account: str, attempt: int = 1) -> RelinkSessionCreated:
    request = CreateRelinkSession(
        account=account,
        attempt=attempt,
        authorization="fcauth_1",
        mode="specific",
        reason="inactive",
        holder=None,
        permissions=("payment_method",),
        subcategories=("checking",),
        delivery="modal",
        return_url=None,
    )
    return RelinkSessionCreated(causation_id=f"evt_{id}", at=at, session=id, request=request)


def asked(store: SqlStore) -> Counter[str]:
    """The reads of the sweep that are due, by object."""
    return Counter(due.command.subject for due in _reads(store) if "reconcile:" in due.causation_id)


def _reads(store: SqlStore) -> list[DueCommand]:
    found = store.due_commands(float("inf"), 10_000)
    return [due for due in found if isinstance(due.command, Read)]


def answer(store: SqlStore, at: float) -> Counter[str]:
    """Answer every read of an account or authorization that is due; which were the sweep's."""
    found = asked(store)
    for due in _reads(store):
        read = {"causation_id": due.answer_id, "read": True, "begun_at": at}
        subject = due.command.subject
        if subject.startswith("fca_"):
            known = store.snapshot(Address("account", subject))
            login = getattr(known.facts, "authorization", None) if known else None
            report = ACTIVE.model_copy(update={"authorization": login})
            store.answer(due, (account(subject, at, report, **read),), at)
        elif subject.startswith("fcauth_"):
            store.answer(due, (authorization(subject, at, **read),), at)
    return found


def sweep(store: SqlStore, now: float) -> Counter[str]:
    """One whole sweep that begins now; what it reads."""
    reconcile(store, now, PERIOD)
    reconcile(store, now + PERIOD, PERIOD)
    return answer(store, now + PERIOD)


def attach(store: SqlStore, made: str, new: str, connected_account: str, at: float) -> None:
    """Let the holder of a connected account link a new account, to which relink attaches."""
    holder = Holder(field="account", id=connected_account)
    down = StatusReport(
        status="inactive", action="relink_required", authorization="fcauth_1", holder=holder
    )
    works = StatusReport(
        status="active",
        authorization="fcauth_1",
        holder=holder,
        permissions=("payment_method",),
        subcategory="checking",
        payment_method_types=("us_bank_account",),
    )
    opened = session("fcsess_attach", at, "fca_old")
    opened = opened.model_copy(
        update={"request": opened.request.model_copy(update={"holder": holder})}
    )
    succeeded = SessionReported(
        causation_id="evt_attach",
        at=at + 1,
        as_of=int(at) + 1,
        read=True,
        session="fcsess_attach",
        status="succeeded",
        accounts=(SessionAccount(account=new, report=works),),
    )
    tell(store, account("fca_old", at, down), opened, succeeded, on_behalf_of=connected_account)
    (due,) = [
        due
        for due in store.due_commands(at + 1, 99)
        if isinstance(due.command, AttachExternalAccount)
    ]
    attached = ExternalAccountMade(
        causation_id=due.answer_id, at=at + 2, account=new, external_account=made
    )
    store.answer(due, (attached,), at + 2)


# ── how it is spread ─────────────────────────────────────────────────────────


def test_K11_a_sweep_is_spread_over_its_period(store: SqlStore):
    accounts = [f"fca_{n}" for n in range(5)]
    tell(store, *(account(each, NOW - PERIOD) for each in accounts))
    assert reconcile(store, NOW, PERIOD) == 0
    for n, each in enumerate(accounts):
        assert reconcile(store, NOW + PERIOD / 5 * n, PERIOD) == 0
        assert reconcile(store, NOW + PERIOD / 5 * n + 1, PERIOD) == 1
        assert set(asked(store)) == {*accounts[:n], each}
    assert reconcile(store, NOW + PERIOD - 1, PERIOD) == 0


@settings(max_examples=examples(20))
@given(
    accounts=st.integers(0, 8),
    late=st.integers(0, 3),
    ticks=st.lists(st.floats(1, PERIOD / 2), min_size=1, max_size=25),
)
def test_K11_each_sweep_reads_everything_once_whenever_it_is_called(
    copy_database: Callable[[Path], str], accounts: int, late: int, ticks: list[float]
):
    with TemporaryDirectory() as folder:
        store = SqlStore(copy_database(Path(folder) / "relink.db"), relink_system())
        everything: set[str] = set()
        for n in range(accounts):
            report = ACTIVE.model_copy(update={"authorization": f"fcauth_{n // 2}"})
            tell(store, account(f"fca_{n}", NOW - PERIOD, report))
            everything |= {f"fca_{n}", f"fcauth_{n // 2}"}
        answer(store, NOW - PERIOD)
        began, now, read = NOW, NOW, Counter[str]()
        reconcile(store, now, PERIOD)
        tell(store, *(account(f"fca_0late{n}", NOW - PERIOD) for n in range(late)))
        for tick in ticks:
            now += tick
            reconcile(store, now, PERIOD)
            read += answer(store, now)
            if now >= began + PERIOD:
                break
            assert read.total() <= ceil(len(everything) * (now - began) / PERIOD)
        else:
            store.close()
            return
        # The sweep is over and has read everything; the next one does so again.
        assert everything <= set(read)
        assert set(read.values()) <= {1}
        for _ in range(30):
            now += PERIOD / 10
            reconcile(store, now, PERIOD)
            read += answer(store, now)
        assert set(read) == everything | {f"fca_0late{n}" for n in range(late)}
        assert max(read.values(), default=3) >= 3
        assert max(read.values(), default=2) - min(read.values(), default=2) <= 1
        store.close()


def test_K11_a_sweep_that_is_behind_visits_a_bounded_number_at_a_time(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
):
    module = sys.modules[reconcile.__module__]
    monkeypatch.setattr(module, "MOST", 3)
    monkeypatch.setattr(module, "PAGE", 2)
    tell(store, *(account(f"fca_{n}", NOW - PERIOD) for n in range(8)))
    assert reconcile(store, NOW, PERIOD) == 0
    late = NOW + 10 * PERIOD
    assert [reconcile(store, late, PERIOD) for _ in range(4)] == [3, 3, 2, 0]
    assert set(asked(store)) == {f"fca_{n}" for n in range(8)}


def test_K11_repeating_an_interrupted_slice_asks_for_no_second_read(store: SqlStore):
    tell(store, *(account(f"fca_{n}", NOW - PERIOD) for n in range(4)))
    reconcile(store, NOW, PERIOD)
    before = store.cursor("reconcile")
    assert before
    reconcile(store, NOW + PERIOD / 2, PERIOD)
    store.set_cursor("reconcile", before)  # as if it had not come so far
    reconcile(store, NOW + PERIOD, PERIOD)
    assert asked(store) == Counter(f"fca_{n}" for n in range(4))


# ── what is read ─────────────────────────────────────────────────────────────


def test_K11_accounts_are_read_unless_they_are_disconnected_or_just_described(store: SqlStore):
    long_ago, just_now = NOW - PERIOD, NOW + PERIOD - JUST
    gone = StatusReport(status="disconnected")
    tell(
        store,
        account("fca_long_ago", long_ago),
        account("fca_disconnected", long_ago, gone),
        account("fca_just_now", just_now, complete=True),
        account("fca_read_just_now", just_now, read=True),
        # Of a GA version: it does not say whether there is an authorization.
        account("fca_incomplete", just_now, StatusReport(status="active")),
    )
    assert set(sweep(store, NOW)) == {"fca_long_ago", "fca_incomplete"}


def test_K11_after_a_restore_everything_is_read_at_once_and_then_as_usual(store: SqlStore):
    sweep(store, NOW)
    gone = account("fca_gone", NOW, StatusReport(status="disconnected"))
    tell(store, account("fca_1", NOW + PERIOD), account("fca_2", NOW + PERIOD - JUST), gone)
    answer(store, NOW + PERIOD)
    assert sweep_everything(store, NOW + PERIOD) == 3
    reconcile(store, NOW + PERIOD, PERIOD)
    assert answer(store, NOW + PERIOD + 1) == Counter({"fca_1": 1, "fca_2": 1})
    reconcile(store, NOW + PERIOD + JUST, PERIOD)
    assert answer(store, NOW + PERIOD + JUST) == Counter()
    # The next sweep begins a period later, and takes its time.
    assert sweep(store, NOW + 2 * PERIOD) == Counter({"fca_1": 1, "fca_2": 1})


def test_K11_authorizations_are_read_while_an_account_belongs_to_them(store: SqlStore):
    for n in ("1", "2", "3", "4"):
        report = ACTIVE.model_copy(update={"authorization": f"fcauth_{n}"})
        tell(store, account(f"fca_{n}", NOW - PERIOD, report))
    answer(store, NOW - PERIOD)
    moved = ACTIVE.model_copy(update={"authorization": "fcauth_1"})
    tell(
        store,
        account("fca_2", NOW - PERIOD + 9, moved),
        authorization("fcauth_3", NOW + PERIOD - JUST),
        authorization("fcauth_4", NOW - PERIOD + 9, status="disconnected"),
    )
    answer(store, NOW - PERIOD + 9)
    found = sweep(store, NOW)
    assert {each for each in found if each.startswith("fcauth_")} == {"fcauth_1"}


def test_K11_open_sessions_are_read_and_given_up_ones_for_a_while(store: SqlStore):
    down = StatusReport(status="inactive", action="relink_required", authorization="fcauth_1")
    for n in ("open", "cancelled", "superseded", "old"):
        tell(store, account(f"fca_{n}", NOW - PERIOD, down))
    tell(
        store,
        session("fcsess_open", NOW - LATE_SUCCESS, "fca_open"),
        session("fcsess_cancelled", NOW - 90.0, "fca_cancelled"),
        session("fcsess_superseded", NOW - 90.0, "fca_superseded"),
        session("fcsess_next", NOW - 80.0, "fca_superseded", attempt=2),
        session("fcsess_old", NOW - LATE_SUCCESS, "fca_old"),
        session("fcsess_new", NOW - 80.0, "fca_old", attempt=2),
        SessionReported(
            causation_id="evt_cancelled",
            at=NOW - 70.0,
            as_of=int(NOW) - 70,
            read=False,
            session="fcsess_cancelled",
            status="cancelled",
        ),
    )
    states = {key: found.snapshot.state for key, found in store.machines_named("session")}
    assert states["fcsess_old"] == states["fcsess_superseded"] == "superseded"
    assert states["fcsess_cancelled"] == "cancelled"
    found = sweep(store, NOW)
    assert {each for each in found if each.startswith("fcsess_")} == {
        "fcsess_open",
        "fcsess_superseded",
        "fcsess_next",
        "fcsess_new",
    }


def test_K11_what_was_built_is_read_unless_it_is_gone(store: SqlStore):
    at = NOW - PERIOD
    for n in ("1", "2", "3"):
        made = {"causation_id": f"made_{n}", "at": at, "account": f"fca_{n}"}
        tell(store, account(f"fca_{n}", at), PaymentMethodMade(payment_method=f"pm_{n}", **made))
    attach(store, "ba_4", "fca_4", "acct_4", at)
    for n, method, when in (("2", {"gone": True}, at), ("3", {}, NOW + PERIOD - JUST)):
        tell(
            store,
            PaymentMethodReported(
                causation_id=f"evt_pm_{n}",
                at=when,
                as_of=int(when),
                read=False,
                payment_method=f"pm_{n}",
                account=f"fca_{n}",
                report=PaymentMethodReport(**method),
            ),
        )
    found = sweep(store, NOW)
    assert {each for each in found if each.startswith(("pm_", "ba_"))} == {"pm_1", "ba_4"}
    (read,) = [due for due in _reads(store) if due.command.subject == "ba_4"]
    assert read.command.name == "retrieve_external_account"
    assert read.connected_account == "acct_4"


def test_K11_a_read_is_on_behalf_of_the_objects_connected_account(store: SqlStore):
    report = ACTIVE.model_copy(update={"authorization": "fcauth_1"})
    tell(store, account("fca_1", NOW - PERIOD, report), on_behalf_of="acct_1")
    answer(store, NOW - PERIOD)
    policy = RelinkPolicy(attempts=7)
    reconcile(store, NOW, PERIOD, policy)
    reconcile(store, NOW + PERIOD, PERIOD, policy)
    due = {each.command.subject: each for each in _reads(store)}
    assert {id: each.connected_account for id, each in due.items()} == {
        "fca_1": "acct_1",
        "fcauth_1": "acct_1",
    }
    entry = store.journal(Address("read", "fca_1"))[-1]
    assert entry.event.policy == policy  # type: ignore[attr-defined]


def test_K11_an_undecidable_object_does_not_hold_up_the_sweep(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    tell(store, *(account(f"fca_{n}", NOW - PERIOD) for n in range(3)))
    apply = store.apply

    def broken(message: InboxMessage, events: tuple[Any, ...]):
        if events[0].id == "fca_1":
            raise ZeroDivisionError
        return apply(message, events)

    monkeypatch.setattr(store, "apply", broken)
    reconcile(store, NOW, PERIOD)
    assert reconcile(store, NOW + PERIOD, PERIOD) == 2
    assert "fca_1 could not be reconciled" in caplog.text


def test_K11_a_clock_that_is_set_back_does_not_make_the_sweep_rest(store: SqlStore):
    """Case 12."""
    tell(store, *(account(f"fca_{n}", NOW - PERIOD) for n in range(8)))
    reconcile(store, NOW, PERIOD)
    reconcile(store, NOW + PERIOD / 2, PERIOD)
    half_done = store.cursor(CURSOR)
    assert half_done
    assert 0 < half_done["passed"] < half_done["objects"]
    back = NOW - 10 * PERIOD
    reconcile(store, back, PERIOD)
    reconcile(store, back + 0.6 * PERIOD, PERIOD)
    done = store.cursor(CURSOR)
    assert done
    assert done["passed"] == done["objects"]
