"""The statements of the SQLite writer, over the columns of the schema."""

from ..outbox import PRIVATE_FIELD
from ..schema import ACCOUNT, COMMAND, ENTRY, INBOX, SNAPSHOT, Columns, names


def _insert(columns: Columns) -> str:
    values = ", ".join(f":{column.name}" for column in columns)
    return f"INSERT INTO {columns[0].table.name} ({names(columns)}) VALUES ({values})"


def _of(columns: Columns, *without: str) -> list[str]:
    return [
        f'"{column.name}"'
        for column in columns
        if not column.primary_key and column.name not in without
    ]


def _changed(format: str, columns: list[str], between: str) -> str:
    return between.join(format.format(column) for column in columns)


_SEARCHED = _of(ACCOUNT, "state")
_REPLACED = ", ".join(
    f"{name} = :{name.strip(chr(34))}" for name in _of(SNAPSHOT, "connected_account")
)

ARRIVED = "SELECT id FROM inbox WHERE id IN (SELECT value FROM json_each(?))"
DUE = """SELECT id, generation FROM outbox
WHERE status = 'due' AND id IN (SELECT value FROM json_each(?))"""
READ = """SELECT snapshots.machine, snapshots.key, state, facts, version, connected_account
FROM json_each(?) AS address CROSS JOIN snapshots
ON snapshots.machine = json_extract(address.value, '$[0]')
AND snapshots.key = json_extract(address.value, '$[1]')"""

ENTER = _insert(INBOX)
ADD = _insert(SNAPSHOT)
REPLACE = f"""UPDATE snapshots SET {_REPLACED},
connected_account = coalesce(:connected_account, connected_account)
WHERE machine = :machine AND key = :key"""
# Two statements, since SQLite writes the index of each column that is set, changed or not, and
# mostly only the state changes.
INDEX = f"""{_insert(ACCOUNT)}
ON CONFLICT (id) DO UPDATE SET {_changed("{0} = excluded.{0}", _SEARCHED, ", ")}
WHERE {_changed("accounts.{0} IS NOT excluded.{0}", _SEARCHED, " OR ")}"""
INDEX_STATE = "UPDATE accounts SET state = :state WHERE id = :id AND state <> :state"
RECORD = _insert(ENTRY)
ASK = f"{_insert(COMMAND)} ON CONFLICT DO NOTHING"
DELAY = """UPDATE outbox SET fields = :fields, due_at = :due_at,
connected_account = coalesce(:connected_account, connected_account)
WHERE id = :id AND status = 'due' AND attempts = 0 AND due_at < :due_at"""
COMPLETE = f"""UPDATE outbox SET status = :status, finished_at = :at, error = :error,
stuck_on = NULL, attempts = attempts + 1, fields = CASE WHEN :status = 'done'
THEN json_remove(fields, '$.{PRIVATE_FIELD}') ELSE fields END
WHERE id = :command_id AND status = 'due'"""
