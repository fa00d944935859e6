"""Slips that few make: each is refused as well, with place and cure."""

from .door import Slip, call, change, understood

_START = "    opened = State(initial=True)\n"
_CODEC = "Codec(events=[Pushed, Locked], commands=[Ring], tables={'door': Door})"

DECLARED_RARELY = (
    change(
        "former states as a list",
        _START,
        "    former_states = ['ajar']\n" + _START,
        "FormerStateError",
        "former_states",
        "dict",
    ),
    change(
        "a former state that leads to a number",
        _START,
        "    former_states = {'ajar': 3}\n" + _START,
        "FormerStateError",
        "'ajar'",
        "3",
    ),
    change(
        "a former state that leads nowhere",
        _START,
        "    former_states = {'ajar': 'shutt'}\n" + _START,
        "FormerStateError",
        "'shutt'",
        "did you mean 'shut'?",
    ),
    change(
        "a former state that is a state today",
        _START,
        "    former_states = {'shut': 'opened'}\n" + _START,
        "FormerStateError",
        "'shut'",
        "another name",
    ),
    change(
        "an instance for the event of stays",
        'stays(opened, event="locked", on="ring")',
        'stays(opened, event=Locked(), on="ring")',
        "ArgumentError",
        "Locked",
        "class",
    ),
    change(
        "a number for the event of stays",
        'stays(opened, event="locked", on="ring")',
        'stays(opened, event=3, on="ring")',
        "ArgumentError",
        "3",
        "name",
    ),
    change(
        "a misspelled argument of a transition from any state",
        '    shut.to(opened, event="pushed", cond="is_strong")\n',
        '    opened.from_.any(evnt="pushed", cond="is_strong")\n',
        "StateArgumentError",
        "from_.any()",
        "did you mean 'event'?",
    ),
    change(
        "a misspelled argument of a transition to itself",
        '    stays(opened, event="locked", on="ring")\n',
        '    opened.to.itself(event="locked", onn="ring")\n',
        "StateArgumentError",
        "'onn'",
        "did you mean 'on'?",
    ),
)

CALLED_RARELY = (
    call(
        "a diagram with too many arguments",
        "diagram.mermaid(Door, 'shut', 3)",
        "ArgumentError",
        "fewer arguments than 3",
        "table",
        names="mermaid()",
    ),
    call(
        "a machine for a chart",
        "diagram.mermaid(Door(facts=DoorFacts(), trigger=Pushed()))",
        "ArgumentError",
        "without parentheses",
        names="mermaid()",
    ),
    call(
        "the JSON of a truth",
        f"{_CODEC}.from_json(Event, True)",
        "UnreadableError",
        "true or false",
        names="Event",
    ),
    call(
        "a text that is no text",
        "Codec(Note).to_json(Note(text=chr(0xD800)))",
        "UnwritableError",
        "Note.text",
        names="Note",
    ),
    call(
        "a value that a record's own rule refuses",
        "Small(number=7)",
        "FieldValueError",
        "number: seven is too much; give less",
        names="Small",
    ),
    call(
        "a record whose field has a type that is not defined",
        "Open(held=1)",
        "RecordError",
        names="Open",
    ),
    call(
        "facts that are no JSON",
        "Codec.facts(DoorFacts, '{', 'the door')",
        "UnreadableError",
        "the door",
        names="the door",
    ),
)

UNDERSTOOD_RARELY = (
    understood(
        "a state that is kept by to.itself",
        'stays(opened, event="locked", on="ring")',
        'opened.to.itself(event="locked", on="ring")',
    ),
    understood(
        "a trigger that is annotated with less than an event",
        "def is_strong(self, facts, trigger):",
        "def is_strong(self, facts, trigger: object) -> bool:",
    ),
    understood(
        "a trigger that is annotated with one of two events",
        "def is_strong(self, facts, trigger):",
        'def is_strong(self, facts, trigger: "Pushed | Locked") -> bool:',
    ),
)

RARE_SLIPS: tuple[Slip, ...] = (*DECLARED_RARELY, *CALLED_RARELY, *UNDERSTOOD_RARELY)
