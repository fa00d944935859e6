"""Linked accounts to which everything happens: a simulated Stripe, driven by Hypothesis.

What happens at a bank, at Stripe, or by a customer sends webhooks. Each of them arrives on a plan:
at once, twice, late or never. Every history begins with one account that works.

Between two things that happen, ten seconds pass. So no two webhooks are of one second, and a
service that orders them by ``created`` can always know which is newer. At Stripe two can be of one
second, and then only a read of the account settles which is true.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, ClassVar, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from pydantic import AfterValidator, Field

from relink.adapters.simulator import (
    PREVIEW,
    Bank,
    NotPossibleError,
    Request,
    Simulator,
    encode,
)
from relink.adapters.simulator.resources import Account
from relink.engine.errors import ArgumentError
from relink.engine.fuzz import AT_ONCE, DeliveryFaults, Plan, StreamTest, plans
from relink.engine.fuzz.class_settings import Check, instance_of, names, seconds, whole_number
from relink.engine.fuzz.recording import Planned, StreamRecording
from relink.engine.fuzz.service import now_and_then
from relink.engine.suggest import unknown
from relink.machines import RelinkPolicy

from .webhook import Sent

SECRET = "whsec_of_the_fuzzer"
LINKED = "an_account_is_linked"


class Change(NamedTuple):
    """What can happen to an account."""

    is_possible: Callable[[Account], bool]
    do: Callable[[Simulator, Account], None]


def _relink(simulator: Simulator, account: Account) -> None:
    """The customer links the account again, in a session of Stripe's."""
    login, holder = account.authorization, account.holder
    assert login is not None
    assert holder is not None
    params = {
        "account_holder": {"type": "customer", "customer": holder.id},
        "permissions": account.permissions,
        "relink_options": {"account": account.id, "authorization": login.id},
        "limits": {"accounts": 1},
    }
    headers = {"authorization": "Bearer sk_test_fuzz", "stripe-version": PREVIEW}
    path = "/v1/financial_connections/sessions"
    made = simulator.handle(Request("POST", path, body=encode(params), headers=headers))
    simulator.customer(json.loads(made.body)["id"]).choose_expected()


def _is_active(account: Account) -> bool:
    return account.status == "active"


def _has_login(account: Account) -> bool:
    login = account.authorization
    return _is_active(account) and login is not None and login.status == "active"


def _is_down(action: str, *causes: str) -> Callable[[Account], bool]:
    def is_down(account: Account) -> bool:
        found = account.inactive
        is_cause = found is not None and (not causes or found.cause in causes)
        return is_cause and found is not None and found.action == action

    return is_down


def _of_login(change: Callable[[Bank, str], None]) -> Callable[[Simulator, Account], None]:
    def do(simulator: Simulator, account: Account) -> None:
        if account.authorization is not None:
            change(simulator.bank, account.authorization.id)

    return do


def _of_account(change: Callable[[Bank, str], None]) -> Callable[[Simulator, Account], None]:
    return lambda simulator, account: change(simulator.bank, account.id)


CHANGES: Mapping[str, Change] = {
    "data_is_refreshed": Change(_is_active, _of_account(Bank.refresh_data)),
    "consent_expires": Change(_has_login, _of_login(Bank.expire_consent)),
    "access_is_revoked": Change(_has_login, _of_login(Bank.revoke_access)),
    "customer_relinks": Change(_is_down("relink_required"), _relink),
    "account_closes": Change(
        lambda each: each.open and each.status != "disconnected", _of_account(Bank.close_account)
    ),
    "account_reopens": Change(_is_down("none", "account_closed"), _of_account(Bank.reopen_account)),
    "account_is_suspended": Change(_is_active, _of_account(Bank.suspend_account)),
    "account_is_restored": Change(
        _is_down("none", "account_unavailable"), _of_account(Bank.restore_account)
    ),
    "account_disconnects": Change(
        lambda each: each.status != "disconnected", _of_account(Bank.disconnect)
    ),
}
"""What can happen to an account, by name."""


def _known_change(what: str) -> str:
    if what != LINKED and what not in CHANGES:
        known = [LINKED, *CHANGES]
        cure = unknown(what, known, f"name one of {', '.join(known)}")
        raise ValueError(f"nothing that can happen is named {what!r}; {cure}")
    return what


class Happened(Planned):
    """A part of a recording: what happened, and to which account."""

    what: Annotated[str, AfterValidator(_known_change)]
    which: Annotated[int, Field(ge=0)]


