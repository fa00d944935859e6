"""The settings of a service: declared once, parsed once, and handed on as one object.

Each setting is one declaration (:mod:`.declared`, :mod:`.waits`): its name, form, default and
sentence, and whether it is secret. From these follow parsing, the errors, ``docs/settings.md``,
``relink doctor``, and the texts that no log may show. Errors name the variable and the rule, and
never quote a value: any value can be a secret in the wrong place.
"""

from .declared import GATEWAY, SETTINGS
from .hidden import Hide, hide_secrets
from .setting import Setting, SettingsError, WrongSetting
from .settings import Settings
from .waits import Waits

__all__ = [
    "GATEWAY",
    "SETTINGS",
    "Hide",
    "Setting",
    "Settings",
    "SettingsError",
    "Waits",
    "WrongSetting",
    "hide_secrets",
]
