"""A worker that is killed and never comes back: others do what it had in hand."""

import time
from pathlib import Path

from relink.adapters.simulator import Faults
from relink.adapters.store import Party

from .installation import Installation

LOGINS = 25
AT_LEAST = 5
"""Commands that it has in hand when it is killed."""

WITHIN = 10.0
"""Seconds from its death until all of them are done."""

WORKERS = "SELECT id FROM procrastinate_workers"
IN_HAND = """SELECT args->>'command_id' AS id FROM procrastinate_jobs
WHERE worker_id <= :last AND status = 'doing' AND args ? 'command_id'"""


def test_the_other_worker_does_its_work_within_seconds(postgres_url: str, tmp_path: Path):
    with Installation(postgres_url, tmp_path) as at:
        rows = at.database.rows
        at.start(workers=1)
        (victim,) = at.workers
        at.eventually(lambda: len(rows(WORKERS)) == len(Party))  # it has one for each
        last = max(row["id"] for row in rows(WORKERS))
        other = at.add_worker()
        other.start()
        other.wait_until_ready()
        at.sim.faults = Faults(slow=1, caller_timeout=4)
        with at.stripe.lock:
            linked = [at.sim.link_account(at.sim.add_customer()) for _ in range(LOGINS)]
            for account in linked:
                assert account.authorization
                at.sim.bank.expire_consent(account.authorization.id)

        at.eventually(lambda: len(rows(IN_HAND, last=last)) >= AT_LEAST)
        victim.kill()
        killed_at = time.time()
        in_hand = {row["id"] for row in rows(IN_HAND, last=last)}
        at.workers.remove(victim)
        assert len(in_hand) >= AT_LEAST
        at.settle()

        finished = {row["id"]: row for row in rows("SELECT * FROM outbox WHERE status <> 'due'")}
        assert in_hand <= finished.keys()
        assert {row["status"] for row in finished.values()} == {"done"}
        assert max(finished[id]["finished_at"] for id in in_hand) - killed_at < WITHIN
