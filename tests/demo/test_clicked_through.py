"""The demo, clicked through: links break in StripeBank, and the shop shows what follows.

The tests share one demo, and each uses its own customer.
"""

import re
import urllib.error
import urllib.request

import pytest

from .conftest import Demo, ask
from .windows import Windows


class Visit:
    """Shop and StripeBank in one window each, and the bank's page in those that the shop opens."""

    def __init__(self, browser: Windows, demo: Demo) -> None:
        self.browser = browser
        self._bank = browser.open_window(demo.bank)
        self._shop = browser.open_window(demo.shop)
        self._at_the_bank = ""
        self._seen: set[str] = set()
        browser.text(".message", "Ask Eli Brandt to relink")
        # Reloading the page would remove this.
        browser.run("void (window.isTheSame = true)")

    def card(self, customer: str, text: str, times: int = 1) -> str:
        """The card of a customer in the shop, as soon as it contains this text so often."""
        return self.browser.text(f'.card[aria-label="{customer}"]', text, times)

    def press(self, customer: str, what: str) -> None:
        """Press a button in the card of a customer."""
        self.browser.press(f'.card[aria-label="{customer}"] [data-do="{what}"]')

    def break_login(self, holder: str, what: str) -> None:
        """Break a login in StripeBank, and return to the shop."""
        self.browser.turn_to(self._bank)
        self.browser.click_within(".card[data-authorization]", holder, ".card-head summary")
        self.browser.click("details[open] button", what)
        self.browser.turn_to(self._shop)

    def relink(self, customer: str) -> None:
        """Press Relink, and sign in as the customer in the window that opens."""
        self.press(customer, "relink")
        self._at_the_bank = self.browser.turn_to_opened("/stripebank/fcsess_", self._seen)
        address = self.browser.run("location.href")
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/stripebank/fcsess_(?!client)\w+", address)
        self.browser.click("#agree")
        self.browser.click("#sign-in")

    def to_the_shop(self) -> None:
        """Turn to the shop's window."""
        self.browser.turn_to(self._shop)

    def to_the_bank(self) -> None:
        """Turn to the window that the shop opened last."""
        self.browser.turn_to(self._at_the_bank)

    def glance_at_shop(self) -> None:
        """Look at the shop and go back. A headless browser fires no focus event by itself."""
        self.to_the_shop()
        self.browser.run("void dispatchEvent(new Event('focus'))")
        self.browser.text('[data-outcome="pending"]', "The customer is still at the bank")
        self.to_the_bank()

    def choose(self, account: str) -> str:
        """Choose an account, and return to the shop.

        Returns:
            the bank's message.
        """
        self.browser.click("label.choice", account)
        self.browser.click("#connect")
        message = self.browser.text("#outcome")
        self.browser.turn_to(self._shop)
        return message

    def check(self) -> None:
        """The shop's page was not reloaded, holds no secret, and logged no error."""
        assert self.browser.run("window.isTheSame && location.search + location.hash") == ""
        assert "client_secret" not in self.browser.run("document.documentElement.outerHTML")
        assert self.browser.errors == []


@pytest.fixture
def visit(browser: Windows, demo: Demo) -> Visit:
    return Visit(browser, demo)


def test_from_a_broken_link_to_a_repaired_account(visit: Visit):
    visit.break_login("Ada Winter", "Expire the consent")
    message = visit.browser.text(".message", "Ask Ada Winter to relink")
    assert "the customer's consent expired" in message
    assert "Signature verified" in message
    visit.card("Ada Winter", "Must not be debited: the customer's consent expired")

    visit.relink("Ada Winter")
    assert visit.choose("Expected") == "Account connected"
    assert visit.browser.text('[data-outcome="relinked"]').startswith("Repaired")
    # The savings account comes back too.
    visit.card("Ada Winter", "May be debited", times=2)

    visit.press("Ada Winter", "history")
    assert visit.browser.text("#timeline .tone-waiting", "is open")
    visit.browser.run("document.getElementById('picture').decode()")
    assert visit.browser.run("document.getElementById('picture').alt").endswith("state active")
    visit.check()


