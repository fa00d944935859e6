"""Session requests: which relink session a request of the service asks for.

Rules kept here: R1, R4, R7 and R8.
"""

from ..commands import CreateRelinkSession
from ..events import RelinkRequested
from ..vocabulary import PAYMENT_METHOD, Mode, RelinkReason
from .facts import AccountFacts
from .needs import relink_reasons


def reason_for(facts: AccountFacts, request: RelinkRequested) -> RelinkReason | None:
    """Why a relink makes sense: as requested, else the open session's, else inferred (S3)."""
    if facts.works and request.reason not in (None, "inactive"):
        return request.reason
    opened = facts.request if facts.session else None
    # One that was opened while it was inactive is no reason for another while it works.
    is_outdated = opened is not None and facts.works and opened.reason == "inactive"
    if opened and request.reason is None and not is_outdated:
        return opened.reason
    if reasons := relink_reasons(facts):
        return reasons[0]
    if request.permissions and not set(request.permissions) <= set(facts.permissions or ()):
        return "new_permissions"
    return None


def session_request(facts: AccountFacts, request: RelinkRequested) -> CreateRelinkSession:
    """The session that this request asks for; what it leaves open is as in the open session."""
    mode = request.mode
    if mode is None:
        mode = facts.request.mode if facts.session and facts.request else facts.next_mode
    return CreateRelinkSession(
        account=facts.id,
        attempt=facts.attempt + 1,
        authorization=facts.authorization or "",
        outage=facts.outage.number if facts.outage else None,
        mode=mode,
        reason=reason_for(facts, request) or "inactive",
        holder=facts.holder,
        permissions=_permissions(facts, request),
        subcategories=request.policy.subcategories,
        delivery=request.delivery,
        return_url=request.return_url,
    )


def asks_for_open_session(facts: AccountFacts, request: RelinkRequested) -> bool:
    """Whether the request names the session that is open: the same in all that it says (R1)."""
    if not (facts.session and facts.request):
        return False
    wanted, opened = session_request(facts, request), facts.request
    return (
        wanted.mode == opened.mode
        and wanted.permissions == opened.permissions
        and wanted.delivery == opened.delivery
        and (request.reason is None or wanted.reason == opened.reason)
    )


def mode_again(facts: AccountFacts) -> Mode:
    """The mode of the open session: the default for the next one (R4)."""
    return facts.request.mode if facts.request else facts.next_mode


def _permissions(facts: AccountFacts, request: RelinkRequested) -> tuple[str, ...]:
    """The account's own with ``payment_method``; only an explicit request changes them (R7)."""
    wanted: tuple[str, ...] | None = request.permissions
    if wanted is None and facts.session and facts.request:
        wanted = facts.request.permissions
    if wanted is None:
        own = facts.permissions
        wanted = own if own is not None else request.policy.permissions
    return tuple(sorted({*wanted, PAYMENT_METHOD}))
