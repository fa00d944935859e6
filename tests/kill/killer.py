"""Kills processes at random moments, and starts them again."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

from .processes import Process

LONGEST_LIFE = 2.0
"""Seconds for which a process does its work before it is killed, at most."""

BEFORE_READY = 0.15
"""The part of them that are killed while they start, …"""

LONGEST_START = 1.5
"""… within so many seconds."""


def kill_at_random(processes: Sequence[Process], kills: int, seed: int) -> None:
    """Kill them so many times in all, each by its own dice; at the end they are all there.

    Args:
        processes: which are running.
        kills: how many.
        seed: when.
    """
    left = iter(range(1, kills + 1))
    lock = threading.Lock()

    def haunt(process: Process) -> None:
        dice = Random(f"killer {seed} {process.name}")
        while (number := _next(left, lock)) is not None:
            starting = dice.random() < BEFORE_READY
            if not starting:
                process.wait_until_ready()
            time.sleep(dice.random() * (LONGEST_START if starting else LONGEST_LIFE))
            process.kill()
            when = "as it started" if starting else "at work"
            print(f"kill {number:3} of {kills}: {process.name} {when}", flush=True)
            process.start()
        process.wait_until_ready()

    with ThreadPoolExecutor(len(processes), "killer") as pool:
        for victim in [pool.submit(haunt, process) for process in processes]:
            victim.result()


def _next(numbers: Iterator[int], lock: threading.Lock) -> int | None:
    with lock:
        return next(numbers, None)
