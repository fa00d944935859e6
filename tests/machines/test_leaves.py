"""Every leaf of every chart is decided at least once, so no branch is untested.

A leaf is one way that an event can go in one state. For each leaf that has not come up yet, facts
and payloads are drawn until it does. They come from a small world, in which ids are the same and
times are close.
"""

from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from relink.engine import Event, Facts, Leaf, Snapshot, Table
from relink.engine.fuzz import LeafCoverage, instances, payloads
from relink.machines import relink_system
from relink.machines.policy import DEFAULT_POLICY, RelinkPolicy
from relink.machines.vocabulary import NumberStatus

TABLES = tuple(relink_system().tables.values())
LINK_STATUS = ["active", "relinkable", "unrepairable", "inactive", "disconnected"]
NUMBER_STATUS = ["transactable", "pending", "expiring", "lapsed"]
DENIED = "access_denied"

FEW = st.integers(-1, 4)
IDS = st.sampled_from(["fca_1", "fca_2"])
AUTHORIZATIONS = st.sampled_from(["fcauth_1", "fcauth_2"])
SESSIONS = st.sampled_from(["fcsess_1", "fcsess_2"])
SMALL = {
    **dict.fromkeys(("as_of", "repaired_as_of", "replaced_as_of", "login_as_of"), FEW),
    **dict.fromkeys(("announcement_as_of", "mandate_as_of"), FEW),
    **dict.fromkeys(("relink_by", "deactivates_on", "expires_on"), st.none() | FEW),
    **dict.fromkeys(("attempt", "replaced_attempt", "failures", "count"), st.integers(0, 3)),
    **dict.fromkeys(("number", "reminded"), st.integers(0, 2)),
    "AccountFacts.number": st.sampled_from([None, *NumberStatus]),
    "CreateRelinkSession.outage": st.none() | st.integers(0, 2),
    **dict.fromkeys(("after", "wanted_after", "not_before"), FEW),
    **dict.fromkeys(("at", "opened_at", "since", "asked_at"), st.sampled_from([0.0, 1.0, 3.0])),
    **dict.fromkeys(
        ("prompted_at", "read_due_since"),
        st.sampled_from([None, 0.0]),
    ),
    **dict.fromkeys(("mailed_at", "stripe_writes_since"), st.sampled_from([None] * 5 + [0.0])),
    **dict.fromkeys(("ReadAwaited.since", "ReadDueChanged.since"), st.sampled_from([None, 0.0])),
    "last_prompt_at": st.sampled_from([None, 0.0]),
    "begun_at": st.sampled_from([None, 0.0, 2.0]),
    "ReadAnswered.causation_id": st.sampled_from(
        [f"retrieve_account_{account}_{n}" for account in ("fca_1", "fca_2") for n in range(3)]
    ),
    **dict.fromkeys(("account", "subject"), IDS),
    **dict.fromkeys(("linked", "asked", "relinked_account"), st.none() | IDS),
    **dict.fromkeys(("session", "by"), SESSIONS),
    "id": IDS,
    "authorization": AUTHORIZATIONS,
    "ReportedNeeds.outage": AUTHORIZATIONS,
    "MayPrompt.outage": AUTHORIZATIONS,
    "ReadFailed.error": st.sampled_from(["resource_missing", "refused"]),
    "gone": st.frozensets(IDS, max_size=1),
    "SessionSucceeded.accounts": st.none() | st.lists(IDS, max_size=2).map(tuple),
    "delivery": st.just("modal"),
    "permissions": st.sampled_from([None, ("payment_method",)]),
    "CreateRelinkSession.permissions": st.just(("payment_method",)),
    "cause": st.sampled_from([DENIED, "access_expired"]),
    "blocked": st.sampled_from(
        [None, "tokenized_account_number_deactivated", "bank_account_closed"]
    ),
    "policy": st.sampled_from(
        [
            DEFAULT_POLICY,
            RelinkPolicy(reminders=()),
            RelinkPolicy(attempts=1, announcement_lead=1, reminders=(1,)),
        ]
    ),
}
SEARCH = settings(
    max_examples=6000,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def search(table: Table, coverage: LeafCoverage) -> None:
    """For each leaf that has not come up yet, draw facts and events until it does."""
    statuses = NUMBER_STATUS if table.name == "account_number" else LINK_STATUS
    values = {**SMALL, "reported_status": st.sampled_from(statuses)}
    facts = instances(table.chart.facts_type, values)
    kinds = {kind.name: payloads(kind, values) for kind in table.chart.alphabet}

    def leads_to(leaf: Leaf, remembered: Facts, trigger: Event) -> bool:
        # To draw facts takes a hundred times longer than to decide on them: try all states.
        for state in table.states:
            coverage.record(table, table.decide(Snapshot(state, remembered), trigger))
        return bool(coverage.count(table, leaf))

    for leaf in table.leaves():
        if leaf.outcome != "impossible" and not coverage.count(table, leaf):
            with suppress(NoSuchExample):
                find(
                    st.tuples(facts, kinds[leaf.event]),
                    lambda drawn, leaf=leaf: leads_to(leaf, *drawn),
                    settings=SEARCH,
                )


def test_every_leaf_of_every_chart_is_decided(report_leaves: Callable[[str], None]):
    reports = []
    for table in TABLES:
        coverage = LeafCoverage(table)
        search(table, coverage)
        reports.append(coverage.report())
    report_leaves("\n".join(map(str, reports)))
    assert [report.percent for report in reports] == [100] * len(TABLES)
