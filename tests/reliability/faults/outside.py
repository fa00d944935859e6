"""Stripe and the embedding service, when they do not answer as they should."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from relink.adapters.simulator import ApiFault, Faults

from ..fault import Fault, Layout
from ..site import Site

Happens = Callable[[Site], AbstractContextManager[object]]


def answers(fault: ApiFault) -> Happens:
    """Stripe answers every request so."""

    @contextmanager
    def happens(site: Site) -> Iterator[None]:
        stripe = site.at.stripe
        with stripe.lock:
            site.at.sim.faults = Faults(caller_timeout=2)
            site.at.sim.inject(fault, times=None)
        try:
            yield
        finally:
            with stripe.lock:
                site.at.sim.clear_faults()
                site.at.sim.faults = Faults()

    return happens


@contextmanager
def refuses_notifications(site: Site) -> Iterator[None]:
    """The embedding service answers 500."""
    site.at.receiver.refuses_with = 500
    try:
        yield
    finally:
        site.at.receiver.refuses_with = None


@contextmanager
def all_silent(site: Site) -> Iterator[None]:
    """Neither answers."""
    with site.stripe_way.swallowing(), site.notify_way.swallowing():
        yield


STRIPE: tuple[tuple[str, str, Happens], ...] = (
    (
        "stripe_hangs",
        "Stripe takes requests and answers none",
        lambda site: site.stripe_way.swallowing(),
    ),
    ("stripe_down", "nothing listens at Stripe's address", lambda site: site.stripe_way.refusing()),
    ("stripe_resets", "Stripe's connections are reset", lambda site: site.stripe_way.resetting()),
    (
        "stripe_drips",
        "Stripe's answers come byte by byte, five a second",
        lambda site: site.stripe_way.dripping(0.2),
    ),
    ("stripe_500", "Stripe answers 500, without any effect", answers(ApiFault.ERROR_BEFORE)),
    (
        "stripe_500_after",
        "Stripe answers 500, although the request took effect",
        answers(ApiFault.ERROR_AFTER),
    ),
    ("stripe_truncates", "Stripe's answers are cut off", answers(ApiFault.TRUNCATED)),
    ("stripe_429", "Stripe answers 429", answers(ApiFault.RATE_LIMITED)),
    ("stripe_slow", "Stripe answers up to 2 seconds late", answers(ApiFault.SLOW)),
)

NOTIFICATIONS: tuple[tuple[str, str, Happens, bool], ...] = (
    (
        "notify_hangs",
        "the notification URL takes requests and answers none",
        lambda site: site.notify_way.swallowing(),
        True,
    ),
    (
        "notify_down",
        "nothing listens at the notification URL",
        lambda site: site.notify_way.refusing(),
        True,
    ),
    ("notify_500", "the notification URL answers 500", refuses_notifications, False),
    (
        "notify_resets",
        "connections to the notification URL are reset",
        lambda site: site.notify_way.resetting(),
        True,
    ),
    (
        "notify_drips",
        "answers of the notification URL come byte by byte, five a second",
        lambda site: site.notify_way.dripping(0.2),
        True,
    ),
    ("all_hang", "Stripe and the notification URL answer nothing", all_silent, True),
)

ON_POSTGRES = ("stripe_hangs", "stripe_500_after", "notify_hangs", "notify_500", "all_hang")
"""Those that happen to workers on PostgreSQL too."""

OUTSIDE = tuple(
    Fault(
        name=name if layout is Layout.SQLITE else f"{name}_workers",
        text=text,
        layout=layout,
        happens=happens,
        cuts_attempts=cuts,
    )
    for layout in (Layout.SQLITE, Layout.POSTGRES)
    for name, text, happens, cuts in (*((*each, False) for each in STRIPE), *NOTIFICATIONS)
    if layout is Layout.SQLITE or name in ON_POSTGRES
)
