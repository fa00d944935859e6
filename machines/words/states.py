"""A plain name and a tone for every state of every machine."""

from typing import NamedTuple

from .tone import Tone


class StateWords(NamedTuple):
    """A state for people."""

    name: str
    tone: Tone


_LOGIN = {
    "active": StateWords("Linked", Tone.GOOD),
    "inactive_relinkable": StateWords("Needs the customer", Tone.BAD),
    "inactive_unrepairable": StateWords("Can't be repaired", Tone.OVER),
    "relinking": StateWords("At the bank", Tone.WAIT),
    "relinked": StateWords("Repaired", Tone.WAIT),
    "disconnected": StateWords("Disconnected", Tone.OVER),
}

STATES: dict[str, dict[str, StateWords]] = {
    "account": {**_LOGIN, "new_account_linked": StateWords("Replaced", Tone.CHANGED)},
    "authorization": _LOGIN,
    "session": {
        "open": StateWords("Session open", Tone.WAIT),
        "succeeded": StateWords("Session done", Tone.GOOD),
        "failed": StateWords("Session failed", Tone.BAD),
        "cancelled": StateWords("Session cancelled", Tone.BAD),
        "abandoned": StateWords("Session abandoned", Tone.OVER),
        "superseded": StateWords("Session replaced", Tone.CHANGED),
    },
    "account_number": {
        "transactable": StateWords("Number works", Tone.GOOD),
        "pending": StateWords("Number pending", Tone.WAIT),
        "expiring": StateWords("Number expires", Tone.BAD),
        "lapsed": StateWords("Number lapsed", Tone.BAD),
        "refreshing": StateWords("Number renewed", Tone.WAIT),
    },
    "build": {
        "none": StateWords("Nothing to make", Tone.QUIET),
        "creating": StateWords("Being made", Tone.WAIT),
        "name_needed": StateWords("Name needed", Tone.BAD),
        "built": StateWords("Made", Tone.GOOD),
        "refused": StateWords("Can't be made", Tone.OVER),
    },
    "payment_method": {
        "ready": StateWords("Ready to charge", Tone.GOOD),
        "mandate_needed": StateWords("Mandate needed", Tone.BAD),
        "blocked": StateWords("Blocked", Tone.BAD),
        "gone": StateWords("Gone", Tone.OVER),
    },
    "outage": {
        "none": StateWords("No outage", Tone.QUIET),
        "waiting": StateWords("Prompt due", Tone.WAIT),
        "prompted": StateWords("Prompted", Tone.MESSAGE),
        "quiet": StateWords("No more messages", Tone.QUIET),
    },
    "holder": {
        "clear": StateWords("May be written to", Tone.QUIET),
        "awaiting": StateWords("Waits for Stripe", Tone.WAIT),
    },
    "read": {
        "idle": StateWords("Nothing to read", Tone.QUIET),
        "due": StateWords("To be read", Tone.WAIT),
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


def state_words(machine: str, state: str) -> StateWords:
    """A state for people. One that an older release had is shown by its own name."""
    known = STATES.get(machine, {}).get(state)
    return known or StateWords(state.replace("_", " ").capitalize(), Tone.QUIET)
