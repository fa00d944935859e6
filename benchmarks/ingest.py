"""How fast are webhooks taken, from their bytes to a commit that is on the disk?

Three servers on the same database, with the same durability (SQLite ``synchronous = FULL``,
PostgreSQL's defaults), each in a process and a database of its own:

- relink's application, which also decides, and keeps what it decided;
- a plain endpoint as people write it (:mod:`.servers.plain`), which only stores the event;
- one that is tuned as far as it goes (:mod:`.servers.tuned`), which only stores the event.

The webhooks come over open connections, one request after the other on each. Each is answered when
its commit is on the disk. CPU time is that of the server and the database together: a busy machine
distorts it less than the rate.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from .databases import DATABASES, Database
from .filling import fill
from .measure import OURS, Line, lines, say, take_turns
from .running import Server, started
from .size import Size

PLAIN = "plain: FastAPI, SQLAlchemy"
TUNED = "tuned: raw ASGI, driver"
TICK = 0.01
"""The unit in which the system counts CPU time (seconds)."""
CPU = "µs CPU"
SIDES = {OURS: "relink", PLAIN: "plain", TUNED: "tuned"}


def run(size: Size) -> Iterator[Line]:
    """Measure all servers, on both databases."""
    for name, database in DATABASES.items():
        with ExitStack() as stack:
            at = stack.enter_context(database())
            servers = {}
            for side, kind in SIDES.items():
                url = at.new()
                if side == OURS:
                    fill(url, size.accounts)
                servers[side] = stack.enter_context(started(kind, url, size.accounts))
            yield from measured(f"ingest on {name}", at, servers, size)


def grow(size: Size) -> Iterator[Line]:
    """Measure relink with few and with many accounts, on both databases."""
    for name, database in DATABASES.items():
        with ExitStack() as stack:
            at = stack.enter_context(database())
            servers = {}
            for accounts in size.growth:
                say(f"growth: {name} with {accounts:,} accounts")
                url = at.new()
                fill(url, accounts)
                server = stack.enter_context(started("relink", url, accounts))
                servers[f"{accounts:,} accounts"] = server
            yield from measured(f"growth on {name}", at, servers, size)


def measured(
    row: str, database: Database, servers: Mapping[str, Server], size: Size
) -> Iterator[Line]:
    """Send webhooks to all servers in turns; the first one is what the others are compared to."""
    cpu: dict[str, list[float]] = {name: [] for name in servers}

    def sending(name: str, server: Server) -> float:
        before = server.cpu() + database.cpu()
        rate = size.webhooks / server.send(size.webhooks)
        used = max(TICK, server.cpu() + database.cpu() - before)
        cpu[name].append(used * 1e6 / size.webhooks)
        return rate

    for name, server in servers.items():
        sending(name, server)
        cpu[name].clear()  # it was only to warm up
    turns = {name: lambda n=name, s=server: sending(n, s) for name, server in servers.items()}
    rates = take_turns(turns, size.runs, row)
    first = next(iter(servers))
    yield from lines(row, "webhooks/s", rates, first)
    yield from lines(f"{row}, CPU", CPU, cpu, first)
