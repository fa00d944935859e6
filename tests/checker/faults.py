"""Planted faults: each changes one guard or effect of a chart."""

from typing import Any, NamedTuple

from relink.engine import Chart, Command, Send, System
from relink.machines.account import AccountChart
from relink.machines.account.facts import AccountFacts
from relink.machines.authorization import AuthorizationChart
from relink.machines.charts import CHARTS
from relink.machines.messages import (
    NumberChanged,
    OwnershipChecked,
    ReadWanted,
    ReviewDue,
    SessionDeadline,
    SessionOpened,
    SessionUnsuccessful,
)
from relink.machines.outage import OutageChart, OutageFacts
from relink.machines.payment_method import PaymentMethodChart
from relink.machines.read import ReadChart, ReadFacts
from relink.machines.reported import Reported
from relink.machines.routing import route
from relink.machines.session import SessionChart, SessionFacts


class Fault(NamedTuple):
    """A chart with a fault, in the place of the one that it derives from."""

    machine: str
    chart: type[Chart]

    @property
    def system(self) -> System:
        """relink's machines, with this one."""
        tables: dict[str, Any] = {name: chart.table() for name, chart in CHARTS.items()}
        return System({**tables, self.machine: self.chart.table()}, route)


class BelievesStale(AccountChart):
    """K3: the staleness check is dropped."""

    def is_stale(self, facts: Any, trigger: Reported) -> bool:
        return False


class BelievesTheLast(AccountChart):
    """K4: what contradicts within a second is believed."""

    def is_ambiguous(self, facts: Any, trigger: Reported) -> bool:
        return False


class AuthorizationBelievesStale(AuthorizationChart):
    """K3: the staleness check of an authorization is dropped."""

    def is_stale(self, facts: Any, trigger: Reported) -> bool:
        return False


class ForgetsSiblings(AuthorizationChart):
    """R5: the other accounts of a repaired authorization are not read."""

    def read_inactive_members(self, facts: Any, trigger: Any) -> list[Command]:
        return []

    def read_unchecked_members(self, facts: Any, trigger: Any) -> list[Command]:
        return []


class LosesTheDeadline(SessionChart):
    """R2: no timer is set."""

    def begin(self, facts: SessionFacts, trigger: SessionOpened) -> Any:
        return SessionChart.begin(self, facts, trigger)[:1]


class GivesUpUnread(SessionChart):
    """R2: a session is not read before it is given up."""

    def read_before_giving_up(self, facts: SessionFacts, trigger: SessionDeadline) -> Any:
        return []


class ConfusesKnownAndNew(SessionChart):
    """K7: new is taken for known."""

    def is_known(self, facts: SessionFacts, trigger: OwnershipChecked) -> bool:
        return trigger.ownership == "new"

    def is_new_account(self, facts: SessionFacts, trigger: OwnershipChecked) -> bool:
        return trigger.ownership == "known"


class AllowsTwoSessions(AccountChart):
    """R1: a session that is replaced is not superseded."""

    def open_session(self, facts: AccountFacts, trigger: SessionOpened) -> Any:
        effects = AccountChart.open_session(self, facts, trigger)
        return [e for e in effects if not (isinstance(e, Send) and e.machine == "session")]


class CountsNoFailure(AccountChart):
    """R4: failed sessions count as no attempts."""

    def count_failure(self, facts: AccountFacts, trigger: SessionUnsuccessful) -> Any:
        uncounted = trigger.model_copy(update={"counts": False})
        return AccountChart.count_failure(self, facts, uncounted)


class AsksEachTime(ReadChart):
    """K10: reads do not coalesce."""

    def note_question(self, facts: ReadFacts, trigger: ReadWanted) -> Any:
        return ReadChart.ask(self, facts, trigger)


class NeverEnds(OutageChart):
    """P1: an outage goes on for ever."""

    def needs_nothing(self, facts: OutageFacts, trigger: ReviewDue) -> bool:
        return False


class TellsNobody(PaymentMethodChart):
    """N4: the service is not notified of what is gone."""

    def tell_service(self, facts: Any, trigger: Any) -> Any:
        return []


class NeverComesBack(AccountChart):
    """S6: an account that was replaced never comes back."""

    def has_come_back(self, facts: AccountFacts, trigger: ReviewDue) -> bool:
        return False


class IgnoresRetirement(AccountChart):
    """P4: a retired account is prompted for."""

    def retire(self, facts: AccountFacts, trigger: Any) -> Any:
        return []


class ForgetsNumbers(AccountChart):
    """C1, C3: an account does not learn that its number lapsed."""

    def note_number(self, facts: AccountFacts, trigger: NumberChanged) -> Any:
        return []


def fault(chart: type[Chart]) -> Fault:
    """The fault of a chart."""
    base = chart.__mro__[1]
    return Fault(next(name for name, each in CHARTS.items() if each is base), chart)


FAULTS: tuple[Fault, ...] = tuple(
    fault(each)
    for each in (
        BelievesStale,
        BelievesTheLast,
        AuthorizationBelievesStale,
        ForgetsSiblings,
        LosesTheDeadline,
        GivesUpUnread,
        ConfusesKnownAndNew,
        AllowsTwoSessions,
        CountsNoFailure,
        AsksEachTime,
        NeverEnds,
        TellsNobody,
        NeverComesBack,
        IgnoresRetirement,
        ForgetsNumbers,
    )
)
