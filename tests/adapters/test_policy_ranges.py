"""Whatever policy is in its ranges, everything else bears it: nothing fails later on."""

from pathlib import Path
from typing import Any

import pytest

from relink.machines import RelinkPolicy

from ..rig import Rig, SimulatedStripe, new_sqlite


def at_the(end: str) -> RelinkPolicy:
    """A policy with each number at one end of its range."""
    found: dict[str, Any] = {}
    for name, schema in RelinkPolicy.model_json_schema()["properties"].items():
        if end in schema:
            found[name] = schema[end]
        elif end in schema.get("items", {}):
            many, outermost = schema["maxItems"], schema["items"][end]
            step = -1 if end == "maximum" else 1
            found[name] = sorted(outermost + step * n for n in range(many))
    assert {"attempts", "reminders", "session_open_for"} <= found.keys()
    return RelinkPolicy(**found)


@pytest.mark.parametrize("end", ["minimum", "maximum"])
def test_an_account_is_broken_and_relinked_under_it(end: str, tmp_path: Path) -> None:
    with Rig(SimulatedStripe(), new_sqlite(tmp_path), policy=at_the(end)) as rig:
        account = rig.broken()
        assert rig.state(account) == "inactive_relinkable"
        session = rig.service.request_relink(account)
        rig.sim.customer(session.id).choose_expected()
        rig.settle()
        assert rig.state(account) == "active"
        assert not rig.store.dead_letters()
