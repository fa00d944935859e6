"""What a careful person writes instead: a function of ``if`` and ``elif``.

It returns the same as the table: state, facts, commands, and an explanation (the outcome, the
guards that were asked with their answers, the reason for ignoring). It knows the six events of the
walk in all states; the chart has sixteen more. The order of the questions is the chart's.
"""

from collections.abc import Callable, Sequence
from typing import Any

from relink.engine import Assign, Event
from relink.machines.account.effects import AccountEffects
from relink.machines.account.facts import AccountFacts
from relink.machines.account.guards import AccountGuards
from relink.machines.events import RelinkRequested
from relink.machines.freshness import ambiguous, stale
from relink.machines.messages import SessionOpened, SessionRelinked, SessionUnsuccessful
from relink.machines.reported import ReportedActive, ReportedRelinkable

from ..walk import Outcome, Question

Explanation = tuple[str, tuple[tuple[str, bool], ...], str | None]
Answer = tuple[str, AccountFacts, tuple[Any, ...], Explanation]

G: Any = AccountGuards
E: Any = AccountEffects
INACTIVE = ("inactive_relinkable", "inactive_unrepairable")


def decide(state: str, facts: AccountFacts, trigger: Event) -> Answer:
    """What follows when an event reaches an account."""
    if state == "disconnected":
        return _after_the_end(state, facts, trigger)
    kind = type(trigger)
    if kind is ReportedActive:
        return _active(state, facts, trigger)
    if kind is ReportedRelinkable:
        return _relinkable(state, facts, trigger)
    if kind is RelinkRequested:
        return _requested(state, facts, trigger)
    if kind is SessionOpened:
        return _opened(state, facts, trigger)
    if kind is SessionRelinked:
        return _relinked(state, facts, trigger)
    if kind is SessionUnsuccessful:
        return _unsuccessful(state, facts, trigger)
    raise NotImplementedError(kind.__name__)


def _active(state: str, facts: AccountFacts, trigger: Any) -> Answer:
    if ambiguous(facts, trigger):
        why: Any = ("stayed", (("is_ambiguous", True),), None)
        return _then(state, facts, E.settle_contradiction(None, facts, trigger), why)
    if stale(facts, trigger):
        why = ("stayed", (("is_ambiguous", False), ("is_stale", True)), None)
        return _then(state, facts, E.fill_gaps(None, facts, trigger), why)
    if state in ("active", "new_account_linked"):
        why = ("stayed", (("is_ambiguous", False), ("is_stale", False)), None)
        return _then(state, facts, E.learn(None, facts, trigger), why)
    if state in ("relinking", "inactive_unrepairable"):
        if facts.session is not None and facts.opened_while_active:
            why = (
                "stayed" if state == "relinking" else "moved",
                (("is_ambiguous", False), ("is_stale", False), ("opened_while_active", True)),
                None,
            )
            return _then("relinking", facts, E.learn(None, facts, trigger), why)
        why = (
            "moved",
            (("is_ambiguous", False), ("is_stale", False), ("opened_while_active", False)),
            None,
        )
        return _then("active", facts, E.learn(None, facts, trigger), why)
    why = ("moved", (("is_ambiguous", False), ("is_stale", False)), None)
    return _then("active", facts, E.learn(None, facts, trigger), why)


def _relinkable(state: str, facts: AccountFacts, trigger: Any) -> Answer:
    asked: tuple[tuple[str, bool], ...]
    if ambiguous(facts, trigger):
        why: Any = ("stayed", (("is_ambiguous", True),), None)
        return _then(state, facts, E.settle_contradiction(None, facts, trigger), why)
    was_repaired = state in ("active", "relinked")
    if was_repaired:
        if G.is_ambiguous_with_repair(None, facts, trigger):
            why = (
                "stayed",
                (("is_ambiguous", False), ("is_ambiguous_with_repair", True)),
                None,
            )
            return _then(state, facts, E.settle_contradiction(None, facts, trigger), why)
        asked = (("is_ambiguous", False), ("is_ambiguous_with_repair", False))
    else:
        asked = (("is_ambiguous", False),)
    if stale(facts, trigger):
        why = ("stayed", (*asked, ("is_stale", True)), None)
        return _then(state, facts, E.fill_gaps(None, facts, trigger), why)
    asked = (*asked, ("is_stale", False))
    if was_repaired:
        if trigger.as_of < facts.repaired_as_of:
            outcome = "stayed" if state == "relinked" else "moved"
            why = (outcome, (*asked, ("predates_repair", True)), None)
            return _then("relinked", facts, E.learn(None, facts, trigger), why)
        asked = (*asked, ("predates_repair", False))
    if state == "new_account_linked":
        return _then(state, facts, E.learn(None, facts, trigger), ("stayed", asked, None))
    if G.lacks_authorization(None, facts, trigger):
        why = (
            "moved" if was_repaired else "stayed",
            (*asked, ("lacks_authorization", True)),
            None,
        )
        target = "inactive_unrepairable" if was_repaired else state
        return _then(target, facts, E.learn(None, facts, trigger), why)
    asked = (*asked, ("lacks_authorization", False))
    if state in ("inactive_relinkable", "relinking"):
        return _then(state, facts, E.learn(None, facts, trigger), ("stayed", asked, None))
    has_session = facts.session is not None
    why = ("moved", (*asked, ("has_open_session", has_session)), None)
    target = "relinking" if has_session else "inactive_relinkable"
    return _then(target, facts, E.learn(None, facts, trigger), why)


