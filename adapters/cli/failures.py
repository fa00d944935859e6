"""What a command says about an error, in one line, without a secret.

An error that a user can put right is one line and exit code 2. Any other is a defect of relink: its
traceback is shown, without the secrets of the environment, and the exit code is 70.
"""

import os
import sys
import traceback

from relink.adapters.extras import MissingExtraError, extra_of, missing, missing_extra

EXTRA_OF = {
    "demo": "demo",
    "serve": "service",
    "simulate": "simulator",
    "work": "service,postgres",
}
"""Which extras a subcommand needs. Any other needs the extra of the library that is missing."""

WRONG_USAGE = 2
DEFECT = 70
INTERRUPTED = 130
TERMINATED = 143
"""Exit codes."""


class UsageError(Exception):
    """The command was used wrongly. The text says how to put it right."""


def explained(command: str, error: Exception) -> str | None:
    """The line about an error; None for a defect.

    Args:
        command: the name of the subcommand.
        error: what it raised.
    """
    if isinstance(error, ModuleNotFoundError):
        library = (error.name or "").partition(".")[0]
        extra = EXTRA_OF.get(command) or extra_of(library)
        lacking = missing_extra(f"relink {command}", extra) if extra else None
        return str(lacking) if lacking and library in missing(extra or "") else None
    if isinstance(error, MissingExtraError):
        extra = EXTRA_OF.get(command)
        lacking = missing_extra(f"relink {command}", extra) if extra else None
        return str(lacking or f"relink {command}: {error}")
    text = text_of(error)
    return None if text is None else f"relink {command}: {text}"


def text_of(error: Exception) -> str | None:
    """What an error says to whoever can put it right; None for a defect."""
    if isinstance(error, UsageError):
        return str(error)
    if isinstance(error, OSError):
        about = f": {error.filename}" if error.filename is not None else ""
        return f"{error.strerror or type(error).__name__}{about}"
    for module, name in (
        ("relink.adapters.settings", "SettingsError"),
        ("relink.adapters.gateway", "GatewayConfigurationError"),
        ("relink.adapters.store", "StoreError"),
        ("relink.adapters.png", "PngError"),
        ("relink.adapters.processes", "ProcessEndedError"),
        ("relink.engine.errors", "StoryError"),
    ):
        if isinstance(error, _loaded(module, name)):
            # An error of the database says what to do about it, apart from its text.
            return getattr(error, "advice", None) or str(error)
    return None


def _loaded(module: str, name: str) -> type[Exception] | tuple[()]:
    """A class of errors; nothing while its module is not loaded, and so has raised nothing."""
    found: type[Exception] | tuple[()] = getattr(sys.modules.get(module), name, ())
    return found


def show_defect(command: str, error: Exception) -> None:
    """Print the traceback of a defect, without the secrets of the environment."""
    text = "".join(traceback.format_exception(error))
    try:
        from relink.adapters.settings import hide_secrets

        text = hide_secrets(os.environ)(text)
    except ImportError:
        # Without the extra of the settings, nothing can have read a secret.
        pass
    print(f"{text}relink {command}: this is a defect of relink. Please report it.", file=sys.stderr)
