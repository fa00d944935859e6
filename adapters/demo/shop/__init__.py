"""The shop: a small company that collects by bank debit, and embeds relink.

It knows its customers, is told by relink what to do, and asks relink for the rest. Its pages ask
relink's own API, which stands beside them at the same address.
"""

from .customers import Customer, sign_up
from .inbox import Inbox
from .routes import shop_routes

__all__ = ["Customer", "Inbox", "shop_routes", "sign_up"]
