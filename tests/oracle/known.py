"""What follows from all that was told for one account: its state, its need, and its charge.

Every answer is a set of those that the rules allow. One answer is a demand; two are a freedom, by
K4 (nobody can tell which report came last), by K5 (nobody has told it yet), or because no rule
says it; a comment says which.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from relink.machines import RelinkPolicy
from relink.machines.report import Holder

from .memory import Memory, Replacement, Session
from .said import TAN_BLOCK, UNKNOWN, History, Said, expiry, is_after, lapses, newest

RELINK = "relink_required"


@dataclass
class Known:
    """What is known of an account at one moment, without the time."""

    statuses: set[str]
    repairs: set[str]
    authorizations: set[str | None]
    holders: set[Holder | str | None]
    announced: set[tuple[int | None, bool]]
    """Its own announcement, and its authorization's: ``(day, stands)``."""
    expiries: set[int | None]
    numbers: set[str]
    is_replaced: bool | None
    stand_ins: set[str]
    """Which accounts may be used instead (S6)."""
    is_relinked: bool | None
    """A session's result said that it was repaired, after the latest report (S5)."""
    is_retired: bool
    is_strange: bool
    is_orphaned: bool
    """Its authorization may be disconnected; no rule says what a relink does then."""
    causes: set[str | None]
    is_repaired: bool
    """A session's result says that it was repaired, not surely before what its need rests on."""
    charge: set[bool] = field(default_factory=set)
    charge_by: dict[str, set[bool]] = field(default_factory=dict)
    made_states: dict[str, set[str]] = field(default_factory=dict)
    """``well``, ``blocked``, ``number`` (a relink mends it), or ``gone``."""

    def kinds(self) -> frozenset[str]:
        """The kinds of states that its latest report can mean."""
        found = set()
        for status in self.statuses:
            if status != "inactive":
                found.add(status)
                continue
            for repair in self.repairs:
                if repair == RELINK:
                    found.add("relinkable")
                elif repair == UNKNOWN:
                    found.add("unclear")
                else:
                    found.add("unrepairable")
        return frozenset(found)

    # ── needs ────────────────────────────────────────────────────────────────

    def days(self, policy: RelinkPolicy) -> set[int | None]:
        """The days on which it stops working, as far as announced or expiring."""
        found = {day for day, stands in self.announced if stands and day is not None}
        return found | {day for day in self.expiries if day is not None}

    def prompts_from(self, policy: RelinkPolicy) -> tuple[float | None, float | None]:
        """From when what lies ahead is a need: (surely, possibly); None for never."""
        lead = policy.announcement_lead
        surely: list[float] = []
        possibly: list[float] = []
        for source in (self._own, self._shared, self._expiring):
            starts = [
                (0.0 if day is None else float(day - lead)) if stands else None
                for day, stands in source
            ]
            possibly += [start for start in starts if start is not None]
            if starts and all(start is not None for start in starts):
                surely.append(max(start for start in starts if start is not None))
        return (min(surely, default=None), min(possibly, default=None))

    _own: set[tuple[int | None, bool]] = field(default_factory=set)
    _shared: set[tuple[int | None, bool]] = field(default_factory=set)
    _expiring: set[tuple[int | None, bool]] = field(default_factory=set)

    def needs(self, now: float, policy: RelinkPolicy) -> frozenset[str]:
        """What it can be: in ``need``, ``suspended`` (K5), or neither: ``no``."""
        if self.is_retired or self.is_replaced is True:
            return frozenset({"no"})
        found: set[str] = {"no"} if self.is_replaced is None or self.is_orphaned else set()
        kinds = self.kinds()
        if "disconnected" in kinds or UNKNOWN in kinds or "unrepairable" in kinds:
            found.add("no")
        if "unclear" in kinds:
            found.add("suspended")
        if "relinkable" in kinds:
            found |= self._with_authorization()
            if self.is_relinked is not False:
                found.add("no")  # S5: whether `relinked` still needs one is left open
        if "active" in kinds:
            found |= self._needs_while_active(now, policy)
        if self.is_strange:
            found.add("suspended")
        return frozenset(found)

    def _with_authorization(self) -> set[str]:
        found = set()
        for authorization in self.authorizations:
            if authorization is None:
                found.add("no")  # R9: Stripe would refuse it
            elif authorization == UNKNOWN:
                found.add("suspended")
            else:
                found.add("need")
        return found

    def _needs_while_active(self, now: float, policy: RelinkPolicy) -> set[str]:
        found: set[str] = set()
        for state in self.numbers:
            if state == "lapsed":
                found |= self._with_authorization() | ({"no"} if self.is_repaired else set())
            elif state == "odd":
                found |= {"no"} | self._with_authorization()  # no rule says what mends it
            else:
                surely, possibly = self.prompts_from(policy)
                if surely is not None and now >= surely:
                    found |= self._with_authorization()
                elif possibly is not None and now >= possibly:
                    found |= {"no"} | self._with_authorization()
                else:
                    found.add("no")
                if self.is_repaired:
                    found.add("no")  # R4: repaired; P3: but each is known by its own report
                if state == "pending":
                    found.add("no")  # one is coming; whether an older day still counts is open
        return found


