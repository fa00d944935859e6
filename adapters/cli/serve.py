"""``relink serve``: webhooks and the HTTP API; on SQLite, all commands too."""

import argparse
import ipaddress
import os
import socket
from contextlib import ExitStack

from . import UsageError
from .settings import settings_of, store_error
from .stopping import stop_if_requested

DRAIN = 30
"""How long requests in progress may take when the service stops (seconds). Attempts at commands end
after them: each takes ``ATTEMPT_TIMEOUT`` at most, the wait for the rate limit included."""

BACKLOG = 2048
"""Connections that may wait to be accepted, such as those that come while the process starts."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, default=8000, help="port to bind; 0 chooses a free one (default: 8000)"
    )
    parser.add_argument("--tls-cert", metavar="FILE", help="PEM certificate with its chain")
    parser.add_argument("--tls-key", metavar="FILE", help="PEM private key of the certificate")
    parser.add_argument(
        "--behind-tls-proxy",
        action="store_true",
        help="a proxy terminates TLS: allow other addresses than loopback without TLS here",
    )
    parser.add_argument("--log-level", default="INFO", help="log level (default: INFO)")
    parser.add_argument(
        "--demo",
        action="store_true",
        help="serve a shop to click through, with a simulated Stripe; needs no keys, keeps nothing",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes; then finish the requests and attempts in progress."""
    _refuse_open_door(arguments)
    if arguments.demo:
        return _demo(arguments)
    import uvicorn

    from relink.adapters.asgi import require_served
    from relink.adapters.bootstrap import assemble, opened, serving
    from relink.adapters.http.server import server_options
    from relink.adapters.logs import log_json
    from relink.adapters.store import StoreError
    from relink.adapters.store.sqlite.lock import InUseError

    settings = settings_of(os.environ)
    with ExitStack() as stack:
        try:
            require_served(settings)
            parts = assemble(settings)
            stack.enter_context(opened(parts))
            listening = stack.enter_context(_listen(arguments.host, arguments.port))
        except StoreError as error:
            raise store_error(error) from None
        except (InUseError, OSError, ValueError) as error:
            raise UsageError(str(error)) from error
        log_json(arguments.log_level)
        try:
            options = server_options(tls=arguments.tls_cert is not None)
        except ValueError as error:
            raise UsageError(str(error)) from None
        config = uvicorn.Config(
            serving(parts),
            log_config=None,
            server_header=False,
            proxy_headers=arguments.behind_tls_proxy,
            ssl_certfile=arguments.tls_cert,
            ssl_keyfile=arguments.tls_key,
            timeout_graceful_shutdown=DRAIN,
            **options,
        )
        stop_if_requested()
        server = uvicorn.Server(config)
        server.run(sockets=[listening])
    return 0 if server.started else 1


def _listen(host: str, port: int) -> socket.socket:
    """Bind before any command is performed: two servers on one port are a mistake.

    Raises:
        OSError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise OSError(f"{host} port {port} cannot be bound: {error.strerror or error}") from None


def _demo(arguments: argparse.Namespace) -> int:
    from relink.adapters.demo.server import run_demo
    from relink.adapters.settings import SettingsError

    if not _is_loopback(arguments.host):
        raise UsageError(
            f"{arguments.host} is not a loopback address. --demo needs one: it asks for no token."
        )
    try:
        return run_demo(arguments.host, arguments.port)
    except (SettingsError, OSError) as error:
        raise UsageError(str(error)) from error


def _refuse_open_door(arguments: argparse.Namespace) -> None:
    """Client secrets travel in answers, so only loopback addresses go without TLS."""
    if bool(arguments.tls_cert) != bool(arguments.tls_key):
        raise UsageError("--tls-cert and --tls-key need each other. Give both.")
    if arguments.tls_cert or arguments.behind_tls_proxy or _is_loopback(arguments.host):
        return
    raise UsageError(
        f"{arguments.host} is not a loopback address, and client secrets must not travel without "
        "TLS. Give --tls-cert and --tls-key, or --behind-tls-proxy if a proxy terminates TLS."
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
