"""K1 to K6: what to believe, from which time, and when to ask."""

from itertools import permutations

import pytest

from relink.machines.commands import (
    NotifyCustomer,
    ReportAnomaly,
    RequestNewPaymentMethod,
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSession,
)
from relink.machines.events import CommandFailed
from relink.machines.report import StatusReport

from .scenario import (
    DAY,
    Scenario,
    active,
    disconnected,
    inactive,
    knowing,
    number,
    relinkable,
    report,
    unrepairable,
)

# ── K1 ───────────────────────────────────────────────────────────────────────

HISTORY = [(100, active()), (200, relinkable()), (300, active()), (300, unrepairable())]
"""Words with their times; which of the last two came last can't be told from them."""


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.parametrize("truth", [active(), unrepairable()], ids=["active", "unrepairable"])
def test_K1_any_order_and_repetition_ends_in_stripes_truth(
    truth: StatusReport, order: tuple[int, ...]
) -> None:
    s = Scenario()
    for index in (*order, order[0], order[2]):
        created, said = HISTORY[index]
        s.webhook("fca_1", said, created)
    s.stripe["fca_1"] = truth
    s.perform_reads()
    assert s.account("fca_1").facts.reported_status == (
        "active" if truth == active() else "unrepairable"
    )
    assert s.account("fca_1").state == ("active" if truth == active() else "inactive_unrepairable")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_K1_details_and_announcements_too(order: tuple[int, ...]) -> None:
    """A late announcement is acted on, unless something newer withdrew it."""
    told = [
        (100, active(without=("deactivates_on",))),
        (200, active(deactivates_on=1_000_000 + 2 * DAY, last4="6789")),
        (300, active(without=("deactivates_on", "last4"))),
    ]
    s = Scenario()
    for index in order:
        s.webhook("fca_1", told[index][1], created=told[index][0])
    facts = s.account("fca_1").facts
    assert (facts.deactivates_on, facts.last4) == (1_000_000 + 2 * DAY, "6789")
    assert len(s.asked_for(NotifyCustomer)) == 1


# ── K2 ───────────────────────────────────────────────────────────────────────


def test_K2_a_webhook_is_as_old_as_its_event_not_as_its_delivery() -> None:
    s = knowing(active())
    hour_ago = s.now - 3600
    s.webhook("fca_1", relinkable(), created=hour_ago)
    assert s.account("fca_1").state == "active"


def test_K2_a_read_is_as_old_as_its_answer() -> None:
    s = knowing(active())
    s.stripe["fca_1"] = relinkable()
    s.read("fca_1", date=s.now + 5)
    assert s.account("fca_1").facts.as_of == s.now - 5
    s.webhook("fca_1", active(), created=s.now - 9)  # after the webhook, before the read
    assert s.account("fca_1").state == "inactive_relinkable"


def test_K2_accounts_inside_a_retrieved_session_are_reads() -> None:
    s = knowing(relinkable())
    s.result(s.open_session("fca_1"), {"fca_1": active()}, relinked="fca_1")
    facts = s.account("fca_1").facts
    assert facts.by_read
    assert facts.as_of == s.now
    s.webhook("fca_1", relinkable(), created=s.now + 2)  # within two seconds of a read
    assert s.account("fca_1").state == "active"
    assert s.questions[-1] == "contradiction"


def test_K2_accounts_inside_a_sessions_webhook_are_not() -> None:
    s = knowing(relinkable())
    s.result(s.open_session("fca_1"), {"fca_1": active()}, relinked="fca_1", webhook=True)
    assert not s.account("fca_1").facts.by_read


# ── K3 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("said", [relinkable(), unrepairable(), inactive(), disconnected()])
def test_K3_older_knowledge_changes_no_state_and_is_journaled(said: StatusReport | None) -> None:
    s = knowing(active())
    s.webhook("fca_1", said, created=s.now - 1)
    assert s.decided("account", "fca_1").outcome == "stayed"
    assert s.account("fca_1").state == "active"
    assert s.account("fca_1").version == 2
    assert s.commands == ()


