"""What relink was told, kept as it came, and what can be true by all of it.

Nothing here is a fact that is kept up to date: every question goes through all statements again.
A question has a *set* of answers. Where two statements contradict each other too closely in time
to tell which came last (K4), both are in it, and the oracle then allows whatever follows from
either. Where nobody said anything, the answer is :data:`UNKNOWN`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from relink.machines.events import AccountReported, AuthorizationReported, FromStripe
from relink.machines.report import AccountNumber, StatusReport

UNKNOWN = "<unknown>"
TAN_BLOCK = "tokenized_account_number_deactivated"
KNOWN_STATUSES = ("active", "inactive", "disconnected")
FUTURE = 300
"""How far a report's time may lie ahead of our clock (K2; seconds)."""


@dataclass(frozen=True, slots=True)
class Said:
    """One statement about one object."""

    n: int
    """Its place in the order of arrival."""
    at: float
    as_of: float
    read: bool
    begun_at: float | None
    fields: dict[str, Any]


def time_of(event: FromStripe) -> float | None:
    """When a report was true, by K2; None for a webhook whose time lies in the future."""
    if event.as_of <= event.at + FUTURE:
        return event.as_of
    return event.begun_at if event.read else None


def fields_of(report: StatusReport, *, complete: bool) -> dict[str, Any]:
    """What a report says; a complete one says "none" by leaving a field out (K5)."""
    fields = {name: getattr(report, name) for name in report.model_fields_set}
    if complete:
        fields.setdefault("authorization", None)
        if report.status == "active":
            fields.setdefault("deactivates_on", None)
            fields.setdefault("deactivation_action", None)
        if report.status == "inactive":
            fields.setdefault("action", None)
            fields.setdefault("cause", None)
    return fields


def is_after(x: Said, y: Said) -> bool:
    """Whether x is surely newer than y (K4: within 2 s of a read nobody can tell)."""
    return x.as_of > y.as_of + (2 if x.read or y.read else 0)


def newest(said: Iterable[Said]) -> list[Said]:
    """Those that no other is surely newer than (see :func:`is_after`)."""
    every = list(said)
    if len(every) < 2:
        return every
    top = webhook = 0.0
    for s in every:
        if s.as_of > top:
            top = s.as_of
        if not s.read and s.as_of > webhook:
            webhook = s.as_of
    top -= 2
    return [s for s in every if s.as_of >= top and (s.read or s.as_of >= webhook)]


