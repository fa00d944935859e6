"""The demo as a process of its own, and a browser in front of it."""

import json
import os
import select
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from ..simulator.browser import MISSING, installed
from .windows import Windows

START = 30.0
STOP = 15.0
"""How long starting and stopping may take (seconds)."""


@dataclass(frozen=True, slots=True)
class Demo:
    """The URLs of the demo's pages."""

    shop: str
    bank: str

    def at_the_bank(self, method: str, what: str, **how: object) -> Any:
        """Call the simulator's control API, past its pages."""
        return ask(method, self.bank.replace("/stripebank", f"/_simulator/{what}"), how)


def ask(method: str, url: str, body: dict[str, Any]) -> Any:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """``relink serve --demo``, interrupted at the end as by Ctrl-C."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "relink.adapters.cli", "serve", "--demo", "--port", "0"]
    errors = folder / "errors"
    # Without proxies, keys and settings of the environment.
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=stderr,
            bufsize=0,  # so that select() sees every line
            env={**environment, "TMPDIR": str(folder)},
        )
    try:
        assert process.stdout
        shop, bank = (_address(process.stdout, errors) for _ in range(2))
        yield Demo(shop, bank)
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP) == 0
        assert errors.read_text() == ""
        assert list(folder.glob("relink-demo-*")) == [], "nothing is kept"
    finally:
        process.kill()
        process.communicate()


def _address(output: IO[bytes], errors: Path) -> str:
    assert select.select([output], [], [], START)[0], "the demo printed no URL"
    line = output.readline().decode()
    assert "http://" in line, errors.read_text()
    return line.split()[-1]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Windows]:
    program = installed()
    if program is None:
        pytest.skip(MISSING)
    opened = Windows(program, tmp_path / "chromium")
    yield opened
    opened.close()
