"""Makes a fault happen under load, and measures what became of the webhooks."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from .checks import Moment, Part, findings
from .fault import Extent, Fault
from .load import Load
from .sender import Sent
from .site import Site, eventually

RECOVERS_WITHIN = 15.0
"""Seconds after the cause is gone."""

GIVES_UP_AFTER = 60.0
"""Seconds after which nobody waits for a recovery any more."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of a fault."""

    fault: Fault
    times: int
    sent: int
    answered: int
    lost: int
    doubled: int
    repeated: int
    outage: float
    """The longest time without an answered webhook while one waited (seconds)."""
    recovery: float
    """The longest time from the end of a fault until all was as before (seconds)."""
    wrong: Sequence[str]
    """What is not as promised."""

    @property
    def is_good(self) -> bool:
        return not self.wrong


def measure(site: Site, load: Load, fault: Fault, extent: Extent) -> Row:
    """Make a fault happen under load, and measure it.

    Args:
        site: an installation of the fault's layout.
        load: that of the site.
        fault: what is to happen.
        extent: how often, and for how long.
    """
    times, seconds = extent.times_of(fault), extent.seconds_of(fault)
    load.stock(times * (seconds + 4) + 2 * extent.calm)
    site.sender.forget()
    recoveries: list[float] = []
    wrong: list[str] = []
    began = Moment.now(site, load)
    load.start()
    try:
        time.sleep(extent.calm)
        for _ in range(times):
            with fault.happens(site):
                time.sleep(seconds)
            recoveries.append(_recovery(site, wrong))
        time.sleep(extent.calm)
    finally:
        load.stop()
    if not eventually(lambda: site.sender.is_idle and site.has_done(time.time()), GIVES_UP_AFTER):
        wrong.append("it does not settle")
    site.check()
    part = Part.between(site, load, began, Moment.now(site, load))
    found, record = findings(site, part, fault.cuts_attempts), part.webhooks
    answered = sum(sent.is_answered for sent in record)
    outage, recovery = longest_outage(record), max(recoveries)
    wrong += found.lines
    if answered < len(record):
        wrong.append(f"{len(record) - answered} webhooks were never answered")
    if recovery > RECOVERS_WITHIN:
        wrong.append(f"recovered after {recovery:.1f} s")
    return Row(
        *(fault, times, len(record), answered, len(found.lost), len(found.doubled)),
        *(found.repeated, outage, recovery, wrong),
    )


def _recovery(site: Site, wrong: list[str]) -> float:
    """How long it takes until all is as before (seconds); if for too long, what is not."""
    lifted, began = time.time(), time.monotonic()
    if not eventually(lambda: has_recovered(site, 0, lifted), RECOVERS_WITHIN):
        wrong.append(f"not recovered: {what_is_left(site, 0, lifted)}")
        eventually(lambda: has_recovered(site, 0, lifted), GIVES_UP_AFTER)
    return time.monotonic() - began


def has_recovered(site: Site, first: int, lifted: float) -> bool:
    """Whether all is as before.

    That is so when every webhook from before is answered, one that was sent after that too, every
    command from before is done, and each server says that it is well.

    Args:
        site: where.
        first: the number of the first webhook that counts.
        lifted: when the fault ended (Unix seconds).
    """
    record = site.sender.record()[first:]
    return (
        not any(sent.first_at < lifted and not sent.is_answered for sent in record)
        and any(sent.first_at >= lifted and sent.is_answered for sent in record)
        and site.is_well()
        and site.has_done(lifted)
    )


def what_is_left(site: Site, first: int, lifted: float) -> str:
    """What is not as before. The arguments are those of :func:`has_recovered`."""
    record = site.sender.record()[first:]
    left = [sent for sent in record if sent.first_at < lifted and not sent.is_answered]
    return (
        f"{len(left)} webhooks are not answered, "
        f"well: {site.is_well()}, not done: {site.undone(lifted)[:3]}"
    )


def longest_outage(record: Sequence[Sent]) -> float:
    """The longest time without an answer while a webhook waited for one (seconds)."""
    ordered = sorted(record, key=lambda sent: sent.first_at)
    answers = sorted(sent.answered_at for sent in record if sent.answered_at is not None)
    longest, before = 0.0, float("-inf")
    for at in answers:
        waiting = [
            sent.first_at for sent in ordered if sent.answered_at is None or sent.answered_at >= at
        ]
        longest = max(longest, at - max(before, waiting[0]))
        before = at
    return longest


def say(text: str) -> None:
    """Report progress."""
    print(text, file=sys.stderr, flush=True)
