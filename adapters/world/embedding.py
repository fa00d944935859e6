"""The service that embeds relink, and its customers: they read what relink asks, and act.

Notifications arrive at least once, so each is acted on once, by its id. A customer who is prompted
may open a session hours later, finish it with any result, walk away, or come back to it late. The
service names a payer, collects mandates, retires accounts, and says what stands in for them. All
of it goes through relink's use cases, as a call that can fail, and is repeated then.
"""

import heapq
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from relink.adapters.gateway import GatewayError
from relink.adapters.notifications import verify
from relink.adapters.service import (
    RelinkRefusedError,
    RelinkSession,
    Service,
    UnknownAccountError,
    UnknownSessionError,
)
from relink.adapters.simulator import NotPossibleError
from relink.adapters.store import ConcurrentChangeError, StoreUnavailableError

from .product import NOTIFY_SECRET
from .scheduler import Crash
from .surroundings import Surroundings

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

OUTCOMES = (
    ("choose_expected", 8),
    ("choose_new", 4),
    ("sign_in_without_account", 2),
    ("fail_to_sign_in", 2),
    ("bank_error", 1),
    ("cancel", 2),
    ("walk_away", 2),
)
"""What a customer does in a session, and how often."""

BILLING_NAME = "Nobody Mayread"

MOST_CALLS = 6
"""How often a call to relink is made before its caller gives up."""


@dataclass(frozen=True, slots=True)
class Received:
    """A notification that arrived."""

    at: float
    """When (Unix seconds)."""
    type: str
    data: dict[str, Any]


@dataclass(order=True, slots=True)
class _Later:
    at: float
    number: int
    name: str = field(compare=False)
    act: Callable[[], None] = field(compare=False)


