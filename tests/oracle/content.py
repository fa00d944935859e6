"""What messages and requests say: their reasons, and the day by which to act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relink.machines.commands import NotifyCustomer, RequestNewPaymentMethod

from .said import TAN_BLOCK

if TYPE_CHECKING:
    from .oracle import Oracle
    from .track import Track


def check_content(oracle: Oracle, message: NotifyCustomer) -> None:
    """A message gives the reasons of the accounts that it names, and the first day of all."""
    tracks = [oracle.tracks[name] for name in message.accounts if name in oracle.tracks]
    possible = [_reasons(track) for track in tracks]
    if list(message.reasons) != sorted(set(message.reasons)) or not message.reasons:
        oracle.say("P1", f"a message gives the reasons {message.reasons}")
    for reason in message.reasons:
        if not any(reason in each for each in possible):
            oracle.say("P1", f"a message gives the reason {reason}, which does not hold")
    for track, each in zip(tracks, possible, strict=True):
        if track.needs == {"need"} and not each & set(message.reasons):
            oracle.say("P1", f"a message gives no reason of {_name(oracle, track)}")
    _check_day(oracle, message, tracks)
    _check_number(oracle, message)


def _check_number(oracle: Oracle, message: NotifyCustomer) -> None:
    outage, number = oracle.numbers.get(message.outage, (message.outage_number, 0))
    if message.outage_number > outage:
        number = 0
    if message.outage_number < outage or message.number != number + 1:
        oracle.say(
            "P1",
            f"message {message.number} of outage {message.outage_number} follows {number} of "
            f"outage {outage}",
        )
    if message.since > oracle.now:
        oracle.say("P1", f"outage {message.outage_number} of {message.outage} lies ahead")
    oracle.numbers[message.outage] = (message.outage_number, message.number)


def _name(oracle: Oracle, track: Track) -> str:
    return next(name for name, each in oracle.tracks.items() if each is track)


def _reasons(track: Track) -> set[str]:
    known, kinds = track.known, track.known.kinds()
    found: set[str] = set()
    if kinds - {"active"}:
        found |= {"inactive"} | {cause for cause in known.causes if cause}
    if known.numbers & {"lapsed", "odd"}:
        found.add("number_lapsed")
    if any(day is not None for day in known.expiries):
        found.add("number_expiring")
    if any(stands for _, stands in known.announced):
        found.add("announced_deactivation")
    return found


def _check_day(oracle: Oracle, message: NotifyCustomer, tracks: list[Track]) -> None:
    """When the first of them stops working, while all still work."""
    days: set[int] = set()
    is_sure = True
    for track in tracks:
        known = track.known
        is_sure = is_sure and known.kinds() == {"active"} and known.numbers == {"well"}
        sources = (known._own, known._shared, known._expiring)
        is_sure = is_sure and all(len(source) == 1 for source in sources)
        days |= {day for source in sources for day, stands in source if stands and day is not None}
    if any(track.known.kinds() == {"relinkable"} for track in tracks):
        if message.relink_by is not None:
            oracle.say("P1", f"a message gives a day, and {message.accounts} are down already")
        return
    if not is_sure:
        return
    first = min(days, default=None)
    # Beside an announcement without a day, whether another day counts is left open.
    is_dayless = any((None, True) in {*t.known._own, *t.known._shared} for t in tracks)
    if is_dayless and message.relink_by in {None, *days}:
        return
    # R4, P3: whether a repair takes back what the authorization had announced is left open.
    own = {
        day
        for track in tracks
        for source in (track.known._own, track.known._expiring)
        for day, stands in source
        if stands and day is not None
    }
    is_repaired = any(track.known.is_repaired for track in tracks)
    if message.relink_by != first and not (is_repaired and message.relink_by in own):
        oracle.say("P3", f"a message gives the day {message.relink_by}, and it is {first}")


def check_request_reason(oracle: Oracle, command: RequestNewPaymentMethod, track: Track) -> None:
    """C4: a request gives a reason that holds."""
    name, known = command.account, track.known
    kinds = known.kinds()
    codes = set()
    if "no_authorization" in track.causes:
        codes.add("no_authorization")
    if "given_up" in track.causes:
        codes.add("attempts_used_up")
    if kinds & {"unrepairable", "disconnected"}:
        codes |= {"unrepairable", "disconnected"} & kinds | {c for c in known.causes if c}
    for told in oracle.memory.made_of(name).values():
        codes |= {str(blocked) for blocked in told.values("blocked") if blocked}
        codes |= {"gone", "blocked"}
    if any(key.startswith(("result", "build")) for key in track.causes):
        return  # N1: the reason can be any of Stripe's
    if command.reason not in codes - {TAN_BLOCK}:
        oracle.say("C4", f"another payment method for {name} ({command.reason}), which is not why")
