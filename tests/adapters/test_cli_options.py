"""Options that go together: what is given has an effect, or is refused before anything is done."""

import json
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import relink.adapters.cli as cli
from relink.adapters.cli.failures import UsageError
from relink.adapters.cli.options import CommandParser

IDLE: dict[str, list[tuple[str, str]]] = {
    "check": [
        ("--quick", "--only links"),
        ("--accounts 2", "--only links"),
        ("--list", "--scopes"),
        ("--list", "--jobs 2"),
        ("--scopes", "--depth 3"),
        ("--scopes", "--jobs 2"),
        ("--scopes", "--max-states 9"),
    ],
    "fuzz": [
        ("--system", "account"),
        ("--profile quick --examples 1", "--events 1"),
        ("--replay a.json", "account"),
        ("--replay a.json", "--system"),
        ("--replay a.json", "--profile quick"),
        ("--replay a.json", "--examples 1"),
        ("--replay a.json", "--events 1"),
        ("--replay a.json", "--seed 0"),
        ("--replay a.json", "-o b.json"),
    ],
    "serve": [
        ("--demo", "--log-level INFO"),
        ("--demo", "--behind-tls-proxy"),
        ("--demo", "--tls-cert a --tls-key b"),
        ("--tls-cert a", ""),
        ("--tls-key a", ""),
    ],
    "work": [("--metrics-host ::1", "")],
    "top": [("--once", "--every 2")],
    "explain": [("fca_1 --all", "--depth story"), ("fca_1 --json", "--diagram")],
    "demo": [("--all", "--depth story")],
    "dead-letters": [("--retry a", "--retry-all")],
}
"""Arguments that have no effect beside each other, or beside nothing."""

TOGETHER = [
    "check --quick --accounts 2 --faults 1 --depth 3 --jobs 1 --max-states 9",
    "check --scopes --only links --sessions 1",
    "fuzz account --profile deep --examples 1 --seed 3 -o a.json",
    "serve --demo --host ::1 --port 0",
    "serve --tls-cert a --tls-key b --behind-tls-proxy --log-level DEBUG",
    "work --metrics-port 1 --metrics-host ::1",
    "top --every 2 --database sqlite:///a.db",
    "explain fca_1 --depth story --diagram --database sqlite:///a.db",
]


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(command, f"{a} {b}") for command, pairs in IDLE.items() for a, b in pairs],
)
def test_an_argument_without_effect_is_refused(
    command: str, arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = cli.main([command, *arguments.split()])
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    line = err.splitlines()[-1]
    assert "has no effect" in line or "not allowed with" in line
    named = [part for part in arguments.split() if part.startswith("--")]
    assert any(part in line for part in named)


@pytest.mark.parametrize("line", TOGETHER)
def test_what_has_an_effect_is_accepted(line: str) -> None:
    command, *rest = line.split()
    assert cli.read([command, *rest]).command == command


# ── the three ways to say it ─────────────────────────────────────────────────

NAMES = ("--a", "--b", "--c", "--d", "PLACE")


def parser() -> CommandParser:
    made = CommandParser(prog="relink test")
    made.add_argument("place", nargs="?", metavar="PLACE")
    made.add_argument("-a", "--a", action="store_true")
    made.add_argument("--b", default="b")
    made.add_argument("--c", type=int, default=0)
    made.add_argument("--d")
    return made


def line(given: set[str]) -> list[str]:
    words = {"PLACE": ["x"], "--a": ["-a"], "--b": ["--b", "b"], "--c": ["--c", "0"]}
    return [word for name in sorted(given) for word in words.get(name, ["--d", ""])]


def refusal(made: CommandParser, given: set[str]) -> str | None:
    made.mark_defaults()
    try:
        made.checked(made.parse_args(line(given)))
    except UsageError as error:
        return str(error)
    return None


def every_choice() -> Iterator[set[str]]:
    for size in range(len(NAMES) + 1):
        yield from map(set, combinations(NAMES, size))


@pytest.mark.parametrize("given_", list(every_choice()), ids=lambda names: " ".join(sorted(names)))
def test_each_rule_refuses_exactly_what_it_says(given_: set[str]) -> None:
    """A value that equals the default was given all the same."""

    def refused(declare: Callable[[CommandParser], None]) -> bool:
        made = parser()
        declare(made)
        return refusal(made, given_) is not None

    assert refused(lambda made: made.needs("--a", "--b")) == (
        "--a" in given_ and "--b" not in given_
    )
    assert refused(lambda made: made.alone("--a", ["--b", "PLACE"])) == (
        "--a" in given_ and bool(given_ & {"--c", "--d"})
    )
    assert refused(lambda made: made.either("PLACE", "--c", "--d")) == (
        "PLACE" in given_ and bool(given_ & {"--c", "--d"})
    )


def test_an_option_that_comes_later_is_refused_beside_one_that_stands_alone() -> None:
    made = parser()
    made.alone("--a")
    made.add_argument("--later", action="store_true")
    made.mark_defaults()
    with pytest.raises(UsageError, match="--later has no effect beside --a"):
        made.checked(made.parse_args(["--a", "--later"]))


def test_a_rule_about_an_argument_that_does_not_exist_is_a_defect() -> None:
    made = parser()
    for declare in (
        lambda: made.needs("--a", "--missing"),
        lambda: made.alone("--missing"),
        lambda: made.either("--a", "--missing"),
    ):
        declare()
        with pytest.raises(ValueError, match="--missing"):
            made.mark_defaults()
        made._rules.clear()


@given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(["place", "a", "b", "c", "d"])))
def test_what_was_given_and_never_read_is_known(given_: set[str], read: set[str]) -> None:
    made = parser()
    made.mark_defaults()
    found = made.checked(made.parse_args(line(given_)))
    values = {name: getattr(found, name) for name in read}
    unread = {name.lstrip("-").lower() for name in given_} - read
    assert {name.lstrip("-").lower() for name in found.unread} == unread
    defaults = {"place": None, "a": False, "b": "b", "c": 0, "d": None}
    changed = {"place": "x", "a": True, "d": ""}
    for name, value in values.items():
        is_given = name in {each.lstrip("-").lower() for each in given_}
        assert value == (changed.get(name, defaults[name]) if is_given else defaults[name])


