"""What ``relink check`` prints, and how it ends."""

from multiprocessing import active_children

import pytest

from relink.adapters.checker import ONE_ACCOUNT, check_scopes, sentences
from relink.adapters.cli import main

SMALL = ("check", "--only", "quick: attempts", "--changes", "1")


def test_it_says_what_was_explored_and_that_everything_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*SMALL, "--jobs", "1"]) == 0
    scope, counted, holds = capsys.readouterr().out.splitlines()
    assert scope.startswith("quick: attempts")
    assert scope.endswith("all explored")
    assert " states, " in counted
    assert " transitions, depth " in counted
    assert holds == f"{len(sentences())} properties hold in every history within these bounds."


def test_two_processes_find_the_same_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for jobs in ("1", "2"):
        assert main([*SMALL, "--jobs", jobs]) == 0
        found.append(
            [line.rpartition(", ")[0] for line in capsys.readouterr().out.splitlines()[1:]]
        )
    assert found[0] == found[1]


def test_a_scope_that_is_too_large_ends_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--only", "links", "--max-states", "40", "--jobs", "1"]) == 2
    scope, _, message = capsys.readouterr().out.splitlines()
    assert scope.endswith("too large")
    assert "links has more states than --max-states allows" in message


def test_a_depth_bounds_what_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--only", "three: links", "--depth", "3", "--jobs", "1"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("within these bounds, up to this depth.")


def test_it_lists_properties_and_scopes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == sentences()
    assert main(["check", "--scopes", "--accounts", "2"]) == 0
    assert all(line.startswith("two: ") for line in capsys.readouterr().out.splitlines())


def test_an_unknown_scope_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--only", "nothing"]) == 2
    refusal = capsys.readouterr().err
    assert "there is no scope 'nothing'; the scopes are 'every kind, out of order'" in refusal


def test_nothing_to_check_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--quick", "--accounts", "3"]) == 2
    assert "no quick scope has 3 accounts; leave out --quick" in capsys.readouterr().err


def test_what_interrupts_a_check_ends_its_processes(capfd: pytest.CaptureFixture[str]) -> None:
    """As Ctrl-C does, and a counterexample of another scope."""
    before = set(active_children())

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(check_scopes(ONE_ACCOUNT, jobs=2, on_progress=interrupt))
    assert set(active_children()) == before
    assert capfd.readouterr() == ("", "")
