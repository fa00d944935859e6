"""The quick form of the faults, for the tests.

All faults of a layout happen to one installation, one after the other, while its load goes on. A
test waits until the service has recovered, and judges what was sent since it began. At the end of
a layout the load stops, and all of it is judged, with what no single fault has to answer for:
customers who needed longer than a fault, and commands that followed from others.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ..profile import PROFILE
from .checks import Moment, Part, findings
from .declared import faults_of
from .fault import QUICK, Fault, Layout
from .load import Load
from .measure import has_recovered, what_is_left
from .site import Site, eventually, installed

RECOVERS_WITHIN = 90.0
"""Seconds. Other tests keep the processors busy, so the page alone holds what it promises."""

SETTLES_WITHIN = 60.0
"""Seconds from a recovery until what followed from the last commands is done too."""

NOTHING = Moment(0, 0, 0, 0, 0, 0)

BREAKS = 3
"""Installations of a layout that may break. Then its other faults are not tried."""


def tried(*layouts: Layout) -> list[object]:
    """The faults that this profile tries, and the end of each layout, as parameters of a test."""
    tried: list[object] = []
    for layout in layouts:
        tried += [pytest.param(each, id=each.name) for each in faults_of(layout)[:: PROFILE.stride]]
        tried.append(pytest.param(layout, id=f"all_of_{layout.name.lower()}"))
    return tried


class Bench:
    """One installation at a time, with its load.

    A fault that breaks it has a new one made for the next fault.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._layout: Layout | None = None
        self._broke: Counter[Layout] = Counter()
        self._site: Site
        self._load: Load

    @contextmanager
    def of(self, layout: Layout) -> Iterator[tuple[Site, Load]]:
        """The installation of a layout. What is raised meanwhile breaks it."""
        try:
            if self._layout is not layout:
                self._install(layout)
            yield self._site, self._load
        except BaseException as error:
            self._broke[layout] += isinstance(error, Exception)  # a skip is none
            self._layout = None
            self._stack.__exit__(*sys.exc_info())
            raise

    def has(self, layout: Layout) -> bool:
        """Whether there is an installation of a layout, and it is whole."""
        return self._layout is layout

    def close(self) -> None:
        """Have no processes any more."""
        self._layout = None
        self._stack.close()

    def _install(self, layout: Layout) -> None:
        self.close()
        assert self._broke[layout] < BREAKS, "not tried, because other faults failed"
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="relink-")))
        folder.chmod(0o755)  # PostgreSQL's user may read it
        self._site = self._stack.enter_context(installed(layout, folder, QUICK.environment))
        self._load = Load(self._site)
        self._stack.callback(self._load.close)
        self._load.start()
        assert eventually(lambda: self._load.broken, RECOVERS_WITHIN), "no link breaks"
        self._layout = layout


def check(bench: Bench, what: Fault | Layout) -> None:
    """A fault happens, the service recovers, and nothing of all that is lost or doubled.

    Args:
        bench: where.
        what: the fault; or the layout, to judge all that happened to it.

    Raises:
        AssertionError: it does not hold.
    """
    if isinstance(what, Fault):
        with bench.of(what.layout) as (site, load):
            _check_fault(site, load, what)
    else:
        if not bench.has(what):
            pytest.skip("there is nothing to judge: the fault before failed, or was not tried")
        with bench.of(what) as (site, load):
            load.stop()
            _check_part(site, load, NOTHING, Moment.now(site, load), cuts_attempts=True)


def _check_fault(site: Site, load: Load, fault: Fault) -> None:
    began = Moment.now(site, load)
    with fault.happens(site):
        time.sleep(QUICK.seconds_of(fault))
    lifted, first = time.time(), began.webhooks
    assert eventually(lambda: has_recovered(site, first, lifted), RECOVERS_WITHIN), (
        f"not recovered: {what_is_left(site, first, lifted)}"
    )
    # The service can be well without some of its processes. The next fault is to find them all.
    site.wait_until_ready()
    _check_part(site, load, began, Moment.now(site, load), fault.cuts_attempts)


def _check_part(site: Site, load: Load, since: Moment, until: Moment, cuts_attempts: bool) -> None:
    """What was sent between two moments is answered, done, and as it should be, by and by."""
    asked_for = time.time()
    wrong = ["it does not settle"]

    def is_good() -> bool:
        part = Part.between(site, load, since, until)
        if all(sent.is_answered for sent in part.webhooks) and site.has_done(asked_for):
            wrong[:] = findings(site, part, cuts_attempts).lines
        return not wrong

    assert eventually(is_good, SETTLES_WITHIN), "; ".join(wrong)
    site.check()
