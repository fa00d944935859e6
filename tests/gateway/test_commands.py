"""Every command, carried out by the simulator: in process, and over HTTP with the SDK."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from relink.adapters.gateway import (
    Attempt,
    DryRunGateway,
    Gateway,
    PermanentError,
)
from relink.adapters.simulator import Simulator
from relink.machines.commands import CreatePaymentMethod
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    BillingNameAbsent,
    ExternalAccountMade,
    PaymentMethodMade,
    SessionReported,
)
from relink.machines.policy import RelinkPolicy
from relink.machines.report import Holder

from .scene import Scene


def only(answer: Any) -> Any:
    (event,) = answer.events
    return event


# ── sessions ─────────────────────────────────────────────────────────────────


def test_a_session_for_one_account(customer: Scene) -> None:
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


def test_a_session_for_any_eligible_account(customer: Scene) -> None:
    session = customer.simulator.world.sessions[
        customer.opened(customer.do(customer.relink(mode="any_eligible")))
    ]
    assert session.account is None
    assert session.limit == 1
    assert session.filters == {"account_subcategories": ["checking", "savings"]}


@pytest.mark.parametrize("delivery", ["email", "url"])
def test_a_hosted_session(customer: Scene, delivery: str) -> None:
    answer = customer.do(
        customer.relink(delivery=delivery, return_url="https://shop.example/back?to=1&x=y")
    )
    session = customer.simulator.world.sessions[customer.opened(answer)]
    assert (session.ui_mode, session.delivery_method) == ("hosted", delivery)
    assert session.return_url == "https://shop.example/back?to=1&x=y"
    assert answer.url
    assert answer.url.reveal() == session.hosted_url
    assert customer.count("email.sent") == (delivery == "email")


def test_the_same_request_reaches_the_same_session(customer: Scene) -> None:
    first, again = customer.do(customer.relink()), customer.do(customer.relink())
    assert first == again
    assert customer.count("financial_connections.session.created") == 1
    assert customer.do(customer.relink(attempt=2)) != first


@pytest.mark.parametrize("name", ["nobody", "customer_account", "acct"])
def test_the_holder_is_the_account_s_own(reached: tuple[Simulator, Gateway], name: str) -> None:
    simulator, gateway = reached
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
    scene = Scene(simulator, gateway, unheld, broken)
    session = simulator.world.sessions[scene.opened(scene.do(scene.relink(holder=holder)))]
    assert session.holder == broken.holder


def test_a_session_that_stripe_refuses(customer: Scene) -> None:
    with pytest.raises(PermanentError, match="parameter relink_options"):
        customer.do(customer.relink(authorization="fcauth_unknown"))


# ── reads ────────────────────────────────────────────────────────────────────


def test_an_account_is_read(customer: Scene) -> None:
    report = only(customer.do(customer.read_account()))
    assert isinstance(report, AccountReported)
    assert report.account == customer.broken.id
    assert report.read
    assert report.as_of == int(customer.simulator.now)
    assert report.report
    assert (report.report.status, report.report.action) == ("inactive", "relink_required")
    assert report.report.authorization == customer.authorization
    assert report.report.holder == customer.holder


def test_an_authorization_is_read(customer: Scene) -> None:
    report = only(customer.do(customer.read_authorization()))
    assert isinstance(report, AuthorizationReported)
    assert (report.authorization, report.read) == (customer.authorization, True)
    assert report.as_of == int(customer.simulator.now)
    assert report.report
    assert report.report.status == "inactive"


def test_a_session_is_read_with_its_accounts(customer: Scene) -> None:
    session, new = customer.linked_anew()
    answer = customer.do(customer.read_session(session))
    report = only(answer)
    assert isinstance(report, SessionReported)
    assert (report.session, report.status, report.read) == (session, "succeeded", True)
    assert report.accounts
    assert [(found.account, found.report.status) for found in report.accounts] == [(new, "active")]
    assert answer.secret is None


def test_the_caller_gets_the_secret_again(customer: Scene) -> None:
    opened = customer.do(customer.relink())
    again = customer.do(customer.read_session_for_caller(customer.opened(opened)))
    assert again.secret == opened.secret


@pytest.mark.parametrize("kind", ["account", "authorization", "session"])
def test_what_is_not_there_can_not_be_read(customer: Scene, kind: str) -> None:
    command = {
        "account": customer.read_account(),
        "authorization": customer.read_authorization(),
        "session": customer.read_session("fcsess_1"),
    }[kind].model_copy(update={kind: "gone_1"})
    with pytest.raises(PermanentError, match="returned 404") as raised:
        customer.do(command)
    assert raised.value.code == "resource_missing"


def test_the_policy_in_force_travels_in_the_events(customer: Scene) -> None:
    policy = RelinkPolicy(attempts=9)
    answer = customer.gateway.perform(
        customer.read_account(), customer.simulator.now, Attempt(policy=policy)
    )
    assert only(answer).policy == policy


# ── building on a new account ────────────────────────────────────────────────


@pytest.mark.parametrize("given", [None, "Jürgen & Söhne"])
def test_a_payment_method(customer: Scene, given: str | None) -> None:
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
def test_a_customer_without_a_name(reached: tuple[Simulator, Gateway], name: str | None) -> None:
    customer = Scene.of_customer(*reached)
    customer.simulator.world.customers[customer.holder.id].name = name
    command = customer.build()
    report = only(customer.do(command))
    assert isinstance(report, BillingNameAbsent)
    assert report.account == command.account
    assert customer.asked("POST", "/v1/payment_methods") == []


def test_a_customer_account_has_no_name_to_look_up(reached: tuple[Simulator, Gateway]) -> None:
    simulator, gateway = reached
    name = simulator.add_connected_account()
    account = simulator.link_account(f"customer_account:{name}")
    holder = Holder(field="customer_account", id=name)
    nameless = CreatePaymentMethod(account=account.id, session="fcsess_1", holder=holder)
    named = nameless.model_copy(update={"billing_name": "Jenny Rosen"})
    assert isinstance(only(gateway.perform(nameless, simulator.now)), BillingNameAbsent)
    made = only(gateway.perform(named, simulator.now)).payment_method
    assert simulator.world.payment_methods[made].customer_account == name


def test_a_deleted_customer(customer: Scene) -> None:
    command = customer.build()
    customer.simulator.world.customers[customer.holder.id].deleted = True
    with pytest.raises(PermanentError) as raised:
        customer.do(command)
    assert raised.value.code == "customer_deleted"


def test_an_account_that_broke_meanwhile(customer: Scene) -> None:
    command = customer.build()
    authorization = customer.simulator.world.accounts[command.account].authorization
    assert authorization
    customer.simulator.bank.revoke_access(authorization.id)
    with pytest.raises(PermanentError) as raised:
        customer.do(command)
    assert raised.value.code == "financial_connections_account_inactive"


def test_an_external_account(payee: Scene) -> None:
    command = payee.pay_out()
    report = only(payee.do(command))
    assert isinstance(report, ExternalAccountMade)
    assert report.account == command.account
    external = payee.simulator.world.external_accounts[report.external_account]
    assert external.owner == payee.holder.id
    assert external.account.id == command.account
    assert external.metadata == {"relink_account": command.account, "relink_command": command.id}


def test_done_again_it_is_the_same(customer: Scene, payee: Scene) -> None:
    for scene, command in [(customer, customer.build()), (payee, payee.pay_out())]:
        assert scene.do(command) == scene.do(command)
    assert customer.count("payment_method.created") == 1
    assert customer.count("account.external_account.created") == 1


def test_without_a_token_it_can_not_be_built(payee: Scene) -> None:
    command = payee.pay_out()
    payee.simulator.world.sessions[command.session].token = None
    with pytest.raises(PermanentError) as raised:
        payee.do(command)
    assert raised.value.code == "no_bank_account_token"


# ── in whose name, and under which version ───────────────────────────────────


def test_every_request_carries_version_and_account(reached: tuple[Simulator, Gateway]) -> None:
    simulator, gateway = reached
    owner = simulator.add_connected_account()
    account = simulator.link_account(owner=owner)
    holder = Holder(field="customer", id="nobody")
    began = len(simulator.ledger)
    scene = Scene(simulator, gateway, holder, account, connected_account=owner, began=began)
    scene.do(scene.read_account())
    scene.do(scene.relink(holder=None, reason="announced_deactivation"))
    assert len(scene.asked()) == 2
    for asked in scene.asked():
        assert (asked.account, asked.version) == (owner, "2026-09-30.preview")


def test_a_connected_account_that_is_its_own_holder(reached: tuple[Simulator, Gateway]) -> None:
    simulator, gateway = reached
    name = simulator.add_connected_account()
    account = simulator.link_account(name, owner=name)
    assert account.authorization
    simulator.bank.expire_consent(account.authorization.id)
    holder = Holder(field="account", id=name)
    scene = Scene(simulator, gateway, holder, account, connected_account=name)
    command = scene.pay_out()
    made = only(scene.do(command)).external_account
    assert simulator.world.external_accounts[made].owner == name


def test_another_account_s_objects_are_not_there(reached: tuple[Simulator, Gateway]) -> None:
    customer = Scene.of_customer(*reached)
    customer.connected_account = customer.simulator.add_connected_account()
    with pytest.raises(PermanentError, match="404"):
        customer.do(customer.read_account())


# ── the bytes that arrive ────────────────────────────────────────────────────


def arrived(scene: Scene, path: str) -> list[tuple[str, str]]:
    asked = scene.asked("POST", path)[-1]
    return parse_qsl(asked.body.decode(), keep_blank_values=True)


@pytest.mark.parametrize("mode", ["specific", "any_eligible"])
def test_the_parameters_of_a_session(customer: Scene, mode: str) -> None:
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


def test_the_parameters_of_a_hosted_session(customer: Scene) -> None:
    customer.do(customer.relink(delivery="url", return_url="https://shop.example/"))
    assert arrived(customer, "/v1/financial_connections/sessions")[-3:] == [
        ("ui_mode", "hosted"),
        ("hosted[delivery_method]", "url"),
        ("return_url", "https://shop.example/"),
    ]


def test_the_parameters_of_a_payment_method(customer: Scene) -> None:
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


def test_the_parameters_of_an_external_account(payee: Scene) -> None:
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


def test_a_dry_run_only_records(customer: Scene) -> None:
    gateway = DryRunGateway()
    commands = [customer.read_account(), customer.build()]
    asked = len(customer.simulator.ledger)
    for command in commands:
        assert gateway.perform(command, 5.0).events == ()
    assert [done.command for done in gateway.recorded] == commands
    assert [done.changes for done in gateway.recorded] == [False, True]
    assert len(customer.simulator.ledger) == asked
