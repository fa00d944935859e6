"""What a reader of a story is told, line by line."""

import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from relink.adapters.store import MemoryStore
from relink.adapters.story import Line, as_json, lines_of, sequence_diagram, tell
from relink.machines import relink_system
from relink.machines.events import AccountReported
from relink.machines.report import StatusReport
from relink.machines.words.thoughts import Depth

from ..profile import examples
from ..rig import Rig
from ..store.life import HISTORY, Life, new_mark
from ..store.messages import NOW, message, receive

DAY = 24 * 60 * 60


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Rig() as made:
        yield made


def told(rig: Rig, *accounts: str, depth: Depth = Depth.STORY) -> list[str]:
    """The lines of a story, with names in place of the last digits."""
    story = tell(rig.store, accounts, "Jo")
    text = "\n".join(_shown(line) for line in lines_of(story, depth))
    for number, account in enumerate(accounts):
        text = text.replace(story.names.account(account), f"A{number}")
    return text.splitlines()


def _shown(line: Line) -> str:
    name = f"{line.name}: " if line.name else ""
    note = f" ({line.note})" if line.note else ""
    return f"{name}{line.text}{note}"


def test_an_account_that_expires_and_is_relinked(rig: Rig) -> None:
    account = rig.broken()
    session = rig.service.request_relink(account)
    rig.sim.advance(60)
    rig.sim.customer(session.id).choose_expected()
    rig.settle()
    assert told(rig, account) == [
        "Linked: A0 is linked, and works",
        "Needs the customer: A0: Jo's consent expired",
        "asks Jo to relink A0",
        "At the bank: a session for A0 is open",
        "Linked: A0 works again",
        "Jo signed in and picked A0",
    ]


def test_an_account_that_is_replaced(rig: Rig) -> None:
    account = rig.broken()
    for _ in range(2):
        session = rig.service.request_relink(account)
        rig.sim.customer(session.id).choose_new()
        rig.settle()
    other = rig.service.account(account).snapshot.facts.replaced_by
    assert other
    lines = told(rig, account, other)
    method = next(iter(rig.service.account(other).snapshot.facts.payment_methods))
    short = f"pm_…{method[-4:]}"
    assert lines == [
        "Linked: A0 is linked, and works",
        "Needs the customer: A0: Jo's consent expired",
        "asks Jo to relink A0",
        "At the bank: a session for A0 is open",
        "Needs the customer: Jo did not pick A0, try 1 of 3 (next time any account will do)",
        "At the bank: a session for any account is open",
        "Linked: A1 is linked, and works",
        "Replaced: Jo linked A1 instead of A0",
        f"tells you that {short} was made from A1",
        f"asks you for a mandate for {short}: no mandate covers the new account",
    ]


def test_the_last_try_ends_the_prompts(rig: Rig) -> None:
    account = rig.broken()
    for _ in range(3):
        session = rig.service.request_relink(account)
        rig.sim.customer(session.id).fail_to_sign_in()
        rig.settle()
    assert told(rig, account)[-2:] == [
        "Needs the customer: Jo could not sign in, try 3 of 3 (no try is left: no more prompts)",
        "asks you for another payment method than A0: every try to relink it failed",
    ]


def test_an_end_that_is_announced_and_taken_back(rig: Rig) -> None:
    account = rig.linked()
    rig.sim.advance(60)
    rig.sim.bank.announce_deactivation(account, int(rig.now) + 60 * DAY)
    rig.settle()
    rig.sim.advance(60)
    rig.sim.bank.withdraw_announcement(account)
    rig.settle()
    assert told(rig, account)[1:] == [
        "Ends soon: A0 will stop working on 2026-11-20, unless Jo relinks before",
        "Goes on: A0 will not stop working after all",
    ]


def test_a_session_that_is_refused_is_told_with_its_reason(rig: Rig) -> None:
    account = rig.linked()
    with pytest.raises(Exception, match="no known problem"):
        rig.service.request_relink(account)
    assert told(rig, account)[-1] == (
        "Refused: no session for A0: the account is active, and there is no known problem that a "
        "relink would fix"
    )


def test_what_the_service_says_is_told(rig: Rig) -> None:
    account, other = rig.linked(), rig.linked()
    rig.advance(60)
    rig.service.retire(account)
    rig.service.resume(account)
    rig.service.replaced_by(account, other)
    rig.settle()
    assert told(rig, account, other)[-3:] == [
        "Retired: the service has no use for A0 any more",
        "In use: the service uses A0 again",
        "Replaced: the service uses A1 in place of A0",
    ]


