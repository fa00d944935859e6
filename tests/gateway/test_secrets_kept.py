"""Secrets occur in the answer to the caller only: not in logs, errors or files.

The secrets are those that a server sent. The search covers everything that the process logs and
prints at the most verbose level, every error with its chain and the local variables in its
traceback, every answer in every text form, and the database.
"""

import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from relink.adapters.gateway import Attempt, GatewayError, TransientError
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.simulator import ApiFault
from relink.adapters.store import InboxMessage, SqlStore, migrate
from relink.machines import relink_system
from relink.machines.commands import AnyStripeCommand
from relink.machines.events import DomainEvent

from ..rig import API_KEY
from .scene import Scene
from .stand_in import (
    CLIENT_SECRET,
    COMMANDS,
    HOSTED_URL,
    NOW,
    SESSION,
    TOKEN,
    Server,
)
from .test_faults import MADE, command_of

NAME = "Jenny Rosen"
PLANTED = (CLIENT_SECRET, HOSTED_URL, TOKEN, API_KEY, NAME)
WHOLE = json.dumps(SESSION).encode()
RAISED = {"error": {"type": "x_error", "message": f"wrong: {CLIENT_SECRET} {TOKEN} {NAME}"}}


class AllRecords(logging.Handler):
    """Collects everything that is logged, as text."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter().format(record))
        self.lines.append(repr(vars(record)))


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[AllRecords]:
    """All logs at the most verbose level."""
    handler, root = AllRecords(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("stripe").setLevel(logging.DEBUG)
    monkeypatch.setattr(stripe, "log", "debug")
    yield handler
    logging.getLogger("stripe").setLevel(logging.NOTSET)
    root.setLevel(level)
    root.removeHandler(handler)


def texts_of_error(error: BaseException) -> str:
    """An error and its chain, in every text form."""
    forms: list[str] = []
    link: BaseException | None = error
    while link is not None:
        shown = traceback.TracebackException.from_exception(link, capture_locals=True)
        forms += [str(link), repr(link), repr(link.args), repr(vars(link))]
        # The test's own variables hold the planted secrets.
        forms += [repr(frame.locals) for frame in shown.stack if frame.filename != __file__]
        forms.append(repr(pickle.dumps(link)))
        link = link.__cause__ or link.__context__
    return "\n".join(forms)


def texts_of_events(events: tuple[DomainEvent, ...]) -> str:
    return "\n".join(
        form for event in events for form in (repr(event), event.model_dump_json(), str(event))
    )


DAMAGED = [
    (200, SESSION),
    (200, WHOLE[:-2]),
    (200, WHOLE.replace(b"fcsess_1", b"")),
    (200, {**SESSION, "id": {"nested": CLIENT_SECRET}}),
    (200, {**SESSION, "object": CLIENT_SECRET}),
    (200, {**SESSION, "status": None, "accounts": CLIENT_SECRET}),
    (200, [SESSION]),
    (200, {"data": [SESSION], "client_secret": {"deeper": CLIENT_SECRET}}),
    (302, SESSION),
    (400, RAISED),
    (404, SESSION),
    (409, RAISED),
    (429, SESSION),
    (500, SESSION),
    (500, WHOLE[:-2]),
]


@pytest.mark.parametrize(("status", "body"), DAMAGED)
@pytest.mark.parametrize("name", COMMANDS)
def test_no_answer_of_a_server_makes_a_secret_show(
    server: Server,
    over_http: StripeGateway,
    logged: AllRecords,
    capfd: pytest.CaptureFixture[str],
    name: str,
    status: int,
    body: object,
) -> None:
    for _ in range(4):
        server.answer(status, body, Request_Id="req_1")
    texts = ""
    try:
        answer = over_http.perform(COMMANDS[name], NOW)
    except GatewayError as error:
        texts = texts_of_error(error)
    else:
        texts = texts_of_events(answer.events) + repr(answer)
    assert server.arrived
    outputs = capfd.readouterr()
    for text in ("\n".join(logged.lines), outputs.out, outputs.err):
        assert [secret for secret in PLANTED if secret in text] == []
    # The traceback includes the command, with the name that the service gave.
    assert [secret for secret in PLANTED if secret in texts and secret != NAME] == []


def test_the_search_finds_the_secrets_that_the_sdk_itself_shows(
    server: Server, logged: AllRecords, capfd: pytest.CaptureFixture[str]
) -> None:
    """The SDK itself shows all of them when used directly."""
    server.answer(200, SESSION)
    client = stripe.StripeClient(API_KEY, base_addresses={"api": server.url})
    client.raw_request("post", "/v1/x", billing_details={"name": "JennyRosen"})
    server.answer(200, WHOLE[:-2])
    with pytest.raises(stripe.APIError) as raised:
        client.raw_request("post", "/v1/x")
    for text in ("\n".join(logged.lines), capfd.readouterr().err):
        assert all(secret in text for secret in (CLIENT_SECRET, HOSTED_URL, TOKEN, "JennyRosen"))
    assert CLIENT_SECRET in texts_of_error(raised.value)


def secrets_of(scene: Scene) -> list[str]:
    """All secrets that the simulator has issued."""
    world = scene.simulator.world
    found: list[str | None] = [API_KEY, *world.tokens]
    for session in world.sessions.values():
        found += [session.client_secret, session.hosted_url]
    return [secret for secret in found if secret]


@pytest.mark.parametrize("fault", [None, *ApiFault])
def test_no_secret_is_logged_or_stored_while_all_commands_run_with_faults(
    customer: Scene,
    payee: Scene,
    logged: AllRecords,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    fault: ApiFault | None,
) -> None:
    """Every command runs through the store, each with a fault."""
    database = f"sqlite:///{tmp_path / 'relink.db'}"
    migrate(database)
    store = SqlStore(database, relink_system())
    texts: list[str] = []
    hosted = customer.relink(delivery="url", return_url="https://shop.example/", attempt=50)
    commands: list[tuple[Scene, AnyStripeCommand]] = [(customer, hosted)]
    commands += [command_of(name, customer, payee) for name in MADE]
    for scene, command in commands:
        asked_at = scene.simulator.now
        if fault:
            scene.simulator.inject(fault)
        for number in range(1, 10):
            scene.simulator.advance(60)
            try:
                answer = scene.stripe.gateway.perform(command, asked_at, Attempt(number, asked_at))
            except TransientError as error:
                texts.append(texts_of_error(error))
                continue
            texts.append(repr(answer))
            store.apply(InboxMessage(command.id, command.name, 0, asked_at), answer.events)
            break
        else:
            pytest.fail(f"{command.name} did not succeed")
    store.close()

    output = capfd.readouterr()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir()).decode("latin-1")
    texts = [*logged.lines, *texts, output.out, output.err, written]
    secrets = secrets_of(customer)
    assert len(secrets) > 4
    assert [secret for secret in secrets for text in texts if secret in text] == []