def analyse(memory: Memory, name: str) -> Known:
    """Go through everything that was told, for one account."""
    history = memory.account(name)
    made = memory.made_of(name)
    authorizations = history.values("authorization")
    own = history.announcements()
    shared: set[tuple[int | None, bool]] = set()
    is_orphaned = False
    for authorization in authorizations:
        credentials = memory.authorizations.get(authorization) if authorization else None
        if credentials is None:
            shared.add((None, False))
            continue
        shared |= credentials.announcements()
        is_orphaned = is_orphaned or "disconnected" in credentials.statuses()
        # P3: whose "next active report" lets the authorization's day lapse, is left open.
        for day, stands in list(shared):
            if stands and day is not None:
                up = history.with_status("active")
                if any(s.as_of >= day for s in up):
                    shared.add((None, False))
    is_replaced, stand_ins = _is_replaced(memory, name, history)
    expiries = {expiry(value) for value in history.values("numbers")}
    known = Known(
        statuses=history.statuses(),
        repairs=history.repairs() if history.with_status("inactive") else {UNKNOWN},
        authorizations=authorizations,
        holders=history.values("holder"),
        announced=own | shared,
        expiries=expiries,
        numbers=lapses(history, made),
        is_replaced=is_replaced,
        stand_ins=stand_ins,
        is_relinked=_is_relinked(memory, name, history),
        is_retired=name in memory.retired,
        is_strange=history.is_strange(),
        is_orphaned=is_orphaned,
        causes=history.causes(),
        is_repaired=_is_repaired(memory, name, history),
    )
    known._own, known._shared = own, shared
    known._expiring = {(day, day is not None) for day in expiries}
    _charge(known, history, made)
    return known


# ── S5, S6 ───────────────────────────────────────────────────────────────────


def _is_relinked(memory: Memory, name: str, history: History) -> bool | None:
    """Whether a session's result says that it was repaired, after its latest report."""
    earliest, first = [], []
    is_vague = False
    for session in memory.sessions_of(name):
        if session.outcome() == "relinked":
            earliest.append(min(s.as_of for s in session.results()))
            first.append(session.results()[0].as_of)
        is_vague = is_vague or any(h.linked and h.linked[0] == name for h in session.hints())
    if not earliest and not is_vague:
        return False
    last = newest(history.with_status())
    # S5 does not say which report of a result tells its time: the earliest, as S6 says of a
    # replacement, or the one that told it.
    times = {max(earliest), max(first)} if earliest else set()
    if times and last and all(time > s.as_of + 2 for s in last for time in times):
        return True
    if times and last and all(s.as_of > time + 2 for s in last for time in times):
        return False
    return None


def _is_repaired(memory: Memory, name: str, history: History) -> bool:
    shared = history.values("authorization")
    told = [
        s.as_of
        for session in memory.sessions.values()
        if session.account == name or session.request.authorization in shared
        if session.outcome() is not None or session.is_vague()
        for s in [*session.results(), *session.hints()]
    ]
    if not told:
        return False
    grounds = [history]
    grounds += [
        memory.authorizations[key]
        for key in history.values("authorization")
        if key in memory.authorizations
    ]
    names = ("deactivates_on", "deactivation_action", "numbers")
    return any(
        s.as_of <= max(told) + 2
        for ground in grounds
        for each in names
        for s in newest(ground.about(each))
    )


def _is_replaced(memory: Memory, name: str, history: History) -> tuple[bool | None, set[str]]:
    """Whether another account is used instead, and which it may be (S6)."""
    answers = set()
    stand_ins = set()
    undone: set[str] = set()
    for replacement in memory.replacements(name):
        surely, possibly = _came_back(history, replacement)
        if surely:
            if replacement.session is None:
                undone.add(replacement.by)
            continue
        is_undone = (
            possibly or not replacement.is_sure or _may_undo(memory, replacement.session, name)
        )
        # P4, S6: whether what a session says later is what the service had said before is left
        # open.
        is_undone = is_undone or (replacement.session is not None and replacement.by in undone)
        answers.add(None if is_undone else True)
        stand_ins.add(replacement.by)
    if True in answers:
        return True, stand_ins
    return (None if answers else False), stand_ins


