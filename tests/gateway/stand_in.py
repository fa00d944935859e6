"""Every command, and two scripted stand-ins for Stripe: a transport and an HTTP server."""

import json
import socket
import threading
from dataclasses import dataclass, field
from typing import Any

from relink.adapters.gateway import TransientError
from relink.adapters.gateway.transport import Body, Call, Reply
from relink.machines.commands import (
    AnyStripeCommand,
    AttachExternalAccount,
    CreatePaymentMethod,
    CreateRelinkSession,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrieveExternalAccount,
    RetrievePaymentMethod,
    RetrieveSession,
    RetrieveSessionForCaller,
)
from relink.machines.reasons import ReadReason
from relink.machines.report import Holder

DATE = "Thu, 09 Oct 2025 08:53:20 GMT"
AS_OF = 1_760_000_000
NOW = float(AS_OF)
CLIENT_SECRET = "fcsess_client_secret_NobodyMayKeepThis"
HOSTED_URL = "https://hosted.example/NobodyMayKeepThisEither"
TOKEN = "btok_NobodyMayKeepThisToo"
PAGE = b"<html><h1>Access denied</h1>The policy of your company forbids this page.</html>"
"""What a proxy answers."""
CUSTOMER = Holder(field="customer", id="cus_1")
CONNECTED = Holder(field="account", id="acct_1")

RELINK = CreateRelinkSession(
    account="fca_1",
    attempt=1,
    authorization="fcauth_1",
    mode="specific",
    reason="inactive",
    holder=CUSTOMER,
    permissions=("balances", "payment_method"),
    subcategories=("checking", "savings"),
    delivery="modal",
    return_url=None,
)
COMMANDS: dict[str, AnyStripeCommand] = {
    "create_relink_session": RELINK,
    "retrieve_account": RetrieveAccount(account="fca_1", reason=ReadReason.LOOK, number=1),
    "retrieve_authorization": RetrieveAuthorization(
        authorization="fcauth_1", reason=ReadReason.LOOK, number=1
    ),
    "retrieve_session": RetrieveSession(session="fcsess_1", reason=ReadReason.LOOK, number=1),
    "retrieve_payment_method": RetrievePaymentMethod(
        payment_method="pm_1", reason=ReadReason.LOOK, number=1
    ),
    "retrieve_external_account": RetrieveExternalAccount(
        external_account="ba_1", connected_account="acct_1", reason=ReadReason.LOOK, number=1
    ),
    "retrieve_account_for_caller": RetrieveAccountForCaller(account="fca_1", dedup_key="request_1"),
    "retrieve_session_for_caller": RetrieveSessionForCaller(
        session="fcsess_1", reason="result", dedup_key="request_1"
    ),
    "create_payment_method": CreatePaymentMethod(
        account="fca_1", session="fcsess_1", holder=CUSTOMER, billing_name="Jenny Rosen"
    ),
    "attach_external_account": AttachExternalAccount(
        account="fca_1", session="fcsess_1", holder=CONNECTED
    ),
}
SESSION: dict[str, Any] = {
    "id": "fcsess_1",
    "object": "financial_connections.session",
    "accounts": {"object": "list", "data": [], "has_more": False, "url": "/v1/x"},
    "bank_account_token": {"id": TOKEN, "object": "token", "bank_account": {"last4": "6789"}},
    "client_secret": CLIENT_SECRET,
    "status": "pending",
    "url": HOSTED_URL,
}


def reply(status: int = 200, body: object = None, **headers: str) -> Reply:
    """A reply. Underscores in header names become hyphens."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"date": DATE, "request-id": "req_1", **named}, Body(content))


def error(status: int, code: str | None = None, kind: str = "x_error", **headers: str) -> Reply:
    return reply(status, {"error": {"type": kind, "code": code, "message": "m"}}, **headers)


@dataclass
class Script:
    """A transport that returns scripted replies in order."""

    replies: list[Reply | None]
    """The replies; None: no answer comes."""
    calls: list[Call] = field(default_factory=list)

    def send(self, call: Call) -> Reply:
        self.calls.append(call)
        answer = self.replies.pop(0)
        if answer is None:
            raise TransientError("no answer")
        return answer

    @property
    def asked(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.calls]

    @property
    def keys(self) -> list[str | None]:
        """The idempotency keys without the command's id."""
        keys = [call.idempotency_key for call in self.calls]
        return [key.partition(":")[2] if key else None for key in keys]


@dataclass
class Arrived:
    """A request as received."""

    head: str
    headers: dict[str, str]
    body: bytes


class Server:
    """An HTTP server on 127.0.0.1 that sends scripted bytes and records requests."""

    def __init__(self) -> None:
        self.replies: list[bytes | None] = []
        """The complete replies; None closes the connection without an answer."""
        self.silent = threading.Event()
        """Set it to send no answers."""
        self.arrived: list[Arrived] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def answer(self, status: int, body: object, **headers: str) -> None:
        """Queue a reply with JSON or bytes as its body."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        length = {"Content-Length": str(len(content))}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        head = {"Date": DATE, "Request-Id": "req_1", "Connection": "close", **length, **named}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self.replies.append(f"HTTP/1.1 {status} Reason\r\n{lines}\r\n".encode() + content)

    def close(self) -> None:
        self._over.set()
        # Wakes up the thread, which waits in accept().
        socket.create_connection(self._listening.getsockname()).close()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            with connection:
                if self._over.is_set():
                    return
                connection.settimeout(5)
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (x.split(": ", 1) for x in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        self.arrived.append(Arrived(first, headers, body))
        if self.silent.is_set():
            self._over.wait(5)
        elif self.replies and (answer := self.replies.pop(0)) is not None:
            connection.sendall(answer)
