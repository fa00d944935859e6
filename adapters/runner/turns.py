"""Whose turn it is: of many workers, one runs a periodic task in each interval.

One row in PostgreSQL holds when a task is due next. A worker takes its turn with one statement in a
transaction of its own, and runs the task after that: no row is locked meanwhile. A worker that
freezes or dies while it runs a task delays nobody, and the next turn is another worker's.

The clock is the database's. It may be set back: a turn that lies further ahead than an interval was
set by a clock that was ahead, and is ignored.
"""

from sqlalchemy import Engine

from relink.adapters.store.postgres.pool import standalone
from relink.adapters.store.translation import unavailable_if_down

TABLE = "rate_limits"

_NOW = "CAST(extract(epoch FROM clock_timestamp()) AS float8)"
_TAKE = f"""
WITH taken AS (
    INSERT INTO rate_limits AS held (name, next_at) VALUES (:name, {_NOW} + :every)
    ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at
    WHERE held.next_at NOT BETWEEN {_NOW} AND {_NOW} + :every
    RETURNING 0.0 AS wait)
SELECT coalesce(
    (SELECT wait FROM taken),
    (SELECT next_at - {_NOW} FROM rate_limits WHERE name = :name),
    :every)
"""


class Turns:
    """The turns of all workers that use one PostgreSQL database.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._take = standalone(engine, TABLE, _TAKE)

    def take(self, name: str, every: float) -> float:
        """Take the turn to run a task, if it is due.

        Args:
            name: of the task.
            every: its interval (seconds).

        Returns:
            0 if this worker is to run the task now, otherwise the seconds until the next turn.

        Raises:
            StoreUnavailableError: the database is down, or does not answer in time.
        """
        values = {"name": f"task {name}", "every": every}
        with unavailable_if_down(), self._engine.connect() as connection:
            wait: float = connection.execute(self._take, values).scalar_one()
        return max(0.0, min(float(wait), every))
