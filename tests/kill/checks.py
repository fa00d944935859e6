"""What must hold when all has settled, whatever was killed in between."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from relink.adapters.simulator import Authorization
from relink.adapters.world.rest import agrees
from relink.machines import commands

from .households import City, built_on
from .installation import Installation
from .processes import kept_of_ours

TRUTH_OF_LOGINS: Mapping[str, Callable[[Authorization], bool]] = {
    "active": lambda login: login.status == "active",
    "inactive_relinkable": lambda login: (login.status, login.action) == RELINKABLE,
    "inactive_unrepairable": lambda login: login.status == "inactive" and not _mendable(login),
    "relinking": lambda login: login.status == "active" or _mendable(login),
    "disconnected": lambda login: login.status == "disconnected",
}
"""By relink's state of an authorization, what must be true at Stripe at rest."""

RELINKABLE = "inactive", "relink_required"

GAPS = """SELECT machine, key, count(*), min(version), max(version) FROM journal
GROUP BY machine, key HAVING min(version) <> 1 OR max(version) <> count(*)"""

AHEAD = """SELECT machine, key, version, (SELECT max(version) FROM journal
WHERE journal.machine = snapshots.machine AND journal.key = snapshots.key) AS last FROM snapshots"""

TORN_ON_POSTGRES = """SELECT causation_id,
array_agg(DISTINCT machine || ' ' || key || ' ' || version)
FROM journal LEFT JOIN inbox ON inbox.id = journal.causation_id
GROUP BY causation_id HAVING count(DISTINCT journal.xmin::text) > 1
OR bool_or(inbox.id IS NULL OR inbox.xmin <> journal.xmin)"""
"""Each row carries the number of the transaction that wrote it."""

TORN_ON_SQLITE = """SELECT causation_id, count(*)
FROM journal LEFT JOIN inbox ON inbox.id = journal.causation_id
GROUP BY causation_id HAVING max(seq) - min(seq) + 1 <> count(*) OR max(inbox.id) IS NULL"""
"""With one writer, what is written in one transaction stands together."""

STOPPED_MEANWHILE = "financial_connections_account_inactive"
"""A household may break a new account's link while its payment method is being made. Stripe
then refuses to make it."""

TOLD = {name for name, kind in commands.BY_NAME.items() if issubclass(kind, commands.Notification)}
"""The commands that are notifications."""


def check_states(at: Installation) -> None:
    """Every account and every authorization is as Stripe says."""
    wrong = []
    with at.stripe.lock:
        world = at.sim.world
        accounts = list(world.accounts.values())
        logins = list(world.authorizations.values())
    for account in accounts:
        found = at.get(f"/accounts/{account.id}")
        state, replaced_by = found["state"], found["replaced_by"]
        if not agrees(at.sim, account, state, replaced_by):
            wrong.append(f"{account.id} is {state} for us, but {account.status} {account.inactive}")
    for login in logins:
        state = at.get(f"/authorizations/{login.id}")["state"]
        if state not in TRUTH_OF_LOGINS or not TRUTH_OF_LOGINS[state](login):
            wrong.append(f"{login.id} is {state} for us, but {login.status} {login.action}")
    assert wrong == []


def check_built_once(at: Installation, city: City) -> None:
    """On each new account one thing is built, and on the others nothing."""
    built: Counter[str] = Counter()
    for account in at.sim.world.accounts.values():
        built[account.id] += len(account.payment_methods) + len(account.external_accounts)
    new = {account.id for account in city.linked_anew}
    assert {name: count for name, count in built.items() if count} == dict.fromkeys(new, 1)
    assert [account.id for account in city.linked_anew if not built_on(account)] == []


def check_webhooks(at: Installation) -> None:
    """What was answered ``applied`` is stored, once, and decided."""
    answers = Counter(answer.outcome for answer in at.postman.answers)
    applied = at.postman.taken("applied")
    assert applied
    assert [event for event, times in applied.items() if times > 1] == []
    rows = at.database.rows
    inbox = {row["id"] for row in rows("SELECT id FROM inbox")}
    assert applied.keys() - inbox == set()
    assert at.postman.taken("duplicate").keys() - inbox == set()
    decided = {row["causation_id"] for row in rows("SELECT DISTINCT causation_id FROM journal")}
    kinds = {event.id: event.type for event in at.sim.webhooks.events.values()}
    undecided = {kinds[event] for event in applied.keys() - decided}
    assert undecided == set()
    unforeseen = set(answers) - {"applied", "duplicate", "ignored", "503", *NOT_ANSWERED}
    assert unforeseen == set()


NOT_ANSWERED = ("ConnectError", "ReadError", "RemoteProtocolError", "WriteError", "ReadTimeout")


def check_journal(at: Installation) -> None:
    """Each arrival was decided in one transaction; no decision is missing or doubled."""
    rows = at.database.rows
    assert rows(GAPS) == []
    assert [row for row in rows(AHEAD) if row["version"] != row["last"]] == []
    assert rows(TORN_ON_POSTGRES if at.database.is_postgres else TORN_ON_SQLITE) == []
    command = [sys.executable, "-m", "relink.adapters.cli", "replay"]
    environment = {"RELINK_DATABASE_URL": at.database.url, **kept_of_ours()}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert (said.returncode, said.stderr) == (0, ""), said
    assert ": 0 differ from their snapshots" in said.stdout


def check_commands(at: Installation) -> None:
    """All were carried out; the embedding service heard of those that were for it."""
    assert at.left() == []
    failed = at.database.rows("SELECT id, error FROM outbox WHERE status = 'failed'")
    assert [row for row in failed if STOPPED_MEANWHILE not in row["error"]] == []
    done = at.database.rows("SELECT id, command FROM outbox WHERE status = 'done'")
    told = {row["id"] for row in done if row["command"] in TOLD}
    assert told == at.receiver.told.keys()


def _mendable(login: Authorization) -> bool:
    return (login.status, login.action) == RELINKABLE


def summary(at: Installation, city: City) -> dict[str, Any]:
    """What the test was about, for whoever watches."""
    answers = Counter(answer.outcome for answer in at.postman.answers)
    done = at.database.rows("SELECT command, count(*) AS n FROM outbox GROUP BY command")
    return {
        "webhooks": dict(answers),
        "commands": {row["command"]: row["n"] for row in done},
        "households": dict(city.did),
        "new accounts": len(city.linked_anew),
        "starts": {process.name: process.starts for process in at.processes},
    }
