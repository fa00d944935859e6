"""Case 26: when nothing succeeds any more, the metrics, `relink status` and the log say so."""

import json
import logging
import re

import pytest

from relink.adapters.bootstrap import store_status
from relink.adapters.cli import main
from relink.adapters.gateway import HeldBackError, TransientError
from relink.adapters.http import Metrics
from relink.adapters.notifications.notifier import NotifyError
from relink.adapters.runner import Performer
from relink.adapters.runner.streaks import FAILURES, WARN_EVERY, Streaks
from relink.adapters.store import Party
from relink.engine import Command

from .embedding import Embedding


class Away:
    """A gateway to a Stripe that does not answer."""

    def perform(self, command: Command, at: float, attempt: object = None) -> None:
        raise TransientError(f"no answer to {command.name}")


def away(command: Command, id: str) -> None:
    """A notification URL that does not answer."""
    raise NotifyError("the notification to shop.example got no answer")


def test_both_ends_fail_for_a_while(
    at: Embedding,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    account = at.linked()
    at.settle()
    login = at.sim.world.accounts[account].authorization
    assert login
    # What is left from before waits for its time: it is not overdue.
    assert store_status(at.store, at.sim.now).oldest_due == 0
    at.sim.bank.expire_consent(login.id)
    at.receive_webhooks()
    began = at.sim.now
    streaks = Streaks(timer=lambda: at.sim.now)
    at.performer = Performer(
        at.store,
        Away(),
        away,
        clock=lambda: at.sim.now,
        streaks=streaks,  # type: ignore[arg-type]
    )
    with caplog.at_level(logging.INFO, "relink"):
        at.settle(100)

    seconds = at.sim.now - began
    assert seconds > 50
    found = store_status(at.store, at.sim.now)
    assert found.failing
    assert found.oldest_due >= seconds - 1
    page = Metrics(lambda: store_status(at.store, at.sim.now)).page().decode()
    oldest = next(
        line.split()[1] for line in page.splitlines() if line.startswith("relink_oldest_due_s")
    )
    assert float(oldest) >= seconds - 1
    for name in found.failing:
        assert f'relink_failing_commands{{command="{name}"}}' in page

    warned = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert any("attempts in a row failed at Stripe" in each for each in warned)
    assert any("relink doctor" in each for each in warned)

    monkeypatch.setenv("RELINK_DATABASE_URL", str(at.store.location))
    assert main(["status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["failing"], status["stuck"]) == (found.failing, {})
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    count = sum(found.failing.values())
    assert re.search(rf"^failing +{count}, retried by themselves: ", shown, re.M)
    assert f"{found.waiting} due, the oldest for " in shown


def test_a_streak_is_a_warning_with_what_to_do_and_does_not_flood_the_log(
    caplog: pytest.LogCaptureFixture,
):
    now = [0.0]
    streaks = Streaks(timer=lambda: now[0])
    for _ in range(FAILURES - 1):
        streaks.failed(Party.SERVICE, "got 500")
    streaks.failed(Party.STRIPE, "got 503")
    assert caplog.records == []
    for _ in range(50):
        now[0] += 0.1
        streaks.failed(Party.SERVICE, "got 500")
    (first,) = [each.getMessage() for each in caplog.records]
    assert first.startswith("5 attempts in a row failed at the notification URL")
    assert "got 500" in first
    assert "RELINK_NOTIFY_URL" in first
    now[0] += WARN_EVERY
    streaks.failed(Party.SERVICE, "got 500")
    assert streaks.failures_at(Party.SERVICE) == FAILURES + 50
    streaks.succeeded(Party.SERVICE)
    assert [each.levelname for each in caplog.records] == ["WARNING"] * 3
    assert "succeed again" in caplog.messages[-1]
    assert streaks.failures_at(Party.SERVICE) == 0
    streaks.succeeded(Party.SERVICE)
    streaks.failed(Party.SERVICE, "got 500")
    assert len(caplog.records) == 3


class HoldsBack:
    """A gateway whose rate limiter has no slot."""

    def perform(self, command: Command, at: float, attempt: object = None) -> None:
        raise HeldBackError("not sent", wait=3.0)


def test_a_storm_of_refusals_by_our_own_rate_limiter_moves_no_command_towards_giving_up(
    at: Embedding, caplog: pytest.LogCaptureFixture
):
    """Case 38."""
    at.linked()
    watched: list[str] = []
    performer = Performer(
        at.store,
        HoldsBack(),  # type: ignore[arg-type]
        print,
        clock=lambda: at.sim.now,
        watch_command=lambda command, result, age: watched.append(result),
    )
    before = {due.id: due.attempts for due in at.store.due_commands(at.sim.now, 99, Party.STRIPE)}
    assert before
    with caplog.at_level(logging.INFO, "relink"):
        for _ in range(50):
            performer.work_off()
            at.sim.advance(3)
    after = at.store.due_commands(float("inf"), 99, Party.STRIPE)
    assert {due.id: due.attempts for due in after if due.id in before} == before
    assert all(due.retried_for == 0 for due in after)
    assert performer.streaks.failures_at(Party.STRIPE) == 0
    assert watched.count("held_back") > 20
    assert caplog.records == []
