"""Slips with JSON: what a codec is made of, what it writes, and what it reads."""

from .door import Slip, accepted, call

_CODEC = "Codec(commands=[Ring], tables={'door': Door})"
_PUSHED = "{'name': 'pushed', 'fields': {'force': 3}}"
_SHUT = "{'machine': 'door', 'state': 'shut', 'version': 1, 'facts': {}}"
_DECIDED = "c.to_json(Door.table().start())"


def _reads(name: str, kind: str, data: str, *words: str, error: str = "UnreadableError") -> Slip:
    """JSON that cannot be read; the message names the first word."""
    return call(name, f"{_CODEC}.from_json({kind}, {data})", error, *words, names=words[0])


def _writes(name: str, given: str, *words: str) -> Slip:
    return call(name, f"{_CODEC}.to_json({given})", "ArgumentError", *words, names="to_json()")


def _made(name: str, arguments: str, *words: str) -> Slip:
    return call(name, f"Codec({arguments})", "ArgumentError", *words, names="Codec()")


NAMES = (
    _reads(
        "JSON of a misspelled event",
        "Event",
        "{'name': 'pusched', 'fields': {}}",
        "no event is named 'pusched'",
        "did you mean 'pushed'?",
        "former_names",
        "RemovedEvent",
    ),
    _reads(
        "JSON with the name of a class",
        "Event",
        "{'name': 'Pushed', 'fields': {}}",
        "'Pushed'",
        "did you mean 'pushed'?",
    ),
    _reads(
        "JSON of an unknown event",
        "Event",
        "{'name': 'slammed', 'fields': {}}",
        "'slammed'",
        "give the codec its class",
    ),
    _reads(
        "JSON of a misspelled command",
        "Command",
        "{'name': 'rings', 'fields': {'times': 1}}",
        "no command is named 'rings'",
        "did you mean 'ring'?",
        "RemovedCommand",
    ),
    _reads(
        "JSON of a command, read as an event",
        "Event",
        "{'name': 'ring', 'fields': {'times': 1}}",
        "no event is named 'ring'",
        "read it as a Command",
    ),
    _reads(
        "JSON of an event, read as a command",
        "Command",
        _PUSHED,
        "no command is named 'pushed'",
        "read it as an Event",
    ),
    _reads(
        "JSON of another event", "Locked", _PUSHED, "the JSON of a Locked", "of a Pushed", "read it"
    ),
)

FIELDS = (
    _reads(
        "JSON with a misspelled field",
        "Event",
        "{'name': 'pushed', 'fields': {'forse': 3}}",
        "stored pushed",
        "'forse'",
        "did you mean 'force'?",
        "renamed",
    ),
    _reads(
        "JSON without a field",
        "Command",
        "{'name': 'ring', 'fields': {}}",
        "stored ring",
        "the field times is missing; add it",
    ),
    _reads(
        "JSON with a text for a number",
        "Event",
        "{'name': 'pushed', 'fields': {'force': 'hard'}}",
        "stored pushed",
        "the field force takes int, and got a value of type str",
    ),
    _reads(
        "JSON with null for a number",
        "Event",
        "{'name': 'pushed', 'fields': {'force': None}}",
        "stored pushed",
        "the field force takes int, and got None",
    ),
    _reads(
        "JSON with fields that are a list",
        "Event",
        "{'name': 'pushed', 'fields': [3]}",
        "the JSON of an Event",
        "a list as 'fields'",
        "give an object",
    ),
    _reads(
        "JSON with fields that are no JSON",
        "Event",
        "{'name': 'pushed', 'fields': {'force': {1, 2}}}",
        "stored pushed",
        "JSON cannot hold",
        "json.loads",
    ),
    _reads(
        "JSON of a Send without an event",
        "Command",
        "{'name': 'send', 'fields': {'machine': 'door', 'key': 'a', 'event': 'pushed'}}",
        "send.event",
        "a text without name and fields",
    ),
    _reads(
        "JSON of a Send with a list of pairs that are none",
        "Command",
        "{'name': 'send', 'fields': {'machine': 'door', 'key': 'a', 'event': {'items': [1]}}}",
        "send.event",
        "an object without name and fields",
    ),
)

