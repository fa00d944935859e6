"""Events of the last 30 days."""

from fnmatch import fnmatchcase

from ..api import Call, Route, route
from ..errors import invalid, no_such
from ..parameters import EXPAND, PAGE, Each, Kind, Text, Times, Truth
from ..render import Rendered
from ..versions import exists_in, is_thin
from ..webhooks import Event, Webhooks
from .paging import page

EVENTS: dict[str, Kind] = {
    **PAGE,
    "created": Times(),
    "delivery_success": Truth(),
    "type": Text(),
    "types": Each(Text()),
}


class Events:
    """The endpoints for events: snapshots, in the account's default version, and thin ones."""

    def __init__(self, webhooks: Webhooks, version: str) -> None:
        self._webhooks = webhooks
        self._version = version

    def routes(self) -> list[Route]:
        """All endpoints of this class."""
        return [
            route("GET", "/v1/events", self.list_events, "event"),
            route("GET", "/v1/events/{}", self.retrieve_event, "event"),
            route("GET", "/v2/core/events/{}", self.retrieve_notification, "v2.core.event"),
        ]

    def retrieve_event(self, call: Call) -> Rendered:
        """Read an event."""
        call.params(EXPAND)
        found = call.own(self._webhooks.events, "event", "id")
        if not exists_in(self._version, found.type):
            raise no_such("event", found.id, "id", in_path=True)
        return self._shown(found)

    def retrieve_notification(self, call: Call) -> Rendered:
        """Read the thin notification of an event."""
        call.params({})
        found = call.own(self._webhooks.events, "event", "id")
        if not is_thin(found.type):
            raise no_such("event", found.id, "id", in_path=True)
        return found.thin()

    def list_events(self, call: Call) -> Rendered:
        """List the events by type and time, newest first."""
        params = call.params(EVENTS)
        if "type" in params and "types" in params:
            raise invalid("types", "You may pass either type or types, but not both.")
        types = params.get("types") or [params.get("type", "*")]
        bounds = params.get("created", {})
        found = [
            event
            for event in self._webhooks.events.values()
            if event.owner == call.owner
            and exists_in(self._version, event.type)
            and any(fnmatchcase(event.type, kind) for kind in types)
            and _within(event.created, bounds)
        ]
        return page(found, self._shown, params, call.path)

    def _shown(self, event: Event) -> Rendered:
        return event.rendered(self._version)


def _within(time: int, bounds: dict[str, int]) -> bool:
    return (
        bounds.get("gt", -1) < time
        and bounds.get("gte", 0) <= time
        and time < bounds.get("lt", time + 1)
        and time <= bounds.get("lte", time)
    )
