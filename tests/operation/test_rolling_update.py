"""Two releases at once on one database, under load: nothing is lost, and nothing done twice.

The newer release is a second installation with the same schema and another digest of each chart.
No release was published yet whose schema a database could be at, so the older one is this code.
"""

import shutil
from pathlib import Path

from relink.engine import table

from ..kill import checks
from ..kill.households import City
from ..kill.installation import Installation

SEED = 4
HOUSEHOLDS = 3
DELIVERIES = 5
"""Decisions of the newer release before the older one stops."""

CHARTS = "SELECT chart, count(*) AS n FROM journal GROUP BY chart"


def newer_release(folder: Path) -> Path:
    """Install a release whose charts have other digests; the folder to import it from."""
    root = Path(table.__file__).parent.parent
    for part in ("engine", "machines", "adapters"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / part, folder / "relink" / part, ignore=ignored)
    changed = folder / "relink" / "engine" / "table.py"
    text = changed.read_text("utf-8")
    again = text.replace("sha256(text.encode())", 'sha256(b"newer" + text.encode())')
    assert again != text
    changed.write_text(again, "utf-8")
    return folder


def test_nothing_is_lost_while_a_newer_release_takes_over(postgres_url: str, tmp_path: Path):
    newer = {"PYTHONPATH": str(newer_release(tmp_path / "newer"))}
    with Installation(postgres_url, tmp_path, SEED) as at:
        at.start(workers=1)
        (older_worker,) = at.workers
        with City(at, SEED, HOUSEHOLDS) as city:
            at.eventually(lambda: len(at.database.rows(CHARTS)) > 0)
            before = {row["chart"] for row in at.database.rows(CHARTS)}
            server, worker = at.add_server(**newer), at.add_worker()
            worker.environment.update(newer)
            for process in (server, worker):
                process.start()
            for process in (server, worker):
                process.wait_until_ready()
            at.postman.urls += [f"{address}/webhooks/stripe" for address in at.servers]
            at.eventually(lambda: decided_by_newer(at, before) >= DELIVERIES, 60)

            # The balancer leaves the older release out, and then it is stopped.
            at.postman.urls = at.postman.urls[1:]
            at.use(next(iter(at.servers)))
            for process in (older_worker, at.serve):
                process.stop()
            at.retire(older_worker, at.serve)
            at.calm()
        at.settle()
        assert decided_by_newer(at, before) >= DELIVERIES
        checks.check_states(at)
        checks.check_built_once(at, city)
        checks.check_webhooks(at)
        checks.check_commands(at)
        assert at.database.rows(checks.GAPS) == []
        assert at.database.rows(checks.TORN_ON_POSTGRES) == []


def decided_by_newer(at: Installation, before: set[str]) -> int:
    """The number of decisions by the newer release's charts."""
    return sum(row["n"] for row in at.database.rows(CHARTS) if row["chart"] not in before)
