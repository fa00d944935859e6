"""Results of sessions, whichever of all that tells of them comes first (K7, R5, S7)."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.machines.commands import CreatePaymentMethod, RetrieveSessionForCaller
from relink.machines.events import DomainEvent, RelinkRequested
from relink.machines.report import Holder

from .bank import REAL, Bank, Shape, shaped
from .life import ACCOUNTS, CONNECTED, CUSTOMER, STRANGER
from .world import World


def stopped(*accounts: str) -> World:
    """A service with three accounts under one authorization, some of them inactive."""
    bank = Bank()
    world = World(bank)
    for account in ACCOUNTS:
        bank.link(account, "fcauth_1", CUSTOMER, numbers=(REAL,))
    bank.now += 100
    for account in accounts:
        bank.stop(account, "relink_required", "access_expired")
    settle(world)
    return world


def settle(world: World) -> None:
    """Everything arrives, and everything that is asked for is read."""
    world.hear(world.bank.collect())
    world.perform_all()
    world.bank.now += 100


def opened(world: World, account: str, mode: str) -> str:
    """A session that the customer is at."""
    request = RelinkRequested(causation_id=f"for {account}", at=0.0, account=account, mode=mode)
    created = world.request(request)
    assert created
    session = world.open(created)
    world.bank.now += 100
    return session


def result_read(world: World, session: str, dedup_key: str) -> DomainEvent:
    """The session, read for the caller."""
    return world.bank.read(
        RetrieveSessionForCaller(session=session, reason="result", dedup_key=dedup_key)
    )


def built(world: World) -> list[str]:
    """What payment methods were asked to be made from."""
    return [c.account for c in world.commands.values() if isinstance(c, CreatePaymentMethod)]


# ── known or new (K7) ────────────────────────────────────────────────────────


@pytest.mark.parametrize("shape", ["full", "ga", "sparse", "thin"])
@pytest.mark.parametrize("order", [*permutations(["created", "updated", "read"])])
def test_K7_a_new_account_is_new_whatever_tells_of_it_first(
    order: tuple[str, ...], shape: Shape
) -> None:
    world = stopped("fca_1")
    session = opened(world, "fca_1", "any_eligible")
    world.bank.succeed(session, "fca_new", holder=CUSTOMER)
    created, updated = (shaped(report, shape) for report in world.bank.collect())
    world.bank.now += 1
    tells = {"created": created, "updated": updated, "read": result_read(world, session, "1")}
    for name in order:
        world.happen(tells[name])
        world.happen(tells[name])
    world.perform_all()
    world.happen(result_read(world, session, "once more"))
    assert world.facts("session", session).outcome == "new_account_linked"
    assert world.state("account", "fca_1") == "new_account_linked"
    assert world.facts("account", "fca_1").replaced_by == "fca_new"
    assert built(world) == ["fca_new"]


@pytest.mark.parametrize("order", [*permutations(["reactivated", "updated", "read"])])
def test_K7_an_account_that_we_held_is_known_whatever_tells_of_it_first(
    order: tuple[str, ...],
) -> None:
    world = stopped("fca_1", "fca_2")
    session = opened(world, "fca_1", "any_eligible")
    world.bank.succeed(session, "fca_2", holder=CUSTOMER)
    reactivated, updated = world.bank.collect()
    world.bank.now += 1
    read = result_read(world, session, "1")
    tells = {"reactivated": reactivated, "updated": updated, "read": read}
    for name in order:
        world.happen(tells[name])
    world.perform_all()
    assert world.facts("session", session).outcome == "known_account_linked"
    assert world.facts("account", "fca_1").known_linked == "fca_2"
    assert world.state("account", "fca_1") == "inactive_relinkable"
    assert world.state("account", "fca_2") == "active"
    assert built(world) == []


@pytest.mark.parametrize("holder", [STRANGER, CONNECTED])
@pytest.mark.parametrize("order", [*permutations(["created", "updated", "read"])])
def test_R6_somebody_elses_account_is_nothing_to_us_whatever_tells_of_it_first(
    order: tuple[str, ...], holder: Holder
) -> None:
    world = stopped("fca_1")
    session = opened(world, "fca_1", "any_eligible")
    world.bank.succeed(session, "fca_new", holder=holder)
    created, updated = (shaped(report, "ga") for report in world.bank.collect())
    world.bank.now += 1
    tells = {"created": created, "updated": updated, "read": result_read(world, session, "1")}
    for name in order:
        world.happen(tells[name])
    world.perform_all()
    assert world.facts("session", session).failure_reason == "other_holder"
    assert world.facts("session", session).linked == "fca_new"
    assert world.state("account", "fca_1") == "inactive_relinkable"
    assert world.state("payment_method", "fca_new") is None


# ── the siblings of a relinked account (R5) ──────────────────────────────────


@given(data=st.data())
def test_R5_siblings_come_back_without_a_session_of_their_own_and_without_a_webhook(
    data: st.DataObject,
) -> None:
    world = stopped(*ACCOUNTS)
    assert len(world.prompts) == 1
    session = opened(world, "fca_1", "specific")
    world.bank.succeed(session, "fca_1", holder=CUSTOMER, silent=["fca_2", "fca_3"])
    for report in data.draw(st.permutations(world.bank.collect())):
        world.happen(report)
        if data.draw(st.booleans()):
            world.perform_all()
    world.perform_all()
    assert [world.state("account", account) for account in ACCOUNTS] == ["active"] * 3
    assert world.state("authorization", "fcauth_1") == "active"
    assert world.state("outage", "fcauth_1") == "none"
    assert len(world.bank.sessions) == len(world.prompts) == 1


def test_R5_even_if_their_webhooks_were_still_on_their_way() -> None:
    world = stopped("fca_1")
    world.bank.stop("fca_2", "relink_required", "access_expired")
    [late] = world.bank.collect()
    session = opened(world, "fca_1", "specific")
    world.bank.succeed(session, "fca_1", holder=CUSTOMER, silent=["fca_2"])
    settle(world)
    world.happen(late)
    assert world.state("account", "fca_2") == "inactive_relinkable"
    world.perform_all()
    assert world.state("account", "fca_2") == "active"


# ── the one exception (S7) ───────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("order", "state"), [(("gone", "back"), "disconnected"), (("back", "gone"), "active")]
)
def test_S7_an_active_word_after_a_disconnection_is_the_one_exception_to_K1(
    order: tuple[str, ...], state: str
) -> None:
    world = stopped()
    world.bank.disconnect("fca_1")
    world.bank.now += 100
    world.bank.work("fca_1")
    tells = dict(zip(("gone", "back"), world.bank.collect(), strict=True))
    decided = [d.decision for name in order for d in world.happen(tells[name]).deliveries]
    world.perform_all()
    assert world.state("account", "fca_1") == state
    assert any(decision.anomaly for decision in decided) == (state == "disconnected")
