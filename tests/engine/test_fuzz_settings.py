"""Settings of a fuzz test: what a class says wrongly is refused when the class is made."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from relink.adapters.fuzzing import CHANGES, RelinkTest, StripeServiceTest
from relink.engine.errors import ArgumentError
from relink.engine.fuzz import (
    DeliveryFaults,
    MachineServiceTest,
    StreamTest,
    SystemServiceTest,
    find_counterexample,
    machine_test,
    replay,
    streams,
    system_test,
)
from relink.machines import RelinkPolicy

from .lock import Lock

OF_WEBHOOKS: list[tuple[str, Any, str]] = [
    ("accounts", 0, "accounts is 0; give a whole number from 1"),
    ("accounts", "3", "accounts is '3'; give a whole number"),
    ("accounts", True, "accounts is True; give a whole number"),
    ("accounts", 2.0, "accounts is 2.0; give a whole number"),
    ("changes", "account_closes", "changes is 'account_closes'; give a list of names"),
    ("changes", None, "changes is None; give a list of names"),
    ("changes", ["acount_closes"], "it has 'acount_closes'; did you mean 'account_closes'?"),
    ("changes", [1], "it has 1; the names are data_is_refreshed, "),
    ("faults", {"lost": 1}, r"faults is a dict; give DeliveryFaults\(...\)"),
    ("faults", DeliveryFaults, r"faults is the class itself; call it: DeliveryFaults\(...\)"),
    ("faults", None, "faults is None; give DeliveryFaults"),
    ("policy", RelinkPolicy, r"policy is the class itself; call it: RelinkPolicy\(...\)"),
    ("policy", {"reminders": ()}, "policy is a dict; give RelinkPolicy"),
    ("gap", -1, "gap is -1; give seconds"),
    ("gap", float("inf"), "gap is inf; give seconds"),
    ("secret", b"whsec_1", "secret is a bytes; give the signing secret"),
    ("account", 3, "'account' is no setting; did you mean 'accounts'?"),
    ("fault", DeliveryFaults(), "'fault' is no setting; did you mean 'faults'?"),
    ("change", ["account_closes"], "'change' is no setting; did you mean 'changes'?"),
    ("polcy", RelinkPolicy(), "'polcy' is no setting; did you mean 'policy'?"),
]
OF_CHARTS: list[tuple[type, dict[str, Any], str]] = [
    (MachineServiceTest, {"chart": 5}, "a chart or its table, and got 5"),
    (MachineServiceTest, {"chart": Lock, "facts": 5}, r"facts is 5; give LockFacts\(...\)"),
    (MachineServiceTest, {"chart": Lock, "facts": Lock.facts_type}, "facts is the class itself"),
    (MachineServiceTest, {"chart": Lock, "values": 3}, "values is 3; give strategies by field"),
    (MachineServiceTest, {"chart": Lock, "faults": 3}, "faults is 3; give DeliveryFaults"),
    (SystemServiceTest, {"system": Lock}, "system is the class Lock; give a System"),
    (SystemServiceTest, {"outside_events": (5,)}, "the class of an event, and got 5"),
]


@pytest.mark.parametrize("base", [StripeServiceTest, RelinkTest])
@pytest.mark.parametrize(("name", "value", "says"), OF_WEBHOOKS)
def test_a_wrong_setting_is_refused_with_its_name(
    base: type[StreamTest], name: str, value: Any, says: str
) -> None:
    with pytest.raises(ArgumentError, match=f"^ShopTest: .*{says}"):
        type("ShopTest", (base,), {name: value})


@pytest.mark.parametrize(("base", "body", "says"), OF_CHARTS)
def test_a_wrong_setting_of_a_test_of_a_chart_is_refused(
    base: type, body: dict[str, Any], says: str
) -> None:
    with pytest.raises(ArgumentError, match=f"ShopTest.*{says}"):
        type("ShopTest", (base,), body)


def test_a_setting_that_a_mixin_brings_is_refused_too() -> None:
    class Many:
        accounts = "many"

    with pytest.raises(ArgumentError, match="ShopTest: accounts is 'many'"):
        type("ShopTest", (Many, StripeServiceTest), {})


@pytest.mark.parametrize("base", [StripeServiceTest, RelinkTest])
def test_every_setting_is_checked_and_its_default_passes(base: Any) -> None:
    """A setting is what a base class annotates for subclasses to set."""
    annotated = {
        name
        for each in base.__mro__
        if issubclass(each, StreamTest)
        for name in inspect.get_annotations(each)
        if not name.startswith("_")
    }
    assert annotated == base._takes.keys()
    assert annotated == {"accounts", "changes", "faults", "gap", "policy", "secret"}


@pytest.mark.parametrize(
    "body",
    [
        {"accounts": 1, "changes": (), "gap": 0},
        {"changes": {"account_closes"}, "faults": DeliveryFaults(lost=2), "gap": 0.5},
        {"changes": CHANGES, "policy": RelinkPolicy(reminders=())},
        {"account": "fca_1", "secrets": None, "known": 3},
    ],
)
def test_what_is_right_or_of_the_test_itself_is_accepted(body: dict[str, Any]) -> None:
    assert find_counterexample(type("Small", (RelinkTest,), body), max_examples=2) is None


@pytest.mark.parametrize(
    ("base", "says"),
    [
        (MachineServiceTest, "Empty has no chart; name what says what is right: chart = MyChart"),
        (SystemServiceTest, "Empty has no system; name what says what is right"),
        (StripeServiceTest, r"Empty has no deliver; write deliver\(self, webhook\)"),
    ],
)
def test_a_test_that_says_too_little_is_told_what_is_missing(base: type, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        find_counterexample(type("Empty", (base,), {}), max_examples=1)


@pytest.mark.parametrize("given", [-1, 1.5, "2", True, None])
@pytest.mark.parametrize("name", ["duplicates", "overtaken", "stale", "lost"])
def test_a_fault_happens_a_whole_number_of_times(name: str, given: Any) -> None:
    with pytest.raises(ArgumentError, match=f"{name} is .*; give a whole number from 0"):
        DeliveryFaults(**{name: given})


@pytest.mark.parametrize("given", [DeliveryFaults, {"lost": 1}, 3])
def test_streams_take_faults_of_the_same_kind(given: Any) -> None:
    make: Callable[..., Any] = streams
    with pytest.raises(ArgumentError, match=r"streams\(\): faults is "):
        make(Lock, faults=given)


@pytest.mark.parametrize(
    ("function", "given", "says"),
    [
        (streams, {"fault": None}, "streams(): it has no argument 'fault'; did you mean 'faults'?"),
        (streams, {}, "streams(): the argument known is missing; add known=..."),
        (machine_test, {"invariant": ()}, "it has no argument 'invariant'; did you mean"),
        (system_test, {}, "system_test(): the argument system is missing"),
        (find_counterexample, {"max_example": 1}, "did you mean 'max_examples'?"),
        (replay, {"record": {}}, "replay(): it has no argument 'record'"),
    ],
)
def test_a_call_that_does_not_fit_is_explained(
    function: Callable[..., Any], given: dict[str, Any], says: str
) -> None:
    with pytest.raises(ArgumentError) as refused:
        function(**given)
    assert says in str(refused.value)