def _may_be_younger(session: Session, than: Session) -> bool:
    """Of two that were asked for in one order, and known to be open in the other, either may be."""
    return session.order > than.order or session.request.attempt > than.request.attempt


def _may_undo(memory: Memory, by: Session | None, name: str) -> bool:
    """S6 says only what an older session does not undo. A younger one may."""
    return any(
        session.outcome() == "relinked" and (by is None or _may_be_younger(session, by))
        for session in memory.sessions_of(name)
    )


def _came_back(history: History, by: Replacement) -> tuple[bool, bool]:
    """S6: whether it surely, or possibly, came back after it was replaced."""
    told = history.with_status()

    def distance(said: Said) -> int:
        """-1: surely older than the replacement; 1: surely newer; 0: nobody can tell (K4)."""
        margin = 2 if said.read or by.is_read else 0
        return (said.as_of > by.as_of + margin) - (said.as_of < by.as_of - margin)

    before = newest(s for s in told if distance(s) < 0)
    around = [s for s in told if distance(s) == 0]
    surely = _inactive(s for s in told if distance(s) > 0)
    if not around and len({s.fields["status"] for s in before}) == 1:
        surely += _inactive(before)
    latest = newest(s for s in told if distance(s) <= 0)
    possibly = _inactive([*(s for s in told if distance(s) >= 0), *before, *latest])
    ups = [s for s in told if s.fields["status"] == "active"]
    ended = [s.as_of for s in told if s.fields["status"] == "disconnected"]
    if ended and ups and min(ended) - max(s.as_of for s in ups) <= 2:
        surely = []  # K4: nobody can tell which came first, and nothing follows the end (S7)
    if len(history.statuses()) > 1:
        surely = []  # K4: nobody can tell which came last, and the state stays until the answer
    return (
        any(is_after(up, down) for up in ups for down in surely),
        any(not is_after(down, up) for up in ups for down in possibly),
    )


def _inactive(said: Iterable[Said]) -> list[Said]:
    return [s for s in said if s.fields["status"] == "inactive"]


# ── C1, C3 ───────────────────────────────────────────────────────────────────


def _charge(known: Known, history: History, made: dict[str, History]) -> None:
    """Work out what the answer to *may I charge it* can be."""
    parts: list[set[bool]] = [{status == "active" for status in known.statuses}]
    for field_name, is_good in (
        ("subcategory", lambda value: value in ("checking", "savings")),
        ("payment_method_types", lambda value: "us_bank_account" in value),
        ("permissions", lambda value: "payment_method" in value),
    ):
        part: set[bool] = set()
        is_connect = any(isinstance(h, Holder) and h.is_connect for h in known.holders)
        if is_connect and field_name != "subcategory":
            part = {True, False}  # C1: whether a payout needs them is left open
        for value in history.values(field_name):
            # What nobody has told yet is no reason for either answer.
            part |= {True, False} if value in (UNKNOWN, None) else {is_good(value)}
        parts.append(part)
    parts.append({state == "well" for state in known.numbers})
    states = {name: _made_state(told) for name, told in made.items()}
    known.made_states = states
    for name, found in states.items():
        known.charge_by[name] = _all([*parts, _is_well(found)])
    if states:
        every = [_is_well(found) for found in states.values()]
        some = {True} if any(True in e for e in every) else set()
        some |= {False} if all(False in e for e in every) else set()
        parts.append(some)
    known.charge = _all(parts)


def _made_state(told: History) -> set[str]:
    found: set[str] = set()
    for gone in told.values("gone"):
        if gone is True:
            found.add("gone")
            continue
        for blocked in told.values("blocked"):
            if blocked in (None, UNKNOWN):
                found.add("well")
            else:
                found.add("number" if blocked == TAN_BLOCK else "blocked")
    return found


def _is_well(states: set[str]) -> set[bool]:
    """A block for a number counts by the number alone, once that is newer; or as a block."""
    found = set()
    for state in states:
        found |= {"well": {True}, "number": {True, False}}.get(state, {False})
    return found


def _all(parts: list[set[bool]]) -> set[bool]:
    found = set()
    if all(True in part for part in parts):
        found.add(True)
    if any(False in part for part in parts):
        found.add(False)
    return found