FORMS = (
    _reads("JSON as a text", "Event", "'{}'", "the JSON of an Event", "a text", "json.loads(...)"),
    _reads("JSON as bytes", "Event", "b'{}'", "the JSON of an Event", "json.loads(...)"),
    _reads("JSON as a list", "Event", f"[{_PUSHED}]", "the JSON of an Event", "a list", "to_json"),
    _reads("JSON that is null", "Snapshot", "None", "the JSON of a Snapshot", "null", "to_json"),
    _reads("JSON without a name", "Event", "{'fields': {}}", "the JSON of an Event", "'name'"),
    _reads(
        "JSON with a misspelled part",
        "Event",
        "{'nmae': 'pushed', 'fields': {}}",
        "the JSON of an Event",
        "'name'",
        "rename 'nmae'",
    ),
    _reads(
        "JSON with its fields beside the name",
        "Event",
        "{'name': 'pushed', 'force': 3}",
        "the JSON of an Event",
        "no 'fields', but name, force",
    ),
    _reads(
        "JSON with a number as its name",
        "Event",
        "{'name': 7, 'fields': {}}",
        "the JSON of an Event",
        "a number as 'name'",
        "give a text",
    ),
    _reads(
        "a snapshot without a machine",
        "Snapshot",
        "{'state': 'shut', 'version': 1, 'facts': {}}",
        "the JSON of a Snapshot",
        "'machine'",
    ),
    _reads(
        "a snapshot of a misspelled machine",
        "Snapshot",
        _SHUT.replace("'door'", "'dor'"),
        "'dor'",
        "did you mean 'door'?",
    ),
    _reads(
        "a snapshot in a misspelled state",
        "Snapshot",
        _SHUT.replace("'shut'", "'shutt'"),
        "'shutt'",
        "did you mean 'shut'?",
        "Door.former_states",
    ),
    _reads(
        "a snapshot with a text as its version",
        "Snapshot",
        _SHUT.replace("1", "'1'"),
        "the JSON of a Snapshot",
        "a text as 'version'",
        "give a number",
    ),
    _reads(
        "a snapshot with facts as a text",
        "Snapshot",
        _SHUT.replace("{}", "'{}'"),
        "the JSON of a Snapshot",
        "a text as 'facts'",
    ),
    _reads(
        "a snapshot with wrong facts",
        "Snapshot",
        _SHUT.replace("{}", "{'pushed': 1}"),
        "stored facts of door",
        "did you mean 'pushes'?",
    ),
    _reads(
        "a decision without its leaf",
        "Decision",
        _SHUT,
        "the JSON of a Decision",
        "no 'leaf'",
        "to_json",
    ),
    call(
        "a decision with a leaf of another form",
        f"[c.from_json(Decision, {{**{_DECIDED}, 'leaf': leaf}})"
        f" for c in [{_CODEC}] for leaf in [{{'target': 'opened'}}]]",
        "UnreadableError",
        "'leaf'",
        "to_json",
        names="the JSON of a Decision",
    ),
    _reads("a step without its trigger", "Step", "{}", "the JSON of a Step", "'deliveries'"),
    accepted(
        "a snapshot with the type of its facts",
        f"{_CODEC}.from_json(Snapshot[DoorFacts], {_SHUT}).state == 'shut'",
    ),
)


def _reads_as(name: str, kind: str, *words: str) -> Slip:
    return call(
        name, f"{_CODEC}.from_json({kind}, {_PUSHED})", "ArgumentError", *words, names="from_json()"
    )


KINDS = (
    _reads_as("reading as an instance", "Pushed()", "without parentheses: Pushed"),
    _reads_as("reading as facts", "DoorFacts", "Snapshot"),
    _reads_as("reading as a chart", "Door", "Snapshot"),
    _reads_as("reading as a name", "'pushed'", "'pushed'", "Event, Command"),
    _reads_as("reading as any class", "int", "the class int", "Event, Command"),
    call(
        "reading the wrong way round",
        f"{_CODEC}.from_json({_PUSHED}, Event)",
        "ArgumentError",
        "the class first, then the data",
        names="from_json()",
    ),
    _writes("writing a class", "Pushed", "the class Pushed", "Pushed(...)"),
    _writes("writing facts", "DoorFacts()", "DoorFacts", "Snapshot("),
    _writes("writing a name", "'pushed'", "'pushed'", "a snapshot"),
    _writes("writing a chart", "Door", "the class Door"),
    call(
        "writing a class as text",
        f"{_CODEC}.text(Pushed)",
        "ArgumentError",
        "instance",
        names="Codec",
    ),
    call(
        "writing a foreign event",
        f"{_CODEC}.to_json(Slammed())",
        "ArgumentError",
        "slip.Slammed",
        "give the codec all events",
        names="Codec",
    ),
    call(
        "writing a snapshot of a foreign chart",
        f"{_CODEC}.to_json(Gate.table().start(GateFacts(id='g')).snapshot)",
        "ArgumentError",
        "GateFacts",
        "tables=",
        names="Codec",
    ),
)

CODECS = (
    accepted("a codec of one class", "Codec(Slammed, Ring).to_json(Slammed())"),
    accepted("a codec of one chart", f"Codec(tables=Door).from_json(Snapshot, {_SHUT})"),
    accepted("a codec of a list of charts", f"Codec(tables=[Door]).from_json(Snapshot, {_SHUT})"),
    _made("a codec of an instance", "[Slammed()]", "without parentheses: Slammed"),
    _made("a codec of a name", "['slammed']", "'slammed'", "classes derived from Event"),
    _made("a codec with a command as event", "[Ring]", "Ring", "commands=[Ring]"),
    _made("a codec with an event as command", "[], [Slammed]", "Slammed", "events=[Slammed]"),
    _made("a codec of a chart as events", "[Door]", "the class Door", "derived from Event"),
    _made("a codec with a misspelled argument", "command=[Ring]", "did you mean 'commands'?"),
    _made("a codec of no table", "tables={'door': DoorFacts}", "'door'", "a chart or its table"),
    _made(
        "a codec of two classes of one name",
        "[Slammed, type('Slammed', (Event,), {'__module__': 'elsewhere'})]",
        "elsewhere.Slammed",
        "'slammed'; rename one",
    ),
)

JSON_SLIPS: tuple[Slip, ...] = (*NAMES, *FIELDS, *FORMS, *KINDS, *CODECS)
