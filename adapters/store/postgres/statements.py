"""The prepared statements of the PostgreSQL writer, over the columns of the schema.

Each takes its rows as one JSON array, in which values that are JSON themselves stand as text. A
statement without rows is not sent.
"""

from sqlalchemy import JSON
from sqlalchemy.dialects import postgresql

from ..outbox import PRIVATE_FIELD
from ..schema import ACCOUNT, COMMAND, ENTRY, INBOX, SNAPSHOT, Columns, names
from .jobs import DEFER_NEW

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def _is_json(column: object) -> bool:
    return isinstance(getattr(column, "type", None), JSON)


def _rows(columns: Columns) -> str:
    """The rows that the statement is given."""
    types = ", ".join(
        f'"{column.name}" {"text" if _is_json(column) else column.type.compile(_DIALECT)}'
        for column in columns
    )
    return f"json_to_recordset($1::json) AS row({types})"


def _insert(columns: Columns) -> str:
    values = ", ".join(
        f'"{column.name}"{"::json" if _is_json(column) else ""}' for column in columns
    )
    table = columns[0].table.name
    return f"INSERT INTO {table} ({names(columns)}) SELECT {values} FROM {_rows(columns)}"


def _assigned(columns: Columns, source: str, *without: str) -> str:
    """Assignments to all columns but the key, from another row."""
    return ", ".join(
        f'"{column.name}" = {source}."{column.name}"{"::json" if _is_json(column) else ""}'
        for column in columns
        if not column.primary_key and column.name not in without
    )


def _enter() -> str:
    """One row, by its values."""
    values = ", ".join(
        f"${number}::{column.type.compile(_DIALECT)}" for number, column in enumerate(INBOX, 1)
    )
    return f"""INSERT INTO inbox ({names(INBOX)}) VALUES ({values})
ON CONFLICT DO NOTHING RETURNING 1"""


BEGIN, COMMIT, ROLLBACK = b"relink_begin", b"relink_commit", b"relink_rollback"
ENTER, LOCK, ADD, REPLACE = b"relink_enter", b"relink_lock", b"relink_add", b"relink_replace"
INDEX, RECORD, ASK, DELAY = b"relink_index", b"relink_record", b"relink_ask", b"relink_delay"
COMPLETE, SETTINGS = b"relink_complete", b"relink_settings"
HURRY, ENTER_ALL = b"relink_hurry", b"relink_enter_all"

PATIENCE = 0.1
"""The longest that units of work which share a transaction wait for another transaction (seconds):
only one of them may have to wait, and then does so alone."""

_ASK = f"""WITH asked AS (
{_insert(COMMAND)} ON CONFLICT DO NOTHING RETURNING id, party, due_at, created_at)
"""

_STATEMENTS = {
    BEGIN: "BEGIN",
    COMMIT: "COMMIT",
    ROLLBACK: "ROLLBACK",
    HURRY: f"SET LOCAL lock_timeout = {PATIENCE * 1000:.0f}",
    ENTER: _enter(),
    ENTER_ALL: f"{_insert(INBOX)} ON CONFLICT DO NOTHING RETURNING id",
    # Lateral for each address, so that the index serves whatever the planner guesses.
    LOCK: """SELECT found.* FROM json_array_elements($1::json) AS address, LATERAL (
SELECT machine, key, state, facts, version, connected_account FROM snapshots
WHERE machine = address->>0 AND key = address->>1 FOR UPDATE) AS found""",
    ADD: _insert(SNAPSHOT),
    # The limit leaves nothing out: it has the planner expect few rows, for which it takes the
    # index.
    REPLACE: f"""UPDATE snapshots SET {_assigned(SNAPSHOT, "row", "connected_account")},
connected_account = coalesce(row.connected_account, snapshots.connected_account)
FROM (SELECT * FROM {_rows(SNAPSHOT)} LIMIT json_array_length($1::json)) AS row
WHERE snapshots.machine = row.machine AND snapshots.key = row.key""",
    INDEX: f"""{_insert(ACCOUNT)}
ON CONFLICT (id) DO UPDATE SET {_assigned(ACCOUNT, "excluded")}""",
    RECORD: _insert(ENTRY),
    # Its job, if it has one, runs too early, and then waits for the new time.
    DELAY: f"""UPDATE outbox SET fields = row.fields::json, due_at = row.due_at,
connected_account = coalesce(row.connected_account, outbox.connected_account)
FROM (SELECT * FROM {_rows(COMMAND)} LIMIT json_array_length($1::json)) AS row
WHERE outbox.id = row.id AND outbox.status = 'due' AND outbox.attempts = 0
AND outbox.due_at < row.due_at""",
    COMPLETE: f"""UPDATE outbox SET status = $2::varchar, finished_at = $3::float8, error = $4,
stuck_on = NULL, attempts = attempts + 1, fields = CASE WHEN $2::varchar = 'done'
THEN (fields::jsonb - '{PRIVATE_FIELD}')::json ELSE fields END
WHERE id = $1 AND status = 'due' AND generation = $5::int RETURNING 1""",
}


def statements(jobs: bool, settings: str) -> dict[bytes, str]:
    """The statements by their names.

    Args:
        jobs: whether commands that are due soon get jobs.
        settings: makes the settings of a transaction, where the session can't hold them.
    """
    ask = _ASK + (DEFER_NEW if jobs else "SELECT")
    return {**_STATEMENTS, ASK: ask, SETTINGS: settings}
