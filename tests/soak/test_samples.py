"""When a process counts as grown."""

import os

import pytest

from .samples import Samples, slope_of, thirds


def samples(memory: list[float], files: list[float]) -> Samples:
    return Samples("serve", 1, [5.0 * n for n in range(len(memory))], memory, files)


@pytest.mark.parametrize(
    ("memory", "files", "grown"),
    [
        ([100.0] * 9, [20.0] * 9, []),
        ([100.0] * 6 + [119.0] * 3, [20.0] * 9, []),
        ([100.0] * 6 + [121.0] * 3, [20.0] * 9, ["serve: memory grew from 100.0 to 121.0 MB"]),
        ([100.0] * 9, [20.0] * 3 + [90.0] + [20.0] * 5, []),
        ([100.0] * 9, [20.0] * 6 + [29.0] * 3, ["serve: open files grew from 20 to 29"]),
    ],
)
def test_growth_is_a_higher_median(
    memory: list[float], files: list[float], grown: list[str]
) -> None:
    assert samples(memory, files).growth == grown


def test_the_trend_is_of_the_last_two_thirds() -> None:
    at = [float(n) for n in range(9)]
    assert slope_of(at, [0, 50, 100, 100, 102, 104, 106, 108, 110]) == pytest.approx(2, rel=0.05)
    assert thirds([1, 2, 3, 4, 5, 6, 7]) == ([1, 2], [6, 7])


def test_a_process_is_looked_at_as_it_is() -> None:
    own = Samples("this", os.getpid())
    own.take(0)
    assert own.memory[0] > 10
    assert own.files[0] >= 3
    assert "this" in str(own)
