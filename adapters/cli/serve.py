"""``relink serve``: webhooks and the HTTP API; on SQLite, all commands too."""

import argparse
import os
from contextlib import ExitStack
from math import ceil

from relink.adapters.loopback import is_loopback

from . import UsageError
from .arguments import address, log_level, path, port
from .listening import PortInUseError, check_certificate, listening
from .options import CommandParser
from .settings import refuse_live_key, settings_of

NOT_STARTED = 3
"""The exit code where the server could not start. Its log says why."""


def add(parser: CommandParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--host",
        type=address,
        default="127.0.0.1",
        help="address to bind (default: 127.0.0.1)",
    )
    parser.add_argument(
        "--port", type=port, default=8000, help="port to bind; 0 chooses a free one (default: 8000)"
    )
    parser.add_argument(
        "--tls-cert", type=path, metavar="FILE", help="PEM certificate with its chain"
    )
    parser.add_argument(
        "--tls-key", type=path, metavar="FILE", help="PEM private key of the certificate"
    )
    parser.add_argument(
        "--behind-tls-proxy",
        action="store_true",
        help="a proxy terminates TLS: allow other addresses than loopback without TLS here",
    )
    parser.add_argument(
        "--log-level", type=log_level, default="INFO", help="log level (default: INFO)"
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="serve a shop to click through, with a simulated Stripe; needs no keys, keeps nothing",
    )
    parser.needs("--tls-cert", "--tls-key")
    parser.needs("--tls-key", "--tls-cert")
    parser.alone("--demo", besides=["--host", "--port"])


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes; then finish the requests and attempts in progress."""
    if arguments.demo:
        return _demo(arguments)
    _refuse_open_door(arguments)
    import uvicorn

    from relink.adapters.asgi import require_served
    from relink.adapters.bootstrap import assemble, opened, serving
    from relink.adapters.http.server import server_options
    from relink.adapters.logs import log_json
    from relink.adapters.settings import hide_secrets
    from relink.adapters.store.backend import backend_for
    from relink.adapters.store.sqlite.lock import InUseError

    settings = settings_of(os.environ)
    require_served(settings)
    # From here on: while it waits for a predecessor it logs too.
    log_json(arguments.log_level, hide=hide_secrets(os.environ))
    if arguments.tls_cert:
        check_certificate(arguments.tls_cert, arguments.tls_key)
    with ExitStack() as stack:
        sockets = []
        try:
            sockets = stack.enter_context(listening(arguments.host, arguments.port))
        except PortInUseError:
            # A predecessor may have the port until it has stopped.
            file = backend_for(settings.database).file
            if file is None or not file.exists():
                raise
        try:
            options = server_options(tls=arguments.tls_cert is not None)
            parts = assemble(settings)
            stack.enter_context(opened(parts))
        except (InUseError, ValueError) as error:
            raise UsageError(str(error)) from error
        # Before any command is performed.
        sockets = sockets or stack.enter_context(listening(arguments.host, arguments.port))
        config = uvicorn.Config(
            serving(parts),
            log_config=None,
            server_header=False,
            proxy_headers=arguments.behind_tls_proxy,
            ssl_certfile=arguments.tls_cert,
            ssl_keyfile=arguments.tls_key,
            timeout_graceful_shutdown=ceil(settings.waits.drain),
            **options,
        )
        server = uvicorn.Server(config)
        server.run(sockets=sockets)
    return 0 if server.started else NOT_STARTED


def _demo(arguments: argparse.Namespace) -> int:
    from relink.adapters.demo.server import run_demo

    if not is_loopback(arguments.host):
        raise UsageError(
            f"{arguments.host} is not a loopback address. --demo needs one: it asks for no token."
        )
    refuse_live_key()
    with listening(arguments.host, arguments.port) as sockets:
        run_demo(arguments.host, sockets)
    return 0


def _refuse_open_door(arguments: argparse.Namespace) -> None:
    """Client secrets travel in answers, so only loopback addresses go without TLS."""
    if arguments.tls_cert or arguments.behind_tls_proxy or is_loopback(arguments.host):
        return
    raise UsageError(
        f"{arguments.host} is not a loopback address, and client secrets must not travel without "
        "TLS. Give --tls-cert and --tls-key, or --behind-tls-proxy if a proxy terminates TLS."
    )
