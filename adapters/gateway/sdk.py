"""Over HTTP, with Stripe's SDK: its client, headers, connections and certificates.

The SDK logs the bodies of requests and answers at debug level; with ``STRIPE_LOG=debug`` it
prints them too, which no logging configuration can stop; and its exceptions carry them. So
it is not given any: :class:`_Bypass`, the HTTP client that it is handed for one call, puts
in the request's body below the place where the SDK logs it, keeps the reply's body, and
passes an empty one upwards. What the SDK can log is method, URL, status and request id.
"""

from collections.abc import Mapping

import stripe

from .errors import TransientError
from .secret import ApiKey
from .settings import STRIPE
from .transport import PREVIEW, Body, Call, Reply

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 25.0
"""Seconds without a byte. The SDK's own 80 are too many for a customer who waits."""


class SdkTransport:
    """Stripe, or a server that speaks its protocol.

    Args:
        api_key: the secret key, or a restricted one.
        api_base: where the server is, such as ``http://127.0.0.1:12111``.
        api_version: sent with every request.
        connect_timeout: in seconds.
        read_timeout: in seconds, without a byte.
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
        self._http = stripe.RequestsClient(timeout=(connect_timeout, read_timeout))

    def send(self, call: Call) -> Reply:
        """Send one request, once: when to repeat it is not the SDK's to decide.

        Raises:
            TransientError: no reply came, and whether the request arrived is not known.
        """
        bypass = _Bypass(self._http, call.form if call.method == "POST" else None)
        unanswered = self._request(call, bypass)
        if bypass.reply is None:
            raise TransientError(f"no answer to {call.method} {call.path}: {unanswered}")
        return bypass.reply

    def close(self) -> None:
        """Close this thread's connections."""
        self._http.close()  # type: ignore[no-untyped-call]

    def _request(self, call: Call, bypass: "_Bypass") -> str:
        """Have the SDK make the request; why there was no answer, if there was none."""
        client = stripe.StripeClient(
            self._api_key.reveal(),
            stripe_version=self._api_version,
            base_addresses={"api": self._api_base},
            max_network_retries=0,
            http_client=bypass,
        )
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
            # It can make nothing of the empty body of a failure; the reply has the real one.
            pass
        return "no reply"


class _Bypass(stripe.HTTPClient):
    """The SDK's HTTP client for one call, which carries the bodies past it."""

    name = "requests"

    def __init__(self, http: stripe.HTTPClient, body: str | None) -> None:
        super().__init__()
        self._http = http
        self._body = body
        self.reply: Reply | None = None

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: object = None,
        **options: object,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send it with its real body; give back an empty one."""
        content, status, received = self._http.request(method, url, headers, self._body)
        named = {name.lower(): value for name, value in received.items()}
        raw = content.encode() if isinstance(content, str) else content
        self.reply = Reply(status, named, Body(raw))
        return "{}", status, received
