"""Thoughts: a decision in words, and how deep a reader has to look to care about it.

A story is for whoever asks what became of an account: its states, what its customer did, whom
relink wrote to. Beneath it lies every decision of every machine, and beneath that all that a
decision weighed. A thought stands alone: it says what happened to whom and why, with values. In its
text ``{it}`` stands for what it is about, so that one thought about five accounts is one line.
"""

from dataclasses import dataclass
from enum import IntEnum

from relink.engine import Address, Command, Decision, Event, Send

from ..account.facts import AccountFacts
from ..commands import AttachExternalAccount, CreatePaymentMethod
from ..events import AccountResumed, AccountRetired, RelinkRequested
from ..messages import (
    AnnouncementChanged,
    KnownAccountLinked,
    MandateGiven,
    NewAccountLinkedInstead,
    NumberBlocked,
    RefreshSucceeded,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
    SessionUnsuccessful,
)
from ..reasons import sentence
from ..reported import (
    LinkReported,
    ReportedActive,
    ReportedDisconnected,
    ReportedExpiring,
    ReportedInactive,
    ReportedLapsed,
    ReportedRelinkable,
    ReportedUnrepairable,
)
from ..vocabulary import NO_ACTION
from .asked import AnyCommand, AnyNotification, asked
from .codes import because, clause
from .events import event_words, mode_words, why_unsuccessful
from .meaning import meaning_of
from .names import Names
from .states import account_words, state_words
from .times import day
from .tone import Tone


class Depth(IntEnum):
    """How much is told."""

    STORY = 0
    """What became of the account."""
    DECISIONS = 1
    """Every decision of every machine."""
    EVERYTHING = 2
    """And what each weighed: guards, facts and commands."""


@dataclass(frozen=True, slots=True)
class Thought:
    """One thing to say."""

    depth: Depth
    """How deep one has to look to be told."""
    tone: Tone
    name: str
    """The state in words; empty where the text says it all."""
    text: str
    """What happened and why; ``{it}`` stands for what it is about."""
    about: str
    """The id of that."""
    note: str = ""
    """What follows from it, or what made the difference; a sentence of its own."""

    def sentence(self, it: str) -> str:
        """The text with a name for what it is about."""
        return self.text.replace("{it}", it)


def thoughts(address: Address, decision: Decision, names: Names) -> list[Thought]:
    """A decision in words: what it was, and what relink does because of it.

    Args:
        address: whose decision it is.
        decision: as it was made.
        names: who is who.
    """
    story = _story(address, decision, names)
    told = [story or _decision(address, decision, names)]
    for command in decision.commands:
        if not isinstance(command, Send):
            told.append(_command(address, command, names))
    return told


def grounds(decision: Decision, chart: object) -> list[str]:
    """What made the difference: each guard that answered yes, in words.

    Args:
        decision: as it was made.
        chart: the class that declares the guards.
    """
    return [
        clause(meaning_of(getattr(chart, guard, guard))) for guard, yes in decision.guards if yes
    ]


def _decision(address: Address, decision: Decision, names: Names) -> Thought:
    """A decision that changes nothing that the story tells."""
    words = state_words(address.machine, decision.state)
    if address.machine == "account":
        words = account_words(decision.state, decision.facts.reported_status)
    text = event_words(decision.trigger, names) or clause(meaning_of(type(decision.trigger)))
    if address.machine == "holder" and isinstance(decision.trigger, ReviewDue):
        text = "all is taken in, and it is settled who may be written to"
    note = ""
    if decision.reason is not None:
        code = decision.reason.code
        ignored = sentence(code) if code else decision.reason.sentence
        note = f"ignored: {clause(ignored)}"
    tone = words.tone if decision.outcome == "moved" else Tone.NEUTRAL
    return Thought(Depth.DECISIONS, tone, words.name, text, address.key, note)


