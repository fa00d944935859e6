"""The next release, as far as an upgrade is concerned: one state has another name.

A world on SQLite is upgraded to it while it runs, and what today's release stored is read by it.
Guards and effects are today's own.
"""

from functools import cache

from statemachine import State

from relink.engine import Chart, System, stays
from relink.machines.charts import CHARTS
from relink.machines.holder import HolderChart, HolderFacts
from relink.machines.routing import route


class NextHolderChart(Chart):
    """The holder: ``awaiting`` is called ``held`` from this release on."""

    facts_type = HolderFacts
    alphabet = HolderChart.alphabet
    former_states = {"awaiting": "held"}

    clear = State(initial=True)
    held = State()

    held.from_(clear, event="read_awaited", cond="is_awaited", on="note_read")
    stays(clear, event="read_awaited")
    clear.from_(held, event="read_awaited", cond="is_the_last", on=["note_read", "review"])
    stays(held, event="read_awaited", on=["note_read", "review"])
    stays(clear, held, event="may_prompt", on=["note_message", "review"])
    stays(clear, event="review_due", on="allow")
    stays(held, event="review_due", on=["allow", "plan_next_look"])

    is_awaited = HolderChart.is_awaited
    is_the_last = HolderChart.is_the_last
    note_read = HolderChart.note_read
    note_message = HolderChart.note_message
    review = HolderChart.review
    allow = HolderChart.allow
    plan_next_look = HolderChart.plan_next_look


@cache
def next_system() -> System:
    """The machines of the next release."""
    charts = {**CHARTS, "holder": NextHolderChart}
    return System({name: chart.table() for name, chart in charts.items()}, route)
