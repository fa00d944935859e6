"""A job of a CI system: it runs on a runner, and is retried when the fault was not its own.

States
    ``queued``     It waits for a runner. Machines begin here, and each attempt does.
    ``running``    A runner works on it.
    ``waiting``    An attempt failed through no fault of the job. The next one is due later.
    ``passed``     The runner reports success.
    ``failed``     The job itself is broken: another attempt would fail too.
    ``gave_up``    The last attempt that is allowed failed as well.
    ``cancelled``  Nobody wants the result any more.

What moves it: reports of runners, and a timer. Each report has the number of its attempt, so a late
report on an earlier attempt changes nothing. The chart has no clock: each event has its time, and
the command ``WakeAt`` asks for an event at a later time. Each pause is twice as long as the one
before, up to a limit.

Times are Unix time and pauses are seconds, both whole.
"""

from enum import StrEnum

from pydantic import BaseModel, Field
from statemachine import State

from relink.engine import Assign, Chart, Command, Event, Facts, ignored
from relink.engine.story import Plain, Story, Tone, Words

Effects = list[Command | Assign]

FIRST_PAUSE = 10
"""Seconds between the first attempt that fails and the second one."""
LONGEST_PAUSE = 300


class Failure(StrEnum):
    """Why an attempt failed."""

    TESTS_FAILED = "tests_failed"
    TIMED_OUT = "timed_out"
    RUNNER_LOST = "runner_lost"

    @property
    def is_of_job(self) -> bool:
        """Whether the next attempt would fail too."""
        return self is Failure.TESTS_FAILED


# ── events ───────────────────────────────────────────────────────────────────


class TimedEvent(Event):
    """Base of all events: each has its time."""

    at: int = Field(ge=0)


class RunnerAssigned(TimedEvent):
    """A runner takes the job."""

    attempt: int = Field(ge=1)
    runner: str


class AttemptPassed(TimedEvent):
    """The runner reports success."""

    attempt: int = Field(ge=1)


class AttemptFailed(TimedEvent):
    """The runner reports a failure, or the scheduler has lost the runner."""

    attempt: int = Field(ge=1)
    failure: Failure


class PauseEnded(TimedEvent):
    """The timer of a pause."""


class CancelRequested(TimedEvent):
    """A newer commit replaces this one, or somebody pressed the button."""


Report = AttemptPassed | AttemptFailed

# ── commands ─────────────────────────────────────────────────────────────────


class RequestRunner(Command):
    """Ask the scheduler for a runner."""

    job: str
    attempt: int


class StopRunner(Command):
    """Tell the runner to stop."""

    job: str
    attempt: int
    runner: str


class WakeAt(Command):
    """Bring this event back at its time."""

    job: str
    event: PauseEnded


class ReportResult(Command):
    """Show the result at the commit."""

    job: str
    passed: bool
    attempts: int


# ── facts ────────────────────────────────────────────────────────────────────


class Attempt(BaseModel, frozen=True):
    """One attempt that a runner took."""

    runner: str
    began_at: int
    failure: Failure | None = None


class CiJobFacts(Facts):
    """What a job remembers."""

    id: str
    max_attempts: int = Field(default=3, ge=1, le=10)
    attempts: list[Attempt] = []
    """The oldest first; the last one is running, or was the last to run."""
    retry_at: int | None = None
    """When the pause ends; None before the first one."""


# ── the chart ────────────────────────────────────────────────────────────────


