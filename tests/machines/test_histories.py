"""Whole histories: everything happens in any order, and the end agrees with Stripe.

The bank and its customers act; webhooks come late, twice and in any order; the service asks for
sessions; commands are carried out in any order, some of them twice; timers fire. All properties
are checked after every step. At the end all webhooks arrive and all reads are carried out.
"""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from relink.engine import Step
from relink.machines import RelinkPolicy
from relink.machines.account.facts import AccountFacts
from relink.machines.commands import (
    CreateRelinkSession,
    Mode,
    NotifyCustomer,
    RelinkReason,
    RetrieveSessionForCaller,
)
from relink.machines.events import DomainEvent, MandateCollected, RelinkRequested
from relink.machines.report import Holder

from ..profile import examples
from .bank import DAY, REAL, Bank, Shape, shaped, tokenized
from .life import (
    ACCOUNTS,
    AT_THE_BANK,
    BY_CUSTOMERS,
    CONNECTED,
    CUSTOMER,
    RARELY,
    SHAPES,
    TIME,
    Act,
    chosen,
    happens,
)
from .world import READS, World

ENDPOINTS: list[tuple[Shape, ...]] = [("full",), ("ga",), ("full", "ga", "sparse", "thin")]
"""The shapes that an endpoint receives: the preview version's, a GA version's, or any."""

POLICIES = [
    RelinkPolicy(),
    RelinkPolicy(attempts=1, reminders=()),
    RelinkPolicy(attempts=2, remind_after_denial=True, session_open_for=60),
    RelinkPolicy(announcement_lead=40 * DAY, prompt_gap=0, permissions=("balances",)),
]

some = st.integers(0, 20)
"""An index of one of several, counted around."""


