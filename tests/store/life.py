"""Random histories of accounts, lived through a store."""

from collections.abc import Iterator

from hypothesis import strategies as st

from relink.adapters.store import DueCommand, Store
from relink.engine import Address, Event, Facts, Snapshot
from relink.machines import relink_system
from relink.machines.commands import CreateRelinkSession
from relink.machines.events import RelinkRequested, RelinkSessionCreated, SessionReported
from relink.machines.report import Holder

from .messages import ACTIVE, INACTIVE, NOW, message, reported

REPORTS = [
    ACTIVE,
    INACTIVE,
    {"status": "inactive", "action": "none"},
    {"status": "inactive", "action": None},
    {"status": "disconnected"},
    {"status": "invented"},
    {"authorization": "fcauth_2"},
    {"numbers": ()},
]
HISTORY = st.lists(
    st.tuples(
        st.sampled_from(["report", "report", "relink", "result", "answer", "postpone"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from(REPORTS),
        st.integers(0, 9),
        st.sampled_from([None, "no_account", "other"]),
    ),
    max_size=12,
)

_MARKS: Iterator[str] = iter(f"x{number:05}x" for number in range(100_000))


def new_mark() -> str:
    """A mark that no other life has."""
    return next(_MARKS)


class Life:
    """A history, applied to a store and, beside it, to a system without a store.

    Args:
        store: the store.
        mark: part of all ids, so that one store can hold many lives.
    """

    def __init__(self, store: Store, mark: str) -> None:
        self.store = store
        self.mark = mark
        self.holder = Holder(field="customer", id=f"cus_{mark}")
        self.system = relink_system()
        self.machines: dict[Address, Snapshot[Facts]] = {}

    def apply(self, id: str, at: int, *events: Event) -> list[CreateRelinkSession]:
        """Apply a message; returns the sessions that the caller is to create."""
        self._remember(events)
        steps = self.store.apply(message(f"{self.mark}_{id}", at=at), events).steps
        return [c for s in steps for c in s.commands if isinstance(c, CreateRelinkSession)]

    def waiting(self) -> list[DueCommand]:
        """The commands of this life that are due."""
        due = [d for d in self.store.due_commands(9e9, 10**9) if self.mark in str(d.command)]
        return sorted(due, key=lambda each: (each.due_at, each.id))

    def live(self, history: list[tuple[str, str, dict[str, object], int, str | None]]) -> None:
        """Let everything happen, in order."""
        for number, (what, which, changed, later, failure) in enumerate(history):
            account = f"fca_{self.mark}_{which}"
            self._happen(f"evt_{number}", what, account, changed, later, failure)

    def _remember(self, events: tuple[Event, ...]) -> None:
        for trigger in events:
            self.machines |= self.system.step(trigger, self.machines.get).snapshots

    def _happen(
        self,
        id: str,
        what: str,
        account: str,
        changed: dict[str, object],
        later: int,
        failure: str | None,
    ) -> None:
        at = NOW + later
        login = str(changed.get("authorization", "fcauth_1"))
        said = {**changed, "authorization": login + self.mark, "holder": self.holder}
        report = reported(id, at, account, **said)
        session = f"fcsess_{self.mark}"
        match what:
            case "report":
                self.apply(id, at, report)
            case "relink":
                asked = RelinkRequested(causation_id=id, at=float(at), account=account)
                for create in self.apply(f"asked_{id}", at, asked):
                    made = RelinkSessionCreated(
                        causation_id=id, at=float(at), session=session, request=create
                    )
                    self.apply(id, at, made)
            case "result":
                result = SessionReported(
                    causation_id=id,
                    at=float(at),
                    session=session,
                    as_of=at,
                    read=True,
                    status="failed" if failure else "succeeded",
                    failure_reason=failure,
                    relinked_account=None if failure else account,
                )
                self.apply(id, at, result)
            case "answer" | "postpone":
                due = self.waiting()[later : later + 1]
                if due and what == "postpone":
                    self.store.postpone(due[0], NOW + 100.0 + later)
                elif due:
                    self._remember((report,))
                    self.store.answer(due[0], [report], float(at), failed=bool(failure))
