"""Secrets occur in the answer to the caller and nowhere else: not in logs, errors, or files.

The secrets are those that the server sent, whichever server that is. What is searched is all
that the process logs and prints at its most talkative, every error with its chain and the
local variables on its way, every answer in every form that it can be written in, and the
database.
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
from relink.engine import Command
from relink.machines import relink_system
from relink.machines.events import DomainEvent

from .scene import Scene
from .stand_in import (
    API_KEY,
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


class Reported(logging.Handler):
    """Everything that is logged, as its handlers would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter().format(record))
        self.lines.append(repr(vars(record)))


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reported]:
    """As much as anyone can make the process say."""
    handler, root = Reported(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("stripe").setLevel(logging.DEBUG)
    monkeypatch.setattr(stripe, "log", "debug")
    yield handler
    logging.getLogger("stripe").setLevel(logging.NOTSET)
    root.setLevel(level)
    root.removeHandler(handler)


def said_by(error: BaseException) -> str:
    """All that an error, and whatever it leads to, says in any form."""
    forms: list[str] = []
    link: BaseException | None = error
    while link is not None:
        told = traceback.TracebackException.from_exception(link, capture_locals=True)
        forms += [str(link), repr(link), repr(link.args), repr(vars(link))]
        # The test's own variables hold what it plants.
        forms += [repr(frame.locals) for frame in told.stack if frame.filename != __file__]
        forms.append(repr(pickle.dumps(link)))
        link = link.__cause__ or link.__context__
    return "\n".join(forms)


def said_by_events(events: tuple[DomainEvent, ...]) -> str:
    return "\n".join(
        form for event in events for form in (repr(event), event.model_dump_json(), str(event))
    )


SPOILT = [
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


@pytest.mark.parametrize(("status", "body"), SPOILT)
@pytest.mark.parametrize("name", COMMANDS)
def test_no_answer_of_a_server_makes_a_secret_show(
    server: Server,
    over_http: StripeGateway,
    heard: Reported,
    capfd: pytest.CaptureFixture[str],
    name: str,
    status: int,
    body: object,
) -> None:
    for _ in range(4):
        server.answer(status, body, Request_Id="req_1")
    said = ""
    try:
        answer = over_http.perform(COMMANDS[name], NOW)
    except GatewayError as error:
        said = said_by(error)
    else:
        said = said_by_events(answer.events) + repr(answer)
    assert server.arrived
    outputs = capfd.readouterr()
    for text in ("\n".join(heard.lines), outputs.out, outputs.err):
        assert [secret for secret in PLANTED if secret in text] == []
    # An error's way leads through the command, which has the name that the service gave.
    assert [secret for secret in PLANTED if secret in said and secret != NAME] == []


def test_the_search_finds_the_secrets_that_the_sdk_itself_shows(
    server: Server, heard: Reported, capfd: pytest.CaptureFixture[str]
) -> None:
    """The SDK, used as it is meant to be used, tells all of it."""
    server.answer(200, SESSION)
    client = stripe.StripeClient(API_KEY, base_addresses={"api": server.url})
    client.raw_request("post", "/v1/x", billing_details={"name": "JennyRosen"})
    server.answer(200, WHOLE[:-2])
    with pytest.raises(stripe.APIError) as raised:
        client.raw_request("post", "/v1/x")
    for text in ("\n".join(heard.lines), capfd.readouterr().err):
        assert all(secret in text for secret in (CLIENT_SECRET, HOSTED_URL, TOKEN, "JennyRosen"))
    assert CLIENT_SECRET in said_by(raised.value)


def secrets_of(scene: Scene) -> list[str]:
    """All that the simulator gave out."""
    world = scene.simulator.world
    found: list[str | None] = [API_KEY, *world.tokens]
    for session in world.sessions.values():
        found += [session.client_secret, session.hosted_url]
    return [secret for secret in found if secret]


@pytest.mark.parametrize("fault", [None, *ApiFault])
def test_no_secret_is_logged_or_stored_while_all_commands_run_with_faults(
    customer: Scene,
    payee: Scene,
    heard: Reported,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    fault: ApiFault | None,
) -> None:
    """Every command, through the store, each with a fault on its way."""
    database = f"sqlite:///{tmp_path / 'relink.db'}"
    migrate(database)
    store = SqlStore(database, relink_system())
    said: list[str] = []
    hosted = customer.relink(delivery="url", return_url="https://shop.example/", attempt=50)
    commands: list[tuple[Scene, Command]] = [(customer, hosted)]
    commands += [command_of(name, customer, payee) for name in MADE]
    for scene, command in commands:
        asked_at = scene.simulator.now
        if fault:
            scene.simulator.inject(fault)
        for number in range(1, 10):
            scene.simulator.advance(60)
            try:
                answer = scene.gateway.perform(command, asked_at, Attempt(number, asked_at))
            except TransientError as error:
                said.append(said_by(error))
                continue
            said.append(repr(answer))
            store.apply(InboxMessage(command.id, command.name, 0, asked_at), answer.events)
            break
        else:
            pytest.fail(f"{command.name} did not come to an end")
    store.close()

    output = capfd.readouterr()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir()).decode("latin-1")
    texts = [*heard.lines, *said, output.out, output.err, written]
    secrets = secrets_of(customer)
    assert len(secrets) > 4
    assert [secret for secret in secrets for text in texts if secret in text] == []
