"""What is checked: the properties of the machines' steps, and those that the truth judges.

:mod:`relink.machines.properties` holds for each step, whatever is around the machines. The others
are here: they compare what relink knows, says and asks for with what is true.
"""

from collections.abc import Callable
from typing import NamedTuple

from relink.engine import Step
from relink.engine.explore import Move, Property, always, each_move, leads_to, never_stuck
from relink.engine.explore.search import NO_ERRORS
from relink.engine.explore.worlds import World
from relink.machines.properties import ALL
from relink.machines.properties import Property as Rule

from . import at_rest, judged
from .at_rest import State


class Sentence(NamedTuple):
    """A property that the truth judges."""

    rule: str
    name: str
    text: str
    wrong: Callable[[State], str | None] = lambda state: None


def _said(name: str) -> Callable[[State], str | None]:
    """Whether this was noticed to be wrong when it was said."""

    def wrong(state: State) -> str | None:
        noticed = state.environment.memory.wrong
        if noticed is None or not noticed.startswith(name):
            return None
        return noticed.removeprefix(f"{name}: ")

    return wrong


BY_TRUTH: tuple[Sentence, ...] = (
    Sentence(
        "K1, S1 to S7",
        "ends_in_what_is_true",
        "At rest (everything has arrived and was read, and a sweep has found what got lost), each "
        "account is in the state that is true at Stripe, under its true authorization.",
        at_rest.account_is_not_true,
    ),
    Sentence(
        "K1, K10",
        "authorization_of_what_works_is_active",
        "At rest, if nothing got lost, an authorization that works counts as active.",
        at_rest.authorization_is_not_true,
    ),
    Sentence(
        "K1, R3",
        "session_ends_as_it_did",
        "At rest, no session that is over at Stripe counts as open, none that is open as over, and "
        "none that linked an account of its holder as failed.",
        at_rest.session_is_not_true,
    ),
    Sentence(
        "K1, C1, N3",
        "charges_only_what_can_be_charged",
        "At rest, an account counts as chargeable if and only if it works and can pay at Stripe, "
        "and may be debited only with a mandate. An answer about one payment method does not "
        "depend on another one.",
        at_rest.charge_is_not_true,
    ),
    Sentence(
        "K1, P1",
        "outage_runs_while_it_is_needed",
        "At rest, an outage runs if and only if an account of the authorization needs a relink.",
        at_rest.outage_is_not_true,
    ),
    Sentence(
        "P1, P2, R9",
        "every_outage_is_heard_of",
        "Once nothing happens any more, of every account that needs a relink the customer was "
        "prompted, or the service was asked for another way to pay, or a session is open.",
        at_rest.outage_goes_unheard,
    ),
    Sentence(
        "R4",
        "given_up_means_another_way",
        "At rest, if the attempts of an outage are used up, the service was asked for another way "
        "to pay.",
        at_rest.given_up_goes_unheard,
    ),
    Sentence(
        "R4",
        "only_attempts_of_the_outage_count",
        "At rest, no more attempts count in an outage than sessions were created in it.",
        at_rest.attempts_are_not_true,
    ),
    Sentence(
        "P1, P2",
        "every_reminder_is_sent",
        "Once nothing happens any more, and nothing was out of order, the customer was reminded as "
        "often as the policy says of each account that has stopped, whoever revoked access to "
        "another one.",
        at_rest.reminder_is_missing,
    ),
    Sentence(
        "P2",
        judged.DENIAL_IS_HEARD,
        "A customer who revoked access to an account is not reminded of it.",
        _said(judged.DENIAL_IS_HEARD),
    ),
    Sentence(
        "P2, S6",
        judged.PROMPT_HAS_A_NEED,
        "Where relink can know the truth, a message names only accounts that need a relink: none "
        "that works, is closed, disconnected or replaced.",
        _said(judged.PROMPT_HAS_A_NEED),
    ),
    Sentence(
        "P1",
        judged.PROMPT_ONCE,
        "Nobody is prompted for an account more often than it began to need a relink.",
        _said(judged.PROMPT_ONCE),
    ),
    Sentence(
        "P4, S6",
        judged.NO_MESSAGE_UNWANTED,
        "No message names an account that the service retired, or that another one replaced.",
        _said(judged.NO_MESSAGE_UNWANTED),
    ),
    Sentence(
        "C4",
        judged.ASKED_ONCE,
        "The service is asked for another way to pay once for one cause, whatever comes twice or "
        "late.",
        _said(judged.ASKED_ONCE),
    ),
    Sentence(
        "K10",
        judged.READ_ONCE,
        "No two reads of one object wait at the same time.",
        _said(judged.READ_ONCE),
    ),
    Sentence(
        "K10",
        judged.FEW_READS,
        f"One change costs at most {judged.MOST_READS} reads for each account.",
        _said(judged.FEW_READS),
    ),
    Sentence(
        "R1",
        "one_session_is_open",
        "At most one session of an account is open.",
        at_rest.several_sessions_are_open,
    ),
    Sentence(
        "R2",
        "every_session_ends",
        "While a session is open, a timer or something on its way is going to end it.",
        at_rest.session_has_no_end,
    ),
    Sentence(
        "K7, R6, S6",
        "built_once_and_for_its_holder",
        "Something is built at most once on an account, never on another holder's; and none counts "
        "as replaced without a replacement.",
        at_rest.result_is_not_true,
    ),
    Sentence(
        "N4, K11",
        "what_is_gone_is_told",
        "The service is notified of each payment method that is gone.",
        at_rest.gone_goes_unheard,
    ),
)

