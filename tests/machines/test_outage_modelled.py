"""K9, P1, P2: what an outage and a holder do on each event, whatever they know.

Which message is due is the subject of ``messages_due``, which has its own model. Here it is given,
and the question is who is asked, told and written to, when it is looked at again, and in which
state that ends. Facts and events are drawn apart, with each time on a bound or beside it.
"""

from random import Random
from typing import Any

import pytest

from relink.engine import Command, Send, Snapshot
from relink.machines import RelinkPolicy, messages_due, relink_system
from relink.machines.commands import NotifyCustomer, Wake
from relink.machines.events import DomainEvent
from relink.machines.holder import Awaited, HolderFacts
from relink.machines.messages import (
    MayPrompt,
    NeedsChanged,
    NeedsMoved,
    PromptAllowed,
    ReadAwaited,
    ReadDueChanged,
    ReviewDue,
)
from relink.machines.messages_due import Need, Needing
from relink.machines.outage import OutageFacts

from .drawn_needs import AT, drawn
from .modelled import Expected, compare

COUNT = 1_200
STATES = ("none", "waiting", "prompted", "quiet")
HOLD = 600
"""Seconds for which a read that is due holds up a message (K9)."""
DUE = (None, AT - HOLD - 1, AT - HOLD, AT - HOLD + 0.5, AT - 5, AT)
"""Since when a read is due: over, just over, just not, and later."""


def outage(chance: Random, needing: Needing, last: float | None, at: float) -> Snapshot[Any]:
    reads = {
        name: each.after({"read_due_since": chance.choice((None, None, *DUE))})
        for name, each in needing.items()
    }
    facts = {
        "needing": reads,
        "count": chance.randrange(3),
        "since": AT - chance.choice((10.0, 100.0)),
        "sent": chance.randrange(3),
        "last_prompt_at": last,
        "planned_for": chance.choice((None, *(AT + each for each in (1, 5, 10, 20, 90, 596)))),
        "read_due_since": chance.choice((None, None, *DUE)),
    }
    return Snapshot(chance.choice(STATES), OutageFacts(id="fcauth_1").after(facts), 1)


def changed(chance: Random, name: str, policy: RelinkPolicy) -> NeedsChanged:
    """What an account tells of what it needs."""
    return NeedsChanged(
        subject=name,
        number=chance.choice((1, 2)),
        needs=chance.choice(((), ("inactive",), ("announced_deactivation", "inactive"))),
        standing=chance.choice(("needed", "suspended", "given_up")),
        cause=chance.choice((None, "access_denied")),
        relink_by=chance.choice((None, AT + 50)),
        holder=chance.choice(("cus_1", "cus_2")),
        mailed_at=chance.choice((None, AT - 200.0, AT - 1.0)),
        stripe_writes_since=chance.choice((None, AT - 3.0)),
        read_due_since=chance.choice(DUE),
        prompted_at=chance.choice((None, AT - 30.0)),
        reminded=chance.choice((0, 1)),
        causation_id="evt_1",
        at=AT,
        policy=policy,
    )


def send(machine: str, key: str, event: DomainEvent, phase: int = 0) -> Send:
    return Send(machine=machine, key=key, event=event, phase=phase)


def look_again(now: OutageFacts, due: int | None, event: Any) -> Expected:
    """A timer, unless it is set to this time already."""
    if due is None or due == now.planned_for:
        return Expected("")
    wake = Wake(machine="outage", key=now.id, due=due, event=event.follow(ReviewDue))
    return Expected("", {"planned_for": due}, [wake])


def held_until(now: OutageFacts, names: tuple[str, ...], at: float) -> int | None:
    """When the last of the reads that hold the message up holds it up no longer."""
    since = [now.read_due_since, *(now.needing[name].read_due_since for name in names)]
    held = [each for each in since if each is not None and at < each + HOLD]
    return int(max(held)) + HOLD + 1 if held else None


def named_state(needing: Needing, policy: RelinkPolicy) -> str:
    """By what is still to come: a prompt, a reminder, or nothing."""
    if any(need.named_at is None and need.standing != "given_up" for need in needing.values()):
        return "waiting"
    if messages_due.has_reminders_left(needing, policy):
        return "prompted"
    return "quiet"


