"""A browser with several windows, used by hand: only real presses may open another one."""

import json
import time
from typing import Any

from ..simulator.browser import PATIENCE, Browser


class Windows(Browser):
    """A :class:`Browser` that turns from one window to another."""

    def open_window(self, url: str) -> str:
        """Open one on a page, and turn to it; returns its id."""
        window: str = self._of_all("Target.createTarget", url="about:blank")["targetId"]
        self.turn_to(window)
        self.open(url)
        return window

    def turn_to(self, window: str) -> None:
        """Go on in this window."""
        self._of_all("Target.activateTarget", targetId=window)
        attached = self._of_all("Target.attachToTarget", targetId=window, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def turn_to_opened(self, path: str, seen: set[str]) -> str:
        """Turn to the window that a page opened, as soon as it shows an address with this path.

        Args:
            path: a part of the address.
            seen: windows that are others; the one that is found becomes one of them.

        Returns:
            its id.
        """
        give_up = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < give_up:
            for window in self._of_all("Target.getTargets")["targetInfos"]:
                found: str = window["targetId"]
                if path in window["url"] and found not in seen:
                    seen.add(found)
                    self.turn_to(found)
                    return found
            time.sleep(0.05)
        raise AssertionError(f"no window shows {path}")

    def press(self, selector: str, containing: str = "") -> None:
        """Press the mouse on it, as soon as it can be seen."""
        middle = """(found.scrollIntoView({ block: "center", behavior: "instant" }),
            (({ x, y, width, height }) => [x + width / 2, y + height / 2])
            (found.getBoundingClientRect()))"""
        x, y = self._on(selector, containing, middle)
        for what in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=what, x=x, y=y, button="left", clickCount=1)

    def click_within(self, selector: str, containing: str, inner: str) -> None:
        """Click what is in the first visible element that fits."""
        self._on(selector, containing, f"(found.querySelector({json.dumps(inner)}).click(), null)")

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self._ask("Input.insertText", text=text)

    def _on(self, selector: str, containing: str, then: str) -> Any:
        """Twice as patient: some things wait for a read that settles a contradiction."""
        try:
            return super()._on(selector, containing, then)
        except AssertionError:
            return super()._on(selector, containing, then)

    def _of_all(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser, and not the page."""
        page, self._session = self._session, None
        try:
            return self._ask(method, **params)
        finally:
            self._session = page