class Histories(RuleBasedStateMachine):
    """The bank, its customers, the network, the service and the clock act in any order."""

    @initialize(
        holder=st.sampled_from([CUSTOMER, CONNECTED, None]),
        endpoint=st.sampled_from(ENDPOINTS),
        policy=st.sampled_from(POLICIES),
        skew=st.sampled_from([0, 1, -1]),
        tokens=st.booleans(),
        is_delivered=st.sampled_from([True, True, False]),
        stopped=st.lists(st.sampled_from(ACCOUNTS), unique=True),
        reads_fail=st.sampled_from([False, False, False, True]),
        nameless=st.booleans(),
    )
    def begin(
        self,
        holder: Holder | None,
        endpoint: tuple[Shape, ...],
        policy: RelinkPolicy,
        skew: int,
        tokens: bool,
        is_delivered: bool,
        stopped: list[str],
        reads_fail: bool,
        nameless: bool,
    ) -> None:
        self.bank = Bank(skew=skew)
        self.world = World(self.bank, policy, nameless=nameless)
        self.endpoint = endpoint
        self.world.watch = self._prompts_once
        self.prompted: set[str] = set()
        self.reads_fail = reads_fail
        self.network: list[DomainEvent] = []
        self.creating: list[CreateRelinkSession] = []
        numbers = (tokenized("transactable"),) if tokens else (REAL,)
        for account, authorization in zip(
            ["fca_1", "fca_2", "fca_3"], ["fcauth_1", "fcauth_1", "fcauth_2"], strict=True
        ):
            self.bank.link(account, authorization, holder, numbers=numbers)
        self._send("full")
        self.bank.now += 100
        for account in stopped:
            self.bank.stop(account, "relink_required", "access_expired")
        self._send(endpoint[0])
        if is_delivered:
            self._deliver_all()
            self.world.perform_all()
            self.bank.now += 100

    def _prompts_once(self, step: Step) -> None:
        """P1, K8: while an account needs a relink, one first prompt names it, wherever it moves."""
        for address, snapshot in step.snapshots.items():
            if isinstance(snapshot.facts, AccountFacts) and not snapshot.facts.needs:
                self.prompted.discard(address.key)
        for prompt in step.commands:
            if isinstance(prompt, NotifyCustomer) and prompt.reminder == 0:
                again = self.prompted & set(prompt.accounts)
                assert not again, "\n".join([f"prompted again: {again}", *self.world.explain()])
                self.prompted |= set(prompt.accounts)

    def _deliver_all(self) -> None:
        self.world.deliver(self.network)
        self.network.clear()

    def _send(self, shape: Shape) -> None:
        shape = shape if shape in self.endpoint else self.endpoint[0]
        self.network += [shaped(report, shape) for report in self.bank.collect()]

    # ── the bank, its customers and the clock ────────────────────────────────

    @rule(act=AT_THE_BANK, shape=SHAPES)
    def bank_acts(self, act: Act, shape: Shape) -> None:
        happens(self.bank, act)
        self._send(shape)

    @precondition(lambda self: any(s.status == "pending" for s in self.bank.sessions.values()))
    @rule(act=BY_CUSTOMERS, shape=SHAPES)
    def customer_acts(self, act: Act, shape: Shape) -> None:
        happens(self.bank, act)
        self._send(shape)

    @rule(act=RARELY, shape=SHAPES, really=st.integers(0, 5))
    def account_is_disconnected(self, act: Act, shape: Shape, really: int) -> None:
        if really == 5:
            happens(self.bank, act)
            self._send(shape)

    @rule(act=TIME)
    def time_passes(self, act: Act) -> None:
        happens(self.bank, act)

    @precondition(lambda self: self.world.timers)
    @rule(which=some)
    def timer_fires(self, which: int) -> None:
        self.world.fire(self.world.timers[which % len(self.world.timers)])

    # ── the network ──────────────────────────────────────────────────────────

    @precondition(lambda self: self.network)
    @rule(which=some, again=st.booleans())
    def webhook_arrives(self, which: int, again: bool) -> None:
        report = self.network[which % len(self.network)]
        if not again:
            self.network.remove(report)
        self.world.happen(report)

    @precondition(lambda self: self.world.outbox)
    @rule(which=some, again=st.booleans(), fails=st.booleans())
    def command_is_performed(self, which: int, again: bool, fails: bool) -> None:
        command = self.world.outbox[which % len(self.world.outbox)]
        if not again:
            self.world.outbox.remove(command)
        may_fail = self.reads_fail or not isinstance(command, READS)
        self.world.perform(command, fails=fails and may_fail)

    @precondition(lambda self: self.world.outbox)
    @rule()
    def all_commands_are_performed(self) -> None:
        self.world.perform_all()

    # ── the service ──────────────────────────────────────────────────────────

    def _asks(self, which: int, **asked: Any) -> CreateRelinkSession | None:
        account = chosen(self.bank, which)
        causation_id = f"req_{len(self.world.steps)}"
        return self.world.request(
            RelinkRequested(causation_id=causation_id, at=0.0, account=account, **asked)
        )

    @rule(
        which=some,
        mode=st.sampled_from([None, None, "specific", "any_eligible"]),
        reason=st.sampled_from([None, None, "inactive", "number_lapsed", "new_permissions"]),
        permissions=st.sampled_from([None, None, ("balances",), ("payment_method", "ownership")]),
        delivery=st.sampled_from(["modal", "modal", "email"]),
    )
    def service_asks(self, which: int, **asked: Any) -> None:
        if created := self._asks(which, **asked):
            self.creating.append(created)

    @rule(
        which=some,
        mode=st.sampled_from([None, "any_eligible", "any_eligible"]),
        reason=st.sampled_from([None, "new_permissions"]),
        act=BY_CUSTOMERS,
        shape=SHAPES,
        is_delivered=st.booleans(),
        read=st.booleans(),
    )
    def customer_is_asked(
        self,
        which: int,
        mode: Mode | None,
        reason: RelinkReason | None,
        act: Act,
        shape: Shape,
        is_delivered: bool,
        read: bool,
    ) -> None:
        """A session, from the request for it to its end."""
        created = self._asks(which, mode=mode, reason=reason)
        if created is None:
            return
        self.world.open(created)
        self.bank.now += 60
        happens(self.bank, act._replace(which=-1))
        self._send(shape)
        if is_delivered:
            self._deliver_all()
        if read:
            self.world.perform_all()

    @precondition(lambda self: self.creating)
    @rule(which=some)
    def session_opens(self, which: int) -> None:
        self.world.open(self.creating.pop(which % len(self.creating)))

    @precondition(lambda self: self.bank.sessions)
    @rule(which=some)
    def result_is_read(self, which: int) -> None:
        sessions = list(self.bank.sessions)
        session = sessions[which % len(sessions)]
        dedup_key = f"request {len(self.world.steps)}"
        self.world.perform(
            RetrieveSessionForCaller(session=session, reason="result", dedup_key=dedup_key)
        )

    @rule(which=some)
    def mandate_is_collected(self, which: int) -> None:
        account = chosen(self.bank, which)
        if self.world.state("payment_method", account) in ("mandate_needed", "blocked"):
            self.world.happen(MandateCollected(causation_id="mandate", at=0.0, account=account))

    # ── the end ──────────────────────────────────────────────────────────────

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.bank.now += 10
        for asked in self.creating:
            self.world.open(asked)
        self.world.deliver(self.network)
        self.world.perform_all()
        self.world.replays()
        if not self.reads_fail:
            for account in self.bank.accounts:
                self._compare(account)

    def _compare(self, account: str) -> None:
        truth, state = self.bank.accounts[account], self.world.state("account", account)
        facts = self.world.facts("account", account)
        assert isinstance(facts, AccountFacts)
        expected = truth.status
        if expected == "inactive":
            expected = "relinkable" if truth.action == "relink_required" else "unrepairable"
        wrong = []
        if facts.reported_status != expected:
            wrong.append(f"{account} is reported {facts.reported_status}, and is {expected}")
        if state not in expected_states(facts):
            wrong.append(f"{account} is {state}, not {expected_states(facts)}")
        if self.endpoint == ("full",) and state != "disconnected":
            for field in ("authorization", "holder", "permissions", "deactivates_on"):
                known, real = getattr(facts, field), getattr(truth, field)
                if known != real:
                    wrong.append(f"{account} has {field} {known}, and it is {real}")
        assert not wrong, "\n".join([*wrong, *self.world.explain()])


def expected_states(facts: AccountFacts) -> set[str]:
    """The states that go with the latest report and with the open session."""
    match facts.reported_status:
        case "disconnected":
            return {"disconnected"}
        case "active":
            is_relinking = facts.session is not None and facts.opened_while_active
            expected = "relinking" if is_relinking else "active"
        case "unrepairable":
            expected = "inactive_unrepairable"
        case _:
            expected = "relinking" if facts.session else "inactive_relinkable"
    return {expected, "new_account_linked"} if facts.replaced_by else {expected}


Histories.TestCase.settings = settings(
    Histories.TestCase.settings,
    max_examples=examples(100),
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
)
TestHistories = Histories.TestCase
