"""Fuzzing, strategies of the caller's own: a misspelled key is found, and no value is silent."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st

from relink.engine.errors import ArgumentError
from relink.engine.fuzz import machine_test, payloads

from .lock import Dialed, Lock


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("Dialled.digit", "did you mean 'Dialed.digit'?"),
        ("Dialed.digitt", "did you mean 'Dialed.digit'?"),
        ("digitt", "did you mean 'digit'?"),
        ("weather", "name 'Event.field'"),
    ],
)
def test_a_key_of_no_field_is_refused(key: str, meant: str) -> None:
    with pytest.raises(ArgumentError, match="machine_test") as caught:
        machine_test(Lock, values={key: st.just(1)})
    assert key in str(caught.value)
    assert meant in str(caught.value)


@pytest.mark.parametrize("key", [Decimal, "digit"])
def test_a_value_that_is_no_strategy_is_refused(key: Any) -> None:
    given: Any = {key: [1, 2]}
    for refused in (lambda: machine_test(Lock, values=given), lambda: payloads(Dialed, given)):
        with pytest.raises(ArgumentError, match="give a Hypothesis strategy") as caught:
            refused()
        assert f"values[{key.__name__ if isinstance(key, type) else repr(key)}]" in str(
            caught.value
        )
