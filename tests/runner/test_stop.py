"""A loop stops within the bounds of its attempts, whatever the other party does."""

import time
from functools import partial

import pytest

from relink.adapters.gateway import ApiKey
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.runner import Loop, Performer
from relink.adapters.store import InboxMessage, MemoryStore
from relink.machines import relink_system
from relink.machines.events import AccountReported

from ..peer import Behave, drip, freeze, peer

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + b" " * 999
DRIPS = partial(drip, text=ANSWER, every=0.05)


def looked_at() -> MemoryStore:
    """A store with one account, which is to be read."""
    store = MemoryStore(relink_system())
    now = time.time() - 60
    look = AccountReported(
        causation_id="evt_1", at=now, account="fca_1", as_of=int(now), read=False, report=None
    )
    store.apply(InboxMessage("evt_1", "test", int(now), now), [look])
    return store


@pytest.mark.parametrize("misbehave", [freeze, DRIPS], ids=["freezes", "drips"])
def test_the_stop_waits_for_stripe_no_longer_than_a_request_may_take(misbehave: Behave) -> None:
    with peer(misbehave) as stripe:
        transport = SdkTransport(ApiKey("sk_test_stop"), stripe.url, timeout=0.5)
        store = looked_at()
        running = Loop(store, Performer(store, StripeGateway(transport), lambda *_: None))
        running.start()
        until = time.monotonic() + 10
        while not stripe.heads:
            assert time.monotonic() < until, "no attempt was made"
            time.sleep(0.01)
        began = time.monotonic()
        running.stop()
        assert time.monotonic() - began < 3
        transport.close()
        # The attempt failed, and the command is due again.
        assert store.next_due_at() is not None
