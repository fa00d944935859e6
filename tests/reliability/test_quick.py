"""The quick form finds what is lost or doubled in a fault."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from . import quick
from .fault import Fault, Layout
from .quick import Bench, check
from .site import Site, eventually


@contextmanager
def loses(site: Site) -> Iterator[None]:
    """A webhook that was answered is not stored."""
    before = len(site.sender.record())
    yield
    assert eventually(lambda: any(sent.is_answered for sent in site.sender.record()[before:]), 30)
    event = next(sent.event for sent in site.sender.record()[before:] if sent.is_answered)
    site.at.database.change("DELETE FROM inbox WHERE id = :event", event=event)


@contextmanager
def doubles(site: Site) -> Iterator[None]:
    """A notification arrives twice."""
    arrivals = site.at.receiver.arrivals
    before = len(arrivals)
    yield
    assert eventually(lambda: len(arrivals) > before, 30)
    arrivals.append(arrivals[before])


@pytest.mark.parametrize(
    ("happens", "found"),
    [(loses, "was answered, and is not stored"), (doubles, "arrived 2 times, and has 1 attempts")],
)
def test_what_is_lost_or_doubled_is_found_and_a_new_installation_follows(
    happens: Callable[[Site], AbstractContextManager[None]],
    found: str,
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quick, "SETTLES_WITHIN", 3.0)
    fault = Fault(name="", text="", layout=Layout.SQLITE, happens=happens)
    with pytest.raises(AssertionError, match=found):
        check(bench, fault)
    assert not bench.has(Layout.SQLITE)
