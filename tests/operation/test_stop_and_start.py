"""How a server on SQLite stops, and how its successor takes over."""

import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from relink.adapters.simulator import Faults
from relink.adapters.store.sqlite.lock import exclusive

from ..kill.checks import check_commands, check_journal, check_states, check_webhooks
from ..kill.installation import Installation
from .links import break_links


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relink.db"


@pytest.fixture
def at(path: Path, tmp_path: Path) -> Iterator[Installation]:
    with Installation(f"sqlite:///{path}", tmp_path) as made:
        made.postman.hurries = made.receiver.is_well = True
        yield made


def counts(path: Path) -> dict[str, int]:
    """The number of rows of each table of a database."""
    with closing(sqlite3.connect(path)) as database:
        return {
            table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("inbox", "snapshots", "journal", "outbox")
        }


def test_it_ends_with_0_and_the_database_is_complete_in_its_file(
    at: Installation, path: Path, tmp_path: Path
):
    at.start()
    break_links(at, 5)
    at.settle()
    before = counts(path)
    assert before["inbox"] >= 5
    assert Path(f"{path}-wal").exists()
    at.serve.stop()
    assert [file.name for file in tmp_path.glob("relink.db*")] == ["relink.db"]
    assert counts(Path(shutil.copy(path, tmp_path / "copy.db"))) == before
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("after", [0.5, 1.5, 2.5, 3.5])
def test_it_can_be_stopped_while_it_starts(at: Installation, after: float):
    at.serve.start()
    time.sleep(after)
    at.serve.stop()
    assert "Traceback" not in at.serve.tail


def test_it_can_be_stopped_while_it_waits_for_another(at: Installation, path: Path):
    with exclusive(f"sqlite:///{path}"):
        at.serve.start()
        at.eventually(lambda: "waiting up to 90 s for it to stop" in at.serve.tail)
        at.serve.stop()
        # Each line of the log is JSON from the first one on.
        assert [json.loads(line)["level"] for line in at.serve.log.read_text().splitlines()] == [
            "warning"
        ]


def test_a_successor_waits_for_the_attempts_of_its_predecessor(at: Installation):
    at.start()
    with at.stripe.lock:
        at.sim.faults = Faults(slow=1, caller_timeout=2)
    break_links(at, 12)
    at.eventually(lambda: bool(at.left()))
    with at.stripe.lock:
        # Stripe answers nobody for now, and the attempts in progress wait for it.
        at.eventually(lambda: bool(at.left()))
        # A supervisor starts the new one while the old one stops.
        at.serve.end()
        successor = at.add_successor()
        successor.start()
        at.eventually(lambda: "serves relink.db: waiting up to 90 s" in successor.tail)
    successor.wait_until_ready()
    assert at.serve.wait() == 0
    at.settle()
    for check in (check_states, check_webhooks, check_journal, check_commands):
        check(at)
    told = [row["id"] for row in at.database.rows("SELECT id FROM outbox WHERE status = 'done'")]
    assert set(at.receiver.told) <= set(told)
    successor.stop()


def test_a_second_server_is_refused_before_it_performs_anything(at: Installation, tmp_path: Path):
    """One on the same database gives up when nobody stops, one on the same port at once."""
    at.start()
    elsewhere = f"sqlite:///{tmp_path / 'other.db'}"
    for changed, message in (
        ({"RELINK_PREDECESSOR_WAIT": "1"}, "relink.db, and did not stop within 1 s"),
        ({"RELINK_DATABASE_URL": elsewhere}, "cannot be bound: Address already in use"),
    ):
        second = at.add_successor(**changed)
        second.start()
        assert second.wait() == 2
        assert message in second.tail
    at.successors.clear()
    at.serve.stop()


def test_a_removed_database_is_a_503_with_the_reason(at: Installation, path: Path, tmp_path: Path):
    at.start()
    break_links(at, 2)
    at.settle()
    health = f"{at.address}/healthz"
    away = path.rename(tmp_path / "away.db")
    for _ in range(3):
        answer = httpx.get(health)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "relink.db was removed while this process had it open" in answer.json()["detail"]
    break_links(at, 3)
    at.eventually(lambda: "503" in {answer.outcome for answer in at.postman.answers})
    assert not path.exists()
    away.rename(path)
    at.eventually(lambda: httpx.get(health).status_code == 200)
    at.settle()
    for check in (check_states, check_webhooks, check_journal, check_commands):
        check(at)
    at.serve.stop()
