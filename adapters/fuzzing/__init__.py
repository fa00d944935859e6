"""Fuzzing with Stripe's webhooks: linked accounts to which everything happens, in any order.

:class:`StripeServiceTest` is for a service of yours, whatever it is made of: it gets signed
webhooks, and is compared with relink's decisions. :class:`RelinkTest` does the same to relink
itself, for ``relink fuzz --system``. Both need the extra ``fuzz``. See docs/fuzzing.md.
"""

from relink.adapters.extras import needed_for

with needed_for("relink.adapters.fuzzing", "fuzz"):
    from .linked_accounts import CHANGES
    from .relink_machines import RelinkTest
    from .stripe_service import StripeServiceTest
    from .webhook import Webhook

__all__ = ["CHANGES", "RelinkTest", "StripeServiceTest", "Webhook"]
