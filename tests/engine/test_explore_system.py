"""A system with its environment: planted faults are found, with a shortest history."""

import random
from collections.abc import Callable

import pytest

from relink.engine import Address, Chart, Event
from relink.engine.errors import ArgumentError
from relink.engine.explore import (
    Abstraction,
    MachineModel,
    SystemModel,
    always,
    each_move,
    explore,
    leads_to,
    never_stuck,
    sequence_diagram,
    sometimes,
    story,
    stray_move,
)

from .explored import (
    BY_ORDER,
    BelievesTheLast,
    Link,
    Linked,
    Network,
    PromptsForCopies,
    brute_force,
    disagrees,
    linked,
    links,
    prompts_twice,
)

PROPERTIES = [always(disagrees), always(prompts_twice), never_stuck()]


@pytest.mark.parametrize("flying", [1, 2, 3])
def test_a_link_that_keeps_the_latest_report_ends_up_right_for_ever(flying: int) -> None:
    found = explore(linked(flying=flying, copies=True), PROPERTIES)
    assert found.is_complete, "though the clock never stops"
    assert not found.violations


def test_without_an_abstraction_of_time_the_search_does_not_end() -> None:
    found = explore(linked(abstraction=None, flying=1), max_states=500)
    assert not found.is_complete
    assert found.states > 400
    assert explore(linked(flying=1)).states < 20


@pytest.mark.parametrize(
    ("chart", "wrong", "length"),
    [(BelievesTheLast, disagrees, 4), (PromptsForCopies, prompts_twice, 3)],
)
def test_a_planted_fault_is_found_with_a_shortest_history(
    chart: type[Chart], wrong: Callable[[Linked], str | None], length: int
) -> None:
    model = linked(chart, copies=chart is PromptsForCopies)
    verdict = explore(model, always(wrong), stop_at_first=True).verdict(wrong.__name__)
    assert verdict.way is not None
    assert len(verdict.way.moves) == length
    assert brute_force(model, lambda state: wrong(state) is not None, 5) == length


def test_a_history_is_told() -> None:
    verdict = explore(linked(BelievesTheLast), always(disagrees)).verdict("disagrees")
    assert story(verdict) == (
        "disagrees: a is down, which is not true",
        "1. a goes down",
        "2. a comes back",
        "3. report 1 of a arrives",
        "   link a: up --reported[is_newer]--> up: no commands; sets as_of",
        "4. report 0 of a arrives",
        "   link a: up --reported[is_newer and not works]--> down: 1 command (prompt); sets as_of",
    )
    assert verdict.way is not None
    assert sequence_diagram(verdict.way) == (
        "sequenceDiagram\n"
        "    participant environment as environment\n"
        "    participant machine_1 as link a\n"
        "    Note over environment: a goes down\n"
        "    Note over environment: a comes back\n"
        "    environment->>machine_1: report 1 of a arrives\n"
        "    Note over machine_1: up\n"
        "    environment->>machine_1: report 0 of a arrives\n"
        "    Note over machine_1: up → down\n"
        "    machine_1-->>environment: prompt\n"
    )


def test_reports_that_get_lost_leave_a_machine_wrong_and_retried_ones_do_not() -> None:
    def is_down(state: Linked) -> bool:
        return not state.environment.works["a"]

    def is_told(state: Linked) -> bool:
        machine = state.machines.get(Address("link", "a"))
        return state.environment.works["a"] or (machine is not None and machine.state == "down")

    told = leads_to(is_down, is_told)
    assert not explore(linked(flying=1), told).violations
    (violated,) = explore(linked(flying=1, loses=True), told).violations
    assert violated.way is not None
    assert violated.way.moves[-1].label == "report 0 of a gets lost"


def test_interchangeable_links_save_states_and_hide_nothing() -> None:
    keys = ("a", "b")
    alike = Abstraction(interchangeable=keys)
    properties = [always(disagrees), always(prompts_twice)]
    for chart in (Link, BelievesTheLast):
        full = explore(linked(chart, None, keys=keys, changes=3), properties)
        fewer = explore(linked(chart, alike, keys=keys, changes=3), properties)
        assert full.is_complete
        assert fewer.is_complete
        assert fewer.states < 0.6 * full.states
        assert [v.outcome for v in fewer.verdicts] == [v.outcome for v in full.verdicts]
        lengths = [[len(v.way.moves) for v in found.verdicts if v.way] for found in (full, fewer)]
        assert lengths[0] == lengths[1]


@pytest.mark.parametrize("keys", [("a",), ("a", "b")])
def test_every_move_of_real_runs_is_a_move_of_the_abstract_graph(keys: tuple[str, ...]) -> None:
    abstraction = Abstraction(times=BY_ORDER.times, interchangeable=keys)
    found = explore(linked(Link, abstraction, keys=keys, flying=1, copies=True, loses=True))
    assert found.is_complete
    assert stray_move(found, random.Random(0).randrange, runs=30, length=25) is None


def test_a_function_may_say_which_states_count_as_one() -> None:
    def key(state: Linked) -> str:
        truth = state.environment
        machine = state.machines.get(Address("link", "a"))
        return repr((truth.works, len(truth.flying), machine and machine.state))

    found = explore(SystemModel(links(), Network(), abstraction=key))
    assert found.is_complete
    assert found.states < explore(linked()).states


def test_an_environment_is_a_model_too() -> None:
    found = explore(Network(changes=2), sometimes(lambda state: state.now == 2, name="two"))
    assert found.is_complete
    assert found.verdict("two").outcome == "holds"


def test_an_error_of_a_decision_is_a_counterexample() -> None:
    class Breaks(Link):
        def works(self, facts: object, trigger: Event) -> bool:
            raise ValueError("no idea")

    found = explore(linked(Breaks))
    (violated,) = found.violations
    assert violated.name == "every event is decided without an error"
    assert violated.wrong == "ValueError: no idea"
    assert story(violated)[1:] == (
        "1. a goes down",
        "2. report 0 of a arrives",
        "   ValueError: no idea",
    )
    assert violated.way is not None
    assert "ValueError" in sequence_diagram(violated.way)


def test_a_move_has_the_step_of_the_system() -> None:
    def prompts_only_for_bad_news(before: Linked, move: object) -> str | None:
        step = getattr(move, "outcome", None)
        if step is not None and step.commands and step.trigger.works:
            return "prompted for good news"
        return None

    assert not explore(linked(), each_move(prompts_only_for_bad_news)).violations


def test_what_is_no_system_is_refused() -> None:
    with pytest.raises(ArgumentError, match="MachineModel"):
        SystemModel(Link, Network())  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="an Environment"):
        SystemModel(links(), Link)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="a chart or its table"):
        MachineModel(links(), [])  # type: ignore[arg-type]
