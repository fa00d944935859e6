"""Testing a service of yours that does what a chart says, or a system of charts.

The chart gets the same events as the service, in the same order of arrival, each of them once. Its
state and facts are what the service has to say.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ..brief import brief
from ..codec import Codec
from ..decision import Decision, Snapshot
from ..effect import Facts
from ..errors import ArgumentError
from ..event import Event
from ..given import ChartOrTable, as_alphabet, as_table
from ..system import Address, System
from ..table import Table
from .class_settings import Check, check_settings, instance_of
from .payloads import payloads
from .recording import EventSent, StreamRecording
from .service import Said, StreamTest, now_and_then, unwritten
from .steering import perhaps, steered
from .stream import AT_ONCE, Delivery, Plan, plans
from .values import NO_VALUES, Values, check_values


class EventStreamTest(StreamTest):
    """Base of tests whose streams are made of the engine's own events."""

    recorded = StreamRecording[EventSent]
    values: ClassVar[Values] = NO_VALUES
    """Strategies for fields of events whose types say too little."""
    _kinds: ClassVar[tuple[type[Event], ...]] = ()
    _settings: ClassVar[tuple[object, ...]] = ()
    """What the rules of the class above were made of."""

    @classmethod
    def _has_new(cls, *settings: object) -> bool:
        """Note the settings; says whether one is not that of the class above.

        It may stand in the class or in a mixin.
        """
        before, cls._settings = cls._settings, settings
        return settings != before

    def send(self, event: Event, plan: Plan = AT_ONCE) -> None:
        """Send an event to the service, for rules of your own.

        Args:
            event: The event.
            plan: After how many later events each copy arrives; ``(0, 0)`` is twice at once.
        """
        self._note({"event": event, "plan": list(plan)})
        self._arrive(self._send(event, plan))

    def recording(self) -> dict[str, Any]:
        """What was sent, as JSON-ready data that :meth:`play` plays again."""
        codec = Codec(events=self._kinds)
        return {"notes": [_written(note, codec) for note in self._notes]}

    def play(self, recording: Mapping[str, Any]) -> None:
        """Play a recording on a service that was just started."""
        codec = Codec(events=self._kinds)
        self.start_service()
        for note in recording["notes"]:
            if "event" in note:
                self.send(codec.from_json(Event, note["event"]), tuple(note["plan"]))
            else:
                self.everything_arrives()


