"""Put the service under load for long, and say whether it grows.

``python -m tests.soak --minutes 15`` runs it on SQLite and on PostgreSQL at once. It ends with 1
if the memory or the open files of a process grew, or if a process ended.
"""

import argparse
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from ..reliability.fault import Layout
from ..reliability.site import Site, installed
from .load import Load
from .samples import Samples

LAYOUTS = {"sqlite": Layout.SQLITE, "postgres": Layout.POSTGRES}

EVERY = 5.0
"""Seconds from one look to the next."""

SETTLES_WITHIN = 60.0
"""Seconds after which everything was used once: connections, threads, caches."""


def main() -> int:
    """Parse the arguments, and look on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15, help="default: 15")
    parser.add_argument("--on", choices=LAYOUTS, action="append", help="default: both")
    given = parser.parse_args()
    with ExitStack() as stack:
        loads, samples = {}, []
        for name in given.on or LAYOUTS:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relink-")))
            folder.chmod(0o755)
            site = stack.enter_context(installed(LAYOUTS[name], folder, {}))
            loads[name] = stack.enter_context(Load(site))
            samples += watched(name, site)
        time.sleep(min(SETTLES_WITHIN, 12 * given.minutes))
        look_on(given.minutes * 60, loads, samples)
    for name, load in loads.items():
        print(f"{name}: {dict(sorted(load.did.items()))}")
    print("least, median, greatest of the first third -> of the last third, and the trend")
    print(*samples, sep="\n")
    grown = [found for each in samples for found in each.growth]
    print(*(grown or ["nothing grew"]), sep="\n")
    return 1 if grown else 0


def watched(name: str, site: Site) -> list[Samples]:
    """The processes of the service."""
    roles = [("serve", site.servers), ("work", site.workers)]
    return [
        Samples(f"{name} {role} {number}", process.pid)
        for role, processes in roles
        for number, process in enumerate(processes, 1)
    ]


def look_on(seconds: float, loads: dict[str, Load], samples: list[Samples]) -> None:
    """Take samples for so long."""
    began = time.monotonic()
    while (at := time.monotonic() - began) < seconds:
        for each in samples:
            each.take(at)
        for load in loads.values():
            load.check()
        if len(samples[0].at) % 12 == 1:
            taken = ", ".join(f"{each.name} {each.memory[-1]:.0f} MB" for each in samples)
            print(f"{at / 60:5.1f} min: {taken}", flush=True)
        time.sleep(EVERY)


if __name__ == "__main__":
    # Whatever ends the script, what it started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
