"""Old against new: this checkout beside another one, in one run.

The other one is a folder with an earlier release, and with an environment of its own in ``.venv``::

    git worktree add ../first 04a525d
    cd ../first && python3 -m venv .venv && .venv/bin/pip install --constraint constraints.txt \\
        setuptools && .venv/bin/pip install --constraint constraints.txt --no-build-isolation \\
        --editable '.[service,postgres]'

Names have changed since the first release, so both are given the same bytes: the webhooks of one
account's life (:mod:`.steps`), and webhooks over HTTP.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .cold import FIRST_STEP_CODE, start
from .databases import DATABASES
from .ingest import measured
from .measure import OURS, Line, Round, lines, take_turns
from .running import ROOT, started
from .size import Size

OLD = "the other release"


def interpreter(checkout: Path) -> Path:
    """The interpreter of the other release's environment.

    Raises:
        FileNotFoundError: it has none.
    """
    python = checkout.absolute() / ".venv" / "bin" / "python"
    if not python.exists():
        raise FileNotFoundError(
            f"{python} does not exist; benchmarks/against.py says how to make it"
        )
    return python


def run(size: Size, checkout: Path) -> Iterator[Line]:
    """Measure decision, step, cold start and ingest of both."""
    pythons = {OURS: sys.executable, OLD: str(interpreter(checkout))}
    with ExitStack() as stack:
        releases = {name: stack.enter_context(_release(python)) for name, python in pythons.items()}
        for what, row in (("decide", "against, a decision"), ("step", "against, a step")):
            sides = {
                name: _rounds(release, what, size.seconds) for name, release in releases.items()
            }
            yield from lines(row, "µs", take_turns(sides, size.rounds, row))
    row = "against, cold start to the first step"
    colds = {name: start(FIRST_STEP_CODE, python) for name, python in pythons.items()}
    for cold in colds.values():
        cold()
    yield from lines(row, "s", take_turns(colds, size.cold, row))
    for database, opened in DATABASES.items():
        with ExitStack() as stack:
            at = stack.enter_context(opened())
            servers = {
                name: stack.enter_context(started("relink", at.new(), size.accounts, python))
                for name, python in pythons.items()
            }
            yield from measured(f"against, ingest on {database}", at, servers, size)


@contextmanager
def _release(python: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [python, "-m", "benchmarks.release"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        if not process.stdout.readline():
            raise RuntimeError(f"{python} cannot take the steps; its error is above")
        yield process
    finally:
        process.kill()
        process.communicate()


def _ask(release: "subprocess.Popen[str]", question: Sequence[object]) -> float:
    assert release.stdin
    assert release.stdout
    release.stdin.write(f"{' '.join(map(str, question))}\n")
    release.stdin.flush()
    return float(release.stdout.readline())


def _rounds(release: "subprocess.Popen[str]", what: str, seconds: float) -> Round:
    _ask(release, (what, 3))
    # The life has a dozen steps.
    times = max(1, round(seconds * 1e6 / 12 / _ask(release, (what, 3))))
    return lambda: _ask(release, (what, times))