class MachineServiceTest(EventStreamTest):
    """A service under test that does what one chart says.

    A subclass names the ``chart``, and has :meth:`deliver` and :meth:`observe`. pytest and unittest
    run its ``TestCase``; :func:`find_counterexample` takes the class.
    """

    chart: ClassVar[ChartOrTable]
    """The chart, or its table."""
    facts: ClassVar[Facts | None] = None
    """The facts to start with; None: the defaults of the chart's facts."""
    _table: ClassVar[Table]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Add a rule for each event of the chart.

        Raises:
            ArgumentError: the chart or the facts are not what they should be.
            NoPayloadError: the type of a field says too little.
        """
        super().__init_subclass__(**kwargs)
        if not hasattr(cls, "chart"):
            return
        if not cls._has_new(cls.chart, cls.facts, cls.values, cls.faults):
            return
        table = cls._table = as_table(cls.chart, cls.__name__)
        if cls.facts is not None:
            facts = table.chart.facts_type
            check_settings(cls, {"facts": instance_of(facts, f"{facts.__name__}(...)")})
        kinds = table.chart.alphabet
        check_values(cls.__name__, cls.values, kinds)
        drawn = {
            kind: steered(table, _SNAPSHOT, kind, payloads(kind, cls.values)) for kind in kinds
        }
        _give_rules(cls, drawn)

    def __init__(self) -> None:
        if not hasattr(self, "_table"):
            raise _unnamed(self, "chart", "MyChart")
        super().__init__()
        facts = self.facts
        if facts is None:
            try:
                facts = self._table.chart.facts_type()
            except Exception as error:
                name = self._table.chart.facts_type.__name__
                raise ArgumentError(
                    f"{type(self).__name__}: {name} has fields without a default; say with which "
                    f"facts the service starts: facts = {name}(...)"
                ) from error
        started = self._table.start(facts)
        self.snapshot: Snapshot[Any] = started.snapshot
        """What the chart has decided so far."""
        self._beginning = [f"start with {brief(facts)}", f"   {started}"]

    def observe(self) -> Said:
        """What the service says now.

        Returns:
            ``state``, fields of the facts, or whatever :meth:`expect` names: all, or some of it.
            What you leave out is not compared.
        """
        raise unwritten(self, "observe(self)")

    def expect(self) -> Said:
        """What is right: ``state``, and the facts by name. Override it to say more."""
        facts = self.snapshot.facts
        return {
            "state": self.snapshot.state,
            **{name: getattr(facts, name) for name in type(facts).model_fields},
        }

    def _decide(self, delivery: Delivery[Event]) -> list[Decision]:
        decision = self._table.decide(self.snapshot, delivery.event)
        self.snapshot = decision.snapshot
        return [decision]

    def _said(self) -> Iterator[tuple[str, Said, Said]]:
        yield "", self.expect(), self.observe()


class SystemServiceTest(EventStreamTest):
    """A service under test that does what a system of charts says.

    A subclass names the ``system`` and its ``outside_events``, and has :meth:`deliver` and
    :meth:`observe`.
    """

    system: ClassVar[System]
    outside_events: ClassVar[Iterable[type[Event]]]
    """The classes of the events that its route knows."""
    _takes: ClassVar[Mapping[str, Check]] = {
        **EventStreamTest._takes,
        "system": instance_of(System, "a System(...)"),
    }

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Add a rule for each outside event.

        Raises:
            ArgumentError: an outside event is none.
            NoPayloadError: the type of a field says too little.
        """
        super().__init_subclass__(**kwargs)
        if not hasattr(cls, "outside_events"):
            return
        if not cls._has_new(cls.outside_events, cls.values, cls.faults):
            return
        kinds = as_alphabet(cls.outside_events, cls.__name__)
        check_values(cls.__name__, cls.values, kinds)
        _give_rules(cls, {kind: perhaps(payloads(kind, cls.values)) for kind in kinds})

    def __init__(self) -> None:
        for name, such in (("system", "my_system"), ("outside_events", "(Paid, ...)")):
            if not hasattr(self, name):
                raise _unnamed(self, name, such)
        super().__init__()
        self.world: Mapping[Address, Snapshot[Facts]] = {}
        """The snapshots of all machines, as the system has decided them."""

    def observe(self, address: Address) -> Said | None:
        """What the service says of one machine now.

        Args:
            address: The machine's name, and its key.

        Returns:
            ``state``, fields of the facts, or whatever :meth:`expect` names. None: the service has
            nothing to say of this machine, so it is not compared.
        """
        raise unwritten(self, "observe(self, address)")

    def expect(self, address: Address) -> Said:
        """What is right of one machine: ``state``, and the facts by name."""
        snapshot = self.world[address]
        fields = type(snapshot.facts).model_fields
        return {
            "state": snapshot.state,
            **{name: getattr(snapshot.facts, name) for name in fields},
        }

    def _decide(self, delivery: Delivery[Event]) -> list[str]:
        step = self.system.step(delivery.event, self.world.get)
        self.world = {**self.world, **step.snapshots}
        return [f"{d.address.machine} {d.address.key}: {d.decision}" for d in step.deliveries]

    def _said(self) -> Iterator[tuple[str, Said, Said]]:
        for address in self.world:
            if (observed := self.observe(address)) is not None:
                yield f"{address.machine} {address.key}: ", self.expect(address), observed


_SNAPSHOT = st.runner().map(lambda test: test.snapshot)


Drawn = Mapping[type[Event], st.SearchStrategy[Event | None]]
"""What is sent of each event; None sends nothing."""


def _give_rules(test: type[EventStreamTest], drawn: Drawn) -> None:
    """Give a test a rule for each event, and take away those of a class above."""
    for gone in test._kinds:
        setattr(test, _rule_of(gone), None)
    test._kinds = tuple(drawn)
    for kind, strategy in drawn.items():
        _give_rule(test, kind, strategy)


def _rule_of(kind: type[Event]) -> str:
    return f"send_{kind.name}"


def _give_rule(
    test: type[EventStreamTest], kind: type[Event], drawn: st.SearchStrategy[Event | None]
) -> None:
    """Give a test a rule that sends an event of a class on some plan; None sends nothing."""

    def send(test: EventStreamTest, event: Event | None, plan: Plan, all_arrives: bool) -> None:
        if event is not None:
            test.send(event, plan)
        if all_arrives:
            test.everything_arrives()

    send.__name__ = _rule_of(kind)
    made = rule(event=drawn, plan=plans(test.faults), all_arrives=now_and_then)
    setattr(test, send.__name__, made(send))


def _written(note: Mapping[str, Any], codec: Codec) -> dict[str, Any]:
    return {
        key: codec.to_json(value) if isinstance(value, Event) else value
        for key, value in note.items()
    }


def _unnamed(test: object, name: str, such: str) -> ArgumentError:
    what = "what says what is right" if name != "outside_events" else "the events that it gets"
    return ArgumentError(f"{type(test).__name__} has no {name}; name {what}: {name} = {such}")
