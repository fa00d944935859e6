"""A stateful simulation of Stripe Financial Connections for tests and demos.

One :class:`Simulator` is one Stripe account with its customers, their banks and its webhook
endpoints. Its API answers Stripe's SDK, over HTTP or in process. Bank events and customers' actions
are methods, and webhooks are taken from the simulator when they are due. It simulates Stripe only,
and does not depend on relink.

The same seed and the same calls give the same history byte for byte, times included.
"""

from collections.abc import Iterator

from .api import Api
from .bank import Bank
from .clock import Clock, TickingClock, Timetable, VirtualClock
from .endpoints.connections import Connections
from .endpoints.customers import Customers
from .endpoints.events import Events
from .endpoints.external_accounts import ExternalAccounts
from .endpoints.payment_methods import PaymentMethods
from .errors import NotPossibleError
from .faults import Fault, Faults, FaultSource
from .flow import CustomerPart, Flows, Offer
from .ids import Ids
from .keys import OTHER_MODE, Keys
from .ledger import Effect, Ledger
from .links import Links
from .message import Request, Response
from .resources import Account, Customer, Holder, HolderField, Mandate, Resource
from .shapes import Shapes
from .versions import GENERAL, PREVIEW, is_version
from .webhooks import Delivery, Endpoint, Webhooks
from .world import STRIPE_BANK, World, known

START = 1_790_000_000
"""September 2026, in Unix seconds."""

LONGEST = 100 * 365 * 86400
"""How far the clock can be advanced at once (seconds)."""

LATEST = 32_503_680_000
"""The latest time that the clock can be advanced to, the year 3000 (Unix seconds). Dates after the
year 9999 could not be written."""


