"""What a function that is started for one webhook does first: verify it, and take its step.

With few imports of its own, which would count as relink's.
"""


def take() -> None:
    """Take one step of a new system, from the bytes of a webhook."""
    from relink.adapters.stripe import StripeWebhooks
    from relink.machines import relink_system

    from . import webhooks

    body = next(webhooks.life(1))
    receiving = StripeWebhooks([webhooks.SECRET], livemode=False)
    signature = webhooks.signature(body, webhooks.FIRST)
    received = receiving.receive(body, signature, webhooks.FIRST)
    machines: dict[object, object] = {}
    for event in received.events:  # type: ignore[union-attr]
        relink_system().step(event, machines.get)  # type: ignore[arg-type]
