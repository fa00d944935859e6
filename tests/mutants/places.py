"""Where a change would prove nothing, so that none is made there.

Annotations and unions of types are for the type checker. What is raised, apart from its class, is
text for people; a statement that raises is dropped as a whole instead, unless it says that nothing
reaches it; the ``strict`` of ``zip`` asserts that lengths are equal. ``slots`` and ``defer_build``
save memory and time. The compiled tables are generated from the charts. Only bytes, not lines, are
compared: half of a line may count.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from .edits import Layout

FOLDERS = ("engine", "machines")
GENERATED = "machines/compiled/"

UNREACHABLE = frozenset({"AssertionError", "NotImplementedError"})
"""Whoever raises these says that nothing comes there, or that a subclass replaces it."""

Span = tuple[int, int]


def files(root: Path, paths: tuple[str, ...] = ()) -> list[str]:
    """The files that are mutated, as paths from the top of a tree.

    Args:
        root: the top.
        paths: files or folders; all that counts if there are none.

    Raises:
        ValueError: a path holds no code that is mutated.
    """
    found = []
    for path in paths or FOLDERS:
        below = [root / path] if path.endswith(".py") else sorted((root / path).rglob("*.py"))
        names = [str(file.relative_to(root)) for file in below if file.is_file()]
        counted = [
            name
            for name in names
            if name.split("/")[0] in FOLDERS and not name.startswith(GENERATED)
        ]
        if not counted:
            raise ValueError(
                f"{path!r} holds no code to mutate: name a file or folder of "
                f"{' or '.join(FOLDERS)}, as a path from the top"
            )
        found += counted
    return list(dict.fromkeys(found))


def excluded(layout: Layout) -> list[Span]:
    """The parts of a module that are not mutated."""
    return [layout.span(node) for node in _excluded(layout.tree)]


def operators(layout: Layout) -> list[Span]:
    """Where an operator between two values stands; elsewhere ``|`` and ``*`` are something else."""
    return [
        (layout.span(node.left)[1], layout.span(node.right)[0])
        for node in ast.walk(layout.tree)
        if isinstance(node, ast.BinOp) and not _is_type_union(node)
    ] + [
        (layout.span(node.target)[1], layout.span(node.value)[0])
        for node in ast.walk(layout.tree)
        if isinstance(node, ast.AugAssign)
    ]


def _excluded(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name))) if (
                name in UNREACHABLE
            ):
                yield node
            case ast.arg(annotation=ast.expr() as annotation):
                yield annotation
            case ast.FunctionDef(returns=ast.expr() as annotation):
                yield annotation
            case ast.AnnAssign(annotation=annotation):
                yield annotation
            case ast.Raise(exc=ast.Call(args=arguments, keywords=keywords)):
                yield from arguments
                yield from keywords
            case ast.keyword(arg="slots" | "defer_build"):
                yield node
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield node
            case ast.Call(func=ast.Name(id="zip"), keywords=[ast.keyword(arg="strict") as strict]):
                yield strict
            case ast.Call(func=ast.Name(id="cast" | "TypeVar" | "assert_never")):
                yield node


def _is_type_union(node: ast.expr) -> bool:
    """Whether ``a | b`` is a type: each side is None, a class by its name, or such a union."""
    match node:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_type_union(left) and _is_type_union(right)
        case ast.Constant(value=None):
            return True
        case ast.Subscript(value=value):
            return _is_type_union(value)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in {"str", "int", "float", "bool", "type", "list", "tuple", "dict"} or (
                name.lstrip("_")[:1].isupper() and not name.isupper()
            )
    return False
