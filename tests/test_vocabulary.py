"""Terms that relink no longer uses stay out of the tree; each finding names the term to use.

The changelog may use them.
"""

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

NAMES = {
    "Word": "StatusReport",
    r"Heard\w*": "Reported…",
    r"heard_\w+": "reported_…",
    "happened": "trigger",
    "Happening": "DomainEvent",
    "HearingFacts": "FreshnessFacts",
    "is_older": "is_stale",
    "is_doubtful": "is_ambiguous",
    "occasion": "dedup_key",
    "Noted": "last_reported",
    "held_since": "first_seen_at",
    "foresight": "lock set",
    "Instrument": "Probe",
    "inert_self": "sealed_self",
    "refuse_unsound": "validate",
    "Arrival": "InboxMessage",
    "Closing": "Completion",
    "Duty": "PeriodicTask",
    "SharedPace": "SharedRateLimits",
    "LocalPace": "LocalRateLimits",
    "WaitingGateway": "RetryingGateway",
}
"""Retired identifiers, as patterns, and their successors."""

PHRASES = {
    "how-manieth": "attempt number, generation",
    "in whose stead": "on behalf of",
    "nobody foresaw": "unexpected",
    "is not to be had": "is not available",
    "Stripe's word": "Stripe's report",
    "told of": "notified of, reports",
}
"""Turns of phrase that readers stumbled over, and what to write."""

ELSEWHERE = {
    "CHANGELOG.md",
    "tests/test_vocabulary.py",
}
"""Files that speak of earlier releases."""


def test_no_retired_term_is_used() -> None:
    found = [
        f"{path}:{line}: {term!r}, use {NEW[term]!r}"
        for path, text in tracked()
        for line, term in sorted(findings(path, text))
    ]
    assert not found, "\n".join(["retired terms", *found])


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("a.py", "Word = 1", "Word"),
        ("a.py", "x = 'heard_active'", r"heard_\w+"),
        ("a.py", "# see `Arrival`", "Arrival"),
        ("a.py", "# what happened before, word by word", None),
        ("a.py", '"""\nIt was\ntold of it."""', "told of"),
        ("a.md", "Word has it. See `occasion`.", "occasion"),
        ("a.md", "Closing an account; an is_older report", "is_older"),
        ("a.svg", "<text>HeardActive</text>", r"Heard\w*"),
        ("a.md", "`cause` is a field of Stripe's", None),
    ],
)
def test_a_term_is_found_in_code_and_not_in_prose(path: str, text: str, found: str | None) -> None:
    assert {term for _, term in findings(path, text)} == ({found} if found else set())


NEW = NAMES | PHRASES
ONE_NAME = re.compile("|".join(f"(?P<t{n}>{pattern})" for n, pattern in enumerate(NAMES)))
CODE = re.compile(r"`([^`\n]+)`")
CODE_LIKE = re.compile(r"\b(?:[A-Za-z0-9]+_\w+|_\w+|[A-Za-z]*[a-z][A-Z]\w*)\b")
"""A word that prose would not have: with an underscore, or a capital within."""


def tracked() -> Iterator[tuple[str, str]]:
    """The text files of the repository, by path."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for path in filter(None, listed.split("\0")):
        file = ROOT / path
        if path not in ELSEWHERE and file.is_file() and b"\0" not in (whole := file.read_bytes()):
            yield path, whole.decode()


def findings(path: str, text: str) -> set[tuple[int, str]]:
    """Lines and retired terms of a file."""
    found = set()
    for line, name in names(path, text):
        if match := ONE_NAME.fullmatch(name):
            found.add((line, list(NAMES)[int(str(match.lastgroup)[1:])]))
    for phrase in PHRASES:
        for match in re.finditer(r"\s+".join(phrase.split()), text):
            found.add((text.count("\n", 0, match.start()) + 1, phrase))
    return found


def names(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Everything in a file that is an identifier, and its line."""
    if not path.endswith(".py"):
        yield from names_in_prose(text, 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        line = token.start[0]
        if token.type == tokenize.NAME:
            yield line, token.string
        elif token.type in (tokenize.STRING, tokenize.COMMENT):
            yield line, token.string.strip("\"'")
            yield from names_in_prose(token.string, line)


def names_in_prose(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Words between backticks, and those that look like code."""
    for number, line in enumerate(text.splitlines(), first):
        for span in CODE.findall(line):
            yield from ((number, word) for word in re.findall(r"\w+", span))
        yield from ((number, word) for word in CODE_LIKE.findall(line))
