"""The N rules: what relink builds on a new account."""

from collections import Counter
from collections.abc import Iterator

from ..account import AccountFacts
from ..build import BuildFacts
from ..commands import (
    AttachExternalAccount,
    CollectMandate,
    CreatePaymentMethod,
    PaymentMethodBuilt,
)
from .property import always
from .step_view import StepView


@always
def built_only_on_an_active_bank_account(view: StepView) -> Iterator[str]:
    """N1: A build is only on an account that is active, and checking or savings."""
    for command in view.builds():
        facts = _account(view, command.account)
        if facts.reported_status != "active" or facts.subcategory not in ("checking", "savings"):
            yield (
                f"{command.name} on {command.account}, which is {facts.reported_status} and "
                f"{facts.subcategory}"
            )


@always
def built_only_with_permission(view: StepView) -> Iterator[str]:
    """N1: A build is only on an account with the permission ``payment_method``."""
    for command in view.builds():
        permissions = _account(view, command.account).permissions
        if "payment_method" not in (permissions or ()):
            yield f"{command.name} on {command.account}, which permits {permissions}"


@always
def payment_method_only_where_it_is_supported(view: StepView) -> Iterator[str]:
    """N1: A payment method is only made from an account that supports ``us_bank_account``."""
    for command in view.commands(CreatePaymentMethod):
        types = _account(view, command.account).payment_method_types
        if "us_bank_account" not in (types or ()):
            yield f"{command.name} on {command.account}, which supports {types}"


@always
def built_for_the_accounts_holder(view: StepView) -> Iterator[str]:
    """N1, N2: A build is for the holder of the account."""
    for command in view.builds():
        holder = _account(view, command.account).holder
        if holder != command.holder:
            yield f"{command.name} for {command.holder} on {command.account} of {holder}"


@always
def connected_account_gets_an_external_account(view: StepView) -> Iterator[str]:
    """N2: A connected account gets an external account, and a customer a payment method."""
    for command in view.builds():
        is_external = isinstance(command, AttachExternalAccount)
        if is_external != (command.holder.field == "account"):
            yield f"{command.name} for {command.holder}"


@always
def built_once(view: StepView) -> Iterator[str]:
    """K7: At most one thing is built on an account, however often its result is read."""
    builds = Counter(command.account for command in view.builds())
    for account, count in builds.items():
        if count > 1:
            yield f"{count} things are built on {account} at once"
        was = view.before(BuildFacts, account)
        if was and (was.state not in ("none", "name_needed") or was.facts.made):
            yield f"something is built on {account}, where one is {was.state} ({was.facts.made})"


@always
def what_was_built_is_told(view: StepView) -> Iterator[str]:
    """N3: The service is told what relink built, in the step in which it was built."""
    told = {
        (command.account, command.payment_method) for command in view.commands(PaymentMethodBuilt)
    }
    made = {
        (key, now.facts.made)
        for key, now in view.touched(BuildFacts)
        if now.state == "built" and not _was_built(view, key)
    }
    if told != made:
        yield f"built: {sorted(map(str, made))}, and the service is told {sorted(told)}"


@always
def mandate_only_where_it_is_missing(view: StepView) -> Iterator[str]:
    """N3, P4, S6: A mandate is asked for where one is missing, and a debit would be next."""
    for command in view.commands(CollectMandate):
        facts = _account(view, command.account)
        method = facts.payment_methods.get(command.payment_method)
        pays_again = method is not None and method.lost_number and facts.number != "lapsed"
        if method is None or not (method.state == "mandate_needed" or pays_again):
            yield f"a mandate for {command.payment_method}, which is {method and method.state}"
        if facts.retired or facts.reported_status != "active":
            yield (
                f"a mandate for {command.account}, which is {facts.reported_status}, "
                f"retired: {facts.retired}"
            )


def _account(view: StepView, account: str) -> AccountFacts:
    """What is known about it after the step; nothing, where it does not exist."""
    found = view.after(AccountFacts, account)
    return found.facts if found else AccountFacts(id=account)


def _was_built(view: StepView, account: str) -> bool:
    before = view.before(BuildFacts, account)
    return before is not None and before.state == "built"
