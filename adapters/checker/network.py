"""What is under way arrives and is carried out, in order or not; and time passes.

Of what is under way, the oldest goes next. A deviation makes it go otherwise: see
:data:`.bounds.Deviation`.
"""

from collections.abc import Collection, Iterator

from relink.engine.explore import Move
from relink.machines.events import (
    BillingNameAbsent,
    BillingNameGiven,
    CommandFailed,
    ExternalAccountMade,
    PaymentMethodMade,
    ReadRequested,
    RelinkSessionCreated,
)

from .around import (
    Again,
    Answer,
    Around,
    BuildDue,
    CallerRead,
    Copy,
    Item,
    NameDue,
    ReadDue,
    SessionDue,
    SessionMade,
    Sweep,
    Webhook,
    arrived,
    body,
    counted,
    deviated,
    get,
    held_back,
    linked,
    put,
    sent,
    spent,
    tainted,
    taken,
    webhook,
)
from .bank import access_ends
from .bounds import Bounds, Deviation
from .events import Events
from .truth import Link, Method, Session

Moves = Iterator[Move[Around]]

DELIVERY, CLOCK = "delivery", "clock"
"""The names of what cannot be put off for ever."""


def deliveries(state: Around, bounds: Bounds, events: Events) -> Moves:
    """What is under way goes on; what is late arrives."""
    may_deviate = state.left.faults > 0
    for item in state.under_way[0] if state.under_way else ():
        yield from _goes_on(taken(state, item), item, events)
        if may_deviate:
            yield from _deviates(state, item, bounds.deviations, events)
    for number, item in enumerate(state.late):
        if item in state.late[:number]:
            continue
        yield from _goes_on(arrived(state, item), item, events, late=" late")


def _goes_on(state: Around, item: Item, events: Events, late: str = "") -> Moves:
    now = state.now
    match item:
        case Webhook():
            label = f"the webhook about {item.subject} arrives{late}"
            # One about a session that relink does not know yet is as good as lost (R6).
            is_early = any(
                isinstance(each, SessionMade) and each.session == item.subject
                for each in state.late
            )
            after = tainted(state) if is_early else state
            yield Move(label, after, events.webhook(item, now), fair=DELIVERY)
        case Copy(of):
            label = f"the webhook about {of.subject} arrives again"
            yield Move(label, state, events.webhook(of, now), fair=DELIVERY)
        case ReadDue():
            begun = _looked_at(state._replace(now=max(now, item.after)), item.subject)
            answer = Answer(item, body(begun, item.kind, item.subject), begun.now)
            event = events.answer(answer, begun.now)
            yield Move(f"{item.subject} is read", begun, event, fair=DELIVERY)
        case Answer():
            label = f"the answer to the read of {item.read.subject} arrives late"
            yield Move(label, state, events.answer(item, now), fair=DELIVERY)
        case BuildDue():
            yield from _built(state, item, events)
        case SessionDue():
            made, session = _created(state, item)
            yield from _heard(made, SessionMade(session, item.request), events)
        case SessionMade():
            yield from _heard(state, item, events, late)
        case CallerRead():
            yield from _read_for_caller(state, item, events)
        case Again(asked):
            yield Move("the request goes on", state, asked, fair=DELIVERY)
        case Sweep(kind, subject):
            head = events.head(f"sweep_{now}", now)
            event = events.kept(ReadRequested, kind=kind, id=subject, **head)
            yield Move(f"the sweep comes to {subject}", state, event, fair=DELIVERY)
        case NameDue(account):
            head = events.head(f"name_{now}", now)
            named = events.kept(BillingNameGiven, account=account, billing_name="Jo", **head)
            yield Move(f"the service gives a name for {account}", state, named, fair=DELIVERY)


def _looked_at(state: Around, subject: str) -> Around:
    told = get(state.told, subject)
    if told is None or not told.is_silent:
        return state
    return state._replace(told=put(state.told, subject, told._replace(is_silent=False)))


