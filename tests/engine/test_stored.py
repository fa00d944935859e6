"""Stored tables: read back as they were, and never used for another chart."""

from typing import Any

import pytest
from statemachine import State

from relink.engine import Chart, ChartError, Reason, ignored, impossible
from relink.engine import compile as compiler
from relink.engine.compile import compile_chart
from relink.engine.library import outline
from relink.engine.stored import key_of, stored_table, text_of

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
