"""Naming a machine on the command line: one of relink's own, or a chart of the user's."""

import argparse
import importlib
import importlib.util
import sys
import traceback
from pathlib import PurePath
from types import ModuleType
from typing import Any

from relink.engine import Chart, EngineError, Table
from relink.engine.suggest import did_you_mean
from relink.machines import CHARTS

from . import UsageError


def machine_names() -> list[str]:
    """The names of relink's own machines, as the command line spells them."""
    return list(map(_dashed, CHARTS))


def add_machine(parser: argparse.ArgumentParser, *, is_optional: bool = False) -> None:
    """Declare the argument that names a machine: ``account``, ``my.module:Chart``, …"""
    names = ", ".join(machine_names())
    parser.add_argument(
        "machine",
        nargs="?" if is_optional else None,
        help=f"{names}; or a chart of your own: my.module:Chart",
        metavar="MACHINE",
    )


def table_of(arguments: argparse.Namespace) -> Table:
    """The compiled chart of the machine that the arguments name.

    Raises:
        UsageError: there is no such machine, module or chart, or the chart does not compile.
    """
    return table_named(arguments.machine)


def table_named(given: str) -> Table:
    """The compiled chart of a machine, by its name.

    Raises:
        UsageError: there is no such machine, module or chart, or the chart does not compile.
    """
    if ":" in given:
        return _table_at(given)
    chart = CHARTS.get(given.replace("-", "_"))
    if chart is None:
        _refuse_module(given)
        names = [_dashed(name) for name in CHARTS]
        cure = f"{_sentence(did_you_mean(given, names))}Name one of {', '.join(names)}, or"
        raise UsageError(
            f"there is no machine {given!r}. {cure} a chart of your own as my.module:Chart."
        )
    return chart.table()


def _refuse_module(given: str) -> None:
    """Name the charts of a module that was given without one.

    Raises:
        UsageError: it is a module with charts.
    """
    if not all(map(str.isidentifier, given.split("."))):
        return
    sys.path.insert(0, "")
    try:
        is_there = importlib.util.find_spec(given) is not None
    except (ImportError, ValueError):
        return
    if is_there and (charts := _charts(_module(given))):
        named = ", ".join(f"{given}:{name}" for name in charts)
        raise UsageError(f"{given} is a module. Name one of its charts: {named}.")


def _charts(module: ModuleType) -> list[str]:
    return [key for key, value in vars(module).items() if _is_chart(value)]


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _sentence(meant: str) -> str:
    return f"{meant[:1].upper()}{meant[1:]} " if meant else ""


def _module_instead_of(path: str, chart: str) -> str:
    """What to give instead of a path."""
    file = PurePath(path)
    is_elsewhere = file.is_absolute() or ".." in file.parts
    parts = (file.stem,) if is_elsewhere else (*file.parts[:-1], file.stem)
    if not all(map(str.isidentifier, parts)):
        return f"Name it like my.module:{chart}."
    return f"Name it like {'.'.join(parts)}:{chart}{', in its folder' if is_elsewhere else ''}."


def object_at(given: str) -> Any:
    """What ``my.module:Name`` names.

    Raises:
        UsageError: there is no such module, or nothing of that name in it.
    """
    path, _, name = given.partition(":")
    if path.endswith(".py") or not all(map(str.isidentifier, path.split("."))):
        raise UsageError(
            f"{path!r} is no module's name. {_module_instead_of(path, name or 'Chart')}"
        )
    found: Any = _module(path)
    charts = _charts(found)
    for part in name.split("."):
        if not hasattr(found, part):
            cure = _sentence(did_you_mean(part, charts))
            cure += f"Its charts are {', '.join(charts)}." if charts else "It has no charts."
            raise UsageError(f"the module {path} has no {part!r}. {cure}")
        found = getattr(found, part)
    return found


def _table_at(given: str) -> Table:
    found = object_at(given)
    if isinstance(found, Table):
        return found
    if not _is_chart(found):
        path = given.partition(":")[0]
        charts = _charts(_module(path))
        has = f" The charts of {path} are {', '.join(charts)}." if charts else ""
        raise UsageError(
            f"{given} is not a chart. Name a class derived from relink.engine.Chart.{has}"
        )
    try:
        table: Table = found.table()
    except EngineError as error:
        raise UsageError(f"{given} does not compile. {error}") from error
    return table


def _is_chart(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Chart) and value is not Chart


def _module(path: str) -> ModuleType:
    # As for `python -m`: the folder in which the command runs.
    sys.path.insert(0, "")
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{path}.".startswith(f"{error.name}."):
            cure = "Run relink in the folder that it is imported from, or install it."
            raise UsageError(f"the module {path} is not found. {cure}") from error
        cure = "Install it where relink is installed."
        raise UsageError(f"the module {path} needs {error.name}. {cure}") from error
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}{_place(error)}"
        raise UsageError(f"the module {path} cannot be imported. {what}") from error


def _place(error: BaseException) -> str:
    """Where in the module an error was raised; a SyntaxError says it itself."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith("<frozen ")]
    if isinstance(error, SyntaxError) or len(own) < 2:
        return ""
    # The first is this module's import; of the chain of imports, the last module counts.
    modules = [frame for frame in own[1:] if frame.name == "<module>"]
    return f" ({modules[-1].filename}, line {modules[-1].lineno})" if modules else ""
