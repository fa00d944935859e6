"""What guards and effects read in their code: found as Python's own syntax tree has it."""

import ast
from types import FunctionType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statemachine import State

from relink.engine import Chart, Event, Facts, errors, ignored, stays
from relink.engine.reads import reads

# -- In code --------------------------------------------------------------------------------------

PLAIN = ["facts", "trigger", "self", "'facts'", "'trigger'", "1", "facts.one", "trigger.two.three"]
FORMS = [
    "{0}.facts",
    "{0}.trigger.one",
    "{0}.count({1})",
    "self.helper({0}, {1})",
    "[{0}, {1}]",
    "({0} if self else {1})",
    "(self and {0} or {1})",
    "({0} < {1})",
    "any({0} for each in {1})",
    "sorted(each.facts for each in {0} if {1})",
    "(lambda each: [{0}, {1}])",
    "(lambda facts: [{0}, {1}])",
    "(lambda *trigger: [{0}, {1}])",
    "(lambda *, trigger: [{0}, {1}])",
    "(lambda **facts: [{0}, {1}])",
    "(lambda facts=({0}): {1})",
]
expressions = st.recursive(
    st.sampled_from(PLAIN),
    lambda inner: st.builds(
        lambda form, one, other: form.format(f"({one})", f"({other})"),
        st.sampled_from(FORMS),
        inner,
        inner,
    ),
    max_leaves=8,
)


def method(body: str) -> FunctionType:
    """A method whose body this is."""
    made: dict[str, Any] = {}
    exec(f"def method(self, facts, trigger):\n    {body}", made)
    return made["method"]  # type: ignore[no-any-return]


def in_syntax(node: ast.AST, mine: frozenset[str]) -> set[tuple[str, str]]:
    """The attributes of these names that are read in a piece of code."""
    found: set[tuple[str, str]] = set()
    if isinstance(node, ast.Lambda):
        given = node.args
        for default in [*given.defaults, *(each for each in given.kw_defaults if each)]:
            found |= in_syntax(default, mine)
        named = [*given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        return found | in_syntax(node.body, mine - {each.arg for each in named if each})
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=field) if name in mine:
            found.add((name, field))
    for child in ast.iter_child_nodes(node):
        found |= in_syntax(child, mine)
    return found


@settings(deadline=None)
@given(expressions)
def test_a_method_reads_what_its_syntax_tree_reads(text: str) -> None:
    expected = in_syntax(ast.parse(text), frozenset({"facts", "trigger"}))
    assert set(reads(method(f"return {text}").__code__)) == expected


@pytest.mark.parametrize(
    "body",
    [
        "facts = self.other; return facts.one",
        "facts = self.other; return any(facts.one for each in self.all)",
        "facts = self.other; return lambda: lambda: facts.one",
        "[facts := self.other]; return facts.one",
        "for facts in self.all: facts.one",
        "del facts; return facts.one",
        "return lambda: [facts := self.other, facts.one]",
        "return lambda facts: lambda: facts.one",
        "return self.facts.one",
        "return 'facts'.one",
    ],
)
def test_what_a_method_binds_again_is_not_what_it_gets(body: str) -> None:
    assert not [read for read in reads(method(body).__code__) if read[0] == "facts"]


# -- In charts ------------------------------------------------------------------------------------


class Inner(Facts):
    total: int = 0


class Kept(Facts):
    count: int = 0
    inner: Inner = Inner()

    @property
    def is_many(self) -> bool:
        return self.count > 3


class Told(Event):
    facts: Inner = Inner()
    only_told: int = 0
    both: int = 0


class Asked(Event):
    only_asked: int = 0
    both: int = 0


def chart_of(guard: str = "True", effect: str = "None", entry: str = "None") -> type[Chart]:
    """A chart whose guard answers ``told``, and whose effects run on both events."""
    here, gone = State(initial=True, enter="entered"), State(final=True)
    here.to(gone, event="told", cond="asks", on="does")
    stays(here, event="asked", on="does")
    body = {
        "__module__": __name__,
        "facts_type": Kept,
        "alphabet": (Told, Asked),
        "here": here,
        "gone": gone,
        "decided": (
            ignored(here, Told, because="no"),
            ignored(gone, (Told, Asked), because="gone"),
        ),
        "asks": method(f"return {guard}"),
        "does": method(f"return {effect}"),
        "entered": method(f"return {entry}"),
    }
    if "helper" in guard:
        body["helper"] = method("return facts.whatever")
    return type(Chart)("Reading", (Chart,), body)


FINE: list[dict[str, str]] = [
    {"guard": "facts.count > trigger.only_told"},
    {"guard": "facts.inner.total > trigger.facts.total"},
    {"guard": "facts.is_many and facts.model_dump() and trigger.name"},
    {"guard": "'facts'.upper() and 'trigger'.lower()"},
    {"guard": "self.helper(facts, trigger)"},
    {"effect": "trigger.both"},
    # An effect of several events may tell them apart first.
    {"effect": "trigger.only_told if isinstance(trigger, str) else trigger.only_asked"},
    # The caller chooses what a machine is started with.
    {"entry": "trigger.anything"},
]


@pytest.mark.parametrize("methods", FINE, ids=str)
def test_what_facts_or_one_of_the_events_have_may_be_read(methods: dict[str, str]) -> None:
    assert chart_of(**methods).table().states == ("here", "gone")


COUNT = "which Kept does not have; the fields are count, inner"
REFUSED: list[tuple[dict[str, str], list[str]]] = [
    (
        {"guard": "facts.coumt"},
        ["guard 'asks': it reads facts.coumt, which Kept does not have; did you mean 'count'?"],
    ),
    (
        {"guard": "trigger.only_asked"},
        [
            "guard 'asks': it reads trigger.only_asked, which Told does not have; "
            "did you mean 'only_told'?"
        ],
    ),
    (
        {"effect": "trigger.zzz"},
        [
            "effect 'does': it reads trigger.zzz, which Asked, Told does not have; the fields are "
            "both, facts, only_asked, only_told"
        ],
    ),
    (
        {"guard": "facts.zzz or facts.yyy", "effect": "any(facts.xxx for each in facts.inner)"},
        [
            f"guard 'asks': it reads facts.zzz, {COUNT}",
            f"guard 'asks': it reads facts.yyy, {COUNT}",
            f"effect 'does': it reads facts.xxx, {COUNT}",
        ],
    ),
]


@pytest.mark.parametrize(("methods", "faults"), REFUSED, ids=str)
def test_what_nothing_has_is_refused_at_once_and_by_name(
    methods: dict[str, str], faults: list[str]
) -> None:
    with pytest.raises(errors.UnknownAttributeError) as caught:
        chart_of(**methods).table()
    told = str(caught.value)
    for fault in faults:
        assert fault.partition("; ")[0] in told
        assert fault.partition("; ")[2] in told
    assert told.count("it reads ") == len(faults)


def test_an_event_without_fields_is_said_to_have_none() -> None:
    class Empty(Event):
        pass

    here, gone = State(initial=True), State(final=True)
    here.to(gone, event="empty", on="does")
    body = {
        "facts_type": Kept,
        "alphabet": (Empty,),
        "here": here,
        "gone": gone,
        "decided": (ignored(gone, Empty, because="gone"),),
        "does": method("return trigger.at"),
    }
    with pytest.raises(errors.UnknownAttributeError, match="Empty does not have; the fields are n"):
        type(Chart)("Reading", (Chart,), body).table()
