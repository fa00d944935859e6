"""Names: what an account, and the customer, are called in a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..account.facts import AccountFacts

SHOWN = 4
"""How many signs of an id are shown."""


@dataclass(frozen=True, slots=True)
class Names:
    """Who is who in one story.

    Args:
        who: the customer, as a subject: ``the customer``, or a name.
        accounts: what accounts are called, by their ids. Others are called by their ids.
    """

    who: str = "the customer"
    accounts: Mapping[str, str] = field(default_factory=dict)

    def account(self, id: str) -> str:
        """What an account is called."""
        return self.accounts.get(id) or short_id(id)

    def thing(self, id: str) -> str:
        """What any object is called, by its id, as the subject of a sentence."""
        match id.partition("_")[0]:
            case "fca":
                return self.account(id)
            case "fcauth":
                return f"bank login {short_id(id)}"
            case "fcsess":
                return f"session {short_id(id)}"
            case "pm":
                return f"payment method {short_id(id)}"
            case "ba":
                return f"external account {short_id(id)}"
            case "cus":
                return self.who
        return short_id(id)

    def all_of(self, ids: tuple[str, ...]) -> str:
        """What several accounts are called together."""
        match ids:
            case [one]:
                return self.account(one)
            case [one, two]:
                return f"{self.account(one)} and {self.account(two)}"
        return f"{len(ids)} accounts"

    def of_customer(self, sentence: str) -> str:
        """A sentence about the customer, with the name."""
        if self.who == "the customer":
            return sentence
        return sentence.replace("the customer's", f"{self.who}'s").replace("the customer", self.who)


def short_id(id: str) -> str:
    """An id that still can be told from others: ``fca_…XGjW``."""
    prefix, _, rest = id.rpartition("_")
    return f"{prefix}_…{rest[-SHOWN:]}" if prefix and len(rest) > SHOWN + 2 else id


def account_name(facts: AccountFacts) -> str:
    """An account's name: ``Checking ••2275``."""
    digits = last4(facts)
    if digits is None:
        return f"account {short_id(facts.id)}"
    kind = (facts.subcategory or "account").replace("_", " ")
    return f"{kind.capitalize()} {digits}"


def last4(facts: AccountFacts) -> str | None:
    """Its last digits: ``••2275``; None where Stripe did not tell them."""
    return f"••{facts.last4}" if facts.last4 else None
