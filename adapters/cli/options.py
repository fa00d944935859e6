"""Options that go together: an option that is given has an effect, or is refused.

An option that changes nothing misleads more than one that does not exist: who gives it believes
that it counts. So a command says, beside its arguments, which of them do not go with all others.
What does not go together is refused before the command runs. There are three ways to say so:

- ``needs``: an option has an effect only beside another one, as ``--metrics-host`` beside
  ``--metrics-port``.
- ``alone``: beside an option only a few others have an effect, or none, as beside ``--list``. It
  names those few, so an option that the command gets later is refused there too.
- ``either``: two options exclude each other, as ``--only`` and ``--quick``.

What a command forgets to say does not stay silent either. :class:`Arguments` knows which arguments
were given, and which of them the command has read. What it never read is named when it ends.
"""

import argparse
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from .failures import UsageError


class CommandParser(argparse.ArgumentParser):
    """The parser of one command, and which of its arguments go together.

    Arguments are named as in the help: ``--seed``, ``MACHINE``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # What an abbreviation means changes with each option that is added.
        super().__init__(*args, **{"allow_abbrev": False, **kwargs})
        self._rules: list[_Rule] = []

    def needs(self, option: str, other: str) -> None:
        """Declare that an option has an effect only beside another one."""
        self._rules.append(_Needs(option, other))

    def alone(self, option: str, besides: Collection[str] = ()) -> None:
        """Declare that beside an option only these others have an effect."""
        self._rules.append(_Alone(option, {*besides}))

    def either(self, option: str, *others: str) -> None:
        """Declare that an option and each of the others exclude each other."""
        self._rules.append(_Either(option, {*others}))

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """End the process for arguments that the command does not have."""
        # The engine takes a tenth of a second to import, which only an error needs.
        from relink.engine.suggest import did_you_mean

        known = [text for action in self._actions for text in action.option_strings]
        meant = did_you_mean(unknown[0].partition("=")[0], known)
        hint = f". {meant[:1].upper()}{meant[1:]}" if meant else ""
        self.error(f"it has no argument {', '.join(map(repr, unknown))}{hint}")

    def mark_defaults(self) -> None:
        """Make what is a default recognisable after parsing. The arguments are all declared.

        Raises:
            ValueError: a rule is about an argument that does not exist.
        """
        known = {_name(action) for action in self._arguments()}
        if unknown := {name for rule in self._rules for name in rule.named} - known:
            raise ValueError(f"{self.prog} has no {', '.join(sorted(unknown))}")
        for action in self._arguments():
            self.set_defaults(**{action.dest: _Default(action.default)})

    def checked(self, parsed: argparse.Namespace) -> "Arguments":
        """The arguments, if they go together.

        Args:
            parsed: what argparse made of them.

        Raises:
            UsageError: they do not.
        """
        values = vars(parsed)
        names = {action.dest: _name(action) for action in self._arguments()}
        given = {
            dest: name for dest, name in names.items() if not isinstance(values[dest], _Default)
        }
        for rule in self._rules:
            rule.check(set(given.values()))
        plain = {
            dest: value.value if isinstance(value, _Default) else value
            for dest, value in values.items()
        }
        return Arguments(plain, given)

    def _arguments(self) -> Iterator[argparse.Action]:
        # argparse has no public list of them. The one for --help has no value.
        return (each for each in self._actions if each.default is not argparse.SUPPRESS)


class Arguments(argparse.Namespace):
    """The values of a command's arguments.

    Args:
        values: all of them, defaults included.
        given: the names of those on the command line, as the help spells them.
    """

    def __init__(self, values: dict[str, Any], given: dict[str, str]) -> None:
        super().__init__()
        self._values = values
        self._unread = dict(given)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(f"the command has no argument {name!r}")
        self._unread.pop(name, None)
        return self._values[name]

    @property
    def unread(self) -> list[str]:
        """The names of the arguments that were given, and that nothing has read."""
        return sorted(self._unread.values())


@dataclass(frozen=True, slots=True)
class _Default:
    """The value of an argument that was not given."""

    value: Any

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class _Needs:
    option: str
    other: str

    @property
    def named(self) -> set[str]:
        return {self.option, self.other}

    def check(self, given: set[str]) -> None:
        if self.option in given and self.other not in given:
            raise UsageError(
                f"{self.option} has no effect without {self.other}. Give both, or neither."
            )


@dataclass(frozen=True, slots=True)
class _Alone:
    option: str
    besides: set[str]

    @property
    def named(self) -> set[str]:
        return {self.option, *self.besides}

    def check(self, given: set[str]) -> None:
        if self.option in given:
            _refuse(given - self.named, self.option)


@dataclass(frozen=True, slots=True)
class _Either:
    option: str
    others: set[str]

    @property
    def named(self) -> set[str]:
        return {self.option, *self.others}

    def check(self, given: set[str]) -> None:
        if self.option in given:
            _refuse(given & self.others, self.option)


_Rule = _Needs | _Alone | _Either


def _refuse(idle: set[str], option: str) -> None:
    if idle:
        raise UsageError(f"{min(idle)} has no effect beside {option}. Leave one of the two out.")


def _name(action: argparse.Action) -> str:
    """The name of an argument in the help."""
    if action.option_strings:
        return max(action.option_strings, key=len)
    return str(action.metavar or action.dest)
