"""K1: the order of webhooks does not matter, nor how often they come.

In a prelude, accounts are linked, some stop, and sessions are opened. Then the bank and its
customers act, and all webhooks of that are held back. Two services receive them: one in the order
in which they were sent, one in another order, some of them twice and with reads in between. Both
carry out all reads at the end, and must then hold the same.
"""

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relink.machines.events import DomainEvent, RelinkRequested

from ..profile import examples
from .bank import REAL, Bank, Shape, shaped, tokenized
from .life import ACCOUNTS, AT_THE_BANK, BY_CUSTOMERS, CUSTOMER, RARELY, SHAPES, TIME, Act, happens
from .world import World

Acts = list[tuple[Act, Shape]]
Endpoint = tuple[Shape, ...]
"""The shapes of webhooks; the first is the usual one."""

ENDPOINTS: st.SearchStrategy[Endpoint] = st.sampled_from(
    [("full",), ("full",), ("ga",), ("full", "ga", "sparse", "thin")]
)
STOPPED = st.lists(st.tuples(st.just("stop"), st.sampled_from(ACCOUNTS)), max_size=2)
OPENED = st.lists(
    st.tuples(st.sampled_from(["stop", "open", "open any"]), st.sampled_from(ACCOUNTS)),
    min_size=1,
    max_size=4,
)

FACTS = {
    "account": (
        "reported_status",
        "authorization",
        "holder",
        "permissions",
        "session",
        "replaced_by",
    ),
    "authorization": ("reported_status", "members", "deactivates_on"),
    "account_number": ("reported_status", "expires_on"),
    "session": ("outcome", "failure_reason", "linked"),
}
"""The machines that K1 is about, and the facts that decide what comes next."""

NOT_ALWAYS_INCLUDED = {"authorization", "members", "holder", "permissions", "expires_on"}
"""What webhooks can leave out, so that only a service that reads knows it."""


def prelude(events: list[tuple[str, str]], tokens: bool) -> World:
    """A service that knows three accounts and has sessions open for some."""
    bank = Bank()
    world = World(bank)
    numbers = (tokenized("expired"),) if tokens else (REAL,)
    for account, authorization in zip(ACCOUNTS, ["fcauth_1", "fcauth_1", "fcauth_2"], strict=True):
        bank.link(account, authorization, CUSTOMER, numbers=numbers)
    for what, account in events:
        bank.now += 100
        world.deliver(bank.collect())
        world.perform_all()
        if what == "stop":
            bank.stop(account, "relink_required", "access_expired")
        else:
            ask(world, account, "any_eligible" if what == "open any" else "specific")
    world.deliver(bank.collect())
    world.perform_all()
    bank.now += 100
    return world


def ask(world: World, account: str, mode: str) -> str | None:
    """Ask for a session; for an active account, with new permissions as the reason."""
    works = world.bank.accounts[account].status == "active"
    created = world.request(
        RelinkRequested(
            causation_id=f"request {len(world.steps)}",
            at=0.0,
            account=account,
            mode=mode,
            reason="new_permissions" if works else None,
        )
    )
    return world.open(created) if created else None


def act_out(bank: Bank, acts: Acts, endpoint: Endpoint) -> list[DomainEvent]:
    """Let everything happen. Returns the webhooks. A customer takes at least three seconds."""
    held_back: list[DomainEvent] = []
    for act, shape in acts:
        happens(bank, act)
        kept = shape if shape in endpoint else endpoint[0]
        held_back += [shaped(report, kept) for report in bank.collect()]
        if act.what in ("failed", "relinked", "linked"):
            bank.now += 3
    bank.now += 10
    return held_back


def copied(world: World) -> World:
    """A copy of a service and its bank."""
    copy = World(deepcopy(world.bank), world.policy)
    copy.machines = dict(world.machines)
    copy.commands = dict(world.commands)
    copy.steps = list(world.steps)
    return copy


def known(world: World, endpoint: Endpoint) -> dict[str, Any]:
    """All states, and the facts that decide what comes next."""
    disconnected = {
        key for (_, key), snapshot in world.machines.items() if snapshot.state == "disconnected"
    }
    found = {}
    for (machine, key), (state, facts, _) in world.machines.items():
        # No report follows about a disconnected account, and nothing is asked about an
        # authorization without accounts.
        if machine not in FACTS or (machine == "account_number" and key in disconnected):
            continue
        if machine == "authorization" and not facts.members - disconnected:
            continue
        remembered = {
            name: getattr(facts, name) for name in FACTS[machine] if state != "disconnected"
        }
        if "members" in remembered:
            remembered["members"] -= disconnected
        if endpoint != ("full",):
            remembered = {
                name: remembered[name] for name in remembered.keys() - NOT_ALWAYS_INCLUDED
            }
            if remembered.get("replaced_by"):
                # A result that is only read has the time of the read. Nothing tells whether
                # the old account worked before or after the result itself.
                state = "new_account_linked, or by the latest report"
        found[f"{machine}:{key}"] = {"state": state, **remembered}
    return found


def hold_the_same(
    first: World, held_back: list[DomainEvent], endpoint: Endpoint, data: Any
) -> None:
    """Deliver the webhooks to two services in different orders, and compare the services."""
    second = copied(first)
    first.deliver(held_back)
    first.perform_all()
    repeated = data.draw(st.lists(st.sampled_from(held_back), max_size=3)) if held_back else []
    for report in data.draw(st.permutations([*held_back, *repeated])):
        second.happen(report)
        if data.draw(st.integers(0, 3)) == 3:
            second.perform_all()
    second.perform_all()

    one, other = known(first, endpoint), known(second, endpoint)
    different = {key: (one[key], other[key]) for key in one.keys() & other.keys()}
    different = {key: both for key, both in different.items() if both[0] != both[1]}
    # Only one of them may know an authorization that an account had for a moment.
    strays = {key for key in one.keys() ^ other.keys() if not key.startswith("authorization")}
    odd = different or strays
    histories = ["IN ORDER", *first.explain(), "IN ANOTHER", *second.explain()]
    assert not odd, "\n".join([str(odd), *histories])
    for account, link in first.bank.accounts.items():
        facts = first.facts("account", account)
        stopped = "relinkable" if link.action == "relink_required" else "unrepairable"
        assert facts.reported_status == (stopped if link.status == "inactive" else link.status)


@given(
    before=STOPPED,
    tokens=st.booleans(),
    acts=st.lists(st.tuples(AT_THE_BANK | TIME | RARELY, SHAPES), min_size=1, max_size=8),
    endpoint=ENDPOINTS,
    data=st.data(),
)
def test_K1_reports_in_any_order_end_in_stripes_truth(
    before: list[tuple[str, str]], tokens: bool, acts: Acts, endpoint: Endpoint, data: Any
) -> None:
    world = prelude(before, tokens)
    hold_the_same(world, act_out(world.bank, acts, endpoint), endpoint, data)


@settings(max_examples=examples(100))
@given(
    before=OPENED,
    tokens=st.booleans(),
    acts=st.lists(
        st.tuples(AT_THE_BANK | BY_CUSTOMERS | BY_CUSTOMERS | TIME, SHAPES), min_size=1, max_size=8
    ),
    endpoint=ENDPOINTS,
    data=st.data(),
)
def test_K1_results_in_any_order_end_in_stripes_truth(
    before: list[tuple[str, str]], tokens: bool, acts: Acts, endpoint: Endpoint, data: Any
) -> None:
    world = prelude(before, tokens)
    hold_the_same(world, act_out(world.bank, acts, endpoint), endpoint, data)
