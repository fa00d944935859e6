"""The judge: compares what the machines decide with what the rules demand or allow.

It shares no code with the machines. After every step it takes the list of everything that was told
(:mod:`.memory`), works out from scratch what follows from it (:mod:`.known`), and looks at each
command and answer. What the rules leave free is allowed, and a comment says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from relink.machines import RelinkPolicy
from relink.machines.commands import NotifyCustomer, Read
from relink.machines.events import FromStripe, SessionReported

from .anomalies import check_anomalies, check_unknown_values
from .chances import given_up
from .charge import check_charge
from .known import Known, analyse
from .memory import Memory, Session
from .messages import check_message, check_named_in_time, remember_message
from .next_steps import check_next
from .quiet import check_causes, check_sessions
from .reads import check_reads
from .requests import (
    check_build,
    check_built,
    check_gone,
    check_mandates,
    check_request,
    check_session,
)
from .said import UNKNOWN
from .service import NothingHappened, Record
from .states import check_state, is_disputed
from .track import Cause, Message, Track, Verdict

TEN_MINUTES = 600
MINUTE = 60


@dataclass
class Oracle:
    """Judges one history, record by record."""

    policy: RelinkPolicy
    memory: Memory = field(default_factory=Memory)
    tracks: dict[str, Track] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    numbers: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The last message of each authorization: the number of its outage, and its own."""
    due_since: dict[tuple[str, str], float] = field(default_factory=dict)
    """Since when a read of an object is due without a break."""
    asked_at: dict[str, float] = field(default_factory=dict)
    """When each read was first asked for."""
    row_since: dict[tuple[str, str], float] = field(default_factory=dict)
    """Since when a read of an object waits without a break, whether it was answered or not."""
    answered: dict[tuple[str, str], float] = field(default_factory=dict)
    """When the latest answered read of each object began."""
    last_asked: dict[tuple[str, str], float] = field(default_factory=dict)
    """When a read of each object was last asked for."""
    decisive: set[int] = field(default_factory=set)
    """The answers that decide, since they were put off for a minute (K10), by their number."""
    asked_in: dict[str, object] = field(default_factory=dict)
    """The outage in which each session was asked for, by the command's id."""
    outcomes: dict[str, str] = field(default_factory=dict)
    repaired: set[str] = field(default_factory=set)
    """The sessions whose result says that they repaired their account."""
    builds: dict[str, int] = field(default_factory=dict)
    building: set[str] = field(default_factory=set)
    """The accounts on which something is being built."""
    gone: set[str] = field(default_factory=set)
    told_built: set[str] = field(default_factory=set)
    """What the service was told that relink built."""
    mandates_asked: dict[str, float] = field(default_factory=dict)
    """When the service was last asked for a mandate, by payment method."""
    reads: int = 0
    anomalies: set[tuple[str, str, str | None]] = field(default_factory=set)
    """What operators were told: about what, which anomaly, and the value."""
    requests: int = 0
    """How often the service was asked for another payment method."""
    now: float = 0.0
    record: Record | None = None

    def say(self, rule: str, text: str) -> None:
        self.verdicts.append(Verdict(rule, text))

    def judge(self, record: Record) -> None:
        """Look at one step."""
        self.record, self.now = record, record.trigger.at
        known = set(self.memory.sessions)
        touched = self.memory.learn(record.trigger)
        for name in self.memory.sessions.keys() - known:
            self._session_begins(self.memory.sessions[name])
        self._note_reads(record)
        for name in self.memory.accounts:
            if name in touched or name not in self.tracks:
                self._analyse(name)
        if isinstance(record.trigger, SessionReported):
            self._note_repair(record.trigger.session)
        for name, track in self.tracks.items():
            self._follow(name, track)
        is_quiet = isinstance(record.trigger, NothingHappened)
        if is_quiet:
            touched = set(self.tracks)  # what was due stays due
        check_reads(self, record, touched)
        for command in record.commands:
            if isinstance(command, NotifyCustomer):
                check_message(self, record, command)
        for command in record.commands:
            if isinstance(command, NotifyCustomer):
                remember_message(self, command)
        check_session(self, record)
        check_build(self, record)
        check_request(self, record)
        check_gone(self, record)
        check_built(self, record)
        check_mandates(self, record)
        for name in touched & set(self.tracks):
            check_state(self, record, name)
            check_charge(self, record, name)
            check_next(self, record, name)
        check_sessions(self, record)
        check_anomalies(self, record)
        if is_quiet:
            check_causes(self, record)
            check_unknown_values(self, record)
        check_named_in_time(self, record)

    # ── following along ──────────────────────────────────────────────────────

    def _session_begins(self, session: Session) -> None:
        session.stint = self.asked_in.get(session.request.id)
        track = self.tracks.get(session.account)
        session.is_opened_in_doubt = track is not None and is_disputed(self, session.account)
        session.log_from = max(0, len(track.kinds) - 1) if track else 0
        if track and track.is_out() and session.request.delivery == "email":
            assert track.outage is not None
            track.outage.is_named = True  # P2: Stripe's mail is the prompt

    def _note_repair(self, name: str) -> None:
        """R4, K1: a repair that is told late ended the outage at its own time; whether what is
        needed since is another one is left open."""
        session = self.memory.sessions.get(name)
        if session is None or name in self.repaired or session.outcome() != "relinked":
            return
        self.repaired.add(name)
        track = self.tracks.get(session.account)
        outage = track.outage if track else None
        if outage and min(s.as_of for s in session.results()) >= outage.began_at - 2:
            outage.is_sure = False

    def _note_reads(self, record: Record) -> None:
        event = record.trigger
        if isinstance(event, FromStripe) and event.begun_at is not None:
            kind = event.name.removesuffix("_reported")
            thing = (kind, str(getattr(event, kind)))
            if event.begun_at >= self.asked_at.get(event.causation_id, self.now) + MINUTE - 1:
                self.decisive.add(self.memory.n)
            things = [thing]
            if isinstance(event, SessionReported):
                # K2: account objects inside a retrieved session are reads.
                things += [("account", inside.account) for inside in event.accounts or ()]
            for each in things:
                self.answered[each] = max(event.begun_at, self.answered.get(each, 0.0))
        for command in record.commands:
            if isinstance(command, Read):
                self.last_asked[kind_of(command), command.subject] = self.now
        due: set[tuple[str, str]] = set()
        for name, read in record.waiting.items():
            self.asked_at.setdefault(name, self.now)
            if self.is_due(name, read):
                each = (kind_of(read), read.subject)
                due.add(each)
                self.due_since.setdefault(each, self.asked_at[name])
        self.memory.read_now = {
            read.subject for read in record.waiting.values() if kind_of(read) == "account"
        }
        rows = {(kind_of(read), read.subject) for read in record.waiting.values()}
        self.row_since = {row: self.row_since.get(row, self.now) for row in rows}
        for thing in list(self.due_since):
            if thing not in due:
                del self.due_since[thing]

    def _analyse(self, name: str) -> None:
        known = analyse(self.memory, name)
        track = self.tracks.get(name)
        if track is None:
            track = self.tracks[name] = Track(known)
        track.known = known
        kinds = known.kinds()
        if known.is_replaced is not False:
            kinds |= {"replaced"}
        if not track.kinds or track.kinds[-1] != kinds:
            track.kinds.append(kinds)

    def _follow(self, name: str, track: Track) -> None:
        replacements = len(list(self.memory.replacements(name)))
        if replacements != track.replacements and track.outage:
            # S6, R4: a replacement that is told late ended an outage, if only for a moment.
            track.outage.is_sure = False
        track.replacements = replacements
        before = track.outage
        track.follow(track.known.needs(self.now, self.policy), self.now, self.memory.n)
        outage = track.outage
        if outage and outage is not before and (mailed := self.mailed(name)) is not False:
            # P2: also if it was sent before the outage began
            outage.is_named, outage.mail = True, self.memory.last_session(name)
            outage.is_mail_sure = mailed is True
        holds = list(self.holds(name))
        if not holds:
            track.hold_since = None
        elif track.hold_since is None:
            track.hold_since = self.now
        is_ready = (
            track.needs == {"need"}
            and track.is_out()
            and given_up(self, name) is False
            and not any(self.now - self.asked_at[hold] <= TEN_MINUTES for hold in holds)
            # A read that waits although it was answered may have been asked for again since.
            and set(self.holds(name, is_strict=False)) <= set(holds)
            and not self._may_wait_for_authorization(track)
            and not self._may_wait_for_nobodys(track)
        )
        if not is_ready:
            track.ready_since = None
        elif track.ready_since is None:
            track.ready_since = self.now
        self._follow_causes(name, track)

    def _follow_causes(self, name: str, track: Track) -> None:
        found = self.causes(name, track)
        is_open = track.known.is_strange or "unclear" in track.known.kinds()
        is_provisional = track.hold_since is not None
        for key in set(track.causes) - set(found):
            if is_open:
                track.causes[key].is_sure = False  # K5: suspension ends nothing
            elif is_provisional:
                # K9, C4: while a read is due, nobody can tell whether it is over.
                track.causes[key].is_sure = track.causes[key].is_spent = False
            else:
                del track.causes[key]
        for key, is_sure in found.items():
            cause = track.causes.get(key)
            if cause is None:
                track.causes[key] = Cause(is_sure)
                continue
            if not is_sure:
                # It may have been over for a moment, and then it is another one.
                cause.is_spent = False
            cause.is_sure = is_sure

    def causes(self, name: str, track: Track) -> dict[str, bool]:
        """For what the service may be asked for another payment method: to whether that is sure."""
        known = track.known
        found: dict[str, bool] = {}
        if known.is_replaced is True:
            return found
        is_sure = known.is_replaced is False and not known.is_strange and not known.is_retired
        # K4: where a repair and a report contradict each other, it may have worked in between.
        is_sure = is_sure and known.is_relinked is False
        kinds = known.kinds()
        if kinds & {"unrepairable", "disconnected"}:
            for kind in kinds & {"unrepairable", "disconnected"}:
                found[kind] = is_sure and kinds == {kind} and "open" not in known.repairs
        if None in known.authorizations and (
            "relinkable" in kinds
            or ("active" in kinds and (known.numbers & {"lapsed", "odd"} or self._is_ahead(known)))
        ):
            found["no_authorization"] = (
                is_sure
                and known.authorizations == {None}
                and (
                    kinds == {"relinkable"} or (kinds == {"active"} and known.numbers == {"lapsed"})
                )
            )
        if "no_authorization" in found:
            # Whether attempts go on to count where no relink is possible any more is left open.
            failed = [s for s in self.memory.sessions_of(name) if s.outcome() != "relinked"]
            if len(failed) >= self.policy.attempts:
                found["given_up"] = False
        gives_up = given_up(self, name)
        if gives_up is not False:
            found["given_up"] = gives_up is True and is_sure
        states = known.made_states
        # C3: another one is requested only when none that we know is well.
        is_lost = any(each & {"blocked", "gone"} for each in states.values())
        if is_lost and all(each & {"blocked", "gone", "number"} for each in states.values()):
            # K5: whether a request waits too that does not hang on what is missing, is left open.
            # S7: nor one for an account that is gone for good.
            is_clear = is_sure and not kinds & {"unclear", "disconnected"}
            found["made"] = is_clear and all(each <= {"blocked"} for each in states.values())
        for session in self.memory.sessions.values():
            returned = session.returned()
            if returned is None or returned == session.account:
                continue
            # N1, N2, R6: when nothing can be built on what a session returned, either account may
            # be named; no rule says which.
            if name in (returned, session.account):
                found[f"result {session.id}"] = False
        if failures := self.memory.build_failures.get(name):
            found[f"build {failures}"] = False
        return found

    def _is_ahead(self, known: Known) -> bool:
        return any(stands for _, stands in known.announced) or bool(known.days(self.policy))

    # ── what others ask ──────────────────────────────────────────────────────

    def mailed(self, name: str) -> bool | None:
        """P2: whether Stripe's mail about an open session is with the customer."""
        found: bool | None = False
        for session in self.memory.sessions_of(name):
            if session.request.delivery != "email":
                continue
            is_open = self.memory.is_open(session, self.now, self.policy)
            if is_open and session is self.memory.last_session(name):
                return True
            if is_open is not False:
                found = None
        return found

    def is_due(self, name: str, read: Read) -> bool:
        """Whether a read is due: no other read of the object, begun late enough, was answered."""
        begun = self.answered.get((kind_of(read), read.subject), 0.0)
        return begun <= self.asked_at[name] or begun < read.after

    def holds(self, name: str, *, is_strict: bool = True) -> Iterable[str]:
        """K9: the due reads that a prompt for an account waits for, by id.

        Args:
            name: The account.
            is_strict: Whether to leave out those that another read has answered.
        """
        assert self.record is not None
        known = self.tracks[name].known
        for identity, read in self.record.waiting.items():
            if kind_of(read) != "account" or (is_strict and not self.is_due(identity, read)):
                continue
            if read.subject == name:
                yield identity
                continue
            other = self.tracks.get(read.subject)
            if other is None or not (other.known.holders & known.holders - {None}):
                continue
            if other.known.authorizations & (known.authorizations | {UNKNOWN}):
                yield identity

    def _may_wait_for_authorization(self, track: Track) -> bool:
        """No rule says whether a prompt waits for what the authorization may announce (P3)."""
        assert self.record is not None
        return any(
            kind_of(read) == "authorization"
            and read.subject in track.known.authorizations
            and self.now - self.asked_at[name] <= TEN_MINUTES
            for name, read in self.record.waiting.items()
        )

    def _may_wait_for_nobodys(self, track: Track) -> bool:
        """No rule says whether two accounts without a holder have the same one (K9)."""
        assert self.record is not None
        return any(
            kind_of(read) == "account"
            and (other := self.tracks.get(read.subject)) is not None
            and None in other.known.holders & track.known.holders
            and other.known.authorizations & (track.known.authorizations | {UNKNOWN})
            and self.now - self.asked_at[name] <= TEN_MINUTES
            for name, read in self.record.waiting.items()
        )

    def surely_holds(self, name: str) -> str | None:
        """A due read for which a prompt has to wait by any reading of K9."""
        assert self.record is not None
        track = self.tracks[name]
        if track.hold_since is not None and self.now - track.hold_since >= TEN_MINUTES - 1:
            return None
        known = track.known
        for identity in self.holds(name):
            subject = self.record.waiting[identity].subject
            if self.now - self.row_since.get(("account", subject), self.now) >= TEN_MINUTES - 1:
                continue
            other = self.tracks.get(subject)
            if subject == name:
                return subject
            if other is None or known.holders <= {UNKNOWN, None}:
                continue
            is_disputed = self.record.waiting[identity].after > self.now
            if "disconnected" in other.known.statuses:
                continue  # S7: nothing is left to learn of it
            if is_disputed or len(other.known.statuses) > 1:
                # K4: what it says of its authorization may wait for the answer.
                continue
            same = len(known.holders) == 1 and other.known.holders == known.holders
            shared = other.known.authorizations
            if (
                same
                and len(shared) == 1
                and (shared == {UNKNOWN} or shared == known.authorizations)
            ):
                return subject
        return None


def kind_of(read: Read) -> str:
    """What kind of object a read reads."""
    return read.name.removeprefix("retrieve_")