def _deviates(
    state: Around, item: Item, deviations: Collection[Deviation], events: Events
) -> Moves:
    rest = deviated(taken(state, item))
    now = state.now
    match item:
        case Webhook():
            what = f"the webhook about {item.subject}"
            if "lost" in deviations and item.kind != "mandate":
                yield Move(f"{what} gets lost", tainted(rest))
            if "late" in deviations:
                yield Move(f"{what} is late", held_back(rest, item))
            if "twice" in deviations:
                again = held_back(rest, Copy(item))
                yield Move(f"{what} arrives, and will again", again, events.webhook(item, now))
            if "thin" in deviations and item.kind != "mandate":
                thin = events.webhook(item, now, is_thin=True)
                # Of an account that works, nobody asks for what is left out (K5).
                is_gap = item.kind == "account" and item.body.link is Link.WORKS
                after = tainted(rest) if is_gap else rest
                yield Move(f"{what} arrives, and leaves out fields", after, thin)
            if "ahead" in deviations and item.kind != "mandate":
                ahead = events.webhook(item, now, is_ahead=True)
                yield Move(f"{what} arrives, dated a year ahead", rest, ahead)
        case ReadDue():
            begun = rest._replace(now=max(now, item.after))
            if "slow" in deviations:
                answer = Answer(item, body(begun, item.kind, item.subject), begun.now)
                yield Move(f"{item.subject} is read, slowly", held_back(begun, answer))
            if "refused" in deviations:
                event = events.refused(item, begun.now)
                yield Move(f"Stripe refuses to read {item.subject}", tainted(begun), event)
        case BuildDue() if "refused" in deviations:
            head = events.head(f"{item.name}_{item.account}", now)
            failed = events.kept(
                CommandFailed, command=item.name, subject=item.account, error="declined", **head
            )
            yield Move(f"Stripe refuses to build on {item.account}", rest, failed)
            if not item.is_external and not item.is_named:
                absent = events.kept(BillingNameAbsent, account=item.account, **head)
                yield Move(f"Stripe has no name for {item.account}", rest, absent)
        case SessionDue() if "unheard" in deviations:
            made, session = _created(rest, item)
            unheard = held_back(made, SessionMade(session, item.request))
            yield Move(f"{session} is created, and relink does not learn of it yet", unheard)
        case _:
            return


def _built(state: Around, item: BuildDue, events: Events) -> Moves:
    head = events.head(f"{item.name}_{item.account}", state.now)
    account = get(state.accounts, item.account)
    if account is None or account.link is not Link.WORKS:
        failed = events.kept(
            CommandFailed, command=item.name, subject=item.account, error="inactive", **head
        )
        yield Move(f"nothing can be built on {item.account}", state, failed, fair=DELIVERY)
        return
    name = f"{'ba' if item.is_external else 'pm'}_of_{item.account}"
    method = Method(item.account, has_mandate=item.is_external, is_external=item.is_external)
    built = (*state.memory.built, item.account)
    after = state._replace(
        methods=put(state.methods, name, method), memory=state.memory._replace(built=built)
    )
    made = (
        events.kept(ExternalAccountMade, account=item.account, external_account=name, **head)
        if item.is_external
        else events.kept(PaymentMethodMade, account=item.account, payment_method=name, **head)
    )
    yield Move(f"{name} is built", after, made, fair=DELIVERY)


def _created(state: Around, item: SessionDue) -> tuple[Around, str]:
    """The session at Stripe; the same one for the same attempt, by its idempotency key."""
    request = item.request
    name = f"fcsess_{request.account}_{request.attempt}"
    if get(state.sessions, name) is None:
        told = get(state.told, request.account)
        began_in = told.begun if told is not None and told.needs else None
        session = Session(request.account, request, began_in=began_in)
        state = state._replace(sessions=put(state.sessions, name, session))
    return state, name


def _heard(state: Around, item: SessionMade, events: Events, late: str = "") -> Moves:
    head = events.head(f"created_{item.session}", state.now)
    event = events.kept(RelinkSessionCreated, session=item.session, request=item.request, **head)
    label = f"{item.session} is created{late and ', as relink learns late'}"
    yield Move(label, state, event, fair=DELIVERY)


def _read_for_caller(state: Around, item: CallerRead, events: Events) -> Moves:
    found = body(state, item.kind, item.subject)
    if item.asked is not None:
        state = sent(state, [Again(item.asked)])
    event = events.caller_read(item, found, state.now)
    yield Move(f"{item.subject} is read for the caller", state, event, fair=DELIVERY)


def time_passes(state: Around, events: Events) -> Moves:
    """Time passes until the next timer is due, or a day comes that was announced."""
    due = min((timer.due for timer in state.timers), default=None)
    day = next(iter(state.days), None)
    if day is not None and (due is None or day[0] < due):
        when, name = day
        later = _waited(state._replace(now=max(state.now, when)))
        yield Move(f"the day of {name} comes", _day_came(later, name), fair=CLOCK)
    elif due is not None:
        timer = min(state.timers)
        rest = tuple(each for each in state.timers if each != timer)
        later = _waited(state._replace(now=max(state.now, due), timers=rest))
        event = events.fired(timer, later.now)
        label = f"time passes to {later.now}: the timer of {timer.machine} {timer.key} fires"
        yield Move(label, later, event, fair=CLOCK)


def _waited(state: Around) -> Around:
    """Once time has passed too often, nothing else happens any more."""
    state = counted(state)
    left = state.left
    if not left.waits:
        return state._replace(left=left._replace(changes=0, outages=0, sessions=0, faults=0))
    return spent(state, waits=1)


def _day_came(state: Around, name: str) -> Around:
    account = get(state.accounts, name)
    if account is None:
        return access_ends(state, name, Link.EXPIRED)
    stopped = account._replace(link=Link.EXPIRED, announced_for=None)
    state = linked(state, name, stopped)
    return counted(sent(state, [webhook(state, "account", name)]))
