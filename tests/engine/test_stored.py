"""Stored tables: read back as they were, and never used for another chart."""

from collections.abc import Mapping
from typing import Any

import pytest
from statemachine import State

from relink.engine import Chart, ChartError, Event, Reason, ignored, impossible, stays
from relink.engine import compile as compiler
from relink.engine.compile import compile_chart
from relink.engine.library import outline
from relink.engine.stored import key_of, stored_table, text_of

from ..ids import without_address
from .door import TABLE, Burnt, DoorChart, DoorFacts, KeyTurned, Pushed
from .lock import Lock

TEXT = text_of(TABLE)


def gate(**changes: Any) -> type[Chart]:
    """A chart with one thing about it changed."""
    given: dict[str, Any] = {
        "alphabet": (Pushed, KeyTurned),
        "guard": "holds_key",
        "effects": ["count"],
        "final": True,
        "value": None,
        "when": None,
        "reason": Reason("gone", "it is gone"),
        "anomaly": False,
        "is_impossible": False,
        "on_pushed": False,
        **changes,
    }

    class Gate(Chart):
        facts_type = DoorFacts
        alphabet = given["alphabet"]
        opened = State(initial=True, value=given["value"])
        gone = State(final=given["final"])
        absorbing = () if given["final"] else (gone,)
        opened.to(gone, event="pushed", cond=given["guard"], on=given["effects"])
        decided = (
            ignored(opened, alphabet, because="it holds"),
            ignored(gone, alphabet, because=given["reason"], anomaly=given["anomaly"]),
            *(
                [impossible(opened, KeyTurned, when=given["when"], because="no key")]
                if given["is_impossible"]
                else []
            ),
        )

        def holds_key(self, facts, trigger):
            return facts.has_key

        def count(self, facts, trigger):
            return None

        if given["on_pushed"]:

            def on_pushed(self, facts, trigger):
                return None

    return Gate


CHANGES: list[dict[str, Any]] = [
    {"alphabet": (KeyTurned, Pushed)},
    {"alphabet": (Pushed, KeyTurned, Burnt)},
    {"guard": "not holds_key"},
    {"guard": None},
    {"effects": []},
    {"effects": ["count", "holds_key"]},
    {"final": False},
    {"value": 7},
    {"reason": Reason("gone", "it went")},
    {"reason": Reason("away", "it is gone")},
    {"anomaly": True},
    {"on_pushed": True},
    {"is_impossible": True, "when": "holds_key"},
]


def test_a_stored_table_is_the_compiled_one():
    class Door(DoorChart):
        table_text = text_of(compile_chart(DoorChart))

    stored, table = stored_table(Door), compile_chart(Door)
    assert stored is not None
    assert (stored.states, stored.final, stored.events) == (table.states, table.final, table.events)
    assert (stored.entry, stored.trees, stored.digest) == (table.entry, table.trees, table.digest)
    assert text_of(stored) == text_of(table)


def test_a_chart_whose_table_is_stored_is_not_compiled(monkeypatch: pytest.MonkeyPatch):
    class Door(DoorChart):
        table_text = TEXT

    monkeypatch.delattr(compiler, "compile_chart")
    assert Door.table().trees == TABLE.trees


def test_charts_that_are_declared_alike_have_one_key():
    assert key_of(gate()) == key_of(gate())


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_a_stale_table_is_not_used(changes: dict[str, Any]):
    chart = gate(**changes)
    chart.table_text = text_of(compile_chart(gate()))
    assert stored_table(chart) is None


def test_a_chart_with_a_stale_table_is_compiled():
    chart = gate()
    chart.table_text = text_of(compile_chart(gate(guard="not holds_key")))
    assert chart.table().trees == compile_chart(gate()).trees


@pytest.mark.parametrize("broken", ["alphabet", "absorbing", "decided"])
def test_a_chart_with_a_stored_table_is_refused_in_the_compilers_words(broken: str):
    chart = gate()
    chart.table_text = text_of(compile_chart(chart))
    setattr(chart, broken, (*getattr(chart, broken), 7))
    with pytest.raises(ChartError, match=f"{broken}"):
        chart.table()


@pytest.mark.parametrize("text", ["", "\n[]", "no key at all", f"{'0' * 32}\n[]"])
def test_what_is_no_stored_table_is_not_used(text: str):
    class Door(DoorChart):
        table_text = text

    assert stored_table(Door) is None
    assert Door.table().trees == TABLE.trees


def test_a_chart_does_not_inherit_a_stored_table():
    class Door(DoorChart):
        table_text = TEXT

    class Heavy(Door):
        pass

    assert stored_table(Heavy) is None


def test_on_another_python_statemachine_charts_are_compiled(monkeypatch: pytest.MonkeyPatch):
    class Door(DoorChart):
        table_text = TEXT

    assert stored_table(Door) is not None
    monkeypatch.setattr(outline, "__version__", "3.2.99")
    assert stored_table(Door) is None
    assert Door.table().trees == TABLE.trees


