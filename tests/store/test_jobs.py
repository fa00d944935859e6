"""On PostgreSQL, each command that is due soon has one job; later ones have none yet."""

import threading
import time
from collections.abc import Callable

import pytest

from relink.adapters.store import Party, SqlStore
from relink.adapters.store.postgres.jobs import LONGEST, QUEUES, SOON, TASK
from relink.machines import relink_system

from .crowd import Outcome, at_once
from .database import Database
from .desk import CODEC, Asked, desk_system
from .kinds import on_postgres
from .messages import ACTIVE, due_for, message, receive, reported

pytestmark = on_postgres

START = int(time.time())


@pytest.fixture(autouse=True)
def _received(store: SqlStore) -> None:
    """An account is inactive, and a report about it ambiguous: some commands are due now, some
    soon, and some much later."""
    receive(store, "evt_1", START)
    receive(store, "evt_2", START, **ACTIVE)


def take_jobs(database: Database, *, status: str = "doing") -> None:
    """Mark all jobs as taken by a worker, or as finished."""
    database.change(f"UPDATE procrastinate_jobs SET status = '{status}'")


def test_a_command_that_is_due_soon_has_a_job(store: SqlStore, database: Database):
    due = store.due_commands(9e9, 99)
    soon = {each.id: each.due_at for each in due if each.due_at <= START + SOON}
    assert 2 < len(soon) < len(due)
    jobs = database.jobs()
    assert set(jobs) == set(soon)
    for command_id, due_at in soon.items():
        until = jobs[command_id]
        assert until == due_at if until is not None else due_at <= time.time()


def test_a_job_holds_only_the_id_of_its_command(database: Database):
    rows = database.rows("SELECT * FROM procrastinate_jobs")
    for row in rows:
        (command_id,) = row["args"].values()
        assert row["args"] == {"command_id": command_id}
        assert row["queueing_lock"] == command_id
        assert (row["task_name"], row["lock"]) == (TASK, None)


def test_each_party_has_a_queue(store: SqlStore, database: Database):
    rows = database.rows("SELECT queueing_lock AS id, queue_name FROM procrastinate_jobs")
    due = {each.id: each for each in store.due_commands(9e9, 99)}
    assert {row["id"]: row["queue_name"] for row in rows} == {
        row["id"]: QUEUES[Party.of(due[row["id"]].command)] for row in rows
    }
    assert {row["queue_name"] for row in rows} >= {QUEUES[Party.STRIPE], QUEUES[Party.SERVICE]}


def test_a_command_that_is_asked_for_again_gets_no_second_job(store: SqlStore, database: Database):
    jobs = database.jobs()
    take_jobs(database, status="succeeded")
    # The same reports again lead to the same commands.
    store.apply(message("evt_3", at=START), [reported("evt_1", START)])
    store.apply(message("evt_4", at=START), [reported("evt_2", START, **ACTIVE)])
    assert not set(database.jobs()) & set(jobs)


def test_the_commands_that_an_answer_leads_to_get_jobs(store: SqlStore, database: Database):
    read = due_for(store, "retrieve_account")
    before = set(database.jobs())
    broken = reported(read.id, START + 30, account="fca_2", authorization="fcauth_2")
    (step,) = store.answer(read, [broken], START + 30.0).steps
    added = set(database.jobs()) - before
    assert added == {c.id for c in step.commands if c.name != "wake"}
    assert added


def test_a_rollback_leaves_no_job(store: SqlStore, database: Database):
    before = database.contents()
    broken = reported("evt_3", START + 30, account="fca_2", authorization="fcauth_2")
    not_from_outside = relink_system().step(broken, lambda _: None).deliveries[0].decision.trigger
    with pytest.raises(TypeError, match="not an outside event"):
        store.apply(message("evt_3", at=START), [broken, not_from_outside])
    assert database.contents() == before


def test_a_postponed_command_gets_a_job_if_it_is_due_soon(store: SqlStore, database: Database):
    prompt, read = due_for(store, "notify_customer"), due_for(store, "retrieve_account")
    take_jobs(database)
    soon, later = time.time() + SOON / 2, time.time() + 2 * SOON
    store.postpone(prompt, soon, "HTTP 503")
    store.postpone(read, later, "HTTP 503")
    assert database.jobs() == {prompt.id: pytest.approx(soon, abs=0.001)}
    # Again, as if its worker had only stalled: its job waits already.
    store.postpone(prompt, soon, "HTTP 503")
    assert list(database.jobs()) == [prompt.id]


def test_a_retried_dead_letter_gets_a_job(store: SqlStore, database: Database):
    prompt = due_for(store, "notify_customer")
    take_jobs(database, status="failed")
    store.answer(prompt, [], START + 5.0, failed=True, error="HTTP 400")
    assert database.jobs() == {}
    assert store.retry(prompt.id, time.time())
    assert database.jobs() == {prompt.id: None}


