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
from hypothesis.stateful import initialize

from ..arguments import shown
from ..brief import brief, failure
from ..errors import ArgumentError
from ..event import Event
from ..suggest import unknown
from .class_settings import Check, instance_of
from .finding import HistoryTest
from .stream import Delivery, DeliveryFaults, Plan, Transit

COPY_CHANGES_NOTHING: Final = "an event that comes again changes nothing"

Said = Mapping[str, object]
"""What a service says, or should say, by name."""


class StreamTest(HistoryTest):
    """Base of tests that deliver a stream of events to a service.

    Subclass :class:`MachineServiceTest` or :class:`SystemServiceTest` for a chart or system.
    """

    faults: ClassVar[DeliveryFaults] = DeliveryFaults()
    """What may go wrong on the way to the service."""
    _takes: ClassVar[Mapping[str, Check]] = {
        "faults": instance_of(DeliveryFaults, "DeliveryFaults(...)")
    }

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

    def everything_arrives(self) -> None:
        """All that is on the way arrives. It happens now and then, after a rule of the test."""
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


# Not a rule: Hypothesis leaves some rules out of each history. Where there are few, it left out
# those that send something in every other one.
now_and_then: Final[st.SearchStrategy[bool]] = st.integers(0, 7).map(lambda number: number == 7)
"""Whether everything arrives after what a rule sends."""


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
