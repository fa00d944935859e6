"""All that a journal can hold has words: states, events, guards, effects, commands, codes."""

import dataclasses
import re
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.engine import Address, Command, Event, Reason, Snapshot
from relink.engine.fuzz import payloads
from relink.machines import CHARTS
from relink.machines.account.facts import AccountFacts
from relink.machines.commands import (
    BY_NAME,
    NotifyCustomer,
    PaymentMethodGone,
    RetrieveAccount,
    RetrievePaymentMethod,
    RetrieveSessionForCaller,
)
from relink.machines.events import BillingNameAbsent
from relink.machines.reasons import ANOMALIES, IGNORED, OUTCOME_SETTLED, Anomaly, ReadReason
from relink.machines.report import StatusReport
from relink.machines.reported import (
    NumbersReported,
    ReportedExpiring,
    ReportedLapsed,
    ReportedPending,
    ReportedTransactable,
)
from relink.machines.vocabulary import BuildState, ReportedStatus
from relink.machines.words.asked import AnyCommand, asked, named
from relink.machines.words.codes import REASONS, because, clause
from relink.machines.words.events import FAILURES, event_words
from relink.machines.words.meaning import meaning_of
from relink.machines.words.names import Names, account_name, short_id
from relink.machines.words.outcome import outcome
from relink.machines.words.states import MACHINES, STATES
from relink.machines.words.thoughts import thoughts
from relink.machines.words.times import clock, counted, day, duration, listed, moment
from relink.machines.words.tone import Tone

from ..profile import examples
from .reports import relinkable
from .scenario import Scenario

ADA = Names("Ada", {"fca_1": "••2275"})
FIRED = BillingNameAbsent(causation_id="evt_1", at=1_760_000_000.0, account="fca_1")
VALUES: dict[str, Any] = {
    "Wake.event": st.just(FIRED),
    **dict.fromkeys(
        (
            "due",
            "after",
            "relink_by",
            "day",
            "expires_on",
            "deactivates_on",
            "as_of",
        ),
        st.integers(0, 2**31),
    ),
}
LEFT_OVER = re.compile(r"[{}]|\bNone\b|[a-z]_[a-z]")
"""Signs of a value that got into a sentence without words: ``fcsess_1`` apart."""


def events() -> list[type[Event]]:
    """Every event that a chart takes."""
    return sorted(
        {event for chart in CHARTS.values() for event in chart.alphabet},
        key=lambda event: event.__name__,
    )


def leftovers(sentence: str) -> list[str]:
    """What should not stand in a sentence, past ids."""
    text = re.sub(r"\b(fca|fcauth|fcsess|pm|ba|cus|acct|evt)_\S*", "", sentence)
    return LEFT_OVER.findall(text.replace("{it}", ""))


@pytest.mark.parametrize("machine", CHARTS)
def test_every_state_has_a_name_and_a_tone(machine: str):
    assert set(STATES[machine]) == set(CHARTS[machine].table().states)
    assert machine in MACHINES
    names = [words.name for words in STATES[machine].values()]
    assert len(set(names)) == len(names)
    assert all(name[0].isupper() for name in names)


def test_no_machine_has_words_that_does_not_exist():
    assert set(STATES) == set(MACHINES) == set(CHARTS)


def test_every_tone_has_a_sign_of_its_own():
    assert len({tone.glyph for tone in Tone}) == len(Tone)


@pytest.mark.parametrize("event", events(), ids=lambda event: event.__name__)
def test_every_event_that_a_chart_takes_has_words(event: type[Event]):
    strings = {"RelinkPolicy.reminders": st.just((1, 2))}

    @settings(max_examples=examples(20), derandomize=True, database=None, deadline=None)
    @given(payloads(event, {**_known(event), **strings}))
    def one(made: Event) -> None:
        sentence = event_words(made, ADA)
        assert sentence
        assert not sentence.endswith(".")
        assert "the customer" not in sentence

    one()


@pytest.mark.parametrize("kind", BY_NAME.values(), ids=BY_NAME)
def test_every_command_has_words_and_its_id_tells_which_it_is(kind: type[Command]):
    assert kind in get_args(AnyCommand)

    @settings(max_examples=examples(20), derandomize=True, database=None, deadline=None)
    @given(payloads(kind, _known(kind)))
    def one(command: Any) -> None:
        sentence = asked(command, ADA)
        assert sentence != command.name.replace("_", " ")
        assert "the customer" not in sentence
        assert named(command.id) == command.name.replace("_", " ")

    one()


@pytest.mark.parametrize("machine", CHARTS)
def test_every_guard_and_effect_that_a_decision_names_says_what_it_is(machine: str):
    chart = CHARTS[machine]
    for leaf in chart.table().leaves():
        for name in (*(guard for guard, _ in leaf.guards), *leaf.effects):
            words = meaning_of(getattr(chart, name))
            assert " " in words, name
            assert not re.search(r"\([A-Z]\d", words), f"{name} names rules: {words}"


