"""An order in a shop: from the cart to the doorstep, and sometimes back.

States
    ``cart``       The customer puts articles in. Machines begin here.
    ``placed``     The customer has ordered, and has not paid all of it yet.
    ``paid``       The order is paid. The warehouse packs it.
    ``shipped``    The parcel is on its way.
    ``delivered``  The customer has it.
    ``returned``   The parcel came back.
    ``cancelled``  The order was cancelled before the parcel left.

Payments may come in parts, and may be reported twice. A part of the price can be refunded while the
order is paid for and not returned. Whoever cancels or returns an order gets the rest of the money
back. A payment that comes after the order is paid or over goes back at once.

An amount is a whole number of cents.
"""

from enum import StrEnum

from pydantic import BaseModel, Field
from statemachine import State

from relink.engine import Assign, Chart, Command, Event, Facts, ignored, stays

Effects = list[Command | Assign]


class RefundReason(StrEnum):
    """Why money goes back to the customer."""

    GRANTED = "granted"
    """The shop gives back a part of the price."""
    NOT_DUE = "not_due"
    """A payment came when nothing was left to pay."""
    ORDER_OVER = "order_over"
    """The order was cancelled or returned."""


# ── events ───────────────────────────────────────────────────────────────────


class ArticleAdded(Event):
    """The customer puts an article into the cart, or changes how many."""

    article: str
    price: int = Field(gt=0)
    quantity: int = Field(ge=1, le=99)


class ArticleRemoved(Event):
    """The customer takes an article out of the cart."""

    article: str


class OrderPlaced(Event):
    """The customer orders what is in the cart."""


class PaymentReceived(Event):
    """A payment, or a part of one, has arrived."""

    payment: str
    amount: int = Field(gt=0)


class ParcelSent(Event):
    """The carrier has taken the parcel."""

    parcel: str


class ParcelDelivered(Event):
    """The carrier has delivered the parcel."""


class ParcelReturned(Event):
    """The parcel is back in the warehouse, from the customer or from the carrier."""


class RefundGranted(Event):
    """The shop gives back a part of the price, for a scratch or a missing piece."""

    refund: str
    amount: int = Field(gt=0)


class OrderCancelled(Event):
    """The customer or the shop cancels the order."""


# ── commands ─────────────────────────────────────────────────────────────────


class RequestPayment(Command):
    """Ask the customer to pay."""

    order: str
    amount: int


class PackParcel(Command):
    """Ask the warehouse to pack these articles, each with its quantity."""

    order: str
    articles: dict[str, int]


class StopParcel(Command):
    """Ask the warehouse to put everything back."""

    order: str


class PayBack(Command):
    """Send money to the customer. Reason and reference tell the refunds of an order apart."""

    order: str
    reason: RefundReason
    reference: str
    amount: int


# ── facts ────────────────────────────────────────────────────────────────────


class Line(BaseModel, frozen=True):
    """One article of an order."""

    price: int
    quantity: int


class Refund(BaseModel, frozen=True):
    """Money that went back."""

    reason: RefundReason
    reference: str
    """The id of the granted refund, of the payment, or of the order."""
    amount: int


class OrderFacts(Facts):
    """What an order remembers."""

    id: str
    lines: dict[str, Line] = {}
    """What is ordered, by article."""
    payments: dict[str, int] = {}
    """Amounts by the id of the payment."""
    refunds: list[Refund] = []
    """The oldest first."""

    @property
    def total(self) -> int:
        """What the order costs."""
        return sum(line.price * line.quantity for line in self.lines.values())

    @property
    def received(self) -> int:
        """What the customer has paid."""
        return sum(self.payments.values())

    @property
    def refunded(self) -> int:
        """What went back to the customer."""
        return sum(refund.amount for refund in self.refunds)

    @property
    def kept(self) -> int:
        """What the shop has of the customer's money."""
        return self.received - self.refunded


# ── the chart ────────────────────────────────────────────────────────────────


