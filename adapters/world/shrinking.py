"""Making a failing history shorter, while the same rule fails.

Moves and kinds of fault are left out, as many as possible at once at first. Since every move draws
from a stream of its own (:mod:`.chance`), what is left does almost the same as before. The result
depends on the plan alone.
"""

from collections.abc import Callable
from dataclasses import replace

from .faults import Fault
from .plan import Plan
from .product import Product
from .running import Report, run_world

TRIES = 150
"""Histories that are tried at most."""


def shrink(
    failing: Report,
    product: type[Product] = Product,
    tries: int = TRIES,
    on_try: Callable[[int, Plan], None] = lambda number, best: None,
) -> Report:
    """The shortest history found that breaks the same rule, with its story.

    Args:
        failing: a report of a history that breaks a rule.
        product: the class of the process's parts, as for :func:`.run_world`.
        tries: how many histories to try.
        on_try: called before each with its number, and the best plan so far.
    """
    search = _Search(failing, product, tries, on_try)
    search.run()
    return run_world(search.best, product, is_told=True)


class _Search:
    def __init__(
        self,
        failing: Report,
        product: type[Product],
        tries: int,
        on_try: Callable[[int, Plan], None],
    ) -> None:
        self.best = failing.plan
        self._rule = failing.rule
        self._product = product
        self._left = tries
        self._number = 0
        self._on_try = on_try

    def run(self) -> None:
        self._try(self.best.without(Fault))
        struck = run_world(self.best, self._product).faults
        self._try(self.best.without(fault for fault in Fault if not struck[fault]))
        if self.best.is_on_disk:
            self._try(replace(self.best, is_on_disk=False))
        size = max(1, len(self.best.moves) // 2)
        while self._left > 0:
            found = self._leave_out_moves(size)
            if size == 1 and not found and not self._leave_out_faults():
                return
            size = max(1, size // 2)

    def _leave_out_moves(self, size: int) -> bool:
        """Leave out moves, so many at once; the last ones first."""
        found = False
        end = len(self.best.moves)
        while end > 0 and self._left > 0:
            moves = self.best.moves
            start = max(0, end - size)
            if self._try(replace(self.best, moves=moves[:start] + moves[end:])):
                found = True
            end = start
        return found

    def _leave_out_faults(self) -> bool:
        found = False
        for fault in sorted(self.best.faults):
            if self._left > 0 and self._try(self.best.without([fault])):
                found = True
        return found

    def _try(self, plan: Plan) -> bool:
        """Whether a plan fails too; it is the best one then."""
        if plan == self.best:
            return False
        self._left -= 1
        self._number += 1
        self._on_try(self._number, self.best)
        fails = run_world(plan, self._product).rule == self._rule
        if fails:
            self.best = plan
        return fails
