"""The page of reliability has every fault, as it is declared, and holds what it promises."""

from dataclasses import replace

import pytest

from .declared import FAULTS
from .fault import Fault, Layout
from .measure import RECOVERS_WITHIN, Row, longest_outage
from .page import PAGE, described, introduction, measured, render
from .sender import Sent

STALE = "docs/reliability.md is stale. Run: python -m tests.reliability --write"


def test_the_page_names_each_declared_fault_and_no_other() -> None:
    rows = [(row["name"], row["text"]) for row in measured(PAGE.read_text("utf-8"))]
    declared = [
        (fault.name, described(fault))
        for layout in Layout
        for fault in FAULTS
        if fault.layout is layout
    ]
    assert rows == declared, STALE


def test_the_page_begins_as_the_script_writes_it() -> None:
    assert PAGE.read_text("utf-8").startswith(introduction() + "\n"), STALE


@pytest.mark.parametrize("row", [*measured(PAGE.read_text("utf-8"))], ids=lambda row: row["name"])
def test_each_row_holds_what_the_page_promises(row: dict[str, str]) -> None:
    assert (row["lost"], row["doubled"]) == ("0", "0")
    assert row["sent"] == row["answered"] != "0"
    assert float(row["recovery"]) <= RECOVERS_WITHIN


def test_names_are_unique() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)


def row_of(fault: Fault) -> Row:
    return Row(fault, 2, 30, 30, 0, 0, 1, 0.25, 1.5, [])


def test_a_page_is_read_as_it_is_written() -> None:
    page = render([row_of(fault) for fault in FAULTS], "Measured here.")
    rows = list(measured(page))
    assert {row["name"] for row in rows} == {fault.name for fault in FAULTS}
    assert [rows[0][key] for key in ("sent", "repeated", "recovery")] == ["30", "1", "1.5"]


def test_a_page_keeps_the_rows_that_are_not_measured_again() -> None:
    first, *others = FAULTS
    page = render([row_of(fault) for fault in FAULTS], "Measured here.")
    again = render([replace(row_of(first), sent=77)], "Measured here.", page)
    assert [row["sent"] for row in measured(again)] == ["77", *["30"] * len(others)]
    with pytest.raises(ValueError, match=f"not measured: {first.name}"):
        render([row_of(fault) for fault in others], "Measured here.")


def sent(first_at: float, answered_at: float | None) -> Sent:
    return Sent(f"evt_{first_at}", "type", first_at, answered_at)


@pytest.mark.parametrize(
    ("record", "longest"),
    [
        ([(0, 0.1), (5, 5.1)], 0.1),
        ([(0, 0.1), (1, 4.0), (2, 4.5)], 3.0),
        ([(0, 9.0), (1, 1.1), (2, 2.1), (8, 8.2)], 6.1),
        ([], 0.0),
    ],
    ids=["nothing waited between", "two waited", "one waited throughout", "nothing was sent"],
)
def test_an_outage_is_a_time_without_answers_while_a_webhook_waits(
    record: list[tuple[float, float]], longest: float
) -> None:
    assert longest_outage([sent(*each) for each in record]) == pytest.approx(longest)
