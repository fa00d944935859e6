"""A browser with several windows and real mouse clicks, which may open windows."""

import json
import time
from typing import Any

from ..simulator.browser import TIMEOUT, Browser


class Windows(Browser):
    """A :class:`Browser` that switches between windows."""

    def open_window(self, url: str) -> str:
        """Open a window on a page, switch to it, and return its id."""
        window: str = self._of_all("Target.createTarget", url="about:blank")["targetId"]
        self.turn_to(window)
        self.open(url)
        return window

    def turn_to(self, window: str) -> None:
        """Switch to this window."""
        self._of_all("Target.activateTarget", targetId=window)
        attached = self._of_all("Target.attachToTarget", targetId=window, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def turn_to_opened(self, path: str, seen: set[str]) -> str:
        """Switch to the window that a page opened, as soon as its URL contains this path.

        Args:
            path: part of the URL.
            seen: ids of windows to skip; the found one is added.

        Returns:
            the id of the window.
        """
        give_up = time.monotonic() + TIMEOUT / 1000
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
        """Click the element with the mouse, as soon as it is visible."""
        middle = """(found.scrollIntoView({ block: "center", behavior: "instant" }),
            (({ x, y, width, height }) => [x + width / 2, y + height / 2])
            (found.getBoundingClientRect()))"""
        x, y = self._on(selector, containing, middle)
        for what in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=what, x=x, y=y, button="left", clickCount=1)

    def click_within(self, selector: str, containing: str, inner: str) -> None:
        """Click an element inside the first visible one that matches and has it."""
        self._on(
            f"{selector}:has({inner})",
            containing,
            f"(found.querySelector({json.dumps(inner)}).click(), null)",
        )

    def write(self, text: str) -> None:
        """Type into the focused element."""
        self._ask("Input.insertText", text=text)

    def _on(self, selector: str, containing: str, then: str, times: int = 1) -> Any:
        """Wait twice as long: some results wait for a read that settles a contradiction."""
        try:
            return super()._on(selector, containing, then, times)
        except AssertionError:
            return super()._on(selector, containing, then, times)

    def _of_all(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command to the browser instead of the page."""
        page, self._session = self._session, None
        try:
            return self._ask(method, **params)
        finally:
            self._session = page