def test_K10_a_read_that_waits_longer_keeps_its_job_until_that_runs_too_early(
    new_url: Callable[[], str],
):
    url = new_url()
    store, database = SqlStore(url, desk_system(), CODEC), Database(url)
    read, now = "retrieve_account_fca_1_1", time.time()
    until = int(now) + 30
    for number, after in enumerate((until - 20, until)):
        store.apply(message(f"evt_{number}", at=now), [Asked(afters=(after,))])
    assert database.jobs() == {read: until - 20}
    store.defer_again(read)
    assert database.jobs() == {read: until - 20}

    take_jobs(database)
    store.defer_again(read)
    assert database.jobs() == {read: until}
    store.defer_again("unknown")
    assert list(database.jobs()) == [read]
    store.close()


def test_no_job_comes_again_at_once_because_a_workers_clock_is_behind(
    store: SqlStore, database: Database
):
    """By the clock of the database it is due; the sweep defers it."""
    prompt = due_for(store, "notify_customer")
    take_jobs(database)
    store.defer_again(prompt.id)
    assert database.jobs() == {}


def test_the_sweep_defers_one_job_for_each_due_command(store: SqlStore, database: Database):
    due = store.due_commands(9e9, 99)
    database.change("DELETE FROM procrastinate_jobs")
    database.change("UPDATE outbox SET due_at = :at WHERE due_at > :at", at=START + SOON / 2)
    # The sweep takes its time from the caller. By the machine's clock, START may be long ago, and
    # a job that runs for so long counts as lost.
    assert store.defer_due(START) == len(due)
    assert set(database.jobs()) == {each.id for each in due}
    assert store.defer_due(START) == 0
    take_jobs(database)
    assert store.defer_due(START) == 0
    take_jobs(database, status="failed")
    assert store.defer_due(START, limit=2) == 2
    assert set(database.jobs()) == {each.id for each in due[:2]}
    assert store.defer_due(START) == len(due) - 2


def test_a_job_that_runs_for_too_long_is_lost(store: SqlStore, database: Database):
    due = store.due_commands(9e9, 99)
    database.change("UPDATE outbox SET due_at = :at", at=START)
    store.defer_due(START)
    take_jobs(database)
    assert store.defer_due(START + LONGEST - SOON - 1) == 0
    assert store.defer_due(START + LONGEST - SOON) == len(due)


def test_the_sweep_defers_no_job_for_later_commands(store: SqlStore, database: Database):
    database.change("DELETE FROM procrastinate_jobs")
    far = [each for each in store.due_commands(9e9, 99) if each.due_at > START + 2 * SOON]
    assert far
    store.defer_due(time.time())
    assert not {each.id for each in far} & set(database.jobs())
    for each in store.due_commands(9e9, 99):
        store.answer(each, [], START + 5.0)
    database.change("DELETE FROM procrastinate_jobs")
    assert store.defer_due(9e9) == 0


def test_the_sweep_counts_its_jobs_whatever_its_clock_says(store: SqlStore, database: Database):
    jobs = len(database.jobs())
    due = store.due_commands(9e9, 99)
    # Its clock is a week ahead of the database's.
    assert store.defer_due(time.time() + 7 * 24 * 3600) == len(database.jobs()) - jobs
    assert len(database.jobs()) == len(due)


def test_sweeps_and_workers_may_defer_jobs_concurrently(store: SqlStore, database: Database):
    """A sweep defers what a worker postpones at the same time; neither fails for the other."""
    for number in range(20):
        login = f"fcauth_{number + 2}"
        receive(store, f"evt_{number + 3}", START, f"fca_{number + 2}", authorization=login)
    due = [each for each in store.due_commands(9e9, 999) if each.command.name != "wake"]
    database.change("DELETE FROM procrastinate_jobs")
    stop = threading.Event()

    def sweep() -> Outcome:
        while not stop.is_set():
            store.defer_due(time.time())
            database.change("DELETE FROM procrastinate_jobs WHERE id % 3 = 0")
        return "", ""

    def postpone(number: int) -> Outcome:
        try:
            for each in due[number::4]:
                for _ in range(3):
                    store.postpone(each, time.time() + 1, "HTTP 503")
        finally:
            stop.set()
        return "", ""

    at_once([*[[sweep]] * 3, *[[lambda n=number: postpone(n)] for number in range(4)]])
    store.defer_due(time.time())
    assert set(database.jobs()) >= {each.id for each in due}


def test_a_store_without_jobs_defers_none(new_url):
    url = new_url()
    store, database = SqlStore(url, relink_system(), jobs=False), Database(url)
    receive(store, "evt_1", START)
    prompt = due_for(store, "notify_customer")
    store.postpone(prompt, time.time(), "HTTP 503")
    store.answer(prompt, [], START + 5.0, failed=True)
    store.retry(prompt.id, time.time())
    assert database.jobs() == {}
    assert prompt.id in [each.id for each in store.due_commands(time.time(), 99)]
    store.close()
