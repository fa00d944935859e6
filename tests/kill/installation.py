"""The service as it is installed, with Stripe, its webhooks and the embedding service around it.

The service itself is nothing but processes here. What is around them is never killed.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from relink.adapters.simulator import Faults, Simulator
from relink.adapters.simulator.server import SimulatorServer

from ..store.database import Database
from .postman import Postman
from .processes import Process, free_port
from .receiver import Receiver

API_KEY = "sk_test_KillTestApiKeyThatNobodyMayKeep"
API_TOKEN = "token-of-the-api-that-nobody-may-keep"
NOTIFY_SECRET = "secret-of-notifications-that-nobody-may-keep"
WEBHOOK_SECRET = "whsec_KillTestWebhookSecretThatNobodyMayKeep"
SHOP = "https://shop.example"

PATIENCE = 90.0
"""Seconds for which the embedding service repeats a request that is not answered."""

SETTLES_WITHIN = 180.0
"""Seconds in which everything is done, once nothing goes wrong any more."""

LEFT = "SELECT id, attempts, error FROM outbox WHERE status = 'due' AND command <> 'wake'"
RINGING = "SELECT id FROM outbox WHERE status = 'due' AND command = 'wake' AND due_at <= :soon"


class Installation:
    """The service and its surroundings; a context manager that leaves no process behind.

    Args:
        url: the database; one of PostgreSQL has the schema already.
        folder: for logs.
        seed: for all that is drawn.
        log_level: of the processes.
        environment: what differs in the environment of all processes.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        seed: int = 0,
        log_level: str = "DEBUG",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.database = Database(url)
        self.sim = Simulator(seed=seed, start=None)
        self.sim.add_endpoint(WEBHOOK_SECRET)
        self.logs = folder / "logs"
        self.logs.mkdir()
        self._seed = seed
        self._level = ("--log-level", log_level)
        self._environment = environment or {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.stripe = stack.enter_context(SimulatorServer(self.sim))
            self.receiver = Receiver(NOTIFY_SECRET, self._seed)
            stack.callback(self.receiver.stop)
            port = free_port()
            self.address = f"http://127.0.0.1:{port}"
            self._client = stack.enter_context(
                httpx.Client(
                    base_url=self.address,
                    headers={"Authorization": f"Bearer {API_TOKEN}"},
                    timeout=30,
                )
            )
            self.postman = Postman(self.stripe, f"{self.address}/webhooks/stripe", self._seed)
            stack.callback(self.postman.stop)
            self._serve = ("serve", "--port", str(port), *self._level)
            self.serve = self._process("serve", self._serve, lambda process: self.is_well())
            self.workers: list[Process] = []
            self.successors: list[Process] = []
            self.servers: dict[str, Process] = {}
            self._retired: list[Process] = []
            stack.callback(self._close_processes)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            error.add_note("\n".join(process.tail for process in self.processes))
        self._stack.close()

    # ── processes ────────────────────────────────────────────────────────────

    @property
    def processes(self) -> list[Process]:
        """All of the service."""
        all_of_them = [self.serve, *self.workers, *self.successors, *self.servers.values()]
        return [process for process in all_of_them if process not in self._retired]

    def start(self, workers: int = 0) -> None:
        """Start the server, and so many workers; they are ready when this returns."""
        for _ in range(workers):
            self.add_worker()
        for process in self.processes:
            process.start()
        for process in self.processes:
            process.wait_until_ready()

    def add_worker(self) -> Process:
        """One worker more, to be started."""
        metrics = free_port()
        command = ("work", "--metrics-port", str(metrics), *self._level)
        worker = self._process(f"worker-{len(self.workers) + 1}", command, _works)
        worker.metrics = f"http://127.0.0.1:{metrics}/metrics"
        self.workers.append(worker)
        return worker

    def add_server(self, **environment: str) -> Process:
        """A server beside the first one, to be started. Webhooks go to both in turn.

        Args:
            environment: what differs in its environment.
        """
        address = f"http://127.0.0.1:{(port := free_port())}"
        command = ("serve", "--port", str(port), *self._level)
        made = self._process(f"server-{port}", command, lambda process: _answers(address))
        made.environment.update(environment)
        self.servers[address] = made
        return made

    def add_successor(self, **environment: str) -> Process:
        """A server that takes over the address and the database, to be started.

        Args:
            environment: what differs in its environment.
        """
        name = f"successor-{len(self.successors) + 1}"
        made = self._process(name, self._serve, lambda process: self.is_well())
        made.environment.update(environment)
        self.successors.append(made)
        return made

    def _process(
        self, name: str, command: tuple[str, ...], is_ready: Callable[[Process], bool]
    ) -> Process:
        environment = {
            "STRIPE_API_KEY": API_KEY,
            "STRIPE_API_BASE": self.stripe.url,
            "STRIPE_LOG": "debug",
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "RELINK_DATABASE_URL": self.database.url,
            "RELINK_API_TOKEN": API_TOKEN,
            "RELINK_NOTIFY_URL": self.receiver.url,
            "RELINK_NOTIFY_SECRET": NOTIFY_SECRET,
            "RELINK_RETURN_ORIGINS": SHOP,
            **self._environment,
        }
        return Process(name, self.logs, command, environment, is_ready)

    def use(self, address: str) -> None:
        """Send the embedding service's requests to another server."""
        self._client.base_url = httpx.URL(address)

    def retire(self, *processes: Process) -> None:
        """Expect these to run no more."""
        self._retired += processes

    def _close_processes(self) -> None:
        for process in self.processes:
            process.close()

    # ── what the embedding service asks ──────────────────────────────────────

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Make a request, again and again until it is answered, as a careful service does.

        Raises:
            AssertionError: it is not answered in time, or with a failure that has no excuse.
        """
        until = time.monotonic() + PATIENCE
        while True:
            said = "nothing"
            try:
                answer = self._client.request(method, path, json=body)
            except httpx.TransportError as error:
                said = type(error).__name__
            else:
                if answer.status_code != 503:
                    assert answer.status_code != 500, f"{method} {path}: {answer.text}"
                    return answer
                said = answer.text
            assert time.monotonic() < until, f"{method} {path} is not answered: {said}"
            time.sleep(0.5)

    def get(self, path: str) -> Any:
        """What is answered to a request that succeeds."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    def metrics(self) -> str:
        """The metrics of all processes."""
        pages = [self.ask("GET", "/metrics").text]
        pages += [httpx.get(worker.metrics).text for worker in self.workers if worker.metrics]
        return "\n".join(pages)

    def is_well(self) -> bool:
        """Whether the server answers, and says that it is well."""
        try:
            return self._client.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    # ── waiting ──────────────────────────────────────────────────────────────

    def eventually(self, holds: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until it holds.

        Raises:
            AssertionError: it does not come to that.
        """
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, "it never came to that"
            time.sleep(0.05)

    def calm(self) -> None:
        """From now on nothing goes wrong around the service."""
        with self.stripe.lock:
            self.sim.faults = Faults()
        self.postman.hurries = True
        self.receiver.is_well = True

    def settle(self) -> None:
        """Wait until all that is on its way has arrived, with nothing to hinder it.

        Raises:
            AssertionError: it does not come to that.
        """
        self.calm()
        until = time.monotonic() + SETTLES_WITHIN
        # What is done can have webhooks sent, and these can have more done.
        while self.left() or not self.postman.is_idle or self.left():
            assert time.monotonic() < until, f"it does not settle: {self.left()}"
            for process in self.processes:
                process.check()
            time.sleep(0.25)

    def left(self) -> list[dict[str, Any]]:
        """The commands that are still to be done; of the timers, those that are due."""
        left = self.database.rows(LEFT)
        return left + self.database.rows(RINGING, soon=time.time() + 5)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _works(worker: Process) -> bool:
    return "the worker takes commands" in worker.log.read_text(errors="replace")
