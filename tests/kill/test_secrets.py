"""Secrets are in the answer to whoever asked for a session, and nowhere else.

Real processes on PostgreSQL, which say as much as they can be made to say, and all that they
leave: the database with Procrastinate's tables, metrics, logs, and what they answer and tell.
"""

import itertools
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from relink.adapters.simulator import Account, ApiFault, Faults

from ..profile import PROFILE
from .installation import API_TOKEN, SHOP, Installation
from .secrecy import arguments_of_jobs, check_nothing_kept, places, secrets_of, written

JENNY = "Jenny Rosenblatt-Nobody-May-Keep"
"""A customer's name, at Stripe."""

GIVEN = "Ferdinand Given-and-Gone"
"""A customer's name that the service gave."""

DELIVERIES = ("modal", "url", "email")
CHOICES = ("choose_new", "choose_expected", "fail_to_sign_in", "cancel")

FAULTS = [fault for fault in ApiFault if fault is not ApiFault.RATE_LIMITED_WITH_WAIT]
"""One of each, but the one that would only have all wait for long."""

SESSIONS = "/v1/financial_connections/sessions"

BILLING = "SELECT id, status, fields FROM outbox WHERE fields::text LIKE '%billing_name%'"
NAMES_ASKED = "SELECT id FROM outbox WHERE command = 'request_billing_name' AND status = 'done'"


@pytest.fixture
def at(postgres_url: str, tmp_path: Path) -> Iterator[Installation]:
    with Installation(postgres_url, tmp_path, seed=5) as made:
        made.calm()
        made.sim.faults = Faults(caller_timeout=1)
        made.start(workers=2)
        yield made


def test_nothing_is_kept_of_relinks_of_every_kind(at: Installation):
    shown: list[str] = []
    with at.stripe.lock:
        unnamed = at.sim.add_customer(None)
        holders = at.sim.add_connected_account(), at.sim.add_customer(JENNY)
    every = list(itertools.product(DELIVERIES, CHOICES, holders))[:: PROFILE.stride]
    first, *accounts = broken(at, [unnamed, *(holder for _, _, holder in every)])
    modal = relink(at, first, mode="any_eligible")
    assert modal["client_secret"] in secrets_of(at)
    with at.stripe.lock:
        waits_for_name = at.sim.customer(modal["session"]).choose_new()
    assert waits_for_name

    # Each delivery, each result, and each fault on the way to a session.
    for (delivery, choice, _), account, fault in itertools.zip_longest(every, accounts, FAULTS):
        if fault:
            at.sim.inject(fault, method="POST", path=SESSIONS)
        session = relink(at, account, mode="any_eligible", **hosted(delivery))["session"]
        play(at, session, choice, account)
        shown.append(at.ask("POST", f"/relink-sessions/{session}/result").text)
        shown.append(at.ask("GET", f"/accounts/{account.id}").text)
        shown.append(at.ask("GET", f"/accounts/{account.id}/history").text)
    shown += refused(at, modal["client_secret"])
    at.settle()
    assert len(secrets_of(at)) > len(every) + 6
    assert at.database.rows(NAMES_ASKED)
    check_nothing_kept(at)
    check_names(places(at), JENNY)

    # The name that the service gives stands in the command until that is done.
    for worker in at.workers:
        worker.stop()
    name = {"billing_name": GIVEN}
    shown.append(at.ask("POST", f"/relink-sessions/{modal['session']}/result", name).text)
    (waiting,) = at.database.rows(BILLING)
    assert (waiting["status"], waiting["fields"]["billing_name"]) == ("due", GIVEN)
    assert waiting["id"] in arguments_of_jobs(at)
    dump = written(at)
    assert dump.count(GIVEN) == 1
    assert [it for it in [*secrets_of(at), JENNY] if it in dump] == []
    for worker in at.workers:
        worker.start()
    for worker in at.workers:
        worker.wait_until_ready()
    at.settle()
    (method,) = waits_for_name.payment_methods
    assert method.billing["name"] == GIVEN
    assert at.database.rows(BILLING) == []
    check_nothing_kept(at)
    check_names(places(at), JENNY, GIVEN)

    told = [str(told) for told in at.receiver.told.values()]
    assert told
    for text in [*shown, *told]:
        assert [it for it in [*secrets_of(at), JENNY, GIVEN] if it in text] == []


def relink(at: Installation, account: Account, **wishes: str) -> dict[str, Any]:
    """A session, asked for twice."""
    path = f"/accounts/{account.id}/relink-sessions"
    first, again = (at.ask("POST", path, wishes) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    answered: dict[str, Any] = first.json()
    return answered


def hosted(delivery: str) -> dict[str, str]:
    """What to wish for, besides."""
    return {} if delivery == "modal" else {"delivery": delivery, "return_url": f"{SHOP}/bank"}


def broken(at: Installation, holders: Iterable[str]) -> list[Account]:
    """An account of each, whose consent has expired; the service knows that."""
    with at.stripe.lock:
        accounts = [at.sim.link_account(holder) for holder in holders]
    # Of what happens within one second nobody knows what came first, and it would be read.
    time.sleep(1.1)
    with at.stripe.lock:
        for account in accounts:
            assert account.authorization
            at.sim.bank.expire_consent(account.authorization.id)
    for account in accounts:
        at.eventually(partial(is_broken, at, account))
    return accounts


def is_broken(at: Installation, account: Account) -> bool:
    answer = at.ask("GET", f"/accounts/{account.id}")
    return answer.status_code == 200 and answer.json()["state"] == "inactive_relinkable"


def play(at: Installation, session: str, choice: str, account: Account) -> None:
    with at.stripe.lock:
        customer = at.sim.customer(session)
        getattr(customer, choice)(*([account.id] if choice == "choose_expected" else []))


def refused(at: Installation, secret: str) -> list[str]:
    """What is answered to requests that have secrets where none belong."""
    url = f"{at.address}/webhooks/stripe"
    body = {"id": secret, "client_secret": secret, "name": JENNY}
    wrong = httpx.post(url, json=body, headers={"Stripe-Signature": f"t=1,v1={secret}"})
    assert wrong.status_code == 400
    unsigned = httpx.post(f"{url}?token={API_TOKEN}", content=secret)
    assert unsigned.status_code == 400
    uninvited = httpx.get(f"{at.address}/accounts/{secret}?key={secret}")
    assert uninvited.status_code == 401
    path = f"/relink-sessions/{secret}/result?name={secret}"
    unknown = at.ask("POST", path, {"billing_name": JENNY})
    assert unknown.status_code == 404
    odd = at.ask("POST", path, {"name": JENNY, "billing_name": [secret]})
    assert odd.status_code == 422
    return [wrong.text, unsigned.text, uninvited.text, unknown.text, odd.text]


def check_names(places: dict[str, str], *names: str) -> None:
    """No customer's name is anywhere."""
    for place, text in places.items():
        assert [name for name in names if name in text] == [], place
