"""How long does a whole step take: routing, all machines, their messages, and the commands?

And how long from the bytes of a webhook to its step: verify, parse, reduce, decide?
"""

from collections.abc import Iterator

from .measure import Line, take_turns, timed
from .size import Size
from .steps import Life


def run(size: Size) -> Iterator[Line]:
    """Measure both, and the part before the step alone."""
    life = Life()
    sides = {
        "a step": life.step,
        "a webhook to events": life.receive,
        "a webhook to a step": life.receive_and_step,
    }
    rounds = {name: timed(go, len(life.steps), size.seconds) for name, go in sides.items()}
    for name, readings in take_turns(rounds, size.rounds, "step").items():
        yield Line("step", name, "µs", tuple(readings))
