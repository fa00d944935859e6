"""Whether the oracle finds what is wrong in answers, and in time during which nothing arrives."""

from dataclasses import replace
from typing import Any

import pytest

from relink.engine import Snapshot
from relink.machines import assess, relink_system
from relink.machines.assessment import Assessment
from relink.machines.commands import NotifyCustomer, ReportAnomaly, RequestNewPaymentMethod
from relink.machines.events import AccountReported, DomainEvent

from .doctors import (
    Doctor,
    Named,
    WithoutTimers,
    answering,
    changed,
    in_state,
    judged,
    naming,
    once,
    session_in_state,
    without,
    written,
)
from .history import Plan, Step, run
from .service import NothingHappened, Record
from .truth import START

STOPS = Step("stops")
"""fca_1 stops, and the customer can mend it."""
CLOSES = Step("stops", 0, 5)
"""fca_1 stops, and nobody can mend it."""
ENDS_SOON = Step("end_is_announced", 0, 3)
"""The end of fca_1 is announced for the day after tomorrow."""
ASKED = Step("relink_is_asked", 0, 24)
"""A relink of fca_1 is asked for, for new permissions."""
LINKED = Step("customer_is_asked", 0, 48)
"""The customer of fca_1 links another account instead."""
RETIRED = Step("account_is_retired")
REPLACED = Step("account_is_replaced", 0, 1)
MANDATE_ENDS = Step("mandate_ends")

RELINK = Named("relink", "relinkable", "specific")
REQUEST = Named("request_new_payment_method", "unrepairable")

