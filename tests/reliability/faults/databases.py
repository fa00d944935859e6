"""What can become of PostgreSQL, of the way to it, and of PgBouncer."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg

from ...operation.forwarder import Forwarder
from ...operation.pgbouncer import Pooler
from ...postgres import StoppableServer, connect
from ..fault import Fault, Layout
from ..site import Site
from .processes import meanwhile

OURS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND client_addr IS NULL"""


def server(site: Site) -> StoppableServer:
    """The site's PostgreSQL."""
    assert site.postgres
    return site.postgres


def way(site: Site) -> Forwarder:
    """The network between relink and PostgreSQL."""
    assert site.database_way
    return site.database_way


def pooler(site: Site) -> Pooler:
    """The site's PgBouncer."""
    assert site.pooler
    return site.pooler


@contextmanager
def restarted(site: Site, how: str = "fast") -> Iterator[None]:
    """It stops, and starts again at the end."""
    server(site).stop(how)
    yield
    server(site).start()


@contextmanager
def restarted_often(site: Site) -> Iterator[None]:
    """Five restarts in a row."""
    for _ in range(5):
        server(site).stop("fast")
        server(site).start()
    yield


@contextmanager
def failed_over(site: Site) -> Iterator[None]:
    """The address leads to a hot standby, which takes no writes, and to the primary again."""
    with server(site).standby() as standby:
        way(site).lead_to(standby)
        way(site).cut()
        yield
        way(site).lead_to(server(site).folder)


@contextmanager
def changed(site: Site, setting: str) -> Iterator[None]:
    """A setting of the server has another value."""
    name = setting.partition("=")[0].strip()
    for statement in (f"ALTER SYSTEM SET {setting}", f"ALTER SYSTEM RESET {name}"):
        with psycopg.connect(server(site).uri, autocommit=True) as operator:
            operator.execute("SET default_transaction_read_only = off")
            operator.execute(statement.encode())
            operator.execute("SELECT pg_reload_conf()")
        if statement.startswith("ALTER SYSTEM SET"):
            yield


@contextmanager
def cut_off(site: Site) -> Iterator[None]:
    """Each session is ended, every half second."""
    with meanwhile(lambda over: _terminate(site, over, 0.5)):
        yield


def _terminate(site: Site, over: threading.Event, every: float) -> None:
    with connect(server(site).url) as operator:
        while True:
            operator.execute(OURS)
            if over.wait(every):
                return


@contextmanager
def crowded_out(site: Site) -> Iterator[None]:
    """Others take every connection of the server."""
    with ExitStack() as strangers:
        operator = strangers.enter_context(connect(server(site).url))

        def crowd(over: threading.Event) -> None:
            operator.execute(OURS)
            while not over.is_set():
                with contextlib.suppress(psycopg.OperationalError):
                    while not over.is_set():
                        strangers.enter_context(psycopg.connect(server(site).uri))
                over.wait(0.05)

        with meanwhile(crowd):
            yield


@contextmanager
def held(site: Site, *statements: str) -> Iterator[None]:
    """A stranger's transaction stays open."""
    with connect(server(site).url, autocommit=False) as stranger:
        for statement in statements:
            stranger.execute(statement.encode())
        yield
        stranger.rollback()


@contextmanager
def repeatedly(site: Site, *statements: str) -> Iterator[None]:
    """An operator's statements, again and again."""

    def operate(over: threading.Event) -> None:
        with connect(server(site).url) as operator:
            while not over.is_set():
                for statement in statements:
                    operator.execute(statement.encode())

    with meanwhile(operate):
        yield


@contextmanager
def paused(site: Site) -> Iterator[None]:
    """PgBouncer pauses: it takes queries, and answers none."""
    pooler(site).send(signal.SIGUSR1)
    yield
    pooler(site).send(signal.SIGUSR2)


@contextmanager
def pooler_ended(site: Site, how: signal.Signals) -> Iterator[None]:
    """PgBouncer ends, and is started again at the end."""
    pooler(site).stop(how)
    yield
    pooler(site).start()


@contextmanager
def pooler_frozen(site: Site) -> Iterator[None]:
    """SIGSTOP of PgBouncer."""
    pooler(site).send(signal.SIGSTOP)
    yield
    pooler(site).send(signal.SIGCONT)


