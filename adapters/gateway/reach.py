"""What an API key has reached: the evidence that a missing object does not exist (F1).

Stripe answers ``resource_missing`` for an object that is gone, and also to a key of another account
or mode, which reaches none of our objects. The difference shows in other answers: an object is
missing for good if the same key has reached another object of the same Stripe account since the
command's first attempt.

The memory lives in the process, with the gateway's settings: all gateways that are made from the
same settings, so with the same key, share it. It is not stored. After a restart, or when it has
forgotten an account, it takes one more success before a missing object is final. It never errs in
the other direction.

The key's *mode* has to be the object's, too. relink learns of objects only in the mode of its key:
it ignores webhooks of the other mode. Where the key was exchanged for one of the other mode later,
Stripe says so in its message, and such an answer is never final, whatever else the key reaches
(:data:`~.faults.Fault.OTHER_MODE`).
"""

import threading
from collections import OrderedDict
from collections.abc import Collection

ACCOUNTS = 1000
"""How many Stripe accounts are remembered: those that were reached last."""

OBJECTS = 8
"""How many objects of one are remembered. A request names fewer."""


class Reach:
    """The objects that one API key reached last, and when. It can be used from several threads."""

    def __init__(self) -> None:
        self._reached: OrderedDict[str | None, OrderedDict[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, connected_account: str | None, name: str, at: float) -> None:
        """Note that an object was reached.

        Args:
            connected_account: the Stripe account (``acct_…``) that was called; None is our own.
            name: the object's id.
            at: when the attempt began (Unix seconds, our clock).
        """
        with self._lock:
            empty: OrderedDict[str, float] = OrderedDict()
            objects = self._reached.setdefault(connected_account, empty)
            self._reached.move_to_end(connected_account)
            objects[name] = max(at, objects.pop(name, at))
            if len(objects) > OBJECTS:
                objects.popitem(last=False)
            if len(self._reached) > ACCOUNTS:
                self._reached.popitem(last=False)

    def includes_another(
        self, connected_account: str | None, but: Collection[str], since: float
    ) -> bool:
        """Whether another object of the same Stripe account was reached.

        Args:
            connected_account: as above.
            but: the ids that do not count: one of them is missing.
            since: only what was reached later counts (Unix seconds). What was reached at the same
                time may have been reached before.
        """
        with self._lock:
            objects = self._reached.get(connected_account)
            return objects is not None and any(
                at > since and name not in but for name, at in objects.items()
            )
