"""The end of a history: faults have stopped, and everything that was under way is over.

What Stripe has and what relink knows must agree then. The comparison is with the simulator's own
objects, and shares nothing with the machines.
"""

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, cast

from relink.adapters.runner.reconcile import sweep_everything
from relink.adapters.simulator import Account, Asked, Simulator
from relink.adapters.simulator.idempotency import STORED_FOR
from relink.engine import Address, Facts, Snapshot
from relink.machines import assess
from relink.machines.account.facts import AccountFacts
from relink.machines.authorization import AuthorizationFacts
from relink.machines.commands import Notification, Wake
from relink.machines.outage import OutageFacts
from relink.machines.payment_method import PaymentMethodFacts
from relink.machines.session import SessionFacts
from relink.machines.vocabulary import PAYABLE_STATUSES

from .product import RECONCILE_EVERY
from .record import Told, WorldError

if TYPE_CHECKING:
    from .world import World

SECOND = 1
HOUR = 60 * 60.0

MOST_HOURS = 80
"""Hours for which Stripe may deliver a webhook again, and attempts may go on."""

MOST_DIFFERENCE = 600.0
"""How far two times may be apart that are of relink's clock before and after a start (seconds)."""

_UPDATED = "session.updated"

_CHANGES = (".reactivated", ".deactivated", ".disconnected")
"""The events of an account that starts or stops working."""


def come_to_rest(world: "World") -> None:
    """End all faults, let everyone stop, and wait until nothing is under way."""
    world.chance.begin("rest")
    world.chance.calm = True
    world.story.say("nobody: all faults end, and nobody does anything any more")
    world.sim.keys.reset()
    world.embedding.is_idle = True
    _wait(world)
    # An operator who does not want to wait for the sweep; or the sweep under way, and a whole one.
    is_impatient = world.chance.happens(0.8)
    last = world.policy.session_open_for if is_impatient else 2 * world.sweep_period
    last += 2 * RECONCILE_EVERY
    _let_days_come(world, last)
    if is_impatient and world.product is not None:
        world.start("sweep everything", partial(_sweep, world))
    world.live(world.sim.now + last)
    _wait(world)


def _let_days_come(world: "World", within: float) -> None:
    """Wait for the announced days that would come within so many seconds.

    A deactivation has no webhook where all accounts had stopped before. Only a read shows it then,
    and what was read before the day does not.
    """
    stripe = world.sim.world
    while True:
        announced = [each.announced for each in stripe.accounts.values()]
        announced += [each.announced for each in stripe.authorizations.values()]
        days = [each.date for each in announced if each and each.date]
        coming = [day for day in days if world.sim.now < day <= world.sim.now + within]
        if not coming or world.violation is not None:
            return
        world.live(max(coming))


def _wait(world: "World") -> None:
    """Wait until nothing is under way."""
    for _ in range(MOST_HOURS):
        if world.violation is not None or (world.is_at_rest and not _undone(world, HOUR)):
            return
        world.live(world.sim.now + HOUR)


def _sweep(world: "World") -> None:
    assert world.product is not None, "a task belongs to a process"
    sweep_everything(world.product.store, world.clock())


def check_at_rest(world: "World") -> None:
    """Compare what relink knows with the truth.

    Raises:
        WorldError: they differ.
    """
    product = world.product
    if product is None or not world.is_at_rest:
        raise WorldError("comes_to_rest", "something is under way still")
    if left := _undone(world, 0):
        raise WorldError("no_command_is_left", f"{left[0]} is due, and nobody performs it")
    world.record.audit(product.store, journals=True)
    for address, snapshot in sorted(world.record.machines.items()):
        facts = snapshot.facts
        match facts:
            case AccountFacts():
                _check_account(world, address.key, cast("Snapshot[AccountFacts]", snapshot))
            case AuthorizationFacts():
                _check_authorization(world, snapshot, facts)
            case SessionFacts():
                _check_session(world, snapshot, facts)
            case PaymentMethodFacts():
                _check_built(world, snapshot, facts)
            case OutageFacts():
                _check_outage(world, snapshot, facts)
        if address.machine == "read" and snapshot.state != "idle":
            raise WorldError("no_read_is_left", f"{address.key} waits for a read")
    _check_notifications(world)
    _check_effects(world)
    _check_secrets(world)


def _undone(world: "World", within: float) -> list[str]:
    """The commands that are due within so many seconds, and are not done."""
    product = world.product
    if product is None:
        return ["the process"]
    soon = world.clock() + within
    return [due.id for due in product.store.due_commands(soon, 1000) if due.due_at <= soon]


# ── what is true at Stripe ───────────────────────────────────────────────────