def test_K3_older_knowledge_fills_in_what_nothing_newer_told() -> None:
    s = knowing(active(without=("permissions",)))
    s.webhook("fca_1", relinkable(permissions=("balances",), last4="6789"), created=500)
    facts = s.account("fca_1").facts
    assert (facts.permissions, facts.last4) == (("balances",), "6789")
    s.webhook("fca_1", active(last4="0000"), created=400)
    assert s.account("fca_1").facts.last4 == "6789"


def test_K3_knowledge_that_agrees_confirms() -> None:
    """What the confirmation is newer than, is old."""
    s = knowing(active())
    between = s.now + 5
    s.webhook("fca_1", active())
    s.webhook("fca_1", relinkable(), created=between)
    assert s.account("fca_1").state == "active"


def test_K3_and_takes_its_transition() -> None:
    """In the same second, but no contradiction: relinkable is a kind of inactive."""
    s = knowing(inactive())
    assert s.account("fca_1").state == "inactive_unrepairable"
    s.webhook("fca_1", relinkable(), created=s.now)
    assert s.account("fca_1").state == "inactive_relinkable"


STATES = [
    "active",
    "inactive_relinkable",
    "inactive_unrepairable",
    "relinking",
    "relinked",
    "new_account_linked",
]
"""All but the final one."""


def account_in(state: str) -> Scenario:
    """An account that has come into this state."""
    s = Scenario()
    match state:
        case "active":
            s.webhook("fca_1", active())
        case "inactive_unrepairable":
            s.webhook("fca_1", unrepairable())
        case _:
            s.webhook("fca_1", relinkable())
    match state:
        case "relinking":
            s.open_session("fca_1")
        case "relinked":
            s.result(s.open_session("fca_1"), relinked="fca_1")
        case "new_account_linked":
            s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    assert s.account("fca_1").state == state
    return s


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("said", "reported_status"),
    [
        (active(last4="6789"), "active"),
        (relinkable(last4="6789"), "relinkable"),
        (relinkable(last4="6789", without=("authorization",)), "relinkable"),
        (unrepairable(last4="6789"), "unrepairable"),
        (inactive(last4="6789"), "inactive"),
        (disconnected(last4="6789"), "disconnected"),
    ],
)
def test_K3_newer_knowledge_is_remembered_in_every_state(
    state: str, said: StatusReport, reported_status: str
) -> None:
    s = account_in(state)
    s.webhook("fca_1", said)
    facts = s.account("fca_1").facts
    assert (facts.reported_status, facts.as_of, facts.last4) == (reported_status, s.now, "6789")


@pytest.mark.parametrize("state", STATES)
def test_K3_older_details_fill_gaps_in_every_state(state: str) -> None:
    s = account_in(state)
    prompts = s.asked_for(NotifyCustomer)
    s.webhook("fca_1", relinkable(last4="6789"), created=500)
    assert (s.account("fca_1").state, s.account("fca_1").facts.last4) == (state, "6789")
    assert s.asked_for(NotifyCustomer) == prompts


# ── K4 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (active(), relinkable()),
        (active(), unrepairable()),
        (active(), inactive()),
        (relinkable(), active()),
        (relinkable(), unrepairable()),
        (active(), disconnected()),
    ],
)
def test_K4_a_contradiction_within_one_second_is_settled_by_a_read(
    known: StatusReport | None, said: StatusReport | None
) -> None:
    s = knowing(known)
    before = s.account("fca_1")
    s.webhook("fca_1", said, created=s.now)
    assert s.account("fca_1") == (before.state, before.facts, before.version + 1)
    [read] = [c for c in s.commands if isinstance(c, RetrieveAccount)]
    assert read.reason == "contradiction"


def test_K4_webhooks_a_second_apart_are_in_no_doubt() -> None:
    s = knowing(active())
    s.webhook("fca_1", relinkable(), created=s.now + 1)
    assert s.account("fca_1").state == "inactive_relinkable"