@pytest.mark.parametrize("machine", CHARTS)
def test_every_reason_that_a_decision_names_is_a_sentence(machine: str):
    for leaf in CHARTS[machine].table().leaves():
        if leaf.outcome == "ignored":
            assert leaf.reason is not None
            assert leaf.reason.sentence.endswith(".")
            assert leaf.reason.code in IGNORED


@pytest.mark.parametrize("code", [*REASONS, *FAILURES])
def test_words_of_a_code_are_the_end_of_a_sentence(code: str):
    words = because(code) if code in REASONS else FAILURES[code]
    assert not words.endswith(".")
    assert not leftovers(words)
    assert words.startswith("Stripe") or words[0].islower()


def test_a_code_that_nobody_knows_is_shown_as_it_is():
    assert because("of_the_future") == "of the future"
    assert because(None) == "Stripe gives no reason"
    assert because(["access_expired", None, "of_the_future"]) == (
        "the customer's consent expired, and of the future"
    )


@pytest.mark.parametrize("anomaly", Anomaly)
def test_every_anomaly_is_a_sentence(anomaly: Anomaly):
    assert clause(ANOMALIES[anomaly])


def test_a_read_is_told_with_its_object_and_reason():
    read = RetrievePaymentMethod(payment_method="pm_1", number=2, reason=ReadReason.LOOK)
    assert asked(read, ADA) == "reads pm_1 at Stripe: Stripe says only that something changed"
    of_account = RetrieveAccount(account="fca_1", number=3, reason=ReadReason.SESSION_ENDED)
    assert asked(of_account, ADA) == "reads account ••2275 at Stripe: a relink session ended"
    assert named(of_account.id) == "retrieve account"


@pytest.mark.parametrize(
    ("reason", "why"), [("result", "for its result"), ("asked_again", "to return it again")]
)
def test_a_read_for_a_caller_says_why(reason: Any, why: str):
    read = RetrieveSessionForCaller(session="fcsess_1", reason=reason, dedup_key="1")
    assert asked(read, ADA) == f"reads session fcsess_1 at Stripe, {why}"


def test_an_account_without_digits_is_called_by_its_id():
    known = AccountFacts(id="fca_1", subcategory="credit_card", last4="2275")
    assert account_name(known) == "Credit card ••2275"
    assert account_name(AccountFacts(id="fca_1", last4="2275")) == "Account ••2275"
    assert account_name(AccountFacts(id="fca_1")) == "account fca_1"


def test_what_nothing_declares_any_more_is_shown_by_its_name():
    assert meaning_of("is_too_late") == "Is too late."


def test_a_name_that_is_missing_is_what_is_to_be_done():
    facts = AccountFacts(
        id="fca_1",
        reported_status=ReportedStatus.ACTIVE,
        subcategory="checking",
        permissions=("payment_method",),
        payment_method_types=("us_bank_account",),
        build=BuildState.NAME_NEEDED,
    )
    found = outcome(Snapshot("active", facts, 1), ADA)
    assert any(todo.startswith("give relink the name of its holder: ") for todo in found.todo)


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (ReportedTransactable, "Stripe lists no number of {it}, and payments need none"),
        (ReportedLapsed, "Stripe reports that no number of {it} can be paid"),
        (ReportedExpiring, "Stripe reports that the number of {it} works only for now"),
        (ReportedPending, "Stripe reports that a new number of {it} is pending"),
    ],
)
def test_a_report_that_lists_no_number_is_told(report: type[NumbersReported], told: str):
    made = report(causation_id="evt_1", at=10, as_of=10, read=False, report=StatusReport())
    assert event_words(made, ADA) == told


def test_a_payment_method_that_is_gone_is_named():
    gone = PaymentMethodGone(account="fca_1", payment_method="pm_1")
    assert asked(gone, ADA) == "tells you that pm_1 is gone"


@pytest.mark.parametrize(
    ("accounts", "reminder", "by", "told"),
    [
        (("fca_1",), 0, None, "asks Ada to relink ••2275"),
        (("fca_1",), 0, 1_760_000_000, "asks Ada to relink ••2275 by 2025-10-09"),
        (("fca_1", "fca_2"), 2, None, "reminds Ada to relink ••2275 and fca_2, reminder 2"),
        (("fca_1", "fca_2", "fca_3"), 0, None, "asks Ada to relink 3 accounts"),
    ],
)
def test_a_prompt_says_which_accounts_and_which_reminder(
    accounts: tuple[str, ...], reminder: int, by: int | None, told: str
):
    prompt = NotifyCustomer(
        outage="fcauth_1",
        outage_number=1,
        number=1,
        since=1_760_000_000.0,
        accounts=accounts,
        reasons=("access_expired",),
        reminder=reminder,
        relink_by=by,
    )
    assert asked(prompt, ADA) == told


