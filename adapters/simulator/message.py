"""Requests and responses, for HTTP and for calls in process."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the API.

    Header names are in lower case. ``query`` and ``body`` are form-encoded, as over HTTP;
    :func:`relink.adapters.simulator.forms.encode` encodes them.
    """

    method: str
    path: str
    body: bytes = b""
    query: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """A response of the API. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    wait: float = 0.0
    """How long a server waits before it sends the response (seconds); 0 on a virtual clock."""