def test_the_installed_python_statemachine_is_one_whose_tables_were_compared():
    assert outline.is_tested()


def test_the_table_of_another_chart_is_not_used():
    class Door(DoorChart):
        table_text = text_of(Lock.table())

    assert stored_table(Door) is None


# -- The key --------------------------------------------------------------------------------------


class Knocked(Event):
    pass


def declared(
    *,
    first: str = "a",
    final: bool = False,
    absorbing: tuple[str, ...] = (),
    arguments: Mapping[str, Any] = {},
    enter: Any = None,
    extra: str = "",
    order: tuple[str, ...] = ("to b", "to c"),
    decided: tuple[str, ...] = (),
    alphabet: tuple[type[Event], ...] = (Pushed, KeyTurned),
    within: str = "",
    method: str = "helps",
) -> type[Chart]:
    """A chart that is never compiled, and what may differ in it."""
    a, b = State(initial=first == "a", enter=enter), State(initial=first == "b")
    c = State(final=final)
    declare = {
        "to b": lambda: a.to(b, event="pushed", **arguments),
        "to c": lambda: a.to(c, event="pushed"),
        "to a": lambda: b.to(a, event="pushed"),
        "keep": lambda: stays(a, event="pushed"),
        "itself": lambda: a.to.itself(event="pushed", internal=True),
        "outside": lambda: a.to.itself(event="pushed"),
        "no event": lambda: a.to(b),
    }
    for each in order:
        declare[each]()
    states = {"a": a, "b": b, "c": c}
    decisions = {
        "ignored": ignored(b, KeyTurned, because="no"),
        "of two": ignored((b, c), KeyTurned, because="no"),
        "other event": ignored(b, Pushed, because="no"),
        "anomaly": ignored(b, KeyTurned, because="no", anomaly=True),
        "when": ignored(b, KeyTurned, because="no", when="helps"),
        "when not": ignored(b, KeyTurned, because="no", when="not helps"),
        "impossible": impossible(b, KeyTurned, because="no", when="helps"),
        "coded": ignored(b, KeyTurned, because=Reason("code", "no")),
    }
    body: dict[str, Any] = {
        **states,
        "facts_type": DoorFacts,
        "alphabet": alphabet,
        "absorbing": tuple(states[name] for name in absorbing),
        "decided": tuple(decisions[name] for name in decided),
        method: lambda self, facts, trigger: None,
    }
    if extra:
        body[extra] = State()
    if within:
        inner = type(State.Compound)(within, (State.Compound,), {"in1": State(), "in2": State()})
        body[within] = inner
    return type(Chart)("Gate", (Chart,), body)


DECLARED: list[dict[str, Any]] = [
    {},
    {"first": "b"},
    {"final": True},
    {"absorbing": ("b",)},
    {"absorbing": ("c",)},
    {"absorbing": ("b", "c")},
    *({"arguments": {kind: "helps"}} for kind in ("cond", "unless", "on", "before", "after")),
    {"arguments": {"cond": "not helps"}},
    {"arguments": {"cond": ["helps", "other"]}},
    {"arguments": {"cond": ["other", "helps"]}},
    {"arguments": {"on": ["helps", "other"]}},
    {"enter": "helps"},
    {"enter": "other"},
    {"extra": "d"},
    {"extra": "e"},
    {"order": ("to c", "to b")},
    *({"order": ("to b", "to c", more)} for more in ("to a", "keep", "itself", "outside")),
    {"order": ("to b", "to c", "no event")},
    {"order": ("to b",)},
    *({"decided": (name,)} for name in ("ignored", "of two", "other event", "anomaly", "when")),
    *({"decided": (name,)} for name in ("when not", "impossible", "coded")),
    {"decided": ("ignored", "impossible")},
    {"decided": ("impossible", "ignored")},
    {"alphabet": (KeyTurned, Pushed)},
    {"alphabet": (Pushed,)},
    {"alphabet": (Pushed, KeyTurned, Knocked)},
    {"within": "d"},
    {"within": "e"},
    {"method": "on_pushed"},
    {"method": "on_enter_b"},
]


def test_charts_that_differ_in_what_the_compiler_asks_have_different_keys():
    keys: dict[str, dict[str, Any]] = {}
    for changes in DECLARED:
        key = key_of(declared(**changes))
        assert key == key_of(declared(**changes))
        assert key not in keys, f"{changes} has the key of {keys[key]}"
        keys[key] = changes
    assert all(len(key) == 32 for key in keys)


@pytest.mark.parametrize(
    "more",
    [
        {"sends": {}},
        {"table_text": "anything"},
        {"_private": 1},
        {"__doc__": "It says something."},
        {"helps": lambda self, facts, trigger: 1},
    ],
    ids=without_address,
)
def test_what_the_compiler_does_not_ask_is_not_in_the_key(more: dict[str, Any]):
    chart = declared()
    for name, value in more.items():
        setattr(chart, name, value)
    assert key_of(chart) == key_of(declared())
