"""StripeBank in a real browser: a link is broken and repaired by clicks."""

from collections.abc import Iterator

import pytest
import stripe

from relink.adapters.simulator import Simulator
from relink.adapters.simulator.server import SimulatorServer

from .browser import MISSING, Browser, installed
from .conftest import payment_method, relink_params
from .over_http.asking import asking


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = installed()
    if program is None:
        pytest.skip(MISSING)
    opened = Browser(program, tmp_path_factory.mktemp("chromium"))
    yield opened
    opened.close()


@pytest.fixture
def server(browser: Browser) -> Iterator[SimulatorServer]:
    with SimulatorServer(Simulator(seed=4)) as running:
        yield running
        browser.open("about:blank")


@pytest.fixture
def sdk(server: SimulatorServer) -> Iterator[stripe.StripeClient]:
    yield from asking(server)


@pytest.fixture
def account(server: SimulatorServer):
    with server.lock:
        customer = server.simulator.add_customer("Jenny Rosen")
        return server.simulator.link_account(customer)


def test_a_link_is_broken_and_repaired_by_clicks(server, browser, sdk, account):
    browser.open(f"{server.url}/stripebank")
    row = f'[data-account="{account.id}"]'
    assert "Active" in browser.text(row)
    browser.click(".card-head summary", "Bank event")
    browser.click("button", "Expire the consent")
    assert "Access expired · can be relinked" in browser.text(row, "Inactive")
    assert account.status == "inactive"

    session = sdk.v1.financial_connections.sessions.create(params=relink_params(account))
    browser.click(f'[data-session="{session.id}"] a', "Continue as the customer")
    assert "Hello Jenny Rosen" in browser.text(".step", "Reconnect with StripeBank")
    browser.click("#agree")
    browser.click("#sign-in")
    browser.click("label.choice", "Expected")
    browser.click("#connect")
    assert browser.text("#outcome") == "Account connected"
    assert account.status == "active"
    assert sdk.v1.financial_connections.sessions.retrieve(session.id).status == "succeeded"
    assert browser.errors == []


@pytest.mark.parametrize(
    ("path", "outcome", "reason"),
    [
        (["#agree", "#fail"], "Sign-in failed", "no_authorization"),
        (["#agree", "#bank-error"], "Something went wrong", "other"),
        (["#agree", "#sign-in", "#none"], "Account not connected", "no_account"),
        (
            ["#agree", "#sign-in", "label.choice:last-child", "#connect"],
            "Account not connected",
            "no_account",
        ),
        (["#cancel"], "Cancelled", None),
    ],
)
def test_every_failure_of_a_flow_can_be_chosen_by_clicks(
    server, browser, sdk, account, path, outcome, reason
):
    session = sdk.v1.financial_connections.sessions.create(params=relink_params(account))
    browser.open(f"{server.url}/stripebank/{session.id}")
    for selector in path:
        browser.click(selector)
    assert browser.text("#outcome") == outcome
    read = sdk.v1.financial_connections.sessions.retrieve(session.id)
    assert read.relink_result.failure_reason == reason
    assert browser.errors == []


def test_a_first_link_begins_with_the_choice_of_a_bank(server, browser, sdk, account):
    holder = {"type": "customer", "customer": account.holder.id}
    params = {"account_holder": holder, "permissions": ["payment_method", "balances"]}
    session = sdk.v1.financial_connections.sessions.create(params=params)
    browser.open(f"{server.url}/stripebank/{session.id}")
    assert "Balances" in browser.text(".asks")
    browser.click("#agree")
    browser.click("button.bank", "Tokenized Account Numbers")
    browser.click("#sign-in")
    browser.click("label.choice", "Savings")
    browser.click("#connect")
    assert browser.text("#outcome") == "Account connected"
    linked = server.simulator.world.sessions[session.id].linked[0]
    assert (linked.institution.name, linked.subcategory) == (
        "Tokenized Account Numbers",
        "savings",
    )
    assert [number.tokenized for number in linked.numbers] == [True]
    assert browser.errors == []


def test_what_was_built_fails_and_goes_away_by_clicks(server, browser, sdk, account):
    method = sdk.v1.payment_methods.create(params=payment_method(account)).id
    sdk.v1.payment_methods.attach(method, params={"customer": account.holder.id})
    with server.lock:
        driver = server.simulator.add_connected_account("Rocket Rides")
        theirs = server.simulator.link_account(driver)
    session = sdk.v1.financial_connections.sessions.create(params=relink_params(theirs))
    with server.lock:
        server.simulator.customer(session.id).choose_expected()
    params = {"external_account": server.simulator.world.sessions[session.id].token.id}
    sdk.v1.accounts.external_accounts.create(driver, params=params)

    browser.open(f"{server.url}/stripebank")
    row = f'[data-account="{account.id}"]'
    assert "has a payment method" in browser.text(row)
    browser.click(f"{row} summary", "Account event")
    browser.click(f"{row} button", "Detach the payment method")
    browser.text(".feed", "payment_method.detached")
    assert server.simulator.world.payment_methods[method].detached

    row = f'[data-account="{theirs.id}"]'
    assert "external account: New" in browser.text(row)
    browser.click(f"{row} summary", "Account event")
    browser.click(f"{row} button", "Return a payout")
    browser.text(row, "external account: Errored")
    browser.click(f"{row} summary", "Account event")
    browser.click(f"{row} button", "Delete the external account")
    browser.text(".feed", "account.external_account.deleted")
    assert theirs.external_accounts == []
    assert browser.errors == []


