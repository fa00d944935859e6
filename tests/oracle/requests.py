"""Relink requests (R1 to R9), what is built (N1, N2, N4), and other ways to pay (C4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relink.machines.commands import (
    AttachExternalAccount,
    Build,
    CollectMandate,
    CreatePaymentMethod,
    CreateRelinkSession,
    PaymentMethodBuilt,
    PaymentMethodGone,
    RequestNewPaymentMethod,
    RetrieveAccountForCaller,
    RetrieveSessionForCaller,
)
from relink.machines.events import (
    BillingNameAbsent,
    CommandFailed,
    ExternalAccountMade,
    PaymentMethodMade,
    RelinkRequested,
)

from .chances import next_modes
from .content import check_request_reason
from .said import UNKNOWN
from .service import Record
from .states import is_disputed, may_be_open, open_session

if TYPE_CHECKING:
    from .oracle import Oracle
    from .track import Track


BUILDS = ("create_payment_method", "attach_external_account")


def check_session(oracle: Oracle, record: Record) -> None:
    """R1, R4, R7 to R9: what follows from asking for a relink."""
    event = record.trigger
    if not isinstance(event, RelinkRequested):
        return
    name = event.account
    track = oracle.tracks.get(name)
    created = [c for c in record.commands if isinstance(c, CreateRelinkSession)]
    again = [c for c in record.commands if isinstance(c, RetrieveSessionForCaller)]
    reads = [c for c in record.commands if isinstance(c, RetrieveAccountForCaller)]
    for command in created:
        oracle.asked_in[command.id] = _stint(track)
        if track:
            _check_created(oracle, event, command, track)
    for read in again:
        session = oracle.memory.sessions.get(read.session)
        if session is None or session.account != name:
            oracle.say("R1", f"{name} asks, and {read.session} is handed out")
        elif session.outcome() is not None and not session.is_vague():
            oracle.say("R1", f"{read.session} is over, and is handed out")
    if track and not (created or again or reads):
        _check_refused(oracle, event, track)


def _stint(track: Track | None) -> object:
    if track is None or not (track.is_out() or track.is_well()):
        return "maybe"
    return track.outage


def _check_created(
    oracle: Oracle, event: RelinkRequested, command: CreateRelinkSession, track: Track
) -> None:
    name, known = event.account, track.known
    kinds = known.kinds()
    session, is_sure = open_session(oracle, name)
    barrier = None
    if known.is_replaced is True:
        barrier = "it was replaced"
    elif kinds and kinds <= {"unrepairable", "disconnected"} and not is_disputed(oracle, name):
        barrier = f"it is {' or '.join(sorted(kinds))}"
    elif known.authorizations == {None}:
        barrier = "it has no authorization"
    elif kinds == {"active"} and not session and not _has_reason(oracle, event, track):
        barrier = "it is active, and has no reason"
    if barrier:
        oracle.say("R9", f"a relink of {name} is allowed, though {barrier}")
    # K4: while an answer is awaited, what was known before may stand.
    is_settled = len(known.authorizations) == 1 and name not in oracle.memory.read_now
    if is_settled and command.authorization not in known.authorizations:
        oracle.say("R9", f"the session for {name} is under {command.authorization}")
    if event.mode and command.mode != event.mode:
        oracle.say("R4", f"{event.mode} was asked for {name}, and it is {command.mode}")
    modes = next_modes(oracle, name)
    # What a request leaves out may be as in the open one.
    modes |= {each.request.mode for each in may_be_open(oracle, name)}
    if event.mode is None and command.mode not in modes:
        oracle.say("R4", f"the next session of {name} is {command.mode}")
    if track.is_out() and command.outage is None:
        oracle.say("R4", f"the session of {name} counts in no outage")
    if track.is_well() and command.outage is not None:
        oracle.say("R4", f"the session of {name} counts in outage {command.outage}")
    wanted = _permissions(oracle, event, track)
    if session and event.permissions is None:
        wanted += [set(each.request.permissions) for each in may_be_open(oracle, name)]
    if set(command.permissions) not in wanted:
        oracle.say("R7", f"the session of {name} has permissions {command.permissions}")
    if known.holders != {UNKNOWN} and command.holder not in known.holders:
        oracle.say("R8", f"the session of {name} is for {command.holder}")
    if session and is_sure:
        same = all(
            getattr(session.request, each) == getattr(command, each)
            for each in ("mode", "reason", "permissions", "delivery", "return_url")
        )
        if same:
            oracle.say("R1", f"{session.id} of {name} is open, and another one like it is created")


def _permissions(oracle: Oracle, event: RelinkRequested, track: Track) -> list[set[str]]:
    if event.permissions is not None:
        return [set(event.permissions) | {"payment_method"}]
    values = oracle.memory.accounts[event.account].values("permissions")
    default = set(oracle.policy.permissions)
    return [
        (default if value in (UNKNOWN, None) else set(value)) | {"payment_method"}
        for value in values
    ]


def _has_reason(oracle: Oracle, event: RelinkRequested, track: Track) -> bool:
    known = track.known
    if event.reason or event.permissions:
        return True  # an explicit reason is the service's own
    return bool(
        known.numbers & {"lapsed", "odd"}
        or any(stands for _, stands in known.announced)
        or known.days(oracle.policy)
    )


def _check_refused(oracle: Oracle, event: RelinkRequested, track: Track) -> None:
    """A relink is never refused for attempts, nor where the customer can mend it now."""
    known = track.known
    is_needed = track.needs == {"need"} and known.is_replaced is False
    if is_needed and not known.is_strange and not known.is_orphaned:
        oracle.say("R9", f"a relink of {event.account} is refused, though it needs one")


# ── builds ───────────────────────────────────────────────────────────────────


def check_build(oracle: Oracle, record: Record) -> None:
    """K7, R6, N1, N2: what may be built, and on what."""
    event = record.trigger
    if isinstance(event, PaymentMethodMade | ExternalAccountMade | BillingNameAbsent):
        oracle.building.discard(event.account)
    elif isinstance(event, CommandFailed) and event.command in BUILDS:
        oracle.building.discard(event.subject)
    for command in record.commands:
        if isinstance(command, Build):
            oracle.building.add(command.account)
            _check_build(oracle, command)


def _check_build(oracle: Oracle, command: Build) -> None:
    name, memory = command.account, oracle.memory
    session = memory.sessions.get(command.session)
    if session is None:
        oracle.say("R6", f"{command.name} for {name}, by a session that is not ours")
        return
    told = {s.linked[0] for s in [*session.results(), *session.hints()] if s.linked}
    if session.returned():
        told.add(session.returned() or "")
    if name not in told:
        oracle.say("N1", f"{command.name} for {name}, which {session.id} did not return")
    if name == session.account or memory.is_new(name, session) is False:
        oracle.say("K7", f"{command.name} for {name}, which was known before {session.id}")
    if memory.is_ours(name, session) is False:
        oracle.say("R6", f"{command.name} for {name}, which is another holder's")
    history = memory.account(name)
    is_external = isinstance(command, AttachExternalAccount)
    if history.statuses() and "active" not in history.statuses():
        oracle.say("N1", f"{command.name} for {name}, which is {sorted(history.statuses())}")
    for each, is_good in (
        ("subcategory", lambda value: value in ("checking", "savings")),
        ("payment_method_types", lambda value: "us_bank_account" in (value or ())),
        ("permissions", lambda value: "payment_method" in (value or ())),
    ):
        values = history.values(each)
        if is_external and each == "payment_method_types":
            continue  # N2: a payout needs no us_bank_account
        if UNKNOWN not in values and not any(is_good(value) for value in values):
            oracle.say("N1", f"{command.name} for {name}, whose {each} is {values}")
    if command.holder.is_connect != is_external:
        oracle.say("N2", f"{command.name} for {name}, held by {command.holder.id}")
    is_repeat = isinstance(command, CreatePaymentMethod) and command.billing_name is not None
    if is_repeat:
        return
    oracle.builds[name] = oracle.builds.get(name, 0) + 1
    if oracle.builds[name] > 1 + memory.build_failures.get(name, 0):
        oracle.say("K7", f"{command.name} for {name} again")


def check_built(oracle: Oracle, record: Record) -> None:
    """N3: what relink built is said, once, and when it is built."""
    event = record.trigger
    made: dict[str, str] = {}
    match event:
        case PaymentMethodMade(account=account, payment_method=name):
            made[name] = account
        case ExternalAccountMade(account=account, external_account=name):
            made[name] = account
    told = [c for c in record.commands if isinstance(c, PaymentMethodBuilt)]
    for command in told:
        if made.get(command.payment_method) != command.account:
            oracle.say("N3", f"{command.payment_method} of {command.account} is said to be built")
    if made and not told and not made.keys() <= oracle.told_built:
        oracle.say("N3", f"{sorted(made)} was built, and the service is not told")
    oracle.told_built |= {command.payment_method for command in told}


def check_mandates(oracle: Oracle, record: Record) -> None:
    """N3: a mandate is asked for where one is missing, once each time."""
    for command in record.commands:
        if not isinstance(command, CollectMandate):
            continue
        name, known = command.payment_method, oracle.tracks[command.account].known
        mandates = oracle.memory.mandates
        if mandates.is_due(name) is False:
            oracle.say("N3", f"a mandate for {name}, which has one")
        if known.is_retired:
            oracle.say("P4", f"a mandate for {name} of {command.account}, which is retired")
        if known.is_replaced is True:
            oracle.say("S6", f"a mandate for {name} of {command.account}, which was replaced")
        asked_at = oracle.mandates_asked.get(name)
        collected = max(mandates.collected.get(name, []), default=None)
        if asked_at is not None and (collected is None or collected < asked_at):
            oracle.say("N3", f"a mandate for {name} is asked for twice")
        oracle.mandates_asked[name] = record.trigger.at


def check_gone(oracle: Oracle, record: Record) -> None:
    """N4: what is gone is said, once."""
    for command in record.commands:
        if not isinstance(command, PaymentMethodGone):
            continue
        made = command.payment_method
        history = oracle.memory.made.get(made)
        if history is None or True not in history.values("gone"):
            oracle.say("N4", f"{made} is said to be gone, and is not")
        if made in oracle.gone:
            oracle.say("N4", f"{made} is said to be gone twice")
        if oracle.memory.made_for.get(made) != command.account:
            oracle.say("N4", f"{made} is said to be of {command.account}")
        oracle.gone.add(made)


# ── other ways to pay ────────────────────────────────────────────────────────


def check_request(oracle: Oracle, record: Record) -> None:
    """C4: the service is asked once for one cause, and for a cause that stands now."""
    for command in record.commands:
        if not isinstance(command, RequestNewPaymentMethod):
            continue
        oracle.requests += 1
        name = command.account
        track = oracle.tracks.get(name)
        if track is None:
            oracle.say("C4", f"another payment method for {name}, which is not known")
            continue
        if track.known.is_retired:
            oracle.say(
                "P4", f"another payment method for {name} ({command.reason}), which is retired"
            )
            continue
        if track.known.is_replaced is True:
            oracle.say(
                "S6", f"another payment method for {name} ({command.reason}), which was replaced"
            )
            continue
        since = oracle.row_since.get(("account", name))
        is_final = "disconnected" in track.known.statuses  # S7: no read changes it
        if since is not None and oracle.now - since < 599 and not is_final:
            oracle.say(
                "K9", f"another payment method for {name} ({command.reason}) while it is read"
            )
        unspent = [cause for cause in track.causes.values() if not cause.is_spent]
        if not unspent:
            known = sorted(track.causes)
            why = f"asked before for {', '.join(known)}" if known else "for no cause"
            oracle.say("C4", f"another payment method for {name} ({command.reason}), {why}")
            continue
        check_request_reason(oracle, command, track)
        unspent.sort(key=lambda cause: not cause.is_sure)
        unspent[0].is_spent = True
        for cause in track.causes.values():
            cause.is_requested = True
