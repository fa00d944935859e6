"""What asks a served simulator: the SDK, the control API, and an endpoint that it posts to."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import stripe

from relink.adapters.simulator import PREVIEW
from relink.adapters.simulator.server import SimulatorServer

from ..sdk import KEY


def asking(server: SimulatorServer, timeout: float = 10) -> Iterator[stripe.StripeClient]:
    transport = stripe.RequestsClient(timeout=timeout)
    addresses = {"api": server.url}
    yield stripe.StripeClient(
        KEY, base_addresses=addresses, stripe_version=PREVIEW, http_client=transport
    )
    transport.close()


class Receiver:
    """A webhook endpoint with scripted answers."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[stripe.Event] = []
        self.meanwhile: Callable[[stripe.Event], object] = lambda event: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signature = self.headers["Stripe-Signature"]
                event = stripe.Webhook.construct_event(
                    body, signature, "whsec_http", tolerance=None
                )
                receiver.meanwhile(event)
                receiver.got.append(event)
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks?from=stripe"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def types(self) -> list[str]:
        return [event.type.rpartition(".")[2] for event in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def control(
    server: SimulatorServer,
    method: str,
    path: str,
    body: Any = None,
    kind: str = "application/json",
) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(
        f"{server.url}/_simulator/{path}", data, {"Content-Type": kind}, method=method
    )
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)


def refusal(*arguments: Any, **more: Any) -> tuple[int, str]:
    with pytest.raises(HTTPError) as refused:
        control(*arguments, **more)
    with refused.value as answer:
        return answer.code, json.load(answer)["error"]
