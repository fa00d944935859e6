"""Which URLs customers may return to after a hosted session: https, at allowed origins."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

_URL = re.compile(r"[!-\[\]-~]{1,2048}")
"""Printable ASCII without the backslash, which browsers take for a slash."""


class ReturnUrls:
    """The allowed origins.

    Args:
        origins: such as ``https://shop.example``. Without any, every ``return_url`` is refused.

    Raises:
        ValueError: one is not an https origin.
    """

    def __init__(self, origins: Iterable[str] = ()) -> None:
        self._origins = {_as_origin(origin) for origin in origins}

    def check(self, url: str) -> str:
        """Return the URL if customers may return there.

        Raises:
            ValueError: they may not. The text names the rule and not the URL.
        """
        parts = _split(url)
        if parts is None or parts.scheme != "https" or not parts.hostname:
            raise ValueError("must be an https URL of printable ASCII")
        if "@" in parts.netloc:
            raise ValueError("must not have a user name or password")
        if _origin(parts) not in self._origins:
            raise ValueError("must begin with an origin that RELINK_RETURN_ORIGINS allows")
        return url


def _as_origin(text: str) -> tuple[str, int]:
    parts = _split(text)
    is_bare = parts is not None and not (parts.path.rstrip("/") or parts.query or parts.fragment)
    if parts is None or parts.scheme != "https" or not parts.hostname or not is_bare:
        raise ValueError(f"an allowed origin must be like https://shop.example, got {text!r}")
    return _origin(parts)


def _split(url: str) -> SplitResult | None:
    if not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # Reading it validates it.
    except ValueError:
        return None
    return parts


def _origin(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", 443 if parts.port is None else parts.port
