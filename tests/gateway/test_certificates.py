"""SSL_CERT_FILE holds for Stripe and for notifications alike, and so does its absence."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from relink.adapters.gateway import ApiKey, TransientError
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.notifications import Notifier, NotifyError
from relink.machines.commands import NotifyCustomer

from ..rig import API_KEY
from .stand_in import COMMANDS, DATE, NOW

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBqTCCAU6gAwIBAgIUfIu9DwC34dX2YuqaY8cjqE48sYcwCgYIKoZIzj0EAwIw
IDEeMBwGA1UEAwwVQ2VydGlmaWNhdGUgb2YgYSB0ZXN0MCAXDTI2MTEyNzAwMzgw
MloYDzIxMjYxMTAzMDAzODAyWjAgMR4wHAYDVQQDDBVDZXJ0aWZpY2F0ZSBvZiBh
IHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ86jvqBNtfarGGLO4STOf5
AH+WTHgQQKy/36x1/6eSzSxfbS5hHJHiuhyZIp9eu9FyGr9v+xjki5sebVwdDoc7
o2QwYjAdBgNVHQ4EFgQUc6suca6Qt/jdQBheFF0LR2j9xqwwHwYDVR0jBBgwFoAU
c6suca6Qt/jdQBheFF0LR2j9xqwwDwYDVR0RBAgwBocEfwAAATAPBgNVHRMBAf8E
BTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQChuYIu+Ca+ecKY/HCrjj+5AIK7tML3
i/7ewWwWOsVYLwIhALDQPVovERG4Ez+i/44JEPnwSn6v6BxP01ZpVnQqa3Lg
-----END CERTIFICATE-----
"""
"""A certificate for 127.0.0.1 that nobody else trusts. Its key protects nothing."""

KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJ6JX8sLlPBavz619
6ECg2n1DpEgviXJVyVyBD531ojChRANCAAQ86jvqBNtfarGGLO4STOf5AH+WTHgQ
QKy/36x1/6eSzSxfbS5hHJHiuhyZIp9eu9FyGr9v+xjki5sebVwdDoc7
-----END PRIVATE KEY-----
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The URL of a server with that certificate. It answers every request as Stripe would."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response_only(200)
            body = b'{"id": "fca_1"}'
            for name, value in (("Date", DATE), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    (tmp_path / "both.pem").write_text(KEY + CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.handle_error = lambda *_: None  # type: ignore[method-assign]
        running.socket = context.wrap_socket(running.socket, server_side=True)
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"https://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def read_at_stripe(url: str) -> None:
    transport = SdkTransport(ApiKey(API_KEY), url, timeout=5)
    try:
        assert StripeGateway(transport).perform(COMMANDS["retrieve_account"], NOW).events
    finally:
        transport.close()


def notify(url: str) -> None:
    notifier = Notifier(url, "secret", timeout=5)
    prompt = NotifyCustomer(
        outage="fcauth_1",
        outage_number=1,
        number=1,
        since=NOW,
        accounts=("fca_1",),
        ask="relink",
        reasons=("access_expired",),
    )
    try:
        notifier(prompt, "notify_customer_1")
    finally:
        notifier.close()


@pytest.mark.parametrize("ask", [read_at_stripe, notify])
def test_a_certificate_of_ones_own_is_trusted_where_it_is_named_and_nowhere_else(
    ask: object, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(ask)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises((TransientError, NotifyError)):
        ask(server)
    (tmp_path / "own.pem").write_text(CERTIFICATE)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    ask(server)
