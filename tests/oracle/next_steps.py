"""What is next for the service (C2): what the answer has to name, and what it may name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .chances import given_up, next_modes
from .charge import cannot_pay
from .said import UNKNOWN
from .service import Record
from .states import is_disputed, may_be_open, open_session

if TYPE_CHECKING:
    from .oracle import Oracle

RELINK, WAIT, MANDATE = "relink", "wait", "collect_mandate"
REQUEST, NAME = "request_new_payment_method", "provide_name"


def check_next(oracle: Oracle, record: Record, name: str) -> None:
    """Look at the list of what the service should do about an account."""
    answer, known = record.answers.get(name), oracle.tracks[name].known
    if answer is None or UNKNOWN in known.statuses:
        return
    named = {each.action for each in answer.next}
    for action in named - {RELINK, WAIT, MANDATE, REQUEST, NAME}:
        oracle.say("C2", f"the next action for {name} is {action}, which no rule knows")
    _check_idle(oracle, name, named)
    for each in answer.next:
        _check_named(oracle, record, name, each)
    for action in _missing(oracle, record, name) - named:
        shown = ", ".join(sorted(named)) or "nothing"
        oracle.say("C2", f"next for {name} is {shown}, without {action}")
    if not named and _has_to_do(oracle, name):
        oracle.say("C2", f"{name} is not chargeable, and nothing is next")


def _check_idle(oracle: Oracle, name: str, named: set[str]) -> None:
    """P4, S6: an account that nobody has a use for, or that another stands in for."""
    known = oracle.tracks[name].known
    if "disconnected" in known.statuses:
        # S7: it is final, so what the service says about it later may change nothing.
        return
    for action in named & {RELINK, REQUEST}:
        if known.is_retired:
            oracle.say("P4", f"next for {name}, which is retired, is {action}")
        elif known.is_replaced is True:
            oracle.say("S6", f"next for {name}, which was replaced, is {action}")


def _check_named(oracle: Oracle, record: Record, name: str, named: Any) -> None:
    track = oracle.tracks[name]
    known = track.known
    if known.is_retired or known.is_replaced is True:
        return
    match named.action:
        case "relink":
            _check_relink(oracle, name, named)
        case "request_new_payment_method":
            # No rule says what is next for an account that cannot be used for payments.
            if not oracle.causes(name, track) and not (
                cannot_pay(oracle, name) or is_disputed(oracle, name)
            ):
                oracle.say("C2", f"next for {name} is {REQUEST} ({named.reason}), for no cause")
        case "wait":
            if not _may_wait(oracle, record, name, named.reason):
                oracle.say("C2", f"next for {name} is to wait ({named.reason}), for nothing")
        case "collect_mandate":
            if not any(each is not False for each in _mandates(oracle, name)):
                oracle.say("N3", f"next for {name} is {MANDATE} ({named.reason}), of none")
        case "provide_name":
            if name not in oracle.memory.nameless:
                oracle.say("N1", f"next for {name} is {NAME}, which nobody asked for")


def _check_relink(oracle: Oracle, name: str, named: Any) -> None:
    track = oracle.tracks[name]
    known, kinds = track.known, track.known.kinds()
    barrier = None
    is_beyond_repair = kinds and kinds <= {"unrepairable", "disconnected"}
    # K4: what a result said may stand until the read that settles it.
    if is_beyond_repair and not is_disputed(oracle, name):
        barrier = f"it is {' or '.join(sorted(kinds))}"
    elif known.authorizations == {None}:
        barrier = "it has no authorization"
    elif kinds == {"active"} and not _has_reason(oracle, name):
        barrier = "it is active, and has no reason"
    elif given_up(oracle, name) is True:
        barrier = "it is given up"
    if barrier:
        oracle.say("C2", f"next for {name} is {RELINK} ({named.reason}), though {barrier}")
    modes = next_modes(oracle, name)
    modes |= {each.request.mode for each in may_be_open(oracle, name)}
    if named.mode not in modes:
        oracle.say("R4", f"next for {name} is a session for {named.mode}")


def _has_reason(oracle: Oracle, name: str) -> bool:
    known = oracle.tracks[name].known
    return bool(
        known.numbers & {"lapsed", "odd"}
        or any(stands for _, stands in known.announced)
        or known.days(oracle.policy)
    )


def _may_wait(oracle: Oracle, record: Record, name: str, reason: str) -> bool:
    known = oracle.tracks[name].known
    match reason:
        case "session_open":
            return open_session(oracle, name)[0] is not None
        case "number_pending":
            return bool(known.numbers & {"pending", "odd"}) or known.is_repaired
        case "stripe_confirms_repair":
            return known.is_relinked is not False
        case "payment_method_in_progress":
            return name in oracle.building
        case "stripe_was_asked":
            is_open = known.is_strange or "unclear" in known.kinds() or _is_doubtful(oracle, name)
            # Or Stripe has to say that what was built is well again (C3).
            is_open = is_open or any("number" in each for each in known.made_states.values())
            return is_open or _is_read(oracle, record, name)
    return False


def _is_doubtful(oracle: Oracle, name: str) -> bool:
    known = oracle.tracks[name].known
    return any(
        len(values) > 1 or UNKNOWN in values
        for values in (known.statuses, known.authorizations, known.numbers, known.announced)
    )


def _is_read(oracle: Oracle, record: Record, name: str) -> bool:
    """Whether a read that may change the answer is not answered yet."""
    shared = oracle.tracks[name].known.authorizations
    made = oracle.memory.made_of(name)
    return any(
        read.subject == name or read.subject in shared or read.subject in made
        for read in record.waiting.values()
    )


def _mandates(oracle: Oracle, name: str) -> list[bool | None]:
    states = oracle.tracks[name].known.made_states
    return [
        oracle.memory.mandates.is_due(made) for made, each in states.items() if each != {"gone"}
    ]


def _missing(oracle: Oracle, record: Record, name: str) -> set[str]:
    """The actions that any reading of the rules wants."""
    track, memory = oracle.tracks[name], oracle.memory
    known = track.known
    found: set[str] = set()
    if known.is_retired or known.is_replaced is not False or known.is_strange:
        return found
    kinds = known.kinds()
    if kinds == {"active"}:
        is_waiting = name in memory.nameless and name not in oracle.building
        if is_waiting and not cannot_pay(oracle, name):
            found.add(NAME)
        for made, each in known.made_states.items():
            is_usable = each == {"well"} and known.charge_by[made] == {True}
            if is_usable and memory.mandates.is_due(made) is True:
                found.add(MANDATE)
    if open_session(oracle, name)[0] is not None or _is_read(oracle, record, name):
        return found  # what is known decides later
    causes = oracle.causes(name, track)
    for key in ("unrepairable", "disconnected", "no_authorization", "given_up", "made"):
        is_alone = key != "made" or kinds == {"active"}
        # K5: while it is unclear whether a relink repairs it, the service may wait as well.
        if causes.get(key) and is_alone and "unclear" not in kinds:
            found.add(REQUEST)
    is_needed = track.needs == {"need"} and given_up(oracle, name) is False
    # Beside another way to pay that is asked for, no rule says whether a relink is named too.
    is_needed = is_needed and not causes and not cannot_pay(oracle, name)
    if is_needed and not known.is_orphaned and known.is_relinked is False:
        found.add(RELINK)
    return found


def _has_to_do(oracle: Oracle, name: str) -> bool:
    """Whether the service surely cannot charge an account that it has a use for."""
    known = oracle.tracks[name].known
    if known.is_retired or known.is_replaced is not False or is_disputed(oracle, name):
        return False
    return "active" not in known.statuses or not known.numbers & {"well"}
