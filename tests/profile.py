"""How much the tests try: the quick profile at a desk, the full profile in CI.

The environment variable ``CI`` selects the full profile. Everything that differs between the
two is in this module. A test that has a number of its own asks for it with :func:`examples`.

With ``THOROUGH`` set too, the full profile draws as many examples as tests name, in four times the
time: what a property notices rarely is then noticed more often.
"""

import os
from dataclasses import dataclass

from hypothesis import Phase, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The numbers that cost time.

    Args:
        name: ``quick`` or ``full``.
        examples: how many Hypothesis draws for a test that names no number.
        share: the part that it draws of a number that a test names.
        kills: processes that the kill test ends on PostgreSQL; on SQLite it is a fifth of them.
        stride: of a list of combinations or faults, only every so many-th is tried.
        left_out: functions of tests that are not run.
    """

    name: str
    examples: int
    share: float
    kills: int
    stride: int
    left_out: frozenset[str]

    def compared_to(self, other: "Profile") -> list[str]:
        """What this profile tries, beside what the other one does; one line each."""
        return [
            f"Hypothesis draws {self.examples} examples instead of {other.examples}, and "
            f"{self.share / other.share:.0%} of them where a test names a number.",
            f"The kill test kills {self.kills} processes instead of {other.kills} on PostgreSQL, "
            "and a fifth of that on SQLite.",
            f"One in {self.stride} of long lists is tried, such as that of the faults.",
            f"Not run: {', '.join(sorted(self.left_out))}.",
            "Every run draws the same examples. Draw others with: RANDOM_EXAMPLES=1 make test",
        ]


SHARE = 1.0 if os.environ.get("THOROUGH") else 0.25
FULL = Profile(
    name="full",
    examples=round(100 * SHARE),
    share=SHARE,
    kills=25,
    stride=1,
    left_out=frozenset(),
)
QUICK = Profile(
    name="quick",
    examples=20,
    share=0.2,
    kills=6,
    stride=3,
    left_out=frozenset(
        {
            "test_every_leaf_of_every_chart_is_decided",
            "test_the_fault_that_nobody_looked_for_is_found_and_shrunk",
            "test_relink_is_measured_with_few_and_many_accounts",
            "test_processes_with_threads_may_deliver_concurrently",
            "test_random_events_reach_every_leaf",
            "test_several_processes_may_migrate_at_once",
            "test_the_same_seed_gives_the_same_history_in_every_process",
            "test_two_processes_stay_below_the_limit_together",
        }
    ),
)
PROFILE = FULL if os.environ.get("CI") else QUICK

IS_RANDOM = bool(os.environ.get("RANDOM_EXAMPLES"))
"""Whether Hypothesis draws other examples in each run. By default a run draws the same ones as the
run before, so that it fails because of a change and not by chance."""

QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""All but explaining, which makes a failing test three times as slow."""


def examples(named: int) -> int:
    """How many examples a test draws.

    Args:
        named: the number that the test names. A profile draws its share of it.
    """
    return max(5, round(named * PROFILE.share))


def register() -> None:
    """Register both profiles with Hypothesis, and load the one that is in use."""
    for profile in (QUICK, FULL):
        settings.register_profile(
            profile.name,
            max_examples=profile.examples,
            deadline=None,
            phases=QUICKLY,
            derandomize=not IS_RANDOM,
            database=None if not IS_RANDOM else settings.get_profile("default").database,
            print_blob=profile is FULL,
        )
    settings.load_profile(PROFILE.name)
    if not IS_RANDOM:
        # Hypothesis also draws constants that it finds in the code under test: any edit, and any
        # other place where the code is installed, would then change the examples.
        providers._get_local_constants = Constants
