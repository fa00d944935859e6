"""relink over HTTP: a router to mount in an application, and an application to run."""

from relink.adapters.extras import needed_for

with needed_for("relink.adapters.http", "service"):
    from .app import application
    from .metrics import Metrics, StoreStatus
    from .router import relink_router

__all__ = ["Metrics", "StoreStatus", "application", "relink_router"]
