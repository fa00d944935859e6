"""``relink doctor``: what it finds, what it advises, and what it never shows."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

import pytest

from relink.adapters.cli import main
from relink.adapters.doctor import Finding, examine
from relink.adapters.doctor.database import MOST_RECORDS
from relink.adapters.doctor.settings import SHORTEST
from relink.adapters.gateway import GatewaySettings, TransientError
from relink.adapters.gateway.transport import PREVIEW, Body, Call, Reply
from relink.adapters.settings import SETTINGS
from relink.adapters.simulator import Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import InboxMessage, SqlStore, migrate
from relink.machines import relink_system
from relink.machines.events import AccountReported
from relink.machines.report import StatusReport

NOW = time.time()
DATE = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(NOW))

LIST = {"object": "list", "data": [], "has_more": False}
MISSING = {"error": {"type": "invalid_request_error", "code": "resource_missing", "param": "id"}}
INCOMPLETE = {"error": {"type": "invalid_request_error", "code": "parameter_missing"}}
FORBIDDEN = {"error": {"type": "invalid_request_error", "message": "rk_test_… may not do this"}}
BAD_KEY = {"error": {"type": "invalid_request_error", "message": "Invalid API Key: sk_test_…"}}
BAD_VERSION = {"error": {"type": "invalid_request_error", "message": "version not open"}}

Answer = tuple[int, object]

NAMED = {
    "fcauth_doctor": "authorizations",
    "fcsess_doctor": "sessions",
    "cus_doctor": "customers",
}
"""What the objects are that the doctor names."""


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A service that is set up well, in a folder of its own."""
    for name in [name for name in os.environ if name.startswith(("STRIPE_", "RELINK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    database = f"sqlite:///{tmp_path / 'relink.db'}"
    migrate(database)
    return {
        "STRIPE_API_KEY": "rk_test_51Doctor",
        "STRIPE_WEBHOOK_SECRET": "whsec_one",
        "RELINK_API_TOKEN": "t" * 32,
        "RELINK_DATABASE_URL": database,
        "RELINK_NOTIFY_URL": "https://shop.example/relink",
        "RELINK_NOTIFY_SECRET": "n" * 32,
        "RELINK_RETURN_ORIGINS": "https://shop.example",
    }


class Stripe:
    """Answers each path as it is told, and else like Stripe to a key that may read everything."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | None] = {}
        self.in_preview: dict[str, Answer] = {}
        self.writes: dict[str, Answer] = {}
        self.asked: list[Call] = []
        self.date: str | None = DATE

    def connect(
        self, settings: GatewaySettings, api_version: str
    ) -> AbstractContextManager["Connection"]:
        return nullcontext(Connection(self, api_version))


class Connection:
    """A transport with an API version."""

    def __init__(self, stripe: Stripe, version: str) -> None:
        self._stripe, self._version = stripe, version

    def send(self, call: Call) -> Reply:
        stripe, kind = self._stripe, call.path.split("/")[-1]
        kind = NAMED.get(kind, kind)
        stripe.asked.append(call)
        if call.method == "POST":
            assert call.params == {}, "nothing may be written"
            found = stripe.writes.get(kind, (400, INCOMPLETE))
            return Reply(found[0], {}, Body(json.dumps(found[1]).encode()))
        found = stripe.answers.get(kind, (404, MISSING) if "_doctor" in call.path else (200, LIST))
        if self._version == PREVIEW:
            found = stripe.in_preview.get(kind, found)
        if found is None:
            raise TransientError(f"no answer to GET {call.path}: ConnectTimeout")
        status, body = found
        if isinstance(body, str):
            return Reply(status, {}, Body(body.encode()))  # a proxy's page
        headers = {"date": stripe.date or "", "request-id": "req_1"}
        return Reply(status, headers, Body(json.dumps(body).encode()))


@pytest.fixture
def stripe() -> Stripe:
    return Stripe()


@pytest.fixture
def found(environment: dict[str, str], stripe: Stripe) -> Callable[..., dict[str, Finding]]:
    """Examines the environment with changes, and returns the findings by subject."""

    def look(**changes: str) -> dict[str, Finding]:
        findings = examine(environment | changes, stripe.connect, lambda: NOW, lambda _: None)
        return {finding.subject: finding for finding in findings}

    return look


Found = Callable[..., dict[str, Finding]]


def problems(findings: dict[str, Finding]) -> list[str]:
    return [subject for subject, finding in findings.items() if finding.is_problem]


def test_a_service_that_is_set_up_well_has_no_problem(found: Found, stripe: Stripe):
    findings = found()
    assert problems(findings) == []
    assert findings["STRIPE_API_KEY"].detail == "a restricted key, in test mode"
    assert findings["API version"].detail == f"{PREVIEW} is open to this Stripe account"
    assert {s for s in findings if s.startswith("key reads")} == {
        "key reads accounts",
        "key reads authorizations",
        "key reads sessions",
        "key reads payment methods",
        "key reads customers",
    }
    assert {s for s in findings if s.startswith("key writes")} == {
        "key writes sessions",
        "key writes payment methods",
    }


@pytest.mark.parametrize(
    "kind", ["accounts", "authorizations", "sessions", "payment_methods", "customers"]
)
def test_a_read_that_a_restricted_key_may_not_do_is_named(found: Found, stripe: Stripe, kind: str):
    stripe.answers[kind] = (403, FORBIDDEN)
    name = kind.replace("_", " ")
    findings = found()
    assert problems(findings) == [f"key reads {name}"]
    assert findings[f"key reads {name}"].cure == (
        f"Give the restricted key read access to {name} at Stripe"
    )


@pytest.mark.parametrize("kind", ["sessions", "payment_methods"])
def test_a_write_that_a_restricted_key_may_not_do_is_named(found: Found, stripe: Stripe, kind: str):
    stripe.writes[kind] = (403, FORBIDDEN)
    name = kind.replace("_", " ")
    findings = found()
    assert problems(findings) == [f"key writes {name}"]
    assert findings[f"key writes {name}"].cure == (
        f"Give the restricted key write access to {name} at Stripe"
    )


def test_trying_the_key_writes_nothing(served: SimulatorServer, environment: dict[str, str]):
    with served.lock:
        world = served.simulator.world
        before = (len(world.sessions), len(world.payment_methods))
    findings = [*examine(environment | {"STRIPE_API_BASE": served.url})]
    assert [finding for finding in findings if finding.is_problem] == []
    with served.lock:
        assert (len(world.sessions), len(world.payment_methods)) == before


def test_a_key_that_stripe_does_not_accept_is_the_only_problem_at_stripe(
    found: Found, stripe: Stripe
):
    stripe.answers["accounts"] = (401, BAD_KEY)
    findings = found()
    assert problems(findings) == ["Stripe"]
    assert findings["Stripe"].detail == "does not accept the key"
    assert len(stripe.asked) == 1


def test_a_preview_version_that_is_not_open_to_the_account_is_told_from_a_bad_request(
    found: Found, stripe: Stripe
):
    stripe.in_preview["accounts"] = (400, BAD_VERSION)
    version = found()["API version"]
    assert (version.is_problem, version.detail) == (
        True,
        f"{PREVIEW} is not open to this Stripe account",
    )
    stripe.answers["accounts"] = (400, BAD_VERSION)
    assert found()["API version"].cure == "Activate Financial Connections in Stripe's dashboard"


@pytest.mark.parametrize("answer", [(403, "<html>Blocked</html>"), (407, ""), (200, "<html>")])
def test_a_page_of_a_proxy_is_not_taken_for_an_answer_of_stripe(
    found: Found, stripe: Stripe, answer: Answer
):
    stripe.answers["accounts"] = answer
    findings = found()
    assert problems(findings) == ["Stripe"]
    assert findings["Stripe"].detail == "is not what answered"
    assert "proxy" in (findings["Stripe"].cure or "")


def test_a_stripe_that_is_busy_is_asked_again_and_one_that_is_down_is_a_problem(
    found: Found, stripe: Stripe
):
    stripe.answers["accounts"] = (429, {"error": {"type": "rate_limit"}})
    assert problems(found()) == ["Stripe"]
    assert len(stripe.asked) == 3
    stripe.answers["accounts"] = None
    findings = found()
    assert "ConnectTimeout" in findings["Stripe"].detail


def test_a_clock_that_differs_from_stripes_is_a_problem(found: Found, stripe: Stripe):
    stripe.date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(NOW - 400))
    clock = found()["clock"]
    assert clock.is_problem
    assert "by 400 seconds" in clock.detail or "by 401 seconds" in clock.detail
    stripe.date = None
    assert not found()["clock"].is_problem


@pytest.mark.parametrize(
    ("variable", "value", "detail", "cure"),
    [
        ("STRIPE_API_KEY", "", "is not set", "secret or restricted"),
        ("STRIPE_API_KEY", "pk_test_51x", "is invalid", "it is a publishable key"),
        ("STRIPE_API_KEY", "whsec_51x", "is invalid", "copied whole"),
        ("STRIPE_API_KEY", "sk_test_5 1", "is invalid", "secret or restricted key"),
        ("STRIPE_API_BASE", "api.stripe.com", "is invalid", "It must be like"),
        ("STRIPE_WEBHOOK_SECRET", "", "is not set", "signing secret"),
        ("STRIPE_WEBHOOK_SECRET", "we_1", "is invalid", "not its id"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1,we_1", "is invalid", "it has 1 wrong secret"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1,whsec_2,whsec_3", "has 3 secrets", "two at most"),
        ("RELINK_API_TOKEN", "", "is not set", "openssl rand"),
        ("RELINK_API_TOKEN", "short", f"is shorter than {SHORTEST}", "openssl rand"),
        ("RELINK_NOTIFY_URL", "shop.example", "is invalid", "http or https URL"),
        ("RELINK_NOTIFY_URL", "http://shop.example/", "without TLS", "https"),
        ("RELINK_NOTIFY_SECRET", "", "is not set", "openssl rand"),
        ("RELINK_NOTIFY_SECRET", "short", "is shorter", "openssl rand"),
        ("RELINK_GATEWAY", "strype", "is invalid", "registered gateway"),
        ("RELINK_RETURN_ORIGINS", "shop.example", "is invalid", "https://shop.example"),
        ("RELINK_RETENTON_DAYS", "50", "is no setting", "Did you mean RELINK_RETENTION_DAYS?"),
        ("RELINK_POLICY", '{"attemps": 5}', "is invalid", "did you mean attempts?"),
        ("RELINK_RECONCILE_HOURS", "often", "is invalid", "whole number from 1 to"),
        ("RELINK_RETENTION_DAYS", "3", "is invalid", "from 35 to"),
        ("RELINK_DATABASE_URL", "mysql://db/x", "is invalid", "must be SQLite or PostgreSQL"),
    ],
)
def test_a_setting_with_a_wrong_shape_is_named_with_its_cure(
    found: Found, variable: str, value: str, detail: str, cure: str
):
    findings = found(**{variable: value})
    assert problems(findings) == [variable]
    assert detail in findings[variable].detail
    assert cure in (findings[variable].cure or "")


def test_a_live_key_is_not_sent_to_another_server(found: Found, stripe: Stripe):
    findings = found(STRIPE_API_KEY="sk_live_51x", STRIPE_API_BASE="http://127.0.0.1:9")
    assert problems(findings) == ["STRIPE_API_KEY"]
    assert findings["STRIPE_API_KEY"].cure == "Unset STRIPE_API_BASE or use a test key"
    assert stripe.asked == []


def test_two_signing_secrets_are_a_rotation(found: Found):
    findings = found(STRIPE_WEBHOOK_SECRET="whsec_1, whsec_2")
    assert problems(findings) == []
    assert "rotation" in findings["STRIPE_WEBHOOK_SECRET"].detail


def test_stripe_is_not_asked_when_another_gateway_performs_commands(found: Found, stripe: Stripe):
    assert problems(found(RELINK_GATEWAY="dry-run", STRIPE_API_KEY="")) == []
    assert stripe.asked == []


# ── the database ─────────────────────────────────────────────────────────────


def test_a_database_on_postgres_is_examined(found: Found, empty_postgres_url: str):
    database = found(RELINK_DATABASE_URL=empty_postgres_url)["database"]
    assert (database.is_problem, database.cure) == (True, "Run relink migrate")
    migrate(empty_postgres_url)
    assert problems(found(RELINK_DATABASE_URL=empty_postgres_url)) == []


def test_a_missing_database_is_a_problem_and_is_not_created(found: Found, tmp_path: Path):
    findings = found(RELINK_DATABASE_URL=f"sqlite:///{tmp_path / 'none.db'}")
    assert problems(findings) == ["database"]
    assert not (tmp_path / "none.db").exists()


def test_a_database_without_the_schema_names_the_command(found: Found, tmp_path: Path):
    (tmp_path / "empty.db").touch()
    database = found(RELINK_DATABASE_URL=f"sqlite:///{tmp_path / 'empty.db'}")["database"]
    assert (database.is_problem, database.cure) == (True, "Run relink migrate")


def test_a_database_that_does_not_answer_is_a_problem_without_host_and_user(found: Found):
    url = "postgresql://MARKEDuser:MARKEDpass@127.0.0.1:9/MARKEDname"
    database = found(RELINK_DATABASE_URL=url)["database"]
    assert database.is_problem
    assert "MARKED" not in f"{database}"


# ── the command ──────────────────────────────────────────────────────────────


@pytest.fixture
def served() -> Iterator[SimulatorServer]:
    with SimulatorServer(Simulator(seed=3, start=time.time())) as server:
        yield server


def test_the_command_tries_the_key_at_a_server_over_the_sdk(
    served: SimulatorServer,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for name, value in (environment | {"STRIPE_API_BASE": served.url}).items():
        monkeypatch.setenv(name, value)
    assert main(["doctor"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    assert last.endswith("no problems were found")

    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "we_1")
    assert main(["doctor", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    (problem,) = [check for check in answer["checks"] if not check["ok"]]
    assert problem["subject"] == "STRIPE_WEBHOOK_SECRET"
    assert problem["cure"]


SHAPES = {
    "plain": lambda name: f"MARKED{name}",
    "short": lambda name: "MARKED",
    "valid": lambda name: {
        "STRIPE_API_KEY": "sk_test_MARKED",
        "STRIPE_API_BASE": "http://127.0.0.1:9",
        "STRIPE_WEBHOOK_SECRET": "whsec_MARKED1,whsec_MARKED2",
        "RELINK_DATABASE_URL": "postgresql://MARKED:MARKED@127.0.0.1:9/MARKED?password=MARKED",
        "RELINK_GATEWAY": "stripe",
        "RELINK_NOTIFY_URL": "https://MARKED:MARKED@shop.example/MARKED?MARKED",
        "RELINK_POLICY": '{"attempts": 5}',
        "RELINK_RECONCILE_HOURS": "5",
        "RELINK_RETENTION_DAYS": "50",
        "RELINK_RETURN_ORIGINS": "https://MARKED.example",
    }.get(name, "5" if name.endswith("_TIMEOUT") else "MARKED" * 6),
    "twisted": lambda name: {
        "STRIPE_API_KEY": "MARKED\N{SNOWMAN}",
        "STRIPE_API_BASE": "https://MARKED@MARKED/MARKED",
        "STRIPE_WEBHOOK_SECRET": "MARKED,whsec_MARKED,MARKED,whsec_MARKED",
        "RELINK_DATABASE_URL": "MARKED://MARKED@MARKED",
        "RELINK_NOTIFY_URL": "http://[MARKED",
        "RELINK_POLICY": '{"MARKED": 1, "attempts": "MARKED", "subcategories": ["MARKED"]}',
        "RELINK_RETURN_ORIGINS": "https://MARKED:MARKED@MARKED,MARKED",
    }.get(name, "MARKED MARKED"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("argv", [["doctor"], ["doctor", "--json"]])
def test_no_value_of_any_setting_is_shown(
    shape: str,
    argv: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    for setting in SETTINGS:
        monkeypatch.setenv(setting.name, SHAPES[shape](setting.name))
    monkeypatch.setattr("relink.adapters.doctor.stripe.PAUSE", 0.0)
    assert main(argv) == 1
    out, err = capsys.readouterr()
    assert out
    for shown in (out, err, caplog.text):
        assert "MARKED" not in shown.upper()


def test_what_a_release_cannot_read_is_found_before_it_goes_live(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    environment |= {"RELINK_GATEWAY": "dry-run"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    url = environment["RELINK_DATABASE_URL"]
    store = SqlStore(url, relink_system())
    report = StatusReport(status="active")
    for number in range(25):
        account = f"fca_{number:02}"
        reported = AccountReported(
            causation_id=account, at=1.0, account=account, as_of=1, read=False, report=report
        )
        store.apply(InboxMessage(account, "test", 1, 1.0), [reported])
    store.close()
    assert main(["doctor", "--stored"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "ok stored records this release can read all of them (" in said

    change = "UPDATE snapshots SET state = 'gone' WHERE machine = 'account'"
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
        changed = database.execute(change).rowcount
    assert changed == 25
    assert main(["doctor"]) == 0
    capsys.readouterr()
    assert main(["doctor", "--stored"]) == 1
    found = [line for line in capsys.readouterr().out.splitlines() if "stored records" in line]
    assert len(found) == MOST_RECORDS + 1
    assert "snapshots account fca_00 cannot be read" in found[0]
    assert "account has no leaf state 'gone'" in found[0]
    assert "AccountChart.former_states" in found[0]
    assert "5 more cannot be read" in found[-1]
