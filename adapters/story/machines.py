"""Which machines an account's story is about.

An account has its numbers, its payment methods and its relink sessions to itself. Its bank login,
the messages to its customer and the reads that these wait for can belong to several accounts: of
those machines only what concerns the account is told.
"""

from collections.abc import Iterable, Iterator

from relink.adapters.store import Store
from relink.engine import Address, Decision, Event
from relink.machines.account.facts import AccountFacts, holder_key, outage_of
from relink.machines.commands import NotifyCustomer

from .merge import Recalled
from .recalled import recalled

SHARED = ("authorization", "outage", "holder", "read")
"""Machines that can belong to several accounts."""

_NAMING = ("account", "subject")
"""The fields in which an event names the account that it is about."""


def journals_of(store: Store, accounts: Iterable[str]) -> list[list[Recalled]]:
    """The journals of all machines that belong to these accounts, as far as they concern them.

    Args:
        store: holds them.
        accounts: ``fca_…``.

    Raises:
        UnreadableRecordError: this release does not know an event, a state, or facts.
    """
    wanted = tuple(accounts)
    own = {account: _journal(store, Address("account", account)) for account in wanted}
    around = sorted({at for journal in own.values() for at in _around(journal)})
    sessions = {address.key for address in around if address.machine == "session"}
    concerned = {*wanted, *sessions}
    others = []
    for address in around:
        journal = _journal(store, address)
        if address.machine in SHARED:
            journal = [each for each in journal if _concerns(each[1], concerned)]
        others.append(journal)
    return [*own.values(), *others]


def _journal(store: Store, address: Address) -> list[Recalled]:
    history = store.history(address)
    return list(recalled(store.system, history)) if history else []


def _around(journal: list[Recalled]) -> Iterator[Address]:
    """The other machines of an account, by all that its journal remembers."""
    for _, decision in journal:
        facts = decision.facts
        assert isinstance(facts, AccountFacts)
        for machine in ("account_number", "build", "read"):
            yield Address(machine, facts.id)
        yield Address("outage", outage_of(facts))
        yield Address("holder", holder_key(facts))
        read = [facts.authorization, facts.session, *facts.payment_methods]
        yield from (Address("read", key) for key in read if key)
        if facts.authorization:
            yield Address("authorization", facts.authorization)
        if facts.session:
            yield Address("session", facts.session)
        yield from (Address("payment_method", key) for key in facts.payment_methods)


def _concerns(decision: Decision, wanted: set[str]) -> bool:
    """Whether a decision of a shared machine is about one of these accounts or sessions."""
    prompts = [c for c in decision.commands if isinstance(c, NotifyCustomer)]
    if prompts:
        return any(wanted & set(prompt.accounts) for prompt in prompts)
    subject = _subject(decision.trigger)
    return subject is None or subject in wanted


def _subject(trigger: Event) -> str | None:
    """The account or session that an event names; None where it names none."""
    fields = trigger.__dict__
    request = fields.get("request")
    if request is not None:
        return str(request.account)
    named = (fields.get(field) for field in (*_NAMING, "session"))
    return next((each for each in named if isinstance(each, str)), None)
