"""HTTP through Stripe's SDK, which knows its URLs, headers and versions.

The SDK logs the bodies of requests and answers at debug level. With ``STRIPE_LOG=debug`` it prints
them regardless of the logging configuration, and its exceptions carry them. So the SDK never sees a
body: :class:`_Bypass`, the HTTP client that it gets for one call, sends the request's real body and
keeps the reply's, and returns an empty one. The SDK can log only method, URL, status and request
id.

Time, size and redirects are bounded by :class:`~relink.adapters.outbound.Outbound`. The SDK's own
clients bound the single read only.
"""

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
        try:
            self._outbound = Outbound(api_base, connect_timeout)
        except ValueError as error:
            raise GatewayConfigurationError(str(error)) from None

    def send(self, call: Call) -> Reply:
        """Send one request, once. The SDK's own retries are off.

        Raises:
            TransientError: no reply came. It is not known whether the request arrived.
        """
        body = call.form.encode() if call.method == "POST" else None
        bypass = _Bypass(self._outbound, body, self._timeout)
        self._request(call, bypass)
        if bypass.reply is None:
            raise TransientError(f"no answer to {call.method} {call.path}: {bypass.unanswered}")
        return bypass.reply

    def close(self) -> None:
        """Close all connections."""
        self._outbound.close()

    def _request(self, call: Call, bypass: "_Bypass") -> None:
        """Make the request through the SDK."""
        client = stripe.StripeClient(
            self._api_key.reveal(),
            stripe_version=self._api_version,
            base_addresses={"api": self._api_base},
            max_network_retries=0,
            http_client=bypass,
        )
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
    """The SDK's HTTP client for one call, which keeps the bodies from the SDK."""

    name = "relink"

    def __init__(self, outbound: Outbound, body: bytes | None, timeout: float) -> None:
        super().__init__()
        self._outbound = outbound
        self._body = body
        self._timeout = timeout
        self.reply: Reply | None = None
        self.unanswered = "no reply"

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
            self.unanswered = str(error)
        else:
            self.reply = Reply(answer.status, answer.headers, Body(answer.content))
            return "{}", answer.status, answer.headers
        raise stripe.APIConnectionError("no answer")  # type: ignore[no-untyped-call]
