"""Slips in what a chart declares that have one meaning, and so are understood."""

from .door import Slip, understood

_FIRST = 'opened.to(shut, event="pushed", on="count")'
_BACK = 'shut.to(opened, event="pushed", cond="is_strong")'
_STAYS = 'stays(opened, event="locked", on="ring")'
_ALPHABET = "alphabet = (Pushed, Locked)"

UNDERSTOOD = (
    understood("event given as its class", _FIRST, 'opened.to(shut, event=Pushed, on="count")'),
    understood("event in a list", _FIRST, 'opened.to(shut, event=["pushed"], on="count")'),
    understood("classes in a tuple", _FIRST, 'opened.to(shut, event=(Pushed,), on="count")'),
    understood("effects in a tuple", _FIRST, 'opened.to(shut, event="pushed", on=("count",))'),
    understood("stays with a class", _STAYS, 'stays(opened, event=Locked, on="ring")'),
    understood("stays with classes", _STAYS, 'stays(opened, event=[Locked], on="ring")'),
    understood("stays with a list of states", _STAYS, 'stays([opened], event=Locked, on="ring")'),
    understood("from_ instead of to", _FIRST, 'shut.from_(opened, event=Pushed, on="count")'),
    understood("alphabet as a list", _ALPHABET, "alphabet = [Pushed, Locked]"),
    understood("alphabet as a generator", _ALPHABET, "alphabet = (e for e in (Pushed, Locked))"),
    understood(
        "declarations in a list",
        'decided = (\n        ignored(shut, Pushed, because="It is too heavy."),\n'
        '        ignored(shut, Locked, because="It is shut."),\n    )',
        'decided = [\n        ignored([shut], (Pushed,), because="It is too heavy."),\n'
        '        ignored(shut, [Locked], because="It is shut."),\n    ]',
    ),
    understood(
        "an event of a declaration by its name",
        'ignored(shut, Locked, because="It is shut.")',
        'ignored(shut, "locked", because="It is shut.")',
    ),
    understood("a spare library alias", "    shut = State()\n", "    shut = State('Shut')\n"),
    Slip(
        "one class as alphabet, and one declaration",
        (
            (_ALPHABET, "alphabet = (Pushed)"),
            ('    stays(opened, event="locked", on="ring")\n', ""),
            (
                'decided = (\n        ignored(shut, Pushed, because="It is too heavy."),\n'
                '        ignored(shut, Locked, because="It is shut."),\n    )',
                'decided = ignored(shut, Pushed, because="It is too heavy.")',
            ),
            ("    def ring(self, facts, trigger):\n        return Ring(times=facts.pushes)\n", ""),
        ),
    ),
    Slip(
        "one absorbing state",
        (
            (_BACK, "absorbing = shut"),
            ("    def is_strong(self, facts, trigger):\n        return trigger.force > 3\n", ""),
        ),
    ),
)
