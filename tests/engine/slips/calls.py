"""Slips in calls: of a table, a system, a codec, diagrams and fuzz tests."""

from .door import Slip, accepted, call

_TABLE = "(t := Door.table(), t.start(DoorFacts()).snapshot)"


def _decides(name: str, snapshot: str, trigger: str, error: str, *words: str) -> Slip:
    return call(name, f"Door.table().decide({snapshot}, {trigger})", error, *words)


_AT = "Door.table().start(DoorFacts()).snapshot"

DECISIONS = (
    _decides("decide with a name", _AT, "'pushed'", "UnknownEventError", "'pushed'", "Pushed("),
    _decides("decide with a misspelled name", _AT, "'pusched'", "UnknownEventError", "did you"),
    _decides("decide with a class", _AT, "Pushed", "UnknownEventError", "Pushed", "Pushed("),
    _decides("decide with nothing", _AT, "None", "UnknownEventError", "None", "instance"),
    _decides("decide with a command", _AT, "Ring(times=1)", "UnknownEventError", "Ring", "event"),
    _decides("decide with a foreign event", _AT, "Slammed()", "UnknownEventError", "'slammed'"),
    _decides(
        "decide with an event of the same name",
        _AT,
        "type('Pushed', (Event,), {'__module__': 'elsewhere'})()",
        "UnknownEventError",
        "elsewhere.Pushed",
        "another class",
    ),
    _decides("decide in a state", "'opened'", "Pushed()", "SnapshotError", "'opened'", "Snapshot("),
    _decides("decide in facts", "DoorFacts()", "Pushed()", "SnapshotError", "Snapshot("),
    _decides("decide in nothing", "None", "Pushed()", "SnapshotError", "None", "start("),
    _decides(
        "decide in a decision",
        "Door.table().start(DoorFacts())",
        "Pushed()",
        "SnapshotError",
        "Decision",
        ".snapshot",
    ),
    _decides(
        "a snapshot of another chart",
        "Gate.table().start(GateFacts(id='g')).snapshot",
        "Pushed()",
        "UnknownStateError",
        "'wide'",
        "opened, shut",
    ),
    _decides(
        "a misspelled state",
        "Snapshot('shutt', DoorFacts())",
        "Pushed()",
        "UnknownStateError",
        "'shutt'",
        "did you mean 'shut'?",
    ),
    _decides(
        "facts of another chart",
        "Snapshot('shut', GateFacts(id='g'))",
        "Pushed()",
        "SnapshotError",
        "GateFacts",
        "DoorFacts",
    ),
    _decides(
        "facts as a dict",
        "Snapshot('shut', {'pushes': 1})",
        "Pushed()",
        "SnapshotError",
        "dict",
        "DoorFacts",
    ),
    _decides(
        "facts as a class",
        "Snapshot('shut', DoorFacts)",
        "Pushed()",
        "SnapshotError",
        "DoorFacts(",
    ),
    _decides(
        "arguments the wrong way round", "Pushed()", _AT, "SnapshotError", "Pushed", "snapshot"
    ),
    call("start with a dict", "Door.table().start({'pushes': 1})", "SnapshotError", "DoorFacts("),
    call("start with a class", "Door.table().start(DoorFacts)", "SnapshotError", "DoorFacts("),
    call("start with a name", "Door.table().start('front')", "SnapshotError", "DoorFacts("),
    call(
        "start with facts of another chart",
        "Door.table().start(GateFacts(id='g'))",
        "SnapshotError",
        "GateFacts",
        "DoorFacts",
    ),
    call(
        "start with an event's class",
        "Door.table().start(DoorFacts(), Pushed)",
        "UnknownEventError",
        "Pushed(",
    ),
    call(
        "start without required facts",
        "Gate.table().start()",
        "SnapshotError",
        "GateFacts(id=",
        names="gate",
    ),
    accepted("start without facts that have defaults", "Door.table().start().facts == DoorFacts()"),
    accepted("the chart of a table", "Door.table().chart is Door"),
    call(
        "the leaves of an unknown state",
        "list(Door.table().leaves('shutt'))",
        "UnknownStateError",
        "'shutt'",
        "did you mean 'shut'?",
    ),
    call(
        "the leaves of an unknown event",
        "list(Door.table().leaves(event='pusched'))",
        "UnknownEventError",
        "'pusched'",
        "did you mean 'pushed'?",
    ),
    call(
        "a live machine in an unknown state",
        "Door.live(Snapshot('shutt', DoorFacts()))",
        "UnknownStateError",
        "'shutt'",
        "did you mean 'shut'?",
        names="Door",
    ),
    call(
        "a live machine of a state", "Door.live('shut')", "SnapshotError", "Snapshot(", names="Door"
    ),
    call(
        "a live machine told a name",
        f"Door.live({_AT}).send('pushed')",
        "UnknownEventError",
        "Pushed(",
        names="Door",
    ),
)


