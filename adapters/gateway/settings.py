"""What a gateway is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from .errors import GatewayConfigurationError
from .secret import ApiKey
from .transport import PREVIEW

STRIPE = "https://api.stripe.com"

LIVE = "_live_"
"""What the prefix of every key has that moves real money: secret, restricted, organization."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Checked when made.

    Raises:
        GatewayConfigurationError: a value can't be, or a live key would leave for a server
            that is not Stripe's. The message does not show the key.
    """

    api_key: ApiKey | None = None
    """``STRIPE_API_KEY``. Gateways that reach no server need none."""
    api_base: str = STRIPE
    """``STRIPE_API_BASE``: scheme and host, without a path."""
    api_version: str = PREVIEW

    def __post_init__(self) -> None:
        base = urlsplit(self.api_base)
        if base.scheme not in ("http", "https") or not base.hostname or base.path or base.query:
            raise GatewayConfigurationError(
                f"STRIPE_API_BASE must be like {STRIPE}, got {self.api_base!r}"
            )
        if self.api_key is None:
            return
        key = self.api_key.reveal()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise GatewayConfigurationError("STRIPE_API_KEY holds characters that no key has")
        if LIVE in key and self.api_base != STRIPE:
            raise GatewayConfigurationError(
                f"a live key is for {STRIPE} alone, and STRIPE_API_BASE is {self.api_base!r}"
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read ``STRIPE_API_KEY`` and ``STRIPE_API_BASE``; empty is as good as unset.

        Raises:
            GatewayConfigurationError: as above.
        """
        key = environment.get("STRIPE_API_KEY", "").strip()
        base = environment.get("STRIPE_API_BASE", "").strip().rstrip("/")
        return cls(api_key=ApiKey(key) if key else None, api_base=base or STRIPE)
