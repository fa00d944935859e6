"""What was lost, and what was doubled, once all has settled.

Lost is whatever was answered with a 2xx and has no effect:

- an event that is not in the inbox;
- an account whose state is not what Stripe says;
- a new account without a payment method;
- a notification that counts as done and never arrived.

Doubled is whatever took effect twice:

- an event that was answered ``applied`` twice, or decided in two transactions;
- a second payment method on a new account, or another session where one is open;
- a second prompt for one outage, under another id;
- a notification that arrived more often than there are attempts on record. A fault that can
  separate the effect of an attempt from its record is the exception: then the ``id`` tells the
  repeat, as documented.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from relink.adapters.simulator import Account
from relink.adapters.world.rest import agrees

from ..kill.checks import GAPS, TORN_ON_POSTGRES, TORN_ON_SQLITE
from ..kill.households import built_on
from .load import Load
from .sender import Sent
from .site import Site

TOLD = """SELECT id FROM outbox WHERE status = 'done' AND party = 'service'"""
ATTEMPTS = "SELECT id, attempts FROM outbox WHERE party = 'service'"
FAILED = "SELECT id, error FROM outbox WHERE status = 'failed'"


@dataclass(frozen=True, slots=True)
class Moment:
    """How much of the load there was at some time. Its records only grow."""

    webhooks: int
    arrivals: int
    broken: int
    replaced: int
    second_sessions: int
    unserved: int

    @classmethod
    def now(cls, site: Site, load: Load) -> "Moment":
        """This moment."""
        return cls(
            *(len(site.sender.record()), len(site.at.receiver.arrivals)),
            *(len(load.broken), len(load.replaced)),
            *(len(load.second_sessions), len(load.unserved)),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """What is judged: all of a load since it began, or what lies between two moments."""

    webhooks: Sequence[Sent]
    arrivals: Sequence[str]
    """The ids of the notifications that arrived."""
    broken: Sequence[Account]
    replaced: Sequence[Account]
    """The accounts that customers linked in place of others."""
    second_sessions: Sequence[str]
    unserved: Sequence[str]

    @classmethod
    def between(cls, site: Site, load: Load, since: Moment, until: Moment) -> "Part":
        """What lies between two moments. Notifications may arrive a little later."""
        return cls(
            site.sender.record()[since.webhooks : until.webhooks],
            [id for id, _ in site.at.receiver.arrivals[since.arrivals :]],
            load.broken[since.broken : until.broken],
            list(load.replaced.values())[since.replaced : until.replaced],
            load.second_sessions[since.second_sessions : until.second_sessions],
            load.unserved[since.unserved : until.unserved],
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong, a line each."""

    lost: list[str]
    doubled: list[str]
    repeated: int
    """Notifications that arrived again, with the same id."""

    @property
    def lines(self) -> list[str]:
        """The first few."""
        return [*self.lost[:5], *self.doubled[:5]]


def findings(site: Site, part: Part, cuts_attempts: bool) -> Findings:
    """Look for what was lost or doubled.

    Args:
        site: where.
        part: of what happened.
        cuts_attempts: whether notifications may have been repeated.
    """
    repeated = {id: times for id, times in Counter(part.arrivals).items() if times > 1}
    doubled = [
        *_applied_twice(part),
        *_decided_twice(site),
        *_made_twice(part),
        *_prompts(site, part),
        *part.second_sessions,
    ]
    if not cuts_attempts:
        doubled += _unrecorded(site, repeated)
    lost = [
        *_events(site, part),
        *_states(site, part),
        *_unbuilt(part),
        *_untold(site),
        *part.unserved,
    ]
    return Findings(lost, doubled, sum(repeated.values()) - len(repeated))


def _unrecorded(site: Site, repeated: dict[str, int]) -> list[str]:
    """Notifications of which nobody knows why they arrived again. One whose answer came too late
    has two attempts on record."""
    attempts = {row["id"]: row["attempts"] for row in site.at.database.rows(ATTEMPTS)}
    return [
        f"{id} arrived {times} times, and has {attempts.get(id)} attempts"
        for id, times in repeated.items()
        if times > attempts.get(id, 0)
    ]


def _events(site: Site, part: Part) -> list[str]:
    inbox = {row["id"] for row in site.at.database.rows("SELECT id FROM inbox")}
    return [
        f"{sent.event} ({sent.type}) was answered, and is not stored"
        for sent in part.webhooks
        if {"applied", "duplicate"} & set(sent.outcomes) and sent.event not in inbox
    ]


def _states(site: Site, part: Part) -> list[str]:
    lost = []
    for account in [*part.broken, *part.replaced]:
        found = site.at.get(f"/accounts/{account.id}")
        with site.at.stripe.lock:
            state, by = found["state"], found["replaced_by"]
            if not agrees(site.at.sim, account, state, by):
                lost.append(f"{account.id} is {state}, and {account.status} at Stripe")
    return lost


def _unbuilt(part: Part) -> list[str]:
    return [f"{new.id} has no payment method" for new in part.replaced if not built_on(new)]


def _untold(site: Site) -> list[str]:
    rows = site.at.database.rows
    told = site.at.receiver.told.keys()
    untold = [f"{row['id']} never arrived" for row in rows(TOLD) if row["id"] not in told]
    return [*untold, *(f"{row['id']} failed: {row['error']}" for row in rows(FAILED))]


def _applied_twice(part: Part) -> list[str]:
    return [
        f"{sent.event} was applied {times} times"
        for sent in part.webhooks
        if (times := sent.outcomes.count("applied")) > 1
    ]


def _decided_twice(site: Site) -> list[str]:
    torn = TORN_ON_POSTGRES if site.at.database.is_postgres else TORN_ON_SQLITE
    found = [*site.at.database.rows(GAPS), *site.at.database.rows(torn)]
    return [f"decided in two transactions: {row}" for row in found]


def _made_twice(part: Part) -> list[str]:
    return [
        f"{new.id} has {count} payment methods"
        for new in part.replaced
        if (count := len(built_on(new))) > 1
    ]


def _prompts(site: Site, part: Part) -> list[str]:
    ours = {account.id for account in part.broken}
    prompts: dict[str, set[str]] = defaultdict(set)
    for told in list(site.at.receiver.told.values()):
        if told["type"] == "notify_customer":
            for account in told["data"]["accounts"]:
                prompts[account].add(told["id"])
    return [f"{id} was named in {len(prompts[id])} prompts" for id in ours if len(prompts[id]) > 1]