IN_THE_END: tuple[Sentence, ...] = (
    Sentence(
        "K1",
        "rest_can_always_be_reached",
        "From every state there is a way to where nothing is under way.",
    ),
    Sentence(
        "P1, P2, R4",
        "every_outage_is_taken_care_of",
        "Whenever an account begins to need a relink, it ends, the customer is prompted, a session "
        "opens, or the service is asked for another way to pay: for certain, as long as "
        "deliveries, timers and the sweep are not put off for ever.",
    ),
)
"""Those that are about whole histories."""


def sentences() -> list[str]:
    """Each property with the rules that it holds to, and a sentence."""
    rules = [f"{each.name} ({each.rule}): {each.sentence}" for each in ALL]
    truths = [f"{each.name} ({each.rule}): {each.text}" for each in (*BY_TRUTH, *IN_THE_END)]
    return [*rules, *truths, NO_ERRORS]


def properties(*, is_symmetric: bool = False) -> list[Property[State]]:
    """All of them, for a search.

    Args:
        is_symmetric: Whether accounts may change places: what leads to what is then not asked,
            since it depends on which is which.
    """
    steps = _Steps()
    rest, care = IN_THE_END
    found: list[Property[State]] = [
        *(each_move(steps.judge(each), name=each.name) for each in ALL),
        *(always(each.wrong, name=each.name) for each in BY_TRUTH),
        never_stuck(_is_at_rest, is_done=_is_at_rest, name=rest.name),
    ]
    if not is_symmetric:
        found.append(leads_to(_is_unheard, _is_heard, name=care.name))
    return found


def _is_at_rest(state: State) -> bool:
    return state.environment.is_at_rest


def _is_unheard(state: State) -> bool:
    return at_rest.unheard(state) is not None


def _is_heard(state: State) -> bool:
    return at_rest.unheard(state) is None


class _Steps:
    """Judges each step once: the same machines and the same event are the same step."""

    def __init__(self) -> None:
        self._step: Step | None = None
        self._wrong: dict[str, str] = {}
        self._right: set[tuple[int, int]] = set()

    def judge(self, rule: Rule) -> Callable[[State, Move[State]], str | None]:
        """A rule as a judgement of moves."""
        name = rule.name

        def wrong(before: State, move: Move[State]) -> str | None:
            if move.outcome is not self._step:
                self._look(before, move)
            return self._wrong.get(name) if self._wrong else None

        return wrong

    def _look(self, before: State, move: Move[State]) -> None:
        step, self._wrong = move.outcome, {}
        self._step = step if isinstance(step, Step) else None
        if self._step is None or not isinstance(before.machines, World):
            return
        # Events are kept for as long as the search lasts, so an id stands for one event.
        known = (before.machines.number, id(move.event))
        if known in self._right:
            return
        found = (
            (each.name, each(before.machines, self._step, move.after.machines)) for each in ALL
        )
        self._wrong = {name: wrong for name, wrong in found if wrong is not None}
        if not self._wrong:
            self._right.add(known)
