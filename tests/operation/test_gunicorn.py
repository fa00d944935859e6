"""relink under gunicorn on SQLite: a reload hands the database over, and the master lives on."""

import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import uvicorn
from gunicorn.config import Config
from gunicorn.glogging import Logger

from relink.adapters.gunicorn_worker import BoundedWorker
from relink.adapters.http.connections import KEEP_ALIVE, GuardedProtocol
from relink.adapters.http.server import TlsLoop
from relink.adapters.simulator import Faults

from ..kill.checks import check_commands, check_journal, check_states, check_webhooks
from ..kill.installation import Installation
from .links import break_links
from .under_gunicorn import under_gunicorn


def test_a_reload_waits_for_the_attempts_of_the_old_worker(tmp_path: Path):
    path = tmp_path / "relink.db"
    with Installation(f"sqlite:///{path}", tmp_path) as at:
        at.postman.hurries = at.receiver.is_well = True
        at.serve = under_gunicorn(at)
        at.start()
        with at.stripe.lock:
            at.sim.faults = Faults(slow=1, caller_timeout=2)
        break_links(at, 12)
        at.eventually(lambda: bool(at.left()))
        with at.stripe.lock:
            # Stripe answers nobody for now, and the attempts in progress wait for it.
            at.eventually(lambda: bool(at.left()))
            at.serve.end(signal.SIGHUP)
            at.eventually(lambda: "another process serves relink.db: waiting" in at.serve.tail)
        at.settle()
        for check in (check_states, check_webhooks, check_journal, check_commands):
            check(at)
        at.serve.check()
        assert "Shutting down: Master" not in at.serve.tail
        inbox = at.database.rows("SELECT count(*) AS messages FROM inbox")[0]["messages"]
        at.serve.stop()
        assert [file.name for file in tmp_path.glob("relink.db*")] == ["relink.db"]
        copy = shutil.copy(path, tmp_path / "copy.db")
        with closing(sqlite3.connect(copy)) as alone:
            assert alone.execute("SELECT count(*) FROM inbox").fetchone() == (inbox,)


def test_a_worker_that_never_gets_the_database_does_not_end_the_others(tmp_path: Path):
    """Two workers on SQLite are one too many: one serves, and gunicorn replaces the other."""
    with Installation(f"sqlite:///{tmp_path / 'relink.db'}", tmp_path) as at:
        at.postman.hurries = at.receiver.is_well = True
        at.serve = under_gunicorn(at, "--workers", "2")
        at.serve.environment["RELINK_PREDECESSOR_WAIT"] = "1"
        at.start()
        at.eventually(lambda: "exited with code 1" in at.serve.log.read_text())
        break_links(at, 1)
        at.settle()
        check_states(at)
        at.eventually(lambda: at.serve.log.read_text().count("Booting worker") >= 3)
        at.serve.stop()


def test_gunicorns_worker_has_the_bounds_of_relink_serve():
    def served(**settings: str) -> uvicorn.Config:
        config = Config()
        for name, value in settings.items():
            config.set(name, value)
        made = BoundedWorker(1, 1, [], None, 30, config, Logger(config))
        made.tmp.close()
        return made.config

    plain, with_tls = served(), served(keyfile="key.pem", certfile="cert.pem")
    for config in (plain, with_tls):
        assert issubclass(config.http, GuardedProtocol)
        assert config.timeout_keep_alive == KEEP_ALIVE
    assert with_tls.get_loop_factory() is TlsLoop
    assert plain.get_loop_factory() is not TlsLoop
