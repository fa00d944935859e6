"""A pace that all workers share, in PostgreSQL: one row, which is when the next request may go.

Taking a moment is one statement, so that no two workers take the same. The clock is the
database's, since those of the workers differ. Its transaction need not be on the disk when it is
over: after a crash of the database, a few moments may be given out again.
"""

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, TimeoutError

from relink.adapters.store import StoreUnavailableError

STRIPE = "stripe"
"""The row that the migrations make."""

_NOW = "CAST(extract(epoch FROM clock_timestamp()) AS float8)"
_SOON_ENOUGH = text("SET LOCAL synchronous_commit = off")
_TAKE = text(
    f"UPDATE pace SET next_at = greatest(next_at, {_NOW}) + :interval "
    f"WHERE name = :name AND next_at <= {_NOW} + :longest "
    f"RETURNING greatest(next_at - :interval - {_NOW}, 0)"
)
_LOOK = text(f"SELECT next_at - {_NOW} FROM pace WHERE name = :name")
_HOLD = text(f"UPDATE pace SET next_at = greatest(next_at, {_NOW} + :seconds) WHERE name = :name")


class SharedRateLimiter:
    """A pace of all processes that use one PostgreSQL database.

    Args:
        engine: the database, migrated.
        rate: requests a second, of all together.
        name: the row.
    """

    def __init__(self, engine: Engine, rate: float, name: str = STRIPE) -> None:
        self._engine = engine
        self._given = {"name": name, "interval": 1 / rate}

    def wait(self, longest: float) -> float:
        """Take the next moment, if it is near; see
        :class:`~relink.adapters.gateway.RateLimiter`.

        Raises:
            StoreUnavailableError: the database is away.
        """
        given = {**self._given, "longest": longest}
        try:
            with self._engine.begin() as connection:
                connection.execute(_SOON_ENOUGH)
                taken: float | None = connection.execute(_TAKE, given).scalar()
                if taken is not None:
                    return taken
                far: float = connection.execute(_LOOK, given).scalar_one()
                return far
        except (OperationalError, TimeoutError) as error:
            unavailable = type(getattr(error, "orig", error)).__name__
        raise StoreUnavailableError(f"the pace can't be read: {unavailable}")

    def hold(self, seconds: float) -> None:
        """Give out no moment before so many seconds have passed.

        Raises:
            StoreUnavailableError: the database is away.
        """
        try:
            with self._engine.begin() as connection:
                connection.execute(_SOON_ENOUGH)
                connection.execute(_HOLD, {**self._given, "seconds": seconds})
            return
        except (OperationalError, TimeoutError) as error:
            unavailable = type(getattr(error, "orig", error)).__name__
        raise StoreUnavailableError(f"the pace can't be set: {unavailable}")
