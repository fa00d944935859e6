"""K1: the order of webhooks does not matter, nor how often they come.

A prelude happens live: accounts are linked, some stop, sessions are opened. Then the bank and its
customers act, and all webhooks of that are held back. Two services hear them: one in the order in
which they were made, one in another order and some of them twice, reading now and then in between.
Both end with what they asked to be read; what they hold must then be the same.
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
"""The shapes in which webhooks come; the first is that of most."""

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
"""The machines that K1 is about, and what decides what comes next of what they remember."""

NOT_ALWAYS_TOLD = {"authorization", "members", "holder", "permissions", "expires_on"}
"""What webhooks may leave out, so that it is told only to a service that happens to read."""


def prelude(trigger: list[tuple[str, str]], tokens: bool) -> World:
    """A service that knows three accounts, and has sessions open for some."""
    bank = Bank()
    world = World(bank)
    numbers = (tokenized("expired"),) if tokens else (REAL,)
    for account, authorization in zip(ACCOUNTS, ["fcauth_1", "fcauth_1", "fcauth_2"], strict=True):
        bank.link(account, authorization, CUSTOMER, numbers=numbers)
    for what, account in trigger:
        bank.now += 100
        world.hear(bank.collect())
        world.perform_all()
        if what == "stop":
            bank.stop(account, "relink_required", "access_expired")
        else:
            ask(world, account, "any_eligible" if what == "open any" else "specific")
    world.hear(bank.collect())
    world.perform_all()
    bank.now += 100
    return world


def ask(world: World, account: str, mode: str) -> str | None:
    """Ask for a session; of an account that works, for new permissions."""
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
    """Let everything happen; the webhooks of it. A customer takes three seconds at least."""
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
    """The same service and the same bank once more."""
    copy = World(deepcopy(world.bank), world.policy)
    copy.machines = dict(world.machines)
    copy.commands = dict(world.commands)
    copy.steps = list(world.steps)
    return copy


def known(world: World, endpoint: Endpoint) -> dict[str, Any]:
    """Where everything is, and the facts that decide what comes next."""
    gone = {
        key for (_, key), snapshot in world.machines.items() if snapshot.state == "disconnected"
    }
    found = {}
    for (machine, key), (state, facts, _) in world.machines.items():
        # Of an account that is gone nothing is heard any more; nor is anything asked of an
        # authorization without accounts.
        if machine not in FACTS or (machine == "account_number" and key in gone):
            continue
        if machine == "authorization" and not facts.members - gone:
            continue
        told = {name: getattr(facts, name) for name in FACTS[machine] if state != "disconnected"}
        if "members" in told:
            told["members"] -= gone
        if endpoint != ("full",):
            told = {name: told[name] for name in told.keys() - NOT_ALWAYS_TOLD}
            if told.get("replaced_by"):
                # A result that is only read is as late as the read: whether the old account
                # worked before or after it can't be told.
                state = "new_account_linked or as Stripe says"
        found[f"{machine}:{key}"] = {"state": state, **told}
    return found


def hold_the_same(
    first: World, held_back: list[DomainEvent], endpoint: Endpoint, data: Any
) -> None:
    """Let two services hear the webhooks in different orders, and compare them."""
    second = copied(first)
    first.hear(held_back)
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
    # Of an authorization that an account had for a moment only one may have heard.
    strays = {key for key in one.keys() ^ other.keys() if not key.startswith("authorization")}
    odd = different or strays
    stories = ["IN ORDER", *first.story(), "IN ANOTHER", *second.story()]
    assert not odd, "\n".join([str(odd), *stories])
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
def test_K1_words_in_any_order_end_in_stripes_truth(
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
