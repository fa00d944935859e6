"""The example that plays test paths against a service: it passes, and finds planted faults."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = runpy.run_path(
    str(Path(__file__).parents[2] / "docs" / "examples" / "path_tests.py"), run_name="path_tests"
)
RentalService, PATHS, differences = (
    EXAMPLE["RentalService"],
    EXAMPLE["paths"](),
    EXAMPLE["differences"],
)


class KeepsCounting(RentalService):  # type: ignore[misc, valid-type]
    """Fault: adds up payments that come after the deposit."""

    def pay(self, amount: int) -> None:
        super().pay(amount)
        if self.state == "out":
            self.paid += amount


class RefundsAll(RentalService):  # type: ignore[misc, valid-type]
    """Fault: refunds the deposit of a damaged bicycle."""

    def give_back(self, damaged: bool) -> None:
        super().give_back(False)


class ForgetsParts(RentalService):  # type: ignore[misc, valid-type]
    """Fault: takes the last payment for the whole."""

    def pay(self, amount: int) -> None:
        self.paid = 0
        super().pay(amount)


def test_the_service_of_the_example_does_what_the_chart_says() -> None:
    assert len(PATHS) > 1
    assert [line for path in PATHS for line in differences(RentalService(), path)] == []


@pytest.mark.parametrize("faulty", [KeepsCounting, RefundsAll, ForgetsParts])
def test_the_paths_find_a_service_with_a_fault(faulty: type) -> None:
    assert [line for path in PATHS for line in differences(faulty(), path)]