CASES: dict[str, tuple[str, Plan, Doctor]] = {
    "a session stays open": ("R2", written(STOPS, ASKED), session_in_state("fcsess_1", "open")),
    "a session that is over stays open": (
        "R3",
        written(STOPS, ASKED, Step("customer_acts")),
        session_in_state("fcsess_1", "open"),
    ),
    "a session succeeds for nothing": (
        "R3",
        written(STOPS, ASKED),
        session_in_state("fcsess_1", "succeeded"),
    ),
    "two sessions are open": (
        "R1",
        written(STOPS, ASKED, Step("relink_is_asked", 0, 28)),
        session_in_state("fcsess_1", "open"),
    ),
    "a session is abandoned too soon": (
        "R2",
        written(STOPS, ASKED),
        session_in_state("fcsess_1", "abandoned"),
    ),
    "a session fails for nothing": (
        "R3",
        written(STOPS, ASKED),
        session_in_state("fcsess_1", "failed"),
    ),
    "nothing is next": ("C2", written(STOPS), naming("fca_1")),
    "another way to pay is next for nothing": ("C2", written(STOPS), naming("fca_1", REQUEST)),
    "another way to pay is not next": ("C2", written(CLOSES), naming("fca_1", Named("wait"))),
    "a relink is next for a closed account": (
        "C2",
        written(CLOSES),
        naming("fca_1", REQUEST, RELINK),
    ),
    "a relink is next for an account that is well": (
        "C2",
        written(Step("works")),
        naming("fca_1", RELINK),
    ),
    "the next relink has another mode": (
        "R4",
        written(STOPS),
        naming("fca_1", RELINK._replace(mode="any_eligible")),
    ),
    "an account waits for nothing": (
        "C2",
        written(Step("works")),
        naming("fca_1", Named("wait", "session_open")),
    ),
    "an unknown action is next": ("C2", written(STOPS), naming("fca_1", RELINK, Named("rest"))),
    "a retired account is asked for next": (
        "P4",
        written(CLOSES, RETIRED),
        naming("fca_1", REQUEST),
    ),
    "a replaced account is relinked next": (
        "S6",
        written(STOPS, REPLACED),
        naming("fca_1", RELINK),
    ),
    "a mandate that ended is not collected": ("C2", written(MANDATE_ENDS), naming("fca_1")),
    "a mandate that did not end is collected": (
        "N3",
        written(Step("works")),
        naming("fca_1", Named("collect_mandate")),
    ),
    "a mandate is collected twice": (
        "N3",
        written(MANDATE_ENDS, Step("time_passes", 5), Step("mandate_is_collected")),
        naming("fca_1", Named("collect_mandate")),
    ),
    "a name is asked for that nobody needs": (
        "N1",
        written(Step("works")),
        naming("fca_1", Named("provide_name")),
    ),
    "a name that is missing is not asked for": (
        "C2",
        written(STOPS, LINKED, Step("something_is_built", 0, 1), is_nameless=True),
        naming("fca_4"),
    ),
    "nobody says that nothing could be built": (
        "N1",
        written(STOPS, LINKED, Step("something_is_built")),
        without(RequestNewPaymentMethod),
    ),
    "a reason is missing": ("C1", written(STOPS), answering("fca_1", reasons=())),
    "a reason does not hold": (
        "C1",
        written(STOPS),
        answering("fca_1", reasons=("relinkable", "gone")),
    ),
    "a reason says too little": (
        "C1",
        written(Step("payment_method_is_detached"), STOPS),
        answering("fca_1", reasons=("access_expired",)),
    ),
    "a time that lies ahead is not reported": (
        "K2",
        written(Step("stops", 0, 0, 9)),
        without(ReportAnomaly),
    ),
    "an action that nobody knows is not reported": (
        "K12",
        written(Step("stops", 0, 7)),
        without(ReportAnomaly),
    ),
    "an action that nobody knows is reported twice": (
        "K12",
        written(Step("stops", 0, 7)),
        changed(ReportAnomaly, {}, {"dedup_key": "again"}),
    ),
    "a message gives a reason that does not hold": (
        "P1",
        written(STOPS),
        changed(NotifyCustomer, {"reasons": ("access_expired", "number_lapsed")}),
    ),
    "a message gives no reason": ("P1", written(STOPS), changed(NotifyCustomer, {"reasons": ()})),
    "a message gives a day, and the account is down": (
        "P1",
        written(STOPS),
        changed(NotifyCustomer, {"relink_by": START}),
    ),
    "a message gives another day": (
        "P3",
        written(ENDS_SOON),
        changed(NotifyCustomer, {"relink_by": START}),
    ),
    "a message has another number": ("P1", written(STOPS), changed(NotifyCustomer, {"number": 2})),
    "another way to pay is asked for, for another reason": (
        "C4",
        written(CLOSES),
        changed(RequestNewPaymentMethod, {"reason": "attempts_used_up"}),
    ),
    "a relink goes on without a session": (
        "S3",
        written(STOPS),
        in_state("fca_1", "relinking"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_oracle_finds_what_is_wrong(case: str) -> None:
    rule, history, doctor = CASES[case]
    assert judged(history).verdicts == []
    assert rule in judged(history, doctor).rules


TEN_MINUTES = Step("time_passes", 5)
WORKS_LATER = Step("works", 0, 0, 4)
"""fca_1 works, and the webhook about it takes its time."""
ARRIVES = Step("all_webhooks_arrive")


@pytest.mark.parametrize(
    "steps",
    [
        (WORKS_LATER, TEN_MINUTES, STOPS, TEN_MINUTES, REPLACED, TEN_MINUTES, ARRIVES),
        # When it was replaced, its latest report was the active one: it never stopped since.
        (STOPS, TEN_MINUTES, WORKS_LATER, TEN_MINUTES, REPLACED, TEN_MINUTES, ARRIVES),
    ],
)
def test_a_late_active_report_from_before_the_replacement_brings_nothing_back(
    steps: tuple[Step, ...],
) -> None:
    def is_late(event: DomainEvent) -> bool:
        return isinstance(event, AccountReported) and event.as_of < event.at - 600

    doctor = once(is_late, in_state("fca_1", "active"))
    assert judged(written(*steps)).verdicts == []
    assert "S6" in judged(written(*steps), doctor).rules


def test_an_active_report_after_the_replacement_brings_an_account_back() -> None:
    history = written(STOPS, TEN_MINUTES, REPLACED, TEN_MINUTES, Step("works"))
    assert judged(history).verdicts == []

    def works_again(event: DomainEvent) -> bool:
        return event.at > START + 2_200 and isinstance(event, AccountReported)

    doctor = once(works_again, in_state("fca_1", "new_account_linked"))
    assert "S6" in judged(history, doctor).rules


@pytest.mark.parametrize(
    ("rule", "history"),
    [("P1", written(Step("end_is_announced", 0, 10))), ("R2", written(STOPS, ASKED))],
)
def test_a_clock_that_never_wakes_the_machines_is_found(rule: str, history: Plan) -> None:
    assert judged(history).verdicts == []
    assert rule in run(history, WithoutTimers(), assess, stops=False).rules


def test_an_answer_is_compared_with_stripes_truth_at_rest() -> None:
    def always(account: Snapshot[Any], **other: Any) -> Assessment:
        return assess(account, **other).model_copy(update={"chargeable": True, "reasons": ()})

    def truthful(record: Record) -> Record:
        return replace(record, answers={}, by_payment_method={})

    found = run(written(STOPS), relink_system(), always, stops=False, doctor=truthful)
    assert found.rules == ["C1", "C1"]  # at both rests, and nowhere else
    assert all("at rest" in verdict.text for verdict in found.verdicts)


def test_the_machines_are_never_told_that_nothing_happened() -> None:
    told: list[str] = []

    class Listening(WithoutTimers):
        def step(self, trigger: Any, load: Any) -> Any:
            told.append(trigger.name)
            return super().step(trigger, load)

    run(written(STOPS), Listening(), assess, stops=False)
    assert "account_reported" in told
    assert NothingHappened.name not in told
