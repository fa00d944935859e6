"""Errors as data: what a caller can read from one besides its message."""

import copy
import pickle

import pytest

from relink.engine import Send, System, errors
from relink.engine.fuzz import PropertyViolatedError

from .door import DoorChart, Pushed
from .invalid_charts import Base


def test_an_error_of_a_chart_holds_the_chart_and_what_is_wrong_with_it() -> None:
    class Empty(Base):
        pass

    with pytest.raises(errors.ChartError) as caught:
        Empty.table()
    assert caught.value.chart is Empty
    problem = "it has no states; declare at least an initial one: opened = State(initial=True)"
    assert caught.value.problem == problem
    assert str(caught.value) == f"Empty: {problem}"


@pytest.mark.parametrize(
    "error",
    [
        errors.NoStatesError(DoorChart, "it has none"),
        errors.ConfigurationError(DoorChart, ("opened",)),
        errors.UnknownMachineError("dor", ["door"]),
        errors.EndlessSystemError(["a", "b"], 3),
        errors.UnknownStateError.of("door", "ajar", ["shut"]),
        errors.FieldValueError("text"),
        PropertyViolatedError("text", ["pushed"]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_reaches_another_process_as_it_is(error: errors.EngineError) -> None:
    error.add_note("seen here")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), again.args) == (str(error), error.args)
        assert vars(again) == vars(error)


def test_an_error_of_an_unknown_machine_holds_its_name() -> None:
    def route(trigger: object, load: object) -> list[Send]:
        return [Send(machine="dor", key="front", event=Pushed())]

    with pytest.raises(errors.UnknownMachineError) as caught:
        System({"door": DoorChart}, route).step(Pushed(), {}.get)
    assert caught.value.machine == "dor"
    assert str(caught.value) == (
        "the system has no machine 'dor'; it has door; did you mean 'door'?"
    )


@pytest.mark.parametrize(
    ("active", "shown"), [((), "(none)"), (("opened", "shut"), "opened, shut")]
)
def test_a_step_that_ends_in_no_configuration_names_what_is_active(
    active: tuple[str, ...], shown: str
) -> None:
    error = errors.ConfigurationError(DoorChart, active)
    assert error.chart is DoorChart
    assert str(error) == (
        f"DoorChart: python-statemachine ends a step in the states {shown}, which are not one leaf "
        "state and the states around it; this is a bug in one of the two libraries, so please "
        "report the chart"
    )
