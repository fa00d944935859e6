"""HTTP through Stripe's SDK: its client, headers, connections and certificates.

The SDK logs the bodies of requests and answers at debug level. With ``STRIPE_LOG=debug`` it prints
them regardless of the logging configuration, and its exceptions carry them. So the SDK never sees a
body: :class:`_Bypass`, the HTTP client that it gets, inserts the request's body below the SDK's
logging, keeps the reply's body, and returns an empty one. The SDK can log only method, URL, status
and request id.

A redirect is not followed. Stripe sends none, and another server must get no key, name or token.
"""

import threading
from collections.abc import Mapping
from typing import Any

import stripe

from .deadline import time_left
from .errors import TransientError
from .secret import ApiKey
from .settings import READ_TIMEOUT, STRIPE
from .transport import PREVIEW, Body, Call, Reply

CONNECT_TIMEOUT = 5.0
"""The longest time to open a connection (seconds)."""


LEAST_TIMEOUT = 0.05
"""The timeouts of a request whose caller has no time left (seconds); they must be positive."""


class SdkTransport:
    """Sends requests to Stripe, or to a server with Stripe's protocol.

    Args:
        api_key: a secret or restricted key.
        api_base: the server's address, such as ``http://127.0.0.1:12111``.
        api_version: the API version sent with every request.
        connect_timeout: the longest time to open a connection (seconds).
        read_timeout: the longest silence on a connection (seconds).
    """

    def __init__(
        self,
        api_key: ApiKey,
        api_base: str = STRIPE,
        api_version: str = PREVIEW,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        self._api_key = api_key
        self._api_base = api_base
        self._api_version = api_version
        self._timeout = connect_timeout, read_timeout
        self._of_thread = threading.local()

    def send(self, call: Call) -> Reply:
        """Send one request, once. The SDK's own retries are off.

        Raises:
            TransientError: no reply came. It is not known whether the request arrived.
        """
        client, bypass = self._client()
        bypass.open(self._http(), call.form if call.method == "POST" else None)
        try:
            unanswered = _request(client, call)
        finally:
            reply = bypass.close()
        if reply is None:
            raise TransientError(f"no answer to {call.method} {call.path}: {unanswered}")
        return reply

    def close(self) -> None:
        """Close this thread's connections."""
        self._session().close()

    def _session(self) -> Any:
        """This thread's connections."""
        if not hasattr(self._of_thread, "session"):
            self._of_thread.session = _without_redirects()
        return self._of_thread.session

    def _http(self) -> stripe.RequestsClient:
        """An HTTP client that waits no longer than the caller does."""
        left = max(LEAST_TIMEOUT, time_left())
        connect, read = self._timeout
        return stripe.RequestsClient(
            timeout=(min(connect, left), min(read, left)), session=self._session()
        )

    def _client(self) -> tuple[stripe.StripeClient, "_Bypass"]:
        """This thread's client. To make one for each request takes milliseconds."""
        if not hasattr(self._of_thread, "client"):
            bypass = _Bypass()
            client = stripe.StripeClient(
                self._api_key.reveal(),
                stripe_version=self._api_version,
                base_addresses={"api": self._api_base},
                max_network_retries=0,
                http_client=bypass,
            )
            self._of_thread.client = client, bypass
        found: tuple[stripe.StripeClient, _Bypass] = self._of_thread.client
        return found


def _request(client: stripe.StripeClient, call: Call) -> str:
    """Make the request through the SDK; returns why no answer came, where none did."""
    query = call.params if call.method == "GET" else {}
    try:
        client.raw_request(
            call.method.lower(),
            call.path,
            idempotency_key=call.idempotency_key,
            stripe_account=call.connected_account,
            **query,
        )
    except stripe.APIConnectionError as error:
        return type(error.__cause__ or error).__name__
    except stripe.StripeError:
        # The SDK raises for the empty body of a failure. The reply has the real one.
        pass
    return "no reply"


def _without_redirects() -> Any:
    session = stripe.RequestsClient().requests.Session()
    session.get_redirect_target = lambda response: None
    return session


class _Bypass(stripe.HTTPClient):
    """The SDK's HTTP client for one thread, which keeps the bodies from the SDK. Between two calls
    it holds none."""

    name = "requests"

    def __init__(self) -> None:
        super().__init__()
        self._http: stripe.HTTPClient | None = None
        self._body: str | None = None
        self._reply: Reply | None = None

    def open(self, http: stripe.HTTPClient, body: str | None) -> None:
        """Take what the next call sends.

        Args:
            http: sends it.
            body: of a POST.
        """
        self._http, self._body, self._reply = http, body, None

    def close(self) -> Reply | None:
        """The reply to the call, if there was one."""
        reply, self._http, self._body, self._reply = self._reply, None, None, None
        return reply

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: object = None,
        **options: object,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send the request with its real body, and return an empty one."""
        assert self._http is not None, "a call was opened"
        content, status, received = self._http.request(method, url, headers, self._body)
        named = {name.lower(): value for name, value in received.items()}
        raw = content.encode() if isinstance(content, str) else content
        self._reply = Reply(status, named, Body(raw))
        return "{}", status, received
