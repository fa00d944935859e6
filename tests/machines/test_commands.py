"""Commands that nothing carries out are refused before they can be issued."""

import subprocess
import sys
from typing import get_args

import pytest

from relink.engine import Command
from relink.machines import commands
from relink.machines.commands import (
    BY_NAME,
    AnyStripeCommand,
    CallerCommand,
    Notification,
    Read,
    RetrieveAccount,
    StoredCommand,
    StripeCommand,
    Timer,
    concrete_commands,
    require_family,
    require_known,
)

FAMILIES = (Read, commands.Build, CallerCommand, Notification, Timer)


# ── Stripe commands are declared in one module ───────────────────────────────


@pytest.mark.parametrize("family", [StripeCommand, Read, CallerCommand, RetrieveAccount])
def test_a_stripe_command_declared_elsewhere_is_refused_at_its_declaration(
    family: type[StripeCommand],
) -> None:
    with pytest.raises(TypeError) as raised:

        class RefreshBalance(family):  # type: ignore[valid-type, misc]
            account: str

    message = str(raised.value)
    assert "RefreshBalance is a StripeCommand that no gateway knows" in message
    assert "Declare Stripe commands in relink.machines.commands" in message
    assert "derive from Notification" in message


def test_a_stripe_command_declared_elsewhere_does_not_replace_a_known_one() -> None:
    with pytest.raises(TypeError):
        type("RetrieveAccount", (Read,), {"__module__": __name__})
    assert BY_NAME["retrieve_account"] is RetrieveAccount


def test_a_notification_may_be_declared_by_the_embedding_service() -> None:
    class AskSupport(Notification):
        account: str

        @property
        def subject(self) -> str:
            return self.account

    require_family(AskSupport)
    assert AskSupport(account="fca_1").subject == "fca_1"


# ── the closed type of Stripe commands ───────────────────────────────────────


def test_the_closed_type_holds_exactly_the_stripe_commands_of_the_module() -> None:
    of_stripe = {kind for kind in BY_NAME.values() if issubclass(kind, StripeCommand)}
    assert set(get_args(AnyStripeCommand)) == of_stripe


def declared_in_the_module(source: str) -> dict[str, object]:
    """The module's namespace after more code has run in it."""
    namespace: dict[str, object] = dict(vars(commands))
    exec(source, namespace)
    return namespace


FORGOTTEN = '''
class RefreshBalance(Read):
    """Declared in the module, but missing in AnyStripeCommand."""

    account: str
    machine = "account"

    @property
    def subject(self):
        return self.account
'''


def test_a_stripe_command_missing_in_the_closed_type_is_refused() -> None:
    found = concrete_commands(declared_in_the_module(FORGOTTEN))
    assert "refresh_balance" in found
    with pytest.raises(TypeError, match=r"RefreshBalance .* Add it to AnyStripeCommand"):
        require_known(found.values())


IMPORTED = """
import importlib.util, sys
import relink.machines.commands as original
spec = importlib.util.spec_from_loader("relink.machines.commands", loader=None)
source = open(original.__file__).read()
marker = "AnyStripeCommand = ("
assert marker in source
changed = source.replace(marker, sys.argv[1] + marker)
module = importlib.util.module_from_spec(spec)
module.__package__ = "relink.machines"
sys.modules[spec.name] = module
exec(compile(changed, original.__file__, "exec"), vars(module))
"""


def import_with(source: str) -> subprocess.CompletedProcess[str]:
    """Import the module with more code in it, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", IMPORTED, source], capture_output=True, text=True, timeout=60
    )


def test_the_module_is_imported_as_it_is() -> None:
    done = import_with("")
    assert done.returncode == 0, done.stderr


def test_a_stripe_command_missing_in_the_closed_type_is_refused_at_import() -> None:
    done = import_with(FORGOTTEN + "\n")
    assert "TypeError: RefreshBalance is a StripeCommand that no gateway knows" in done.stderr


OF_NO_FAMILY = '''
class Shrug(Command):
    """Nothing carries it out."""

    account: str
'''


def test_a_command_of_no_family_is_refused_at_import() -> None:
    done = import_with(OF_NO_FAMILY + "\n")
    assert "TypeError: Shrug is of no command family" in done.stderr


# ── families ─────────────────────────────────────────────────────────────────


class Shrug(Command):
    account: str


class Both(Notification, Timer):
    @property
    def subject(self) -> str:
        return "fca_1"


def test_a_command_of_no_family_is_refused() -> None:
    with pytest.raises(TypeError, match="Shrug is of no command family") as raised:
        require_family(Shrug)
    for family in FAMILIES:
        assert family.__name__ in str(raised.value)
    with pytest.raises(TypeError, match="Shrug is of no command family"):
        concrete_commands({"Shrug": Shrug})


def test_a_command_of_two_families_is_refused() -> None:
    with pytest.raises(TypeError, match="Both is of Notification and Timer"):
        require_family(Both)
    with pytest.raises(TypeError, match="Both is of Notification and Timer"):
        concrete_commands({"Both": Both})


def test_every_command_is_of_one_family_and_says_what_it_is_about() -> None:
    for kind in BY_NAME.values():
        assert len([family for family in FAMILIES if issubclass(kind, family)]) == 1
        assert isinstance(kind.subject, property)


def test_the_outbox_holds_every_family_but_commands_for_callers() -> None:
    assert set(get_args(StoredCommand)) == set(FAMILIES) - {CallerCommand}


def test_abstract_families_are_not_commands() -> None:
    assert not {"read", "build", "notification", "timer"} & BY_NAME.keys()


ABOUT = {
    "retrieve_authorization": "authorization",
    "retrieve_session": "session",
    "retrieve_session_for_caller": "session",
    "retrieve_payment_method": "payment_method",
    "retrieve_external_account": "external_account",
    "notify_customer": "outage",
    "report_anomaly": "about",
    "wake": "key",
}
"""The field that holds the id of what a command is about, where that is not the account."""


@pytest.mark.parametrize("name", commands.BY_NAME)
def test_a_command_is_about_the_object_that_it_names(name: str) -> None:
    kind = commands.BY_NAME[name]
    made = kind.model_construct(**{field: field for field in kind.model_fields})
    assert made.subject == ABOUT.get(name, "account")