def test_ids_are_shortened_so_that_they_can_be_told_apart():
    assert short_id("fca_d4YLhx6IsmWfISqalNGiXGjW") == "fca_…XGjW"
    assert short_id("fca_1") == "fca_1"
    assert short_id("anything") == "anything"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (61, "61 seconds"),
        (119.4, "119 seconds"),
        (120, "2 minutes"),
        (3599, "60 minutes"),
        (3600, "1 hour"),
        (3601, "60 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (86_399, "24 hours"),
        (86_400, "1 day"),
        (86_401, "24 hours"),
        (172_799, "48 hours"),
        (172_800, "2 days"),
        (864_000, "10 days"),
    ],
)
def test_a_duration_is_said_in_the_largest_unit_that_says_enough(seconds: float, words: str):
    assert duration(seconds) == words


def test_times_are_said_in_utc():
    time = 1_760_000_000.9
    assert (day(time), clock(time), moment(time)) == (
        "2025-10-09",
        "08:53:20",
        "2025-10-09 08:53",
    )


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("fca_123456", "fca_123456"),
        ("fca_1234567", "fca_…4567"),
        ("fca_test_1234567", "fca_test_…4567"),
        ("_1234567", "_1234567"),
        ("1234567", "1234567"),
        ("fca_", "fca_"),
        ("", ""),
    ],
)
def test_an_id_is_shortened_where_that_makes_it_shorter(id: str, name: str):
    assert short_id(id) == name


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("fca_1", "••2275"),
        ("fca_2", "fca_2"),
        ("fcauth_1", "bank login fcauth_1"),
        ("fcsess_1", "session fcsess_1"),
        ("pm_1", "payment method pm_1"),
        ("ba_1", "external account ba_1"),
        ("cus_1", "Ada"),
        ("acct_12345678", "acct_…5678"),
    ],
)
def test_a_thing_is_called_by_what_it_is(id: str, name: str):
    assert ADA.thing(id) == name


def test_a_sentence_about_the_customer_has_the_name_also_as_an_owner():
    told = "the customer asks for the customer's bank"
    assert ADA.of_customer(told) == "Ada asks for Ada's bank"
    assert Names().of_customer(told) == told
    assert Names().thing("cus_1") == "the customer"


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("It is over.", "it is over"),
        ("Stripe says so.", "Stripe says so"),
        ("A", "a"),
        ("", ""),
    ],
)
def test_a_sentence_ends_another_one_with_a_small_letter_but_for_names(sentence: str, words: str):
    assert clause(sentence) == words


@pytest.mark.parametrize(
    ("doc", "words"),
    [
        ("To the account, session: it is\n    over (K7).\n\n    More.", "It is over."),
        ("It is over (K7, R10 to R12 and S2), or not", "It is over, or not."),
        ("It keeps (notes) of B2", "It keeps (notes) of B2."),
        (None, "Some guard."),
    ],
)
def test_a_meaning_is_the_first_paragraph_without_what_only_readers_of_code_need(
    doc: str | None, words: str
):
    def some_guard() -> None: ...

    some_guard.__doc__ = doc
    assert meaning_of(some_guard) == words


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("retrieve_account_fca_1_2", "retrieve account"),
        ("retrieve_account_for_caller_fca_1", "retrieve account for caller"),
        ("of_the_past_1", "of the past"),
    ],
)
def test_a_command_is_named_by_the_longest_name_that_its_id_begins_with(id: str, words: str):
    assert named(id) == words


def test_why_something_was_ignored_is_said_as_it_is_worded_today():
    s = Scenario()
    s.link("fca_1")
    s.webhook("fca_1", relinkable())
    session = s.open_session("fca_1")
    s.result(session, relinked="fca_1")
    step = s.result(session, status="cancelled")
    (decision,) = (x.decision for x in step.deliveries if x.decision.outcome == "ignored")
    for reason, note in (
        (Reason("outcome_settled", "An old wording."), OUTCOME_SETTLED.sentence),
        (Reason("of_the_past", "An old wording."), "of_the_past"),
        (Reason("", "It has no code."), "It has no code."),
    ):
        stored = decision._replace(leaf=dataclasses.replace(decision.leaf, reason=reason))
        (thought,) = thoughts(Address("session", session), stored, ADA)
        assert thought.note == f"ignored: {clause(note)}"


def test_numbers_and_times_are_written_out():
    assert [counted(n, "account") for n in (0, 1, 1200)] == [
        "0 accounts",
        "1 account",
        "1,200 accounts",
    ]
    assert [duration(n) for n in (1, 59, 3600, 5400, 90_000, 172_800)] == [
        "1 second",
        "59 seconds",
        "1 hour",
        "90 minutes",
        "25 hours",
        "2 days",
    ]
    assert [listed(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def _known(kind: type[Event] | type[Command]) -> dict[str, Any]:
    """Values for the fields that this class, or one within it, has."""
    return {field: value for field, value in VALUES.items() if _has(kind, field)}


def _has(kind: Any, field: str) -> bool:
    owner, _, name = field.rpartition(".")
    if owner:
        return kind.__name__ == owner
    return name in kind.model_fields