def test_what_a_command_forgets_is_said_when_it_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def add(parser: Any) -> None:
        parser.add_argument("--one", action="store_true")
        parser.add_argument("--two")

    forgetful = SimpleNamespace(add=add, run=lambda arguments: 0 if arguments.one else 1)
    monkeypatch.setattr(cli, "_module", lambda name: forgetful)
    assert cli.main(["table", "--one"]) == 0
    assert capsys.readouterr().err == ""
    assert cli.main(["table", "--one", "--two", "2"]) == 0
    assert capsys.readouterr().err == "relink table: --two had no effect\n"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("check --lis", "relink check: error: it has no argument '--lis'. Did you mean '--list'?"),
        ("check --quik=2", "it has no argument '--quik=2'. Did you mean '--quick'?"),
        ("status x", "relink status: error: it has no argument 'x'"),
        ("serve --host=", "argument --host: it must be a name or an address"),
        ("work --metrics-port 1 --metrics-host=", "argument --metrics-host: it must be a name or"),
    ],
)
def test_an_argument_that_does_not_exist_or_is_empty_is_named(
    line: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options have no short forms: what they mean would change with each option that is added."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(line.split())
    assert stopped.value.code == 2
    assert says in capsys.readouterr().err


def test_an_error_that_repeats_what_was_given_cannot_command_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    there = ["--database", "sqlite:///there.db"]
    assert cli.main(["migrate", *there]) == 0
    assert cli.main(["explain", "fca_\x1b[31mred\u202e", *there]) == 2
    assert capsys.readouterr().err.endswith("no decisions about fca_\ufffd[31mred\ufffd\n")


# ── the database ─────────────────────────────────────────────────────────────

OF_A_DATABASE = ("status", "top", "replay", "reconcile", "dead-letters", "migrate", "explain fca_1")


@pytest.mark.parametrize("command", [*OF_A_DATABASE, "backup x", "restore x"])
@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "--database is invalid: it must be the URL of a database"),
        (" ", "--database is empty"),
        ("postgresql://127.0.0.1:9/x", "of --database"),
        ("sqlite:///folder", "folder"),
    ],
)
def test_an_error_names_the_option_that_gave_the_database(
    command: str,
    url: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELINK_DATABASE_URL", "postgresql://elsewhere/x")
    code = cli.main([*command.split(), "--database", url])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert "RELINK_DATABASE_URL" not in err
    if "postgresql" in url and command.split()[0] in ("backup", "restore"):
        says = "the database is PostgreSQL, and this is for SQLite"
    assert says in err


def test_status_shows_the_database_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELINK_DATABASE_URL", raising=False)
    there = ["--database", "sqlite:///there.db"]
    assert cli.main(["migrate", *there]) == 0
    assert cli.main(["backup", "copy.db", *there]) == 0
    assert cli.main(["restore", "copy.db", "--database", "sqlite:///other.db"]) == 0
    capsys.readouterr()
    assert cli.main(["status", "--json", "--database", "sqlite:///other.db"]) == 0
    assert json.loads(capsys.readouterr().out)["accounts"] == {}
    assert cli.main(["status"]) == 2
    assert sorted(each.name for each in tmp_path.glob("*.db")) == [
        "copy.db",
        "other.db",
        "there.db",
    ]


@pytest.mark.parametrize(
    "command",
    [
        "backup",
        "demo --folder",
        "diagram account -o",
        "fuzz -o",
        "fuzz --replay",
        "restore",
        "serve --tls-cert",
        "simulate --world --state",
    ],
)
def test_an_empty_name_of_a_file_is_refused(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would be the current folder."""
    with pytest.raises(SystemExit):
        cli.main([*command.split(), ""])
    assert "it must be the name of a file or a folder" in capsys.readouterr().err


@pytest.mark.parametrize("rate", ["", "x", "nan", "inf", "-0.1", "0.2"])
def test_a_rate_of_faults_out_of_range_is_refused(
    rate: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["simulate", f"--faults={rate}"]) == 2
    assert f"{rate!r} is no probability: give a number from 0 to 0.125." in capsys.readouterr().err
