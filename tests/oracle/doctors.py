"""Small histories that a test writes down, and doctors that change what the judge is shown."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from relink.engine import Address, Command, Event, Facts, Snapshot
from relink.engine import Step as Made
from relink.machines import assess, relink_system
from relink.machines.commands import NotifyCustomer, RetrieveSession, Wake
from relink.machines.events import DomainEvent

from .history import Plan, Run, Step, run
from .service import Record

Load = Callable[[Address], Snapshot[Facts] | None]


class Named(NamedTuple):
    """An action that is next."""

    action: str
    reason: str = "any"
    mode: str | None = None


class WithoutTimers:
    """The machines, with a clock that never wakes them."""

    def __init__(self) -> None:
        self.machines = relink_system()

    def step(self, trigger: Event, load: Load) -> Made:
        made = self.machines.step(trigger, load)
        commands = tuple(c for c in made.commands if not isinstance(c, Wake))
        return replace(made, commands=commands)


Doctor = Callable[[Record], Record]
"""Changes a record before it is judged."""


def written(*steps: Step, **other: Any) -> Plan:
    """A history that a test writes down."""
    fields: dict[str, Any] = {
        "seed": 1,
        "policy": 0,
        "holder": 0,
        "endpoint": 0,
        "skew": 0,
        "is_nameless": False,
        "is_eager": True,
    }
    return Plan(**{**fields, **other}, steps=steps)


def judged(history: Plan, doctor: Doctor | None = None) -> Run:
    return run(history, relink_system(), assess, stops=False, doctor=doctor)


def without(*kinds: type[Command]) -> Doctor:
    """Records in which commands of some kinds never come."""

    def doctor(record: Record) -> Record:
        commands = tuple(c for c in record.commands if not isinstance(c, kinds))
        waiting = {name: r for name, r in record.waiting.items() if not isinstance(r, kinds)}
        return replace(record, commands=commands, waiting=waiting)

    return doctor


def changed(kind: type[Command], *copies: dict[str, Any]) -> Doctor:
    """Records in which each command of a kind is replaced by changed copies."""

    def doctor(record: Record) -> Record:
        commands: list[Command] = []
        for command in record.commands:
            if isinstance(command, kind):
                commands += [command.model_copy(update=copy) for copy in copies]
            else:
                commands.append(command)
        return replace(record, commands=tuple(commands))

    return doctor


def added(at: str, make: Callable[[Record], Command]) -> Doctor:
    """Records in which the steps of an event also give another command."""

    def doctor(record: Record) -> Record:
        if record.trigger.name != at:
            return record
        return replace(record, commands=(*record.commands, make(record)))

    return doctor


def in_state(account: str, state: str) -> Doctor:
    """Records in which an account is in another state."""
    address = Address("account", account)

    def doctor(record: Record) -> Record:
        return replace(record, states={**record.states, address: state})

    return doctor


def session_in_state(session: str, state: str) -> Doctor:
    """Records in which a session is in another state, once it is known, and nobody reads it."""
    address = Address("session", session)

    def doctor(record: Record) -> Record:
        if address not in record.states:
            return record
        states = {**record.states, address: state}
        return replace(without(RetrieveSession)(record), states=states)

    return doctor


def naming(account: str, *named: Named) -> Doctor:
    """Records in which these actions are next for an account."""
    return answering(account, next=named)


def answering(account: str, **other: Any) -> Doctor:
    """Records in which the answer for an account is another one."""

    def doctor(record: Record) -> Record:
        answer = record.answers.get(account)
        if answer is None:
            return record
        changed = answer.model_copy(update=other)  # type: ignore[attr-defined]
        return replace(record, answers={**record.answers, account: changed})

    return doctor


def prompt(*accounts: str, **other: Any) -> NotifyCustomer:
    fields: dict[str, Any] = {"outage_number": 1, "number": 1, "since": 0.0, "reasons": ()}
    return NotifyCustomer(outage="fcauth_1", accounts=accounts, **{**fields, **other})


def once(is_time: Callable[[DomainEvent], bool], doctor: Doctor) -> Doctor:
    """A doctor that begins with the first event of a kind."""
    has_begun = False

    def late(record: Record) -> Record:
        nonlocal has_begun
        has_begun = has_begun or is_time(record.trigger)
        return doctor(record) if has_begun else record

    return late
