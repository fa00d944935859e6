"""A rate limiter that all workers share: one row in PostgreSQL holds the time of the next slot.

One statement takes a slot, so no two workers take the same. The clock is the database's, since
those of the workers differ. The transaction need not be on the disk when it commits: after a
crash of the database, a few slots may be handed out twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from relink.adapters.store.errors import unavailable_if_down

STRIPE = "stripe"
"""The row that the migrations create."""

_NOW = "CAST(extract(epoch FROM clock_timestamp()) AS float8)"
_ASYNC_COMMIT = text("SET LOCAL synchronous_commit = off")
_TAKE = text(
    f"UPDATE rate_limits SET next_at = greatest(next_at, {_NOW}) + :interval "
    f"WHERE name = :name AND next_at <= {_NOW} + :longest "
    f"RETURNING greatest(next_at - :interval - {_NOW}, 0)"
)
_LOOK = text(f"SELECT next_at - {_NOW} FROM rate_limits WHERE name = :name")
_HOLD = text(
    f"UPDATE rate_limits SET next_at = greatest(next_at, {_NOW} + :seconds) WHERE name = :name"
)


class SharedRateLimiter:
    """A rate limiter for all processes that use one PostgreSQL database.

    Args:
        engine: the database, migrated.
        rate: requests a second, of all together.
        name: of the row.
    """

    def __init__(self, engine: Engine, rate: float, name: str = STRIPE) -> None:
        self._engine = engine
        self._values = {"name": name, "interval": 1 / rate}

    def wait(self, longest: float) -> float:
        """Take the next slot, if it is near; see
        :class:`~relink.adapters.gateway.RateLimiter`.

        Raises:
            StoreUnavailableError: the database is down.
        """
        values = {**self._values, "longest": longest}
        with self._transaction() as connection:
            taken: float | None = connection.execute(_TAKE, values).scalar()
            if taken is not None:
                return taken
            too_far: float = connection.execute(_LOOK, values).scalar_one()
            return too_far

    def hold(self, seconds: float) -> None:
        """Hand out no slot within the next ``seconds``.

        Raises:
            StoreUnavailableError: the database is down.
        """
        with self._transaction() as connection:
            connection.execute(_HOLD, {**self._values, "seconds": seconds})

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with unavailable_if_down(), self._engine.begin() as connection:
            connection.execute(_ASYNC_COMMIT)
            yield connection
