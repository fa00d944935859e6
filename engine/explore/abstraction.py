"""Abstractions: how facts that hold times and ids become finitely many states.

A clock makes every state new, and so does a fresh id. But rules compare times, and ask whether ids
are equal. So two states behave alike if one becomes the other by

- **another clock**: the times have the same order, and the same distances as far as rules compare
  distances. The distance from one time to the next later one counts up to
  :attr:`Abstraction.longest`; all beyond is "far". Zero, and other times that rules compare with,
  are among the times, so it still shows which side of them a time is on.
- **other names**: fresh ids are numbered in the order in which they first appear, wherever in a
  text they stand. A number is given once and for all places, so equal ids stay equal and others
  differ.
- **changed places**: of interchangeable parts, such as two accounts, the order that gives the
  smallest key counts.

The key of a state is a digest (128 bits) of what is left. Snapshots count without their version,
which no rule reads.

**When it is sound.** Searches keep one real state for each key, so what they find is always real.
What they could miss depends on these conditions:

- Rules and properties compare times with each other and with :attr:`Abstraction.fixed` only, and
  distances with at most ``longest``.
- A new time is the current one, or at most ``longest`` away from it.
- Rules and properties ask of ids only whether they are equal, and treat interchangeable parts
  alike.

:func:`~.soundness.stray_move` tests it: every move of real runs must be one of the search.
"""

import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from hashlib import blake2b
from itertools import permutations
from typing import Any, NamedTuple

from pydantic import BaseModel

from ..decision import Snapshot

_MOST_KEPT = 100_000
"""Forms of records that are kept, since most records are shared by many states."""


class Form(NamedTuple):
    """What a value looks like without its times and ids, and these in the order of their places."""

    text: str
    times: tuple[float, ...] = ()
    ids: tuple[str, ...] = ()


class Unordered(tuple[Any, ...]):
    """A tuple whose order does not matter, such as messages that arrive in any order.

    Unlike a set it may hold equal values, and values without a hash.
    """

    __slots__ = ()


@dataclass(frozen=True)
class Abstraction:
    """What two states may differ in and still count as one. By default: in versions.

    Args:
        times: Names of the fields that hold times: in facts, and in whatever is in facts or in the
            environment. In a dict, list or tuple all numbers are times.
        longest: The longest distance of times that a rule or property compares, or that it adds to
            the time of an event. 0: rules ask only which is later.
        fixed: Times that rules compare with.
        ids: A regular expression for fresh ids, such as ``r"evt_\\w+"``.
        interchangeable: Ids of parts that may change places. All orders are tried, so give few.
        without: Names of fields that neither rules nor properties read.
    """

    times: Collection[str] = ()
    longest: float = 0
    fixed: Collection[float] = (0,)
    ids: str = ""
    interchangeable: Sequence[str] = ()
    without: Collection[str] = ()
    _readers: "tuple[_Reader, ...]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        orders = permutations(self.interchangeable)
        readers = tuple(
            _Reader(self, dict(zip(x, self.interchangeable, strict=True))) for x in orders
        )
        object.__setattr__(self, "_readers", readers)

    def key(self, value: Any) -> Hashable:
        """The key of a value: the same for all values that count as one."""
        return blake2b(self.text(value).encode(), digest_size=16).digest()

    def text(self, value: Any) -> str:
        """What the key is a digest of."""
        return min(self._resolved(reader.form(value, "")) for reader in self._readers)

    def _resolved(self, form: Form) -> str:
        numbers: dict[str, int] = {}
        for each in form.ids:
            numbers.setdefault(each, len(numbers))
        # The fixed times too: their places say how far the times before them are away.
        times = (*form.times, *self.fixed) if form.times else ()
        places = self._places(times) if times else {}
        return "|".join(
            (
                form.text,
                ",".join(str(numbers[each]) for each in form.ids),
                ",".join(places[each] for each in times),
            )
        )

    def _places(self, times: Iterable[float]) -> dict[float, str]:
        """Where each time stands: its rank, and how far it is from the one before."""
        places: dict[float, str] = {}
        before: float | None = None
        for rank, time in enumerate(sorted(set(times))):
            places[time] = f"{rank}"
            if before is not None and time - before <= self.longest:
                # 1 and 1.0 are one time.
                places[time] += f"+{float(time - before)}"
            before = time
        # Zero itself has to show which of the places is its own.
        return places | {time: f"{places[time]}={time}" for time in self.fixed}


