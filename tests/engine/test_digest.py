"""The digest of a table: what it decides is in it, and prose is not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from statemachine import State

from relink.engine import Assign, Chart, Event, Facts, Reason, ignored

from .door import TABLE

DIGEST = "from engine.door import TABLE; print(TABLE.digest)"


def in_another_process(seed: str) -> str:
    """The door's digest there."""
    done = subprocess.run(
        [sys.executable, "-c", DIGEST],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_the_digest_is_the_same_in_every_process():
    assert len(TABLE.digest) == 16
    assert int(TABLE.digest, 16) >= 0
    assert {in_another_process(seed) for seed in ("1", "2")} == {TABLE.digest}


class Dialled(Event):
    """Somebody dials."""


class HungUp(Event):
    """Somebody hangs up."""


class Slammed(Event):
    """Somebody slams the phone down."""


class PhoneFacts(Facts):
    id: str = ""
    calls: int = 0


class Methods:
    """What a chart may use as guards and effects."""

    def has_credit(self, facts: PhoneFacts, trigger: Event) -> bool:
        return facts.calls < 3

    def is_paid(self, facts: PhoneFacts, trigger: Event) -> bool:
        return facts.calls < 3

    def count(self, facts: PhoneFacts, trigger: Event) -> Assign:
        return Assign(calls=facts.calls + 1)

    def ring(self, facts: PhoneFacts, trigger: Event) -> None:
        return None


def phone(
    *,
    sentence: str = "it is idle",
    code: str | None = "idle",
    guard: str = "has_credit",
    effects: tuple[str, ...] = ("count", "ring"),
    target: str = "busy",
    anomaly: bool = False,
    more: tuple[type[Event], ...] = (),
    swapped: bool = False,
) -> type[Chart]:
    """A chart, and what may differ in it."""
    # A method that nothing uses is an error.
    used = type("Used", (), {name: vars(Methods)[name] for name in (guard, *effects)})

    class Phone(used, Chart):  # type: ignore[misc, valid-type]
        facts_type = PhoneFacts
        alphabet = (HungUp, Dialled, *more) if swapped else (Dialled, HungUp, *more)

        idle = State(initial=True)
        busy = State()
        broken = State()

        if target == "busy":
            idle.to(busy, event="dialled", cond=guard, on=list(effects))
            idle.to(broken, event="dialled", cond=f"not {guard}")
        else:
            idle.to(broken, event="dialled", cond=guard, on=list(effects))
            idle.to(busy, event="dialled", cond=f"not {guard}")
        busy.to(idle, event="hung_up")
        broken.to(idle, event="hung_up")
        for kind in more:
            idle.to(broken, event=kind.name)

        decided = (
            ignored(idle, HungUp, because=Reason(code, sentence), anomaly=anomaly),
            ignored(busy, Dialled, because="it is busy"),
            ignored(broken, Dialled, because="it is broken"),
        )
        if more:
            decided += (
                ignored(busy, more, because="too late"),
                ignored(broken, more, because="too late"),
            )

    return Phone


@pytest.mark.parametrize(
    "same",
    [{}, {"sentence": "nobody calls"}, {"swapped": True}],
    ids=["nothing", "a sentence", "the order of events"],
)
def test_the_digest_leaves_out_what_decides_nothing(same: dict[str, object]):
    assert phone(**same).table().digest == phone().table().digest  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "unused"},
        {"code": None},
        {"guard": "is_paid"},
        {"effects": ("ring", "count")},
        {"effects": ("count",)},
        {"target": "broken"},
        {"anomaly": True},
        {"more": (Slammed,)},
    ],
    ids=str,
)
def test_the_digest_tells_each_decision_apart(changed: dict[str, object]):
    assert phone(**changed).table().digest != phone().table().digest  # type: ignore[arg-type]
