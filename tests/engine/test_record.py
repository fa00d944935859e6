"""Records are frozen all the way down, and leave the engine its names."""

import copy
import importlib
import pickle
import pkgutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass
from enum import Enum
from threading import Lock
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, computed_field, field_validator
from pydantic.errors import PydanticUserError

import relink.engine
from relink.engine import Command, Event, Facts, RecordError, Send, errors
from relink.engine.fuzz.scalars import Bounds

from .invalid_charts import Go, SomeFacts, assert_rejected, two_states

BASES = (Event, Command, Facts)
LockType = type(Lock())


@pytest.mark.parametrize(
    ("base", "name"), [(Event, "name"), (Command, "name"), (Command, "id"), (Facts, "after")]
)
@pytest.mark.parametrize("how", ["field", "field of another base", "class variable", "value"])
def test_a_name_that_the_engine_reads_is_refused(base: type[BaseModel], name: str, how: str):
    bases: tuple[type, ...] = (base,)
    body: dict[str, Any] = {"__module__": __name__}
    match how:
        case "field":
            body["__annotations__"] = {name: "str"}
        case "field of another base":
            other = type("Other", (BaseModel,), {**body, "__annotations__": {name: str}})
            bases = (other, base)
        case "class variable":
            body |= {"__annotations__": {name: "ClassVar[str]"}, name: "mine"}
        case "value":
            body[name] = "mine"
    with pytest.raises(RecordError, match=rf"^Coin\.{name} has the name .*; rename the field$"):
        type(base)("Coin", bases, body)


def test_what_the_engine_does_not_read_may_have_any_name():
    class Coin(Event):
        id: str
        after: int

    assert (Coin(id="a", after=1).name, Coin(id="a", after=1).after) == ("coin", 1)


def test_a_command_may_compute_its_id():
    class Ring(Command):
        number: int

        @property
        def id(self) -> str:
            return f"ring_{self.number}"

    assert Ring(number=3).id == "ring_3"


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({"model_config": ConfigDict(frozen=False)}, "is not frozen"),
        ({"_seen": PrivateAttr(default=0)}, "_seen is a private attribute"),
        ({"total": computed_field(property(lambda self: 0), return_type=int)}, "computed field"),
    ],
)
def test_a_record_is_its_fields(base: type[BaseModel], body: dict[str, Any], rule: str):
    with pytest.raises(RecordError, match=rf"Coin.*{rule}.*; \w+"):
        type(base)("Coin", (base,), {"__module__": __name__, **body})


# -- Containers -----------------------------------------------------------------------------------


class Holding(Facts):
    numbers: list[int] = []
    named: dict[str, list[int]] = {}
    known: set[int] = set()
    pairs: tuple[list[int], ...] = ()


class Report(BaseModel):
    model_config = ConfigDict(frozen=True)
    lines: list[str]


class Reported(Event):
    report: Report


numbers = st.lists(st.integers(0, 3), min_size=1, max_size=3)
holdings = st.builds(
    Holding,
    numbers=numbers,
    named=st.dictionaries(st.sampled_from("ab"), numbers, min_size=1),
    known=st.sets(st.integers(0, 3), min_size=1),
    pairs=st.tuples(numbers),
)
CHANGES: list[Any] = [
    lambda f: f.numbers.append(1),
    lambda f: f.numbers.__setitem__(0, 9),
    lambda f: f.numbers.__iadd__([1]),
    lambda f: f.numbers.sort(),
    lambda f: f.numbers.clear(),
    lambda f: f.named.update(c=[1]),
    lambda f: f.named.__setitem__("c", [1]),
    lambda f: f.named.pop("a"),
    lambda f: f.named.setdefault("c", []),
    lambda f: f.named.__ior__({"c": [1]}),
    lambda f: next(iter(f.named.values())).append(1),
    lambda f: f.known.add(1),
    lambda f: f.known.__isub__({1}),
    lambda f: f.known.discard(1),
    lambda f: f.pairs[0].append(1),
]


@settings(deadline=None)
@given(holdings, st.sampled_from(CHANGES), st.booleans())
def test_containers_refuse_every_change(facts: Holding, change: Any, assigned: bool):
    if assigned:  # which pydantic does not validate
        plain = facts.model_dump()
        facts = Holding().after({name: plain[name] for name in plain})
    before = facts.model_dump_json()
    with pytest.raises(errors.MutationError, match="cannot be changed; make a new"):
        change(facts)
    assert facts.model_dump_json() == before