def reviewed(now: Snapshot[OutageFacts], event: ReviewDue) -> Expected:
    facts = now.facts
    if not facts.needing:
        return Expected("none", {} if now.state == "none" else {"planned_for": None})
    message = messages_due.due(facts.needing, facts.last_prompt_at, AT, event.policy)
    if message is None:
        due = messages_due.next_time(facts.needing, facts.last_prompt_at, AT, event.policy)
        expected = look_again(facts, due, event)
    elif (until := held_until(facts, message.accounts, AT)) is not None:
        expected = look_again(facts, until, event)
    else:
        asks = send("holder", message.holder, event.follow(MayPrompt, outage=facts.id), 2)
        expected = Expected("", {}, [asks])
    if now.state == "none":
        expected.changes |= {"count": facts.count + 1, "since": event.at, "sent": 0}
    expected.state = named_state(facts.needing, event.policy)
    return expected


def allowed(now: Snapshot[OutageFacts], event: PromptAllowed) -> Expected:
    facts, policy = now.facts, event.policy
    if now.state == "none":
        return Expected("none", is_ignored=True)
    message = messages_due.due(facts.needing, facts.last_prompt_at, AT, policy)
    if message is None or held_until(facts, message.accounts, AT) is not None:
        return Expected(now.state)
    needing = messages_due.after(facts.needing, message, AT, policy)
    last = facts.last_prompt_at if message.reminder else event.at
    next_time = messages_due.next_time(needing, last, AT, policy)
    expected = look_again(facts, next_time, event)
    expected.changes |= {"needing": needing, "sent": facts.sent + 1, "last_prompt_at": last}
    named = [facts.needing[name] for name in message.accounts]
    days = [each.relink_by for each in named]
    says = NotifyCustomer(
        outage=facts.id,
        outage_number=facts.count,
        number=facts.sent + 1,
        since=facts.since,
        accounts=message.accounts,
        reasons=tuple(sorted({each.cause or each.needs[0] for each in named})),
        reminder=message.reminder,
        relink_by=None if None in days else min(x for x in days if x is not None),
    )
    expected.commands.append(says)
    expected.state = named_state(needing, policy)
    return expected


def told(now: Snapshot[OutageFacts], event: NeedsChanged) -> Expected:
    known = now.facts.needing.get(event.subject)
    needing = {name: x for name, x in now.facts.needing.items() if name != event.subject}
    if event.needs:
        new = {name: getattr(event, name) for name in Need.model_fields if hasattr(event, name)}
        if known and known.number == event.number:
            new |= {"prompted_at": known.prompted_at, "reminded": known.reminded}
        needing[event.subject] = Need(**new)
    prompts = [x for x in (now.facts.last_prompt_at, event.mailed_at) if x is not None]
    changes = {"needing": needing, "last_prompt_at": max(prompts, default=None)}
    return Expected(now.state, changes, [send("outage", now.facts.id, event.follow(ReviewDue), 2)])


def moved(now: Snapshot[OutageFacts], event: NeedsMoved) -> Expected:
    known = now.facts.needing.get(event.subject)
    successor = event.successor
    if known:
        along = {"prompted_at": known.prompted_at, "reminded": known.reminded}
        successor = successor.model_copy(update=along)
    rest = {name: x for name, x in now.facts.needing.items() if name != event.subject}
    review = send("outage", now.facts.id, event.follow(ReviewDue), 2)
    return Expected(now.state, {"needing": rest}, [send("outage", event.to, successor), review])


def read_due(now: Snapshot[OutageFacts], event: ReadDueChanged) -> Expected:
    since = event.since if event.since is None else now.facts.read_due_since or event.since
    review = send("outage", now.facts.id, event.follow(ReviewDue), 2)
    return Expected(now.state, {"read_due_since": since}, [review])