class CiJob(Chart):
    """One job for one commit."""

    facts_type = CiJobFacts
    alphabet = (
        RunnerAssigned,
        AttemptPassed,
        AttemptFailed,
        PauseEnded,
        CancelRequested,
    )

    queued = State(initial=True)
    running = State()
    waiting = State()
    passed = State(final=True)
    failed = State(final=True)
    gave_up = State(final=True)
    cancelled = State(final=True)

    unfinished = (queued, running, waiting)
    finished = (passed, failed, gave_up, cancelled)

    story = Story(
        title="A job of a CI service",
        states={
            queued: Plain("Queued", "Wait for a runner.", Tone.WAITING),
            running: Plain("Running", "Wait for its result.", Tone.WAITING),
            waiting: Plain("Pausing", "It tries again by itself.", Tone.WAITING),
            passed: Plain("Passed", "Merge the commit.", Tone.GOOD),
            failed: Plain("Failed", "Fix the commit.", Tone.ALERT),
            gave_up: Plain("Gave up", "Look at the runners.", Tone.ALERT),
            cancelled: Plain("Cancelled", "Nothing to do.", Tone.STOPPED),
        },
        usual=(queued, running, passed),
        words=(
            Words(queued, running, "A runner takes it."),
            Words(running, passed, "The attempt passes."),
            Words(running, failed, "The code is broken, so trying again is no use."),
            Words(running, waiting, "The runner is at fault: after a pause it tries again."),
            Words(waiting, queued, "The pause ends."),
            Words(running, gave_up, "The runner is at fault once too often."),
            Words(None, cancelled, "A newer commit replaces it, or somebody cancels it."),
        ),
    )

    # ── an attempt ───────────────────────────────────────────────────────────
    queued.to(running, event="runner_assigned", cond="is_next_attempt", on="begin_attempt")
    running.to(passed, event="attempt_passed", cond="is_this_attempt", on="report_success")
    running.to(
        failed, event="attempt_failed", cond="is_this_attempt and is_broken", on="report_failure"
    )
    running.to(
        waiting, event="attempt_failed", cond="is_this_attempt and may_try_again", on="pause"
    )
    running.to(gave_up, event="attempt_failed", cond="is_this_attempt", on="report_failure")

    # ── the next one ─────────────────────────────────────────────────────────
    waiting.to(queued, event="pause_ended", cond="is_due")

    # ── the end ──────────────────────────────────────────────────────────────
    cancelled.from_(queued, waiting, event="cancel_requested")
    running.to(cancelled, event="cancel_requested", on="stop_runner")

    decided = (
        ignored(queued, RunnerAssigned, because="The runner was asked for an earlier attempt."),
        ignored(
            (running, waiting), RunnerAssigned, because="The attempt has a runner.", anomaly=True
        ),
        ignored(running, (AttemptPassed, AttemptFailed), because="It is of an earlier attempt."),
        ignored((queued, waiting), (AttemptPassed, AttemptFailed), because="That attempt is over."),
        ignored((queued, running), PauseEnded, because="The job does not wait."),
        ignored(waiting, PauseEnded, because="It is the timer of an earlier pause."),
        ignored(finished, alphabet, because="The job is finished."),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def is_next_attempt(self, facts: CiJobFacts, trigger: RunnerAssigned) -> bool:
        """The runner comes for the attempt that is due."""
        return trigger.attempt == len(facts.attempts) + 1

    def is_this_attempt(self, facts: CiJobFacts, trigger: Report) -> bool:
        """The report is about the attempt that runs."""
        return trigger.attempt == len(facts.attempts)

    def is_broken(self, facts: CiJobFacts, trigger: AttemptFailed) -> bool:
        """The job itself is at fault."""
        return trigger.failure.is_of_job

    def may_try_again(self, facts: CiJobFacts, trigger: AttemptFailed) -> bool:
        """Not all attempts are used up."""
        return len(facts.attempts) < facts.max_attempts

    def is_due(self, facts: CiJobFacts, trigger: PauseEnded) -> bool:
        """The pause is over."""
        return facts.retry_at is not None and trigger.at >= facts.retry_at

    # ── effects ──────────────────────────────────────────────────────────────

    def on_enter_queued(self, facts: CiJobFacts, trigger: Event) -> Command:
        """Ask for a runner, at the start and after each pause."""
        return RequestRunner(job=facts.id, attempt=len(facts.attempts) + 1)

    def begin_attempt(self, facts: CiJobFacts, trigger: RunnerAssigned) -> Assign:
        """Note the runner."""
        attempt = Attempt(runner=trigger.runner, began_at=trigger.at)
        return Assign(attempts=[*facts.attempts, attempt])

    def pause(self, facts: CiJobFacts, trigger: AttemptFailed) -> Effects:
        """Wait, each time twice as long as before."""
        until = trigger.at + min(FIRST_PAUSE * 2 ** (len(facts.attempts) - 1), LONGEST_PAUSE)
        return [
            Assign(attempts=_with_failure(facts, trigger), retry_at=until),
            WakeAt(job=facts.id, event=PauseEnded(at=until)),
        ]

    def report_success(self, facts: CiJobFacts, trigger: AttemptPassed) -> Command:
        """The commit is good."""
        return ReportResult(job=facts.id, passed=True, attempts=len(facts.attempts))

    def report_failure(self, facts: CiJobFacts, trigger: AttemptFailed) -> Effects:
        """The commit is not good, or nobody can say."""
        return [
            Assign(attempts=_with_failure(facts, trigger)),
            ReportResult(job=facts.id, passed=False, attempts=len(facts.attempts)),
        ]

    def stop_runner(self, facts: CiJobFacts, trigger: CancelRequested) -> Command:
        """The runner is free for something else."""
        number = len(facts.attempts)
        return StopRunner(job=facts.id, attempt=number, runner=facts.attempts[-1].runner)


def _with_failure(facts: CiJobFacts, trigger: AttemptFailed) -> list[Attempt]:
    """The attempts, the last one with its failure."""
    *earlier, last = facts.attempts
    return [*earlier, last.model_copy(update={"failure": trigger.failure})]
