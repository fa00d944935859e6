"""SCXML: a table as a document of the W3C's State Chart XML.

Conditions are expressions of its ECMAScript data model on ``_event.data``, and effects are
``<log>`` elements: interpreters agree on these, and none of them changes a state. The answer no is
spelled ``!= true``, which python-statemachine's restricted evaluator reads as well. Why nothing
follows stands in attributes of a namespace of its own, which interpreters skip.
"""

from collections.abc import Iterable, Iterator
from itertools import starmap
from xml.sax.saxutils import quoteattr

from ..arguments import explained
from ..condition import Condition
from ..given import ChartOrTable, as_table
from ..table import Table
from .nesting import Nested, nested
from .rules import Rule, rules_of

NAMESPACE = "urn:relink:export"
"""The namespace of the attributes ``outcome``, ``reason``, ``code``, ``anomaly`` and ``digest``."""


@explained
def scxml(table: ChartOrTable) -> str:
    """An SCXML document that ends in a newline.

    Each event that is sent to the machine carries the guards' answers as ``_event.data``, by name.

    Args:
        table: A chart, or its table.

    Raises:
        ArgumentError: it is neither.
    """
    table = as_table(table, "scxml")
    states, entry = nested(table), table.entry
    start = _unused("start", table)
    head = _tag(
        "scxml",
        xmlns="http://www.w3.org/2005/07/scxml",
        xmlns_relink=NAMESPACE,
        version="1.0",
        datamodel="ecmascript",
        name=table.name,
        initial=start if entry.effects else entry.target,
        relink_digest=table.digest,
    )
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<{head}>"]
    if entry.effects:
        # A document has no place for what only its start does, so that is a state of its own.
        begin = _element(_tag("transition", target=entry.target), _effects(entry.effects))
        lines += _indented(_element(_tag("state", id=start), begin))
    for state in states:
        lines += _indented(_state(table, state))
    return "\n".join([*lines, "</scxml>"]) + "\n"


def _unused(name: str, table: Table) -> str:
    """A name that no state has."""
    taken = set(table.chart.states_map)
    while name in taken:
        name += "_"
    return name


def _state(table: Table, state: Nested) -> Iterator[str]:
    if state.children:
        inner = (line for child in state.children for line in _state(table, child))
        yield from _element(_tag("state", id=state.id, initial=state.initial), inner)
    elif state.id in table.final:
        yield f"<{_tag('final', id=state.id)}/>"
    else:
        rules = (line for rule in rules_of(table, state.id) for line in _transition(rule))
        yield from _element(_tag("state", id=state.id), rules)


def _transition(rule: Rule) -> Iterator[str]:
    end = rule.end
    tag = _tag(
        "transition",
        event=rule.event,
        cond=None if rule.is_unconditional else _expression(rule.condition),
        target=end.target,
        relink_outcome=end.outcome if end.reason else None,
        relink_code=end.reason.code if end.reason else None,
        relink_reason=" ".join(end.reason.sentence.split()) if end.reason else None,
        relink_anomaly="true" if end.anomaly else None,
    )
    return _element(tag, _effects(end.effects))


def _effects(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        literal = f"'{name}'"
        yield f"<{_tag('log', label='effect', expr=literal)}/>"


def _expression(condition: Condition) -> str:
    return " || ".join(" && ".join(starmap(_answer, term)) for term in condition)


def _answer(guard: str, answer: bool) -> str:
    return f"_event.data.{guard} {'==' if answer else '!='} true"


def _tag(element: str, /, **attributes: str | None) -> str:
    """A tag with the attributes that have a value; ``_`` in a name is the colon of a prefix."""
    given = {key.replace("_", ":"): value for key, value in attributes.items()}
    return " ".join([element, *(f"{k}={quoteattr(v)}" for k, v in given.items() if v is not None)])


def _element(tag: str, inner: Iterable[str]) -> Iterator[str]:
    """An element; empty ones have one tag."""
    lines = list(_indented(inner))
    if not lines:
        yield f"<{tag}/>"
        return
    yield f"<{tag}>"
    yield from lines
    yield f"</{tag.partition(' ')[0]}>"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
