"""How a function says which of its arguments does not fit, and shows what it got."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import pytest
from statemachine import State

from relink.engine.arguments import explained, several, shown, shown_type, wrong_argument
from relink.engine.errors import ArgumentError

from ..ids import without_address
from .door import DoorFacts, Pushed


@explained
def mixed(first: int, second: int = 2, *, third: int, fourth: int = 4) -> tuple[int, ...]:
    return first, second, third, fourth


@explained
def plain(first: int, second: int = 2) -> tuple[int, ...]:
    return first, second


@explained
def declared(*states: int, because: str) -> tuple[Any, ...]:
    return *states, because


@explained
def open_(first: int, *more: int, **named: int) -> tuple[Any, ...]:
    return first, *more, *named.items()


class Tool:
    @explained
    def __init__(self, first: int, second: int = 2) -> None:
        self.given = first, second

    @explained
    def use(self, first: int) -> tuple[int, ...]:
        return (*self.given, first)


FITTING: list[tuple[Callable[[], Any], Any]] = [
    (lambda: mixed(1, third=3), (1, 2, 3, 4)),
    (lambda: mixed(third=3, first=1), (1, 2, 3, 4)),
    (lambda: mixed(1, 5, third=3, fourth=0), (1, 5, 3, 0)),
    (lambda: plain(1), (1, 2)),
    (lambda: declared(because="so"), ("so",)),
    (lambda: declared(1, 2, because="so"), (1, 2, "so")),
    (lambda: open_(1), (1,)),
    (lambda: Tool(1).use(3), (1, 2, 3)),
]


@pytest.mark.parametrize(("call", "result"), FITTING)
def test_a_call_that_fits_is_made(call: Callable[[], Any], result: Any) -> None:
    assert call() == result


MISFITS: list[tuple[Callable[..., Any], tuple[int, ...], dict[str, int], str]] = [
    (mixed, (), {}, "mixed(): the argument first is missing; add first=..."),
    (mixed, (1,), {}, "mixed(): the argument third is missing; add third=..."),
    (mixed, (), {"third": 3}, "mixed(): the argument first is missing; add first=..."),
    (
        mixed,
        (1, 2, 3),
        {},
        "mixed(): an argument lacks its name; give it by name: third=...",
    ),
    (
        mixed,
        (1, 2, 3, 4),
        {},
        "mixed(): an argument lacks its name; give it by name: third=...",
    ),
    (
        mixed,
        (1, 2, 3, 4, 5),
        {},
        "mixed(): it takes fewer arguments than 5; it takes first, second, third, fourth",
    ),
    (mixed, (1,), {"first": 2}, "mixed(): the argument first is given twice; give it once"),
    (mixed, (1, 2), {"second": 2}, "mixed(): the argument second is given twice; give it once"),
    (plain, (1,), {"first": 2}, "plain(): the argument first is given twice; give it once"),
    (Tool, (1, 2), {"second": 2}, "Tool(): the argument second is given twice; give it once"),
    (mixed, (1,), {"fist": 1}, "mixed(): it has no argument 'fist'; did you mean 'first'?"),
    (
        mixed,
        (1,),
        {"x": 1},
        "mixed(): it has no argument 'x'; it takes first, second, third, fourth",
    ),
    (mixed, (1,), {"third": 1, "forth": 2}, "mixed(): it has no argument 'forth'; did you mean "),
    (plain, (), {}, "plain(): the argument first is missing; add first=..."),
    (plain, (), {"second": 1}, "plain(): the argument first is missing; add first=..."),
    (plain, (1, 2, 3), {}, "plain(): it takes fewer arguments than 3; it takes first, second"),
    (declared, (1,), {}, "declared(): the argument because is missing; add because=..."),
    (open_, (), {}, "open_(): the argument first is missing; add first=..."),
    (Tool, (), {}, "Tool(): the argument first is missing; add first=..."),
    (Tool, (1,), {"self": 1}, "Tool(): it has no argument 'self'; it takes first, second"),
    (
        Tool(1).use,
        (),
        {"second": 1},
        "Tool.use(): it has no argument 'second'; it takes first",
    ),
    (Tool(1).use, (), {}, "Tool.use(): the argument first is missing; add first=..."),
]


@pytest.mark.parametrize(("function", "values", "named", "message"), MISFITS)
def test_a_call_that_does_not_fit_is_explained(
    function: Callable[..., Any], values: tuple[int, ...], named: dict[str, int], message: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        function(*values, **named)
    assert str(caught.value).removeprefix(message) in ("", "'fourth'?")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_error_within_the_function_is_its_own() -> None:
    @explained
    def fails(first: int) -> None:
        """Its text."""
        raise TypeError("its own")

    with pytest.raises(TypeError, match=r"^its own$"):
        fails(1)
    assert (fails.__name__, fails.__doc__) == ("fails", "Its text.")


def test_only_the_body_of_a_class_is_the_place_of_a_call() -> None:
    def function() -> None:
        __qualname__ = "Door"
        assert __qualname__
        plain()  # type: ignore[call-arg]

    with pytest.raises(ArgumentError, match=r"^plain\(\): the argument first is missing"):
        function()
    with pytest.raises(ArgumentError, match=r"^Door: plain\(\): the argument first is missing"):

        class Door:
            plain()  # type: ignore[call-arg]


class Level(IntEnum):
    LOW = 1


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, "None"),
        (3, "3"),
        (1.5, "1.5"),
        (True, "True"),
        ("a", "'a'"),
        (Pushed, "the class Pushed"),
        (len, "the function len"),
        (mixed, "the function mixed"),
        (Tool(1).use, "the function Tool.use"),
        (Pushed(), "a Pushed"),
        (DoorFacts(), "a DoorFacts"),
        (ArgumentError(), "an ArgumentError"),
        (OSError(), "an OSError"),
        (b"a", "a bytes"),
        ([1], "a list"),
        (Level.LOW, "<Level.LOW: 1>"),
    ],
    ids=without_address,
)
def test_what_was_given_is_shown_in_few_characters(given: object, text: str) -> None:
    assert shown(given) == text
    error = wrong_argument("tool", "a number", given, "give one")
    assert str(error) == f"tool(): it takes a number, and got {text}; give one"


def test_a_type_is_shown_as_it_is_written() -> None:
    kinds = [int, Pushed, int | None, tuple[int, ...], "Later"]
    assert [shown_type(kind) for kind in kinds] == [
        *("int", "Pushed", "int | None", "tuple[int, ...]", "Later")
    ]


def test_one_item_stands_for_several() -> None:
    state, event = State(), Pushed()
    assert several(state) == (state,)
    assert [several(x) for x in ("ab", event, Pushed, 3, None)] == [
        *(("ab",), (event,), (Pushed,), (3,), (None,))
    ]
    assert several([1, 2]) == several(iter((1, 2))) == several((1, 2)) == (1, 2)
    assert several({1: 2}) == (1,)
    assert several(()) == ()
