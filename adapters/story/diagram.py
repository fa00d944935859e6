"""A story as a Mermaid sequence diagram: who told whom what.

Customer, Stripe and the service stand outside; machines stand inside, one participant each. At the
depth of the story there is one participant for relink.
"""

import re
from collections.abc import Iterator

from relink.adapters.signs import visible
from relink.engine import Address
from relink.machines.words.events import event_words
from relink.machines.words.names import short_id
from relink.machines.words.states import MACHINES, state_words
from relink.machines.words.thoughts import Depth
from relink.machines.words.times import moment
from relink.machines.words.tone import Tone

from .lines import lines_of
from .origin import origin
from .story import Story

OUTSIDE = {
    "webhook": "Stripe",
    "read": "Stripe",
    "Stripe": "Stripe",
    "service": "Service",
    "timer": "Clock",
    "relink": "Operators",
}
"""Who stands behind a message, by its origin."""


def sequence_diagram(story: Story, depth: Depth = Depth.STORY) -> str:
    """A story as the text of a Mermaid ``sequenceDiagram``.

    Args:
        story: what is drawn.
        depth: at the depth of the story, one participant stands for relink; else each machine does.
    """
    names: dict[str, str] = {}
    body = list(_of_story(story, names) if depth is Depth.STORY else _of_machines(story, names))
    declared = [f"participant {alias} as {_text(name)}" for name, alias in names.items()]
    return "\n".join(["sequenceDiagram", *(f"    {line}" for line in [*declared, *body])]) + "\n"


def _of_story(story: Story, names: dict[str, str]) -> Iterator[str]:
    lines = lines_of(story)
    relink = ""
    shown = ""
    for line in lines:
        outside = _alias(names, OUTSIDE[line.origin])
        relink = relink or _alias(names, "relink")
        when = moment(line.at)
        if when != shown:
            yield f"Note over {relink}: {when}"
            shown = when
        if line.tone is Tone.MESSAGE:
            to = _alias(
                names, "Stripe" if line.text.startswith(("makes", "attaches")) else "Service"
            )
            yield f"{relink}->>{to}: {_text(line.text)}"
        else:
            yield f"{outside}->>{relink}: {_text(line.text)}"
            if line.name:
                yield f"Note right of {relink}: {_text(line.name)}"


def _of_machines(story: Story, names: dict[str, str]) -> Iterator[str]:
    for cause in story.causes:
        for entry, decision, sender in cause.decisions:
            machine = _alias(names, _place(entry.address))
            source = _alias(names, OUTSIDE[origin(cause.id)] if sender is None else _place(sender))
            said = event_words(decision.trigger, story.names) or decision.trigger.name
            said = said.replace("{it}", story.names.thing(entry.address.key))
            yield f"{source}->>{machine}: {_text(said)}"
            if decision.outcome == "moved":
                words = state_words(entry.address.machine, decision.state)
                yield f"Note over {machine}: {_text(words.name)}"


def _place(address: Address) -> str:
    return f"{MACHINES.get(address.machine, address.machine)} {short_id(address.key)}"


def _alias(names: dict[str, str], name: str) -> str:
    """An id of Mermaid's that no keyword of its can clash with."""
    return names.setdefault(name, f"p{len(names)}")


def _text(label: str) -> str:
    """Escape Mermaid's syntax: a semicolon ends a line, a hash begins an entity, ``%%`` a comment,
    and browsers take angle brackets for HTML."""
    return re.sub(r"[#;%<>]", lambda found: f"#{ord(found[0])};", visible(label))