class EmbeddingService:
    """Receives notifications, and calls relink.

    Args:
        world: around it.
    """

    def __init__(self, world: Surroundings) -> None:
        self._world = world
        self._later: list[_Later] = []
        self._planned = 0
        self.received: dict[str, Received] = {}
        """Every notification that arrived, by its id."""
        self.times: Counter[str] = Counter()
        """How often each arrived."""
        self.replaced_at: dict[tuple[str, str], float] = {}
        """When it first said of an account that this other one is used instead (Unix seconds)."""
        self.is_idle = False
        """Whether nobody reacts any more."""

    # ── what relink tells it ─────────────────────────────────────────────────

    def receive(self, body: bytes, signature: str) -> None:
        """Take a notification.

        Raises:
            BadSignatureError: it is not from relink.
        """
        verify(body, signature, NOTIFY_SECRET, self._world.sim.now)
        told = json.loads(body)
        name: str = told["id"]
        self.times[name] += 1
        self._world.story.say(f"service: is told {name}, for the {self.times[name]}. time")
        if name not in self.received:
            self.received[name] = Received(self._world.sim.now, told["type"], told["data"])
            if not self.is_idle:
                self._react(told["type"], told["data"])

    def _react(self, kind: str, data: dict[str, Any]) -> None:
        chance = self._world.chance
        match kind:
            case "notify_customer" if chance.happens(0.7):
                self.ask_for_session(chance.pick(data["accounts"]), chance.uniform(10, 2 * DAY))
            case "request_new_payment_method" if chance.happens(0.4):
                account = data["account"]
                if chance.happens(0.5):
                    self.call(f"retire {account}", HOUR, lambda relink: relink.retire(account))
                else:
                    self.later(DAY, f"link elsewhere {account}", lambda: self._elsewhere(account))
            case "collect_mandate" if chance.happens(0.7):
                self.later(HOUR, "mandate", lambda: self._collect(data))
            case "request_billing_name" if chance.happens(0.8):
                session = data["session"]
                self.call(
                    f"name the payer of {session}",
                    HOUR,
                    lambda relink: relink.session_result(session, BILLING_NAME),
                )

    def _elsewhere(self, account: str) -> None:
        world = self._world
        holder = world.sim.world.accounts[account].holder
        linked = world.sim.link_account(holder.id if holder else None).id
        world.story.say(f"customer: links {linked} instead of {account}, outside of relink")

        def say(relink: Service) -> None:
            relink.replaced_by(account, linked)
            self.replaced_at.setdefault((account, linked), world.clock())

        self.call(f"replace {account}", MINUTE, say)

    def _collect(self, data: dict[str, Any]) -> None:
        account, method = data["account"], data["payment_method"]
        if method.startswith("pm_"):
            try:
                self._world.sim.collect_mandate(method)
            except NotPossibleError:
                return
        self.call(
            f"mandate for {method}",
            MINUTE,
            lambda relink: relink.collect_mandate(account, method),
        )

    # ── sessions ─────────────────────────────────────────────────────────────

    def ask_for_session(self, account: str, wait: float, **wishes: Any) -> None:
        """A customer opens the page that asks relink for a session, after some seconds."""

        def ask(relink: Service) -> None:
            self._opened(relink.request_relink(account, **wishes))

        self.call(f"ask for a session for {account}", wait, ask)

    def _opened(self, session: RelinkSession) -> None:
        world, chance = self._world, self._world.chance
        world.story.say(f"customer: has {session.id}, {session.mode}")
        outcome = OUTCOMES[chance.weighted([weight for _, weight in OUTCOMES])][0]
        wait = chance.uniform(5, 20 * MINUTE) if chance.happens(0.8) else chance.uniform(1, 3) * DAY
        self.later(wait, f"play {session.id}", lambda: self.play(session.id, outcome))

    def play(self, session: str, outcome: str) -> None:
        """The customer finishes the flow; the page then asks relink for the result."""
        world, chance = self._world, self._world.chance
        is_with_siblings, is_asked = chance.happens(0.5), chance.happens(0.5)
        options: dict[str, Any] = {}
        if outcome.startswith("choose"):
            options["siblings"] = is_with_siblings
        try:
            getattr(world.sim.customer(session), outcome)(**options)
        except NotPossibleError:
            return
        world.story.say(f"customer: {outcome} in {session}")
        if is_asked:
            self.call(f"result of {session}", 1.0, lambda relink: relink.session_result(session))

    # ── calls to relink ──────────────────────────────────────────────────────

    def call(
        self, name: str, wait: float, work: Callable[[Service], object], number: int = 1
    ) -> None:
        """Call relink after some seconds, and again if that fails for now."""
        self.later(wait, name, lambda: self._begin_call(name, work, number))

    def _begin_call(self, name: str, work: Callable[[Service], object], number: int) -> None:
        world = self._world
        product = world.product

        def again() -> None:
            if number < MOST_CALLS:
                self.call(name, 2 * MINUTE * number, work, number + 1)

        def carry_out() -> None:
            assert product is not None, "a call begins in a process"
            try:
                work(product.service)
                world.story.say(f"service: {name}: done")
            except (RelinkRefusedError, UnknownAccountError, UnknownSessionError) as error:
                world.story.say(f"service: {name}: refused, {type(error).__name__}")
            except (GatewayError, StoreUnavailableError, ConcurrentChangeError) as error:
                world.story.say(f"service: {name}: fails, {type(error).__name__}")
                again()

        def ended(error: BaseException | None) -> None:
            if isinstance(error, Crash):
                again()

        if product is None:
            again()  # the connection is refused
        else:
            world.start(name, carry_out, ended)

    # ── later ────────────────────────────────────────────────────────────────

    def later(self, wait: float, name: str, act: Callable[[], None]) -> None:
        """Do something after some seconds."""
        self._planned += 1
        heapq.heappush(self._later, _Later(self._world.sim.now + wait, self._planned, name, act))

    @property
    def next_at(self) -> float:
        """When the next thing is done (Unix seconds)."""
        return self._later[0].at if self._later else float("inf")

    def act(self) -> None:
        """Do the next thing."""
        heapq.heappop(self._later).act()
