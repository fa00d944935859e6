"""The section on upgrades in docs/embedding.md: its code reads what the releases before stored."""

import re
from pathlib import Path
from typing import Any

from relink.engine import Codec, Event, Snapshot

PAGE = Path(__file__).parents[2] / "docs" / "embedding.md"


def declared() -> dict[str, Any]:
    """What the code of the section defines."""
    section = PAGE.read_text().partition("## Upgrades of charts")[2].partition("\n## ")[0]
    (source,) = re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)
    found: dict[str, Any] = {"__name__": __name__}
    exec(source, found)
    return found


def test_the_code_of_the_section_reads_what_earlier_releases_stored():
    found = declared()
    codec = Codec([found["Reminded"]], tables={"invoice": found["Invoice"].table()})
    stored: list[tuple[str, dict[str, Any], str, int]] = [
        ("sent", {"sum": 12.5, "note": "hello"}, "due", 1250),
        ("partly_paid", {"amount": 3}, "due", 300),
        ("closed", {"cents": 7}, "settled", 7),
        ("due", {}, "due", 0),
    ]
    for state, facts, now, cents in stored:
        written = {
            "machine": "invoice",
            "state": state,
            "version": 3,
            "facts": {"id": "i", **facts},
        }
        snapshot = codec.from_json(Snapshot, written)
        assert (snapshot.state, snapshot.facts.cents) == (now, cents)
    paid = codec.from_json(Event, {"name": "payed", "fields": {"amount": 0.35}})
    assert paid == found["Paid"](cents=35)
    reminded = codec.from_json(Event, {"name": "reminded", "fields": {"days": 3}})
    table = found["Invoice"].table()
    snapshot = Snapshot("due", found["InvoiceFacts"](id="i"))
    assert table.decide(snapshot, reminded).outcome == "ignored"
    assert table.decide(snapshot, paid).facts.cents == 35
