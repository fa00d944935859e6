"""All faults."""

from contextlib import nullcontext

from .fault import Fault, Layout
from .faults.clients import CLIENTS
from .faults.databases import DATABASES
from .faults.files import FILES
from .faults.outside import OUTSIDE
from .faults.processes import PROCESSES

CALM = tuple(
    Fault(name=name, text="nothing: for comparison", layout=layout, happens=lambda _: nullcontext())
    for name, layout in (("calm_on_sqlite", Layout.SQLITE), ("calm_on_postgres", Layout.POSTGRES))
)

FAULTS: tuple[Fault, ...] = (*CALM, *PROCESSES, *FILES, *DATABASES, *OUTSIDE, *CLIENTS)


def faults_of(layout: Layout) -> list[Fault]:
    """Those that happen in a layout."""
    return [fault for fault in FAULTS if fault.layout is layout]