class Order(Chart):
    """One order, by its id."""

    facts_type = OrderFacts
    alphabet = (
        ArticleAdded,
        ArticleRemoved,
        OrderPlaced,
        PaymentReceived,
        ParcelSent,
        ParcelDelivered,
        ParcelReturned,
        RefundGranted,
        OrderCancelled,
    )

    cart = State(initial=True)
    placed = State()
    paid = State()
    shipped = State()
    delivered = State()
    returned = State()
    cancelled = State()

    bought = (paid, shipped, delivered)
    over = (returned, cancelled)
    absorbing = over

    # ── the customer chooses ─────────────────────────────────────────────────
    stays(cart, event="article_added", on="put_in")
    stays(cart, event="article_removed", cond="has_article", on="take_out")
    cart.to(placed, event="order_placed", cond="has_articles", on="ask_for_payment")

    # ── and pays ─────────────────────────────────────────────────────────────
    placed.to(
        paid,
        event="payment_received",
        cond="is_new_payment and completes_price",
        on=["note_payment", "ask_for_parcel"],
    )
    stays(placed, event="payment_received", cond="is_new_payment", on="note_payment")
    stays(*bought, *over, event="payment_received", cond="is_new_payment", on="send_back")

    # ── the parcel ───────────────────────────────────────────────────────────
    paid.to(shipped, event="parcel_sent")
    shipped.to(delivered, event="parcel_delivered")
    returned.from_(shipped, delivered, event="parcel_returned", on="pay_back_rest")

    # ── money goes back ──────────────────────────────────────────────────────
    stays(*bought, event="refund_granted", cond="is_new_refund and is_covered", on="pay_back")
    cart.to(cancelled, event="order_cancelled")
    placed.to(cancelled, event="order_cancelled", on="pay_back_rest")
    paid.to(cancelled, event="order_cancelled", on=["pay_back_rest", "stop_parcel"])

    decided = (
        ignored(cart, ArticleRemoved, because="The article is not in the cart."),
        ignored(cart, OrderPlaced, because="The cart is empty."),
        ignored(
            (placed, *bought, *over),
            (ArticleAdded, ArticleRemoved, OrderPlaced),
            because="The order was placed, and does not change any more.",
        ),
        ignored(cart, PaymentReceived, because="Nothing was ordered.", anomaly=True),
        ignored((placed, *bought, *over), PaymentReceived, because="The payment is known."),
        ignored((cart, placed), ParcelSent, because="The order is not paid.", anomaly=True),
        ignored((shipped, delivered, *over), ParcelSent, because="The parcel left before."),
        ignored((cart, placed, paid), ParcelDelivered, because="No parcel left.", anomaly=True),
        ignored((delivered, *over), ParcelDelivered, because="The way of the parcel is over."),
        ignored((cart, placed, paid), ParcelReturned, because="No parcel left.", anomaly=True),
        ignored(over, ParcelReturned, because="The order is over."),
        ignored((cart, placed), RefundGranted, because="The order is not paid: cancel it."),
        ignored(bought, RefundGranted, when="not is_new_refund", because="The refund is known."),
        ignored(bought, RefundGranted, because="The rest is less than that.", anomaly=True),
        ignored(over, RefundGranted, because="All money went back."),
        ignored(
            (shipped, delivered),
            OrderCancelled,
            because="The parcel has left: the customer can return it.",
        ),
        ignored(over, OrderCancelled, because="The order is over."),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def has_article(self, facts: OrderFacts, trigger: ArticleRemoved) -> bool:
        """The article is in the cart."""
        return trigger.article in facts.lines

    def has_articles(self, facts: OrderFacts, trigger: OrderPlaced) -> bool:
        """There is something in the cart."""
        return bool(facts.lines)

    def is_new_payment(self, facts: OrderFacts, trigger: PaymentReceived) -> bool:
        """The payment was not reported before."""
        return trigger.payment not in facts.payments

    def completes_price(self, facts: OrderFacts, trigger: PaymentReceived) -> bool:
        """With this payment the customer has paid the price."""
        return facts.received + trigger.amount >= facts.total

    def is_new_refund(self, facts: OrderFacts, trigger: RefundGranted) -> bool:
        """The refund was not granted before."""
        granted = [r for r in facts.refunds if r.reason is RefundReason.GRANTED]
        return all(refund.reference != trigger.refund for refund in granted)

    def is_covered(self, facts: OrderFacts, trigger: RefundGranted) -> bool:
        """The shop still has that much of the customer's money."""
        return trigger.amount <= facts.kept

    # ── effects ──────────────────────────────────────────────────────────────

    def put_in(self, facts: OrderFacts, trigger: ArticleAdded) -> Assign:
        """Note the article, its price and how many."""
        line = Line(price=trigger.price, quantity=trigger.quantity)
        return Assign(lines={**facts.lines, trigger.article: line})

    def take_out(self, facts: OrderFacts, trigger: ArticleRemoved) -> Assign:
        """Forget the article."""
        others = {name: line for name, line in facts.lines.items() if name != trigger.article}
        return Assign(lines=others)

    def ask_for_payment(self, facts: OrderFacts, trigger: OrderPlaced) -> Command:
        """Tell the customer what the order costs."""
        return RequestPayment(order=facts.id, amount=facts.total)

    def note_payment(self, facts: OrderFacts, trigger: PaymentReceived) -> Assign:
        """Remember the payment."""
        return Assign(payments={**facts.payments, trigger.payment: trigger.amount})

    def ask_for_parcel(self, facts: OrderFacts, trigger: PaymentReceived) -> Command:
        """The warehouse begins only now, with a paid order."""
        articles = {article: line.quantity for article, line in facts.lines.items()}
        return PackParcel(order=facts.id, articles=articles)

    def send_back(self, facts: OrderFacts, trigger: PaymentReceived) -> Effects:
        """Nothing is left to pay, so this payment goes back."""
        payments = {**facts.payments, trigger.payment: trigger.amount}
        returned = _paid_back(facts, RefundReason.NOT_DUE, trigger.payment, trigger.amount)
        return [Assign(payments=payments), *returned]

    def pay_back(self, facts: OrderFacts, trigger: RefundGranted) -> Effects:
        """Send a part of the price to the customer."""
        return _paid_back(facts, RefundReason.GRANTED, trigger.refund, trigger.amount)

    def pay_back_rest(self, facts: OrderFacts, trigger: OrderCancelled | ParcelReturned) -> Effects:
        """Send what is left of the customer's money."""
        if not facts.kept:
            return []
        return _paid_back(facts, RefundReason.ORDER_OVER, facts.id, facts.kept)

    def stop_parcel(self, facts: OrderFacts, trigger: OrderCancelled) -> Command:
        """The warehouse may have begun to pack."""
        return StopParcel(order=facts.id)


def _paid_back(facts: OrderFacts, reason: RefundReason, reference: str, amount: int) -> Effects:
    """Remember that money goes back, and send it."""
    refund = Refund(reason=reason, reference=reference, amount=amount)
    command = PayBack(order=facts.id, reason=reason, reference=reference, amount=amount)
    return [Assign(refunds=[*facts.refunds, refund]), command]
