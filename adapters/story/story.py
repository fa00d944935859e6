"""A story: what became of one or more accounts, with everything that is known to tell it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from relink.adapters.store import Store
from relink.engine import Address, Snapshot
from relink.machines.account.facts import AccountFacts
from relink.machines.words.names import Names, account_name, last4, short_id
from relink.machines.words.outcome import Outcome, outcome

from .machines import journals_of
from .merge import Cause, merged


@dataclass(frozen=True, slots=True)
class Chapter:
    """One of the accounts of a story, as it is now."""

    account: Snapshot[AccountFacts]
    title: str
    """``Checking ••2275 at StripeBank``."""
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Story:
    """What became of accounts."""

    chapters: tuple[Chapter, ...]
    """The accounts, in the order in which they were asked for."""
    causes: tuple[Cause, ...]
    """What happened, in order."""
    names: Names

    @property
    def decisions(self) -> int:
        """How many decisions it is made of."""
        return sum(len(cause.decisions) for cause in self.causes)

    def only(self, machine: str, key: str) -> "Story":
        """The part of it that one machine decided."""
        address = Address(machine, key)
        parts = (
            cause._replace(
                decisions=[each for each in cause.decisions if each.entry.address == address]
            )
            for cause in self.causes
        )
        return replace(self, causes=tuple(part for part in parts if part.decisions))


def tell(store: Store, accounts: Sequence[str], who: str = "the customer") -> Story:
    """The story of accounts, from their journals.

    Args:
        store: holds them.
        accounts: ``fca_…``; those that it does not know are left out.
        who: what the customer is called.

    Raises:
        UnreadableRecordError: this release does not know a record.
    """
    known = [each for each in (_account(store, id) for id in accounts) if each]
    causes = tuple(merged(journals_of(store, [each.facts.id for each in known])))
    names = Names(who, _called(store, known))
    chapters = tuple(Chapter(each, _title(each.facts), outcome(each, names)) for each in known)
    return Story(chapters, causes, names)


def _account(store: Store, id: str) -> Snapshot[AccountFacts] | None:
    found = store.snapshot(Address("account", id))
    if found is None:
        return None
    assert isinstance(found.facts, AccountFacts)
    return Snapshot(found.state, found.facts, found.version)


def _called(store: Store, accounts: list[Snapshot[AccountFacts]]) -> dict[str, str]:
    """What these accounts are called, and those that are used in their place."""
    facts = {each.facts.id: each.facts for each in accounts}
    for other in [name for each in facts.values() for name in _others(each)]:
        found = _account(store, other)
        if found:
            facts.setdefault(other, found.facts)
    called = {id: last4(each) or short_id(id) for id, each in facts.items()}
    # Two that end alike are told apart by their ids.
    return {
        id: name if list(called.values()).count(name) == 1 else short_id(id)
        for id, name in called.items()
    }


def _others(facts: AccountFacts) -> list[str]:
    return [each for each in (facts.replaced_by, facts.known_linked) if each]


def _title(facts: AccountFacts) -> str:
    bank = f" at {facts.institution_name}" if facts.institution_name else ""
    return f"{account_name(facts)}{bank}"
