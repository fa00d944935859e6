"""The read: is Stripe to be asked about an object, and has it answered?

Every read that a decision asks for goes through here, one machine for each object, and
:mod:`.asking` makes what it is sent. So reads coalesce (K10): while one is due and has not begun,
asking again asks for nothing more. The machine cannot see when a read begins. The answer says so,
and if something asked after that, the object is read once more: the answer may be older than what
raised the question.

States
    ``idle``  Nothing is asked. Machines begin here.
    ``due``   A read is asked for, and Stripe has not answered.

A due read holds up prompts (K9). So the account is told when a read of it becomes due and when it
is over, and the outage when it is a read of its authorization that may show that accounts came
back.

Rules kept here: K4, K9 and K10.
"""

from statemachine import State

from relink.engine import Assign, Chart, Command, Facts, Send, ignored, stays

from . import reasons, stories
from .commands import (
    Read,
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveExternalAccount,
    RetrievePaymentMethod,
    RetrieveSession,
)
from .compiled.read import TABLE
from .events import DomainEvent
from .messages import ReadAnswered, ReadDueChanged, ReadFailed, ReadWanted
from .reasons import ReadReason
from .vocabulary import ObjectKind

Effects = list[Command | Assign]

LONGEST_DELAY = 60
"""Seconds by which later questions may delay a read in all (K10)."""

_MACHINE_OF: dict[ObjectKind, str] = {
    "account": "account",
    "authorization": "authorization",
    "session": "session",
    "payment_method": "payment_method",
    "external_account": "payment_method",
}
"""The machine that learns that a read failed for good."""


class ReadFacts(Facts):
    """A read's memory."""

    id: str
    """The object's id."""
    kind: ObjectKind = "account"
    connected_account: str | None = None
    """For an external account: whose it is."""
    number: int = 0
    """Reads so far, the one that is due included."""
    reason: ReadReason = ReadReason.LOOK
    """What asked for it."""
    settles: bool = False
    """It is to settle a contradiction, so its answer decides (K10)."""
    since: float = 0.0
    """When it was first asked for (Unix seconds, our clock)."""
    asked_at: float = 0.0
    """When it was last asked for."""
    wanted_after: int = 0
    """When the questions want it to begin (Unix seconds); 0 is at once."""
    not_before: int = 0
    """The earliest time to begin: as wanted, and no later than coalescing allows (K10)."""


