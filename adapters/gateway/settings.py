"""The settings that every gateway is made from."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from relink.adapters.stripe.versions import FIRST_COMPLETE, is_complete

from .errors import GatewayConfigurationError
from .rate_limiter import RateLimiter
from .reach import Reach
from .secret import ApiKey
from .transport import PREVIEW

STRIPE = "https://api.stripe.com"

API_KEY = re.compile(r"(sk|rk)_(org_)?(test|live)_[A-Za-z0-9_]{1,255}")
"""Secret and restricted keys, of an account or an organization. The prefix tells the mode."""

REQUEST_TIMEOUT = 25.0
"""The longest time for one request, to the last byte of its answer (seconds)."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What a gateway is made from. The values are checked on creation.

    Raises:
        GatewayConfigurationError: a value is invalid, or a live key would be sent to a server
            other than Stripe's. The message does not show the key.
    """

    api_key: ApiKey | None = None
    """``STRIPE_API_KEY``. Gateways that call no server need none."""
    api_base: str = STRIPE
    """``STRIPE_API_BASE``: scheme and host, without a path."""
    api_version: str = PREVIEW
    """The API version sent with every request: one in which an object is complete (K5)."""
    timeout: float = REQUEST_TIMEOUT
    """The longest time for one request, to the last byte of its answer (seconds)."""
    rate_limiter: RateLimiter | None = field(default=None, repr=False, compare=False)
    """Spaces the requests of all gateways that share it; None sends them at once."""
    reach: Reach = field(default_factory=Reach, repr=False, compare=False)
    """What the API key has reached, in all gateways that are made from these settings. Settings
    with another key need another one."""

    def __post_init__(self) -> None:
        if not _is_base(self.api_base):
            # The value is not shown: it may hold a password.
            raise GatewayConfigurationError(
                f"STRIPE_API_BASE is invalid: it must be like {STRIPE}, with scheme and host and "
                "without user, password, path or query"
            )
        if not is_complete(self.api_version):
            raise GatewayConfigurationError(
                f"api_version is invalid: it must be {FIRST_COMPLETE}.preview or a later preview "
                f"version, which have all fields that relink reads, got {self.api_version!r}"
            )
        if self.timeout <= 0:
            raise GatewayConfigurationError(f"timeout must be positive, got {self.timeout}")
        if self.api_key is None:
            return
        if not API_KEY.fullmatch(self.api_key.reveal()):
            raise GatewayConfigurationError(
                "STRIPE_API_KEY is invalid: it must be a secret or restricted key of Stripe's "
                "(sk_test_…, rk_live_…)"
            )
        if is_live(self.api_key) and self.api_base != STRIPE:
            raise GatewayConfigurationError(
                f"STRIPE_API_KEY is a live key, which is sent to {STRIPE} only; "
                "unset STRIPE_API_BASE or use a test key"
            )


def is_live(key: ApiKey) -> bool:
    """Whether a key can move real money, by its prefix."""
    found = API_KEY.fullmatch(key.reveal())
    return found is not None and found[3] == "live"


def _is_base(url: str) -> bool:
    """Whether it is scheme, host and port of a server, and nothing else."""
    try:
        parts = urlsplit(url)
        has_server = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    rest = (parts.path, parts.query, parts.fragment, parts.username, parts.password)
    return parts.scheme in ("http", "https") and has_server and not any(rest)