def _command(address: Address, command: Command, names: Names) -> Thought:
    """What relink does because of a decision."""
    if not isinstance(command, AnyCommand):  # of an embedding application
        text = command.name.replace("_", " ")
        return Thought(Depth.EVERYTHING, Tone.NEUTRAL, "", text, address.key)
    text = asked(command, names)
    if isinstance(command, AnyNotification):
        return Thought(Depth.STORY, Tone.MESSAGE, "", text, address.key)
    if isinstance(command, AttachExternalAccount | CreatePaymentMethod):
        # The story tells what comes of it.
        return Thought(Depth.DECISIONS, Tone.MESSAGE, "", text, address.key)
    return Thought(Depth.EVERYTHING, Tone.NEUTRAL, "", text, address.key)


# ── what the story tells ─────────────────────────────────────────────────────


def _story(address: Address, decision: Decision, names: Names) -> Thought | None:
    """A decision that a reader of the story wants to know of."""
    if decision.anomaly:
        text = event_words(decision.trigger, names) or clause(meaning_of(type(decision.trigger)))
        note = clause(decision.reason.sentence) if decision.reason else ""
        return _thought(address, Tone.ALERT, "Unexpected", text, note)
    match address.machine:
        case "account":
            return _of_account(address, decision, names)
        case "account_number":
            return _of_number(address, decision)
        case "payment_method" if decision.outcome == "moved":
            return _of_payment_method(address, decision, names)
        case "session" if decision.state == "superseded" and decision.outcome == "moved":
            words = state_words("session", decision.state)
            text = event_words(decision.trigger, names) or ""
            return _thought(address, words.tone, words.name, text)
    return None


def _thought(address: Address, tone: Tone, name: str, text: str, note: str = "") -> Thought:
    return Thought(Depth.STORY, tone, name, text, address.key, note)


def _of_account(address: Address, decision: Decision, names: Names) -> Thought | None:
    words = account_words(decision.state, decision.facts.reported_status)
    trigger = decision.trigger
    if decision.outcome == "ignored":
        return _refused(address, decision, names)
    match trigger:
        case AccountRetired():
            return _thought(address, Tone.STOPPED, "Retired", event_words(trigger, names) or "")
        case AccountResumed():
            return _thought(address, Tone.NEUTRAL, "In use", event_words(trigger, names) or "")
    text = (
        _why_moved(decision, names) if decision.outcome == "moved" else _why_told(decision, names)
    )
    if text is None:
        return _of_announcement(address, decision, names)
    note = _what_next(trigger, decision.before.facts, decision.facts)
    if isinstance(trigger, SessionRelinked) and decision.outcome == "stayed":
        # The report that it works came first.
        return _thought(address, Tone.NEUTRAL, "", names.of_customer(text))
    return _thought(address, words.tone, words.name, names.of_customer(text), note)


def _refused(address: Address, decision: Decision, names: Names) -> Thought | None:
    if not isinstance(decision.trigger, RelinkRequested) or decision.reason is None:
        return None
    why = clause(decision.reason.sentence.partition(". ")[0])
    text = f"no session for {names.account(address.key)}: {why}"
    return _thought(address, Tone.STOPPED, "Refused", text)


def _why_moved(decision: Decision, names: Names) -> str:
    """Why an account is in another state."""
    trigger, before = decision.trigger, decision.before
    facts: AccountFacts = before.facts
    match trigger:
        case ReportedActive() if facts.reported_status is None:
            return "{it} {is} linked, and work{s}"
        case ReportedActive() if before.state == "relinked":
            return "Stripe confirms that {it} work{s}"
        case ReportedActive():
            return "{it} work{s} again"
        case ReportedRelinkable() | ReportedUnrepairable():
            cause = trigger.report.cause
            return f"{{it}}: {because(cause)}" if cause else "{it} stopped working"
        case ReportedInactive():
            return "{it} stopped working, and Stripe is asked whether a relink repairs it"
        case ReportedDisconnected():
            return "Stripe reports {it} disconnected for good"
    return _why_told(decision, names) or f"{{it}} came back: {_latest(decision.facts)}"


def _latest(facts: AccountFacts) -> str:
    return "the latest report says that it works" if facts.works else because(facts.cause)


