"""The domain: linked bank accounts that stop working, and what to do about it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .assessment import Assessment, NextAction, assess
    from .charts import CHARTS, relink_system
    from .policy import RelinkPolicy

__all__ = [
    "CHARTS",
    "Assessment",
    "NextAction",
    "RelinkPolicy",
    "assess",
    "relink_system",
]


def __getattr__(name: str) -> object:
    """Import what is asked for, so that one chart can be used without the others."""
    found: object
    match name:
        case "CHARTS" | "relink_system":
            from . import charts

            found = getattr(charts, name)
        case "Assessment" | "NextAction" | "assess":
            from . import assessment

            found = getattr(assessment, name)
        case "RelinkPolicy":
            from . import policy

            found = policy.RelinkPolicy
        case _:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