@settings(deadline=None)
@given(holdings)
def test_frozen_containers_behave_like_plain_ones(facts: Holding):
    plain = facts.model_dump()
    assert facts.__dict__ == plain
    assert Holding.model_validate_json(facts.model_dump_json()) == facts
    for other in (copy.deepcopy(facts), pickle.loads(pickle.dumps(facts)), facts.model_copy()):
        assert other == facts
        with pytest.raises(errors.MutationError):
            other.numbers.append(1)
    for field in ("numbers", "named", "known"):
        loose = getattr(facts, field).copy()
        loose.clear()
        assert type(loose) in (list, dict, set)
    assert facts.__dict__ == plain


def test_a_frozen_model_in_an_event_is_frozen_too():
    trigger = Reported(report=Report(lines=["a"]))
    with pytest.raises(errors.MutationError):
        trigger.report.lines.append("b")


class Loose(BaseModel):
    count: int = 0


@dataclass
class Plain:
    count: int = 0


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (
            Loose,
            "Loose, a model that is not frozen, so that a guard could change it; set frozen=True",
        ),
        (tuple[Loose | None, ...], "Loose, a model that is not frozen"),
        (dict[str, Loose], "Loose, a model that is not frozen"),
        (Plain, "Plain, a dataclass that is not frozen"),
        (deque[int], "deque, which can be changed"),
    ],
)
def test_what_cannot_be_frozen_is_refused_when_the_chart_is_compiled(kind: Any, named: str):
    body = {"__module__": __name__, "__annotations__": {"held": kind | None}, "held": None}
    facts = type(Facts)("Held", (SomeFacts,), dict(body))
    chart = two_states(facts_type=facts)
    assert_rejected(chart, errors.MutableFieldError, "Held.held", named)
    went = type(Event)("Go", (Go,), dict(body))
    from .invalid_charts import Back

    chart = two_states(alphabet=(went, Back))
    with pytest.raises(errors.ChartError):
        chart.table()


class Anything(Facts):
    held: Any = None
    several: tuple = ()  # type: ignore[type-arg]


def test_containers_in_fields_of_any_type_are_frozen():
    facts = Anything(held=[1, {"a": [2]}], several=([3],))
    for change in (
        lambda: facts.held.append(2),
        lambda: facts.held[1]["a"].append(2),
        lambda: facts.several[0].append(2),
    ):
        with pytest.raises(errors.MutationError):
            change()


def test_a_mixin_cannot_take_the_place_of_what_the_engine_reads():
    class Traced:
        id = "const"

    class Merging:
        def after(self, changes: object) -> object:
            return self

    with pytest.raises(errors.RecordError, match=r"^Paid\.id has the name of something"):
        type("Paid", (Traced, Command), {"__module__": __name__})
    with pytest.raises(errors.RecordError, match=r"^Kept\.after has the name of something"):
        type("Kept", (Merging, Facts), {"__module__": __name__})


@pytest.mark.parametrize("extra", ["allow", "ignore"])
def test_a_record_refuses_unknown_fields_whatever_its_configuration(extra: str):
    body = {"__module__": __name__, "model_config": ConfigDict(extra=extra)}
    with pytest.raises(errors.RecordError, match="Lax takes unknown fields"):
        type(Event)("Lax", (Event,), body)


def test_a_field_of_a_record_cannot_be_deleted():
    facts = Anything(held=1)
    with pytest.raises(errors.FrozenRecordError, match="held cannot be deleted"):
        del facts.held


# -- Built when needed ----------------------------------------------------------------------------

THREADS = """
import sys, threading
from relink.engine.decision import Started
assert not Started.__pydantic_complete__
sys.setswitchinterval(1e-6)
barrier = threading.Barrier(8)
made, failed = [], []

def make():
    barrier.wait()
    try:
        made.append(Started())
    except Exception as error:
        failed.append(repr(error))

threads = [threading.Thread(target=make) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not failed, failed
assert {type(each) for each in made} == {Started}
assert {(each, each.model_dump_json()) for each in made} == {(made[0], "{}")}
assert Started.__pydantic_complete__
"""


def test_threads_may_need_a_record_of_our_own_for_the_first_time_at_once():
    for _ in range(5):
        run = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr


# -- Made from fields -----------------------------------------------------------------------------


class Rung(Event):
    at: float = 0.0
    notes: tuple[int, ...] = ()


