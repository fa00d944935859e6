"""XState 5 on Node: its pure ``transition``, in a process of its own.

Its package is installed with npm into the environment's folder at first use, in the version that
``package.json`` names. Only the machine is XState's there: its guards give the answers that
Python's gave, and its effects return copies of what Python's returned. So relink's side pays for
its guards and effects, and XState's does not.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..declared import STATES, TRANSITIONS, with_each_name
from ..measure import Round
from ..walk import Question

HERE = Path(__file__).parent
FOLDER = Path(sys.prefix) / "xstate"
JAVASCRIPT = {" and ": " && ", " or ": " || ", "not ": "!"}


def version() -> str:
    """The version of XState that is used."""
    pinned: str = json.loads((HERE / "package.json").read_text())["dependencies"]["xstate"]
    return pinned


def node() -> str | None:
    """Where Node is; None where it is not, or npm is not."""
    return shutil.which("node") if shutil.which("npm") else None


def is_available() -> bool:
    """Whether XState can be run here: with Node, and npm to fetch it."""
    if node() is None:
        return False
    try:
        installed()
    except subprocess.CalledProcessError:
        return False
    return True


def installed() -> Path:
    """Install XState, unless it is there; the folder of the script."""
    FOLDER.mkdir(exist_ok=True)
    package = FOLDER / "node_modules" / "xstate" / "package.json"
    if not package.exists() or json.loads(package.read_text())["version"] != version():
        shutil.copy(HERE / "package.json", FOLDER)
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--no-package-lock"]
        command += ["--prefer-offline", "--fetch-retries=0"]
        subprocess.run(command, cwd=FOLDER, check=True)
    shutil.copy(HERE / "xstate.mjs", FOLDER)
    return FOLDER


class Machine:
    """A Node process that has answered all questions once."""

    def __init__(self, process: "subprocess.Popen[str]", questions: Sequence[Question]) -> None:
        self._process = process
        self.answers: list[list[Any]] = json.loads(self._ask(_everything(questions)))
        """Per question: the state, the context and the commands."""

    def _ask(self, line: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("Node ended; its error is above")
        return answer

    def round(self, seconds: float) -> Round:
        """Rounds that take about so long: microseconds for one question."""
        for _ in range(2):  # V8 compiles what runs often
            self._ask("300" if seconds > 0.01 else "3")
        began = time.perf_counter()
        self._ask("10")
        times = max(1, round(10 * seconds / (time.perf_counter() - began)))
        return lambda: float(self._ask(str(times)))


@contextmanager
def machine(questions: Sequence[Question]) -> Iterator[Machine]:
    """Start Node."""
    found = node()
    assert found
    process = subprocess.Popen(
        [found, str(installed() / "xstate.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Machine(process, questions)
    finally:
        process.kill()
        process.communicate()


def expected(question: Question) -> list[Any]:
    """What XState has to answer."""
    outcome = question.outcome
    return [outcome.state, _json(outcome.facts), [_json(each) for each in outcome.commands]]


def _everything(questions: Sequence[Question]) -> str:
    transitions = [
        {
            "source": each.source,
            "event": each.event,
            "target": each.target,
            "guard": _guard(each.guards),
            "acts": bool(each.effects),
        }
        for each in TRANSITIONS
    ]
    assert {each["source"] for each in transitions} == set(STATES)
    asked = [
        {"state": each.state, "facts": _json(each.facts), "event": _event(each)}
        for each in questions
    ]
    machine = {"initial": questions[0].state, "transitions": transitions, "questions": asked}
    return json.dumps(machine)


def _event(question: Question) -> dict[str, Any]:
    decision = question.decision
    after = _json(decision.facts)
    return {
        "type": question.event.name,
        "answers": dict(decision.guards),
        "changes": {name: after[name] for name in decision.changes},
        "commands": [_json(command) for command in decision.commands],
    }


def _guard(expressions: Sequence[str]) -> str | None:
    made = []
    for expression in expressions:
        text = expression
        for python, javascript in JAVASCRIPT.items():
            text = text.replace(python, javascript)
        made.append(f"({with_each_name(text, lambda name: f'answers.{name}')})")
    return " && ".join(made) or None


def _json(model: Any) -> Any:
    return json.loads(model.model_dump_json())
