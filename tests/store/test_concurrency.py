"""Many at once: each message is applied once, as if they had come one after the other."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from relink.adapters.gateway import Answer, Attempt
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.gateway.protocol import FIRST
from relink.adapters.service import RelinkSession, Service
from relink.adapters.simulator import Simulator
from relink.adapters.store import SqlStore
from relink.adapters.store.replay import replay
from relink.engine import Address, Command
from relink.machines.commands import CreateRelinkSession
from relink.machines.events import RelinkRequested, RelinkSessionCreated
from relink.machines.report import Holder

from .crowd import Outcome, Work, answer, at_once, of_one_login, webhook
from .database import Database
from .kinds import on_postgres
from .messages import ACCOUNT, ACTIVE, NOW, message, receive

THREADS = 32


def assert_once(outcomes: Sequence[Outcome], database: Database) -> None:
    """Each message was applied once, and its other deliveries were duplicates."""
    applied = Counter(name for name, outcome in outcomes if outcome == "applied")
    assert set(applied.values()) <= {1}
    assert set(applied) == {name for name, _ in outcomes}
    contents = database.contents()
    arrived = {row["id"] for row in contents["inbox"]}
    assert arrived >= set(applied)
    journaled = {row["causation_id"] for row in contents["journal"]}
    assert journaled >= set(applied)


def assert_whole(store: SqlStore, database: Database) -> None:
    """Versions have no gaps, each journal leads to its snapshot, and nothing deadlocked."""
    assert list(replay(store, lambda *_: None)) == []
    store.close()
    if database.is_postgres:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert database.rows(query) == [{"deadlocks": 0}]


def test_concurrent_webhooks_of_one_authorization_are_applied_once(
    store: SqlStore, database: Database
):
    outcomes = at_once(of_one_login(store, "", THREADS, each=5, group=4))
    assert len(outcomes) == 5 * THREADS
    assert_once(outcomes, database)
    assert_whole(store, database)


def test_concurrent_webhooks_may_create_the_same_machines(store: SqlStore, database: Database):
    for login in range(6):
        works: list[list[Work]] = [
            [
                webhook(
                    store,
                    f"evt_{login}_{thread}",
                    later=thread,
                    account=f"fca_{login}_{thread % 7}",
                    login=f"fcauth_{login}",
                )
            ]
            for thread in range(THREADS)
        ]
        outcomes = at_once(works)
        assert [outcome for _, outcome in outcomes] == ["applied"] * THREADS
        assert_once(outcomes, database)
        assert store.snapshot(Address("authorization", f"fcauth_{login}")) is not None
    assert_whole(store, database)


def test_accounts_may_move_between_authorizations_concurrently(store: SqlStore, database: Database):
    logins = ["fcauth_1", "fcauth_2", "fcauth_3"]
    for number in range(9):
        receive(
            store, f"evt_{number}", account=f"fca_{number % 5}", authorization=logins[number % 3]
        )
    works: list[list[Work]] = [
        [
            webhook(
                store,
                f"evt_{thread}_{number}",
                later=1 + thread + number,
                account=f"fca_{(thread + number) % 5}",
                login=logins[(thread * 7 + number) % 3],
            )
            for number in range(4)
        ]
        for thread in range(THREADS)
    ]
    assert_once(at_once(works), database)
    assert_whole(store, database)


def test_answers_and_webhooks_may_arrive_concurrently(store: SqlStore, database: Database):
    for number in range(24):
        said = ACTIVE if number % 2 else {}
        account, login = f"fca_{number % 12}", f"fcauth_{number % 12}"
        receive(store, f"evt_{number}", NOW + number // 2, account, authorization=login, **said)
    due = store.due_commands(9e9, 999)
    assert len(due) >= THREADS // 4
    works: list[list[Work]] = []
    for thread in range(THREADS):
        own = due[thread // 4 :: THREADS // 4]
        accounts = [f"fca_{(thread + number) % 5}" for number in range(len(own))]
        answers = [answer(store, d, 10 + n, accounts[n]) for n, d in enumerate(own)]
        hooks = [
            webhook(store, f"evt_{thread // 2}_{number}", 20 + number, account)
            for number, account in enumerate(accounts)
        ]
        works.append([work for pair in zip(answers, hooks, strict=True) for work in pair])
    assert_once(at_once(works), database)
    assert not {each.id for each in due} & {each.id for each in store.due_commands(9e9, 9999)}
    assert_whole(store, database)


def test_concurrent_requests_open_one_session(store: SqlStore, database: Database):
    receive(store, "evt_1")
    sessions: list[str] = []

    def request(number: int) -> Outcome:
        name = f"req_{number}"
        asked = RelinkRequested(causation_id=name, at=float(NOW), account=ACCOUNT.key)
        (command,) = store.apply(message(name), [asked]).steps[0].commands
        if isinstance(command, CreateRelinkSession):
            # Its id is the idempotency key, so Stripe returns the same session to everyone.
            sessions.append(command.id)
            made = RelinkSessionCreated(
                causation_id=command.id,
                at=float(NOW),
                session=f"fcsess_{command.attempt}",
                request=command,
            )
            return command.id, store.apply(message(command.id), [made]).outcome
        assert command.session == "fcsess_1"
        return name, "applied"

    outcomes = at_once([[lambda number=number: request(number)] for number in range(THREADS)])
    assert len(set(sessions)) == 1
    assert Counter(outcomes)[sessions[0], "applied"] == 1
    account = store.snapshot(ACCOUNT)
    assert (account.state, account.facts.session, account.facts.attempt) == (
        "relinking",
        "fcsess_1",
        1,
    )
    assert_whole(store, database)


class OneAtATime:
    """The simulated Stripe, for many threads."""

    def __init__(self, sim: Simulator) -> None:
        self._gateway = SimulatorGateway(sim)
        self._lock = threading.Lock()

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        with self._lock:
            return self._gateway.perform(command, at, attempt)


def test_concurrent_callers_get_the_same_session_from_stripe(store: SqlStore):
    sim = Simulator(seed=1, start=NOW)
    linked = sim.link_account(sim.add_customer("Jo"))
    account, login = linked.id, linked.authorization.id
    sim.bank.expire_consent(login)
    holder = Holder(field="customer", id=linked.holder.id)
    receive(store, "evt_1", NOW, account, authorization=login, holder=holder)
    service = Service(store, OneAtATime(sim), clock=lambda: sim.now)
    opened: list[RelinkSession] = []

    def request() -> Outcome:
        opened.append(service.request_relink(account))
        return opened[-1].id, "opened"

    outcomes = at_once([[request]] * THREADS)
    assert len(outcomes) == THREADS
    assert len(set(outcomes)) == 1
    assert [session.is_new for session in opened].count(True) == 1
    assert len({session.secret.reveal() for session in opened}) == 1
    assert len(sim.world.sessions) == 1
    found = store.snapshot(Address("account", account))
    assert (found.state, found.facts.session) == ("relinking", opened[0].id)


def test_a_command_may_be_postponed_while_it_is_answered(store: SqlStore, database: Database):
    for number in range(8):
        receive(store, f"evt_{number}", account=f"fca_{number}")
    due = store.due_commands(9e9, 999)

    def put_off(each):
        store.postpone(each, NOW + 500.0, "late")
        return each.id, "postponed"

    works = [
        [
            (lambda each=each: put_off(each)) if thread % 2 else answer(store, each, 1, "fca_0")
            for each in due
        ]
        for thread in range(8)
    ]
    outcomes = at_once(works)
    assert_once([o for o in outcomes if o[1] != "postponed"], database)
    rows = [row for row in database.contents()["outbox"] if row["id"] in {d.id for d in due}]
    assert {row["status"] for row in rows} == {"done"}
    assert_whole(store, database)


@on_postgres
def test_processes_with_threads_may_deliver_concurrently(store: SqlStore, database: Database):
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "store.crowd", database.url, str(number)],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    outcomes = [(line.split()[0], line.split()[1]) for text in said for line in text.splitlines()]
    assert len(outcomes) == 4 * 8 * 8
    assert_once(outcomes, database)
    assert_whole(store, database)
