"""One rig for tests of several parts: a simulated Stripe, and relink in front of it.

:class:`SimulatedStripe` is Stripe's side: a simulator, and a gateway that reaches it in process or
over HTTP. :class:`Rig` adds relink: a store, the service and a performer, all on the simulator's
clock and in the test's thread.
"""

from .databases import new_sqlite
from .rig import WEBHOOK_SECRET, Rig
from .stripe import API_KEY, SimulatedStripe

__all__ = ["API_KEY", "WEBHOOK_SECRET", "Rig", "SimulatedStripe", "new_sqlite"]
