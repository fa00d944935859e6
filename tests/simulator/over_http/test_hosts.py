"""Which hosts a request may name: a site that gives its own name our address is refused."""

from http.client import HTTPConnection

import pytest

from relink.adapters.simulator import Simulator
from relink.adapters.simulator.server import SimulatorServer

PATHS = (
    "/stripebank",
    "/_simulator/state",
    "/v1/customers",
    "/stripebank/static/bank.js",
    "/healthz",
)


def asked(
    server: SimulatorServer, host: str | None, path: str = "/_simulator/state"
) -> tuple[int, str]:
    """Status and text of an answer to a request that names this host; None: it names none."""
    connection = HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=10)
    try:
        connection.putrequest("GET", path, skip_host=True)
        if host is not None:
            connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("path", PATHS)
def test_no_path_answers_for_the_name_of_a_foreign_site(server, path):
    status, text = asked(server, "evil.example:8000", path)
    assert status == 421
    assert "does not answer for the host 'evil.example'" in text
    assert "Use the address that it printed" in text


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:80", "127.1.2.3", "localhost:9", "LOCALHOST", "[::1]:80"),
    ],
)
def test_loopback_hosts_may_be_named(server, host):
    assert asked(server, host)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        *("localhost.evil.example", "127.0.0.1.evil.example", "evil.example@localhost.evil", ""),
        *("[::1", "10.0.0.5", "evil.example:127.0.0.1", "0.0.0.0"),
    ],
)
def test_nothing_that_only_looks_like_one_may(server, host):
    assert asked(server, host)[0] == 421


def test_a_container_is_named_when_the_server_is_made():
    with SimulatorServer(Simulator(), names=["Simulator"]) as server:
        assert asked(server, "simulator:12111")[0] == 200
        status, text = asked(server, "other:12111")
    assert status == 421
    assert "loopback addresses, simulator" in text


def test_a_server_at_all_addresses_may_be_asked_at_each_but_by_no_name():
    with SimulatorServer(Simulator(), host="0.0.0.0") as server:
        assert [asked(server, host)[0] for host in ("10.0.0.5", "[fe80::1]", "localhost")] == [
            200
        ] * 3
        assert asked(server, "evil.example")[0] == 421
