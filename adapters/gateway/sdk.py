"""HTTP through Stripe's SDK, which knows its URLs, headers and versions.

The SDK logs the bodies of requests and answers at debug level. With ``STRIPE_LOG=debug`` it prints
them regardless of the logging configuration, and its exceptions carry them. So the SDK never sees a
body: :class:`_Bypass`, the HTTP client that it gets, sends the request's real body and keeps the
reply's, and returns an empty one. The SDK can log only method, URL, status and request id.

Time, size and redirects are bounded by :class:`~relink.adapters.outbound.Outbound`. The SDK's own
clients bound the single read only.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress

import stripe

from relink.adapters.outbound import CONNECT_TIMEOUT, NoAnswerError, Outbound

from .errors import GatewayConfigurationError, TransientError
from .secret import ApiKey
from .settings import REQUEST_TIMEOUT, STRIPE
from .transport import PREVIEW, Body, Call, Reply


class SdkTransport:
    """Sends requests to Stripe, or to a server with Stripe's protocol. It can be used from several
    threads.

    Args:
        api_key: a secret or restricted key.
        api_base: the server's address, such as ``http://127.0.0.1:12111``.
        api_version: the API version sent with every request.
        connect_timeout: the longest time to open a connection (seconds).
        timeout: the longest time for a request, to the last byte of its answer (seconds).

    Raises:
        GatewayConfigurationError: the environment names certificates or a proxy that cannot be
            used.
    """

    def __init__(
        self,
        api_key: ApiKey,
        api_base: str = STRIPE,
        api_version: str = PREVIEW,
        connect_timeout: float = CONNECT_TIMEOUT,
        timeout: float = REQUEST_TIMEOUT,
    ) -> None:
        self._api_key = api_key
        self._api_base = api_base
        self._api_version = api_version
        self._timeout = timeout
        self._threads = threading.local()
        try:
            self._outbound = Outbound(api_base, connect_timeout)
        except ValueError as error:
            raise GatewayConfigurationError(str(error)) from None

    def send(self, call: Call) -> Reply:
        """Send one request, once. The SDK's own retries are off.

        Raises:
            TransientError: no reply came. It is not known whether the request arrived.
        """
        client, bypass = self._of_this_thread()
        bypass.open(call.form.encode() if call.method == "POST" else None)
        try:
            _request(client, call)
        finally:
            reply, unanswered = bypass.close()
        if reply is None:
            raise TransientError(f"no answer to {call.method} {call.path}: {unanswered}")
        return reply

    def close(self) -> None:
        """Close all connections."""
        self._outbound.close()

    def _of_this_thread(self) -> tuple[stripe.StripeClient, "_Bypass"]:
        """This thread's client. To make one for each request takes milliseconds."""
        if not hasattr(self._threads, "client"):
            bypass = _Bypass(self._outbound, self._timeout)
            client = stripe.StripeClient(
                self._api_key.reveal(),
                stripe_version=self._api_version,
                base_addresses={"api": self._api_base},
                max_network_retries=0,
                http_client=bypass,
            )
            self._threads.client = client, bypass
        found: tuple[stripe.StripeClient, _Bypass] = self._threads.client
        return found


def _request(client: stripe.StripeClient, call: Call) -> None:
    """Make the request through the SDK."""
    query = call.params if call.method == "GET" else {}
    # The SDK raises for the empty body of a failure. The reply has the real one.
    with suppress(stripe.StripeError):
        client.raw_request(
            call.method.lower(),
            call.path,
            idempotency_key=call.idempotency_key,
            stripe_account=call.connected_account,
            **query,
        )


class _Bypass(stripe.HTTPClient):
    """The SDK's HTTP client for one thread, which keeps the bodies from the SDK. Between two calls
    it holds none."""

    name = "relink"

    def __init__(self, outbound: Outbound, timeout: float) -> None:
        super().__init__()
        self._outbound = outbound
        self._timeout = timeout
        self._body: bytes | None = None
        self._reply: Reply | None = None
        self._unanswered = "no reply"

    def open(self, body: bytes | None) -> None:
        """Take the body that the next call sends."""
        self._body, self._reply, self._unanswered = body, None, "no reply"

    def close(self) -> tuple[Reply | None, str]:
        """The reply to the call, or why none came."""
        reply, self._body, self._reply = self._reply, None, None
        return reply, self._unanswered

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: object = None,
        **options: object,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send the request with its real body, and return an empty one."""
        try:
            answer = self._outbound.send(
                method.upper(), url, headers or {}, self._body, timeout=self._timeout
            )
        except NoAnswerError as error:
            self._unanswered = str(error)
        else:
            self._reply = Reply(answer.status, answer.headers, Body(answer.content))
            return "{}", answer.status, answer.headers
        raise stripe.APIConnectionError("no answer")  # type: ignore[no-untyped-call]
