"""Every command at a simulated Stripe: in process, and over HTTP with the SDK."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from relink.adapters.gateway import (
    Attempt,
    DryRunGateway,
    Fault,
    OperatorError,
    PermanentError,
)
from relink.machines.commands import CreatePaymentMethod
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    BillingNameAbsent,
    ExternalAccountMade,
    ExternalAccountReported,
    FromStripe,
    PaymentMethodMade,
    PaymentMethodReported,
    SessionReported,
)
from relink.machines.policy import RelinkPolicy
from relink.machines.report import ExternalAccountReport, Holder, PaymentMethodReport

from ..rig import SimulatedStripe
from .scene import Scene


def only(answer: Any) -> Any:
    (event,) = answer.events
    return event


# ── sessions ─────────────────────────────────────────────────────────────────


def test_creating_a_session_for_one_account_names_it_and_returns_its_secret(
    customer: Scene,
) -> None:
    command = customer.relink()
    answer = customer.do(command)
    session = customer.simulator.world.sessions[customer.opened(answer)]
    assert answer.secret
    assert answer.secret.reveal() == session.client_secret
    assert answer.url is None
    assert session.account is customer.broken
    assert session.authorization is customer.broken.authorization
    assert only(answer).request == command
    assert only(answer).causation_id == command.id


def test_creating_a_session_for_any_eligible_account_names_none_but_filters(
    customer: Scene,
) -> None:
    session = customer.simulator.world.sessions[
        customer.opened(customer.do(customer.relink(mode="any_eligible")))
    ]
    assert session.account is None
    assert session.limit == 1
    assert session.filters == {"account_subcategories": ["checking", "savings"]}


@pytest.mark.parametrize("delivery", ["email", "url"])
def test_creating_a_hosted_session_returns_its_url(customer: Scene, delivery: str) -> None:
    answer = customer.do(
        customer.relink(delivery=delivery, return_url="https://shop.example/back?to=1&x=y")
    )
    session = customer.simulator.world.sessions[customer.opened(answer)]
    assert (session.ui_mode, session.delivery_method) == ("hosted", delivery)
    assert session.return_url == "https://shop.example/back?to=1&x=y"
    assert answer.url
    assert answer.url.reveal() == session.hosted_url
    assert customer.count("email.sent") == (delivery == "email")


def test_a_repeated_create_command_returns_the_same_session(customer: Scene) -> None:
    first, again = customer.do(customer.relink()), customer.do(customer.relink())
    assert first == again
    assert customer.count("financial_connections.session.created") == 1
    assert customer.do(customer.relink(attempt=2)) != first


@pytest.mark.parametrize("name", ["nobody", "customer_account", "acct"])
def test_a_session_has_the_holder_of_the_account(reached: SimulatedStripe, name: str) -> None:
    simulator = reached.sim
    holder: Holder | None = None
    linked_by: str | None = None
    if name != "nobody":
        linked_by = simulator.add_connected_account()
        field = "account" if name == "acct" else name
        holder = Holder.model_validate({"field": field, "id": linked_by})
        linked_by = f"customer_account:{linked_by}" if name == "customer_account" else linked_by
    broken = simulator.link_account(linked_by)
    assert broken.authorization
    simulator.bank.expire_consent(broken.authorization.id)
    unheld = Holder(field="customer", id="nobody")
    scene = Scene(reached, unheld, broken)
    session = simulator.world.sessions[scene.opened(scene.do(scene.relink(holder=holder)))]
    assert session.holder == broken.holder


def test_a_session_that_stripe_refuses_is_a_permanent_error(customer: Scene) -> None:
    with pytest.raises(PermanentError, match="parameter relink_options"):
        customer.do(customer.relink(authorization="fcauth_unknown"))


# ── reads ────────────────────────────────────────────────────────────────────


def test_reading_an_account_reports_its_status_at_the_time_of_the_answer(customer: Scene) -> None:
    report = only(customer.do(customer.read_account()))
    assert isinstance(report, AccountReported)
    assert report.account == customer.broken.id
    assert report.read
    assert report.as_of == int(customer.simulator.now)
    assert report.report
    assert (report.report.status, report.report.action) == ("inactive", "relink_required")
    assert report.report.authorization == customer.authorization
    assert report.report.holder == customer.holder


def test_reading_an_authorization_reports_its_status_at_the_time_of_the_answer(
    customer: Scene,
) -> None:
    report = only(customer.do(customer.read_authorization()))
    assert isinstance(report, AuthorizationReported)
    assert (report.authorization, report.read) == (customer.authorization, True)
    assert report.as_of == int(customer.simulator.now)
    assert report.report
    assert report.report.status == "inactive"


def test_reading_a_session_reports_its_accounts_and_no_secret(customer: Scene) -> None:
    session, new = customer.linked_new_account()
    answer = customer.do(customer.read_session(session))
    report = only(answer)
    assert isinstance(report, SessionReported)
    assert (report.session, report.status, report.read) == (session, "succeeded", True)
    assert report.accounts
    assert [(found.account, found.report.status) for found in report.accounts] == [(new, "active")]
    assert answer.secret is None


def test_reading_a_session_for_a_caller_returns_its_secret(customer: Scene) -> None:
    opened = customer.do(customer.relink())
    again = customer.do(customer.read_session_for_caller(customer.opened(opened)))
    assert again.secret == opened.secret


@pytest.mark.parametrize("kind", ["account", "authorization", "session"])
def test_reading_an_unknown_object_is_a_permanent_error(customer: Scene, kind: str) -> None:
    command = {
        "account": customer.read_account(),
        "authorization": customer.read_authorization(),
        "session": customer.read_session("fcsess_1"),
    }[kind].model_copy(update={kind: "gone_1"})
    customer.do(customer.read_account())
    with pytest.raises(PermanentError, match="returned 404") as raised:
        customer.do(command, asked_at=customer.simulator.now - 1)
    assert raised.value.code == "resource_missing"


def test_the_events_of_an_answer_carry_the_policy_of_the_attempt(customer: Scene) -> None:
    policy = RelinkPolicy(attempts=9)
    answer = customer.stripe.gateway.perform(
        customer.read_account(), customer.simulator.now, Attempt(policy=policy)
    )
    assert only(answer).policy == policy


def test_reading_a_payment_method_reports_whether_it_is_blocked_or_gone(customer: Scene) -> None:
    command = customer.build()
    made = only(customer.do(command)).payment_method
    method = customer.simulator.world.payment_methods[made]

    def read() -> PaymentMethodReported:
        report = only(customer.do(customer.read_payment_method(made)))
        assert isinstance(report, PaymentMethodReported)
        assert (report.payment_method, report.account) == (made, command.account)
        assert (report.read, report.as_of) == (True, int(customer.simulator.now))
        return report

    assert read().report == PaymentMethodReport(blocked=None)
    method.blocked = "bank_account_closed"
    assert read().report == PaymentMethodReport(blocked="bank_account_closed")
    method.customer = None
    assert read().report == PaymentMethodReport(blocked="bank_account_closed", gone=True)


@pytest.mark.parametrize("status", ["new", "errored", "tokenized_account_number_deactivated"])
def test_reading_an_external_account_reports_its_status(payee: Scene, status: str) -> None:
    command = payee.pay_out()
    made = only(payee.do(command)).external_account
    payee.simulator.world.external_accounts[made].status = status
    report = only(payee.do(payee.read_external_account(made)))
    assert isinstance(report, ExternalAccountReported)
    assert (report.external_account, report.account) == (made, command.account)
    assert report.report == ExternalAccountReport(status=status)
    assert payee.asked("GET")[-1].path == (
        f"/v1/accounts/{payee.holder.id}/external_accounts/{made}"
    )


def test_n4_what_was_built_and_does_not_exist_any_more_is_gone(
    customer: Scene, payee: Scene
) -> None:
    external = only(payee.do(payee.pay_out())).external_account
    del payee.simulator.world.external_accounts[external]
    asked_at = payee.simulator.now - 1
    report = only(payee.do(payee.read_external_account(external), asked_at))
    assert (report.report, report.account) == (ExternalAccountReport(gone=True), None)
    method = only(customer.do(customer.build())).payment_method
    del customer.simulator.world.payment_methods[method]
    report = only(customer.do(customer.read_payment_method(method), asked_at))
    assert report.report.gone
    assert report.read


@pytest.mark.parametrize("kind", ["account", "authorization", "session"])
def test_k2_a_report_of_a_read_says_when_the_read_began(customer: Scene, kind: str) -> None:
    command = {
        "account": customer.read_account(),
        "authorization": customer.read_authorization(),
        "session": customer.read_session(customer.linked_new_account()[0]),
    }[kind]
    began = customer.simulator.now - 4.5
    (report,) = customer.stripe.gateway.perform(command, began).events
    assert isinstance(report, FromStripe)
    assert (report.begun_at, report.as_of) == (began, int(customer.simulator.now))
    assert report.complete  # type: ignore[attr-defined]


# ── payment methods and external accounts ────────────────────────────────────


@pytest.mark.parametrize("given", [None, "Jürgen & Söhne"])
def test_a_payment_method_is_created_with_a_name_and_attached_to_its_customer(
    customer: Scene, given: str | None
) -> None:
    command = customer.build(billing_name=given)
    report = only(customer.do(command))
    assert isinstance(report, PaymentMethodMade)
    assert report.account == command.account
    method = customer.simulator.world.payment_methods[report.payment_method]
    assert method.customer == customer.holder.id
    assert method.account.id == command.account
    assert method.billing == {"name": given or "Jenny Rosen"}
    assert method.metadata == {"relink_command": command.id}


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_customer_without_a_name_gets_no_payment_method(
    reached: SimulatedStripe, name: str | None
) -> None:
    customer = Scene.of_customer(reached)
    customer.simulator.world.customers[customer.holder.id].name = name
    command = customer.build()
    report = only(customer.do(command))
    assert isinstance(report, BillingNameAbsent)
    assert report.account == command.account
    assert customer.asked("POST", "/v1/payment_methods") == []


def test_a_customer_account_needs_a_billing_name_in_the_command(
    reached: SimulatedStripe,
) -> None:
    simulator, gateway = reached.sim, reached.gateway
    name = simulator.add_connected_account()
    account = simulator.link_account(f"customer_account:{name}")
    holder = Holder(field="customer_account", id=name)
    nameless = CreatePaymentMethod(account=account.id, session="fcsess_1", holder=holder)
    named = nameless.model_copy(update={"billing_name": "Jenny Rosen"})
    assert isinstance(only(gateway.perform(nameless, simulator.now)), BillingNameAbsent)
    made = only(gateway.perform(named, simulator.now)).payment_method
    assert simulator.world.payment_methods[made].customer_account == name


def test_a_deleted_customer_gets_no_payment_method(customer: Scene) -> None:
    command = customer.build()
    customer.simulator.world.customers[customer.holder.id].deleted = True
    with pytest.raises(PermanentError) as raised:
        customer.do(command)
    assert raised.value.code == "customer_deleted"


def test_an_account_that_broke_before_the_build_gets_no_payment_method(customer: Scene) -> None:
    command = customer.build()
    authorization = customer.simulator.world.accounts[command.account].authorization
    assert authorization
    customer.simulator.bank.revoke_access(authorization.id)
    with pytest.raises(PermanentError) as raised:
        customer.do(command)
    assert raised.value.code == "financial_connections_account_inactive"


def test_an_external_account_is_created_with_the_ids_of_account_and_command(payee: Scene) -> None:
    command = payee.pay_out()
    report = only(payee.do(command))
    assert isinstance(report, ExternalAccountMade)
    assert report.account == command.account
    external = payee.simulator.world.external_accounts[report.external_account]
    assert external.owner == payee.holder.id
    assert external.account.id == command.account
    assert external.metadata == {"relink_account": command.account, "relink_command": command.id}


def test_a_repeated_build_creates_nothing_new(customer: Scene, payee: Scene) -> None:
    for scene, command in [(customer, customer.build()), (payee, payee.pay_out())]:
        assert scene.do(command) == scene.do(command)
    assert customer.count("payment_method.created") == 1
    assert customer.count("account.external_account.created") == 1


def test_an_external_account_cannot_be_created_without_a_token(payee: Scene) -> None:
    command = payee.pay_out()
    payee.simulator.world.sessions[command.session].token = None
    with pytest.raises(PermanentError) as raised:
        payee.do(command)
    assert raised.value.code == "no_bank_account_token"


# ── connected account and version ────────────────────────────────────────────


def test_every_request_carries_the_version_and_the_connected_account(
    reached: SimulatedStripe,
) -> None:
    simulator = reached.sim
    owner = simulator.add_connected_account()
    account = simulator.link_account(owner=owner)
    holder = Holder(field="customer", id="nobody")
    began = len(simulator.ledger)
    scene = Scene(reached, holder, account, connected_account=owner, began=began)
    scene.do(scene.read_account())
    scene.do(scene.relink(holder=None, reason="announced_deactivation"))
    assert len(scene.asked()) == 2
    for asked in scene.asked():
        assert (asked.account, asked.version) == (owner, "2026-09-30.preview")


def test_a_connected_account_that_is_its_own_holder_gets_an_external_account(
    reached: SimulatedStripe,
) -> None:
    simulator = reached.sim
    name = simulator.add_connected_account()
    account = simulator.link_account(name, owner=name)
    assert account.authorization
    simulator.bank.expire_consent(account.authorization.id)
    holder = Holder(field="account", id=name)
    scene = Scene(reached, holder, account, connected_account=name)
    command = scene.pay_out()
    made = only(scene.do(command)).external_account
    assert simulator.world.external_accounts[made].owner == name


def test_objects_of_another_connected_account_are_not_found(
    reached: SimulatedStripe,
) -> None:
    customer = Scene.of_customer(reached)
    customer.do(customer.read_account())
    customer.connected_account = customer.simulator.add_connected_account()
    with pytest.raises(OperatorError, match="404") as raised:
        customer.do(customer.read_account())
    assert raised.value.code is Fault.MISSING


# ── parameters ───────────────────────────────────────────────────────────────


def arrived(scene: Scene, path: str) -> list[tuple[str, str]]:
    asked = scene.asked("POST", path)[-1]
    return parse_qsl(asked.body.decode(), keep_blank_values=True)


@pytest.mark.parametrize("mode", ["specific", "any_eligible"])
def test_the_parameters_of_a_session_name_the_account_only_in_specific_mode(
    customer: Scene, mode: str
) -> None:
    customer.do(customer.relink(mode=mode))
    assert arrived(customer, "/v1/financial_connections/sessions") == [
        ("account_holder[type]", "customer"),
        ("account_holder[customer]", customer.holder.id),
        ("permissions[0]", "balances"),
        ("permissions[1]", "payment_method"),
        ("relink_options[authorization]", customer.authorization),
        *([("relink_options[account]", customer.broken.id)] if mode == "specific" else []),
        ("limits[accounts]", "1"),
        ("filters[account_subcategories][0]", "checking"),
        ("filters[account_subcategories][1]", "savings"),
    ]


def test_the_parameters_of_a_hosted_session_end_with_delivery_and_return_url(
    customer: Scene,
) -> None:
    customer.do(customer.relink(delivery="url", return_url="https://shop.example/"))
    assert arrived(customer, "/v1/financial_connections/sessions")[-3:] == [
        ("ui_mode", "hosted"),
        ("hosted[delivery_method]", "url"),
        ("return_url", "https://shop.example/"),
    ]


def test_the_parameters_of_a_payment_method_name_account_and_command(customer: Scene) -> None:
    command = customer.build()
    made = only(customer.do(command)).payment_method
    assert arrived(customer, f"/v1/payment_methods/{made}/attach") == [
        ("customer", customer.holder.id)
    ]
    created = customer.asked("POST", "/v1/payment_methods")[0]
    assert parse_qsl(created.body.decode()) == [
        ("type", "us_bank_account"),
        ("us_bank_account[financial_connections_account]", command.account),
        ("billing_details[name]", "Jenny Rosen"),
        ("metadata[relink_command]", command.id),
    ]


def test_the_parameters_of_an_external_account_name_token_command_and_account(payee: Scene) -> None:
    command = payee.pay_out()
    token = payee.simulator.world.sessions[command.session].token
    assert token
    payee.do(command)
    assert arrived(payee, f"/v1/accounts/{payee.holder.id}/external_accounts") == [
        ("external_account", token.id),
        ("metadata[relink_command]", command.id),
        ("metadata[relink_account]", command.account),
    ]


# ── the dry run ──────────────────────────────────


def test_a_dry_run_records_commands_and_sends_no_request(customer: Scene) -> None:
    gateway = DryRunGateway()
    commands = [customer.read_account(), customer.build()]
    asked = len(customer.simulator.ledger)
    for command in commands:
        assert gateway.perform(command, 5.0).events == ()
    assert [done.command for done in gateway.recorded] == commands
    assert [done.changes for done in gateway.recorded] == [False, True]
    assert len(customer.simulator.ledger) == asked
