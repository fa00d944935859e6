"""The runbook's tables: what relink says when something is wrong, what it means, what to do.

What the code declares as data is taken from there. Log lines and the failures of commands are found
in the source; docs/runbook.toml says for each what it means and what to do. A message without an
entry is an error, and so is an entry without a message.
"""

import ast
import functools
import inspect
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

from relink.adapters.doctor.problem import Problem
from relink.adapters.http.problems import KINDS
from relink.adapters.runner.stuck import CURES
from relink.adapters.store import meaning

ROOT = Path(__file__).resolve().parent.parent

FAILURES = {
    *("UsageError", "SettingsError", "GatewayConfigurationError", "PngError", "InUseError"),
    *("SchemaBehindError", "SchemaAheadError", "ForeignSchemaError", "DatabaseFileError"),
    "BackupError",
}
"""The errors that end a command with one line."""

OTHERS = {
    "adapters/http/server.py": {"ValueError"},
    "adapters/cli/listening.py": {"kind"},
}
"""Names that mean such an error in one file only."""

ROUTINE = {"DEBUG", "INFO"}
"""Levels at which nothing is wrong."""


def runbook(present: str) -> str:
    """The page, with its tables replaced.

    Raises:
        ValueError: a message has no entry, or an entry no message.
    """
    told = tomllib.loads((ROOT / "docs" / "runbook.toml").read_text())
    for heading, rows in (
        ("Answers of the API", list(_problems())),
        ("The database", list(_meanings())),
        ("Stuck commands", [f"| `{code}` | {_code(cure)}. |" for code, cure in CURES.items()]),
        ("Failures of commands", list(_told(told["failures"], failures(), "failures"))),
        ("Findings of the doctor", list(_findings())),
        ("Lines of the log", list(_told(told["log"], log_lines(), "lines of the log"))),
    ):
        table = re.compile(rf"(\n### {heading}\n(?:(?!\|---).*\n)*\|---.*\n)(?:\|.*\n)*")
        if not table.search(present):
            raise ValueError(f"the runbook has no section {heading!r}")
        text = "".join(f"{row}\n" for row in rows)
        present = table.sub(lambda found, text=text: found[1] + text, present, count=1)
    return present


def _problems() -> Iterator[str]:
    for kind in sorted(KINDS, key=lambda kind: kind.status):
        yield f"| {kind.status} `{kind.slug}` | {kind.title} | {_code(kind.cure)} |"


def _meanings() -> Iterator[str]:
    said = dict(_described(meaning, "Meaning"))
    for each, treatment in meaning.TREATMENTS.items():
        says = f"`{each.value}`: {treatment.sentence}"
        yield f"| {says} | {said[each.name]} | {_code(treatment.cure)} |"


def _described(module: ModuleType, name: str) -> Iterator[tuple[str, str]]:
    """The members of an enum, with the text below each."""
    body = ast.parse(inspect.getsource(module)).body
    (found,) = (node for node in body if isinstance(node, ast.ClassDef) and node.name == name)
    for node, below in pairwise(found.body):
        match node, below:
            case (
                ast.Assign(targets=[ast.Name(id=member)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield member, " ".join(text.split())


def _findings() -> Iterator[str]:
    for problem in Problem:
        if problem.value[1] == "{detail}":
            continue  # the database's own
        subject, detail, cure = (re.sub(r"\{.*?\}", "…", text) for text in problem.value)
        yield f"| {_code(f'{subject} {detail}')} | {_code(cure)} |"


def _told(entries: dict[str, list[str]], found: set[str], what: str) -> Iterator[str]:
    if odd := sorted(entries.keys() ^ found):
        listed = "\n  ".join(odd)
        raise ValueError(f"{what} in the code and in docs/runbook.toml differ:\n  {listed}")
    for message, (means, cure) in sorted(entries.items(), key=lambda entry: entry[0].lstrip("… ")):
        yield f"| {_cell(message)} | {means} | {cure} |"


# ── messages in the source ───────────────────────────────────────────────────


def failures() -> set[str]:
    """What commands say when they fail, with … for each value."""
    return {
        text
        for file, node in _calls()
        if isinstance(node.func, ast.Name)
        and node.func.id in FAILURES | OTHERS.get(str(file.relative_to(ROOT)), set())
        and (text := _template(node.args[:1]))
    }


def log_lines() -> set[str]:
    """What relink logs as a warning or an error, with … for each value."""
    found = set()
    for _, node in _calls():
        match node.func:
            case ast.Attribute(value=ast.Name("log"), attr=level):
                at = 0
                if level == "log":
                    named = ast.walk(node.args[0])
                    levels = {each.attr for each in named if isinstance(each, ast.Attribute)}
                    level, at = "info" if levels and levels <= ROUTINE else "warning", 1
                if level in ("warning", "error", "exception", "critical"):
                    found.add(_template(node.args[at : at + 1]))
    return found


@functools.cache
def _calls() -> list[tuple[Path, ast.Call]]:
    """Every call in the adapters, with its file."""
    return [
        (file, node)
        for file in sorted((ROOT / "adapters").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
    ]


def _template(arguments: list[ast.expr]) -> str:
    """A text with … for each value; empty where it is no text."""
    match arguments:
        case [ast.Constant(value=str(text))]:
            return re.sub(r"%[-+ #0]*[\d,.]*[a-z]", "…", text)
        case [ast.JoinedStr(values=parts)]:
            return "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in parts)
    return ""


# ── cells ────────────────────────────────────────────────────────────────────

NAME = re.compile(
    r"(?<![`\w./-])((?:RELINK|STRIPE)_[A-Z_]+|relink (?:migrate|doctor|status|import|serve|work)\b"
    r"|/healthz|(?:POST|GET) /[\w/{}-]+|X-Request-Id|max_connections|TMPDIR)(?![`\w])"
)


def _code(text: str) -> str:
    """Names of settings, commands and paths as code."""
    return _cell(NAME.sub(r"`\1`", text))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
