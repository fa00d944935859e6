"""What the product logs in a world: no secret may be in it, and no error of the code."""

import logging

from .record import WorldError
from .world import World


class Logged(logging.Handler):
    """Takes what the product logs, looks for secrets in it, and for errors of the code.

    Args:
        world: around the product.
    """

    def __init__(self, world: World) -> None:
        super().__init__(logging.WARNING)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line."""
        text = self.format(record)
        world = self._world
        world.story.say(f"log: {record.getMessage()}")
        secrets = (session.client_secret for session in world.sim.world.sessions.values())
        if any(secret in text for secret in secrets):
            raise WorldError("no_secret_is_logged", record.msg)
        if record.exc_info and record.exc_info[1]:
            raise WorldError("no_unexpected_error", f"{record.exc_info[1]!r}")