def test_an_account_that_was_connected_before_is_connected_once_more_by_clicks(
    server, browser, sdk, account
):
    holder = {"type": "customer", "customer": account.holder.id}
    params = {"account_holder": holder, "permissions": ["payment_method"]}
    session = sdk.v1.financial_connections.sessions.create(params=params)
    browser.open(f"{server.url}/stripebank/{session.id}")
    browser.click("#agree")
    browser.click("button.bank", "StripeBank")
    browser.click("#sign-in")
    browser.click("label.choice", "Connected before")
    browser.click("#connect")
    assert browser.text("#outcome") == "Account connected"
    (again,) = server.simulator.world.sessions[session.id].linked
    assert again is not account
    assert again.last4 == account.last4
    assert browser.errors == []


def to_the_accounts(server, browser, sdk, account) -> str:
    """Go on as a customer until the choice of an account, and return the session's id."""
    session = sdk.v1.financial_connections.sessions.create(params=relink_params(account))
    browser.open(f"{server.url}/stripebank/{session.id}")
    browser.click("#agree")
    browser.click("#sign-in")
    browser.click("label.choice", "Expected")
    return session.id


def test_a_second_click_does_nothing_while_the_first_is_carried_out(server, browser, sdk, account):
    session = to_the_accounts(server, browser, sdk, account)
    requests = (
        "performance.getEntriesByType('resource').filter(({ name }) => name.includes('choose'))"
    )
    with server.lock:  # so that the answer waits
        for _ in range(3):
            browser.click("#connect")
        browser.click("#none")
        browser.type_key("Escape")
        browser.text('.sheet[aria-busy="true"] #connect[aria-busy="true"]')
    assert browser.text("#outcome") == "Account connected"
    browser.text('.sheet[aria-busy="false"]')
    assert browser.run(f"{requests}.length") == 1
    assert server.simulator.world.sessions[session].status == "succeeded"
    assert browser.errors == []


def test_escape_cancels_as_the_cross_does(server, browser, sdk, account):
    to_the_accounts(server, browser, sdk, account)
    browser.type_key("Escape")
    assert browser.text("#outcome") == "Cancelled"
    browser.type_key("Escape")  # there is nothing left to cancel
    browser.click("button", "Try again")
    assert browser.text("#agree")
    assert browser.errors == []


def test_a_session_that_succeeded_in_another_window_is_shown_as_a_success(
    server, browser, sdk, account
):
    session = to_the_accounts(server, browser, sdk, account)
    with server.lock:
        server.simulator.customer(session).choose_expected()
    browser.click("#connect")
    assert browser.text("#outcome") == "Account connected"
    browser.errors.clear()  # the browser reports the answer 409 as an error


def test_a_choice_that_is_not_possible_is_shown_where_it_was_made(server, browser, sdk, account):
    session = to_the_accounts(server, browser, sdk, account)
    with server.lock:
        server.simulator.bank.change_session_status(session, "expired")
    browser.click("#connect")
    assert "has already expired" in browser.text('.notice[role="alert"]')
    assert browser.text("h1") == "Choose an account"
    browser.errors.clear()


def test_a_menu_stays_open_while_something_else_happens(server, browser, sdk, account):
    browser.open(f"{server.url}/stripebank")
    browser.click(f'[data-account="{account.id}"] summary')
    browser.run(f"document.querySelector('[data-account=\"{account.id}\"] .items button').focus()")
    with server.lock:
        other = server.simulator.link_account(server.simulator.add_customer("Ada Winter"))
    browser.text(f'[data-account="{other.id}"]')
    browser.text(f'[data-account="{account.id}"] details[open] button:focus', "Close the account")
    browser.type_key("Escape")
    browser.text(f'[data-account="{account.id}"] details:not([open]) summary:focus')
    assert browser.errors == []


def test_an_event_is_busy_until_it_happened(server, browser, sdk, account):
    browser.open(f"{server.url}/stripebank")
    row = f'[data-account="{account.id}"]'
    browser.click(f"{row} summary")
    with server.lock:
        browser.click(f"{row} button", "Suspend the account")
        browser.text(f'{row} button[aria-busy="true"]', "Account event")
    browser.text(row, "Inactive")
    browser.text(f"{row} summary", "Account event")
    assert server.simulator.ledger.count("financial_connections.account.deactivated") == 1
    assert browser.errors == []


def test_an_unknown_flow_shows_the_reason(server, browser):
    browser.open(f"{server.url}/stripebank/fcsess_none")
    assert browser.text("h1") == "This link is not valid"
    browser.errors.clear()  # the browser reports the answer 409 as an error
