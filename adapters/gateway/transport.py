"""Transports: calls out, replies in.

Stripe's protocol is implemented once, in :mod:`.api` and :mod:`.live`, on top of the one method of
:class:`Transport`. One transport uses HTTP and the SDK (:mod:`.sdk`), another calls a simulator in
the same process (:mod:`.in_process`).

Neither calls nor replies show their contents: parameters may hold a name or a token, and almost
every reply holds a client secret.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, Protocol
from urllib.parse import urlencode

from .secret import BankAccountToken, ClientSecret, HostedUrl, Secret

PREVIEW = "2026-09-30.preview"
"""The API version that has relinking. Stripe answers in the version of the request."""

Params = Mapping[str, Any]
"""Parameters of a request, nested as Stripe documents them."""

_KEY = re.compile(r"[^\[\]]+")


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
        """The encoded parameters: the body of a POST, or the query of a GET."""
        return urlencode(list(_flat(self.params)), safe="[]")

    @property
    def names(self) -> set[str]:
        """What the request names: the parts of its path, and its texts. No secrets."""
        return {*self.path.split("/"), *_texts(self.params)}

    def value_of(self, param: str) -> str | None:
        """The text of a parameter, such as ``a[b]``; None where it has none, or a secret."""
        value: Any = self.params
        for key in _KEY.findall(param):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value if isinstance(value, str) else None


def _flat(params: Params, within: str = "") -> Iterator[tuple[str, str]]:
    """``{"a": {"b": [1]}}`` → ``a[b][0]=1``; None is omitted."""
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


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            yield from _texts(list(value.values()))
        case list() | tuple():
            for item in value:
                yield from _texts(item)


class Body:
    """The bytes of a reply, which its repr does not show."""

    __slots__ = ("__content",)

    def __init__(self, content: bytes) -> None:
        self.__content = content

    def __repr__(self) -> str:
        return f"Body({len(self.__content)} bytes)"

    def read(self) -> dict[str, Any] | None:
        """The JSON object, with its secrets wrapped; None where the body holds none.

        It raises no error, because a parser's error would refer to the bytes.
        """
        try:
            parsed = _DECODER.decode(self.__content.decode())
        except (ValueError, RecursionError):
            return None
        return parsed if isinstance(parsed, dict) else None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request, with any status."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: Body


class Transport(Protocol):
    """Sends requests."""

    def send(self, call: Call) -> Reply:
        """Send one request, once.

        Raises:
            TransientError: no reply came. It is not known whether the request arrived.
        """
        ...


_WRAPPED: dict[str, type[Secret]] = {
    "client_secret": ClientSecret,
    "url": HostedUrl,
    "bank_account_token": BankAccountToken,
}


def _wrap(parsed: dict[str, Any]) -> dict[str, Any]:
    """Wrap the secrets of an object while it is parsed."""
    for key, kind in _WRAPPED.items():
        if key in parsed:
            value = parsed[key]
            if key == "bank_account_token" and isinstance(value, dict):
                value = value.get("id")
            # A value of another type is useless, and may contain a secret.
            parsed[key] = kind(value) if isinstance(value, str) and value else None
    return parsed


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(object_hook=_wrap, parse_constant=_no_constant)
