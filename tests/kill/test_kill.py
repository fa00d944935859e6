"""The kill test: nothing is lost, doubled or torn, whatever is killed, and whenever.

``RELINK_KILLS`` sets how many processes are killed on PostgreSQL (by default, as many as the
profile says), and ``RELINK_KILL_SEED`` when, and what goes on meanwhile (1).
"""

import os
import time
from pathlib import Path

from relink.adapters.simulator import Faults

from ..profile import PROFILE
from . import checks
from .households import City
from .installation import Installation
from .killer import kill_at_random
from .secrecy import check_nothing_kept

KILLS = int(os.environ.get("RELINK_KILLS", PROFILE.kills))
SEED = int(os.environ.get("RELINK_KILL_SEED", "1"))

HOUSEHOLDS = 10

AT_LEAST = 2
"""Sessions that they have opened before it is enough, however few are killed, …"""

WITHIN = 90.0
"""… and seconds that they may take for that."""

FAULTS = Faults(
    rate_limited=0.01,
    rate_limited_with_wait=0.002,
    error_before=0.02,
    error_after=0.04,
    timeout_before=0.01,
    timeout_after=0.05,
    slow=0.05,
    truncated=0.03,
    caller_timeout=1.5,
)


def test_on_postgresql(postgres_url: str, tmp_path: Path):
    with Installation(postgres_url, tmp_path, SEED) as at:
        live_and_die(at, workers=2, kills=KILLS)


def test_on_sqlite(tmp_path: Path):
    with Installation(f"sqlite:///{tmp_path / 'relink.db'}", tmp_path, SEED) as at:
        live_and_die(at, workers=0, kills=max(1, KILLS // 5))


def live_and_die(at: Installation, workers: int, kills: int) -> None:
    """Kill, while households are busy; then let it settle, and look."""
    at.start(workers)
    at.sim.faults = FAULTS
    began = time.monotonic()
    with City(at, SEED, HOUSEHOLDS) as city:
        kill_at_random(at.processes, kills, SEED)
        at.eventually(lambda: city.did["relink 201"] >= AT_LEAST, WITHIN)
        at.calm()
        print(f"{kills} kills in {time.monotonic() - began:.0f} s", flush=True)
    print(f"the households are done after {time.monotonic() - began:.0f} s", flush=True)
    at.settle()
    print(f"settled after {time.monotonic() - began:.0f} s", checks.summary(at, city), flush=True)
    checks.check_states(at)
    checks.check_built_once(at, city)
    checks.check_webhooks(at)
    checks.check_journal(at)
    checks.check_commands(at)
    check_nothing_kept(at)
