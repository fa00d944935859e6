"""Meanings: what a guard, an effect or an event is, in the words of its docstring.

They stand where they are declared, so an explanation and the code cannot drift apart.
"""

import inspect
import re

_ADDRESSEE = re.compile(r"^To [a-z, ]+: ")
_RULES = re.compile(r" \([A-Z]\d+(?:(?:,| to| and) [A-Z]\d+)*\)")
"""What only readers of the code need: ``To the account: …`` and ``… (K7, R10)``."""


def meaning_of(what: object) -> str:
    """The first paragraph of a docstring as a sentence, without addressee and rule numbers.

    Args:
        what: a guard, effect or event; or a name that nothing declares any more.
    """
    if isinstance(what, str):
        return f"{what.replace('_', ' ').capitalize()}."
    doc = inspect.getdoc(what) or str(getattr(what, "__name__", "")).replace("_", " ")
    text = _RULES.sub("", _ADDRESSEE.sub("", " ".join(doc.split("\n\n")[0].split())))
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
