"""Importing accounts that were linked before relink was there (P4)."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from relink.adapters.cli import main
from relink.adapters.gateway import (
    AccountListing,
    AccountPage,
    DryRunGateway,
    GatewayConfigurationError,
    TransientError,
)
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.gateway.listing import ACCOUNTS, PAGE_SIZE
from relink.adapters.service import ImportProgress, ImportScope
from relink.adapters.service.importing import MAX_FAILED, RETRY_PAGE_FOR
from relink.adapters.simulator import Asked, Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import SqlStore, migrate
from relink.engine import Address
from relink.engine.errors import FieldValueError
from relink.machines import relink_system
from relink.machines.commands import NotifyCustomer, RequestNewPaymentMethod
from relink.machines.report import Holder

from .embedding import Embedding


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Embedding]:
    embedding = Embedding(tmp_path)
    yield embedding
    embedding.store.close()


def unreported(at: Embedding, count: int = 1, **how: object) -> list[str]:
    """Accounts whose webhooks never come, the newest first."""
    linked = [
        at.sim.link_account(at.sim.add_customer(), **how).id  # type: ignore[arg-type]
        for _ in range(count)
    ]
    for _ in at.sim.due_webhooks(at.sim.now + 60):
        pass
    return linked[::-1]


def imported(at: Embedding, scope: ImportScope | None = None, **how: bool) -> ImportProgress:
    *_, last = at.service.import_accounts(scope or ImportScope(), **how)
    assert last.is_over
    return last


def lists(at: Embedding) -> list[Asked]:
    return [asked for asked in at.requests_to(ACCOUNTS) if asked.path == ACCOUNTS]


def known(at: Embedding) -> set[str]:
    return {account.snapshot.facts.id for account in at.service.accounts(limit=1000)}


def test_P4_an_import_makes_every_account_known_as_a_read_of_it_would(at: Embedding):
    working, closed, broken = unreported(at, 3)
    at.sim.bank.close_account(closed)
    login = at.sim.world.accounts[broken].authorization
    assert login
    at.sim.bank.expire_consent(login.id)
    for _ in at.sim.due_webhooks(at.sim.now + 60):
        pass
    last = imported(at)
    assert (last.accounts, last.new, last.known, last.failed) == (3, 3, 0, ())
    assert last.states == {
        "active": 1,
        "inactive_relinkable": 1,
        "inactive_unrepairable": 1,
    }
    assert at.service.account(working).snapshot.facts.by_read
    # A relink can be asked for at once.
    assert at.service.request_relink(broken).is_new


def test_P4_an_import_reads_a_hundred_accounts_with_each_request(at: Embedding):
    accounts = unreported(at, 2 * PAGE_SIZE + 1)
    steps = list(at.service.import_accounts())
    assert [step.accounts for step in steps] == [0, 100, 200, 201]
    assert known(at) == set(accounts)
    assert len(lists(at)) == 3


def test_P4_only_the_accounts_of_a_holder_are_imported(at: Embedding):
    mine, _ = unreported(at, 2)
    holder = at.sim.world.accounts[mine].holder
    assert holder
    imported(at, ImportScope(Holder(field="customer", id=holder.id)))
    assert known(at) == {mine}


def test_P4_accounts_that_were_linked_for_a_connected_account_are_read_on_its_behalf(
    at: Embedding,
):
    driver = at.sim.add_connected_account()
    (account,) = unreported(at, owner=driver)
    assert imported(at).accounts == 0
    imported(at, ImportScope(connected_account=driver))
    assert {asked.account for asked in lists(at)} == {None, driver}
    assert at.store.connected_account(Address("account", account)) == driver
    at.performer.work_off()
    logins = at.requests_to("/v1/financial_connections/authorizations")
    assert {(asked.status, asked.account) for asked in logins} == {(200, driver)}


def test_P4_an_account_that_is_known_stays_as_its_newest_report_says(at: Embedding):
    account = at.broken_account()
    sent = len(at.notified)
    last = imported(at)
    assert (last.new, last.known) == (0, 1)
    at.settle()
    assert at.service.account(account).snapshot.state == "inactive_relinkable"
    assert len(at.notified) == sent


# ── interruptions ────────────────────────────────────────────────────────────


def test_an_interrupted_import_continues_where_it_stopped(at: Embedding):
    accounts = unreported(at, 2 * PAGE_SIZE + 1)
    for step in at.service.import_accounts():
        if step.accounts == PAGE_SIZE:
            break
    again = list(at.service_with(at.gateway).import_accounts())
    assert [step.accounts for step in again] == [100, 200, 201]
    assert again[-1].new == 201
    assert known(at) == set(accounts)
    assert len(lists(at)) == 3


def test_a_finished_import_begins_again_and_so_does_a_restarted_one(at: Embedding):
    unreported(at, PAGE_SIZE + 1)
    imported(at)
    first = next(at.service.import_accounts())
    assert (first.generation, first.accounts) == (2, 0)
    for step in at.service.import_accounts():
        if step.accounts:
            break
    restarted = imported(at, restart=True)
    assert (restarted.generation, restarted.known) == (3, PAGE_SIZE + 1)


def test_imports_of_different_holders_do_not_share_their_place(at: Embedding):
    mine, *_ = unreported(at, PAGE_SIZE + 1)
    for step in at.service.import_accounts():
        if step.accounts:
            break
    holder = at.sim.world.accounts[mine].holder
    assert holder
    assert imported(at, ImportScope(Holder(field="customer", id=holder.id))).accounts == 1
    assert imported(at).accounts == PAGE_SIZE + 1


@pytest.mark.parametrize(
    "fault", ["rate_limited_with_wait", "error_before", "timeout_before", "truncated"]
)
def test_a_page_is_read_again_while_stripe_is_unavailable(at: Embedding, fault: str):
    unreported(at)
    at.sim.inject(fault, method="GET", path=ACCOUNTS, times=2)
    assert imported(at).new == 1
    assert len(lists(at)) == 3


def test_an_import_gives_up_after_two_minutes_and_can_continue(at: Embedding):
    unreported(at)
    at.sim.inject("error_before", method="GET", path=ACCOUNTS, times=1000)
    began = at.sim.now
    with pytest.raises(TransientError):
        list(at.service.import_accounts())
    assert RETRY_PAGE_FOR / 2 < at.sim.now - began <= RETRY_PAGE_FOR


def test_a_gateway_that_cannot_list_accounts_is_refused(at: Embedding):
    with pytest.raises(GatewayConfigurationError, match=r"no method list_accounts\(\)"):
        at.service_with(DryRunGateway()).import_accounts()


class Damaged(SimulatorGateway):
    """A gateway that reports some accounts with facts that no machine takes."""

    def __init__(self, simulator: Simulator, damaged: int) -> None:
        super().__init__(simulator)
        self._damaged = damaged

    def list_accounts(self, listing: AccountListing, at: float) -> AccountPage:
        page = super().list_accounts(listing, at)
        broken = [r.model_copy(update={"account": None}) for r in page.reports[: self._damaged]]
        return page._replace(reports=(*broken, *page.reports[self._damaged :]))


def test_an_account_that_cannot_be_decided_is_named_and_the_others_are_imported(at: Embedding):
    unreported(at, 3)
    *_, last = at.service_with(Damaged(at.sim, 1)).import_accounts()
    assert (last.new, len(last.failed)) == (2, 1)
    unreported(at, MAX_FAILED + 1)
    with pytest.raises(FieldValueError, match="Send: the field key takes str"):
        list(at.service_with(Damaged(at.sim, MAX_FAILED + 1)).import_accounts())


# ── what is broken already ───────────────────────────────────────────────────


def broken_household(at: Embedding, count: int) -> list[str]:
    """Accounts of one login that were down before relink was there."""
    customer = at.sim.add_customer()
    first = at.sim.link_account(customer)
    assert first.authorization
    more = [
        at.sim.link_account(customer, authorization=first.authorization.id)
        for _ in range(count - 1)
    ]
    at.sim.bank.expire_consent(first.authorization.id)
    for _ in at.sim.due_webhooks(at.sim.now + 60):
        pass
    return sorted(account.id for account in (first, *more))


def test_P1_five_accounts_of_one_bank_that_an_import_finds_down_are_one_message(at: Embedding):
    accounts = broken_household(at, 5)
    imported(at)
    assert at.store.due_commands(at.sim.now, 100)
    at.performer.work_off()
    (prompt,) = at.notified
    assert isinstance(prompt, NotifyCustomer)
    assert sorted(prompt.accounts) == accounts


def test_P1_they_are_one_message_also_if_commands_are_performed_a_day_later(at: Embedding):
    accounts = broken_household(at, 3)
    imported(at)
    at.sim.advance(24 * 3600)
    at.performer.work_off()
    prompts = [sorted(c.accounts) for c in at.notified if isinstance(c, NotifyCustomer)]
    assert prompts == [accounts]


def test_P4_nobody_is_written_to_for_accounts_that_an_import_holds(at: Embedding):
    accounts = broken_household(at, 3)
    (closed,) = unreported(at)
    at.sim.bank.close_account(closed)
    (working,) = unreported(at)
    last = imported(at, hold=True)
    assert (last.new, last.held) == (5, 4)
    at.settle()
    at.sim.advance(3 * 24 * 3600)
    at.performer.work_off()
    assert at.notified == []
    assert not at.service.account(working).snapshot.facts.retired
    for account in (*accounts, closed):
        at.service.resume(account)
    at.performer.work_off()
    prompt, request = sorted(at.notified, key=lambda command: command.name)
    assert isinstance(prompt, NotifyCustomer)
    assert sorted(prompt.accounts) == accounts
    assert isinstance(request, RequestNewPaymentMethod)
    assert request.account == closed


def test_P4_an_import_does_not_hold_an_account_that_was_known(at: Embedding):
    account = at.broken_account()
    assert imported(at, hold=True).held == 0
    assert not at.service.account(account).snapshot.facts.retired


# ── the command ──────────────────────────────────────────────────────────────


@pytest.fixture
def sim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A simulated Stripe over HTTP, which the environment names."""
    for name in [name for name in os.environ if name.startswith(("STRIPE_", "RELINK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    sim = Simulator(seed=3, start=time.time())
    with SimulatorServer(sim) as server:
        monkeypatch.setenv("STRIPE_API_KEY", "sk_test_import")
        monkeypatch.setenv("STRIPE_API_BASE", server.url)
        yield sim


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'relink.db'}"
    monkeypatch.setenv("RELINK_DATABASE_URL", url)
    migrate(url)
    return url


def states(url: str) -> dict[str, int]:
    store = SqlStore(url, relink_system())
    try:
        return store.count_by_state()
    finally:
        store.close()


def test_the_command_imports_over_http_and_counts(
    sim: Simulator, database: str, capsys: pytest.CaptureFixture[str]
):
    for _ in range(2):
        sim.link_account(sim.add_customer())
    sim.bank.close_account(sim.link_account(sim.add_customer()).id)
    assert main(["import"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "3 accounts read: 3 new, 0 known before"
    assert out[1].split() == ["active", "2"]
    assert out[2].split() == ["inactive", "unrepairable", "1"]
    assert states(database) == {"active": 2, "inactive_unrepairable": 1}


def test_the_command_imports_on_postgres(
    sim: Simulator, empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RELINK_DATABASE_URL", empty_postgres_url)
    migrate(empty_postgres_url)
    for _ in range(2):
        sim.link_account(sim.add_customer())
    assert main(["import"]) == 0
    assert states(empty_postgres_url) == {"active": 2}


def test_the_command_imports_one_holder(sim: Simulator, database: str):
    customer, connected = sim.add_customer(), sim.add_connected_account()
    sim.link_account(customer)
    sim.link_account(connected)
    sim.link_account(sim.add_customer())
    assert main(["import", "--holder", customer]) == 0
    assert states(database) == {"active": 1}
    assert main(["import", "--holder", connected]) == 0
    assert states(database) == {"active": 2}
    assert main(["import", "--holder", "all"]) == 0
    assert states(database) == {"active": 3}


def test_the_command_stops_at_its_limit_and_continues(
    sim: Simulator, database: str, capsys: pytest.CaptureFixture[str]
):
    for _ in range(PAGE_SIZE + 5):
        sim.link_account(sim.add_customer())
    assert main(["import", "--limit", "1"]) == 0
    assert "Run it again to continue" in capsys.readouterr().out
    assert states(database) == {"active": PAGE_SIZE}
    assert main(["import"]) == 0
    out, err = capsys.readouterr()
    assert "Continuing after 100 accounts" in err
    assert out.startswith(f"{PAGE_SIZE + 5} accounts read")
    assert states(database) == {"active": PAGE_SIZE + 5}


def test_the_command_says_how_many_accounts_it_holds(
    sim: Simulator, database: str, capsys: pytest.CaptureFixture[str]
):
    sim.bank.close_account(sim.link_account(sim.add_customer()).id)
    assert main(["import", "--hold"]) == 0
    assert "1 new account is retired" in capsys.readouterr().out


def test_the_command_fails_with_the_reason(
    sim: Simulator,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr("relink.adapters.service.importing.RETRY_PAGE_FOR", 0.0)
    sim.inject("error_before", times=100)
    assert main(["import"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "stopped after 0 accounts" in err
    assert "returned 500" in err
    assert "Run it again to continue" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--holder", "fca_1"], "--holder must be like cus_… or acct_…, or all"),
        (["--on-behalf-of", "cus_1"], "--on-behalf-of must be like acct_…"),
        (["--customer-account"], "--customer-account needs --holder acct_…"),
        ([], "does not exist. relink migrate creates it."),
    ],
)
def test_the_command_explains_wrong_usage(
    sim: Simulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    argv: list[str],
    message: str,
):
    monkeypatch.setenv("RELINK_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    assert main(["import", *argv]) == 2
    assert message in capsys.readouterr().err


def test_a_limit_below_1_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["import", "--limit", "0"])
    assert "argument --limit: it must be a whole number from 1 to" in capsys.readouterr().err


def test_the_command_needs_a_gateway_that_lists(
    sim: Simulator,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("RELINK_GATEWAY", "dry-run")
    assert main(["import"]) == 2
    assert "cannot list accounts" in capsys.readouterr().err
