"""The Markdown document has every decision of the table, exact, with reasons."""

import re
from collections import Counter
from itertools import product

import pytest
from statemachine import State

from relink.engine import Chart, Command, Event, Facts, Leaf, Table, ignored, impossible, stays
from relink.engine.markdown import markdown
from relink.machines import relink_system


class Pressed(Event):
    pass


class Fell(Event):
    pass


class Click(Command):
    pass


class Nothing(Facts):
    pass


class LampChart(Chart):
    facts_type = Nothing
    alphabet = (Pressed, Fell)

    off = State(initial=True)
    on = State()
    broken = State(final=True)

    off.to(on, event="pressed", cond="has_current")
    stays(off, event="pressed", cond="is_smart", on=["click", "blink"])
    on.to(off, event="pressed", on="click")
    on.to(broken, event="fell", cond="is_fragile or is_hot")

    decided = (
        impossible(off, Pressed, when="not has_current and not is_smart", because="a | `b`\n<c>"),
        ignored((off, on), Fell, because="it bounced *softly*"),
        ignored(broken, alphabet, because="only shards are left", anomaly=True),
    )

    def has_current(self, facts, trigger):
        """The plug
        is in.

        More on plugs.
        """
        return True

    def is_smart(self, facts, trigger):
        return True

    def is_fragile(self, facts, trigger):
        """Made of glass."""
        return True

    def is_hot(self, facts, trigger):
        """On for an hour."""
        return True

    def click(self, facts, trigger):
        """Make a noise."""
        return Click()

    def blink(self, facts, trigger):
        return None


LAMP_TABLE = r"""
# lamp

A new machine starts in `off`.

Of several rows for an event, the first one whose condition holds counts.

## `off`

| Event | When | Goes to | Effects, or reason |
| --- | --- | --- | --- |
| `pressed` | `has_current` | **`on`** |  |
|  | `is_smart` | stays | `click`, `blink` |
|  | otherwise | impossible | a \| \`b\` \<c\> |
| `fell` | always | ignored | it bounced \*softly\* |

## `on`

| Event | When | Goes to | Effects, or reason |
| --- | --- | --- | --- |
| `pressed` | always | **`off`** | `click` |
| `fell` | `is_fragile or is_hot` | **`broken`** |  |
|  | otherwise | ignored | it bounced \*softly\* |

## `broken`

A final state.

| Event | When | Goes to | Effects, or reason |
| --- | --- | --- | --- |
| `pressed` | always | ignored, as an anomaly | only shards are left |
| `fell` | always | ignored, as an anomaly | only shards are left |

## Guards and effects

| Guard | Means |
| --- | --- |
| `has_current` | The plug is in. |
| `is_fragile` | Made of glass. |
| `is_hot` | On for an hour. |
| `is_smart` |  |

| Effect | Means |
| --- | --- |
| `blink` |  |
| `click` | Make a noise. |

## Totals

3 states and 2 events. A leaf is one set of guard answers for a pair of these, and has one \
outcome. A pair can have several leaves.

| Outcome | Pairs | Leaves |
| --- | --- | --- |
| moves | 3 | 4 |
| stays | 1 | 1 |
| ignored | 2 | 2 |
| ignored, as an anomaly | 2 | 2 |
| impossible | 1 | 1 |
| all | 6 | 10 |
""".replace("\\\n", "").lstrip()


def test_the_document_of_a_chart_with_every_outcome():
    assert markdown(LampChart.table()) == LAMP_TABLE


def test_entry_effects_are_listed():
    class Lit(LampChart):
        def on_enter_off(self, facts, trigger):
            """Begin in the dark."""

    text = markdown(Lit.table())
    assert "A new machine starts in `off` and runs `on_enter_off`.\n" in text
    assert "| `on_enter_off` | Begin in the dark. |\n" in text


def rows(text: str) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
    """The rows of the document by state and event: condition, outcome, and effects or reason."""
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for section in re.split(r"^## ", text, flags=re.M):
        if named := re.match(r"`(\w+)`\n", section):
            event = ""
            for row in re.findall(r"^\| (?:`(\w+)`)? \| (.*) \| (.*) \| (.*) \|$", section, re.M):
                name, condition, *end = row
                event = name or event
                found.setdefault((named[1], event), []).append((condition.strip("`"), *end))
    return found


def end_of(leaf: Leaf) -> str:
    return {
        "moved": f"**`{leaf.target}`**",
        "stayed": "stays",
        "ignored": "ignored, as an anomaly" if leaf.anomaly else "ignored",
        "impossible": "impossible",
    }[leaf.outcome]


@pytest.mark.parametrize("table", [LampChart.table(), *relink_system().tables.values()], ids=repr)
def test_of_the_rows_of_an_event_the_first_that_holds_says_what_happens(table: Table):
    sections = rows(markdown(table))
    assert sections.keys() == table.trees.keys()
    for (state, event), found in sections.items():
        leaves = list(table.leaves(state, event))
        guards = sorted({guard for leaf in leaves for guard, _ in leaf.guards})
        for values in product([True, False], repeat=len(guards)):
            answers = dict(zip(guards, values, strict=True))
            [leaf] = [x for x in leaves if all(answers[g] == yes for g, yes in x.guards)]
            _, end, effects = next(
                row
                for row in found
                if row[0] in ("always", "otherwise") or eval(row[0], {}, answers)
            )
            assert end == end_of(leaf)
            if leaf.reason is None:
                assert re.findall(r"`(\w+)`", effects) == list(leaf.effects)
            else:
                assert effects.replace("\\", "") == " ".join(leaf.reason.sentence.split())


@pytest.mark.parametrize("table", relink_system().tables.values(), ids=repr)
def test_the_totals_count_the_leaves_of_the_table(table: Table):
    totals = dict(re.findall(r"^\| ([a-z, ]+) \| \d+ \| (\d+) \|$", markdown(table), re.M))
    counted = Counter(
        {"moved": "moves", "stayed": "stays"}.get(leaf.outcome, end_of(leaf))
        for leaf in table.leaves()
    )
    assert int(totals.pop("all")) == counted.total()
    assert {name: int(count) for name, count in totals.items() if count != "0"} == counted
