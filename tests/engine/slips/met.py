"""Slips that a fresh author of charts met: names, missing pieces, and calls."""

from .door import Slip, call, change

_SHUT = "    shut = State()\n"
_HEAVY = 'ignored(shut, Pushed, because="It is too heavy.")'
_SHUT_DOOR = 'ignored(shut, Locked, because="It is shut.")'
_ALPHABET = "    alphabet = (Pushed, Locked)\n"
_COUNT = "        return Assign(pushes=facts.pushes + 1)"
_AT = "Door.table().start(DoorFacts()).snapshot"
_CHECKED = f"Door.table().checked.decide({_AT}, Pushed())"


def _compound(name: str, base: str, inner: str) -> tuple[tuple[str, str], ...]:
    body = f"    class {name}{base}:\n        {inner} = State(initial=True)\n"
    return (
        (
            _SHUT,
            _SHUT + body + f"        other = State()\n        {inner}.to(other, event='locked')\n",
        ),
    )


NAMES = (
    *(
        change(
            f"a state named {name}",
            _SHUT,
            f"{_SHUT}    {name} = State()\n    {name}.to(shut, event='locked')\n",
            "ReservedNameError",
            f"state {name!r}",
            "rename the state",
        )
        for name in ("parent", "states", "name", "model")
    ),
    *(
        Slip(
            f"a state named {name} in a compound state",
            _compound("way", "(State.Compound)", name),
            error="ReservedNameError",
            words=(f"state {name!r}", "rename the state"),
        )
        for name in ("id", "final", "initial", "parent", "states")
    ),
    *(
        Slip(
            f"a compound state as a class{base}",
            _compound("way", base, "first"),
            error="StateArgumentError",
            words=("state 'way'", "class way(State.Compound)"),
        )
        for base in ("", "(State)")
    ),
    change(
        "two initial states in a compound state",
        _SHUT,
        _SHUT + "    class way(State.Compound):\n        first = State(initial=True)\n"
        "        second = State(initial=True)\n        first.to(second, event='locked')\n",
        "InitialStateError",
        "'first'",
        "'second'",
        "drop initial=True",
    ),
)

PIECES = (
    change(
        "a chart without an alphabet",
        _ALPHABET,
        "",
        "AlphabetError",
        "it declares no alphabet",
        "add alphabet = (Pushed, Locked)",
    ),
    change(
        "a reason that is not given by name",
        _HEAVY,
        'ignored(shut, Pushed, "It is too heavy.")',
        "ArgumentError",
        "ignored()",
        "because=",
    ),
    change(
        "a missing comma between declarations",
        _HEAVY + ",",
        _HEAVY + "\n        (shut),",
        "ArgumentError",
        "a comma is missing after ignored(...)",
    ),
    change(
        "stays in decided",
        _HEAVY + ",",
        _HEAVY + ', stays(opened, event="locked"),',
        "DeclarationError",
        "stays(...) stands in the class body",
    ),
    change(
        "a pair that is ignored twice",
        _SHUT_DOOR,
        f'{_SHUT_DOOR}, ignored(shut, Locked, because="Once more.")',
        "DeadDeclarationError",
        "Once more.",
        "It is shut.",
    ),
    change(
        "an anomaly that is a text",
        _SHUT_DOOR,
        'ignored(shut, Locked, because="It is shut.", anomaly="yes")',
        "ArgumentError",
        "anomaly=",
        "True or False",
    ),
    change(
        "an effect named twice",
        'on="count"',
        'on=["count", "count"]',
        "StateArgumentError",
        "'count' twice",
        "name it once",
    ),
    change(
        "a state that nothing leads to, with nothing decided in it",
        _SHUT,
        _SHUT + "    lost = State()\n",
        "UnreachableStateError",
        "'lost'",
        "add a transition",
    ),
    change(
        "a transition without any event",
        'opened.to(shut, event="pushed", on="count")',
        'opened.to(shut, on="count")',
        "EventlessTransitionError",
        "opened → shut",
        "event=",
    ),
    change(
        "an effect that is annotated to return a dict",
        "def count(self, facts, trigger):",
        "def count(self, facts, trigger) -> dict:",
        "CallbackAnnotationError",
        "'count'",
        "dict",
    ),
)

RUNS = (
    Slip(
        "an unknown field in debug mode",
        ((_COUNT, "        return Assign(pushs=facts.pushes + 1)"),),
        then=_CHECKED,
        error="UnknownFieldError",
        words=("'count'", "did you mean 'pushes'?", "its fields are"),
        names="door",
    ),
    Slip(
        "facts that an effect sets, in debug mode",
        ((_COUNT, "        facts.pushes = 3"),),
        then=_CHECKED,
        error="ImpureCallbackError",
        words=("the effect 'count'", "Assign"),
        names="door",
    ),
    Slip(
        "an effect that raises",
        ((_COUNT, "        return Ring(times='no')"),),
        then=f"Door.table().decide({_AT}, Pushed())",
        error="FieldValueError",
        words=("the effect 'count' raised FieldValueError", "line "),
        names="door",
    ),
    call(
        "the class of an event in a Send",
        "Send(machine='door', key='front', event=Pushed)",
        "FieldValueError",
        "the class Pushed",
        "give an instance: Pushed(...)",
        names="Send",
    ),
    call(
        "a number below its bound",
        "type('Paid', (Event,), {'__annotations__': {'sum': int}, 'sum': Field(ge=0)})(sum=-1)",
        "FieldValueError",
        "the field sum does not take the value it got; it should be greater than or equal to 0",
        names="Paid",
    ),
    call(
        "values that are no strategy",
        "machine_test(Door, values={int: [1, 2]})",
        "ArgumentError",
        "values[int]",
        "give a Hypothesis strategy",
        names="machine_test()",
    ),
)

MET: tuple[Slip, ...] = (*NAMES, *PIECES, *RUNS)
