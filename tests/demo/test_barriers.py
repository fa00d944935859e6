"""Shop and StripeBank stand in nobody's way: on small screens, at night, without a mouse.

The tests share one demo, and each uses its own customer.
"""

from collections.abc import Callable

import pytest

from ..simulator.axe import barriers
from .conftest import Demo
from .windows import Windows

ADA, CLEO = (f'.card[aria-label="{name}"]' for name in ("Ada Winter", "Cleo Marin"))

EVERYTHING = """((depth) => {
    depth.value = "everything";
    depth.dispatchEvent(new Event("change"));
})(document.getElementById("depth"))"""
"""Shows a history at its greatest depth."""


def break_login(browser: Windows, holder: str) -> None:
    browser.click_within(".card[data-authorization]", holder, ".card-head summary")
    browser.click("details[open] button", "Expire the consent")


def await_focus(browser: Windows, selector: str) -> None:
    """Wait until the focus is on an element that matches."""
    browser.text(f"{selector}:focus")


def test_no_page_has_a_barrier(browser: Windows, demo: Demo):
    """What axe-core finds, in all states that the pages can be in."""
    assert barriers(browser), "an empty page has no title, for one"
    bank = browser.open_window(demo.bank)
    found: dict[str, list[str]] = {}

    def look(what: str, *steps: Callable[[], object]) -> None:
        for step in steps:
            step()
        found[what] = barriers(browser)

    look("the bank", lambda: browser.text("[data-account]"))
    look("a menu", lambda: browser.click("[data-account] summary"))
    break_login(browser, "Ada Winter")

    shop = browser.open_window(demo.shop)
    browser.text(".message", "Ask Ada Winter to relink")
    browser.press(f'{ADA} [data-do="relink"]')
    seen: set[str] = set()
    flow = browser.turn_to_opened("/stripebank/fcsess_", seen)
    look("the consent", lambda: browser.text("#agree"))
    look("the sign-in", lambda: browser.click("#agree"), lambda: browser.text("#sign-in"))
    look("the accounts", lambda: browser.click("#sign-in"), lambda: browser.text("#connect"))

    browser.turn_to(shop)
    look("the shop, with an open session", lambda: browser.text(ADA, "The customer is at the bank"))
    browser.press(f'{ADA} [data-do="history"]')
    look("a history", lambda: browser.text("#timeline .tone-waiting", "is open"))
    look("all of it", lambda: browser.run(EVERYTHING), lambda: browser.text("#timeline .detail"))
    browser.type_key("Escape")

    browser.turn_to(flow)
    browser.click("#none")
    look("a failure", lambda: browser.text("#outcome", "Account not connected"))
    browser.turn_to(bank)
    look("the bank, with a session", lambda: browser.text(".session"))
    browser.turn_to(shop)
    look("the shop, with a result", lambda: browser.text(f"{ADA} .outcome"))
    assert {what: problems for what, problems in found.items() if problems} == {}
    assert browser.errors == []


@pytest.mark.parametrize("width", [390, 320])
def test_every_choice_of_every_menu_can_be_reached_on_a_small_screen(
    browser: Windows, demo: Demo, width: int
):
    browser.open(demo.bank)
    browser.appear(width)
    browser.text("[data-account]")
    hidden = """[...document.querySelectorAll("summary")].flatMap((summary) => {
        summary.click();
        return [...summary.parentElement.querySelectorAll("button")].map((button) => {
            button.scrollIntoView({ block: "center", behavior: "instant" });
            const { left, right, top, bottom } = button.getBoundingClientRect();
            const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
            return hit === button && left >= 0 && right <= innerWidth ? null : button.innerText;
        });
    })"""
    reached = browser.run(hidden)
    assert len(reached) > 20
    assert [each for each in reached if each] == []


def test_the_keyboard_suffices(browser: Windows, demo: Demo):
    """A link breaks and is repaired by keys alone, on a screen of 320 px."""
    bank = browser.open_window(demo.bank)
    browser.appear(320)
    menu = '[aria-label^="Cleo Marin"] .card-head summary'
    browser.walk_to(menu)
    browser.type_key("Enter")
    browser.walk_to("details[open] button", "Change the password")
    browser.type_key("Escape")
    assert browser.run("document.querySelector('details[open]')") is None
    await_focus(browser, menu)
    browser.type_key("Enter")
    browser.walk_to("details[open] button", "Expire the consent")
    browser.type_key("Enter")
    browser.text('[aria-label^="Cleo Marin"] .pill', "Inactive")

    shop = browser.open_window(demo.shop)
    browser.appear(320)
    browser.walk_to(f'{CLEO} [data-do="relink"]')
    browser.type_key("Enter")
    browser.turn_to_opened("/stripebank/fcsess_", {bank, shop})
    browser.appear(320)
    browser.walk_to("#agree")
    browser.type_key("Enter")
    browser.walk_to("#sign-in")
    browser.type_key("Enter")
    browser.walk_to('input[type="radio"]')
    browser.type_key("Space")
    browser.walk_to("#connect")
    browser.type_key("Enter")
    assert browser.text("#outcome") == "Account connected"

    browser.turn_to(shop)
    browser.text(f"{CLEO} .outcome", "Repaired")
    browser.walk_to(f'{CLEO} [data-do="history"]')
    browser.type_key("Enter")
    browser.text("#timeline .tone-waiting", "is open")
    browser.walk_to("#depth")
    browser.type_key("ArrowDown")
    browser.type_key("ArrowDown")
    browser.text("#timeline .detail")
    browser.type_key("Escape")
    await_focus(browser, f'{CLEO} [data-do="history"]')
    assert browser.errors == []
