"""F1: the real SDK over real sockets, with a proxy in place of Stripe."""

from collections.abc import Iterator

import pytest

from relink.adapters.gateway import ApiKey, Fault, OperatorError, TransientError
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.notifications import Notifier
from relink.machines.commands import AnyStripeCommand, RequestBillingName

from ..peer import freeze, peer
from ..rig import API_KEY
from .stand_in import COMMANDS, NOW, PAGE, RELINK, Server

READ = COMMANDS["retrieve_account"]
BUILD = COMMANDS["create_payment_method"]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def proxied(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeGateway]:
    """The gateway over Stripe's SDK, through a proxy that the environment names."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, server.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    transport = SdkTransport(ApiKey(API_KEY), "http://api.stripe.invalid", timeout=0.5)
    yield StripeGateway(transport)
    transport.close()


@pytest.mark.parametrize("status", [400, 403, 404, 407, 451])
@pytest.mark.parametrize("command", [READ, BUILD, RELINK], ids=lambda command: command.name)
def test_f1_the_page_of_a_proxy_is_never_final(
    server: Server, proxied: StripeGateway, command: AnyStripeCommand, status: int
) -> None:
    server.answer(status, PAGE, Content_Type="text/html")
    with pytest.raises(OperatorError) as raised:
        proxied.perform(command, NOW)
    assert raised.value.code is Fault.NOT_STRIPE
    assert server.arrived[0].head.split()[1].startswith("http://api.stripe.invalid/v1/")
    assert "company" not in str(raised.value)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_of_https_sees_the_host_alone_and_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with peer(freeze) as proxy:
        for each in (*PROXIES, *map(str.lower, PROXIES)):
            monkeypatch.delenv(each, raising=False)
        monkeypatch.setenv(name.lower(), proxy.url.replace("://", "://user:secretpw@"))
        transport = SdkTransport(ApiKey(API_KEY), "https://api.stripe.invalid", timeout=0.4)
        with pytest.raises(TransientError, match=r"longer than 0\.4 seconds") as raised:
            StripeGateway(transport).perform(BUILD, NOW)
        transport.close()
    (head,) = proxy.heads
    assert head.startswith(b"CONNECT api.stripe.invalid:443 ")
    assert b"Proxy-Authorization: Basic dXNlcjpzZWNyZXRwdw==" in head
    assert API_KEY.encode() not in head
    assert "secretpw" not in str(raised.value)


@pytest.mark.parametrize("no_proxy", [None, "127.0.0.1", "*"])
def test_no_proxy_stands_between_relink_and_a_loopback_address(
    server: Server, monkeypatch: pytest.MonkeyPatch, no_proxy: str | None
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    if no_proxy:
        monkeypatch.setenv("no_proxy", no_proxy)
    server.answer(500, {})
    transport = SdkTransport(ApiKey(API_KEY), server.url, timeout=5)
    with pytest.raises(TransientError, match="returned 500"):
        StripeGateway(transport).perform(READ, NOW)
    transport.close()


def test_a_notification_goes_through_the_same_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (*PROXIES, *map(str.lower, PROXIES)):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    server.answer(200, {})
    notifier = Notifier("http://shop.invalid/relink", "secret", timeout=5)
    notifier(RequestBillingName(account="fca_1", session="fcsess_1"), "request_billing_name_1")
    notifier.close()
    assert server.arrived[0].head.split()[:2] == ["POST", "http://shop.invalid/relink"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("command", [READ, BUILD], ids=lambda command: command.name)
def test_f1_a_redirect_is_not_followed(
    server: Server, over_http: StripeGateway, command: AnyStripeCommand, status: int
) -> None:
    server.answer(status, PAGE, Location=f"{server.url}/elsewhere")
    with pytest.raises(OperatorError) as raised:
        over_http.perform(command, NOW)
    assert raised.value.code is Fault.NOT_STRIPE
    assert len(server.arrived) == 1


def test_f1_a_login_page_in_place_of_an_answer_is_the_operators_to_mend(
    server: Server, over_http: StripeGateway
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(PAGE)}\r\n\r\n"
    server.replies.append(head.encode() + PAGE)
    with pytest.raises(OperatorError) as raised:
        over_http.perform(READ, NOW)
    assert raised.value.code is Fault.NOT_STRIPE
