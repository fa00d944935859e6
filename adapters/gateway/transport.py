"""How requests reach Stripe and answers come back: calls out, replies in.

Stripe's protocol is written once, in :mod:`.api` and :mod:`.live`, over the one method of a
:class:`Transport`: over HTTP with the SDK (:mod:`.sdk`), or straight into a simulator
(:mod:`.in_process`).

Neither calls nor replies show what they carry: parameters may hold a name or a token, and
almost every reply holds a client secret.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, Protocol
from urllib.parse import urlencode

from .secret import BankAccountToken, ClientSecret, HostedUrl, Secret

PREVIEW = "2026-09-30.preview"
"""The API version that knows relinking; answers follow the version of their request."""

Params = Mapping[str, Any]
"""Parameters of a request, nested as Stripe documents them."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: Literal["GET", "POST"]
    path: str
    params: Params = field(default_factory=dict, repr=False)
    idempotency_key: str | None = None
    connected_account: str | None = None
    """Sent as ``Stripe-Account``."""

    @property
    def form(self) -> str:
        """The parameters as Stripe takes them: a POST's body, or a GET's query."""
        return urlencode(list(_flat(self.params)), safe="[]")


def _flat(params: Params, within: str = "") -> Iterator[tuple[str, str]]:
    """``{"a": {"b": [1]}}`` → ``a[b][0]=1``; None is left out."""
    for name, value in params.items():
        key = f"{within}[{name}]" if within else name
        match value:
            case None:
                pass
            case Secret():
                yield key, value.reveal()
            case Mapping():
                yield from _flat(value, key)
            case list() | tuple():
                yield from _flat({str(at): item for at, item in enumerate(value)}, key)
            case _:
                yield key, str(value)


class Body:
    """The bytes of a reply, unshown."""

    __slots__ = ("__content",)

    def __init__(self, content: bytes) -> None:
        self.__content = content

    def __repr__(self) -> str:
        return f"Body({len(self.__content)} bytes)"

    def read(self) -> dict[str, Any] | None:
        """The JSON object in it, with its secrets wrapped; None when there is none.

        An error would lead to the bytes, so there is no error.
        """
        try:
            found = _DECODER.decode(self.__content.decode())
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: Body


class Transport(Protocol):
    """Sends requests."""

    def send(self, call: Call) -> Reply:
        """Send one request, once.

        Raises:
            TransientError: no reply came, and whether the request arrived is not known.
        """
        ...


_WRAPPED: dict[str, type[Secret]] = {
    "client_secret": ClientSecret,
    "url": HostedUrl,
    "bank_account_token": BankAccountToken,
}


def _wrap(found: dict[str, Any]) -> dict[str, Any]:
    """Hide what is secret in an object, before anything else sees it."""
    for key, kind in _WRAPPED.items():
        if key in found:
            value = found[key]
            if key == "bank_account_token" and isinstance(value, dict):
                value = value.get("id")
            # What is of another type can't be used, and may hold anything.
            found[key] = kind(value) if isinstance(value, str) and value else None
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(object_hook=_wrap, parse_constant=_no_constant)
