"""Between Stripe and relink: webhooks get lost, late, doubled and reduced; reads take their time.

A webhook of a preview version is complete (K5). One of a GA version lacks what that version has no
fields for, a sparse one lacks nearly everything, and a thin one says only "look" (K6).
"""

from typing import Any

from relink.machines import RelinkPolicy
from relink.machines.commands import (
    Read,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrievePaymentMethod,
    RetrieveSession,
    RetrieveSessionForCaller,
)
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    CommandFailed,
    DomainEvent,
    ExternalAccountReported,
    MandateReported,
    PaymentMethodReported,
    SessionAccount,
    SessionReported,
)
from relink.machines.report import ExternalAccountReport, PaymentMethodReport, StatusReport

from .truth import Body, Stripe, Webhook

AnyRead = Read | RetrieveAccountForCaller | RetrieveSessionForCaller

NO_NULL = ("authorization", "deactivates_on", "deactivation_action", "action", "cause")
"""Fields that Stripe leaves out instead of saying null (K5)."""
NOT_IN_GA = ("authorization", "action", "cause")
SPARSE = ("status", "deactivates_on", "deactivation_action")

SHAPES = ("full", "ga", "sparse", "thin")
YEAR_9999 = 253_370_764_800


def reduced(body: Body, shape: str) -> StatusReport:
    """The account or authorization as a payload of this shape shows it."""
    shown = {
        name: value
        for name, value in body.items()
        if not (value is None and name in NO_NULL)
        and not (shape == "ga" and name in NOT_IN_GA)
        and not (shape == "sparse" and name not in SPARSE)
    }
    return StatusReport.model_construct(_fields_set=set(shown), **shown)


def shown(kind: str, subject: str, body: Body, shape: str, head: dict[str, Any]) -> DomainEvent:
    """What relink is told about an object.

    Args:
        kind: Of what kind it is.
        subject: Its id.
        body: The object.
        shape: What is left out.
        head: The fields that all reports have.
    """
    is_complete = shape == "full"
    match kind:
        case "account":
            report = None if shape == "thin" else reduced(body, shape)
            return AccountReported(account=subject, complete=is_complete, report=report, **head)
        case "authorization":
            report = None if shape == "thin" else reduced(body, shape)
            return AuthorizationReported(
                authorization=subject, complete=is_complete, report=report, **head
            )
        case "session":
            return _session(subject, body, shape, head)
        case "payment_method":
            if shape == "thin":
                return PaymentMethodReported(
                    payment_method=subject, account=None, report=None, **head
                )
            return PaymentMethodReported(
                payment_method=subject,
                account=body["account"],
                report=PaymentMethodReport(blocked=body["blocked"], gone=body["gone"]),
                **head,
            )
        case "external_account":
            told = None
            if shape != "thin":
                told = ExternalAccountReport(status=body["status"], gone=body["gone"])
            return ExternalAccountReported(
                external_account=subject, account=body["account"], report=told, **head
            )
        case "mandate":
            return MandateReported(payment_method=subject, status=body["status"], **head)
    raise ValueError(kind)


def _session(subject: str, body: Body, shape: str, head: dict[str, Any]) -> SessionReported:
    if shape == "thin":
        return SessionReported(session=subject, **head)
    result = {}
    if shape != "ga":
        result = {
            "status": body["status"],
            "failure_reason": body["failure_reason"],
            "relinked_account": body["relinked"],
        }
    listed = body["accounts"]
    accounts = None
    if listed is not None:
        accounts = tuple(SessionAccount(account=a, report=reduced(b, shape)) for a, b in listed)
    return SessionReported(
        session=subject, complete=shape == "full", accounts=accounts, **result, **head
    )


def arrival(
    webhook: Webhook, shape: str, ahead: int, at: float, policy: RelinkPolicy
) -> DomainEvent:
    """A webhook as it arrives.

    Args:
        webhook: Which.
        shape: What is left out.
        ahead: How far its ``created`` lies ahead of the truth (seconds).
        at: When it arrives (Unix seconds).
        policy: In force.
    """
    as_of = min(webhook.created + ahead, YEAR_9999)
    head = {
        "causation_id": webhook.id,
        "at": at,
        "policy": policy,
        "as_of": as_of,
        "read": False,
    }
    return shown(webhook.kind, webhook.subject, webhook.body, shape, head)


def subject_of(command: AnyRead) -> tuple[str, str]:
    """What a read reads: its kind and id."""
    match command:
        case RetrieveAccount() | RetrieveAccountForCaller():
            return "account", command.subject
        case RetrieveAuthorization():
            return "authorization", command.subject
        case RetrieveSession() | RetrieveSessionForCaller():
            return "session", command.subject
        case RetrievePaymentMethod():
            return "payment_method", command.subject
    return "external_account", command.subject


def begin(stripe: Stripe, command: AnyRead, begun_at: float, skew: int) -> dict[str, Any]:
    """Send a read. Returns the answer, which shows the truth of this moment and arrives later.

    Args:
        stripe: The truth.
        command: The read.
        begun_at: Our clock.
        skew: How far Stripe's ``Date`` is from our clock (seconds).
    """
    kind, subject = subject_of(command)
    body = stripe.body(kind, subject)
    if kind == "session" and body is not None and stripe.sessions[subject].status == "succeeded":
        session = stripe.sessions[subject]
        if session.shy:
            session.shy -= 1
            body = {**body, "accounts": None}
    if kind == "external_account" and body is not None and body["gone"]:
        body = None  # a deleted one is not found; a detached payment method is
    head = {
        "causation_id": command.id,
        "as_of": stripe.now + skew,
        "read": True,
        "begun_at": begun_at,
    }
    return {"kind": kind, "subject": subject, "body": body, "head": head, "command": command}


def answer(begun: dict[str, Any], at: float, policy: RelinkPolicy, fails: bool) -> DomainEvent:
    """The answer to a read as it arrives; not found, and refused reads, fail for good."""
    command = begun["command"]
    if fails or begun["body"] is None:
        return CommandFailed(
            causation_id=command.id,
            at=at,
            policy=policy,
            command=command.name,
            subject=command.subject,
            error="resource_missing" if begun["body"] is None else "refused",
        )
    head = {**begun["head"], "at": at, "policy": policy}
    return shown(begun["kind"], begun["subject"], begun["body"], "full", head)
