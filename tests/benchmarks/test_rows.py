"""Every row of the benchmarks runs, and its sides agree."""

from itertools import islice
from pathlib import Path

import pytest

from benchmarks import against, decide, ingest
from benchmarks.__main__ import ROWS
from benchmarks.measure import OURS, Line
from benchmarks.peers import by_xstate
from benchmarks.size import TINY, replace
from benchmarks.walk import walk


def measured(row: str) -> list[Line]:
    lines = list(ROWS[row](TINY))
    assert lines
    assert all(reading > 0 for line in lines for reading in line.readings)
    return lines


def test_every_means_takes_the_same_decisions() -> None:
    sides = {line.side for line in measured("decide")}
    xstate = {decide.XSTATE} if by_xstate.is_available() else set()
    assert sides == {*decide.PEERS, *xstate}


def test_a_side_that_decides_differently_is_named() -> None:
    questions = walk()
    outcomes = [question.outcome for question in questions]
    outcomes[3] = replace(outcomes[3], state="relinked")
    with pytest.raises(ValueError, match="other differs in step 3 of the walk, active --reported"):
        decide.check("other", outcomes, questions)


@pytest.mark.parametrize("row", ["step", "cold", "compile", "explore", "simulate", "memory"])
def test_a_row_is_measured(row: str) -> None:
    measured(row)


def test_webhooks_are_taken_by_relink_and_by_both_peers() -> None:
    lines = measured("ingest")
    rates = [line.side for line in lines if line.unit == "webhooks/s"]
    assert rates == 2 * [OURS, ingest.PLAIN, ingest.TUNED]


def test_relink_is_measured_with_few_and_many_accounts() -> None:
    sides = {line.side for line in measured("growth")}
    assert sides == {f"{accounts} accounts" for accounts in TINY.growth}


def test_a_storm_is_drained() -> None:
    assert [line.side for line in measured("storm")] == ["1 worker"]


def test_a_release_is_compared_with_another_one(tmp_path: Path) -> None:
    import sys

    (tmp_path / ".venv").symlink_to(sys.prefix)
    lines = list(islice(against.run(TINY, tmp_path), 4))
    assert [line.side for line in lines] == 2 * [OURS, against.OLD]


def test_a_release_without_an_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"against\.py says how to make it"):
        next(against.run(TINY, tmp_path))