def _check_account(world: "World", name: str, snapshot: "Snapshot[AccountFacts]") -> None:
    account = world.sim.world.accounts.get(name)
    if account is None or snapshot.facts.reported_status is None:
        return
    by, told = snapshot.facts.replaced_by, world.record.told_of(name)
    said_at = world.embedding.replaced_at.get((name, by)) if by else None
    if not agrees(world.sim, account, snapshot.state, by, said_at, told):
        raise WorldError(
            "agrees_with_stripe",
            f"{name} is {snapshot.state}, and at Stripe {account.status}"
            f"{' and can be relinked' if account.relinkable else ''}",
        )
    if assess(snapshot).chargeable and account.status != "active":
        raise WorldError("chargeable_is_active", f"{name} is chargeable and {account.status}")
    _check_prompted(world, name, snapshot)


def agrees(
    sim: Simulator,
    account: Account,
    state: str,
    replaced_by: str | None,
    said_at: float | None = None,
    told: Told | None = None,
) -> bool:
    """Whether a state of relink's is what Stripe's truth about an account allows, at rest.

    ``relinked`` never is: by then Stripe has reported the account.

    Args:
        sim: the simulator.
        account: the account there.
        state: relink's.
        replaced_by: the account that the customer linked instead, for relink.
        said_at: when the service first said so, if it did (Unix seconds).
        told: what reports said; None where every one arrived.
    """
    match state:
        case "active":
            return account.status == "active"
        case "inactive_relinkable":
            return account.status == "inactive" and account.relinkable
        case "inactive_unrepairable":
            return account.status == "inactive" and not account.relinkable
        case "relinking":
            return account.status == "active" or account.relinkable
        case "new_account_linked":
            stands = account.status == "inactive"
            return stands or _never_stopped(sim, account, replaced_by, said_at, told)
        case "disconnected":
            return account.status == "disconnected"
    return False


def _never_stopped(
    sim: Simulator,
    account: Account,
    replaced_by: str | None,
    said_at: float | None,
    told: Told | None,
) -> bool:
    """Whether it worked when a new account replaced it, and ever since, for all that is known (S6).

    Reports of one second have no order (K4), so an outage that was over within the second in which
    it was replaced, or lasted no longer than that, may have been none. Nor is one known of which no
    report arrived. A result counts from the earliest report of it: a session does not hold since
    when it has its result, so a late read of it moves the replacement to the time of the read.
    """

    def is_known(began: float, ended: float) -> bool:
        if told is None:
            return True
        return any(began - SECOND <= each <= ended + SECOND for each in told.stops)

    results = {
        session.id
        for session in sim.world.sessions.values()
        if any(linked.id == replaced_by for linked in session.linked)
    }
    # A session can fail before it succeeds. Its last event is the success.
    effects = sim.ledger.effects()
    ended = {e.subject: e.at for e in effects if e.subject in results and e.kind.endswith(_UPDATED)}
    if told is not None:
        ended = {name: max(at, told.results.get(name, at)) for name, at in ended.items()}
    replaced_at = min([*ended.values(), *([] if said_at is None else [said_at])], default=None)
    if replaced_at is None:
        return False
    stopped_at: float | None = None
    for effect in effects:
        if effect.subject == account.id and effect.kind.endswith(_CHANGES):
            if not effect.kind.endswith("reactivated"):
                stopped_at = effect.at if stopped_at is None else stopped_at
                continue
            if (
                stopped_at is not None
                and effect.at - max(stopped_at, replaced_at) > SECOND
                and is_known(stopped_at, effect.at)
            ):
                return False
            stopped_at = None
    return stopped_at is None


def _check_authorization(
    world: "World", snapshot: Snapshot[Facts], facts: AuthorizationFacts
) -> None:
    found = world.sim.world.authorizations.get(facts.id)
    if found is None or not facts.members or facts.reported_status is None:
        return
    if facts.works != (found.status == "active"):
        raise WorldError(
            "agrees_with_stripe", f"{facts.id} is {snapshot.state}, and at Stripe {found.status}"
        )


def _check_session(world: "World", snapshot: Snapshot[Facts], facts: SessionFacts) -> None:
    if snapshot.state == "open" and (
        world.clock() > facts.opened_at + world.policy.session_open_for + HOUR
    ):
        raise WorldError("no_session_stays_open", f"{facts.id} is open past its deadline")
    found = world.sim.world.sessions.get(facts.id)
    if found is None:
        raise WorldError("agrees_with_stripe", f"Stripe has no session {facts.id}")


def _check_built(world: "World", snapshot: Snapshot[Facts], facts: PaymentMethodFacts) -> None:
    stripe, name, state = world.sim.world, facts.id, snapshot.state
    if name.startswith("pm_"):
        method = stripe.payment_methods.get(name)
        if method is None:
            return
        right = ("gone",) if method.detached else ("ready", "mandate_needed")
        if method.blocked and not method.detached:
            right = ("blocked",)
    else:
        made = stripe.external_accounts.get(name)
        right = ("gone",)
        if made is not None:
            right = ("ready",) if made.status in PAYABLE_STATUSES else ("blocked",)
    if state not in right:
        raise WorldError("agrees_with_stripe", f"{name} is {state}, and should be {right}")