@pytest.mark.parametrize(
    ("apart", "in_doubt"), [(-3, False), (-2, True), (0, True), (2, True), (3, False)]
)
@pytest.mark.parametrize("which", ["the first is a read", "the second is a read"])
def test_K4_around_a_read_doubt_reaches_two_seconds(apart: int, in_doubt: bool, which: str) -> None:
    s = Scenario()
    s.stripe["fca_1"] = active() if which == "the first is a read" else relinkable()
    if which == "the first is a read":
        s.read("fca_1")
        s.webhook("fca_1", relinkable(), created=s.now + apart)
    else:
        s.webhook("fca_1", active(), created=s.now)
        s.read("fca_1", date=s.now - 10 + apart)
    assert ("contradiction" in s.questions) is in_doubt
    believed = not in_doubt and apart > 0
    assert s.account("fca_1").state == ("inactive_relinkable" if believed else "active")


def test_K4_the_read_waits_until_its_answer_is_in_no_doubt_itself() -> None:
    s = knowing(active())
    s.webhook("fca_1", disconnected(), created=s.now)
    [read] = s.asked_for(RetrieveAccount)
    assert read.after == s.account("fca_1").facts.as_of + 3


def test_K4_holds_for_authorizations_and_account_numbers() -> None:
    s = knowing(active(numbers=(number("transactable"),)))
    s.webhook("fca_1", active(numbers=(number("expired"),)), created=s.now)
    assert s.number("fca_1").state == "transactable"
    assert s.questions == ["contradiction"]

    s.read("fcauth_1")
    s.stripe["fcauth_1"] = relinkable()
    s.read("fcauth_1", date=s.now + 1)
    assert s.authorization("fcauth_1").state == "active"
    assert s.asked_for(RetrieveAuthorization)[-1].reason == "contradiction"


# ── K5 ───────────────────────────────────────────────────────────────────────


def test_K5_an_absent_field_never_overwrites_a_known_one() -> None:
    s = knowing(active(institution_name="StripeBank", last4="6789"))
    before = s.account("fca_1").facts
    s.webhook("fca_1", StatusReport(status="active"))
    after = s.account("fca_1").facts
    times = {"as_of", "included_at", "worked_as_of"}
    assert after.model_dump(exclude=times) == before.model_dump(exclude=times)


def test_K5_null_does_since_it_says_that_there_is_none() -> None:
    s = knowing(active(deactivates_on=1_000_000 + 90 * DAY))
    s.webhook("fca_1", active(deactivates_on=None, holder=None))
    assert s.account("fca_1").facts.deactivates_on is None
    assert s.account("fca_1").facts.holder is None


@pytest.mark.parametrize(
    ("known", "meanwhile"),
    [
        (active(), "inactive_unrepairable"),
        (relinkable(), "inactive_relinkable"),
        (unrepairable(), "inactive_unrepairable"),
    ],
)
def test_K5_inactive_without_an_action_is_looked_up(
    known: StatusReport | None, meanwhile: str
) -> None:
    """Until the answer: the previous repairability, else unrepairable."""
    s = knowing(known)
    s.webhook("fca_1", inactive())
    assert s.account("fca_1").state == meanwhile
    assert s.questions == ["incomplete"]
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    assert s.account("fca_1").state == "inactive_relinkable"


def test_K5_of_an_account_that_nobody_knew_as_well() -> None:
    s = knowing(inactive())
    assert s.account("fca_1").state == "inactive_unrepairable"
    assert s.questions == ["incomplete"]


def test_K5_until_the_answer_nobody_is_prompted_or_asked_for_another_way() -> None:
    s = knowing(inactive())
    assert s.asked_for(NotifyCustomer) == s.asked_for(RequestNewPaymentMethod) == []


def test_K5_an_outage_is_not_over_because_a_word_leaves_something_out() -> None:
    s = knowing(relinkable())
    s.webhook("fca_1", inactive())
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    assert len(s.asked_for(NotifyCustomer)) == 1