def _fault(
    name: str,
    text: str,
    happens: Callable[[Site], contextlib.AbstractContextManager[object]],
    seconds: float = 8.0,
    layout: Layout = Layout.POSTGRES,
) -> Fault:
    return Fault(
        name=name, text=text, layout=layout, happens=happens, seconds=seconds, cuts_attempts=True
    )


HOT = "inbox", "snapshots", "outbox", "procrastinate_jobs"

DATABASES = (
    _fault("postgres_restarted", "PostgreSQL restarts (fast)", restarted, 2.0),
    _fault(
        "postgres_crashed",
        "PostgreSQL's processes die (immediate shutdown); it recovers from its log",
        lambda site: restarted(site, "immediate"),
        2.0,
    ),
    _fault(
        "postgres_restarted_often", "PostgreSQL restarts five times in a row", restarted_often, 0
    ),
    _fault(
        "postgres_frozen",
        "all processes of PostgreSQL freeze (SIGSTOP)",
        lambda site: server(site).frozen(),
        12.0,
    ),
    _fault(
        "network_swallows",
        "the network to PostgreSQL swallows everything",
        lambda site: way(site).swallowing(),
        12.0,
    ),
    _fault(
        "network_resets",
        "the network to PostgreSQL resets every connection",
        lambda site: way(site).resetting(),
    ),
    _fault(
        "network_refuses",
        "nothing listens at PostgreSQL's address",
        lambda site: way(site).refusing(),
    ),
    _fault(
        "network_delays",
        "the network to PostgreSQL takes 200 ms in either direction",
        lambda site: way(site).delaying(0.2),
    ),
    _fault(
        "failover",
        "the address leads to a hot standby, then to the primary again",
        failed_over,
    ),
    _fault(
        "set_read_only",
        "the server is set to read-only transactions",
        lambda site: changed(site, "default_transaction_read_only = on"),
    ),
    _fault("sessions_terminated", "every session is terminated, twice a second", cut_off),
    _fault("connections_used_up", "others take every connection of the server", crowded_out),
    _fault(
        "table_locked",
        "a stranger locks the tables of machines and commands",
        lambda site: held(site, "LOCK TABLE snapshots, outbox IN ACCESS EXCLUSIVE MODE"),
        12.0,
    ),
    _fault(
        "inbox_locked",
        "a stranger locks the table of arrived messages",
        lambda site: held(site, "LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE"),
        12.0,
    ),
    _fault(
        "jobs_locked",
        "a stranger locks the table of jobs",
        lambda site: held(site, "LOCK TABLE procrastinate_jobs IN ACCESS EXCLUSIVE MODE"),
        12.0,
    ),
    _fault(
        "rows_locked",
        "a stranger changes every machine and every limit, and leaves its transaction idle",
        lambda site: held(
            site, "UPDATE snapshots SET version = version", "SELECT * FROM rate_limits FOR UPDATE"
        ),
        12.0,
    ),
    _fault(
        "tables_rewritten",
        "`VACUUM FULL` and `REINDEX` of the tables, again and again",
        lambda site: repeatedly(
            site, *(f"VACUUM FULL {table}" for table in HOT), "REINDEX TABLE outbox"
        ),
    ),
    _fault(
        "pooler_restarted",
        "PgBouncer restarts",
        lambda site: pooler_ended(site, signal.SIGTERM),
        2.0,
        Layout.PGBOUNCER,
    ),
    _fault(
        "pooler_killed",
        "SIGKILL of PgBouncer",
        lambda site: pooler_ended(site, signal.SIGKILL),
        2.0,
        Layout.PGBOUNCER,
    ),
    _fault("pooler_paused", "PgBouncer pauses (SIGUSR1)", paused, 12.0, Layout.PGBOUNCER),
    _fault("pooler_frozen", "PgBouncer freezes (SIGSTOP)", pooler_frozen, 12.0, Layout.PGBOUNCER),
    _fault(
        "restarted_behind_pooler",
        "PostgreSQL restarts behind PgBouncer",
        restarted,
        2.0,
        Layout.PGBOUNCER,
    ),
    _fault(
        "terminated_behind_pooler",
        "every session behind PgBouncer is terminated, twice a second",
        cut_off,
        layout=Layout.PGBOUNCER,
    ),
)