# ── what the customer and the service were told ──────────────────────────────


def _check_prompted(world: "World", name: str, snapshot: "Snapshot[AccountFacts]") -> None:
    """Whoever needs a relink was prompted or given up, or will be named in a planned message."""
    facts = snapshot.facts
    if not facts.needs or snapshot.state not in ("inactive_relinkable", "relinking"):
        return
    outage = facts.outage
    if outage is None or outage.given_up or outage.mailed_at is not None:
        return
    key = facts.authorization or name
    machine = world.record.machines.get(Address("outage", key))
    remembered = cast("OutageFacts", machine.facts).needing if machine else {}
    if name not in remembered:
        raise WorldError("every_outage_is_prompted", f"{name} needs a relink, and {key} does not")
    if remembered[name].named_at is None:
        if not _is_planned(world, key):
            raise WorldError("every_outage_is_prompted", f"no message is planned that names {name}")
        return
    told = world.embedding.received.values()
    since = outage.since - MOST_DIFFERENCE
    if not any(
        each.type == "notify_customer" and name in each.data["accounts"] and each.at >= since
        for each in told
    ):
        raise WorldError("every_outage_is_prompted", f"{name} was named, and nobody was told")


def _check_outage(world: "World", snapshot: Snapshot[Facts], facts: OutageFacts) -> None:
    """A reminder that is planned has a timer."""
    if snapshot.state == "prompted" and not _is_planned(world, facts.id):
        raise WorldError("no_timer_is_forgotten", f"the next message of {facts.id} has no timer")


def _is_planned(world: "World", outage: str) -> bool:
    """Whether an outage has a timer."""
    timers = (command for command in world.record.due.values() if isinstance(command, Wake))
    return any(timer.machine == "outage" and timer.key == outage for timer in timers)


def _check_notifications(world: "World") -> None:
    for name, command in sorted(world.record.ended.items()):
        if isinstance(command, Notification) and name not in world.embedding.received:
            raise WorldError("every_notification_arrives", f"{name} is done and never arrived")


# ── effects at Stripe ────────────────────────────────────────────────────────


def _check_effects(world: "World") -> None:
    """Each command has one effect at most.

    A key that a stored 500 spent, or that Stripe forgot before it came again, allows another
    session, since sessions cannot be looked up.
    """
    asked = world.sim.ledger.requests("POST")
    keys = {request.request_id: request.idempotency_key or "" for request in asked}
    made = Counter(
        _command(keys.get(effect.request_id or "", ""))
        for effect in world.sim.ledger.effects("financial_connections.session.created")
    )
    for command, count in sorted(made.items()):
        if command not in world.record.sessions_asked:
            raise WorldError("one_effect", f"{count} sessions were created for no command")
        if count > 1 + _spent(asked, command) + _forgotten(asked, command):
            raise WorldError("one_effect", f"{count} sessions were created for {command}")
    methods = Counter(
        method.metadata.get("relink_command", "")
        for method in world.sim.world.payment_methods.values()
    )
    for command, count in sorted(methods.items()):
        if count > 1:
            raise WorldError("one_effect", f"{count} payment methods were made for {command!r}")
    for account in world.sim.world.accounts.values():
        built = [each.id for each in account.payment_methods]
        built += [each.id for each in account.external_accounts]
        if len(built) > 1:
            raise WorldError("one_effect", f"{', '.join(built)} were built on {account.id}")


def _command(key: str) -> str:
    """The command of an idempotency key."""
    return key.partition(":")[0]


def _spent(asked: list[Asked], command: str) -> int:
    """How many keys of a command a stored 500 spent."""
    return len(
        {
            request.idempotency_key
            for request in asked
            if request.status == 500
            and request.idempotency_key
            and _command(request.idempotency_key) == command
        }
    )


def _forgotten(asked: list[Asked], command: str) -> int:
    """How often Stripe had forgotten a key of a command when it came again."""
    stored_at: dict[str, float] = {}
    count = 0
    for request in asked:
        key = request.idempotency_key or ""
        if _command(key) != command:
            continue
        if request.at - stored_at.setdefault(key, request.at) >= STORED_FOR:
            stored_at[key] = request.at
            count += 1
    return count


# ── secrets ──────────────────────────────────────────────────────────────────


def _check_secrets(world: "World") -> None:
    text = world.database.text()
    stripe = world.sim.world
    secrets = {session.client_secret for session in stripe.sessions.values()}
    secrets |= {session.hosted_url for session in stripe.sessions.values() if session.hosted_url}
    secrets |= set(stripe.tokens)
    for secret in sorted(secrets):
        if secret in text:
            raise WorldError("no_secret_is_stored", "a secret of Stripe's is in the database")
