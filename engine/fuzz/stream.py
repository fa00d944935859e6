"""Streams: events as a webhook endpoint receives them, which is not as they were sent.

A sender delivers each event at least once, and in no guaranteed order. So an event can come again,
others can overtake it, it can come long after all that was sent later (a retry of yesterday's), or
never. Each of these is bounded, or a search would only find that nothing ever arrives.

The simplest stream has no faults: each event arrives once, as soon as it is sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hypothesis import strategies as st

from ..arguments import explained
from ..errors import ArgumentError
from ..event import Event
from ..given import ChartOrTable
from .class_settings import instance_of, whole_number
from .payloads import events
from .values import NO_VALUES, Values

T = TypeVar("T")
_count = whole_number(0)

STALE = -1
"""The delay of an event that arrives after all others."""

Plan = tuple[int, ...]
"""When each copy of an event arrives: after how many later events, or ``STALE``. Without a copy it
is lost."""

AT_ONCE: Plan = (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFaults:
    """What may go wrong on the way, and how often at most.

    Raises:
        ArgumentError: one is negative, or no whole number.
    """

    duplicates: int = 1
    """How often one event comes again."""
    overtaken: int = 3
    """How many later events arrive before one."""
    stale: int = 1
    """How many events of a stream arrive only after all the others."""
    lost: int = 0
    """How many events of a stream never arrive."""

    def __post_init__(self) -> None:
        for name in ("duplicates", "overtaken", "stale", "lost"):
            if wrong := _count(getattr(self, name)):
                raise ArgumentError(f"DeliveryFaults: {name} is {wrong}")


@dataclass(frozen=True, slots=True)
class Delivery(Generic[T]):
    """One event that arrives."""

    id: str
    """The event's id, the same for each copy: ``evt_1`` is the first that was sent."""
    event: T
    """What was sent."""
    copy: int = 1
    """2 for the second delivery of the event, and so on."""
    after: tuple[str, ...] = ()
    """The ids of events that were sent later, and arrived before."""

    def __str__(self) -> str:
        """``evt_1``, ``evt_1 again``, ``evt_1 after evt_2``."""
        again = " again" if self.copy > 1 else ""
        late = f" after {', '.join(self.after)}" if self.after else ""
        return f"{self.id}{again}{late}"


@dataclass(frozen=True, slots=True)
class Stream(Generic[T]):
    """Events that were sent, and what became of them."""

    sent: tuple[T, ...]
    """The events in the order in which they were sent; the first has the id ``evt_1``."""
    deliveries: tuple[Delivery[T], ...]
    """What arrives, in this order."""
    lost: tuple[str, ...]
    """The ids of the events that never arrive."""


class Transit(Generic[T]):
    """Events on the way.

    Args:
        faults: What may go wrong. A plan that asks for more than that arrives at once.
    """

    def __init__(self, faults: DeliveryFaults) -> None:
        self.faults = faults
        self.sent: list[T] = []
        self.ids: list[str] = []
        self.lost: list[str] = []
        self._stale = 0
        self._held: list[tuple[int, int]] = []
        """When each copy on the way is due, and the number of its event."""
        self._arrived: list[int] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on the way."""
        return not self._held

    def send(self, event: T, plan: Plan = AT_ONCE, id: str | None = None) -> list[Delivery[T]]:
        """Send an event.

        Args:
            event: What is sent.
            plan: When each copy arrives.
            id: Its id; by default ``evt_`` and its number.

        Returns:
            What arrives now: this event, and earlier ones that were held until now.
        """
        self.sent.append(event)
        number = len(self.sent)
        self.ids.append(f"evt_{number}" if id is None else id)
        plan = self._within_bounds(plan)
        if not plan:
            self.lost.append(self.ids[-1])
        arriving = [number for delay in plan if delay == 0]
        due = [held for held in self._held if held[0] == number]
        self._held = [held for held in self._held if held[0] != number]
        # Behind everything: no number of an event is as high.
        self._held += [(0 if delay == STALE else number + delay, number) for delay in plan if delay]
        return [self._deliver(each) for each in (*arriving, *(late for _, late in due))]

    def rest(self) -> list[Delivery[T]]:
        """Everything that is still on the way arrives, what is stale at the end."""
        held, self._held = self._held, []
        in_order = sorted(held, key=lambda each: (each[0] == 0, each))
        return [self._deliver(number) for _, number in in_order]

    def _within_bounds(self, plan: Plan) -> Plan:
        faults = self.faults
        plan = tuple(min(delay, faults.overtaken) for delay in plan[: faults.duplicates + 1])
        if not plan:
            return () if len(self.lost) < faults.lost else AT_ONCE
        if STALE in plan:
            self._stale += 1
            if self._stale > faults.stale:
                return tuple(max(delay, 0) for delay in plan)
        return plan

    def _deliver(self, number: int) -> Delivery[T]:
        copy = self._arrived.count(number) + 1
        newer = sorted({each for each in self._arrived if each > number})
        self._arrived.append(number)
        after = tuple(self.ids[each - 1] for each in newer)
        return Delivery(self.ids[number - 1], self.sent[number - 1], copy, after)


@st.composite
def plans(draw: st.DrawFn, faults: DeliveryFaults) -> Plan:
    """How an event arrives; mostly at once."""
    kinds = ["at once"] * 4
    kinds += ["again"] * 2 if faults.duplicates else []
    kinds += ["late"] * 2 if faults.overtaken else []
    kinds += ["stale"] if faults.stale else []
    kinds += ["lost"] if faults.lost else []
    kind = draw(st.sampled_from(kinds))
    if kind == "lost":
        return ()
    if kind == "stale":
        return (STALE,)
    if kind == "late":
        return (draw(st.integers(1, faults.overtaken)),)
    if kind == "again":
        later = st.integers(0, faults.overtaken)
        return (0, *draw(st.lists(later, min_size=1, max_size=faults.duplicates)))
    return AT_ONCE


@explained
def streams(
    known: ChartOrTable | Iterable[type[Event]] | st.SearchStrategy[T],
    values: Values = NO_VALUES,
    *,
    faults: DeliveryFaults | None = None,
    min_size: int = 0,
    max_size: int = 20,
) -> st.SearchStrategy[Stream[Any]]:
    """Events as an endpoint receives them: repeated, overtaken, late or lost.

    Args:
        known: A chart, the classes of a system's outside events, or a strategy for what is sent.
        values: Strategies for fields of events whose types say too little.
        faults: What may go wrong on the way, and how often at most.
        min_size: The least number of events that are sent.
        max_size: The largest.

    Raises:
        ArgumentError: something is not what it should be.
        NoPayloadError: as in :func:`payloads`.
    """
    bounds = DeliveryFaults() if faults is None else faults
    if wrong := instance_of(DeliveryFaults, "DeliveryFaults(...)")(bounds):
        raise ArgumentError(f"streams(): faults is {wrong}")
    sent = known if isinstance(known, st.SearchStrategy) else events(known, values)
    planned = st.lists(st.tuples(sent, plans(bounds)), min_size=min_size, max_size=max_size)
    return planned.map(lambda each: _stream(each, bounds))


def _stream(planned: Sequence[tuple[T, Plan]], faults: DeliveryFaults) -> Stream[T]:
    transit: Transit[T] = Transit(faults)
    arrived = [delivery for event, plan in planned for delivery in transit.send(event, plan)]
    arrived += transit.rest()
    return Stream(tuple(transit.sent), tuple(arrived), tuple(transit.lost))
