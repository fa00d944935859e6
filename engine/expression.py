"""Guard expressions: names joined by ``and``, ``or``, ``not``, and nothing else.

python-statemachine evaluates the conditions of transitions itself. This module only reads them:
to reject what does not ask guards (comparisons, calls, constants), and to tell whether the
answers known at a leaf make an expression true, where some of its guards were not asked.
"""

import ast
from collections.abc import Iterator, Mapping

from .library.structure import python_operators

Expression = ast.expr
"""A guard expression that :func:`parse` accepts."""


class NotAnExpressionError(ValueError):
    """The text is not names joined by ``and``, ``or`` and ``not``."""


def parse(text: str) -> Expression:
    """The expression as a syntax tree of names, ``and``, ``or`` and ``not`` only.

    Raises:
        NotAnExpressionError: it contains anything else; the message says what.
    """
    try:
        # The library also accepts `!`, `^` and `v`.
        tree = ast.parse(python_operators(text), mode="eval").body
    except SyntaxError as error:
        raise NotAnExpressionError(f"it is not an expression ({error.msg})") from error
    for node in ast.walk(tree):
        if not isinstance(
            node,
            (ast.BoolOp, ast.boolop, ast.UnaryOp, ast.Not, ast.Name, ast.expr_context),
        ):
            raise NotAnExpressionError(f"it contains a {type(node).__name__}")
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
            # One true part decides `or`, one false part decides `and`.
            decisive = isinstance(operator, ast.Or)
            values = [truth(part, answers) for part in parts]
            if decisive in values:
                return decisive
            return None if None in values else not decisive
    raise AssertionError(expression)  # parse() accepts nothing else
