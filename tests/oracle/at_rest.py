"""The end of a history: nothing is under way any more, so what is known must be true (K1)."""

from __future__ import annotations

from dataclasses import dataclass

from .charge import check_charge_at_rest
from .memory import Session
from .oracle import Oracle
from .said import UNKNOWN
from .service import Service


def check_at_rest(oracle: Oracle, service: Service) -> None:
    """Compare with Stripe's truth, after a sweep, and after all reads were answered."""
    for name in oracle.tracks:
        _check_account(oracle, service, name)
        _check_causes(oracle, name)
        _check_failed_builds(oracle, service, name)
        _check_mandates(oracle, name)
    for name, credentials in service.stripe.authorizations.items():
        history = oracle.memory.authorizations.get(name)
        if history is None or credentials.is_gone:
            continue
        if credentials.status not in history.statuses():
            oracle.say("K11", f"{name} is {credentials.status}, and nobody read it")
    for name, session in oracle.memory.sessions.items():
        _check_session(oracle, service, name, session)
    _check_made(oracle, service)
    bound = 30 + 4 * service.steps
    if oracle.reads > bound:
        oracle.say("K10", f"{oracle.reads} reads in {service.steps} steps")


@dataclass(frozen=True)
class Rest:
    """What stays as it is while nothing happens, however often everything is read (K3)."""

    states: dict[str, str]
    chargeable: dict[str, bool]
    messages: int
    requests: int

    @classmethod
    def of(cls, oracle: Oracle, service: Service) -> Rest:
        return cls(
            {key: state for (kind, key), state in service.states.items() if kind == "account"},
            {name: answer.chargeable for name, answer in service.answers.items()},
            sum(message.reminder == 0 for message in oracle.messages),
            oracle.requests,
        )

    def check_unchanged(self, oracle: Oracle, service: Service) -> None:
        """Compare with what is there after another sweep."""
        after = Rest.of(oracle, service)
        for each in ("states", "chargeable", "messages", "requests"):
            old, new = getattr(self, each), getattr(after, each)
            if old != new:
                oracle.say("K3", f"nothing has happened, and {each} were {old}, and are {new}")


def _check_account(oracle: Oracle, service: Service, name: str) -> None:
    truth = service.stripe.accounts.get(name)
    known = oracle.tracks[name].known
    if truth is None or UNKNOWN in known.statuses:
        return
    if known.statuses != {truth.status}:
        oracle.say("K1", f"{name} is {truth.status}, and was last read {sorted(known.statuses)}")
        return
    if truth.status == "disconnected":
        return
    facts = service.facts.get(name)
    if facts is None:
        oracle.say("K1", f"{name} was reported, and is not known")
        return
    check_charge_at_rest(oracle, service, name)
    for each in ("authorization", "holder"):
        has, is_true = getattr(facts, each), getattr(truth, each)
        if has != is_true:
            oracle.say("K1", f"{name} has {each} {has}, and it is {is_true}")


def _check_causes(oracle: Oracle, name: str) -> None:
    """C4, R4: what relink cannot mend is asked of the service."""
    causes = oracle.tracks[name].causes
    if any(cause.is_requested for cause in causes.values()):
        return  # whether a second cause is asked for while another stands is left open
    for key, cause in causes.items():
        if cause.is_sure and not cause.is_requested and key != "disconnected":
            oracle.say("C4", f"nobody asks for another payment method for {name} ({key})")


def _check_failed_builds(oracle: Oracle, service: Service, name: str) -> None:
    """N1, N2: the service is asked for another way to pay where nothing can be built."""
    track = oracle.tracks[name]
    known = track.known
    if not oracle.memory.build_failures.get(name) or known.kinds() != {"active"}:
        return
    if known.is_retired or known.is_replaced is not False or name in oracle.building:
        return
    if known.made_states or name in oracle.memory.nameless:
        return  # it has another way to pay, or one is on its way
    if not any(cause.is_requested for cause in track.causes.values()):
        oracle.say("N1", f"nothing could be built on {name}, and the service is not asked")


def _check_mandates(oracle: Oracle, name: str) -> None:
    """N3: the service was asked for each mandate that is missing, if nothing is in the way."""
    known, mandates = oracle.tracks[name].known, oracle.memory.mandates
    if known.kinds() != {"active"} or known.is_strange:
        return
    if known.is_retired or known.is_replaced is not False:
        return
    for made, states in known.made_states.items():
        if states != {"well"} or known.charge_by[made] != {True}:
            continue
        collected = max(mandates.collected.get(made, []), default=0.0)
        if mandates.is_due(made) is True and oracle.mandates_asked.get(made, 0.0) <= collected:
            oracle.say("N3", f"{made} of {name} lacks a mandate, and nobody is asked for it")


def _check_session(oracle: Oracle, service: Service, name: str, session: Session) -> None:
    truth = service.stripe.sessions[name]
    if truth.status in ("succeeded", "failed", "cancelled") and session.outcome() is None:
        # R2: sessions that are over for us are not read by the sweep.
        is_late = oracle.now >= session.created_at + oracle.policy.session_open_for
        is_last = session is oracle.memory.last_session(session.account)
        is_read = any(s.status == truth.status for s in session.said)  # and read again (R3)
        if is_last and not is_late and not is_read:
            oracle.say("K11", f"{name} {truth.status}, and nobody read it")
    returned = session.returned()
    if returned is None or returned == session.account:
        return
    memory = oracle.memory
    if (
        memory.is_new(returned, session) is not True
        or memory.is_ours(returned, session) is not True
    ):
        return
    asked = any(f"result {name}" == key for t in oracle.tracks.values() for key in t.causes)
    is_built = oracle.builds.get(returned, 0) > 0
    requested = any(
        track.causes[f"result {name}"].is_requested
        for track in oracle.tracks.values()
        if f"result {name}" in track.causes
    )
    # C4: what keeps it from being built on was asked about for another session.
    requested = requested or any(
        cause.is_requested for cause in oracle.tracks[returned].causes.values()
    )
    account = service.stripe.accounts[returned]
    known = oracle.tracks[returned].known
    if account.status == "disconnected" or known.is_retired or known.is_replaced is not False:
        return
    if {"well"} in known.made_states.values():
        return  # C3: another way to pay is asked for only when none that is known is well
    if (
        asked
        and not is_built
        and not requested
        and oracle.tracks[returned].known.statuses == {"active"}
    ):
        oracle.say("N1", f"{name} returned {returned}, and nothing is built on it")


def _check_made(oracle: Oracle, service: Service) -> None:
    """K11, N4: what relink built is read again, and the service is told when it is gone."""
    made = {**service.stripe.payment_methods, **service.stripe.external_accounts}
    for name, truth in made.items():
        history = oracle.memory.made.get(name)
        if history is None or name not in oracle.memory.made_for:
            continue
        gone = history.values("gone")
        if gone != {UNKNOWN} and truth.is_gone not in gone:
            oracle.say("K11", f"{name} is gone, and nobody read it")
        if truth.is_gone:
            if name in service.built and name not in oracle.gone:
                oracle.say("N4", f"{name} is gone, and the service is not told")
            continue
        blocked = history.values("blocked")
        if name.startswith("pm_") and blocked != {UNKNOWN} and truth.blocked not in blocked:
            oracle.say("K11", f"{name} is blocked ({truth.blocked}), and nobody read it")
