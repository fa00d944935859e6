"""Changes that Cosmic Ray does not make, and on which much of this code hangs.

Charts are declared with keyword arguments (``cond``, ``on``, ``when``), facts and events are made
with them, effects are statements, guards return a truth, and closed types are matched case by case.
So a keyword argument, a statement, a case or a filter is dropped, and a truth is turned round.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple


class Edit(NamedTuple):
    """Text that takes the place of a part of a file.

    Args:
        start: where the part begins, in bytes.
        end: where it ends.
        text: what takes its place.
    """

    start: int
    end: int
    text: str


class Layout:
    """Where the nodes of a module stand in its text."""

    def __init__(self, source: str) -> None:
        self.source = source.encode()
        self.tree = ast.parse(source)
        self._lines = [0]
        for line in self.source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def at(self, line: int, column: int) -> int:
        """The place of a line, counted from 1, and a column in bytes."""
        return self._lines[line - 1] + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends."""
        assert isinstance(node, ast.expr | ast.stmt | ast.keyword | ast.pattern | ast.arg)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.at(node.lineno, node.col_offset)
        return start, self.at(node.end_lineno, node.end_col_offset)

    def text(self, node: ast.AST) -> str:
        """A node as it is written."""
        start, end = self.span(node)
        return self.source[start:end].decode()


PROSE = frozenset({"because", "description", "message", "help"})
"""Keyword arguments that hold sentences for people."""


def dropped_keyword(layout: Layout) -> Iterator[Edit]:
    """Leave a keyword argument out: ``stays(open, event="pushed", **{})``."""
    for node in ast.walk(layout.tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg is not None and keyword.arg not in PROSE:
                    yield Edit(*layout.span(keyword), "**{}")


def dropped_statement(layout: Layout) -> Iterator[Edit]:
    """Leave out what a statement does: a call, a raise, an assignment to a part of something."""
    for node in ast.walk(layout.tree):
        match node:
            case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()):
                yield Edit(*layout.span(node), "pass")
            case ast.Raise() | ast.AugAssign() | ast.Delete():
                yield Edit(*layout.span(node), "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield Edit(*layout.span(node), "pass")


def dropped_filter(layout: Layout) -> Iterator[Edit]:
    """Let everything through a comprehension's ``if``."""
    for node in ast.walk(layout.tree):
        if isinstance(node, ast.comprehension):
            for condition in node.ifs:
                yield Edit(*layout.span(condition), "True")


def dropped_case(layout: Layout) -> Iterator[Edit]:
    """Never take a case, except where it says that it can't be reached."""
    for node in ast.walk(layout.tree):
        if not isinstance(node, ast.match_case) or _is_unreachable(node.body[0]):
            continue
        if node.guard is not None:
            yield Edit(*layout.span(node.guard), "False")
        else:
            _, end = layout.span(node.pattern)
            colon = layout.source.index(b":", end)
            yield Edit(colon, colon, " if False")


def _is_unreachable(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id="assert_never"))):
            return True
    return False


def inverted_membership(layout: Layout) -> Iterator[Edit]:
    """``in`` instead of ``not in``, and the reverse."""
    for node in ast.walk(layout.tree):
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            for operator, left, right in zip(node.ops, operands, operands[1:], strict=False):
                if isinstance(operator, ast.In | ast.NotIn):
                    between = layout.span(left)[1], layout.span(right)[0]
                    written = layout.source[slice(*between)].decode()
                    was, becomes = ("not in", "in"), ("in", "not in")
                    old, new = becomes if isinstance(operator, ast.In) else was
                    yield Edit(*between, written.replace(old, new, 1))


def inverted_answer(layout: Layout) -> Iterator[Edit]:
    """A function that says yes or no says the opposite.

    A comparison, ``not``, ``and`` and ``or`` are left to Cosmic Ray, which changes each of them.
    """
    for function in ast.walk(layout.tree):
        if isinstance(function, ast.FunctionDef) and _is_bool(function.returns):
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and isinstance(
                    node.value, ast.Attribute | ast.Name | ast.Call | ast.Subscript
                ):
                    text = f"not ({layout.text(node.value)})"
                    yield Edit(*layout.span(node.value), text)


def _is_bool(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Name) and node.id == "bool"


EDITS = {
    function.__name__: function
    for function in (
        dropped_keyword,
        dropped_statement,
        dropped_filter,
        dropped_case,
        inverted_membership,
        inverted_answer,
    )
}
"""The operators of this module, by name."""