def _requested(state: str, facts: AccountFacts, trigger: Any) -> Answer:
    asked: list[tuple[str, bool]] = []

    def holds(guard: str) -> bool:
        answer: bool = getattr(G, guard)(None, facts, trigger)
        asked.append((guard, answer))
        return answer

    if state == "new_account_linked":
        return state, facts, (), ("ignored", (), "replaced")
    if state in ("active", "relinking", "relinked") and holds("asks_for_open_session"):
        why: Any = ("stayed", tuple(asked), None)
        return _then(state, facts, E.return_session(None, facts, trigger), why)
    if state == "relinked":
        return state, facts, (), ("ignored", tuple(asked), "just_relinked")
    if state == "active" and not holds("has_reason"):
        return state, facts, (), ("ignored", tuple(asked), "no_reason_to_relink")
    if state != "inactive_unrepairable" and holds("has_authorization"):
        why = ("stayed", tuple(asked), None)
        return _then(state, facts, E.create_session(None, facts, trigger), why)
    if not holds("was_just_read"):
        why = ("stayed", tuple(asked), None)
        return _then(state, facts, E.read_before_refusing(None, facts, trigger), why)
    reason = "unrepairable" if state == "inactive_unrepairable" else "no_authorization"
    return state, facts, (), ("ignored", tuple(asked), reason)


def _opened(state: str, facts: AccountFacts, trigger: Any) -> Answer:
    if facts.session == trigger.session:
        return state, facts, (), ("stayed", (("is_already_open", True),), None)
    if facts.session is not None and trigger.request.attempt <= facts.attempt:
        why: Any = ("stayed", (("is_already_open", False), ("is_overtaken", True)), None)
        return _then(state, facts, E.supersede_newcomer(None, facts, trigger), why)
    moves = state in ("active", "inactive_relinkable")
    why = (
        "moved" if moves else "stayed",
        (("is_already_open", False), ("is_overtaken", False)),
        None,
    )
    target = "relinking" if moves else state
    return _then(target, facts, E.open_session(None, facts, trigger), why)


def _relinked(state: str, facts: AccountFacts, trigger: Any) -> Answer:
    asked: list[tuple[str, bool]] = []

    def holds(guard: str) -> bool:
        answer: bool = getattr(G, guard)(None, facts, trigger)
        asked.append((guard, answer))
        return answer

    def then(target: str, effect: Callable[..., Any]) -> Answer:
        outcome = "stayed" if target == state else "moved"
        return _then(target, facts, effect(None, facts, trigger), (outcome, tuple(asked), None))

    if state in ("active", "relinked"):
        return then(state, E.record_repair)
    if state == "new_account_linked" and holds("precedes_replacement"):
        return then(state, E.forget_session)
    if state not in INACTIVE and holds("is_reported_active"):
        return then("active", E.record_repair)
    if state != "new_account_linked" and holds("stopped_since"):
        if state in INACTIVE or not holds("was_open_session"):
            return then(state, E.forget_session)
        if holds("is_repairable"):
            return then("inactive_relinkable", E.forget_session)
        return then("inactive_unrepairable", E.forget_session)
    return then("relinked", E.record_repair)


def _unsuccessful(state: str, facts: AccountFacts, trigger: Any) -> Answer:
    if state == "inactive_relinkable":
        return state, facts, (), ("ignored", (), "not_the_open_session")
    if facts.session != trigger.session:
        why: Any = ("ignored", (("was_open_session", False),), "not_the_open_session")
        return state, facts, (), why
    target = state
    asked: tuple[tuple[str, bool], ...] = (("was_open_session", True),)
    if state == "relinking":
        works = facts.works
        asked = (*asked, ("is_reported_active", works))
        if works:
            target = "active"
        else:
            asked = (*asked, ("is_repairable", bool(facts.repairable)))
            target = INACTIVE[not facts.repairable]
    why = ("stayed" if target == state else "moved", asked, None)
    return _then(target, facts, E.count_failure(None, facts, trigger), why)


def _after_the_end(state: str, facts: AccountFacts, trigger: Event) -> Answer:
    kind = type(trigger)
    if kind is ReportedActive or kind is ReportedRelinkable:
        return _reported_after_the_end(state, facts, trigger)
    if kind is SessionRelinked:
        return state, facts, (), ("ignored", (), "linked_after_disconnected")
    return state, facts, (), ("ignored", (), "account_disconnected")


def _reported_after_the_end(state: str, facts: AccountFacts, trigger: Any) -> Answer:
    asked: tuple[tuple[str, bool], ...] = (("is_stale", False),)
    if stale(facts, trigger):
        was_replaced = G.was_replaced(None, facts, trigger)
        asked = (("is_stale", True), ("was_replaced", was_replaced))
        if was_replaced:
            why: Any = ("stayed", asked, None)
            return _then(state, facts, E.note_late_return(None, facts, trigger), why)
    if type(trigger) is ReportedActive:
        return state, facts, (), ("ignored", asked, "active_after_disconnected")
    return state, facts, (), ("ignored", asked, "account_disconnected")


def _then(target: str, facts: AccountFacts, returned: Any, why: Explanation) -> Answer:
    """Apply what an effect returned."""
    if type(returned) is Assign:
        return target, facts.after(returned.changes), (), why
    commands = []
    for item in returned if isinstance(returned, list) else (returned,):
        if type(item) is Assign:
            facts = facts.after(item.changes)
        elif item is not None:
            commands.append(item)
    return target, facts, tuple(commands), why


def called(questions: Sequence[Question]) -> Callable[[], list[Outcome]]:
    """The function, called for each question."""

    def go() -> list[Outcome]:
        outcomes = []
        for question in questions:
            state, facts, commands, _ = decide(question.state, question.facts, question.event)
            outcomes.append(Outcome(state, facts, commands))
        return outcomes

    return go
