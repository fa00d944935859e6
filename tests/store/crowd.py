"""Concurrent deliveries, by threads and by processes with threads.

As a process, ``python -m store.crowd DATABASE_URL NUMBER`` prints ``ready``, delivers when it reads
a line, and prints the outcome of each delivery.
"""

import sys
import threading
from collections.abc import Callable, Sequence

from relink.adapters.store import DueCommand, SqlStore
from relink.machines import relink_system

from .messages import ACTIVE, INACTIVE, NOW, receive, reported

Outcome = tuple[str, str]
"""The id of a message, and its outcome."""
Work = Callable[[], Outcome]

LONGEST = 120
"""The longest time that a thread may take, in seconds."""


def at_once(works: Sequence[Sequence[Work]]) -> list[Outcome]:
    """Run each sequence of works in a thread of its own, all at once.

    Raises:
        ExceptionGroup: with what any of them raised.
    """
    outcomes: list[Outcome] = []
    errors: list[Exception] = []
    start = threading.Barrier(len(works))

    def do(own: Sequence[Work]) -> None:
        start.wait(30)
        for work in own:
            try:
                outcomes.append(work())
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=do, args=(own,), daemon=True) for own in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST)
        assert not thread.is_alive(), "a thread hangs"
    if errors:
        raise ExceptionGroup("not all was delivered", errors)
    return outcomes


def webhook(store: SqlStore, name: str, later: int, account: str, login: str = "fcauth_1") -> Work:
    """Delivers a webhook; every third one reports the account as inactive."""
    said = {**(ACTIVE if later % 3 else INACTIVE), "authorization": login}
    return lambda: (name, receive(store, name, NOW + 10 * later, account, **said).outcome)


def answer(store: SqlStore, due: DueCommand, later: int, account: str) -> Work:
    """Delivers the answer to a command."""
    report = reported(
        due.answer_id, NOW + 10 * later, account, **(ACTIVE if later % 3 else INACTIVE)
    )
    return lambda: (due.answer_id, store.answer(due, [report], report.at).outcome)


def of_one_login(
    store: SqlStore, mark: str, threads: int, each: int, group: int
) -> list[list[Work]]:
    """Webhooks about accounts of one authorization: each group of threads delivers the same."""
    return [
        [
            webhook(
                store,
                f"evt_{mark}_{(thread // group) * each + number}",
                later=(thread // group) + 7 * number,
                account=f"fca_{(thread // group + number) % 5}",
            )
            for number in range(each)
        ]
        for thread in range(threads)
    ]


def main() -> None:
    url, number = sys.argv[1:]
    store = SqlStore(url, relink_system())
    # Two processes each deliver the same messages.
    works = of_one_login(store, f"process{int(number) // 2}", threads=8, each=8, group=2)
    print("ready", flush=True)
    sys.stdin.readline()
    for name, outcome in at_once(works):
        print(name, outcome)
    store.close()


if __name__ == "__main__":
    main()
