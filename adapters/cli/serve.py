"""``relink serve``: the service over HTTP; on SQLite with all its work, alone."""

import argparse
import ipaddress
import os
from contextlib import ExitStack

from . import UsageError
from .settings import settings_of

DRAIN = 30
"""Seconds that requests which are being answered may take when the service is stopped."""


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to bind (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (8000)")
    parser.add_argument("--tls-cert", metavar="FILE", help="PEM certificate, with its chain")
    parser.add_argument("--tls-key", metavar="FILE", help="PEM private key of the certificate")
    parser.add_argument(
        "--behind-tls-proxy",
        action="store_true",
        help="TLS ends before us: bind to other addresses than loopback without it",
    )
    parser.add_argument("--log-level", default="INFO", help="of the JSON lines (INFO)")
    parser.add_argument(
        "--demo",
        action="store_true",
        help="with a simulated Stripe and a shop to click through: no keys, nothing is kept",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    _refuse_open_door(arguments)
    if arguments.demo:
        return _demo(arguments)
    import uvicorn
    from sqlalchemy.exc import DBAPIError

    from relink.adapters.bootstrap import assemble, serving
    from relink.adapters.logs import log_json
    from relink.adapters.store import StoreError, migrate
    from relink.adapters.store.lock_file import InUseError, exclusive

    settings = settings_of(os.environ)
    if settings.api_token is None:
        raise UsageError("RELINK_API_TOKEN is not set: anybody could open relink sessions")
    if not settings.webhook_secrets:
        raise UsageError("STRIPE_WEBHOOK_SECRET is not set: no webhook could be verified")
    with ExitStack() as stack:
        try:
            if settings.on_sqlite:
                stack.enter_context(exclusive(settings.database_url))
                migrate(settings.database_url)
            parts = assemble(settings)
            stack.callback(parts.store.close)
            if parts.loop is not None:
                # Also where a second signal keeps the server from ending as it should: nobody
                # else may get the database while commands are performed.
                stack.callback(parts.loop.stop)
            parts.store.check()
        except (InUseError, StoreError, OSError, ValueError) as error:
            raise UsageError(str(error)) from error
        except DBAPIError as error:
            raise UsageError(f"the database: {str(error.orig).splitlines()[0]}") from None
        log_json(arguments.log_level)
        uvicorn.run(
            serving(parts),
            host=arguments.host,
            port=arguments.port,
            log_config=None,
            server_header=False,
            proxy_headers=arguments.behind_tls_proxy,
            ssl_certfile=arguments.tls_cert,
            ssl_keyfile=arguments.tls_key,
            timeout_graceful_shutdown=DRAIN,
        )
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from relink.adapters.demo.server import run_demo
    from relink.adapters.settings import SettingsError

    if not _is_loopback(arguments.host):
        raise UsageError("the demo asks nobody for a token, and stays on a loopback address")
    try:
        return run_demo(arguments.host, arguments.port)
    except (SettingsError, OSError) as error:
        raise UsageError(str(error)) from error


def _refuse_open_door(arguments: argparse.Namespace) -> None:
    """Client secrets go over this connection, so it has TLS, or stays on the machine."""
    if bool(arguments.tls_cert) != bool(arguments.tls_key):
        raise UsageError("--tls-cert and --tls-key go together")
    if arguments.tls_cert or arguments.behind_tls_proxy or _is_loopback(arguments.host):
        return
    raise UsageError(
        f"{arguments.host} is not a loopback address, and client secrets must not travel without "
        "TLS: give --tls-cert and --tls-key, or --behind-tls-proxy where it ends before us"
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
