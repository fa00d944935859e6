"""One setting, declared as data: parsing, its page and the doctor follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from .forms import Form, WrongValueError, parse

T = TypeVar("T")


class SettingsError(ValueError):
    """A setting is missing or invalid. The text names it, and says what it has to be."""


@dataclass(frozen=True, slots=True)
class WrongSetting:
    """What is wrong with a setting. No text of it quotes the value."""

    name: str
    """The variable."""
    detail: str
    """What is wrong: ``is invalid``, ``is not set``."""
    cure: str
    """The rule, or what to do."""

    def __str__(self) -> str:
        return f"{self.name} {self.detail}: {self.cure}"


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A variable of the environment."""

    name: str
    form: Form[T]
    """What its value has to be."""
    default: T
    """Its value where the variable is not set, or empty."""
    sentence: str
    """What it is for, on the page of settings."""
    is_secret: bool = False
    """Whether the value is never shown, nor any part of it."""
    default_text: str = ""
    """The default on the page of settings, where it is not the value itself."""

    def text(self, environment: Mapping[str, str]) -> str:
        """The text of the variable; empty where it is not set."""
        return environment.get(self.name, "").strip()

    def read(self, environment: Mapping[str, str], wrong: dict[str, WrongSetting]) -> T:
        """The value.

        Args:
            environment: such as ``os.environ``.
            wrong: gets an entry if the value is invalid. The default then stands in for it.
        """
        text = self.text(environment)
        if not text:
            return self.default
        try:
            return parse(self.form, text)
        except WrongValueError as error:
            found = str(error)
        cure = f"it must be {self.form.rule}" + (f"; it {found}" if found else "")
        wrong[self.name] = WrongSetting(self.name, "is invalid", cure)
        return self.default

    @property
    def shown_default(self) -> str:
        """The default, for the page of settings."""
        return self.default_text or ("" if self.default is None else self.form.show(self.default))