@pytest.mark.parametrize(
    ("known", "meanwhile"), [(None, "inactive_unrepairable"), (active(), "inactive_unrepairable")]
)
def test_K5_relinkable_without_an_authorization_is_looked_up(
    known: StatusReport | None, meanwhile: str
) -> None:
    s = Scenario()
    if known:
        s.webhook("fca_1", known.model_copy(update={"authorization": None}))
    s.webhook("fca_1", relinkable(without=("authorization",)))
    assert s.account("fca_1").state == meanwhile
    assert s.questions == ["incomplete"]
    assert s.asked_for(NotifyCustomer) == []
    s.stripe["fca_1"] = relinkable()
    s.perform_reads()
    assert s.account("fca_1").state == "inactive_relinkable"
    [prompt] = s.asked_for(NotifyCustomer)
    assert (prompt.outage, prompt.ask) == ("fcauth_1", "relink")


def test_K5_unless_one_is_known() -> None:
    s = knowing(active())
    s.webhook("fca_1", relinkable(without=("authorization",)))
    assert s.account("fca_1").state == "inactive_relinkable"
    assert s.questions == []


def test_K5_a_read_has_the_last_word() -> None:
    """It is relinkable, but there is nothing to relink it by."""
    s = Scenario()
    s.stripe["fca_1"] = relinkable(authorization=None)
    s.read("fca_1")
    assert s.account("fca_1").state == "inactive_relinkable"
    [prompt] = s.asked_for(NotifyCustomer)
    assert (prompt.outage, prompt.ask) == ("fca_1", "new_payment_method")


@pytest.mark.parametrize("known", [active(), relinkable(), unrepairable()])
@pytest.mark.parametrize("status", ["resting", None], ids=["unknown", "missing"])
def test_K5_an_unknown_status_changes_nothing_and_is_looked_up(
    known: StatusReport | None, status: str | None
) -> None:
    s = knowing(known)
    before = s.account("fca_1")
    s.webhook("fca_1", report(status, without=() if status else ("status",)))
    assert s.account("fca_1") == (before.state, before.facts, before.version + 1)
    assert s.questions == ["look"]


@pytest.mark.parametrize("answer", [report("resting"), inactive()])
def test_K5_where_the_answer_leaves_it_open_too_people_are_told(answer: StatusReport) -> None:
    """Asking again would give the same answer."""
    s = knowing(relinkable())
    s.stripe["fca_1"] = answer
    s.read("fca_1")
    assert [type(c) for c in s.commands] == [ReportAnomaly]
    assert s.account("fca_1").state == "inactive_relinkable"


@pytest.mark.parametrize("state", STATES)
def test_K5_what_is_missing_is_looked_up_in_every_state(state: str) -> None:
    s = account_in(state)
    s.webhook("fca_1", inactive())
    assert s.questions[-1] == "incomplete"


# ── K6 ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("known", [None, active(), relinkable(), unrepairable()])
def test_K6_a_thin_notification_asks_for_a_read(known: StatusReport | None) -> None:
    s = Scenario()
    if known:
        s.webhook("fca_1", known)
    s.webhook("fca_1", None)
    assert s.questions == ["look"]


def test_K6_of_authorizations_and_sessions_too() -> None:
    s = knowing(relinkable())
    session = s.open_session("fca_1")
    s.authorization_webhook("fcauth_1", None)
    assert s.asked_for(RetrieveAuthorization)[-1].reason == "look"
    s.results[session] = {}
    s.result(session, webhook=True)
    [read] = s.asked_for(RetrieveSession)
    assert (read.session, read.reason) == (session, "look")


def test_K5_of_a_session_too() -> None:
    s = knowing(relinkable())
    session = s.open_session("fca_1")
    s.result(session, status="pondering")
    assert s.session(session).state == "open"
    assert [c.subject for c in s.commands if isinstance(c, ReportAnomaly)] == [session]


def test_K6_a_session_that_succeeded_without_saying_with_what_is_read() -> None:
    s = knowing(relinkable())
    session = s.open_session("fca_1")
    s.result(session, status="succeeded", webhook=True)
    assert s.session(session).state == "open"
    assert [read.reason for read in s.asked_for(RetrieveSession)] == ["incomplete"]


def test_K6_a_read_that_fails_for_good_leaves_the_latest_word_standing() -> None:
    s = knowing(active())
    s.webhook("fca_1", None)
    s.happens(CommandFailed, command="retrieve_account", subject="fca_1", error="not_found")
    assert s.account("fca_1").state == "active"
    assert s.decided("account", "fca_1").anomaly
