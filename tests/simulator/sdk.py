"""Stripe's real SDK with a simulator in the same process, without a socket."""

from typing import Any
from urllib.parse import urlsplit

import stripe

from relink.adapters.simulator import PREVIEW, Request, SimulatedTimeout, Simulator

KEY = "sk_test_simulator"


class InProcess(stripe.HTTPClient):
    """An HTTP client for the SDK that calls the simulator."""

    name = "in process"

    def __init__(self, simulator: Simulator) -> None:
        super().__init__()
        self._simulator = simulator

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any) -> Any:
        parts = urlsplit(url)
        body = post_data.encode() if isinstance(post_data, str) else post_data or b""
        lower = {name.lower(): value for name, value in headers.items()}
        request = Request(method, parts.path, body, parts.query.encode(), lower)
        try:
            response = self._simulator.handle(request)
        except SimulatedTimeout as error:
            raise stripe.APIConnectionError(str(error)) from error
        return response.body, response.status, response.headers

    def close(self) -> None:
        pass


def client(simulator: Simulator, version: str = PREVIEW, **options: Any) -> stripe.StripeClient:
    return stripe.StripeClient(
        KEY, stripe_version=version, http_client=InProcess(simulator), **options
    )
