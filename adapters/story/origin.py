"""Where a message came from, by its id: a webhook, the service, the clock, or Stripe's answer."""

from relink.machines.commands import BY_NAME, Build, CallerCommand, Read, Timer

REQUEST = "request "
"""How the ids of requests of the embedding service begin."""


def origin(causation_id: str) -> str:
    """Where a message came from, in a word or two.

    Args:
        causation_id: its id in the inbox.
    """
    if causation_id.startswith("evt_"):
        return "webhook"
    if causation_id.startswith(REQUEST):
        return "service"
    names = [name for name in BY_NAME if causation_id.startswith(f"{name}_")]
    kind = BY_NAME[max(names, key=len)] if names else None
    if kind is None:
        return "relink"
    if issubclass(kind, Read):
        return "read"
    if issubclass(kind, Timer):
        return "timer"
    if issubclass(kind, CallerCommand):
        return "service"
    return "Stripe" if issubclass(kind, Build) else "relink"
