"""A headless Chromium, controlled through its DevTools protocol over a pipe."""

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "Chromium is not installed. Install it (Debian: apt-get install chromium; any other: set the "
    "variable CHROMIUM to its path)"
)
"""Why a test that needs one is skipped, and the cure."""

KEYS = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Space": ("Space", 32, " "),
    "ArrowDown": ("ArrowDown", 40, ""),
}
"""Keys by name: what the protocol calls them, their numbers, and the text that they type."""

TIMEOUT = 5000
"""How long to wait for an element on a page (milliseconds)."""

LEFT = (
    "Inspected target navigated or closed",
    "Execution context was destroyed",
    "Cannot find context",
    "Cannot find default execution context",
    "Promise was collected",
)
"""What the protocol answers to a script whose page was left before it returned."""


class PageLeftError(AssertionError):
    """The page was left before a script on it returned."""


def installed() -> str | None:
    """The path of an installed Chromium or Chrome."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page. Its errors are collected in ``errors``."""

    def __init__(self, program: str, folder: Path) -> None:
        to_read, our_write = os.pipe()
        our_read, to_write = os.pipe()
        options = [
            *("--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu"),
            *("--disable-dev-shm-usage", "--window-size=1320,860", f"--user-data-dir={folder}"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ]
        # The protocol is spoken on the descriptors 3 and 4; sh can not name those above 9.
        shell = f'exec "$0" "$@" 3<&{to_read} 4>&{to_write}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, program, *options],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._write = os.fdopen(our_write, "wb", buffering=0)
        self._read = os.fdopen(our_read, "rb")
        self._ids = itertools.count(1)
        self._session: str | None = None
        self.errors: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        message = {"id": next(self._ids), "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    is_left = answer["error"]["message"].startswith(LEFT)
                    error = PageLeftError if is_left else AssertionError
                    raise error(f"{method}: {answer['error']}")
                found: dict[str, Any] = answer["result"]
                return found
            self._note(answer.get("method"), answer.get("params", {}))

    def _next(self) -> dict[str, Any]:
        found = bytearray()
        while (byte := self._read.read(1)) != b"\0":
            assert byte, "the browser is gone"
            found += byte
        message: dict[str, Any] = json.loads(found)
        return message

    def _note(self, method: str | None, params: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"]["text"])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])

    def open(self, url: str) -> None:
        """Open a page."""
        self._ask("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        answer = self._ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def text(self, selector: str, containing: str = "", times: int = 1) -> str:
        """The text of the first visible element that matches, once there is one.

        Args:
            selector: a CSS selector.
            containing: a text that the element contains.
            times: how often it contains the text, at least.
        """
        found: str = self._on(selector, containing, "found.innerText", times)
        return found

    def appear(self, width: int, *, is_dark: bool = False, height: int = 860) -> None:
        """Show the page as on a screen of this width, in the light or the dark scheme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._ask("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        # What moves in has other colours on its way.
        calm = {"name": "prefers-reduced-motion", "value": "reduce"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme, calm])
        # So that an element has the focus although the window has not.
        self._ask("Emulation.setFocusEmulationEnabled", enabled=True)

    def type_key(self, key: str, *, shift: bool = False) -> None:
        """Press and release a key of the keyboard: Tab, Enter, Escape, Space or an arrow."""
        code, number, text = KEYS[key]
        named = {
            "key": text if key == "Space" else key,
            "code": code,
            "windowsVirtualKeyCode": number,
            "modifiers": 8 if shift else 0,
        }
        for what in ("keyDown", "keyUp"):
            spelled = {"text": text} if text and what == "keyDown" else {}
            self._ask("Input.dispatchKeyEvent", type=what, **named, **spelled)

    def walk_to(self, selector: str, containing: str = "", limit: int = 80) -> None:
        """Press Tab until the focus is on an element that matches. It can be seen all the way."""
        self.text(selector, containing)
        wanted, text = json.dumps(selector), json.dumps(containing)
        script = f"""(({{ activeElement: it, body }}) => {{
            if (it === body) return [false, true, ""]; // from the page's end on to its start
            const {{ left, top, right, bottom }} = it.getBoundingClientRect();
            const isWide = left >= 0 && right <= innerWidth + 1;
            const isSeen = isWide && bottom > 0 && top < innerHeight;
            const isMarked = getComputedStyle(it).outlineStyle !== "none";
            const isWanted = it.matches({wanted}) && it.textContent.includes({text});
            return [isWanted, isSeen && isMarked, it.outerHTML];
        }})(document)"""
        for _ in range(limit):
            self.type_key("Tab")
            is_wanted, is_seen, what = self.run(script)
            assert is_seen, f"the focus cannot be seen: {what}"
            if is_wanted:
                return
        raise AssertionError(f"the keyboard does not lead to {selector} {containing}")

    def picture(self, file: Path) -> None:
        """Keep a picture of the whole page (PNG)."""
        shot = self._ask("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def click(self, selector: str, containing: str = "") -> None:
        """Click the first visible element that matches, once there is one."""
        self._on(selector, containing, "(found.click(), null)")

    def _on(self, selector: str, containing: str, then: str, times: int = 1) -> Any:
        """Wait for an element. If the page is left meanwhile, look on the next one."""
        give_up = time.monotonic() + TIMEOUT / 1000
        while True:
            left = max(0, round((give_up - time.monotonic()) * 1000))
            try:
                return self._look(selector, containing, then, times, left)
            except PageLeftError:
                if not left:
                    raise

    def _look(self, selector: str, containing: str, then: str, times: int, timeout: int) -> Any:
        script = f"""new Promise((resolve, reject) => {{
            const give_up = Date.now() + {timeout};
            const text = {json.dumps(containing)};
            (function look() {{
                const found = [...document.querySelectorAll({json.dumps(selector)})].find((each) =>
                    each.checkVisibility() &&
                    (text === "" || each.innerText.split(text).length > {times}));
                if (found) resolve({then});
                else if (Date.now() < give_up) setTimeout(look, 20);
                else reject(new Error("nothing fits: " + {json.dumps(selector)} + " " + text));
            }})();
        }})"""
        return self.run(script)

    def close(self) -> None:
        """Close the browser."""
        self._session = None
        self._ask("Browser.close")
        self._process.wait(10)
        self._write.close()
        self._read.close()
