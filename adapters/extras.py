"""Which libraries an extra installs, and an error that names all that are missing.

The lists are those of the distribution's own metadata, so there is no second one to keep up.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from importlib.util import find_spec

DISTRIBUTION = "relink-engine"

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[([^]]*)\])?[^;]*(?:;(.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")


class MissingExtraError(ImportError):
    """Libraries that relink needs for this are not installed. The text names all of them."""


def libraries(extras: str) -> tuple[str, ...]:
    """The libraries of extras, and of those that they include, by their import names.

    Args:
        extras: such as ``store``, or ``service,postgres``.
    """
    return tuple(dict.fromkeys(name for each in extras.split(",") for name in _libraries(each)))


def missing(extras: str) -> list[str]:
    """The libraries of extras that cannot be imported, in the order of their declaration."""
    return [name for name in libraries(extras) if not _is_found(name)]


def missing_extra(what: str, extras: str) -> MissingExtraError | None:
    """The error for something that needs extras; None if all of them are complete.

    Args:
        what: what needs it, as the beginning of the sentence.
        extras: such as ``store``, or ``service,postgres``.
    """
    names = missing(extras)
    if not names:
        return None
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    are = "is" if len(names) == 1 else "are"
    return MissingExtraError(
        f"{what} needs {listed}, which {are} not installed. "
        f"Run: pip install '{DISTRIBUTION}[{extras}]'"
    )


def extra_of(library: str) -> str | None:
    """The smallest extra that installs a library; None if no extra does.

    Args:
        library: the name that it is imported by.
    """
    extras = metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or []
    found = [extra for extra in extras if library in libraries(extra)]
    return min(found, key=lambda extra: len(libraries(extra)), default=None)


@contextmanager
def needed_for(what: str, extras: str) -> Iterator[None]:
    """Import what extras install.

    Raises:
        MissingExtraError: an import failed because they are not installed, or not completely.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing_extra(what, extras) or error from error


@cache
def _libraries(extra: str) -> tuple[str, ...]:
    found: list[str] = []
    for requirement in metadata.requires(DISTRIBUTION) or ():
        match = _REQUIREMENT.match(requirement)
        marker = match and _EXTRA.search(match[3] or "")
        if not match or not marker or marker[1] != extra:
            continue
        if match[1].lower() == DISTRIBUTION:
            found += [name for each in (match[2] or "").split(",") for name in _libraries(each)]
        else:
            found.append(match[1].lower().replace("-", "_"))
    return tuple(found)


def _is_found(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
