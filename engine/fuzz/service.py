"""Testing a service of yours: it gets a stream of events, and is compared with the chart.

You say how to deliver an event to your service, and what it says afterwards. The chart, or a system
of charts, says what is right. Both get the same events in the same order of arrival, with one
difference: the chart gets each event once, because a second delivery changes nothing. So a chart
whose decisions depend on the order also says what a late event is worth.

After each delivery, whatever the service says is compared. A finding tells the history, what was
expected and observed, and the rule: the decision of the chart, or that a copy changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from ..arguments import shown
from ..brief import brief, failure
from ..codec import Codec
from ..decision import Decision, Snapshot
from ..effect import Facts
from ..errors import ArgumentError
from ..event import Event
from ..given import ChartOrTable, as_alphabet, as_table
from ..suggest import unknown
from ..system import Address, System
from ..table import Table
from .finding import HistoryTest
from .payloads import payloads
from .steering import perhaps, steered
from .stream import AT_ONCE, Delivery, DeliveryFaults, Plan, Transit, plans
from .values import NO_VALUES, Values, check_values

COPY_CHANGES_NOTHING: Final = "an event that comes again changes nothing"

Said = Mapping[str, object]
"""What a service says, or should say, by name."""


class StreamTest(HistoryTest):
    """Base of tests that deliver a stream of events to a service.

    Subclass :class:`MachineServiceTest` or :class:`SystemServiceTest` for a chart or system.
    """

    faults: ClassVar[DeliveryFaults] = DeliveryFaults()
    """What may go wrong on the way to the service."""

    def __init__(self) -> None:
        super().__init__()
        self.transit: Transit[Any] = Transit(self.faults)
        """The events on the way."""
        self.to_arrive = 0
        """How many deliveries arrive now, after the one that is being made."""

    # -- What you write --

    def start_service(self) -> None:
        """Start an empty service. Called before each history; does nothing by default."""

    def stop_service(self) -> None:
        """Stop it. Called after each history; does nothing by default."""

    def deliver(self, delivery: Any) -> None:
        """Deliver an event to the service, as its sender does.

        Args:
            delivery: The :class:`Delivery`. What it raises is a finding: assert what the service
                has to answer.
        """
        raise unwritten(self, "deliver(self, delivery)")

    # -- What happens --

    @initialize()
    def _begin(self) -> None:
        self.start_service()

    @rule()
    def everything_arrives(self) -> None:
        """All that is on the way arrives."""
        if not self.transit.is_empty:
            self._note({"everything_arrives": True})
            self._arrive(self.transit.rest())

    def teardown(self) -> None:
        """Stop the service."""
        self.stop_service()

    def _send(self, event: Any, plan: Plan, id: str | None = None) -> list[Delivery[Any]]:
        """Send an event, and tell it if it does not arrive yet. Returns what arrives now."""
        arriving = self.transit.send(event, plan, id)
        name = self.transit.ids[-1]
        if name in self.transit.lost:
            self._add(f"{name} is lost: {self._shown(event)}")
        elif name not in [each.id for each in arriving]:
            self._add(f"{name} is on its way: {self._shown(event)}")
        return arriving

    def _arrive(self, deliveries: Sequence[Delivery[Any]]) -> None:
        """Deliver what arrives, in this order."""
        self.to_arrive = len(deliveries)
        for delivery in deliveries:
            self.to_arrive -= 1
            self._arrive_one(delivery)

    def _arrive_one(self, delivery: Delivery[Any]) -> None:
        decided = [] if delivery.copy > 1 else self._decide(delivery)
        lines = [*map(str, decided)] or [self._unchanged(delivery)]
        shown = f"{delivery}: {self._shown(delivery.event)}"
        self._remember(self._event_of(delivery), lines, shown)
        try:
            self.deliver(self._handed_over(delivery))
        except ArgumentError:
            raise  # the test is wrong, not the service
        except Exception as error:
            self._refute(f"the service takes every event: {failure(error)}", error)
        for place, expected, observed in self._said():
            if wrong := _differences(type(self).__name__, expected, observed):
                self._add(f"expected: {_listed(expected, observed)}")
                self._add(f"observed: {_listed(observed, observed)}")
                because = self._rule(delivery, [name for name, _ in wrong], decided)
                self._refute(f"{place}{'; '.join(each for _, each in wrong)}: {because}")

    # -- What the kinds of tests do differently --

    def _decide(self, delivery: Delivery[Any]) -> Sequence[object]:
        """What the chart decides, in readable lines."""
        raise NotImplementedError

    def _said(self) -> Iterator[tuple[str, Said, Said]]:
        """What is expected and observed, and the place before it in a message."""
        raise NotImplementedError

    def _handed_over(self, delivery: Delivery[Any]) -> Any:
        """What :meth:`deliver` gets."""
        return delivery

    def _event_of(self, delivery: Delivery[Any]) -> Event:
        event: Event = delivery.event
        return event

    def _shown(self, event: Any) -> str:
        return brief(event)

    def _unchanged(self, delivery: Delivery[Any]) -> str:
        return "it came before" if delivery.copy > 1 else "it changes nothing"

    def _rule(
        self, delivery: Delivery[Any], names: Sequence[str], decided: Sequence[object]
    ) -> str:
        """The rule that a service breaks which says something else of these names."""
        if delivery.copy > 1:
            return COPY_CHANGES_NOTHING
        return f"{delivery} is decided as {'; '.join(map(str, decided)) or 'nothing'}"


class EventStreamTest(StreamTest):
    """Base of tests whose streams are made of the engine's own events."""

    values: ClassVar[Values] = NO_VALUES
    """Strategies for fields of events whose types say too little."""
    _kinds: ClassVar[tuple[type[Event], ...]] = ()

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
        if not {"chart", "values", "faults"} & set(vars(cls)) or not hasattr(cls, "chart"):
            return
        table = cls._table = as_table(cls.chart, cls.__name__)
        cls._kinds = table.chart.alphabet
        check_values(cls.__name__, cls.values, cls._kinds)
        for kind in cls._kinds:
            blind = payloads(kind, cls.values)
            _give_rule(cls, kind, steered(table, _SNAPSHOT, kind, blind))

    def __init__(self) -> None:
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

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Add a rule for each outside event.

        Raises:
            ArgumentError: an outside event is none.
            NoPayloadError: the type of a field says too little.
        """
        super().__init_subclass__(**kwargs)
        own = {"outside_events", "values", "faults"} & set(vars(cls))
        if not own or not hasattr(cls, "outside_events"):
            return
        cls._kinds = as_alphabet(cls.outside_events, cls.__name__)
        check_values(cls.__name__, cls.values, cls._kinds)
        for kind in cls._kinds:
            _give_rule(cls, kind, perhaps(payloads(kind, cls.values)))

    def __init__(self) -> None:
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


def _give_rule(
    test: type[EventStreamTest], kind: type[Event], drawn: st.SearchStrategy[Event | None]
) -> None:
    """Give a test a rule that sends an event of a class on some plan; None sends nothing."""

    def send(test: EventStreamTest, event: Event | None, plan: Plan) -> None:
        if event is not None:
            test.send(event, plan)

    send.__name__ = f"send_{kind.name}"
    setattr(test, send.__name__, rule(event=drawn, plan=plans(test.faults))(send))


def _written(note: Mapping[str, Any], codec: Codec) -> dict[str, Any]:
    return {
        key: codec.to_json(value) if isinstance(value, Event) else value
        for key, value in note.items()
    }


def unwritten(test: object, method: str) -> ArgumentError:
    """The error for a method that the author of a test has yet to write.

    Args:
        test: The test.
        method: The method with its parameters.
    """
    return ArgumentError(f"{type(test).__name__} has no {method.split('(')[0]}; write {method}")


def _differences(test: str, expected: Said, observed: Any) -> list[tuple[str, str]]:
    """What the service says differently, by name, each with a sentence."""
    if not isinstance(observed, Mapping):
        raise ArgumentError(
            f"{test}: observe() returned {shown(observed)}; return what the service says by name, "
            "such as {'state': ...}"
        )
    for name in observed:
        if name not in expected:
            cure = unknown(
                str(name), expected, f"it can be {', '.join(expected)}; or add it to expect()"
            )
            raise ArgumentError(
                f"{test}: observe() returned {name!r}, which is not expected; {cure}"
            )
    return [
        (name, f"{name} is {brief(said)} instead of {brief(expected[name])}")
        for name, said in observed.items()
        if _plain(said) != _plain(expected[name])
    ]


def _plain(value: object) -> object:
    """Lists and tuples are the same: a service that answers in JSON has no tuples."""
    if isinstance(value, Mapping):
        return {key: _plain(held) for key, held in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _listed(said: Said, names: Iterable[str]) -> str:
    return ", ".join(f"{name}={brief(said[name])}" for name in names)
