"""Barriers in a page: what axe-core finds, and what does not fit on the screen.

``make .venv/axe-core/installed`` installs axe-core at the pinned version.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from .browser import Browser

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".venv" / "axe-core" / "node_modules" / "axe-core" / "axe.min.js"

FOUND = """axe.run({ resultTypes: ["violations"] }).then(({ violations }) =>
    violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, any }) =>
        `${impact}: ${id} at ${target}: ${any.map(({ message }) => message)}`)))"""

WIDER = """[...document.querySelectorAll("body *")]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1)
    .filter((each) => !each.closest(".skip, .unseen"))
    .map((each) => `${each.localName}.${each.className} is wider than the screen`)"""


def barriers(browser: Browser) -> list[str]:
    """What is wrong with the page that a browser shows; best nothing.

    It is looked at wide and light, and narrow and dark, and at 390 px whether everything fits.
    """
    if not AXE.exists():
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed")
        subprocess.run(["make", ".venv/axe-core/installed"], cwd=ROOT, check=True)
    if not browser.run("'axe' in window"):
        browser.run(f"{AXE.read_text(encoding='utf-8')}; null")
    found = []
    for width, is_dark in ((1320, False), (320, True), (390, True)):
        browser.appear(width, is_dark=is_dark)
        scheme = browser.run("getComputedStyle(document.documentElement).colorScheme")
        problems = [] if is_dark == (scheme == "dark") else [f"the scheme is {scheme}"]
        problems += browser.run(WIDER)
        if width != 390:
            problems += browser.run(FOUND)
        found += (f"{width} px, {scheme}: {problem}" for problem in problems)
    return found
