"""The embedding examples run, each from a broken link to a repaired account."""

import logging
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from relink.adapters.gateway import RateLimitedError
from relink.adapters.simulator.server import SimulatorServer

from .shops import EXAMPLES, DjangoSite, FlaskSite, Shop


def test_from_a_broken_link_to_a_repaired_account(
    staffed_shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = staffed_shop
    caplog.set_level(logging.DEBUG)
    account = shop.broken_account()
    shop.until(lambda: "ask='relink'" in caplog.text or "'ask': 'relink'" in caplog.text)

    opened = shop.post(f"/accounts/{account}/relink")
    assert opened.status == 201
    assert "no-store" in opened.headers["Cache-Control"]
    again = shop.post(f"/accounts/{account}/relink")
    assert again.status == 200
    assert again.json == opened.json
    session, secret = opened.json["session"], opened.json["client_secret"]
    assert secret == shop.sim.world.sessions[session].client_secret

    with shop.stripe.lock:
        shop.sim.customer(session).choose_expected()
    result = shop.post("/relink/result")
    assert result.status == 200
    assert result.json["outcome"] == "relinked"
    shop.until(lambda: shop.state(account) == "active")
    assert shop.account(account).assessment.chargeable

    # Only the two answers to the customer hold the secret.
    assert [got for got in shop.answers if secret in f"{got.headers} {got.text}"] == [opened, again]
    assert secret not in caplog.text
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes(), file.name


def test_a_new_account_gets_its_payment_method_once_the_name_is_known(shop: Shop) -> None:
    account = shop.broken_account(name=None)
    outcomes = []
    for _ in range(2):  # first refused, then accepted as any eligible account
        session = shop.post(f"/accounts/{account}/relink").json["session"]
        shop.pass_time(5)
        with shop.stripe.lock:
            shop.sim.customer(session).choose_new()
        result = shop.post("/relink/result").json
        outcomes.append((result["outcome"], result["failure_reason"], result["next"][0]["action"]))
    assert outcomes == [
        ("failed", "no_account", "relink"),
        ("new_account_linked", None, "wait"),
    ]
    shop.until(lambda: any(command.name == "request_billing_name" for command in shop.notified))
    assert shop.post("/relink/result", b"billing_name=Jo+March").status == 200
    shop.until(lambda: shop.sim.world.payment_methods != {})
    (made,) = shop.sim.world.payment_methods.values()
    assert made.billing["name"] == "Jo March"
    assert shop.post("/relink/result").json["next"][0]["action"] == "collect_mandate"


def test_a_forged_webhook_is_refused_and_not_stored(shop: Shop) -> None:
    with shop.stripe.lock:
        shop.sim.link_account(shop.sim.add_customer())
        (delivery, *_) = list(shop.sim.due_webhooks())
    forged = delivery.payload.replace(b"active", b"actor!")
    assert shop.webhook(forged, delivery.signature).status == 400
    assert shop.webhook(delivery.payload, "t=1,v1=00").status == 400
    assert shop.webhook(delivery.payload, "").status == 400
    assert shop.setup.store().accounts() == []
    assert shop.webhook(delivery.payload, delivery.signature).json == {"outcome": "applied"}
    assert shop.webhook(delivery.payload, delivery.signature).json == {"outcome": "duplicate"}


def test_accounts_and_sessions_of_other_customers_count_as_unknown(shop: Shop) -> None:
    account = shop.broken_account()
    assert shop.post("/accounts/fca_unknown/relink").status == 404
    shop.site.login("cus_somebody_else")
    assert shop.post(f"/accounts/{account}/relink").status == 404
    assert shop.post("/relink/result").status == 404
    assert not shop.sim.world.sessions


def test_a_refused_relink_says_what_to_do_instead(shop: Shop) -> None:
    account = shop.linked_account()
    shop.pass_time(10)
    with shop.stripe.lock:
        shop.sim.bank.close_account(account.id)
    shop.until(lambda: shop.state(account.id) == "inactive_unrepairable")
    refused = shop.post(f"/accounts/{account.id}/relink")
    assert refused.status == 409
    assert refused.json["state"] == "inactive_unrepairable"
    assert [action["action"] for action in refused.json["next"]] == ["request_new_payment_method"]


def test_an_error_of_stripe_is_a_502_and_of_the_database_a_503(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.linked_account()  # The key reaches Stripe's account, so what is missing does not exist.
    account = shop.broken_account()
    shop.sim.world.authorizations.clear()
    assert shop.post(f"/accounts/{account}/relink").status == 502

    with shop.stripe.lock:
        shop.sim.link_account(shop.sim.add_customer())
        (delivery, *_) = list(shop.sim.due_webhooks())
    shop.setup.store().close()
    for piece in (shop.setup.settings, shop.setup.store, shop.setup.service):
        piece.cache_clear()
    monkeypatch.setenv("RELINK_DATABASE_URL", f"sqlite:///{tmp_path / 'gone' / 'relink.db'}")
    away = shop.webhook(delivery.payload, delivery.signature)
    assert (away.status, away.headers["Retry-After"]) == (503, "5")


def test_a_rate_limit_of_stripe_is_a_503_with_retry_after(configured: None) -> None:
    answers = import_module("relink_answers")
    assert answers.error_answer(RateLimitedError("429"))[1:] == (503, {"Retry-After": "5"})


def test_another_site_cannot_post_as_a_customer(shop: Shop) -> None:
    account = shop.broken_account()
    opened = shop.post(f"/accounts/{account}/relink")
    assert "SameSite=Lax" in opened.headers["Set-Cookie"]
    if isinstance(shop.site, DjangoSite):
        shop.site.token = "x" * 32
        assert shop.post(f"/accounts/{account}/relink").status == 403


def test_a_lost_celery_message_costs_nothing(stripe: SimulatorServer, configured: None) -> None:
    shop, celery = Shop(stripe, FlaskSite()), import_module("celery_app")
    shop.linked_account()
    (due,) = shop.setup.store().due_commands(time.time(), limit=10)
    celery.sweep()
    assert celery.app.control.purge() == 1
    assert shop.setup.store().due_command(due.id) == due

    celery.app.conf.task_always_eager = True
    celery.sweep()
    assert shop.setup.store().due_command(due.id) is None


def test_a_repeated_or_early_celery_message_changes_nothing(
    stripe: SimulatorServer, configured: None
) -> None:
    shop, celery = Shop(stripe, FlaskSite()), import_module("celery_app")
    shop.linked_account()
    (due,) = shop.setup.store().due_commands(time.time(), limit=10)
    shop.sim.inject("error_before", method="GET")

    celery.perform(due.id)
    postponed = shop.setup.store().due_command(due.id)
    assert postponed.attempts == 1
    celery.perform(due.id)
    assert shop.setup.store().due_command(due.id) == postponed

    time.sleep(max(0.0, postponed.due_at - time.time()))
    celery.perform(due.id)
    assert shop.setup.store().due_command(due.id) is None
    done = len(shop.sim.ledger.entries)
    celery.perform(due.id)
    assert len(shop.sim.ledger.entries) == done


def test_an_account_without_news_is_read(
    stripe: SimulatorServer, configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(stripe, FlaskSite(), performs_commands=True)
    account = shop.linked_account()
    celery = import_module("celery_app").app
    celery.tasks["relink.maintain"]()
    assert shop.setup.store().due_commands(time.time(), limit=10) == []

    in_two_days = time.time() + 2 * 24 * 60 * 60
    monkeypatch.setattr(shop.setup, "time", SimpleNamespace(time=lambda: in_two_days))
    celery.tasks["relink.maintain"]()
    due = shop.setup.store().due_commands(in_two_days, limit=10)
    assert account.id in [getattr(found.command, "account", None) for found in due]


@pytest.mark.parametrize(
    ("command", "prints"),
    [
        ("-m flask --app flask_app routes", "/webhooks/stripe"),
        ("django_app.py check", "no issues"),
        ("-m celery --app celery_app report", "relink.sweep"),
    ],
)
def test_the_commands_of_the_frameworks_load_the_examples(
    configured: None, command: str, prints: str
) -> None:
    done = subprocess.run(
        [sys.executable, *command.split()],
        cwd=EXAMPLES,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert prints in done.stdout
