"""After any history and any faults, relink ends up with the state that Stripe has."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from relink.adapters.simulator import (
    GENERAL,
    PREVIEW,
    STRIPE_BANK,
    TOKENIZED_NUMBERS,
    Faults,
    NotPossibleError,
    SetupFault,
)
from relink.adapters.store import MemoryStore
from relink.machines import RelinkPolicy
from relink.machines.commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSession,
)
from relink.machines.vocabulary import PAYABLE_STATUSES

from ..profile import examples
from .life import DAY, HOUR, Life

CHOICES = (
    "choose_expected",
    "choose_new",
    "fail_to_sign_in",
    "sign_in_without_account",
    "cancel",
    "walk_away",
    "bank_error",
)
AUTHORIZATION_EVENTS = ("expire_consent", "change_password", "revoke_access")
ACCOUNT_EVENTS = (
    "close_account",
    "reopen_account",
    "suspend_account",
    "restore_account",
    "disconnect",
    "refresh_data",
    "expire_number",
    "revoke_number",
    "refresh_number",
    "forget_authorization",
)
EXTERNAL_STATUSES = ("verified", "verification_failed", "errored", "out_of_order")
ENDPOINTS = ((PREVIEW, False), (PREVIEW, False), (GENERAL, False), (PREVIEW, True))
"""The versions of the webhooks, and whether they are thin."""
FAULTS = st.sampled_from([0.0, 0.0, 0.05, 0.3])
PICK = st.integers(0, 20)


def picked(things: Any, index: int) -> Any:
    """One of them, by any number."""
    listed = list(things)
    return listed[index % len(listed)]


class RelinkAndStripe(RuleBasedStateMachine):
    """Random bank events, customers' choices, requests for sessions, and faults."""

    @initialize(
        seed=st.integers(0, 1000),
        webhooks=FAULTS,
        requests=st.sampled_from([0.0, 0.0, 0.02, 0.08]),
        attempts=st.integers(1, 3),
        endpoint=st.sampled_from(ENDPOINTS),
    )
    def begin(
        self, seed: int, webhooks: float, requests: float, attempts: int, endpoint: tuple[str, bool]
    ) -> None:
        faults = Faults(
            duplicate=webhooks,
            reorder=webhooks,
            delay=webhooks / 3,
            rate_limited=requests,
            rate_limited_with_wait=requests,
            error_before=requests,
            error_after=requests,
            timeout_before=requests,
            timeout_after=requests,
            slow=requests,
            truncated=requests,
        )
        self.life = Life(seed, faults, RelinkPolicy(attempts=attempts), *endpoint)
        self.sim = self.life.sim
        self.thin = endpoint[1]
        self.deleted: list[str] = []
        self.holders = [
            self.sim.add_customer("Jo"),
            self.sim.add_customer("Amy"),
            self.sim.add_connected_account(),
        ]
        for holder in self.holders:
            self.sim.link_account(holder)
        self.life.advance(2)

    @rule(holder=PICK, bank=st.sampled_from([STRIPE_BANK, TOKENIZED_NUMBERS]), beside=st.booleans())
    def link(self, holder: int, bank: str, beside: bool) -> None:
        linking = picked(self.holders, holder)
        logins = [
            login
            for login in self.sim.world.authorizations.values()
            if login.holder and login.holder.id == linking and login.status == "active"
        ]
        login = picked(logins, holder).id if beside and logins else None
        self.sim.link_account(linking, authorization=login, institution=bank)

    @precondition(lambda self: self.sim.world.accounts)
    @rule(what=st.sampled_from(AUTHORIZATION_EVENTS), which=PICK)
    def break_an_authorization(self, what: str, which: int) -> None:
        self._at_bank(what, picked(self.sim.world.authorizations, which))

    @precondition(lambda self: self.sim.world.accounts)
    @rule(what=st.sampled_from(ACCOUNT_EVENTS), which=PICK)
    def change_an_account(self, what: str, which: int) -> None:
        self._at_bank(what, picked(self.sim.world.accounts, which))

    @precondition(lambda self: self.sim.world.accounts)
    @rule(which=PICK, days=st.integers(1, 40), action=st.sampled_from(["relink_required", "none"]))
    def announce(self, which: int, days: int, action: str) -> None:
        about = picked([*self.sim.world.accounts, *self.sim.world.authorizations], which)
        self._at_bank(
            "announce_deactivation", about, on=int(self.sim.now) + days * DAY, action=action
        )

    @precondition(lambda self: self.sim.world.accounts)
    @rule(which=PICK, withdrawn=st.booleans())
    def announce_without_a_day(self, which: int, withdrawn: bool) -> None:
        about = picked([*self.sim.world.accounts, *self.sim.world.authorizations], which)
        self._at_bank("withdraw_announcement" if withdrawn else "announce_deactivation", about)

    @precondition(lambda self: self.sim.world.accounts)
    @rule(which=PICK)
    def link_again(self, which: int) -> None:
        linked = picked(self.sim.world.accounts.values(), which)
        holder = linked.holder.id
        self.sim.link_account(holder, last4=linked.last4, subcategory=linked.subcategory)

    @precondition(lambda self: len(self.sim.world.authorizations) > 1)
    @rule(one=PICK, other=PICK)
    def merge(self, one: int, other: int) -> None:
        logins = self.sim.world.authorizations
        self._at_bank("merge", picked(logins, one), into=picked(logins, other))

    @precondition(lambda self: self._finished())
    @rule(
        which=PICK,
        reason=st.sampled_from(["tokenized_account_number_deactivated", "bank_account_closed"]),
    )
    def block(self, which: int, reason: str) -> None:
        self._at_bank("block_payment_method", picked(self._finished(), which), reason=reason)

    @precondition(lambda self: self._finished())
    @rule(which=PICK, what=st.sampled_from(["unblock_payment_method", "detach_payment_method"]))
    def change_a_payment_method(self, which: int, what: str) -> None:
        self._at_bank(what, picked(self._finished(), which))

    @precondition(lambda self: self.sim.world.external_accounts)
    @rule(which=PICK, status=st.sampled_from([None, *EXTERNAL_STATUSES]))
    def change_an_external_account(self, which: int, status: str | None) -> None:
        made = picked(self.sim.world.external_accounts, which)
        if status is None:
            self.deleted.append(made)
            self._at_bank("delete_external_account", made)
        else:
            self._at_bank("change_external_account", made, status=status)

    @rule(fault=st.sampled_from(SetupFault), times=st.integers(1, 3))
    def misconfigure(self, fault: SetupFault, times: int) -> None:
        self.sim.inject(fault, times=times)

    @rule(setting=st.sampled_from(["restrict", "use_other_mode", "revoke", "reset", "reset"]))
    def change_the_key(self, setting: str) -> None:
        getattr(self.sim.keys, setting)(*([["customer_read"]] if setting == "restrict" else []))

    @precondition(lambda self: self.sim.world.accounts)
    @rule(
        which=PICK,
        mode=st.sampled_from([None, None, "specific", "any_eligible"]),
        reason=st.sampled_from([None, None, "number_lapsed"]),
    )
    def request(self, which: int, mode: str | None, reason: str | None) -> None:
        self.life.request_relink(picked(self.sim.world.accounts, which), mode=mode, reason=reason)

    @precondition(lambda self: self.sim.world.sessions)
    @rule(which=PICK, choice=st.sampled_from(CHOICES), siblings=st.booleans())
    def play(self, which: int, choice: str, siblings: bool) -> None:
        self.life.advance(2)  # a customer takes at least that long
        customer = self.sim.customer(picked(self.sim.world.sessions, which))
        options = {"siblings": siblings} if choice.startswith("choose") else {}
        try:
            getattr(customer, choice)(**options)
        except NotPossibleError:
            return

    @precondition(lambda self: self.sim.world.sessions)
    @rule(which=PICK, account=PICK)
    def play_known(self, which: int, account: int) -> None:
        self.life.advance(2)
        customer = self.sim.customer(picked(self.sim.world.sessions, which))
        try:
            customer.choose_known(picked(self.sim.world.accounts, account))
        except NotPossibleError:
            return

    @rule(which=PICK)
    def link_a_new_account(self, which: int) -> None:
        """All the steps at once that end in something built on a new account."""
        down = picked(self.sim.world.accounts.values(), which)
        if down.authorization:
            self._at_bank("expire_consent", down.authorization.id)
        self.life.advance(5)
        session = self.life.request_relink(down.id, mode="any_eligible")
        if session is None:
            return
        self.life.advance(5)
        try:
            self.sim.customer(session.id).choose_new()
        except NotPossibleError:
            return
        self.life.advance(5)

    @rule(seconds=st.sampled_from([0, 1, 2, 3, 60, HOUR, DAY, 3 * DAY]))
    def wait(self, seconds: int) -> None:
        self.life.advance(seconds)

    def _finished(self) -> list[str]:
        """The payment methods that relink has finished making. Nobody can use one before."""
        return [
            method.id
            for method in self.sim.world.payment_methods.values()
            if method.account and self.life.state(method.account.id, "build") == "built"
        ]

    def _at_bank(self, what: str, about: str, **more: Any) -> None:
        try:
            getattr(self.sim.bank, what)(about, **more)
        except NotPossibleError:
            return

    def teardown(self) -> None:
        if not hasattr(self, "life"):
            return
        self.life.come_to_rest()
        for account in self.sim.world.accounts.values():
            state = self.life.state(account.id)
            assert self.life.agrees(account), f"relink has {state}, but Stripe has {account}"
            built = [*account.payment_methods, *account.external_accounts]
            assert len(built) <= 1, f"{account.id} has {built}"
        for name, states in self._built().items():
            state = self.life.state(name, "payment_method")
            assert state in states, f"relink has {state} for {name}, but Stripe has {states}"
        assert isinstance(self.life.store, MemoryStore)
        status = self.life.store.status
        building = (CreatePaymentMethod.name, AttachExternalAccount.name)
        assert not [id for id in status if id.startswith(building) and status[id] == "due"]
        reading = (RetrieveAccount.name, RetrieveAuthorization.name, RetrieveSession.name)
        assert not [id for id in status if id.startswith(reading) and status[id] == "failed"]

    def _built(self) -> dict[str, tuple[str, ...]]:
        """What was built, and the states that relink may have for it."""
        world, found = self.sim.world, dict[str, tuple[str, ...]]()
        for method in world.payment_methods.values():
            if method.detached:
                found[method.id] = ("gone",)
            else:
                found[method.id] = ("blocked",) if method.blocked else ("ready", "mandate_needed")
        # Thin notifications do not name an external account: only the next sweep learns of it.
        if not self.thin:
            found |= dict.fromkeys(self.deleted, ("gone",))
            for made in world.external_accounts.values():
                found[made.id] = ("ready",) if made.status in PAYABLE_STATUSES else ("blocked",)
        return found


RelinkAndStripe.TestCase.settings = settings(
    max_examples=examples(120),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestRelinkEndsInTheStateOfStripe = RelinkAndStripe.TestCase
