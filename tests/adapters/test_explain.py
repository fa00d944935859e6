"""Commands and their ids, in words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.adapters.explain import command_name, describe
from relink.engine import Command
from relink.engine.fuzz import payloads
from relink.machines.commands import (
    BY_NAME,
    NotifyCustomer,
    PaymentMethodGone,
    RetrieveAccount,
    RetrievePaymentMethod,
)
from relink.machines.events import BillingNameAbsent
from relink.machines.reasons import ReadReason

from ..profile import examples

FIRED = BillingNameAbsent(causation_id="evt_1", at=1_760_000_000.0, account="fca_1")


@pytest.mark.parametrize("kind", BY_NAME.values(), ids=BY_NAME)
def test_every_command_is_described_in_words_of_its_own(kind: type[Command]):
    @settings(max_examples=examples(20), derandomize=True, database=None, deadline=None)
    @given(payloads(kind, {"Wake.event": st.just(FIRED), "due": st.integers(0, 2**31)}))
    def one(command: Command) -> None:
        assert describe(command) != command.name.replace("_", " ")
        assert command_name(command.id) == command.name.replace("_", " ")

    one()


def test_a_read_is_described_with_its_object_and_reason():
    read = RetrievePaymentMethod(payment_method="pm_1", number=2, reason=ReadReason.LOOK)
    assert describe(read) == f"read payment method pm_1 at Stripe. {ReadReason.LOOK.sentence}"
    of_account = RetrieveAccount(account="fca_1", number=3, reason=ReadReason.LOOK)
    assert command_name(of_account.id) == "retrieve account"


def test_a_payment_method_that_is_gone_is_named():
    gone = PaymentMethodGone(account="fca_1", payment_method="pm_1")
    assert describe(gone) == "say that pm_1 of fca_1 is gone"


@pytest.mark.parametrize(
    ("accounts", "reminder", "told"),
    [
        (("fca_1",), 0, "ask the customer to relink the account (access_expired)"),
        (
            ("fca_1", "fca_2"),
            2,
            "send reminder 2: ask the customer to relink 2 accounts (access_expired)",
        ),
    ],
)
def test_a_prompt_says_how_many_accounts_and_which_reminder(
    accounts: tuple[str, ...], reminder: int, told: str
):
    prompt = NotifyCustomer(
        outage="fcauth_1",
        outage_number=1,
        number=1,
        since=1_760_000_000.0,
        accounts=accounts,
        reasons=("access_expired",),
        reminder=reminder,
    )
    assert describe(prompt) == told
