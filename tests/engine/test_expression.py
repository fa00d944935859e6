"""Guard expressions: what parse() accepts, and what known answers make of it."""

import ast
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.engine.expression import NotAnExpressionError, names, parse, truth

expressions = st.recursive(
    st.sampled_from("abc"),
    lambda inner: st.one_of(
        inner.map("not {}".format),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda parts: "({} {} {})".format(*parts)
        ),
    ),
    max_leaves=6,
)


def completions(answers: dict[str, bool]) -> list[dict[str, bool]]:
    open_names = [name for name in "abc" if name not in answers]
    return [
        {**answers, **dict(zip(open_names, values, strict=True))}
        for values in product([True, False], repeat=len(open_names))
    ]


@given(expressions, st.dictionaries(st.sampled_from("abc"), st.booleans()))
def test_a_determined_value_holds_for_every_completion_of_the_answers(text: str, answers):
    value = truth(parse(text), answers)
    possible = {eval(text, dict(complete)) for complete in completions(answers)}
    if value is not None:
        assert possible == {value}


LEVELS = {False: 0.0, None: 0.5, True: 1.0}


def level(node: ast.AST, answers: dict[str, bool]) -> float:
    """The value between no and yes: `and` is the least of its parts, `or` the greatest."""
    match node:
        case ast.Name(id=name):
            return LEVELS[answers.get(name)]
        case ast.UnaryOp(operand=part):
            return 1 - level(part, answers)
        case ast.BoolOp(op=ast.And(), values=parts):
            return min(level(part, answers) for part in parts)
        case ast.BoolOp(values=parts):
            return max(level(part, answers) for part in parts)
    raise AssertionError(node)


@given(expressions, st.dictionaries(st.sampled_from("abc"), st.booleans()))
def test_a_value_is_known_as_soon_as_its_parts_decide_it(text: str, answers):
    expected = level(ast.parse(text, mode="eval").body, answers)
    assert LEVELS[truth(parse(text), answers)] == expected


@given(expressions, st.fixed_dictionaries({name: st.booleans() for name in "abc"}))
def test_all_answers_together_determine_every_expression(text: str, answers):
    assert truth(parse(text), answers) is eval(text, dict(answers))


@pytest.mark.parametrize(
    ("text", "answers", "value"),
    [
        ("a and b", {"a": False}, False),
        ("a and b", {"a": True}, None),
        ("a or b", {"b": True}, True),
        ("a or b", {"b": False}, None),
        ("not a", {}, None),
        ("a or b and c", {"b": True, "c": True}, True),
        ("!a ^ b", {"a": False, "b": True}, True),
        ("a v b", {"a": False, "b": False}, False),
        (" a ", {"a": True}, True),
    ],
)
def test_truth_by_example(text: str, answers: dict[str, bool], value: bool | None):
    assert truth(parse(text), answers) is value


def test_names_lists_every_guard_mentioned():
    assert sorted(names(parse("a and not (b or a)"))) == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a == b", "Compare"),
        ("a()", "Call"),
        ("True", "Constant"),
        ("a.b", "Attribute"),
        ("-a", "USub"),
        ("a if b else c", "IfExp"),
        ("a and", "not an expression"),
        ("", "not an expression"),
    ],
)
def test_parse_rejects_anything_but_names_and_or_not(text: str, found: str):
    with pytest.raises(NotAnExpressionError, match=found):
        parse(text)