class LinkedAccountsTest(StreamTest):
    """Base of tests with webhooks about linked accounts."""

    recorded = StreamRecording[Happened]
    accounts: ClassVar[int] = 2
    """How many accounts there are at most; each has an authorization of its own."""
    changes: ClassVar[Collection[str]] = tuple(CHANGES)
    """What can happen to an account: names of :data:`CHANGES`."""
    gap: ClassVar[float] = 10
    """How much time passes between two things that happen (seconds)."""
    secret: ClassVar[str] = SECRET
    """The signing secret of the webhooks (``whsec_…``)."""
    policy: ClassVar[RelinkPolicy] = RelinkPolicy()
    """What the service means to do."""
    _takes: ClassVar[Mapping[str, Check]] = {
        **StreamTest._takes,
        "accounts": whole_number(1),
        "changes": names(CHANGES),
        "gap": seconds,
        "secret": instance_of(str, "the signing secret of your endpoint, such as 'whsec_…'"),
        "policy": instance_of(RelinkPolicy, "RelinkPolicy(...)"),
    }

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give the rule the plans that the class allows."""
        super().__init_subclass__(**kwargs)
        cls.something_happens = _rule(cls.faults)

    def __init__(self) -> None:
        super().__init__()
        self.simulator = Simulator(plain_ids=True)
        """Stripe: what is true of the accounts."""
        self.simulator.add_endpoint(self.secret)
        self._customer = self.simulator.add_customer()
        self._known: list[str] = []
        self._collect()

    @initialize()
    def _begin(self) -> None:
        self.start_service()
        self.happen(LINKED, 0, AT_ONCE)

    @property
    def linked(self) -> int:
        """How many accounts there are."""
        return len(self._known)

    def is_possible(self, what: str, which: int) -> bool:
        """Whether something can happen now.

        Args:
            what: ``an_account_is_linked``, or a key of :data:`CHANGES`.
            which: The number of an account that is linked, from 0.
        """
        if what == LINKED:
            return self.linked < self.accounts
        if which >= self.linked:
            return False
        account = self.simulator.world.accounts[self._known[which]]
        return CHANGES[what].is_possible(account)

    def happen(self, what: str, which: int, plan: Plan) -> None:
        """Let something happen to an account, and deliver the webhooks about it.

        Args:
            what: ``an_account_is_linked``, or a key of :data:`CHANGES`.
            which: The number of the account, from 0; a new one has the next number anyway.
            plan: When each copy of each webhook arrives.

        Raises:
            NotPossibleError: it cannot happen now.
        """
        if not self.is_possible(what, which):
            raise NotPossibleError(f"{what} is not possible now for the account number {which}")
        self._note({"what": what, "which": which, "plan": list(plan)})
        self.simulator.advance(self.gap)
        if what == LINKED:
            self._known.append(self.simulator.link_account(self._customer).id)
        else:
            account = self.simulator.world.accounts[self._known[which]]
            CHANGES[what].do(self.simulator, account)
        sent = self._collect()
        self._arrive([d for each in sent for d in self._send(each, plan, each.id)])

    def recording(self) -> dict[str, Any]:
        """What happened, as JSON-ready data that :meth:`play` plays again."""
        return {"notes": list(self._notes)}

    def play(self, recording: Mapping[str, Any]) -> None:
        """Play a recording on a service that was just started."""
        self.start_service()  # the first note links the first account
        for number, note in enumerate(recording["notes"]):
            if "everything_arrives" in note:
                self.everything_arrives()
                continue
            try:
                self.happen(note["what"], note["which"], tuple(note["plan"]))
            except NotPossibleError as error:
                raise ArgumentError(
                    f"replay(): notes[{number}] of the recording: {error}; give the recording of a "
                    "counterexample of the same test, as it was written"
                ) from error

    def _collect(self) -> list[Sent]:
        """The webhooks since the last time."""
        events = self.simulator.webhooks.events
        return [
            Sent(each.event, each.type, events[each.event].created, each.payload)
            for each in self.simulator.due_webhooks()
        ]

    def _shown(self, sent: Sent) -> str:
        found = sent.object
        says = [found.get("status"), *_details(found)]
        return f"{sent.type} ({', '.join([found['id'], *filter(None, says)])})"


def _details(found: dict[str, Any]) -> list[str]:
    inactive = (found.get("status_details") or {}).get("inactive") or {}
    return [inactive[key] for key in ("action", "cause") if inactive.get(key)]


@st.composite
def _change(draw: st.DrawFn) -> tuple[str, int] | None:
    """What happens, and to which account; None: nothing."""
    test: LinkedAccountsTest = draw(st.runner())
    # The account by itself, so that a history of the second one shrinks to one of the first.
    which = draw(st.integers(0, test.accounts - 1))
    which = max(0, min(which, test.linked - 1))
    # None first: a step without influence shrinks to nothing. And the list is always the same, so
    # that what follows stays as it is when an earlier step is left out.
    every = st.sampled_from([None, *test.changes, LINKED])
    what = draw(every.filter(lambda each: each is None or test.is_possible(each, which)))
    return None if what is None else (what, which)


def _rule(faults: DeliveryFaults) -> Any:
    def something_happens(
        test: LinkedAccountsTest, what: tuple[str, int] | None, plan: Plan, all_arrives: bool
    ) -> None:
        if what is not None:
            test.happen(*what, plan)
        if all_arrives:
            test.everything_arrives()

    made = rule(what=_change(), plan=plans(faults), all_arrives=now_and_then)
    return made(something_happens)
