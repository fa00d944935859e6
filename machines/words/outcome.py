"""The outcome: what holds of an account now, whether it may be charged, and what to do next."""

from dataclasses import dataclass
from typing import assert_never

from relink.engine import Snapshot

from ..account.facts import AccountFacts
from ..assessment import NextAction, assess
from .codes import because
from .names import Names
from .states import account_words
from .tone import Tone


@dataclass(frozen=True, slots=True)
class Outcome:
    """What holds of one account."""

    account: str
    state: str
    """In words."""
    tone: Tone
    verdict: str
    """Whether it may be charged: ``may be charged``, or ``not to be charged: …``."""
    may_charge: bool
    """Whether it may be charged now, and nothing is to be done first."""
    todo: tuple[str, ...]
    """What the service should do next, the first thing first."""


def outcome(account: Snapshot[AccountFacts], names: Names) -> Outcome:
    """Judge an account, in words.

    Args:
        account: its snapshot.
        names: who is who.
    """
    facts, found = account.facts, assess(account)
    words = account_words(account.state, facts.reported_status)
    charged = "paid out to" if facts.holder and facts.holder.is_connect else "charged"
    if found.may_debit:
        verdict = f"may be {charged}"
    elif found.chargeable:
        verdict = f"not to be {charged} yet"
    else:
        verdict = f"not to be {charged}: {because(found.reasons[:1])}"
    if facts.replaced_by and account.state in ("new_account_linked", "disconnected"):
        standing_in = f"{names.account(facts.replaced_by)} stands in for it"
        verdict = (
            f"{verdict}, though {standing_in}"
            if found.chargeable
            else f"not to be {charged}: {standing_in}"
        )
    return Outcome(
        facts.id,
        words.name,
        words.tone,
        names.of_customer(verdict),
        found.may_debit,
        tuple(names.of_customer(_todo(action)) for action in found.next),
    )


def _todo(next: NextAction) -> str:
    """One thing that the service should do."""
    why = because(next.reason)
    match next.action:
        case "relink":
            any_will_do = next.mode == "any_eligible"
            what = "link any account at this bank" if any_will_do else "relink this account"
            # That the link is broken is the verdict already.
            return f"have the customer {what}" + ("" if next.reason == "inactive" else f": {why}")
        case "wait":
            return f"wait: {why}"
        case "collect_mandate":
            return f"have the customer authorize debits: {why}"
        case "request_new_payment_method":
            return f"ask the customer for another payment method: {why}"
        case "provide_name":
            return f"give relink the name of its holder: {why}"
    assert_never(next.action)
