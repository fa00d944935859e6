"""The R rules: relink sessions, what they ask for, and how they end."""

from collections.abc import Iterator

from relink.engine import Decision, Send

from ..account import AccountFacts
from ..commands import RetrieveSessionForCaller
from ..events import RelinkRequested
from ..session import SessionFacts
from .property import always
from .step_view import StepView


@always
def account_keeps_its_open_session(view: StepView) -> Iterator[str]:
    """R1: An account does not let go of a session that is still open."""
    for key, now in view.touched(AccountFacts):
        earlier = view.before(AccountFacts, key)
        left = earlier.facts.session if earlier else None
        session = view.after(SessionFacts, left) if left else None
        if session and session.state == "open" and now.facts.session != left:
            yield f"account {key} let go of {left}, which is still open"


@always
def open_session_is_its_accounts(view: StepView) -> Iterator[str]:
    """R1: An open session is the one that its account names, so there is one for each account."""
    for key, session in view.touched(SessionFacts):
        request = session.facts.request
        if session.state != "open" or request is None:
            continue
        account = view.after(AccountFacts, request.account)
        if account and account.state != "disconnected" and account.facts.session != key:
            yield f"{key} is open, and {request.account} names {account.facts.session}"


@always
def returned_session_is_open(view: StepView) -> Iterator[str]:
    """R1: A caller who asks again gets a session that is open."""
    for command in view.commands(RetrieveSessionForCaller):
        session = view.after(SessionFacts, command.session)
        if session is None or session.state != "open":
            yield f"{command.session} is returned to a caller, and is not open"


@always
def session_is_abandoned_only_after_its_deadline(view: StepView) -> Iterator[str]:
    """R2: An open session is abandoned only after its deadline, which has it read first."""
    for address, decision in view.decisions():
        if address.machine != "session" or decision.before.state != "open":
            continue
        if decision.state == "abandoned" and not decision.before.facts.overdue:
            yield f"{address.key} is abandoned before its deadline"


@always
def end_of_a_session_is_followed_by_reads(view: StepView) -> Iterator[str]:
    """R5: When a session ends, its account and its authorization are read."""
    for key, decision in _ends(view):
        request = decision.facts.request
        asked = _asked_to_be_read(decision)
        for object_id in (request.account, request.authorization) if request else ():
            if object_id not in asked:
                yield f"{key} ended, and {object_id} is not read"


@always
def only_a_session_of_ours_ends(view: StepView) -> Iterator[str]:
    """R6: A session that relink did not create has no result."""
    for key, decision in _ends(view):
        if decision.facts.request is None:
            yield f"{key} ended, and relink did not create it"


@always
def nothing_is_built_for_another_holder(view: StepView) -> Iterator[str]:
    """R6: Nothing is built on an account whose holder differs from the session's."""
    for command in view.builds():
        session = view.after(SessionFacts, command.session)
        request = session.facts.request if session else None
        if request is None:
            yield f"{command.name} for {command.session}, which relink did not create"
        elif request.holder is not None and request.holder != command.holder:
            yield f"{command.name} for {command.holder}, in a session for {request.holder}"


@always
def session_asks_for_payment_method(view: StepView) -> Iterator[str]:
    """R7: Every relink asks for the permission ``payment_method``."""
    for command, _ in view.session_requests():
        if "payment_method" not in command.permissions:
            yield f"a session for {command.account} does not ask for payment_method"


@always
def session_keeps_permissions(view: StepView) -> Iterator[str]:
    """R7: Only an explicit request changes the permissions of a relink."""
    for command, account in view.session_requests():
        facts, trigger = account.facts, view.step.trigger
        choices = (
            trigger.permissions if isinstance(trigger, RelinkRequested) else None,
            facts.request.permissions if facts.request and facts.session else None,
            facts.permissions,
            trigger.policy.permissions if isinstance(trigger, RelinkRequested) else (),
        )
        wanted = next(choice for choice in choices if choice is not None)
        if set(command.permissions) - {"payment_method"} != set(wanted) - {"payment_method"}:
            yield f"a session for {command.account} asks for {command.permissions}, not {wanted}"


@always
def session_is_for_the_accounts_holder(view: StepView) -> Iterator[str]:
    """R8: A relink is for the holder of the account, as the account names it."""
    for command, account in view.session_requests():
        if command.holder != account.facts.holder:
            yield f"a session for {command.account} is for {command.holder}"


@always
def session_relinks_the_accounts_authorization(view: StepView) -> Iterator[str]:
    """R9: A relink is of the authorization that the account names, and refused without one."""
    for command, account in view.session_requests():
        if not command.authorization or command.authorization != account.facts.authorization:
            yield f"a session for {command.account} relinks {command.authorization!r}"


@always
def session_is_for_an_account_that_can_be_relinked(view: StepView) -> Iterator[str]:
    """R9: A relink is refused for an account in a state that a relink does not repair."""
    for command, account in view.session_requests():
        if account.state not in ("active", "inactive_relinkable", "relinking"):
            yield f"a session for {command.account}, which is {account.state}"


@always
def session_for_an_active_account_has_a_reason(view: StepView) -> Iterator[str]:
    """R9, S3: A relink of an active account is for a reason that is known or named."""
    for command, account in view.session_requests():
        if account.state == "active" and command.reason == "inactive":
            yield f"a session for {command.account}, which is active, has no reason"


def _asked_to_be_read(decision: Decision) -> set[str]:
    """The ids of what a decision asks to have read."""
    return {
        command.key
        for command in decision.commands
        if isinstance(command, Send) and command.machine == "read"
    }


def _ends(view: StepView) -> Iterator[tuple[str, Decision]]:
    """The decisions that end a session, by a result or at its deadline."""
    for address, decision in view.decisions():
        if address.machine != "session" or decision.state in (decision.before.state, "open"):
            continue
        if decision.state != "superseded":
            yield address.key, decision
