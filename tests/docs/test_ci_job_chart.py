"""The example of a CI job: what must hold of it, and that fuzzing finds a fault in it."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from relink.engine import Assign, Decision
from relink.engine.fuzz import LeafCoverage, MachineTest, machine_test

from ..own_tables import examples_on_path
from ..profile import examples
from .charts import assert_every_leaf_is_reached, counterexample

with examples_on_path():
    from charts.ci_job import (
        FIRST_PAUSE,
        AttemptFailed,
        CiJob,
        CiJobFacts,
        Effects,
        Failure,
        PauseEnded,
        Report,
        RequestRunner,
        RunnerAssigned,
        WakeAt,
    )

FACTS = st.builds(CiJobFacts, id=st.just("job-1"), max_attempts=st.sampled_from([1, 5]))
VALUES = {"attempt": st.integers(1, 3), "at": st.integers(0, 30)}

# ── what must hold ───────────────────────────────────────────────────────────


def runs_at_most_so_often(decision: Decision) -> str | None:
    asked = [c.attempt for c in decision.commands if isinstance(c, RequestRunner)]
    if any(attempt > decision.facts.max_attempts for attempt in asked):
        return f"attempt {asked[0]} of {decision.facts.max_attempts} was asked for"
    return None


def does_nothing_once_finished(decision: Decision) -> str | None:
    if decision.before.state in ("passed", "failed", "gave_up", "cancelled"):
        return f"it went on as {decision}" if decision.outcome != "ignored" else None
    return None


def waits_until_the_pause_is_over(decision: Decision) -> str | None:
    due, trigger = decision.before.facts.retry_at, decision.trigger
    if (decision.before.state, decision.state) == ("waiting", "queued") and trigger.at < due:
        return f"it went on at {trigger.at}, before {due}"
    return None


def listens_to_the_runner_of_this_attempt(decision: Decision) -> str | None:
    trigger, number = decision.trigger, len(decision.before.facts.attempts)
    is_report = isinstance(trigger, Report)
    if is_report and decision.outcome == "moved" and trigger.attempt != number:
        return f"a report on attempt {trigger.attempt} ended attempt {number}"
    return None


def retries_no_broken_job(decision: Decision) -> str | None:
    is_broken = getattr(decision.trigger, "failure", None) is Failure.TESTS_FAILED
    is_retried = (decision.before.state, decision.state) == ("running", "waiting")
    return "it is retried" if is_broken and is_retried else None


INVARIANTS = (
    runs_at_most_so_often,
    does_nothing_once_finished,
    waits_until_the_pause_is_over,
    listens_to_the_runner_of_this_attempt,
    retries_no_broken_job,
)


def ci_job_test(
    chart: type[CiJob], *, live: bool = False, coverage: LeafCoverage | None = None
) -> type[MachineTest]:
    """Random events, runners that take the job, and a timer that brings back its event."""
    base = machine_test(
        chart,
        invariants=INVARIANTS,
        facts=FACTS,
        values=VALUES,
        against_live=live,
        coverage=coverage,
    )

    class CiJobTest(base):  # type: ignore[misc, valid-type]
        @property
        def pauses(self) -> list[int]:
            """The pauses so far, in seconds."""
            return [
                command.event.at - decision.trigger.at
                for decision in self.decisions
                for command in decision.commands
                if isinstance(command, WakeAt)
            ]

        @precondition(lambda self: self.snapshot.state == "queued")
        @rule(is_lost=st.booleans())
        def take(self, is_lost: bool) -> None:
            attempt = len(self.snapshot.facts.attempts) + 1
            self.send(RunnerAssigned(at=0, attempt=attempt, runner="a"))
            if is_lost:
                self.send(AttemptFailed(at=1, attempt=attempt, failure=Failure.RUNNER_LOST))

        @precondition(lambda self: self.snapshot.state == "waiting")
        @rule()
        def let_pause_end(self) -> None:
            self.send(PauseEnded(at=self.snapshot.facts.retry_at))

        @invariant()
        def pauses_double(self) -> None:
            expected = [10, 20, 40, 80, 160, 300, 300][: len(self.pauses)]
            assert self.pauses == expected, f"it pauses for {self.pauses}"

    return CiJobTest


TestCiJob = ci_job_test(CiJob, live=True).TestCase
TestCiJob.settings = settings(max_examples=examples(100))


def test_random_events_reach_every_leaf() -> None:
    assert_every_leaf_is_reached(CiJob, ci_job_test)


# ── faults ───────────────────────────────────────────────────────────────────


class TriesOnceMore(CiJob):
    """It is retried after the last attempt."""

    def may_try_again(self, facts: CiJobFacts, trigger: AttemptFailed) -> bool:
        return len(facts.attempts) <= facts.max_attempts


class TrustsEveryTimer(CiJob):
    """A timer that fires twice cuts the next pause short."""

    def is_due(self, facts: CiJobFacts, trigger: PauseEnded) -> bool:
        return True


class PausesAlike(CiJob):
    """Each pause is as long as the first one."""

    def pause(self, facts: CiJobFacts, trigger: AttemptFailed) -> Effects:
        until = trigger.at + FIRST_PAUSE
        return [Assign(retry_at=until), WakeAt(job=facts.id, event=PauseEnded(at=until))]


ATTEMPT = ["runner_assigned", "attempt_failed", "pause_ended"]


@pytest.mark.parametrize(
    ("chart", "violated", "steps"),
    [
        (TriesOnceMore, "runs_at_most_so_often: attempt 2 of 1 was asked for", ATTEMPT),
        (TrustsEveryTimer, "waits_until_the_pause_is_over: ", ATTEMPT),
        (PausesAlike, "AssertionError: it pauses for [10, 10]", [*ATTEMPT, *ATTEMPT[:2]]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_fault_is_found_with_the_steps_that_lead_to_it(
    chart: type[CiJob], violated: str, steps: list[str]
) -> None:
    found = counterexample(ci_job_test(chart))
    assert found.violated.startswith(violated)
    names = [event.name for event in found.events]
    assert names == steps


def test_a_job_that_gave_up_stays_so() -> None:
    table = CiJob.table()
    step = table.start(CiJobFacts(id="job-1", max_attempts=1))
    step = table.decide(step.snapshot, RunnerAssigned(at=0, attempt=1, runner="a"))
    lost = AttemptFailed(at=5, attempt=1, failure=Failure.RUNNER_LOST)
    step = table.decide(step.snapshot, lost)
    assert step.state == "gave_up"
    assert [command.name for command in step.commands] == ["report_result"]
    assert table.decide(step.snapshot, PauseEnded(at=900)).outcome == "ignored"
