"""The sealed self: a guard or effect that uses the machine raises when it is decided."""

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import State

from relink.engine import Chart, Snapshot, errors, ignored
from relink.engine.sealed import RESERVED_NAMES

from .invalid_charts import Back, Base, Go, SomeFacts, acting, guarded, two_states


def sends(self, facts, trigger):
    self.send("go")


def reads_configuration(self, facts, trigger):
    return self.configuration


def sets_attribute(self, facts, trigger):
    self.seen = facts


def deletes_attribute(self, facts, trigger):
    del self.seen


def sends_by_event_name(self, facts, trigger):
    self.go()


def reads_state(self, facts, trigger):
    return self.a.is_active


def reads_in_comprehension(self, facts, trigger):
    return [state for state in [1, 2] if self.current_state_value]


def reads_by_another_name(self, facts, trigger):
    me = self
    return me.is_terminated


def compiles(self, facts, trigger):
    return self.table()


@pytest.mark.parametrize(
    ("method", "attribute"),
    [
        (sends, "send"),
        (reads_configuration, "configuration"),
        (sets_attribute, "seen"),
        (deletes_attribute, "seen"),
        (sends_by_event_name, "go"),
        (reads_state, "a"),
        (reads_in_comprehension, "current_state_value"),
        (reads_by_another_name, "is_terminated"),
        (compiles, "table"),
    ],
)
@pytest.mark.parametrize("build", [guarded, acting])
def test_a_callback_that_uses_the_machine_raises_when_it_is_decided(
    build: Callable[..., type[Chart]], method: Any, attribute: str
):
    chart = build("method", method=method)
    table = chart.table()
    with pytest.raises(errors.MachineApiError, match=rf"{chart.__name__}: .*self\.{attribute},"):
        table.decide(Snapshot("a", SomeFacts()), Go())


def test_a_helper_that_uses_the_machine_raises_when_a_guard_calls_it():
    def asks(self, facts, trigger):
        return self.helper()

    def helper(self):
        return self.is_terminated

    table = guarded("asks", asks=asks, helper=helper).table()
    with pytest.raises(errors.MachineApiError, match=r"self\.is_terminated"):
        table.decide(Snapshot("a", SomeFacts()), Go())


def test_a_guard_may_use_the_own_methods_and_constants_of_its_chart():
    class Counting(Base):
        limit = 3
        a = State(initial=True)
        b = State()
        a.to(b, event="go", cond="enough")
        b.to(a, event="back")
        decided = (
            ignored(a, Go, because="not enough"),
            ignored(a, Back, because="already there"),
            ignored(b, Go, because="already gone"),
        )

        def enough(self, facts, trigger):
            return all(self.over(count) for count in [facts.count])

        def over(self, count):
            return self.least(count) >= self.limit

        @staticmethod
        def least(count):
            return count

    table = Counting.table()
    assert table.decide(Snapshot("a", SomeFacts(count=2)), Go()).state == "a"
    assert table.decide(Snapshot("a", SomeFacts(count=3)), Go()).state == "b"


def test_every_attribute_of_a_chart_is_a_reserved_name():
    """What :class:`Chart` adds is listed by hand, since its module imports the sealed self's."""
    machine = two_states()()
    attributes = {name for name in dir(machine) if not name.startswith("__")}
    assert attributes - RESERVED_NAMES == {"a", "b", "go", "back", "yes", "effect"}


def test_what_python_looks_for_by_itself_is_absent_and_no_mistake():
    def looks(self, facts, trigger):
        return getattr(self, "__length_hint__", None) is None and not callable(self)

    table = guarded("looks", looks=looks).table()
    assert table.decide(Snapshot("a", SomeFacts()), Go()).state == "b"