def _returns(name: str, returned: str, error: str, *words: str) -> Slip:
    change = (("return Assign(pushes=facts.pushes + 1)", f"return {returned}"),)
    then = f"Door.table().decide({_AT}, Pushed())"
    return Slip(name, change, then, error, ("'count'", *words), names="door")


EFFECTS = (
    _returns("a bool from an effect", "True", "EffectResultError", "True", "Assign"),
    _returns(
        "a dict from an effect", "{'pushes': 1}", "EffectResultError", "dict", "Assign(pushes="
    ),
    _returns("facts from an effect", "facts", "EffectResultError", "DoorFacts", "Assign("),
    _returns("a command's class", "Ring", "EffectResultError", "Ring", "Ring("),
    _returns("the class Assign", "Assign", "EffectResultError", "Assign("),
    _returns("an event from an effect", "trigger", "EffectResultError", "Pushed", "Send("),
    _returns("a list in a list", "[[Ring(times=1)]]", "EffectResultError", "list", "one list"),
    _returns("the name of a command", "'ring'", "EffectResultError", "'ring'", "Assign"),
    _returns(
        "an assign to a misspelled field",
        "Assign(pusches=1)",
        "UnknownFieldError",
        "'pusches'",
        "did you mean 'pushes'?",
    ),
    _returns(
        "two assigns to one field",
        "[Assign(pushes=1), Assign(pushes=2)]",
        "ConflictingAssignsError",
        "'pushes'",
        "one of them",
    ),
    Slip(
        "an effect that changes facts",
        (
            ("    has_key: bool = False\n", "    has_key: bool = False\n    log: list[int] = []\n"),
            ("return Assign(pushes=facts.pushes + 1)", "facts.log.append(1)"),
        ),
        f"Door.table().decide({_AT}, Pushed())",
        "MutationError",
        ("list", "Assign"),
        names="door",
    ),
    Slip(
        "an effect that sets a field",
        (("return Assign(pushes=facts.pushes + 1)", "facts.pushes = 1"),),
        f"Door.table().decide({_AT}, Pushed())",
        "FrozenRecordError",
        ("pushes", "Assign"),
        names="DoorFacts",
    ),
    Slip(
        "an effect that keeps something in the chart",
        (("return Assign(pushes=facts.pushes + 1)", "self.pushes = 1"),),
        f"Door.table().decide({_AT}, Pushed())",
        "MachineApiError",
        ("self.pushes", "facts"),
    ),
)

_ROUTE = "lambda event, load: [Send(machine='door', key='a', event=event)]"


def _system(name: str, tables: str, route: str, error: str, *words: str) -> Slip:
    made = f"System({tables}, {route}).step(Pushed(), {{}}.get)"
    return call(name, made, error, *words, names="")


SYSTEMS = (
    accepted(
        "charts in a system",
        f"len(System({{'door': Door}}, {_ROUTE}).step(Pushed(), {{}}.get).deliveries) == 1",
    ),
    accepted(
        "charts in a list",
        f"set(System([Door, Gate.table()], {_ROUTE}).tables) == {{'door', 'gate'}}",
    ),
    _system(
        "two machines of one name", "[Door, Door]", _ROUTE, "ArgumentError", "'door'", "System()"
    ),
    _system(
        "names in a system", "['door']", _ROUTE, "ArgumentError", "'door'", "chart", "System()"
    ),
    _system(
        "no table in a system", "{'door': 'Door'}", _ROUTE, "ArgumentError", "'door'", "System()"
    ),
    _system("a route that is no function", "{'door': Door}", "'door'", "ArgumentError", "route"),
    _system(
        "a route to an unknown machine",
        "{'doors': Door}",
        _ROUTE,
        "UnknownMachineError",
        "'door'",
        "did you mean 'doors'?",
    ),
    _system(
        "a route that returns nothing",
        "{'door': Door}",
        "lambda e, l: None",
        "RouteError",
        "None",
        "list",
    ),
    _system(
        "a route that returns one event",
        "{'door': Door}",
        "lambda e, l: [e]",
        "RouteError",
        "Pushed",
        "Send(",
    ),
    accepted(
        "a route that returns one Send",
        "len(System({'door': Door}, lambda e, l: Send(machine='door', key='a', event=e))"
        ".step(Pushed(), {}.get).deliveries) == 1",
    ),
    call(
        "a step with a class",
        f"System({{'door': Door}}, {_ROUTE}).step(Pushed, {{}}.get)",
        "UnknownEventError",
        "Pushed(",
        names="step",
    ),
    call(
        "a load that is a dict",
        f"System({{'door': Door}}, {_ROUTE}).step(Pushed(), {{}})",
        "ArgumentError",
        "load",
        ".get",
        names="step",
    ),
    call(
        "a load that returns a state",
        f"System({{'door': Door}}, {_ROUTE}).step(Pushed(), lambda a: 'opened')",
        "SnapshotError",
        "'opened'",
        "Snapshot(",
    ),
    call(
        "an address that is a name",
        f"System({{'door': Door}}, {_ROUTE}).begin('door')",
        "ArgumentError",
        "Address(",
        names="'door'",
    ),
    Slip(
        "facts without a field for the key",
        (('    id: str = "front"\n', ""),),
        "System({'door': Door}, print).begin(Address('door', 'a'))",
        "FactsTypeError",
        ("DoorFacts", "id: str"),
    ),
)

