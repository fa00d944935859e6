"""Charts: how a machine is declared.

A chart is a class on python-statemachine's ``StateChart``, and an ordinary machine of that
library. It also declares the facts that it remembers, the alphabet of events that it knows, and
the outcome of events that take no transition. Every event is decided in every state: by
a transition, or as :func:`~relink.engine.ignored` with a reason, or, for guard answers that
exclude each other, as :func:`~relink.engine.impossible`.

    class Door(Chart):
        facts_type = DoorFacts
        alphabet = (Pushed, Locked)

        open = State(initial=True)
        shut = State()

        open.to(shut, event="pushed", on="count")
        shut.to(open, event="pushed", cond="has_key")
        stays(open, event="locked", on="click")

        decided = (
            ignored(shut, Pushed, because="The door is locked.", when="not has_key"),
            ignored(shut, Locked, because="The door is already locked."),
        )

A final state takes no transition at all. One in which facts may still change is named in
``absorbing`` instead; no event leaves it.

Guards are pure predicates. Effects are pure and return commands and changes of facts. Both are
plain methods ``(self, facts, trigger)``, given by their names.
"""

from typing import TYPE_CHECKING, Any, cast

from .chart_base import ChartBase
from .decision import Snapshot
from .library.metaclass import ChartMeta
from .table import Table
from .tables import table_of

if TYPE_CHECKING:
    from .live import LiveMachine


class _FormattedMeta(ChartMeta):
    """Makes chart classes that an f-string can show."""

    def __format__(self, spec: str) -> str:
        """The table as ``mermaid``, ``dot``, ``svg`` or ``md``.

        Raises:
            ArgumentError: there is no such format.
            ChartError: the chart cannot be compiled soundly.
        """
        if not spec:
            return str(self)
        from .formatted import formatted  # which few processes need

        return formatted(cast("type[ChartBase]", self), spec)


class Chart(ChartBase, metaclass=_FormattedMeta):
    """Base of all charts. The module's text shows how to write one."""

    @classmethod
    def table(cls) -> Table:
        """The compiled chart. It is compiled on the first call, once for each class.

        Raises:
            ChartError: the chart cannot be compiled soundly.
        """
        return table_of(cls)

    @classmethod
    def live(cls, snapshot: Snapshot[Any]) -> "LiveMachine":
        """A running python-statemachine machine of this chart, set to a snapshot.

        Raises:
            UnknownStateError: the chart has no such leaf state.
        """
        from .live import LiveMachine  # which few processes need

        return LiveMachine(cls, snapshot)