class ReadChart(Chart):
    """The reads of one object, by the object's id."""

    facts_type = ReadFacts
    table_text = TABLE
    story = stories.READ
    alphabet = (ReadWanted, ReadAnswered, ReadFailed)
    sends = {
        "account": (ReadDueChanged, ReadFailed),
        "authorization": (ReadFailed,),
        "session": (ReadFailed,),
        "payment_method": (ReadFailed,),
        "outage": (ReadDueChanged,),
    }

    idle = State(initial=True)
    due = State()

    due.from_(idle, event="read_wanted", on=["ask", "hold_up_prompts"])
    stays(due, event="read_wanted", cond="has_to_wait_longer", on=["put_off", "go_on_holding_up"])
    stays(due, event="read_wanted", on=["note_question", "go_on_holding_up"])
    stays(due, event="read_answered", cond="is_of_another_read")
    stays(due, event="read_answered", cond="was_asked_since", on="ask_again")
    idle.from_(due, event="read_answered", on="release_prompts")
    idle.from_(due, event="read_failed", on=["release_prompts", "tell_failed"])

    decided = (ignored(idle, (ReadAnswered, ReadFailed), because=reasons.NO_READ_DUE),)

    # ── guards ───────────────────────────────────────────────────────────────

    def has_to_wait_longer(self, facts: ReadFacts, trigger: ReadWanted) -> bool:
        """A newer report takes part in the contradiction, so the read has to begin later (K10)."""
        return trigger.after > facts.wanted_after

    def is_of_another_read(self, facts: ReadFacts, trigger: ReadAnswered) -> bool:
        """It answers another read, such as one for a caller; the answer is still to come."""
        return trigger.causation_id != _command(facts).id

    def was_asked_since(self, facts: ReadFacts, trigger: ReadAnswered) -> bool:
        """Something asked after the read had begun, or it began too early to settle anything."""
        if trigger.begun_at is None:
            return False
        return trigger.begun_at < max(facts.asked_at, facts.not_before)

    # ── effects ──────────────────────────────────────────────────────────────

    def ask(self, facts: ReadFacts, trigger: ReadWanted) -> Effects:
        """Ask Stripe."""
        changes = {
            "kind": trigger.of,
            "connected_account": trigger.connected_account or facts.connected_account,
            "number": facts.number + 1,
            "reason": trigger.reason,
            "settles": trigger.reason is ReadReason.CONTRADICTION,
            "since": trigger.at,
            "asked_at": trigger.at,
            "wanted_after": trigger.after,
            "not_before": min(trigger.after, _latest(trigger.at)),
        }
        return [Assign(**changes), _command(facts.after(changes))]

    def put_off(self, facts: ReadFacts, trigger: ReadWanted) -> Effects:
        """Begin later: the same read, with the later time (K10)."""
        changes = {
            "asked_at": trigger.at,
            "wanted_after": trigger.after,
            "not_before": min(trigger.after, _latest(facts.since)),
            "settles": True,
        }
        return [Assign(**changes), _command(facts.after(changes))]

    def note_question(self, facts: ReadFacts, trigger: ReadWanted) -> Assign:
        """The read that is due answers this question too, if it begins after it."""
        settles = facts.settles or trigger.reason is ReadReason.CONTRADICTION
        return Assign(asked_at=trigger.at, settles=settles)

    def ask_again(self, facts: ReadFacts, trigger: ReadAnswered) -> Effects:
        """Read once more, for what was asked since the read began."""
        changes = {
            "number": facts.number + 1,
            "since": trigger.at,
            "asked_at": trigger.at,
            "not_before": min(facts.wanted_after, _latest(trigger.at)),
        }
        return [Assign(**changes), _command(facts.after(changes))]

    def hold_up_prompts(self, facts: ReadFacts, trigger: ReadWanted) -> list[Command]:
        """Tell whose prompts have to wait for it (K9)."""
        return _held_up(facts.id, trigger, since=trigger.at)

    def go_on_holding_up(self, facts: ReadFacts, trigger: ReadWanted) -> list[Command]:
        """The same for a read that is due already: the time counts from its first question (K9)."""
        return _held_up(facts.id, trigger, since=facts.since)

    def release_prompts(self, facts: ReadFacts, trigger: DomainEvent) -> list[Command]:
        """Tell that nothing holds up prompts any more (K9)."""
        return _tell_due(facts.id, facts.kind, trigger, since=None)

    def tell_failed(self, facts: ReadFacts, trigger: ReadFailed) -> Command:
        """Tell what was to be read that Stripe refused."""
        failed = trigger.follow(ReadFailed, error=trigger.error)
        return Send(machine=_MACHINE_OF[facts.kind], key=facts.id, event=failed)


def has_waited_long_enough(facts: ReadFacts) -> bool:
    """Whether later questions have put it off for as long as they may (K10)."""
    return facts.not_before >= _latest(facts.since)


def _latest(since: float) -> int:
    """The latest time to which a read may be put off (Unix seconds)."""
    return int(since) + LONGEST_DELAY


def _command(facts: ReadFacts) -> Read:
    asked = {"number": facts.number, "reason": facts.reason, "after": facts.not_before}
    match facts.kind:
        case "account":
            return RetrieveAccount(account=facts.id, **asked)
        case "authorization":
            return RetrieveAuthorization(authorization=facts.id, **asked)
        case "session":
            return RetrieveSession(session=facts.id, **asked)
        case "payment_method":
            return RetrievePaymentMethod(payment_method=facts.id, **asked)
        case "external_account":
            return RetrieveExternalAccount(
                external_account=facts.id,
                connected_account=facts.connected_account or "",
                **asked,
            )


def _held_up(key: str, trigger: ReadWanted, since: float) -> list[Command]:
    if trigger.of == "authorization" and trigger.reason is ReadReason.ACCOUNT_CHANGED:
        # It is asked for because an account is down, which needs no confirmation.
        return []
    return _tell_due(key, trigger.of, trigger, since)


def _tell_due(
    key: str, kind: ObjectKind, trigger: DomainEvent, since: float | None
) -> list[Command]:
    """An account tells its holder; an authorization's prompts belong to its outage."""
    changed = trigger.follow(ReadDueChanged, since=since)
    match kind:
        case "account":
            return [Send(machine="account", key=key, event=changed)]
        case "authorization":
            return [Send(machine="outage", key=key, event=changed)]
        case "session" | "payment_method" | "external_account":
            return []
