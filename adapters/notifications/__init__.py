"""Notifications: commands for the embedding service, sent as signed POSTs.

A notification asks the service to do something that relink cannot: prompt the customer, ask for a
billing name or another payment method, look at an anomaly. It is sent until it is answered with a
2xx status, so it can arrive more than once; the id tells a repeat.

The body is JSON::

    {"id": "notify_customer_…", "type": "notify_customer", "created": 1767225600, "data": {…}}

``created`` is when it was sent (Unix seconds), and ``data`` has the command's fields. The headers
are ``Relink-Signature: t=<Unix seconds>,v1=<hex>`` and ``Relink-Command: <id>``.
"""

from .notifier import Notifier, NotifyError, log_notification, notification
from .signature import TOLERANCE, BadSignatureError, sign, verify

__all__ = [
    "TOLERANCE",
    "BadSignatureError",
    "Notifier",
    "NotifyError",
    "log_notification",
    "notification",
    "sign",
    "verify",
]
