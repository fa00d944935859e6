"""How many transitions a second can be explored?

Breadth first from the account chart's first snapshot: every event of the walk in every snapshot
that was found, each snapshot looked up among those that are known. Snapshots are told apart by all
their facts, as JSON.
"""

import time
from collections import deque
from collections.abc import Iterator

from relink.engine import Snapshot, Table
from relink.machines.account import AccountChart
from relink.machines.account.facts import AccountFacts

from .measure import Line, take_turns
from .size import Size
from .walk import walk


def explored(table: Table, transitions: int) -> int:
    """Explore until so many transitions are known; how many snapshots were found."""
    events = [each.event for each in walk()]
    first = table.start(AccountFacts(id="fca_1")).snapshot
    known = {_key(first)}
    waiting = deque([first])
    taken = 0
    while waiting:
        snapshot = waiting.popleft()
        for event in events:
            found = table.decide(snapshot, event).snapshot
            if (key := _key(found)) not in known:
                known.add(key)
                waiting.append(found)
            taken += 1
            if taken == transitions:
                return len(known)
    return len(known)


def _key(snapshot: Snapshot[AccountFacts]) -> tuple[str, str]:
    return snapshot.state, snapshot.facts.model_dump_json()


def run(size: Size) -> Iterator[Line]:
    """Explore the same part of the graph in each round."""
    table = AccountChart.table()
    explored(table, size.explored)

    def reading() -> float:
        began = time.perf_counter()
        explored(table, size.explored)
        return size.explored / (time.perf_counter() - began)

    for readings in take_turns({"": reading}, size.runs, "explore").values():
        yield Line("explore", "the account chart", "transitions/s", tuple(readings))
