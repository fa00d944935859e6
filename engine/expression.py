"""Guard expressions: names joined by ``and``, ``or``, ``not``, and nothing else.

python-statemachine evaluates the conditions of transitions itself. Here they
are only read: to refuse what is not a question to guards (comparisons, calls,
constants), and to tell whether the answers known on a leaf make an expression
true, where some of its guards may never have been asked.
"""

import ast
from collections.abc import Iterator, Mapping

from statemachine.spec_parser import replace_operators

Expression = ast.expr
"""A guard expression that :func:`parse` has let through."""


class NotAnExpressionError(ValueError):
    """The text is not names joined by ``and``, ``or`` and ``not``."""


def parse(text: str) -> Expression:
    """The expression as a syntax tree of names, ``and``, ``or`` and ``not`` only.

    Raises:
        NotAnExpressionError: anything else is in it; the message says what.
    """
    try:
        # The library also takes `!`, `^` and `v`.
        tree = ast.parse(replace_operators(text).strip(), mode="eval").body
    except SyntaxError as error:
        raise NotAnExpressionError(f"it is not an expression ({error.msg})") from error
    for node in ast.walk(tree):
        if not isinstance(
            node,
            (ast.BoolOp, ast.boolop, ast.UnaryOp, ast.Not, ast.Name, ast.expr_context),
        ):
            raise NotAnExpressionError(f"it has a {type(node).__name__}")
    return tree


def names(expression: Expression) -> Iterator[str]:
    """The guards that the expression names."""
    return (node.id for node in ast.walk(expression) if isinstance(node, ast.Name))


def truth(expression: Expression, answers: Mapping[str, bool]) -> bool | None:
    """True or false as far as the answers determine it, else None (Kleene's three values)."""
    match expression:
        case ast.Name(id=name):
            return answers.get(name)
        case ast.UnaryOp(operand=operand):
            value = truth(operand, answers)
            return None if value is None else not value
        case ast.BoolOp(op=operator, values=parts):
            # `or` is decided by one true part, `and` by one false part.
            decisive = isinstance(operator, ast.Or)
            values = [truth(part, answers) for part in parts]
            if decisive in values:
                return decisive
            return None if None in values else not decisive
    raise AssertionError(expression)  # parse() lets nothing else through
