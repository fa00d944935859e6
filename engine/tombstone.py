"""Removed events and commands: earlier releases stored them, and this release has them no longer.

The class stays, with another base, so that the journal and timers that hold it stay readable::

    class BellRung(RemovedEvent):
        pass
"""

from pydantic import ConfigDict

from .effect import Command
from .event import Event
from .reason import Reason

EVENT_REMOVED = Reason("event_removed", "This release no longer knows the event.")
"""Why a removed event is ignored."""


class RemovedEvent(Event):
    """Base of events that no chart knows any more. Every machine ignores them.

    Stored fields are kept as they are, so the class needs none.
    """

    model_config = ConfigDict(extra="allow")


class RemovedCommand(Command):
    """Base of commands that no machine asks for any more. Those in flight are dropped.

    Stored fields are kept as they are, so the class needs none.
    """

    model_config = ConfigDict(extra="allow")
