"""Which hosts a request may name in ``Host``.

A site can give its own name the address 127.0.0.1, once its page is loaded (DNS rebinding). To the
browser the page then asks its own origin, so no rule about origins stops it, and whatever needs no
token is open to it. What it cannot change is the name: its requests carry the site's own in
``Host``, and are refused here.

An address is never rebound, because nobody looks it up. So where the server is bound to all
addresses of the machine, each of them is accepted; a name is not, unless it was listed.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from relink.adapters.loopback import is_loopback

MISDIRECTED = 421


class OwnHosts:
    """ASGI middleware that answers 421 to a request for another host.

    Args:
        app: the application.
        bound: the host that the server is bound to. Loopback hosts are accepted too.
        names: further hosts by which the server is reached, such as a container's name.
    """

    def __init__(self, app: ASGIApp, bound: str, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = {name.lower() for name in (bound, *names)}
        self._accepts_addresses = _is_wildcard(bound)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or self._is_own(host_of(scope)):
            await self._app(scope, receive, send)
            return
        listed = ", ".join(sorted(name for name in self._names if not is_loopback(name)))
        text = (
            f"This server does not answer for the host {host_of(scope)!r}, only for localhost and "
            f"loopback addresses{listed and f', {listed}'}. "
            "Use the address that it printed when it started.\n"
        )
        await PlainTextResponse(text, MISDIRECTED)(scope, receive, send)

    def _is_own(self, host: str) -> bool:
        return (
            host in self._names
            or is_loopback(host)
            or (self._accepts_addresses and _is_address(host))
        )


def host_of(scope: Scope) -> str:
    """The host that a request names, without its port; empty if it names none."""
    try:
        return urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _is_wildcard(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_unspecified


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
