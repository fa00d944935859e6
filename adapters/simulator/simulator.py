"""A stateful Financial Connections, to stand in for Stripe in tests and demos.

One :class:`Simulator` is one Stripe account with its customers, their banks and its webhook
endpoints. Its API answers the real SDK, over HTTP or in process; the bank's world and the
customers' part are methods; webhooks are taken from it as they fall due. It is Stripe's side
of things, and knows nothing of relink.

The same seed and the same calls give the same history to the byte, clock included.
"""

from collections.abc import Iterator

from .api import Api
from .bank import Bank
from .clock import Clock, TickingClock, Timetable, VirtualClock
from .endpoints.connections import Connections
from .endpoints.events import Events
from .endpoints.payments import Payments
from .errors import CannotHappen
from .faults import ApiFault, Faults, FaultSource
from .flow import CustomerPart, Flows, Offer
from .ids import Ids
from .ledger import Effect, Ledger
from .links import Links
from .message import Request, Response
from .resources import Account, Customer, Holder, HolderField, Resource
from .versions import GENERAL, PREVIEW
from .webhooks import Delivery, Endpoint, Webhooks
from .world import STRIPE_BANK, World, known

START = 1_790_000_000
"""September 2026, in Unix seconds."""


class Simulator:
    """Stripe, and the banks behind it.

    Args:
        seed: ids, secrets and faults follow from it.
        faults: what goes wrong, and how often.
        start: the time at which the virtual clock begins (Unix seconds); None follows the
            machine's clock instead.
        default_version: of the API, for requests that name none.
        base_url: where the pages for customers are served, for hosted sessions.
    """

    def __init__(
        self,
        seed: int = 0,
        faults: Faults | None = None,
        *,
        start: float | None = START,
        default_version: str = GENERAL,
        base_url: str = "https://stripebank.invalid",
    ) -> None:
        self.base_url = base_url
        self.ids = Ids(seed)
        self.ledger = Ledger()
        """Everything that was asked, and everything that came of it."""
        self.world = World(self.ids)
        """The truth."""
        self._clock: Clock = TickingClock() if start is None else VirtualClock(start)
        self._timetable = Timetable()
        self._faults = FaultSource(faults or Faults(), seed)
        self.webhooks = Webhooks(self.ids, self._faults)
        self._links = Links(self._clock, self._timetable, self._tell)
        self._flows = Flows(self.world, self._links, self._clock, self._tell)
        self.bank = Bank(self.world, self._links, self._clock, self._tell)
        """What happens at the banks."""
        connections = Connections(self.world, self._links, self._note, self._page_url)
        payments = Payments(self.world, lambda: self.now, self._tell, self._note)
        events = Events(self.webhooks, default_version)
        self._api = Api(
            self.world,
            self._clock,
            self._faults,
            self.ledger,
            self.ids,
            [*connections.routes(), *payments.routes(), *events.routes()],
            default_version,
        )

    # ── the API ──────────────────────────────────────────────────────────────

    def handle(self, request: Request) -> Response:
        """Answer a request to the API.

        Raises:
            SimulatedTimeout: no answer comes, by a fault.
        """
        self.advance_to(self.now)
        return self._api.handle(request)

    @property
    def faults(self) -> Faults:
        """What goes wrong, and how often. Can be changed at any time."""
        return self._faults.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults.faults = faults

    def inject(
        self, fault: ApiFault | str, *, method: str | None = None, path: str = "", times: int = 1
    ) -> None:
        """Let a fault happen to the next requests of a method, to paths that begin so.

        Raises:
            ValueError: there is no such fault, or ``times`` is below 1.
        """
        self._faults.inject(fault, method=method, path=path, times=times)

    # ── time ─────────────────────────────────────────────────────────────────

    @property
    def now(self) -> float:
        """The time of the simulated world (Unix seconds)."""
        return self._clock.now

    def advance(self, seconds: float) -> None:
        """Let time pass, and what is due in it happen. Webhooks wait to be taken."""
        self.advance_to(self.now + seconds)

    def advance_to(self, when: float) -> None:
        """Let it become that late (Unix seconds); a time that is past changes nothing."""
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
        url: str | None = None,
    ) -> Endpoint:
        """Send webhooks to an endpoint from now on.

        Args:
            secrets: what signs them; several during a rotation. One is made where none is given.
            version: of the API, for the objects in them.
            thin: notifications that only name the object, in place of snapshots.
            url: where the server posts them to; in process, they are taken instead.
        """
        endpoint = Endpoint(
            self.ids.new("we"), secrets or (self.ids.new("whsec"),), version, thin, url
        )
        self.webhooks.endpoints.append(endpoint)
        return endpoint

    @property
    def next_webhook_at(self) -> float | None:
        """When the next webhook that is on its way arrives; None when there is none."""
        return self.webhooks.to_take.next_due

    def due_webhooks(self, until: float | None = None) -> Iterator[Delivery]:
        """Play the time until then (by default, now), and hand out each webhook in its time.

        What is asked of the API between two of them happens between them; webhooks that it
        causes come too. Report those that were not accepted with :meth:`webhook_failed`.
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
        """It was not answered with a 2xx: Stripe tries again later, for three days."""
        self.webhooks.failed(delivery, self.now)

    # ── people ───────────────────────────────────────────────────────────────

    def customer(self, session: str) -> CustomerPart:
        """The customer in front of a session's flow.

        Raises:
            CannotHappen: there is no such session.
        """
        return CustomerPart(self._flows, known(self.world.sessions, "session", session))

    def add_customer(self, name: str | None = "Jenny Rosen", email: str | None = None) -> str:
        """A customer at Stripe, by id."""
        customer = Customer(
            id=self.ids.new("cus"), owner=None, created=int(self.now), name=name, email=email
        )
        self.world.customers[customer.id] = customer
        return customer.id

    def add_connected_account(self, name: str = "Rocket Rides") -> str:
        """A connected account, by id. It can also stand for a customer."""
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
        owner: str | None = None,
    ) -> Account:
        """Link an account, as its holder would have done in a flow before.

        Args:
            holder: ``cus_…``, ``acct_…``, or None for nobody. An ``acct_…`` is a Connect
                holder; ``customer_account:acct_…`` is an account that stands for a customer.
            authorization: the one to add it to; by default, the holder signs in anew.
            institution: the bank, where the holder signs in anew.
            subcategory: what kind of account it is.
            permissions: what may be read of it.
            tokenized: whether its number is a token; by default as the bank does it.
            owner: the connected account that it belongs to, if not the platform.

        Raises:
            CannotHappen: holder or authorization don't exist.
        """
        held_by = self._holder(holder)
        if authorization is None:
            login = self.world.add_authorization(
                held_by, self.world.institution(institution), owner
            )
        else:
            login = known(self.world.authorizations, "authorization", authorization)
            held_by = held_by or login.holder
        offer = Offer(subcategory, self.ids.digits("last4", len(self.world.accounts)))
        return self._flows.link(held_by, login, offer, permissions, tokenized)

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
            raise CannotHappen(f"there is no {field} {name!r}")
        return Holder(field, name)

    # ── what came of it ──────────────────────────────────────────────────────

    def _tell(self, kind: str, about: Resource) -> None:
        self._note(kind, about.id)
        self.webhooks.publish(kind, about, self.now, self._api.cause)

    def _page_url(self, name: str) -> str:
        return f"{self.base_url}/stripebank/{name}"

    def _note(self, kind: str, subject: str) -> None:
        self.ledger.entries.append(Effect(self.now, kind, subject, self._api.cause.request_id))
