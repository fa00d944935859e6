"""The whole product under a seed: every part of relink's process, and the world around it.

A :class:`~.world.World` holds a simulated Stripe with its banks and customers, a service that
embeds relink, a network that loses, delays, repeats and reorders webhooks, a database, and one
process of relink: its use cases, store, inbox, outbox, performer, gateway, notifications and sweep,
as they run in production. Everything happens in one order, which the seed says, on one virtual
clock. The process can be killed wherever it waits for somebody, and starts again on what was
committed.

After every transaction the properties of :mod:`relink.machines.properties` must hold. Whenever a
process starts, the store must be what was committed. At the end, when faults have stopped, what
relink knows must be what is true at Stripe, every outage must have been prompted or given up, and
no effect may have happened twice.

========================  ======================================================================
Module                    What it holds
========================  ======================================================================
:mod:`.plan`              what a world is made from: a seed, its moves, the kinds of fault
:mod:`.chance`            the random numbers, a stream for each move
:mod:`.faults`            what can go wrong, and how often
:mod:`.scheduler`         one task at a time
:mod:`.world`             the loop in which everything happens
:mod:`.surroundings`      what the parts of a world see of it
:mod:`.moves`             what banks, customers, services and operators do
:mod:`.embedding`         the service that embeds relink, and its customers
:mod:`.network`           webhooks on their way
:mod:`.databases`         what survives a crash
:mod:`.product`           the process: the product's own parts
:mod:`.ports`             where the process waits, fails and is killed
:mod:`.next_release`      what a running world is upgraded to
:mod:`.record`            what must hold after every transaction
:mod:`.rest`              what must hold at the end
:mod:`.logged`            what may not be logged
:mod:`.running`           one world, from plan to report
:mod:`.shrinking`         a shorter history that fails in the same way
:mod:`.many`              many worlds, in several processes
:mod:`.kept`              their sums in a file, and what they were made with
========================  ======================================================================

``relink simulate --world`` runs it; ``docs/world.md`` says what it covers and what not.
"""

from .faults import ALL, Fault, faults_named
from .kept import MadeWith, OtherCodeError, OtherWorldsError, read, written
from .many import Totals, Worlds, run_many
from .plan import LENGTH, LONGEST, Plan, numbers
from .product import Product
from .running import Report, run_world
from .shrinking import shrink

__all__ = [
    "ALL",
    "LENGTH",
    "LONGEST",
    "Fault",
    "MadeWith",
    "OtherCodeError",
    "OtherWorldsError",
    "Plan",
    "Product",
    "Report",
    "Totals",
    "Worlds",
    "faults_named",
    "numbers",
    "read",
    "run_many",
    "run_world",
    "shrink",
    "written",
]
