"""A request and its answer, whichever way they travel."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the API.

    Header names are in lower case. ``query`` and ``body`` are form-encoded, as they come over
    HTTP; :func:`relink.adapters.simulator.forms.encode` makes them.
    """

    method: str
    path: str
    body: bytes = b""
    query: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """What the API answers. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    wait: float = 0.0
    """Seconds that a server waits before it sends this; none on a virtual clock."""