class Simulator:
    """Stripe and the banks behind it.

    Args:
        seed: ids, secrets and faults are derived from it.
        faults: the faults and their rates.
        start: the start of the virtual clock (Unix seconds); None uses the machine's clock.
        default_version: the API version of requests that name none.
        base_url: the address of the pages for customers, for hosted sessions.
        plain_ids: count ids, such as ``fca_1``, instead of deriving them from the seed.
    """

    def __init__(
        self,
        seed: int = 0,
        faults: Faults | None = None,
        *,
        start: float | None = START,
        default_version: str = GENERAL,
        base_url: str = "https://stripebank.invalid",
        plain_ids: bool = False,
    ) -> None:
        self.base_url = base_url
        self.ids = Ids(seed, plain_ids)
        self.ledger = Ledger()
        """All requests and all effects."""
        self.world = World(self.ids)
        """All objects at Stripe and the banks."""
        self._clock: Clock = TickingClock() if start is None else VirtualClock(start)
        self._timetable = Timetable()
        self._faults = FaultSource(faults or Faults(), seed)
        self.keys = Keys()
        """What API keys may do."""
        self.shapes = Shapes()
        """Objects in another shape than documented."""
        self.webhooks = Webhooks(self.ids, self._faults, self.shapes)
        self._links = Links(
            self.world.external_accounts, self._clock, self._timetable, self._publish
        )
        self._flows = Flows(self.world, self._links, self._clock, self._publish)
        self.bank = Bank(self.world, self._links, self._clock, self._publish)
        """The events at the banks."""
        world, links, publish = self.world, self._links, self._publish
        endpoints = (
            Connections(world, links, self._note, self._page_url),
            Customers(world, lambda: self.now, publish),
            PaymentMethods(world, links, lambda: self.now, publish, self._note),
            ExternalAccounts(world, links, publish),
            Events(self.webhooks, default_version),
        )
        self._api = Api(
            self.world,
            self._clock,
            self._faults,
            self.keys,
            self.shapes,
            self.ledger,
            self.ids,
            [route for each in endpoints for route in each.routes()],
            default_version,
        )

    # ── the API ──────────────────────────────────────────────────────────────

    def handle(self, request: Request) -> Response:
        """Answer a request to the API.

        Raises:
            SimulatedTimeout: a fault drops the answer.
        """
        self.advance_to(self.now)
        return self._api.handle(request)

    @property
    def faults(self) -> Faults:
        """The faults and their rates. They can be changed at any time."""
        return self._faults.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults.faults = faults

    def inject(
        self,
        fault: Fault | str,
        *,
        method: str | None = None,
        path: str = "",
        times: int | None = 1,
    ) -> None:
        """Add a fault to the next matching requests.

        Args:
            fault: an ``ApiFault`` or a ``SetupFault``.
            method: the HTTP method to match; None matches all.
            path: the prefix of the paths to match.
            times: the number of requests; None: all, until :meth:`clear_faults`.

        Raises:
            ValueError: there is no such fault, or ``times`` is below 1.
        """
        self._faults.inject(fault, method=method, path=path, times=times)

    def clear_faults(self) -> None:
        """Remove all faults that :meth:`inject` added. The rates in :attr:`faults` stay."""
        self._faults.clear()

    # ── time ─────────────────────────────────────────────────────────────────

    @property
    def now(self) -> float:
        """The simulator's time (Unix seconds)."""
        return self._clock.now

    def advance(self, seconds: float) -> None:
        """Let seconds pass, with their scheduled events. Webhooks wait until they are taken.

        Raises:
            ValueError: ``seconds`` is negative, no number, more than a hundred years, or leads
                beyond :data:`LATEST`.
        """
        if not 0 <= seconds <= LONGEST:
            raise ValueError(f"seconds must be from 0 to {LONGEST}, got {seconds}")
        if self.now + seconds > LATEST:
            raise ValueError(f"the clock stops at {LATEST}, the year 3000, got {seconds} seconds")
        self.advance_to(self.now + seconds)

    def advance_to(self, when: float) -> None:
        """Advance to a time (Unix seconds). A time in the past changes nothing."""
        while (due := self._timetable.next_due) is not None and due <= when:
            self._clock.move_to(due)
            self._timetable.run_next()
        self._clock.move_to(when)

    # ── webhooks ─────────────────────────────────────────────────────────────

    def add_endpoint(
        self,
        *secrets: str,
        version: str = PREVIEW,
        thin: bool = False,
        organization: bool = False,
        url: str | None = None,
    ) -> Endpoint:
        """Add a webhook endpoint.

        Args:
            secrets: the signing secrets, several during a rotation. By default one is generated.
            version: the API version of the objects in the webhooks: ``PREVIEW``, or ``GENERAL``,
                in which accounts have no ``authorization`` and no ``status_details.inactive``.
            thin: send notifications that only name the object, instead of snapshots.
            organization: name connected accounts as ``context`` instead of ``account``.
            url: where the server posts the webhooks; None: :meth:`due_webhooks` returns them.

        Raises:
            ValueError: ``version`` is not an API version.
        """
        if not is_version(version):
            raise ValueError(f"version must be an API version such as {PREVIEW}, got {version!r}")
        endpoint = Endpoint(
            self.ids.new("we"),
            secrets or (self.ids.new("whsec"),),
            version,
            thin,
            organization,
            url,
        )
        self.webhooks.endpoints.append(endpoint)
        return endpoint

    @property
    def next_webhook_at(self) -> float | None:
        """When the next webhook arrives (Unix seconds); None when there is none."""
        return self.webhooks.to_take.next_due

    def due_webhooks(self, until: float | None = None) -> Iterator[Delivery]:
        """Advance to a time (by default, now), and yield each webhook when it arrives.

        Requests made between two webhooks happen between them, and the webhooks that they cause
        are yielded too. Report a webhook that was not accepted with :meth:`webhook_failed`.
        """
        until = self.now if until is None else until
        outbox = self.webhooks.to_take
        while True:
            moments = (self._timetable.next_due, outbox.next_due)
            moment = min((m for m in moments if m is not None), default=None)
            if moment is None or moment > until:
                break
            self.advance_to(moment)
            if delivery := outbox.take(self.now):
                yield delivery
        self.advance_to(until)

    def webhook_failed(self, delivery: Delivery) -> None:
        """Report that a webhook was not answered with a 2xx. Stripe retries for three days."""
        self.webhooks.failed(delivery, self.now)

    # ── customers and accounts ───────────────────────────────────────────────────────────────

    def customer(self, session: str) -> CustomerPart:
        """The customer in the flow of a session.

        Raises:
            NotPossibleError: there is no such session.
        """
        return CustomerPart(self._flows, known(self.world.sessions, "session", session))

    def add_customer(self, name: str | None = "Jenny Rosen", email: str | None = None) -> str:
        """Add a customer, and return the id."""
        customer = Customer(
            id=self.ids.new("cus"), owner=None, created=int(self.now), name=name, email=email
        )
        self.world.customers[customer.id] = customer
        return customer.id

    def add_connected_account(self, name: str = "Rocket Rides") -> str:
        """Add a connected account, and return the id. It can also represent a customer."""
        made = self.ids.new("acct")
        self.world.connected_accounts[made] = name
        return made

    def link_account(
        self,
        holder: str | None = None,
        *,
        authorization: str | None = None,
        institution: str = STRIPE_BANK,
        subcategory: str = "checking",
        permissions: tuple[str, ...] = ("payment_method",),
        tokenized: bool | None = None,
        last4: str | None = None,
        owner: str | None = None,
    ) -> Account:
        """Link an account, as if its holder had completed a flow outside of a relink.

        Args:
            holder: ``cus_…``, ``acct_…`` for a Connect holder, ``customer_account:acct_…`` for an
                account that represents a customer, or None for no holder.
            authorization: the authorization to add it to; None creates a new one.
            institution: the bank of a new authorization.
            subcategory: the kind of account.
            permissions: the permissions granted for it.
            tokenized: whether its number is tokenized; None: as the bank does by default.
            last4: the last four digits. Those of a linked account link it once more, as another
                account at Stripe. None takes new ones.
            owner: the connected account that it belongs to; None: the platform.

        Raises:
            NotPossibleError: the holder or the authorization does not exist.
        """
        held_by = self._holder(holder)
        if authorization is None:
            login = self.world.add_authorization(
                held_by, self.world.institution(institution), owner
            )
        else:
            login = known(self.world.authorizations, "authorization", authorization)
            held_by = held_by or login.holder
        last4 = last4 or self.ids.digits("last4", len(self.world.accounts))
        return self._flows.link(held_by, login, Offer(subcategory, last4), permissions, tokenized)

    def collect_mandate(self, payment_method: str) -> str:
        """The customer authorizes debits with a payment method. Returns the mandate's id.

        Raises:
            NotPossibleError: there is no such payment method, or it is detached.
        """
        found = known(self.world.payment_methods, "payment method", payment_method)
        if found.detached:
            raise NotPossibleError(f"{payment_method} is detached")
        made = Mandate(self.ids.new("mandate"), found.owner, int(self.now), found)
        self.world.mandates[made.id] = made
        return made.id

    def _holder(self, name: str | None) -> Holder | None:
        if name is None:
            return None
        field: HolderField
        if name.startswith("customer_account:"):
            field, name = "customer_account", name.removeprefix("customer_account:")
        else:
            field = "account" if name.startswith("acct_") else "customer"
        store = self.world.customers if field == "customer" else self.world.connected_accounts
        if name not in store:
            raise NotPossibleError(f"there is no {field} {name!r}")
        return Holder(field, name)

    # ── events and effects ───────────────────────────────────────────────────

    def _publish(self, kind: str, about: Resource) -> None:
        self._note(kind, about.id)
        if about.owner != OTHER_MODE:  # whose events go to endpoints of that mode
            self.webhooks.publish(kind, about, self.now, self._api.cause)

    def _page_url(self, name: str) -> str:
        return f"{self.base_url}/stripebank/{name}"

    def _note(self, kind: str, subject: str) -> None:
        self.ledger.entries.append(Effect(self.now, kind, subject, self._api.cause.request_id))