class _Reader:
    """Reads values for one order of the interchangeable parts."""

    def __init__(self, rules: Abstraction, renamed: Mapping[str, str]) -> None:
        self._rules = rules
        self._renamed = renamed
        self._parts = _pattern(sorted(renamed, key=len, reverse=True)) if renamed else None
        self._ids = re.compile(rules.ids) if rules.ids else None
        # The record is kept too, so that no other one gets its id.
        self._kept: dict[int, tuple[BaseModel, Form]] = {}

    def form(self, value: Any, name: str) -> Form:
        """The form of a value that stands in a field of this name."""
        if isinstance(value, str) and not isinstance(value, Enum):
            return self._text(value)
        if isinstance(value, (int, float)) and not isinstance(value, (bool, Enum)):
            return Form("@", (value,)) if name in self._rules.times else Form(repr(value))
        if value is None or isinstance(value, (bool, bytes, Enum)):
            return Form(repr(value))
        if isinstance(value, Snapshot):
            facts = self.form(value.facts, "")
            return facts._replace(text=f"{value.state}:{facts.text}")
        if isinstance(value, BaseModel):
            return self._record(value)
        if isinstance(value, Mapping):
            # Equal dicts may have their items in different orders.
            items = sorted((self.form(k, name), self.form(v, name)) for k, v in value.items())
            return _joined("{", [form for pair in items for form in pair])
        if isinstance(value, tuple) and hasattr(value, "_asdict"):
            return self._fields(value, value._asdict().items())
        if isinstance(value, (Set, Unordered)):
            return _joined("(", sorted(self.form(each, name) for each in value))
        if isinstance(value, (list, tuple)):
            return _joined("[", [self.form(each, name) for each in value])
        if is_dataclass(value) and not isinstance(value, type):
            return self._fields(value, ((f.name, getattr(value, f.name)) for f in fields(value)))
        text = repr(value)
        if " at 0x" in text:
            raise TypeError(
                f"a {type(value).__name__} shows nothing that tells states apart by it; make it a "
                "frozen dataclass or a record"
            )
        return self._text(text)

    def _record(self, record: BaseModel) -> Form:
        known = self._kept.get(id(record))
        if known is not None:
            return known[1]
        form = self._fields(record, record.__dict__.items())
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[id(record)] = (record, form)
        return form

    def _fields(self, value: Any, named: Iterable[tuple[str, Any]]) -> Form:
        without = self._rules.without
        forms = [self.form(held, name) for name, held in named if name not in without]
        return _joined(f"{type(value).__name__}(", forms)

    def _text(self, text: str) -> Form:
        if self._parts is not None:
            text = self._parts.sub(lambda found: self._renamed[found[0]], text)
        if self._ids is None or not (found := list(_matches(self._ids, text))):
            return Form(repr(text))
        return Form("#" + repr(self._ids.sub("\0", text)), (), tuple(found))


def _pattern(parts: Iterable[str]) -> re.Pattern[str]:
    """Finds ids in a text, and not within longer ones: ``a_1`` in ``pm_a_1``, not in ``a_12``."""
    return re.compile(f"(?<![a-zA-Z0-9])(?:{'|'.join(map(re.escape, parts))})(?![a-zA-Z0-9])")


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (found[0] for found in pattern.finditer(text))


def _joined(begin: str, forms: Sequence[Form]) -> Form:
    return Form(
        f"{begin}{','.join([form.text for form in forms])};",
        tuple(time for form in forms for time in form.times),
        tuple(each for form in forms for each in form.ids),
    )