DIAGRAMS = (
    accepted("mermaid of a chart", "mermaid(Door) == mermaid(Door.table())"),
    accepted("dot of a chart", "dot(Door) == dot(Door.table())"),
    accepted("markdown of a chart", "markdown(Door) == markdown(Door.table())"),
    call(
        "mermaid of a name",
        "mermaid('Door')",
        "ArgumentError",
        "'Door'",
        "chart",
        names="mermaid()",
    ),
    call("dot of facts", "dot(DoorFacts)", "ArgumentError", "DoorFacts", "chart", names="dot()"),
    call("markdown of nothing", "markdown(None)", "ArgumentError", "None", names="markdown()"),
    call("mermaid without a chart", "mermaid()", "ArgumentError", "table", names="mermaid()"),
    call(
        "a method instead of its result",
        "mermaid(Door.table)",
        "ArgumentError",
        "parentheses",
        names="mermaid()",
    ),
    call(
        "a diagram in a misspelled state",
        "mermaid(Door, 'shutt')",
        "UnknownStateError",
        "did you mean 'shut'?",
    ),
    call(
        "a diagram with a misspelled argument",
        "dot(Door, stat='shut')",
        "ArgumentError",
        "did you mean 'state'?",
        names="dot()",
    ),
)

FUZZ = (
    accepted("a fuzz test of a table", "machine_test(Door.table()).table is Door.table()"),
    accepted(
        "an invariant by itself", "machine_test(Door, invariants=lambda d: None).safety != ()"
    ),
    accepted("a search of a chart", "find_counterexample(Door, max_examples=1) is None"),
    accepted("the coverage of a chart", "LeafCoverage(Door).report().percent == 0"),
    accepted("the events of a table", "events(Door.table()) is not None"),
    call(
        "a fuzz test of a name",
        "machine_test('Door')",
        "ArgumentError",
        "'Door'",
        names="machine_test()",
    ),
    call(
        "a fuzz test of an event",
        "machine_test(Pushed)",
        "ArgumentError",
        "Pushed",
        names="machine_test()",
    ),
    call(
        "invariants that are no functions",
        "machine_test(Door, invariants=['safe'])",
        "ArgumentError",
        "'safe'",
        names="machine_test()",
    ),
    call(
        "a fuzz test with wrong facts",
        "machine_test(Door, facts={'pushes': 1})",
        "ArgumentError",
        "DoorFacts(",
        names="machine_test()",
    ),
    call(
        "a fuzz test with a misspelled argument",
        "machine_test(Door, invariant=[])",
        "ArgumentError",
        "did you mean 'invariants'?",
        names="machine_test()",
    ),
    call("payloads of a chart", "payloads(Door)", "ArgumentError", "events(", names="payloads()"),
    call(
        "payloads of an instance",
        "payloads(Pushed())",
        "ArgumentError",
        "parentheses",
        names="payloads()",
    ),
    call("events of a name", "events('Door')", "ArgumentError", "'Door'", names="events()"),
    call(
        "a search of a name",
        "find_counterexample('Door')",
        "ArgumentError",
        "'Door'",
        names="find_counterexample()",
    ),
    call(
        "a system test of a chart",
        "system_test(Door, [Pushed])",
        "ArgumentError",
        "machine_test",
        names="system_test()",
    ),
    call(
        "a system test of instances",
        f"system_test(System({{'door': Door}}, {_ROUTE}), [Pushed()])",
        "ArgumentError",
        "parentheses",
        names="system_test()",
    ),
    call(
        "the coverage of a name",
        "LeafCoverage('Door')",
        "ArgumentError",
        "'Door'",
        names="LeafCoverage()",
    ),
)

CALLS: tuple[Slip, ...] = (*DECISIONS, *EFFECTS, *SYSTEMS, *DIAGRAMS, *FUZZ)
