"""relink's application, as ``relink serve`` runs it, without the commands that follow."""

from collections.abc import Callable
from importlib import metadata
from typing import Any

from ..webhooks import SECRET


def made(url: str) -> tuple[Any, dict[str, Any], Callable[[], None]]:
    """The application, uvicorn's options, and what closes it. The database gets its schema."""
    from relink.adapters import store as stores
    from relink.adapters.gateway import DryRunGateway
    from relink.adapters.http import Metrics, application
    from relink.adapters.service import Service
    from relink.adapters.stripe import StripeWebhooks
    from relink.machines import relink_system

    stores.migrate(url)
    # The first release named it otherwise.
    kind: Any = getattr(stores, "SqlStore", None) or stores.Store
    store = kind(url, relink_system())
    webhooks = StripeWebhooks([SECRET], livemode=False, tolerance=3600)
    service = Service(store, DryRunGateway(), webhooks=webhooks)
    app = application(service, token=None, ready=store.check, metrics=Metrics())
    return app, _options(), store.close


def _options() -> dict[str, Any]:
    """As ``relink serve`` has them.

    uvicorn takes uvloop and httptools where they are installed, and the tuned peer has them
    installed. They count as relink's only if relink itself requires them.
    """
    try:
        from relink.adapters.http.server import server_options
    except ImportError:  # in the first release
        options: dict[str, Any] = {}
    else:
        options = server_options()
    required = [each for each in metadata.requires("relink-engine") or [] if "bench" not in each]
    for option, package, without in (("loop", "uvloop", "asyncio"), ("http", "httptools", "h11")):
        if option not in options and not any(each.startswith(package) for each in required):
            options[option] = without
    return options
