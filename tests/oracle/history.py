"""Histories by a seed: what the world does, step by step; and how to make a failing one short.

A step is a name and three numbers, which choose among what is there at that moment. So any step
can be left out, and the rest still is a history.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from relink.machines import RelinkPolicy
from relink.machines.commands import CreateRelinkSession
from relink.machines.report import Holder

from .at_rest import Rest, check_at_rest
from .oracle import Oracle
from .service import Assess, EndlessError, Machines, NothingHappened, Record, Service
from .service_steps import STEPS
from .track import Verdict
from .truth import DAY, REAL, START, Stripe, tokenized


class Step(NamedTuple):
    """Something that the world does."""

    name: str
    a: int = 0
    b: int = 0
    c: int = 0


@dataclass(frozen=True)
class Plan:
    """A whole history: who is there, and what happens."""

    seed: int
    policy: int
    holder: int
    endpoint: int
    skew: int
    is_nameless: bool
    is_eager: bool
    """Whether reads are carried out after every step, or only when a step says so."""
    steps: tuple[Step, ...]


POLICIES = (
    RelinkPolicy(),
    RelinkPolicy(),
    RelinkPolicy(attempts=1, reminders=()),
    RelinkPolicy(attempts=2, remind_after_denial=True, session_open_for=3_600, prompt_gap=0),
    RelinkPolicy(announcement_lead=40 * DAY, prompt_gap=3 * DAY, permissions=("balances",)),
)
HOLDERS = (
    Holder(field="customer", id="cus_1"),
    Holder(field="customer", id="cus_1"),
    Holder(field="account", id="acct_1"),
    Holder(field="customer_account", id="cusacct_1"),
    None,
)
ENDPOINTS = (("full",), ("full", "thin"), ("ga",), ("full", "ga", "sparse", "thin"), ("thin",))


def plan(seed: int, length: int = 60) -> Plan:
    """The history of a seed."""
    chance = random.Random(seed)
    names = list(STEPS)
    # Each history favours some kinds of steps, so that rare ones also come in numbers.
    favourites = chance.sample(names, 8)
    weights = [STEPS[name].weight * (4 if name in favourites else 1) for name in names]
    steps = tuple(
        Step(name, chance.randrange(1_000), chance.randrange(1_000), chance.randrange(1_000))
        for name in chance.choices(names, weights, k=chance.randint(length // 2, length * 3 // 2))
    )
    return Plan(
        seed=seed,
        policy=chance.randrange(len(POLICIES)),
        holder=chance.randrange(len(HOLDERS)),
        endpoint=chance.randrange(len(ENDPOINTS)),
        skew=chance.choice((0, 0, 1, -1)),
        is_nameless=chance.random() < 0.2,
        is_eager=chance.random() < 0.5,
        steps=steps,
    )


@dataclass
class Run:
    """What came of a history."""

    verdicts: list[Verdict]
    story: list[str]
    steps: int
    reads: int
    crash: str | None = None

    @property
    def rules(self) -> list[str]:
        return [verdict.rule for verdict in self.verdicts]


@dataclass
class Teller:
    """Writes a history down as short lines, while it happens."""

    stripe: Stripe
    lines: list[str]

    def time(self) -> str:
        seconds = self.stripe.now - START
        days, rest = divmod(seconds, DAY)
        return f"day {days} {rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"

    def away(self, when: int | None) -> str | None:
        """How far a day lies ahead."""
        return None if when is None else f"{(when - self.stripe.now) / DAY:+.1f} d"

    def record(self, record: Record) -> None:
        event = record.trigger
        shown = {
            name: value
            for name in type(event).model_fields
            if name not in ("policy", "at", "causation_id", "report", "accounts", "request")
            and (value := getattr(event, name)) not in (None, False)
        }
        report = getattr(event, "report", None)
        if report is not None:
            told = {name: getattr(report, name) for name in sorted(report.model_fields_set)}
            keep = ("holder", "permissions", "subcategory", "payment_method_types")
            shown |= {name: value for name, value in told.items() if name not in keep}
        if shown.get("numbers"):
            shown["numbers"] = [(n.status, self.away(n.expires_on)) for n in shown["numbers"]]
        for inside in getattr(event, "accounts", None) or ():
            shown[inside.account] = f"{inside.report.status}/{inside.report.action}"
        if "as_of" in shown:
            shown["as_of"] = shown["as_of"] - self.stripe.now
        if shown.get("deactivates_on"):
            shown["deactivates_on"] = self.away(shown["deactivates_on"])
        if "event" in shown:
            shown["event"] = shown["event"].name
        shown.pop("begun_at", None)
        text = ", ".join(f"{name}={value}" for name, value in shown.items())
        self.lines.append(f"    {self.time()}  {event.name}({text})")
        for command in record.commands:
            told = command.model_dump(exclude_defaults=True, exclude={"event", "policy", "holder"})
            if command.name == "wake":
                told["due"] = f"+{(told['due'] - self.stripe.now) / 3600:.1f} h"
            text = ", ".join(f"{name}={value}" for name, value in told.items())
            self.lines.append(f"        -> {command.name}({text})")


def run(
    history: Plan,
    machines: Machines,
    assess: Assess,
    *,
    is_told: bool = False,
    stops: bool = True,
    doctor: Callable[[Record], Record] | None = None,
) -> Run:
    """Let a history happen, and judge it.

    Args:
        history: Which.
        machines: The system under test.
        assess: Its answer to *may I charge it*.
        is_told: Whether to write the story down.
        stops: Whether to stop at the first verdict.
        doctor: Changes each record before it is judged, to see whether the oracle finds it.
    """
    policy = POLICIES[history.policy]
    stripe = Stripe()
    oracle = Oracle(policy)
    teller = Teller(stripe, [])

    def judge(record: Record) -> None:
        if is_told and not isinstance(record.trigger, NothingHappened):
            teller.record(record)
        before = len(oracle.verdicts)
        oracle.judge(doctor(record) if doctor else record)
        if is_told:
            teller.lines += [
                f"        !! {teller.time()}: {verdict}" for verdict in oracle.verdicts[before:]
            ]
        if stops and oracle.verdicts:
            raise FoundError

    service = Service(
        stripe,
        policy,
        machines,
        assess,
        judge,
        skew=history.skew,
        endpoint=ENDPOINTS[history.endpoint],
        is_nameless=history.is_nameless,
    )
    try:
        _begin(service, HOLDERS[history.holder], history.seed)
        for step in history.steps:
            if is_told:
                teller.lines.append(f"{teller.time()}  {step.name} {step.a} {step.b} {step.c}")
            STEPS[step.name].act(service, step.a, step.b, step.c)
            if history.is_eager:
                service.read_all()
        if is_told:
            teller.lines.append(f"{teller.time()}  the end")
        _end(service, oracle)
        if is_told:
            teller.lines += [f"        !! {verdict}" for verdict in oracle.verdicts]
    except FoundError:
        pass
    except EndlessError:
        oracle.say("K10", "the machines never stop asking for reads")
    return Run(oracle.verdicts, teller.lines, service.steps, oracle.reads)


class FoundError(Exception):
    """The first verdict was found."""


def _begin(service: Service, holder: Holder | None, seed: int) -> None:
    """Three accounts of two authorizations, one of which pays by tokens, and what they pay with."""
    stripe = service.stripe
    is_tokenized = seed % 3 == 0
    for name, authorization in (
        ("fca_1", "fcauth_1"),
        ("fca_2", "fcauth_1"),
        ("fca_3", "fcauth_2"),
    ):
        numbers = (tokenized("transactable"),) if is_tokenized else (REAL,)
        stripe.link(name, authorization, holder, numbers)
    service.post(("now",), ("full",))
    service.advance(100)
    service.read_all()
    if holder is None or not holder.is_connect:
        for name in ("fca_1", "fca_2"):
            stripe.send("payment_method", stripe.make(name, external=False))
    elif seed % 2:
        _attach_one(service, holder)
    service.post(("now",), ("full",))
    service.read_all()
    service.advance(1_000)


def _attach_one(service: Service, holder: Holder) -> None:
    """Give a connected account an external account, by a session that linked a new account.

    An external account names no account, so relink knows only those that it made itself.
    """
    stripe = service.stripe
    asked = service.request("fca_3", mode="any_eligible", reason="new_permissions")
    assert isinstance(asked, CreateRelinkSession)
    session = service.open(asked, shy=0)
    service.advance(60)
    stripe.succeed(session, "fca_4", authorization="fcauth_1", holder=holder)
    service.post(("now",), ("full",))
    service.read_all()
    for command in list(service.builds):
        service.build(command, fails=False)
    service.advance(60)


def _end(service: Service, oracle: Oracle) -> None:
    """Everything arrives, a sweep finds what was lost, and then forty quiet days pass."""
    service.arrive_all()
    settle(service)
    service.advance(60)
    STEPS["sweep"].act(service, 0, 0, 0)
    settle(service)
    service.advance(15)
    for each in list(service.builds):
        service.build(each, fails=False)
    settle(service)
    check_at_rest(oracle, service)
    for _ in range(40):
        service.advance(DAY)
        settle(service)
    service.advance(60)
    STEPS["sweep"].act(service, 0, 0, 0)
    settle(service)
    check_at_rest(oracle, service)
    service.advance(4 * DAY)  # longer than the gap between two prompts
    settle(service)
    before = Rest.of(oracle, service)
    STEPS["sweep"].act(service, 0, 0, 0)
    settle(service)
    before.check_unchanged(oracle, service)


def settle(service: Service) -> None:
    service.read_all()
    service.arrive_all()


# ── shrinking ────────────────────────────────────────────────────────────────


def shrink(history: Plan, fails: Callable[[Plan], bool], *, tries: int = 600) -> Plan:
    """Drop steps, and simplify the rest, while the same rule is still broken.

    Args:
        history: One that fails.
        fails: Whether a shorter one still fails in the same way.
        tries: How many to try at most.
    """
    left = tries
    size = max(1, len(history.steps) // 2)
    while size and left > 0:
        at, is_shorter = 0, False
        while at < len(history.steps) and left > 0:
            steps = history.steps[:at] + history.steps[at + size :]
            left -= 1
            if fails(shorter := replace(history, steps=steps)):
                history, is_shorter = shorter, True
            else:
                at += size
        if size == 1 and not is_shorter:
            break
        size = max(1, size // 2)
    for change in (
        {"policy": 0},
        {"skew": 0},
        {"endpoint": 0},
        {"holder": 0},
        {"is_nameless": False},
        {"is_eager": True},
    ):
        if fails(simpler := replace(history, **change)):
            history = simpler
    for n, step in enumerate(history.steps):
        for each in ("c", "b", "a"):
            if getattr(step, each):
                simple = step._replace(**{each: 0})
                steps = (*history.steps[:n], simple, *history.steps[n + 1 :])
                if fails(simpler := replace(history, steps=steps)):
                    history, step = simpler, simple
    return history


def count(runs: list[Run]) -> Counter[str]:
    """How often each rule is broken."""
    return Counter(rule for run in runs for rule in set(run.rules))