@dataclass
class History:
    """Everything that was said about one object."""

    said: list[Said] = field(default_factory=list)
    first_at: float | None = None
    """When we first had a report of it (K7)."""
    _answers: dict[Any, Any] = field(default_factory=dict)
    _answered_at: int = 0

    def _once(self, question: Any, work_out: Callable[[], Any]) -> Any:
        """Answer a question once for as long as nothing new is said. It is only for speed."""
        if self._answered_at != len(self.said):
            self._answers.clear()
            self._answered_at = len(self.said)
        if question not in self._answers:
            self._answers[question] = work_out()
        return self._answers[question]

    def about(self, name: str) -> list[Said]:
        return [s for s in self.said if name in s.fields]

    def values(self, name: str) -> set[Any]:
        """What a field can be."""

        def work_out() -> set[Any]:
            last = newest(self.about(name))
            return {s.fields[name] for s in [*last, *self._confirmed(name, last)]} or {UNKNOWN}

        return set(self._once(name, work_out))

    def _confirmed(self, name: str, last: list[Said]) -> list[Said]:
        """Those that a webhook confirmed which leaves the field out (K3), so close to a read that
        says something else that it counts as ambiguous, or not (K4)."""
        if not any(s.read for s in last):
            return []
        top = max(s.as_of for s in last)
        webhooks = [
            s for s in self.said if not s.read and name not in s.fields and abs(s.as_of - top) <= 2
        ]
        return [
            s
            for s in self.about(name)
            for webhook in webhooks
            if abs(s.as_of - webhook.as_of) <= 2
            and s.fields.get("status") == webhook.fields.get("status")
        ]

    def with_status(self, *statuses: str) -> list[Said]:
        wanted = statuses or KNOWN_STATUSES

        def work_out() -> list[Said]:
            return [s for s in self.said if s.fields.get("status") in wanted]

        return list(self._once(("with_status", *wanted), work_out))

    def statuses(self) -> set[str]:
        """What its status can be; an unknown one changes nothing (K5)."""

        def work_out() -> set[str]:
            return {s.fields["status"] for s in newest(self.with_status())} or {UNKNOWN}

        return set(self._once("statuses", work_out))

    def is_strange(self) -> bool:
        """Whether the newest status may be one that nobody knows (K5)."""
        return any(
            s.fields["status"] not in KNOWN_STATUSES
            for s in newest(self.about("status"))
            if s.fields["status"] is not None
        )

    def repairs(self) -> set[str]:
        """What can repair it, while it is inactive: an action, ``open``, or :data:`UNKNOWN`.

        ``open``: a complete object left the action out.
        """
        return set(self._once("repairs", self._repairs))

    def _repairs(self) -> set[str]:
        down = self.with_status("inactive")
        told = newest(s for s in down if "action" in s.fields)
        if not told:
            return {UNKNOWN}
        told += [s for s in self._confirmed("action", told) if s in down and s not in told]
        last = newest(down)
        found = set()
        if any(
            "action" not in s.fields
            and (is_after(s, told[0]) or (s.n > told[0].n and not is_after(told[0], s)))
            for s in last
        ):
            # K3 lets the older report tell it; whether a newer one that leaves it out is a new
            # question (K5) is left open.
            found.add(UNKNOWN)
        for said in told:
            action = said.fields["action"]
            found.add("open" if action is None else action)
            ups = [s for s in self.with_status("active", "disconnected") if is_after(s, said)]
            between = [s for s in ups if any(is_after(i, s) for i in last)]
            for up in between:
                # It was up in between, so that action belongs to an earlier outage. K3 leaves it
                # open what a stale report of that does: then both are allowed.
                found.add(UNKNOWN)
                if all(up.n < i.n for i in down if is_after(i, up)):
                    found.discard("open" if action is None else action)
        return found

    def causes(self) -> set[str | None]:
        """Why it is inactive."""
        told = newest(self.about("cause"))
        return {s.fields["cause"] for s in [*told, *self._confirmed("cause", told)]} or {None}

    def announcements(self) -> set[tuple[int | None, bool]]:
        """What is announced: ``(day, stands)``; an announcement without a day has None."""
        return set(self._once("announcements", self._announcements))

    def _told_or_known(self, said: Said, name: str) -> set[Any]:
        """What a report says about a field; where it leaves it out, nothing, or what is known."""
        if name in said.fields:
            return {said.fields[name]}
        return {None} | {s.fields[name] for s in newest(self.about(name))}

    def _announcements(self) -> set[tuple[int | None, bool]]:
        told = newest(
            s
            for s in self.said
            if "deactivates_on" in s.fields or "deactivation_action" in s.fields
        )
        found: set[tuple[int | None, bool]] = set()
        # K3, K5: what an incomplete report leaves out stays as it is known; whether it announces
        # something else instead is left open.
        options = [
            (said, day, action)
            for said in told
            for day in self._told_or_known(said, "deactivates_on")
            for action in self._told_or_known(said, "deactivation_action")
        ]
        for said, day, action in options:
            stands = action != "none" and (day is not None or action is not None)
            if not stands:
                found.add((None, False))
                continue
            # P3: one whose day has passed lapses with the next active report.
            up = [s for s in self.with_status("active") if day is not None and s.as_of >= day]
            if any(s.as_of > day + 2 for s in up if day is not None):
                found.add((None, False))
                continue
            found.add((day, True))
            # No rule says whether an announcement outlives an outage, or which day counts to the
            # second: then both are allowed.
            downs = self.with_status("inactive", "disconnected")
            if up or any(not is_after(said, s) for s in downs):
                found.add((None, False))
        return found or {(None, False)}


