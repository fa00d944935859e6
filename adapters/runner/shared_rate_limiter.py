"""A rate limit that all processes share: for each lane, one row in PostgreSQL holds its next slot.

Taking a slot is one statement in a transaction of its own, so the row is locked only while the
server executes it. A process that freezes or dies, at whatever moment, keeps nobody from a slot.
Nothing is reserved in advance: a process that dies has at most taken the slot that it waited for,
and that one passes unused.

The clock is the database's, since those of the processes differ. It is a wall clock, and may be set
back. A slot that lies further ahead than any hold reaches can only come from a clock that was ahead
then, and is ignored.

The transaction need not be on the disk when it commits: after a crash of the database, a few slots
may be handed out twice. A row that is missing is made by the first request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, TextClause

from relink.adapters.gateway import RateLimiters
from relink.adapters.gateway.rate_limiter import (
    LENDS_WITHIN,
    LONGEST_HOLD,
    LONGEST_SLEEP,
    Lane,
)
from relink.adapters.store.postgres.pool import standalone
from relink.adapters.store.translation import unavailable_if_down

FURTHEST = LONGEST_HOLD + 2 * LONGEST_SLEEP
"""Seconds ahead at which a slot can be. One that is further was set by a clock that was ahead."""

TABLE = "rate_limits"

TRIES = 3
"""How often a slot is asked for that another process takes at the same moment."""

_NOW = "CAST(extract(epoch FROM clock_timestamp()) AS float8)"
_RELAXED = "set_config('synchronous_commit', 'off', true)"


def _slot(next_at: str) -> str:
    """When a lane's next slot is, not before now."""
    is_ahead = f"{next_at} BETWEEN {_NOW} AND {_NOW} + {FURTHEST}"
    return f"CASE WHEN {is_ahead} THEN {next_at} ELSE {_NOW} END"


_TAKE = f"""
WITH lanes (name, pause, longest) AS (VALUES
    (CAST(:own AS text), CAST(:own_pause AS float8), CAST(:longest AS float8)),
    (CAST(:other AS text), CAST(:other_pause AS float8), CAST(:lends AS float8))),
offers AS (
    SELECT lanes.*, {_slot("held.next_at")} AS slot FROM lanes
    LEFT JOIN rate_limits AS held ON held.name = lanes.name),
chosen AS (
    SELECT * FROM offers WHERE slot <= {_NOW} + longest ORDER BY slot, name = :own DESC LIMIT 1),
taken AS (
    INSERT INTO rate_limits AS held (name, next_at) SELECT name, slot + pause FROM chosen
    ON CONFLICT (name) DO UPDATE
    SET next_at = {_slot("held.next_at")} + (SELECT pause FROM chosen)
    WHERE {_slot("held.next_at")} <= {_NOW} + (SELECT longest FROM chosen)
    RETURNING next_at - (SELECT pause FROM chosen) - {_NOW} AS wait)
SELECT (SELECT wait FROM taken) AS taken,
    (SELECT slot - {_NOW} FROM offers WHERE name = :own) AS own,
    EXISTS (SELECT 1 FROM chosen) AS offered, {_RELAXED}
"""

_HOLD = f"""
INSERT INTO rate_limits AS held (name, next_at)
SELECT name, {_NOW} + :seconds FROM unnest(CAST(:names AS text[])) AS name
WHERE {_RELAXED} = 'off' ORDER BY name
ON CONFLICT (name) DO UPDATE SET next_at = greatest({_slot("held.next_at")}, excluded.next_at)
RETURNING name
"""


class SharedRateLimits:
    """A rate limit for all processes that use one PostgreSQL database.

    Args:
        engine: the database, migrated.
        rate: requests a second, of all processes and both lanes together.
    """

    def __init__(self, engine: Engine, rate: float) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._take = standalone(engine, TABLE, _TAKE)
        self._hold = standalone(engine, TABLE, _HOLD)
        self._pause = {lane: lane.interval(rate) for lane in Lane}

    @property
    def lanes(self) -> RateLimiters:
        """Its lanes."""
        return RateLimiters(
            callers=_SharedLane(self, Lane.CALLERS), background=_SharedLane(self, Lane.BACKGROUND)
        )

    def wait(self, lane: Lane, longest: float) -> float:
        """Take the next slot that is open to a lane; see
        :class:`~relink.adapters.gateway.RateLimiter`.

        Raises:
            StoreUnavailableError: the database is down, or does not answer in time.
        """
        values = {
            "own": lane.value,
            "own_pause": self._pause[lane],
            "longest": longest,
            "other": lane.other.value,
            "other_pause": self._pause[lane.other],
            "lends": min(longest, LENDS_WITHIN),
        }
        for _ in range(TRIES):
            (row,) = self._execute(self._take, values)
            if row.taken is not None:
                return min(max(0.0, float(row.taken)), longest)
            if not row.offered:
                break
        return max(float(row.own), longest + self._pause[lane])

    def hold(self, seconds: float) -> None:
        """Hand out no slot within the next ``seconds``.

        Raises:
            StoreUnavailableError: the database is down, or does not answer in time.
        """
        self._execute(self._hold, {"seconds": seconds, "names": [lane.value for lane in Lane]})

    def _execute(self, statement: TextClause, values: dict[str, Any]) -> Sequence[Row[Any]]:
        with unavailable_if_down(), self._engine.connect() as connection:
            return connection.execute(statement, values).all()


@dataclass(frozen=True, slots=True)
class _SharedLane:
    limits: SharedRateLimits
    lane: Lane

    def wait(self, longest: float) -> float:
        return self.limits.wait(self.lane, longest)

    def hold(self, seconds: float) -> None:
        self.limits.hold(seconds)
