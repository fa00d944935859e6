"""The demo by clicks: links break in StripeBank, and the shop sees what comes of it.

The tests share one demo, and each has a customer of its own.
"""

import re
import urllib.error

import pytest

from .conftest import Demo, ask
from .windows import Windows


class Visit:
    """Shop and StripeBank in a window each, and the bank's page in those that the shop opens."""

    def __init__(self, browser: Windows, demo: Demo) -> None:
        self.browser = browser
        self._bank = browser.open_window(demo.bank)
        self._shop = browser.open_window(demo.shop)
        self._at_the_bank = ""
        self._seen: set[str] = set()
        browser.text(".message", "Ask Eli Brandt to relink")
        # If the page is loaded anew, this is gone.
        browser.run("void (window.isTheSame = true)")

    def of(self, customer: str, saying: str) -> str:
        """What the shop shows of a customer, as soon as it says this."""
        return self.browser.text(f'.card[aria-label="{customer}"]', saying)

    def press(self, customer: str, what: str) -> None:
        """Press a button of a customer's account."""
        self.browser.press(f'.card[aria-label="{customer}"] [data-do="{what}"]')

    def breaks(self, holder: str, what: str) -> None:
        """Break a login in StripeBank, and look at the shop again."""
        self.browser.turn_to(self._bank)
        self.browser.click_within(".card[data-authorization]", holder, ".card-head summary")
        self.browser.click("details[open] button", what)
        self.browser.turn_to(self._shop)

    def relinks(self, customer: str) -> None:
        """Press Relink, and be the customer in the window that opens, signed in."""
        self.press(customer, "relink")
        self._at_the_bank = self.browser.turn_to_opened("/stripebank/fcsess_", self._seen)
        address = self.browser.run("location.href")
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/stripebank/fcsess_(?!client)\w+", address)
        self.browser.click("#agree")
        self.browser.click("#sign-in")

    def looks_back(self) -> None:
        """Turn to the shop for a moment; a headless browser does not tell the page so itself."""
        self.browser.turn_to(self._shop)
        self.browser.run("void dispatchEvent(new Event('focus'))")
        self.browser.text('[data-outcome="pending"]', "The customer is still at the bank")
        self.browser.turn_to(self._at_the_bank)

    def chooses(self, account: str) -> str:
        """Choose an account, and look at the shop again; returns what the bank said."""
        self.browser.click("label.choice", account)
        self.browser.click("#connect")
        said = self.browser.text("#outcome")
        self.browser.turn_to(self._shop)
        return said

    def leaves(self) -> None:
        """The shop's page was not loaded anew, no secret is in it, and nothing went wrong."""
        assert self.browser.run("window.isTheSame && location.search + location.hash") == ""
        assert "client_secret" not in self.browser.run("document.documentElement.outerHTML")
        assert self.browser.errors == []


@pytest.fixture
def visit(browser: Windows, demo: Demo) -> Visit:
    return Visit(browser, demo)


def test_from_a_broken_link_to_a_repaired_account(visit: Visit):
    visit.breaks("Ada Winter", "Expire the consent")
    told = visit.browser.text(".message", "Ask Ada Winter to relink")
    assert "the customer's consent expired" in told
    assert "Signature verified" in told
    assert "Not to be charged: the customer's consent expired" in visit.of("Ada Winter", "Relink")

    visit.relinks("Ada Winter")
    assert visit.chooses("Expected") == "Account connected"
    assert visit.browser.text('[data-outcome="relinked"]').startswith("Repaired")
    card = visit.of("Ada Winter", "May be charged")
    assert card.count("May be charged") == 2, "the savings account came back with it"

    visit.press("Ada Winter", "history")
    assert visit.browser.text("#timeline .moved", "A relink session is open")
    visit.browser.run("document.getElementById('picture').decode()")
    assert visit.browser.run("document.getElementById('picture').alt").endswith("state active")
    visit.leaves()


def test_a_new_account_with_a_name_and_a_mandate(visit: Visit):
    visit.breaks("cus_", "The customer changes the password")
    visit.of("dana@mail.test", "Have the customer relink this account")
    visit.relinks("dana@mail.test")
    assert visit.chooses("Never connected") == "That is not the account"
    assert "did not connect this account" in visit.browser.text('[data-outcome="failed"]')

    visit.of("dana@mail.test", "Have the customer link any account at this bank")
    visit.relinks("dana@mail.test")
    assert visit.chooses("Never connected") == "Account connected"
    assert visit.browser.text('[data-outcome="new_account_linked"]').startswith("A new account")
    visit.browser.text(".message", "Ask dana@mail.test for the account holder's name")

    visit.browser.press('input[name="name"]')
    visit.browser.write("Dana Kim")
    visit.press("dana@mail.test", "send-name")
    visit.of("dana@mail.test", "Collect a mandate")
    visit.press("dana@mail.test", "mandate")
    visit.of("dana@mail.test", "May be charged")
    visit.leaves()


def test_without_webhooks_the_customer_who_is_back_tells(visit: Visit, demo: Demo):
    visit.breaks("Cleo Marin", "Expire the consent")
    visit.of("Cleo Marin", "Have the customer relink this account")
    demo.at_the_bank("PUT", "faults", lose=1.0)
    visit.relinks("Cleo Marin")
    visit.looks_back()
    assert visit.chooses("Expected") == "Account connected"
    visit.of("Cleo Marin", "A relink session is open")
    visit.press("Cleo Marin", "back")
    visit.browser.text('[data-outcome="relinked"]', "Repaired")
    demo.at_the_bank("PUT", "faults")
    visit.of("Cleo Marin", "May be charged")
    visit.leaves()


def test_time_passes_for_relink_as_it_does_at_stripe(visit: Visit, demo: Demo):
    demo.at_the_bank("POST", "clock", seconds=3 * 24 * 3600)
    assert visit.browser.text(".message", "Ask Eli Brandt to relink (reminder 1)")
    demo.at_the_bank("POST", "clock", seconds=3 * 24 * 3600)
    visit.of("Eli Brandt", "Not to be charged")
    visit.leaves()


def test_the_inbox_takes_nothing_that_relink_did_not_sign(demo: Demo):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask("POST", f"{demo.shop}/notifications", {"id": "notify_customer_1"})
    told = ask("GET", f"{demo.shop}/notifications", {})["notifications"]
    assert "notify_customer_1" not in [notification["id"] for notification in told]
