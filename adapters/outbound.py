"""HTTP requests to other parties: to Stripe, and to the embedding service.

Everything that another party could draw out is bounded here, once, for all of them:

- *Time.* A request has one deadline, from the connection to the last byte that is read, however
  slowly the bytes come (:mod:`.deadline`). HTTP clients have timeouts for single reads only, so
  this one is enforced below the client, at each read of the socket.
- *Size.* An answer is read up to a limit, and a larger one counts as none.
- *Place.* No redirect is followed: another server must get no key, name, token or notification.

One rule holds for all parties: the proxies of ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``, but
never for a loopback address; and the certificates of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR``, or else
those that come with the HTTP client.

Nothing is logged, and no error shows a URL, a header or a body.
"""

import os
import ssl
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore

from .deadline import Deadline, remaining
from .loopback import is_loopback

CONNECT_TIMEOUT = 5.0
"""The longest time to open a connection to one address (seconds)."""

LARGEST_ANSWER = 8 * 1024 * 1024
"""The limit for the body of an answer (bytes). A page of 100 objects has about half a megabyte."""

_FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    OSError,
)


class NoAnswerError(Exception):
    """No complete answer came. It is not known whether the request arrived. The text says why."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The answer to a request, with any status."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    content: bytes = field(repr=False)


class Outbound:
    """A client for the server of one URL. It can be used from several threads.

    Args:
        url: a URL of that server. It decides about the proxy.
        connect_timeout: the longest time to open a connection to one address (seconds).
        largest: the limit for the body of an answer (bytes).

    Raises:
        ValueError: the environment names certificates or a proxy that cannot be used.
    """

    def __init__(
        self,
        url: str,
        connect_timeout: float = CONNECT_TIMEOUT,
        largest: int = LARGEST_ANSWER,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._largest = largest
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusted() if urlsplit(url).scheme == "https" else None,
            proxy=_proxy(url),
            # Callers bound how many threads send requests.
            max_connections=None,
            max_keepalive_connections=16,
            keepalive_expiry=30.0,
            network_backend=_Backend(),
        )
        # The pool leaves its connections open when it is forgotten.
        weakref.finalize(self, self._pool.close)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        timeout: float,
        wants_body: bool = True,
    ) -> HttpAnswer:
        """Send one request, once.

        Args:
            method: ``GET`` or ``POST``.
            url: where to.
            headers: what is sent beside ``Host`` and ``Content-Length``.
            body: the body; None sends none.
            timeout: the longest time for all of it (seconds), or less if a deadline ends before.
            wants_body: whether the answer's body is read.

        Raises:
            NoAnswerError: no complete answer came.
        """
        allowed = remaining(timeout)
        with Deadline(allowed):
            try:
                return self._send(method, url, headers, body, wants_body)
            except _TooLarge:
                failure = f"it is larger than {self._largest} bytes"
            except _FAILURES as error:
                failure = type(error).__name__
                if not remaining():
                    failure = f"it took longer than {allowed:.3g} seconds"
        # Not chained: the client's errors refer to the request.
        raise NoAnswerError(failure)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        wants_body: bool,
    ) -> HttpAnswer:
        left = remaining()
        # Compressed answers could grow beyond every limit when they are unpacked.
        sent = [*headers.items(), ("Accept-Encoding", "identity")]
        extensions = {
            "timeout": {
                "connect": min(self._connect_timeout, left),
                **dict.fromkeys(("read", "write", "pool"), left),
            }
        }
        with self._pool.stream(
            method, url, headers=sent, content=body, extensions=extensions
        ) as response:
            received = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            content = b""
            if wants_body:
                if received.get("content-encoding", "identity") != "identity":
                    raise httpcore.RemoteProtocolError("an encoding that was not asked for")
                content = self._read(response.iter_stream(), received.get("content-length"))
            return HttpAnswer(response.status, received, content)

    def _read(self, stream: Iterable[bytes], announced: str | None) -> bytes:
        if announced is not None and announced.isdigit() and int(announced) > self._largest:
            raise _TooLarge
        chunks, size = [], 0
        for chunk in stream:
            size += len(chunk)
            if size > self._largest:
                raise _TooLarge
            chunks.append(chunk)
        return b"".join(chunks)


class _TooLarge(httpcore.ProtocolError):
    """The answer is larger than the limit."""


# ── the deadline, below the HTTP client ──────────────────────────────────────


class _Backend(httpcore.NetworkBackend):
    """Opens connections whose every wait ends at the deadline."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        made = self._inner.connect_tcp(
            host, port, _left(timeout, httpcore.ConnectTimeout), local_address, socket_options
        )
        return _Stream(made)


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


def _left(timeout: float | None, kind: type[httpcore.TimeoutException]) -> float:
    left = remaining(float("inf") if timeout is None else timeout)
    if left <= 0:
        raise kind("the deadline is over")
    return left


# ── the environment ──────────────────────────────────────────────────────────


def _trusted() -> ssl.SSLContext:
    """The certificates that servers are verified with."""
    file, folder = (os.environ.get(name) or None for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    if file is None and folder is None:
        return httpcore.default_ssl_context()
    try:
        return ssl.create_default_context(cafile=file, capath=folder)
    except OSError as error:
        reason = error.strerror or "they cannot be read"
    raise ValueError(
        f"SSL_CERT_FILE or SSL_CERT_DIR is invalid: {reason}. Name certificates in PEM format"
    )


def _proxy(url: str) -> httpcore.Proxy | None:
    """The proxy that the environment names for a URL."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    address = getproxies().get(parts.scheme) or getproxies().get("all")
    if not address or is_loopback(host) or proxy_bypass(host):
        return None
    if "://" not in address:
        address = f"http://{address}"
    try:
        found = urlsplit(address)
        login = None
        if found.username is not None:
            login = unquote(found.username), unquote(found.password or "")
        where = f"[{found.hostname}]" if ":" in (found.hostname or "") else found.hostname
        port = f":{found.port}" if found.port else ""
        if where and found.scheme in ("http", "https"):
            return httpcore.Proxy(f"{found.scheme}://{where}{port}", auth=login)
    except ValueError:
        pass  # The error quotes the value, which may hold a password.
    name = f"{parts.scheme.upper()}_PROXY"
    raise ValueError(f"{name} is invalid: it must be like http://proxy.example:3128")