@pytest.mark.parametrize("part", range(4))
def test_an_outage_does_what_the_rules_say(part: int) -> None:
    for seed in range(part, COUNT, 4):
        chance = Random(seed)
        needing, last, policy = drawn(seed)
        now = outage(chance, needing, last, AT)
        sent: dict[str, Any] = {"causation_id": "evt_1", "at": AT, "policy": policy}
        compare("outage", now, review := ReviewDue(**sent), reviewed(now, review))
        # A prompt is allowed in the step of a review, which left the state that the needs say.
        state = "none" if now.state == "none" else named_state(now.facts.needing, policy)
        asked = Snapshot(state, now.facts, 1)
        compare("outage", asked, prompt := PromptAllowed(**sent), allowed(asked, prompt))
        name = chance.choice(("fca_1", "fca_2", "fca_3"))
        needs = changed(chance, name, policy)
        compare("outage", now, needs, told(now, needs))
        move = NeedsMoved(subject=name, to="fcauth_2", successor=needs, **sent)
        compare("outage", now, move, moved(now, move))
        due = ReadDueChanged(since=chance.choice(DUE), **sent)
        compare("outage", now, due, read_due(now, due))


def test_P2_a_mail_of_stripe_counts_as_the_last_prompt_if_it_is_later() -> None:
    table = relink_system().tables["outage"]
    for known in (None, AT - 200.5, AT - 100.0):
        now = Snapshot("none", OutageFacts(id="fcauth_1").after({"last_prompt_at": known}), 1)
        needs = changed(Random(1), "fca_1", RelinkPolicy()).model_copy(
            update={"mailed_at": AT - 200.0}
        )
        later = AT - 100.0 if known == AT - 100.0 else AT - 200.0
        assert table.decide(now, needs).facts.last_prompt_at == later


# ── the holder ───────────────────────────────────────────────────────────────

ACCOUNTS = ("fca_1", "fca_2", "fca_3")
LOGINS = ("fcauth_1", "fcauth_2")


def holder(chance: Random) -> Snapshot[HolderFacts]:
    awaited = {
        name: Awaited(
            authorization=chance.choice((None, *LOGINS)),
            since=float(chance.choice([each for each in DUE if each is not None])),
        )
        for name in chance.sample(ACCOUNTS, chance.randrange(3))
    }
    asking = frozenset(chance.sample((*LOGINS, "fcauth_3"), chance.randrange(4)))
    facts = HolderFacts(id="cus_1").after({"awaited": awaited, "asking": asking})
    return Snapshot("awaiting" if awaited else "clear", facts, 1)


def in_the_way(facts: HolderFacts, login: str) -> list[float]:
    """Since when reads are due that may change whom a message about this login names."""
    return [
        read.since
        for read in facts.awaited.values()
        if (read.authorization is None or read.authorization == login) and read.since + HOLD > AT
    ]


def answered(now: Snapshot[HolderFacts], event: ReviewDue) -> Expected:
    facts = now.facts
    free = {login for login in facts.asking if not in_the_way(facts, login)}
    commands: list[Command] = [
        send("outage", login, event.follow(PromptAllowed), 3) for login in sorted(free)
    ]
    blocking = [since for login in facts.asking for since in in_the_way(facts, login)]
    if blocking:
        due = int(min(blocking)) + HOLD + 1
        commands.append(
            Wake(machine="holder", key=facts.id, due=due, event=event.follow(ReviewDue))
        )
    return Expected(now.state, {"asking": facts.asking - free}, commands)


def test_a_holder_does_what_the_rules_say() -> None:
    sent: dict[str, Any] = {"causation_id": "evt_1", "at": AT}
    for seed in range(COUNT):
        chance = Random(seed)
        now = holder(chance)
        review = ReviewDue(**sent)
        compare("holder", now, review, answered(now, review))
        asks = MayPrompt(outage=chance.choice(LOGINS), **sent)
        again = send("holder", "cus_1", asks.follow(ReviewDue), 3)
        asking = {"asking": now.facts.asking | {asks.outage}}
        compare("holder", now, asks, Expected(now.state, asking, [again]))

        since = chance.choice(DUE)
        login = chance.choice((None, *LOGINS))
        name = chance.choice(ACCOUNTS)
        awaits = ReadAwaited(account=name, authorization=login, since=since, **sent)
        left = {each: read for each, read in now.facts.awaited.items() if each != name}
        if since is not None:
            left[name] = Awaited(authorization=login, since=since)
        is_told = bool(now.facts.awaited)
        expected = Expected(
            "awaiting" if left else "clear",
            {"awaited": left},
            [send("holder", "cus_1", awaits.follow(ReviewDue), 3)] if is_told else [],
        )
        compare("holder", now, awaits, expected)
