"""The clock never goes back, and scheduled events run in order."""

import time

import pytest

from relink.adapters.simulator import Simulator
from relink.adapters.simulator.clock import TickingClock, Timetable, VirtualClock


def test_a_virtual_clock_moves_only_on_request_and_never_back():
    clock = VirtualClock(100)
    clock.move_to(90)
    assert clock.now == 100
    assert (clock.elapse(5), clock.now) == (0, 105)
    clock.move_to(200)
    assert clock.now == 200


def test_a_ticking_clock_follows_the_machine_and_can_be_moved_ahead():
    clock = TickingClock()
    assert clock.now == pytest.approx(time.time(), abs=1)
    clock.move_to(time.time() + 1000)
    clock.move_to(time.time())
    assert clock.now == pytest.approx(time.time() + 1000, abs=1)
    assert clock.elapse(5) == 5


def test_events_due_at_the_same_time_run_in_the_order_of_scheduling():
    trigger = []
    timetable = Timetable()
    for due, name in [(2, "c"), (1, "a"), (1, "b")]:
        timetable.add(due, trigger.append, name)
    while timetable.next_due is not None:
        timetable.run_next()
    assert trigger == ["a", "b", "c"]


def test_a_scheduled_event_runs_at_its_own_time():
    sim = Simulator(start=1000)
    sim.add_endpoint()
    account = sim.link_account()
    sim.bank.announce_deactivation(account.id, 5000)
    sim.advance(100_000)
    assert [e.created for e in sim.webhooks.events.values()][-1] == 5000
    assert sim.now == 101_000
