"""All changes that are tried: which operators make them, and where."""

import ast
import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider

from .edits import EDITS, Layout
from .places import excluded, operators

PREFIX = "ReplaceBinaryOperator_", "ReplaceComparisonOperator_", "ReplaceUnaryOperator_"

COSMIC_RAY = (
    *(
        f"ReplaceBinaryOperator_{pair}"
        for pair in (
            *("Add_Sub", "Sub_Add", "Mul_FloorDiv", "Div_Mul", "FloorDiv_Mul", "Mod_Mul"),
            *("Pow_Mul", "BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitOr"),
            *("LShift_RShift", "RShift_LShift"),
        )
    ),
    *(
        f"ReplaceComparisonOperator_{pair}"
        for pair in (
            *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
            *("Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
        )
    ),
    *("ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub"),
    *("AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("NumberReplacer", "ExceptionReplacer", "RemoveDecorator"),
)
"""Cosmic Ray's operators that are used. Of its 132 replacements of an arithmetic operator and 56 of
a comparison, those that a weak test might miss: the neighbour and the opposite. ``<`` that becomes
``==`` is noticed by whatever notices both, and would only raise the figure. The two that replace
variables draw numbers at random, so no run could be repeated."""

WITHOUT_EFFECT = frozenset(
    {"overload", "cache", "lru_cache", "final", "override", "abstractmethod"}
)
"""Decorators whose removal changes no result: they are for the type checker, or save time."""


@dataclass(frozen=True, order=True)
class Mutant:
    """One change of one file.

    Args:
        file: as a path from the top of the tree.
        line: where the change begins.
        operator: the name of what makes it.
        occurrence: which of the operator's places in the file, counted from 0.
    """

    file: str
    line: int
    operator: str
    occurrence: int

    @property
    def id(self) -> str:
        """Names the mutant on the command line, as long as its file stays the same."""
        return f"{self.file}:{self.operator}:{self.occurrence}"

    def as_json(self) -> dict[str, Any]:
        """What makes it."""
        return asdict(self)


@cache
def cosmic_ray_operator(name: str) -> Operator:
    """One of Cosmic Ray's operators."""
    operator: Operator = OperatorProvider()[name]()
    return operator


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Every mutant of a module that counts.

    Args:
        file: the module's path from the top.
        source: its text.
    """
    layout = Layout(source)
    barred, binary = excluded(layout), operators(layout)
    found = set()
    for name, edits in EDITS.items():
        for number, edit in enumerate(edits(layout)):
            if not any(start <= edit.start and edit.end <= end for start, end in barred):
                line = layout.source.count(b"\n", 0, edit.start) + 1
                found.add(Mutant(file, line, name, number))
    lines = source.splitlines()
    for name, number, (line, column) in _cosmic_ray(source):
        place = layout.at(line, len(lines[line - 1][:column].encode()))
        if any(start <= place < end for start, end in barred):
            continue
        if name.startswith("ReplaceBinary") and not any(a <= place < b for a, b in binary):
            continue
        if name == "RemoveDecorator" and _decorator(lines[line - 1]) in WITHOUT_EFFECT:
            continue
        found.add(Mutant(file, line, name, number))
    return sorted(found)


def _cosmic_ray(source: str) -> Iterator[tuple[str, int, tuple[int, int]]]:
    counts = dict.fromkeys(COSMIC_RAY, 0)
    for node in ast_nodes(get_ast(source)):
        for name in COSMIC_RAY:
            for start, _ in cosmic_ray_operator(name).mutation_positions(node):
                yield name, counts[name], start
                counts[name] += 1


def _decorator(line: str) -> str:
    return line.strip().removeprefix("@").partition("(")[0].rpartition(".")[2]


def changed(mutant: Mutant, source: str) -> str:
    """The text of a module with the mutant's change.

    Raises:
        ValueError: the text has no such place.
    """
    if mutant.operator not in EDITS:
        text: str | None = mutate_code(
            source, cosmic_ray_operator(mutant.operator), mutant.occurrence
        )
        if text is None:
            raise ValueError(f"{mutant.id} is no place of {mutant.file} as it is today")
        return text
    layout = Layout(source)
    for number, edit in enumerate(EDITS[mutant.operator](layout)):
        if number == mutant.occurrence:
            whole = layout.source
            return (whole[: edit.start] + edit.text.encode() + whole[edit.end :]).decode()
    raise ValueError(f"{mutant.id} is no place of {mutant.file} as it is today")


def difference(before: str, after: str) -> tuple[str, str]:
    """The lines that differ, as they were and as they are now, each without surplus space."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    was, now = (
        " ".join(line[2:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return was, now


def function_at(source: str, line: int) -> str:
    """The name of the function or class around a line, from the top of its module."""
    names: list[str] = []
    nodes: list[ast.AST] = [ast.parse(source)]
    while nodes:
        node = nodes.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef) and child.end_lineno is not None:
                first = min([child.lineno, *(each.lineno for each in child.decorator_list)])
                if first <= line <= child.end_lineno:
                    names.append(child.name)
                    nodes = [child]
                    break
            elif isinstance(child, ast.If | ast.Try | ast.With):
                nodes.append(child)
    return ".".join(names)


def digest(*texts: bytes) -> str:
    """Tells texts apart."""
    whole = hashlib.sha256()
    for text in texts:
        whole.update(hashlib.sha256(text).digest())
    return whole.hexdigest()[:16]


def read(root: Path, file: str) -> str:
    """The text of a module."""
    return (root / file).read_text(encoding="utf-8")
