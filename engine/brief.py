"""Records and errors as one line, for the history of a counterexample."""

from pydantic import BaseModel


def brief(value: object) -> str:
    """Like ``repr``, but models show only the fields that were set and are not hidden."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        shown = [name for name in fields if name in value.model_fields_set and fields[name].repr]
        given = ", ".join(f"{name}={brief(getattr(value, name))}" for name in shown)
        return f"{type(value).__name__}({given})"
    if type(value) is tuple:
        inner = ", ".join(map(brief, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def failure(error: Exception) -> str:
    """An error as one line: its class and its message, and the guard or effect that raised it."""
    notes = [f"; {note}" for note in getattr(error, "__notes__", ()) if " raised " in note]
    return "".join([f"{type(error).__name__}: {error}", *notes])
