"""Suggestions: the name that was probably meant, for messages about an unknown one."""

from collections.abc import Iterable, Mapping


def did_you_mean(name: object, known: Iterable[str], synonyms: Mapping[str, str] = {}) -> str:
    """``did you mean 'event'?``, or an empty text when no known name is near.

    Args:
        name: What was given.
        known: The names that would be right.
        synonyms: Right names by what other libraries call them.
    """
    if not isinstance(name, str):
        return ""
    from difflib import get_close_matches  # a millisecond, which only an error needs

    by_lower = {each.lower(): each for each in known}
    near = (by_lower[each] for each in get_close_matches(name.lower(), by_lower))
    meant = synonyms.get(name) or next(near, None)
    return f"did you mean {meant!r}?" if meant and meant != name else ""


def unknown(name: str, known: Iterable[str], otherwise: str) -> str:
    """What to do about an unknown name: the one that was meant, or something else."""
    return did_you_mean(name, known) or otherwise