@pytest.mark.parametrize("phase", [{}, {"phase": 0}, {"phase": 2}])
def test_a_send_that_its_class_makes_is_the_one_that_pydantic_validates(phase: dict[str, int]):
    fields = {"machine": "bell", "key": "b1", "event": Rung(at=1.5), **phase}
    made, validated = Send(**fields), Send.model_validate(fields)
    assert made == validated
    assert repr(made) == repr(validated)
    assert made.model_dump_json() == validated.model_dump_json()
    assert made.model_fields_set == validated.model_fields_set
    assert (hash(made), made.id) == (hash(validated), validated.id)
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"machine": 1}, "Send: the field machine takes str, and got a value of type int"),
        ({"key": None}, "Send: the field key takes str, and got None"),
        ({"event": "rung"}, "Send: the field event takes Event, and got a value of type str"),
        ({"event": Rung}, "Send: the field event takes Event, and got the class Rung"),
        ({"phase": "soon"}, "Send: the field phase takes int, and got a value of type str"),
        ({"phases": 1}, "Send: it has no field 'phases'; did you mean 'phase'?"),
    ],
)
def test_a_send_with_a_wrong_field_is_refused(fields: dict[str, Any], message: str):
    with pytest.raises(errors.FieldValueError) as caught:
        Send(**{"machine": "bell", "key": "b1", "event": Rung(), **fields})
    assert str(caught.value).startswith(message)


def test_a_send_converts_what_other_records_convert():
    assert Send(machine="bell", key="b1", event=Rung(), phase="2").phase == 2  # type: ignore[arg-type]
    assert Send(machine="bell", key="b1", event=Rung(), phase=True).phase == 1


def test_records_are_equal_by_class_and_fields():
    class Loud(Rung):
        pass

    assert Rung(at=1.0) == Rung(at=1.0) == Rung(at=1.0, notes=())
    assert Rung(at=1.0) != Rung(at=2.0)
    assert Rung(at=1.0) != Loud(at=1.0)
    assert Rung(at=1.0) != 1.0
    assert isinstance(Loud(), Rung)
    assert not isinstance(Rung(), Loud)
    assert len({Rung(at=1.0), Rung(at=1.0), Loud(at=1.0)}) == 2


def test_facts_that_nothing_changes_are_the_same():
    facts = SomeFacts()
    assert facts.after({}) is facts


def dataclasses_of_the_engine() -> Iterator[type]:
    for module in pkgutil.walk_packages(relink.engine.__path__, "relink.engine."):
        for held in vars(importlib.import_module(module.name)).values():
            if isinstance(held, type) and is_dataclass(held) and held.__module__ == module.name:
                yield held


HANDED_OUT = [
    each
    for each in dataclasses_of_the_engine()
    if not each.__name__.startswith("_") and each is not Bounds
]


@pytest.mark.parametrize("made", HANDED_OUT, ids=lambda made: made.__name__)
def test_what_the_engine_hands_out_cannot_be_changed(made: type):
    with pytest.raises(FrozenInstanceError):
        setattr(object.__new__(made), fields(made)[0].name, 1)


class Loud(Enum):
    YES = "yes"


def test_a_type_that_cannot_be_checked_is_named_beside_one_that_is_written_as_a_text() -> None:
    with pytest.raises(RecordError) as caught:

        class Coin(Event):
            loud: "Loud"
            held: LockType

    assert str(caught.value).startswith("Coin.held holds lock, whose values cannot be checked or ")


class Left(BaseModel, frozen=True):
    pass


class Right(BaseModel, frozen=True):
    pass


def test_a_type_that_cannot_be_checked_is_named_beside_one_that_is_wrong_in_another_way() -> None:
    with pytest.raises(RecordError) as caught:

        class Coin(Event):
            held: LockType
            side: Annotated[Left | Right, Field(discriminator="kind")]

    assert str(caught.value).startswith("Coin.held holds lock, whose values cannot be checked or ")


def test_only_what_could_be_a_field_lacks_an_annotation() -> None:
    with pytest.raises(RecordError) as caught:

        class Coin(Event):
            label = "a"
            sides = 2
            named: str = "b"
            _hidden = 3

            class Inner:
                pass

            @property
            def both(self) -> int:
                return 2

            def flip(self) -> None:
                pass

    assert str(caught.value) == (
        "Coin: label, sides has no annotation; give each field a type, such as label: str = ..."
    )


def test_an_unknown_field_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(errors.FieldValueError) as caught:
        Go(qqq=1)
    assert str(caught.value) == "Go: it has no field 'qqq'; it has no fields"
    with pytest.raises(errors.FieldValueError) as caught:
        SomeFacts(qqq=1)
    assert str(caught.value) == "SomeFacts: it has no field 'qqq'; its fields are count"


def test_what_pydantic_refuses_for_another_reason_is_said_with_the_name_of_the_record() -> None:
    with pytest.raises(RecordError) as caught:

        class Coin(Event):
            side: int = 0

            @field_validator("sied")
            @classmethod
            def _flips(cls, value: int) -> int:
                return value

    assert str(caught.value).startswith("Coin is refused: Decorators defined with incorrect fields")
    assert str(caught.value).endswith("; see the cause")
    assert isinstance(caught.value.__cause__, PydanticUserError)
