"""Case 4: the store and the workers connect alike, and nobody shows the password."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from relink.adapters.cli import main
from relink.adapters.store import DatabaseLocation, locate
from relink.adapters.store.location import PostgresLocation
from relink.adapters.store.postgres.connection import (
    QueueConnection,
    StoreConnection,
    queue_connection,
)

from .forwarder import Forwarder

PASSWORD = "hunter2 /?@%:&=#"
ENCODED = "hunter2%20%2F%3F%40%25%3A%26%3D%23"

WHO = "SELECT current_user, current_database(), current_setting('search_path')"


@pytest.fixture
def way(postgres_url: str) -> Iterator[Forwarder]:
    location = locate(postgres_url)
    assert isinstance(location, PostgresLocation)
    with Forwarder(location.parameters["host"]) as made:
        yield made


@pytest.fixture
def name(postgres_url: str) -> str:
    location = locate(postgres_url)
    assert isinstance(location, PostgresLocation)
    return location.parameters["dbname"]


def who(location: DatabaseLocation) -> tuple[object, object]:
    """Where the store is, and where a worker's connection to the queue is."""
    assert isinstance(location, PostgresLocation)
    direct = StoreConnection.open(location)
    stores = direct.execute(WHO).fetchone()
    direct.close()

    async def queue() -> object:
        connection: QueueConnection = await queue_connection(location).connect()
        async with connection:
            return await (await connection.execute(WHO)).fetchone()

    return stores, asyncio.run(queue())


@pytest.mark.parametrize(
    "form",
    [
        f"postgresql://postgres:{ENCODED}@127.0.0.1:{{port}}/{{name}}",
        f"postgres://postgres:{ENCODED}@localhost:{{port}}/{{name}}?sslmode=disable",
        "postgresql://postgres@127.0.0.1:{port}/{name}?options=-c%20jit%3Doff%20-c%20work_mem%3D8MB",
        "postgresql://postgres@127.0.0.1:1,127.0.0.1:{port}/{name}",
    ],
)
def test_store_and_workers_are_at_the_same_place(way: Forwarder, name: str, form: str):
    location = locate(form.format(port=way.port, name=name))
    stores, queues = who(location)
    assert stores == queues == ("postgres", name, '"relink", pg_temp')


COMMANDS = (
    ["explain", "fca_nobody"],
    ["explain", "fca_nobody", "--database", f"postgresql://me:{ENCODED}@127.0.0.1:1/x"],
    ["status"],
    ["status", "--json"],
    ["dead-letters"],
    ["replay"],
    ["migrate"],
    ["work"],
    ["serve", "--port", "0"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_in_one_line_that_the_database_is_away(
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_1")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_1")
    monkeypatch.setenv("RELINK_API_TOKEN", "token")
    monkeypatch.setenv("RELINK_DATABASE_URL", f"postgresql://me:{ENCODED}@127.0.0.1:1/x")
    assert main(command) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert "The database does not answer." in line
    assert "127.0.0.1" in line
    for text in (said.err, caplog.text):
        assert "hunter2" not in text
        assert "Traceback" not in text


def test_the_doctor_says_so_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_1")
    monkeypatch.setenv("RELINK_GATEWAY", "dry-run")
    monkeypatch.setenv("RELINK_DATABASE_URL", f"postgresql://me:{ENCODED}@127.0.0.1:1/x")
    assert main(["doctor"]) == 1
    said = capsys.readouterr()
    assert "the database does not answer" in said.out
    assert "hunter2" not in said.out + said.err
