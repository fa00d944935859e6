"""A plain name and a tone for every state of every machine.

In a story the states of all machines stand below each other. So only those of the account go
without saying what they are about.
"""

from typing import NamedTuple

from relink.engine.story import Plain

from ..stories import ACCOUNT
from ..vocabulary import AccountState, ReportedStatus
from .tone import Tone


class StateWords(NamedTuple):
    """A state for people."""

    name: str
    tone: Tone


def _as_in_its_picture(plain: Plain) -> StateWords:
    return StateWords(plain.name, Tone[plain.tone.name])


STATES: dict[str, dict[str, StateWords]] = {
    "account": {
        state.value: _as_in_its_picture(ACCOUNT.states[state.value]) for state in AccountState
    },
    "authorization": {
        "active": StateWords("Login works", Tone.GOOD),
        "inactive_relinkable": StateWords("Login broken", Tone.ALERT),
        "inactive_unrepairable": StateWords("Login lost", Tone.STOPPED),
        "relinking": StateWords("Login at the bank", Tone.WAITING),
        "relinked": StateWords("Login repaired", Tone.WAITING),
        "disconnected": StateWords("Login gone", Tone.STOPPED),
    },
    "session": {
        "open": StateWords("Session open", Tone.WAITING),
        "succeeded": StateWords("Session done", Tone.GOOD),
        "failed": StateWords("Session failed", Tone.ALERT),
        "cancelled": StateWords("Session cancelled", Tone.ALERT),
        "abandoned": StateWords("Session abandoned", Tone.STOPPED),
        "superseded": StateWords("Session replaced", Tone.MOVED_ON),
    },
    "account_number": {
        "transactable": StateWords("Number works", Tone.GOOD),
        "pending": StateWords("Number pending", Tone.WAITING),
        "expiring": StateWords("Number expires", Tone.ALERT),
        "lapsed": StateWords("Number lapsed", Tone.ALERT),
        "refreshing": StateWords("Number renewed", Tone.WAITING),
    },
    "build": {
        "none": StateWords("Nothing to make", Tone.NEUTRAL),
        "creating": StateWords("Being made", Tone.WAITING),
        "name_needed": StateWords("Name needed", Tone.ALERT),
        "built": StateWords("Made", Tone.GOOD),
        "refused": StateWords("Can't be made", Tone.STOPPED),
    },
    "payment_method": {
        "ready": StateWords("Ready to charge", Tone.GOOD),
        "mandate_needed": StateWords("Mandate needed", Tone.ALERT),
        "blocked": StateWords("Blocked", Tone.ALERT),
        "gone": StateWords("Gone", Tone.STOPPED),
    },
    "outage": {
        "none": StateWords("No outage", Tone.NEUTRAL),
        "waiting": StateWords("Prompt due", Tone.WAITING),
        "prompted": StateWords("Prompted", Tone.MESSAGE),
        "quiet": StateWords("No more messages", Tone.NEUTRAL),
    },
    "holder": {
        "clear": StateWords("May be written to", Tone.NEUTRAL),
        "awaiting": StateWords("Waits for Stripe", Tone.WAITING),
    },
    "read": {
        "idle": StateWords("Nothing to read", Tone.NEUTRAL),
        "due": StateWords("To be read", Tone.WAITING),
    },
}
"""By machine and state. A test holds that none is missing, and that none is too many."""

MACHINES = {
    "account": "account",
    "authorization": "bank login",
    "session": "relink session",
    "account_number": "account number",
    "build": "new payment method",
    "payment_method": "payment method",
    "outage": "messages",
    "holder": "customer",
    "read": "reading",
}
"""What each machine is about."""


STOPPED = StateWords("Stopped", Tone.ALERT)
NOT_KNOWN = StateWords("Not known yet", Tone.WAITING)


def account_words(state: str, reported: ReportedStatus | None) -> StateWords:
    """The state of an account for people.

    An account is ``inactive_unrepairable`` too while it is not known whether it can be repaired,
    which is another thing to whoever has to act.

    Args:
        state: its state.
        reported: what its latest report said.
    """
    if state == AccountState.INACTIVE_UNREPAIRABLE:
        if reported is None:
            return NOT_KNOWN
        if not reported.needs_another_way:
            return STOPPED
    return state_words("account", state)


def state_words(machine: str, state: str) -> StateWords:
    """A state for people. One that an older release had is shown by its own name."""
    known = STATES.get(machine, {}).get(state)
    return known or StateWords(state.replace("_", " ").capitalize(), Tone.NEUTRAL)