def test_five_accounts_are_one_line(rig: Rig) -> None:
    first = rig.linked()
    login = rig.sim.world.accounts[first].authorization
    holder = rig.service.account(first).snapshot.facts.holder
    assert login
    assert holder
    others = [rig.sim.link_account(holder.id, authorization=login.id).id for _ in range(4)]
    rig.settle()
    rig.sim.advance(60)
    rig.sim.bank.expire_consent(login.id)
    rig.settle()
    accounts = [first, *others]
    assert "Needs the customer: 4 accounts: Jo's consent expired" in told(rig, *accounts)
    # Each has its own story too.
    assert "Needs the customer: A0: Jo's consent expired" in told(rig, others[0])


def test_two_accounts_with_the_same_digits_are_told_apart() -> None:
    store = MemoryStore(relink_system())
    for number in (1, 2):
        receive(store, f"evt_{number}", account=f"fca_number{number}")
    assert tell(store, ["fca_number1"]).names.account("fca_number1") == "••6789"
    both = tell(store, ["fca_number1", "fca_number2"]).names
    assert both.account("fca_number1") == "fca_…ber1"
    assert both.account("fca_number2") == "fca_…ber2"


@given(HISTORY)
@settings(max_examples=examples(60))
def test_deeper_is_more_and_every_decision_is_told(history) -> None:
    store = MemoryStore(relink_system())
    life = Life(store, new_mark())
    life.live(history)
    accounts = [snapshot.facts.id for snapshot in store.accounts()]
    story = tell(store, accounts)
    lines = {depth: lines_of(story, depth) for depth in Depth}
    assert len(lines[Depth.STORY]) <= len(lines[Depth.DECISIONS]) <= len(lines[Depth.EVERYTHING])
    assert len(lines[Depth.DECISIONS]) >= story.decisions
    assert {line.cause for line in lines[Depth.DECISIONS]} == {cause.id for cause in story.causes}
    for line in lines[Depth.EVERYTHING]:
        assert line.text
        assert not re.search(r"[{}]|\bNone\b", line.text), line
        assert not line.text.endswith("."), line
        for detail in line.details:
            assert_has_an_order(detail.text)
    json.dumps(as_json(story, lines[Depth.EVERYTHING]))


SETS = ("members", "inactive_members", "unchecked_members", "sessions", "asking", "requested_for")
"""Facts that are sets: the order of their items is another one in each process."""


def assert_has_an_order(detail: str) -> None:
    """A set is told by what it gains and loses, in the order of the alphabet."""
    fact, _, said = detail.partition(": ")
    if fact in SETS:
        for part in said.split("; "):
            word, _, items = part.partition(" ")
            assert word in ("gains", "loses"), detail
            named = items.rstrip("…").split(", ")
            assert named == sorted(named), detail


@given(HISTORY)
@settings(max_examples=examples(40))
def test_a_diagram_names_no_participant_that_it_does_not_declare(history) -> None:
    store = MemoryStore(relink_system())
    life = Life(store, new_mark())
    life.live(history)
    story = tell(store, [snapshot.facts.id for snapshot in store.accounts()])
    for depth in (Depth.STORY, Depth.DECISIONS):
        head, *body = sequence_diagram(story, depth).splitlines()
        assert head == "sequenceDiagram"
        declared = {line.split()[1] for line in body if line.startswith("    participant ")}
        for line in body:
            used = re.match(r"    (p\d+)->>(p\d+): |    Note (?:over|right of) (p\d+): ", line)
            assert used or line.startswith("    participant p")
            assert used is None or {each for each in used.groups() if each} <= declared
            assert ";" not in re.sub(r"#\d+;", "", line)


def test_a_story_of_nothing_known_is_empty(rig: Rig) -> None:
    story = tell(rig.store, ["fca_unknown"])
    assert (story.chapters, story.causes) == ((), ())


def test_an_account_of_which_repair_is_left_open_is_not_called_lost() -> None:
    store = MemoryStore(relink_system())
    receive(store, "evt_1", account="fca_number1", status="active", as_of=NOW)
    inactive = StatusReport(status="inactive", authorization="fcauth_1", last4="6789")
    event = AccountReported(
        causation_id="evt_2",
        at=NOW + 60.0,
        account="fca_number1",
        as_of=NOW + 60,
        read=False,
        report=inactive,
    )
    store.apply(message("evt_2", at=NOW + 60), [event])
    story = tell(store, ["fca_number1"])
    assert [(line.name, line.text) for line in lines_of(story)] == [
        ("Linked", "••6789 is linked, and works"),
        ("Stopped", "••6789 stopped working, and Stripe is asked whether a relink repairs it"),
    ]
    assert story.chapters[0].outcome.state == "Stopped"
    assert story.chapters[0].outcome.todo == ("wait: Stripe was asked about it",)
