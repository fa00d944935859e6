"""The shop: a small company that collects payments by bank debit and embeds relink.

It knows its customers, and relink notifies it of what to do. Its pages call relink's own API at the
same address.
"""

from .customers import Customer, sign_up
from .inbox import Inbox
from .routes import shop_routes

__all__ = ["Customer", "Inbox", "shop_routes", "sign_up"]
