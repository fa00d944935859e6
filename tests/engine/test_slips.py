"""What goes wrong when a chart is written or used: the message names place and cure, or it works.

The slips are data (:mod:`.slips`). Each runs in fresh classes, made from source text.
"""

import re
from collections import deque
from io import TextIOWrapper
from threading import Lock
from typing import Any

import pydantic
import pytest
import statemachine

from relink import engine
from relink.engine import diagram, fuzz
from relink.engine.errors import EngineError
from relink.engine.markdown import markdown

from .slips.accepted import UNDERSTOOD
from .slips.calls import CALLS
from .slips.codecs import JSON_SLIPS
from .slips.declarations import DECIDED
from .slips.declared import DECLARED
from .slips.door import Slip
from .slips.messages import read
from .slips.met import MET
from .slips.methods import METHODS
from .slips.rare import RARE_SLIPS
from .slips.records import RECORD_SLIPS

MESSAGES = read()

SLIPS = (
    *(*UNDERSTOOD, *DECLARED, *METHODS, *DECIDED),
    *(*RECORD_SLIPS, *CALLS, *JSON_SLIPS, *MET, *RARE_SLIPS),
)


class Note(engine.Event):
    """A text."""

    text: str


class Small(engine.Event):
    """A number with a rule of its own."""

    number: int

    @pydantic.field_validator("number")
    @classmethod
    def _is_small(cls, number: int) -> int:
        if number == 7:
            raise ValueError("seven is too much; give less")
        return number


class Open(engine.Event):
    """An event with a field whose type nobody defines."""

    held: "NotDefined"  # type: ignore[name-defined]  # noqa: F821


FOREIGN = re.compile(
    r"pydantic|pydantic_core|InvalidDefinition|object has no attribute|has no attribute|"
    r"positional argument|unexpected keyword|not iterable|not callable|unhashable|Input should|"
    r"NoneType|errors\.pydantic\.dev"
)
"""How other libraries and Python itself speak."""


def names() -> dict[str, Any]:
    """What the source of a slip can use, as a module with the usual imports could."""
    return {
        **{name: getattr(engine, name) for name in engine.__all__},
        **{name: getattr(fuzz, name) for name in fuzz.__all__},
        **{name: getattr(diagram, name) for name in diagram.__all__},
        "State": statemachine.State,
        "Field": pydantic.Field,
        "computed_field": pydantic.computed_field,
        "deque": deque,
        "Lock": Lock,
        "TextIOWrapper": TextIOWrapper,
        "markdown": markdown,
        "diagram": diagram,
        **{kind.__name__: kind for kind in (Note, Small, Open)},
        "__name__": "slip",
    }


def run(slip: Slip) -> Any:
    """Run a slip: its chart, then its expression."""
    module = names()
    exec(compile(slip.source(), f"<{slip.name}>", "exec", dont_inherit=True), module)
    return eval(slip.then, module)


def refused(slip: Slip) -> tuple[str, str]:
    """The error of a slip, and what it says."""
    with pytest.raises(EngineError) as caught:
        run(slip)
    # Python prints the notes of an error below its message.
    message = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    return type(caught.value).__name__, "\n".join(line.rstrip() for line in message.splitlines())


def said() -> dict[str, str]:
    """What is said of each slip."""
    return {slip.name: refused(slip)[1] for slip in SLIPS if slip.error}


@pytest.mark.parametrize("slip", [x for x in SLIPS if x.error], ids=lambda slip: slip.name)
def test_a_slip_is_refused_with_place_and_cure(slip: Slip) -> None:
    error, message = refused(slip)
    assert error == slip.error, message
    for word in (slip.names, *slip.words):
        assert word in message
    assert not FOREIGN.search(message), message
    assert re.search(r"; \w|cure: \w|did you mean", message), f"no cure: {message}"
    how = "read the difference, and run: python -m tests.engine.slips.messages"
    assert MESSAGES.get(slip.name) == message, f"not as somebody read it; {how}"


def test_no_message_is_kept_of_a_slip_that_is_gone() -> None:
    assert list(MESSAGES) == [slip.name for slip in SLIPS if slip.error]


@pytest.mark.parametrize("slip", [x for x in SLIPS if not x.error], ids=lambda slip: slip.name)
def test_what_can_be_understood_works(slip: Slip) -> None:
    assert run(slip)


def test_the_door_has_no_fault() -> None:
    assert run(Slip("none")).states == ("opened", "shut")
    assert run(Slip("none", then="Gate.table()")).states == ("wide", "narrow")


def test_there_are_more_than_a_hundred_slips_and_none_twice() -> None:
    found = [slip.name for slip in SLIPS]
    assert len(found) > 100
    assert len(set(found)) == len(found)


def test_all_faults_of_a_kind_come_at_once() -> None:
    slip = next(slip for slip in SLIPS if slip.name == "two misspelled guards")
    with pytest.raises(EngineError) as caught:
        run(slip)
    place = "transition shut --pushed--> opened: the chart has no guard"
    assert str(caught.value) == (
        f"Door: \n  {place} 'is_strog'\n  {place} 'is_stron'\n  cure: did you mean 'is_strong'?"
    )
