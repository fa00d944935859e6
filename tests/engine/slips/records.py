"""Slips in the classes of events, commands and facts, and in their instances."""

from .door import Slip, accepted

_FORCE = "    force: int = 1\n"


def _record(name: str, old: str, new: str, *words: str) -> Slip:
    """A class that is refused when it is made."""
    return Slip(name, ((old, new),), error="RecordError", words=words, names="Pushed")


RECORDS = (
    _record("a missing annotation", _FORCE, "    force = 1\n", "force", "annotation", ": "),
    _record(
        "two missing annotations",
        _FORCE,
        "    force = 1\n    weight = 2\n",
        "force",
        "weight",
        "annotation",
    ),
    _record(
        "a class that pydantic cannot check",
        "class Pushed(Event):\n" + _FORCE,
        "class Hand:\n    pass\n\n\nclass Pushed(Event):\n    hand: Hand\n    force: int = 1\n",
        "hand",
        "Hand",
        "frozen",
    ),
    _record(
        "an open file",
        _FORCE,
        "    file: TextIOWrapper\n    force: int = 1\n",
        "file",
        "TextIOWrapper",
    ),
    _record("a lock", _FORCE, "    lock: type(Lock())\n    force: int = 1\n", "lock", "JSON"),
    _record("a field named name", _FORCE, _FORCE + "    name: str = ''\n", "name", "rename"),
    _record("a field with an underscore", _FORCE, _FORCE + "    _at: int = 0\n", "_at", "field"),
    _record(
        "a field named like a part of a model",
        _FORCE,
        _FORCE + "    model_fields: int = 0\n",
        "model_fields",
        "rename",
    ),
    _record(
        "a field that shadows a method of a model",
        _FORCE,
        _FORCE + "    copy: int = 0\n",
        "copy",
        "rename",
    ),
    _record(
        "an event that is not frozen",
        "class Pushed(Event):\n",
        "class Pushed(Event, frozen=False):\n",
        "frozen=False",
    ),
    _record(
        "a computed field",
        _FORCE,
        _FORCE + "    @computed_field\n    @property\n    def double(self) -> int:\n"
        "        return 2\n",
        "double",
        "plain property",
    ),
    _record("an unknown type", _FORCE, "    force: 'Forse' = 1\n", "Forse", "import"),
    Slip(
        "a command with a field named id",
        (("    times: int\n", "    times: int\n    id: str = ''\n"),),
        error="RecordError",
        words=("id", "rename"),
        names="Ring",
    ),
    Slip(
        "facts with a field named after",
        (("    pushes: int = 0\n", "    pushes: int = 0\n    after: int = 0\n"),),
        error="RecordError",
        words=("after", "rename"),
        names="DoorFacts",
    ),
)


def _value(name: str, then: str, *words: str) -> Slip:
    """An instance that is refused."""
    return Slip(name, then=then, error="FieldValueError", words=words, names="Pushed")


VALUES = (
    _value("a wrong value", "Pushed(force='strong')", "force", "int", "str"),
    _value("two wrong values", "Pushed(force='strong', frce=2)", "force", "frce"),
    _value("a misspelled field", "Pushed(frce=2)", "frce", "did you mean 'force'?"),
    _value("a field by position", "Pushed(3)", "force="),
    Slip(
        "a change of an event",
        then="setattr(Pushed(), 'force', 2)",
        error="FrozenRecordError",
        words=("force", "Assign"),
        names="Pushed",
    ),
    Slip(
        "a missing field",
        then="Ring()",
        error="FieldValueError",
        words=("times", "times="),
        names="Ring",
    ),
    Slip(
        "a change of facts",
        then="setattr(DoorFacts(), 'pushes', 2)",
        error="FrozenRecordError",
        words=("pushes", "Assign"),
        names="DoorFacts",
    ),
    Slip(
        "an assign by position",
        then="Assign({'pushes': 1})",
        error="ArgumentError",
        words=("Assign(field=", "dict"),
        names="Assign",
    ),
    Slip(
        "a reason that is no sentence",
        then="Reason.of(3)",
        error="ArgumentError",
        words=("3", "sentence"),
        names="because=",
    ),
    accepted("an event of text as JSON has it", "Pushed(force='2').force == 2"),
)

RECORD_SLIPS: tuple[Slip, ...] = (*RECORDS, *VALUES)
