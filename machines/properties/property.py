"""What a property is: a named predicate over one step, and the rule that it holds to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from relink.engine import Step

from .step_view import StepView, World

Check = Callable[[StepView], Iterator[str]]
"""Yields what is wrong with a step."""


@dataclass(frozen=True, slots=True)
class Property:
    """Something that must hold after every step, whatever happens and in whatever order.

    Called with the world before a step, the step and the world after it, it returns what is
    wrong, or None. That is what :func:`relink.engine.fuzz.system_test` asks of an invariant.
    """

    name: str
    """The name of its check."""
    rule: str
    """The rules that it holds to, such as ``S1, S2``."""
    sentence: str
    """What must hold."""
    check: Check

    @property
    def __name__(self) -> str:
        """Its name, as of a function."""
        return self.name

    def __call__(self, before: World, step: Step, after: World) -> str | None:
        """The first thing that is wrong with a step, or None."""
        return self.judge(StepView(before, step, after))

    def judge(self, view: StepView) -> str | None:
        """The first thing that is wrong with a step, or None."""
        return next(self.check(view), None)


def always(check: Check) -> Property:
    """Declare a property by its check.

    The first line of the check's docstring is the rules, a colon and the sentence.

    Raises:
        TypeError: the docstring does not begin so.
    """
    first_line = (check.__doc__ or "").partition("\n")[0]
    rule, _, sentence = first_line.partition(": ")
    if not sentence:
        raise TypeError(
            f"The docstring of {check.__name__} must begin with its rules and a sentence, "
            f"as in 'S1, S2: A state …', and begins with {first_line!r}."
        )
    return Property(check.__name__, rule, sentence, check)
