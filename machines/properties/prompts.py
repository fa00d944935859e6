"""The P rules: whom relink prompts, when, and how often."""

from collections import Counter
from collections.abc import Iterator

from ..account import AccountFacts
from ..commands import NotifyCustomer, RequestNewPaymentMethod
from ..events import DomainEvent
from ..outage import OutageFacts
from .property import always
from .step_view import StepView


@always
def prompt_names_accounts_that_a_relink_repairs(view: StepView) -> Iterator[str]:
    """P2: A message names only known accounts that are active or that a relink may repair."""
    for command in view.commands(NotifyCustomer):
        for key in command.accounts:
            account = view.after(AccountFacts, key)
            status = account.facts.reported_status if account else None
            if status not in ("active", "relinkable", "inactive"):
                yield f"a message names {key}, and the latest report of it is {status}"


@always
def prompt_names_accounts_that_need_a_relink(view: StepView) -> Iterator[str]:
    """P2, S5, S6: A message names only accounts that need a relink: none repaired or replaced."""
    for command in view.commands(NotifyCustomer):
        for key in command.accounts:
            account = view.after(AccountFacts, key)
            if account is None:
                continue
            is_settled = account.state in ("relinked", "new_account_linked")
            if is_settled or not account.facts.needs:
                needs = account.facts.needs
                yield f"a message names {key}, which is {account.state} and needs {needs}"


@always
def prompt_names_no_account_whose_attempts_are_used_up(view: StepView) -> Iterator[str]:
    """R4: After the policy's last attempt, no message names the account."""
    for command in view.commands(NotifyCustomer):
        for key in command.accounts:
            account = view.after(AccountFacts, key)
            if account and account.facts.given_up:
                yield f"a message names {key}, whose attempts are used up"


@always
def step_prompts_an_outage_once(view: StepView) -> Iterator[str]:
    """P1: One report leads to at most one first prompt for an authorization."""
    prompts = Counter(c.outage for c in view.commands(NotifyCustomer) if c.reminder == 0)
    for outage, count in prompts.items():
        if count > 1:
            yield f"{count} first prompts for {outage} at once"


@always
def message_belongs_to_a_running_outage(view: StepView) -> Iterator[str]:
    """P1: A message is for an outage that is not over."""
    for command in view.commands(NotifyCustomer):
        now = view.after(OutageFacts, command.outage)
        if now is None or now.state == "none" or now.facts.count != command.outage_number:
            yield f"a message for outage {command.outage_number} of {command.outage}, which is over"


@always
def account_is_named_in_one_prompt(view: StepView) -> Iterator[str]:
    """P1: A prompt names somebody who was not named in this outage of the account."""
    for command in view.commands(NotifyCustomer):
        was = view.before(OutageFacts, command.outage)
        if command.reminder or was is None:
            continue
        for key in command.accounts:
            known, account = was.facts.needing.get(key), view.after(AccountFacts, key)
            is_same = known and account and account.facts.outages == known.number
            if is_same and known and known.prompted_at is not None:
                yield f"a prompt names {key} again"
            if account and account.facts.outage and account.facts.outage.mailed_at is not None:
                yield f"a prompt names {key}, which Stripe's own mail named"


@always
def prompts_keep_their_distance(view: StepView) -> Iterator[str]:
    """P1: Between two prompts for one authorization the policy's gap passes, or a day comes."""
    trigger = view.step.trigger
    for command in view.commands(NotifyCustomer):
        was = view.before(OutageFacts, command.outage)
        last = was.facts.last_prompt_at if was else None
        if command.reminder or last is None or not isinstance(trigger, DomainEvent):
            continue
        days = [
            need.relink_by
            for key in command.accounts
            if (now := view.after(OutageFacts, command.outage)) is not None
            and (need := now.facts.needing.get(key)) is not None
        ]
        has_day = any(day is not None and day <= trigger.at for day in days)
        if trigger.at < last + trigger.policy.prompt_gap and not has_day:
            yield f"{command.outage} is prompted {trigger.at - last} s after the prompt before"


@always
def nobody_is_prompted_while_a_read_is_due(view: StepView) -> Iterator[str]:
    """K9: No message names an account of which a read has been due for less than ten minutes."""
    trigger = view.step.trigger
    for command in view.commands(NotifyCustomer):
        for key in command.accounts:
            account = view.after(AccountFacts, key)
            since = account.facts.read_due_since if account else None
            if since is not None and isinstance(trigger, DomainEvent) and trigger.at < since + 600:
                yield f"a message names {key}, and a read of it is due"


@always
def nobody_is_asked_while_a_read_is_due(view: StepView) -> Iterator[str]:
    """K9, C4: Another way to pay is not asked for while a read of the account is due."""
    trigger = view.step.trigger
    for command in view.commands(RequestNewPaymentMethod):
        account = view.after(AccountFacts, command.account)
        if account is None or account.state == "disconnected":
            # It is gone for good, whatever a read would say.
            continue
        since = account.facts.read_due_since
        if since is not None and isinstance(trigger, DomainEvent) and trigger.at < since + 600:
            yield f"another way to pay than {command.account} is asked for, and a read is due"


@always
def nobody_is_prompted_too_early(view: StepView) -> Iterator[str]:
    """P3: A message about what still works is sent within the policy's lead, and not before."""
    trigger = view.step.trigger
    for command in view.commands(NotifyCustomer):
        day = command.relink_by
        if day is None or not isinstance(trigger, DomainEvent):
            continue
        if trigger.at + trigger.policy.announcement_lead < day:
            yield f"a message for {command.outage} at {trigger.at}, which works until {day}"