def _why_told(decision: Decision, names: Names) -> str | None:
    """What happened to an account, whatever its state; None for what the story leaves out."""
    trigger = decision.trigger
    match trigger:
        case SessionOpened() if decision.leaf.effects:
            which = mode_words(trigger.request.mode, names.account(trigger.request.account))
            return f"a session for {which} is open"
        case SessionRelinked() if decision.state.startswith("inactive"):
            return "the customer picked {it}, and by a newer report it stopped working since"
        case SessionRelinked():
            return "the customer signed in and picked {it}"
        case SessionUnsuccessful():
            return _failure(trigger, decision.before.facts, decision.facts)
        case KnownAccountLinked() | NewAccountLinkedInstead():
            return event_words(trigger, names)
    return None


def _failure(trigger: SessionUnsuccessful, before: AccountFacts, after: AccountFacts) -> str:
    why = why_unsuccessful(trigger)
    counted = after.outage is not None and after.outage != before.outage
    if not counted or after.outage is None:
        return why
    return f"{why}, try {after.outage.failures} of {trigger.policy.attempts}"


def _what_next(trigger: Event, before: AccountFacts, after: AccountFacts) -> str:
    """What changes for the next time."""
    if not isinstance(trigger, SessionUnsuccessful | KnownAccountLinked) or after.outage is None:
        return ""
    was = before.outage.next_mode if before.outage else "specific"
    if after.outage.given_up:
        return "no try is left: no more prompts"
    if after.outage.next_mode == "any_eligible" and was != "any_eligible":
        return "next time any account will do"
    return ""


def _of_announcement(address: Address, decision: Decision, names: Names) -> Thought | None:
    """What became known of the day on which an account stops working."""
    if not isinstance(decision.trigger, LinkReported | AnnouncementChanged):
        return None
    before, after = _ends(decision.before.facts), _ends(decision.facts)
    if before == after:
        return None
    if not after:
        text = "{it} will not stop working after all"
        return _thought(address, Tone.GOOD, "Goes on", text)
    return _thought(address, Tone.ALERT, "Ends soon", names.of_customer(after))


def _ends(facts: AccountFacts) -> str:
    """When an account stops working, as far as it was announced; empty if it was not."""
    days = _days(facts)
    if not days:
        return ""
    when = min((each for each in days if each is not None), default=None)
    ends = f"on {day(when)}" if when is not None else "soon"
    if facts.deactivation_action == NO_ACTION:
        return f"{{it}} will stop working {ends}, and no relink prevents it"
    return f"{{it}} will stop working {ends}, unless the customer relinks before"


def _days(facts: AccountFacts) -> list[int | None]:
    days: list[int | None] = []
    if facts.deactivates_on is not None:
        days.append(facts.deactivates_on)
    if facts.login_announced:
        days.append(facts.login_deactivates_on)
    return days


def _of_number(address: Address, decision: Decision) -> Thought | None:
    if decision.outcome != "moved" or decision.state == "refreshing":
        return None
    words = state_words("account_number", decision.state)
    trigger = decision.trigger
    match trigger, decision.state:
        case NumberBlocked(), _:
            text = "no payment reaches {it}: the bank deactivated its number"
        case ReportedLapsed(), _:
            text = "no payment reaches {it} any more"
        case ReportedExpiring(), _:
            until = decision.facts.expires_on
            text = (
                f"the number of {{it}} works only {f'until {day(until)}' if until else 'for now'}"
            )
        case RefreshSucceeded(), "transactable":
            text = "the relink brings {it} a new number"
        case _, "pending":
            text = "a new number of {it} is on its way"
        case _, "transactable":
            text = "payments reach {it} again"
        case _:
            text = "the relink session ended, and the number of {it} is as it was"
    return _thought(address, words.tone, words.name, text)


def _of_payment_method(address: Address, decision: Decision, names: Names) -> Thought | None:
    words = state_words("payment_method", decision.state)
    trigger = decision.trigger
    if decision.state == "ready" and not isinstance(trigger, MandateGiven):
        return _thought(address, words.tone, words.name, "{it} can be charged again")
    if decision.state == "mandate_needed" and decision.before.version < 1:
        return None  # The request for a mandate says it.
    text = event_words(trigger, names) or ""
    return _thought(address, words.tone, words.name, text)
