"""What is said to customers and services, judged by what is true at that moment.

Most of what relink says can only be judged once it can know the truth: while webhooks are late or
lost it acts on what it has. :func:`can_know` says when nothing is in the way.
"""

from relink.machines.commands import (
    NotifyCustomer,
    PaymentMethodGone,
    RequestNewPaymentMethod,
)

from .around import Around, Copy, ReadDue, Webhook, get, put
from .truth import OTHER_ACCOUNT, Link

PROMPT_HAS_A_NEED = "prompt_is_for_what_needs_a_relink"
PROMPT_ONCE = "customer_is_prompted_once_for_an_outage"
NO_MESSAGE_UNWANTED = "nobody_is_told_about_an_account_out_of_use"
ASKED_ONCE = "another_way_to_pay_is_asked_for_once_for_one_cause"
DENIAL_IS_HEARD = "who_revoked_access_is_not_reminded"
READ_ONCE = "an_object_waits_for_one_read"
FEW_READS = "one_change_costs_few_reads"

MOST_READS = 12
"""The most reads after one change, for one account; each further account may cost as many."""


def can_know(state: Around) -> bool:
    """Whether everything that Stripe sent has arrived, and nothing was lost."""
    is_sent = any(isinstance(item, Webhook) for group in state.under_way for item in group)
    is_late = any(not isinstance(item, Copy) for item in state.late)
    is_silent = any(told.is_silent for _, told in state.told)
    return not (is_sent or is_late or is_silent or state.memory.is_tainted)


def prompted(state: Around, command: NotifyCustomer) -> Around:
    """A message goes to the customer."""
    for name in command.accounts:
        told = get(state.told, name)
        if told is None:
            continue
        account = get(state.accounts, name)
        prompts = told.prompts + (command.reminder == 0 and can_know(state))
        is_reminded = command.reminder > 0 and told.is_named
        reminders = told.reminders + (command.reminder > 0)
        named = told._replace(is_named=True, was_named=True, prompts=prompts, reminders=reminders)
        state = state._replace(told=put(state.told, name, named))
        if told.is_retired or (told.replaced != "no" and can_know(state)):
            state = _wrong(state, NO_MESSAGE_UNWANTED, f"a message names {name}")
        elif prompts > told.begun:
            why = f"{name} is prompted for {prompts} times, and needed a relink {told.begun} times"
            state = _wrong(state, PROMPT_ONCE, why)
        elif is_reminded and account and account.link is Link.REVOKED and can_know(state):
            why = f"a message reminds of {name}, access to which was revoked"
            state = _wrong(state, DENIAL_IS_HEARD, why)
        elif can_know(state) and not told.needs:
            link = account.link if account else "unknown"
            why = f"a message names {name}, which {link} and needs no relink"
            state = _wrong(state, PROMPT_HAS_A_NEED, why)
    return state


def asked_another_way(state: Around, command: RequestNewPaymentMethod) -> Around:
    """The service is asked for another payment method."""
    told = get(state.told, command.account)
    if told is None:
        return state
    if told.is_retired:
        why = f"another way to pay is asked for instead of {command.account}, which was retired"
        state = _wrong(state, NO_MESSAGE_UNWANTED, why)
    if command.reason in told.requests:
        why = f"it is asked for twice instead of {command.account} ({command.reason})"
        state = _wrong(state, ASKED_ONCE, why)
    requests = tuple(sorted({*told.requests, command.reason}))
    return state._replace(told=put(state.told, command.account, told._replace(requests=requests)))


def told_gone(state: Around, command: PaymentMethodGone) -> Around:
    """The service is told that a payment method is gone."""
    gone = tuple(sorted({*state.memory.gone_told, command.payment_method}))
    return state._replace(memory=state.memory._replace(gone_told=gone))


def read_asked(state: Around, read: ReadDue) -> Around:
    """Something is to be read."""
    for group in state.under_way:
        if any(isinstance(item, ReadDue) and item.subject == read.subject for item in group):
            return _wrong(state, READ_ONCE, f"two reads of {read.subject} wait side by side")
    reads = state.memory.reads + 1
    state = state._replace(memory=state.memory._replace(reads=reads))
    most = MOST_READS * sum(name != OTHER_ACCOUNT for name, _ in state.accounts)
    if reads > most:
        return _wrong(state, FEW_READS, f"{reads} reads since the last change")
    return state


def _wrong(state: Around, name: str, what: str) -> Around:
    wrong = state.memory.wrong or f"{name}: {what}"
    return state._replace(memory=state.memory._replace(wrong=wrong))