def account_said(n: int, event: AccountReported | AuthorizationReported) -> Said | None:
    """The statement of a webhook or a read; None for one that says nothing (K2, K6)."""
    as_of = time_of(event)
    if event.report is None or as_of is None:
        return None
    fields = fields_of(event.report, complete=event.complete or event.read)
    return Said(n, event.at, as_of, event.read, event.begun_at, fields)


# ── numbers ──────────────────────────────────────────────────────────────────


def can_pay(number: AccountNumber) -> bool:
    """C1: a number that does not say its networks is not refused for it."""
    return number.status == "transactable" and (not number.networks or "ach" in number.networks)


def sorted_out(numbers: tuple[AccountNumber, ...] | str | None) -> str:
    """All numbers together: ``well``, ``pending``, ``lapsed``, or ``odd``.

    ``odd``: none pays, and one has an unknown status or another network. It is not payable (K12),
    and no rule says whether a relink mends it.
    """
    if not numbers or isinstance(numbers, str) or any(can_pay(n) for n in numbers):
        return "well"
    if any(n.status == "pending" for n in numbers):
        return "pending"
    if all(n.status in ("expired", "deactivated") for n in numbers):
        return "lapsed"
    return "odd"


def expiry(numbers: tuple[AccountNumber, ...] | str | None) -> int | None:
    """P3: the latest day among those that can pay now; one without a day outlives all days."""
    if not numbers or isinstance(numbers, str):
        return None
    days = [n.expires_on for n in numbers if can_pay(n)]
    if not days or None in days:
        return None
    return max(day for day in days if day is not None)


def lapses(account: History, made: dict[str, History]) -> set[str]:
    """What its numbers can be, by the newer of its numbers and the blocks for one (C3)."""
    listed = newest(account.about("numbers"))
    found = {sorted_out(s.fields["numbers"]) for s in listed} or {"well"}
    blocks = [
        (name, s)
        for name, h in made.items()
        for s in newest(each for each in h.said if each.fields.get("blocked") == TAN_BLOCK)
    ]
    if not blocks:
        return found
    # Whether one is lifted that is gone by then, is left open.
    lifts: list[Said] = []
    confirmed: list[Said] = []
    for name, block in blocks:
        after = [
            s
            for s in made[name].said
            if "blocked" in s.fields and s.fields["blocked"] != TAN_BLOCK and is_after(s, block)
        ]
        after.sort(key=lambda s: s.as_of)
        lifts += after[:1]
        confirmed += after[1:]
    # A lift so close to its block that nobody can tell which came last may count, or not.
    doubtful = any(
        "blocked" in s.fields
        and s.fields["blocked"] != TAN_BLOCK
        and not is_after(s, block)
        and not is_after(block, s)
        for name, block in blocks
        for s in made[name].said
    )
    # Whether a block still counts that is reported with its payment method gone, is left open.
    changes = [(s, {"lapsed", "well"} if s.fields["gone"] else {"lapsed"}) for _, s in blocks]
    # C3: a lifted block un-lapses; whether a number is then still pending, is left open.
    waits = {sorted_out(s.fields["numbers"]) for s in listed} & {"pending", "odd"}
    changes += [(s, {"well"} | waits | ({"lapsed"} if s.fields["gone"] else set())) for s in lifts]
    # Whether a report that only confirms a lift is newer than numbers in between, is left open.
    changes += [(s, {"well", "lapsed"} | waits) for s in confirmed]
    for s in listed:
        state = sorted_out(s.fields["numbers"])
        # Numbers that are absent or empty say little: whether they mend a lapse is left open.
        changes.append((s, {state} if s.fields["numbers"] else {"well", "lapsed"}))
    top = newest(s for s, _ in changes)
    among = [states for s, states in changes if s in top]
    found = set().union(*among)
    if doubtful or (len({name for name, _ in blocks}) > 1 and lifts):
        # Two payment methods, one lifted: left open. K4: until the answer, it is as it was.
        found |= {"well", "lapsed"} | {sorted_out(s.fields["numbers"]) for s in listed}
    return found


def any_of(values: Iterable[Any], holds: Callable[[Any], bool]) -> bool | None:
    """Whether it holds for all of the values (True), for none (False), or for some (None)."""
    answers = {holds(value) for value in values}
    return answers.pop() if len(answers) == 1 else None