def test_a_new_account_with_a_name_and_a_mandate(visit: Visit):
    visit.break_login("cus_", "Change the password")
    visit.card("dana@mail.test", "Have the customer relink this account")
    visit.relink("dana@mail.test")
    assert visit.choose("Never connected") == "Account not connected"
    assert "did not connect this account" in visit.browser.text('[data-outcome="failed"]')

    visit.card("dana@mail.test", "Have the customer link any account at this bank")
    visit.relink("dana@mail.test")
    assert visit.choose("Never connected") == "Account connected"
    assert visit.browser.text('[data-outcome="new_account_linked"]').startswith("A new account")
    visit.browser.text(".message", "Ask dana@mail.test for the account holder's name")

    visit.browser.press('input[name="name"]')
    visit.browser.write("Dana Kim")
    visit.press("dana@mail.test", "send-name")
    visit.card("dana@mail.test", "Collect a mandate")
    visit.press("dana@mail.test", "mandate")
    visit.card("dana@mail.test", "May be debited")
    visit.check()


def test_without_webhooks_the_returning_customer_triggers_the_result(visit: Visit, demo: Demo):
    visit.break_login("Cleo Marin", "Expire the consent")
    visit.card("Cleo Marin", "Have the customer relink this account")
    demo.at_the_bank("PUT", "faults", lose=1.0)
    visit.relink("Cleo Marin")
    visit.glance_at_shop()
    assert visit.choose("Expected") == "Account connected"
    visit.card("Cleo Marin", "A relink session is open")
    visit.press("Cleo Marin", "back")
    visit.browser.text('[data-outcome="relinked"]', "Repaired")
    demo.at_the_bank("PUT", "faults")
    visit.card("Cleo Marin", "May be debited")
    visit.check()


HOLD = """(() => {
    const ask = window.fetch;
    window.looks = 0;
    window.fetch = async (path, how) => {
        const answer = await ask(path, how);
        if (path.endsWith("/result") && !window.letGo) {
            await new Promise((go) => { window.letGo = go; });
        }
        if (path === "/accounts") window.looks += 1;
        return answer;
    };
})()"""
"""Holds the first answer about a result back from the page, until ``letGo()`` is called."""


def until(browser: Windows, condition: str) -> None:
    """Wait until a JavaScript expression is true."""
    look = f"(function look() {{ {condition} ? go() : setTimeout(look, 20) }})()"
    browser.run(f"new Promise((go) => {look})")


def test_an_old_answer_does_not_say_that_the_customer_is_still_at_the_bank(visit: Visit):
    visit.break_login("Ben Okafor", "Expire the consent")
    visit.card("Ben Okafor", "Have the customer relink this account")
    visit.relink("Ben Okafor")
    visit.to_the_shop()
    visit.browser.run(HOLD)
    visit.browser.run("void dispatchEvent(new Event('focus'))")
    until(visit.browser, "window.letGo")  # the answer has come: the customer is at the bank
    visit.to_the_bank()
    assert visit.choose("Expected") == "Account connected"
    visit.card("Ben Okafor", "Repaired")
    visit.browser.run("void (letGo(), looks = 0)")
    until(visit.browser, "looks > 2")
    assert "still at the bank" not in visit.card("Ben Okafor", "Repaired")
    visit.check()


def test_a_second_click_does_nothing_while_relink_answers_the_first(visit: Visit):
    visit.break_login("Ben Okafor", "Change the password")
    visit.card("Ben Okafor", "Have the customer relink this account")
    visit.browser.run("void (window.tries = 0, window.open = () => { tries += 1; return null; })")
    button = """document.querySelector('[aria-label="Ben Okafor"] [data-do="relink"]')"""
    visit.browser.run(f"void ({button}.click(), {button}.click())")
    visit.browser.text("#problem", "Your browser blocked the bank's page")
    assert visit.browser.run("tries") == 1
    visit.check()


def test_relink_and_stripe_share_the_simulated_time(visit: Visit, demo: Demo):
    demo.at_the_bank("POST", "clock", seconds=3 * 24 * 3600)
    assert visit.browser.text(".message", "Ask Eli Brandt to relink (reminder 1)")
    demo.at_the_bank("POST", "clock", seconds=3 * 24 * 3600)
    visit.card("Eli Brandt", "Must not be debited")
    visit.check()


def test_the_inbox_refuses_unsigned_notifications(demo: Demo):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask("POST", f"{demo.shop}/notifications", {"id": "notify_customer_1"})
    kept = ask("GET", f"{demo.shop}/notifications", {})["notifications"]
    assert "notify_customer_1" not in [notification["id"] for notification in kept]


def test_the_demo_answers_for_no_foreign_site(demo: Demo):
    """It asks for no token, so a site that gives its own name our address must not reach it."""
    for page in (demo.shop, demo.bank, demo.shop.replace("/demo", "/accounts")):
        request = urllib.request.Request(page, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="421"):
            urllib.request.urlopen(request, timeout=10)
