"""Moments: dates, times and durations within their bounds, mostly a few that coincide.

The clock has no part in them: a moment in the past is before 2020, one in the future after 2200.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from hypothesis import strategies as st

from .scalars import mostly

M = TypeVar("M", dt.date, dt.datetime, dt.timedelta)

_USUAL = dt.datetime(2000, 1, 1)
_PAST, _FUTURE = dt.datetime(2020, 1, 1), dt.datetime(2200, 1, 1)
_BOUNDS = ("ge", "gt", "le", "lt")
_ZONES = (dt.UTC, dt.timezone(dt.timedelta(hours=2)), dt.timezone(-dt.timedelta(hours=5)))


def datetimes(schema: Mapping[str, Any]) -> st.SearchStrategy[dt.datetime]:
    """Dates with times; naive ones unless the type or a bound has a time zone."""
    zone = schema.get("tz_constraint")
    bounds = {key: schema[key] for key in _BOUNDS if key in schema}
    has_zone = any(bound.tzinfo is not None for bound in bounds.values())
    naive = {key: _without_zone(bound) for key, bound in bounds.items()}
    low, high = _limits(naive, dt.timedelta(microseconds=1))
    low, high = _now(schema, low, high)
    # A day from the first and the last moment, every time zone has room.
    first, last = dt.datetime.min.replace(day=2), dt.datetime.max.replace(day=30)
    found = _near(
        low or min(first, high or first),
        high or max(last, low or last),
        _USUAL,
        lambda number: dt.timedelta(seconds=number),
        st.datetimes,
    )
    if isinstance(zone, int):
        fixed = _offset(zone)
        return found.map(lambda moment: moment.replace(tzinfo=dt.UTC).astimezone(fixed))
    if has_zone:
        return found.map(lambda moment: moment.replace(tzinfo=dt.UTC))
    if zone == "aware":
        zoned = st.tuples(found, st.sampled_from(_ZONES))
        return zoned.map(lambda pair: pair[0].replace(tzinfo=pair[1]))
    return found


def dates(schema: Mapping[str, Any]) -> st.SearchStrategy[dt.date]:
    """Dates."""
    first, last = _limits(schema, dt.timedelta(days=1))
    low, high = _now(schema, _midnight(first), _midnight(last))
    return _near(
        (low or dt.datetime.min).date(),
        (high or dt.datetime.max).date(),
        _USUAL.date(),
        lambda number: dt.timedelta(days=number),
        st.dates,
    )


def durations(schema: Mapping[str, Any]) -> st.SearchStrategy[dt.timedelta]:
    """Durations, within a thousand years."""
    low, high = _limits(schema, dt.timedelta(microseconds=1))
    most = dt.timedelta(days=365_000)
    if low is None:
        low = -most if high is None else min(-most, high)
    return _near(
        low,
        max(most, low) if high is None else high,
        dt.timedelta(),
        lambda number: dt.timedelta(seconds=number),
        st.timedeltas,
    )


def times(schema: Mapping[str, Any]) -> st.SearchStrategy[dt.time]:
    """Times of the day."""
    moments = {
        key: dt.datetime.combine(_USUAL.date(), schema[key]) for key in _BOUNDS if key in schema
    }
    zone = next((m.tzinfo for m in moments.values() if m.tzinfo is not None), None)
    naive = {key: moment.replace(tzinfo=None) for key, moment in moments.items()}
    low, high = _limits(naive, dt.timedelta(microseconds=1))
    found = st.times(
        dt.time.min if low is None else low.time(), dt.time.max if high is None else high.time()
    )
    constraint = schema.get("tz_constraint")
    if zone is None and constraint == "aware":
        zone = dt.UTC
    if zone is None and isinstance(constraint, int):
        zone = _offset(constraint)
    return found if zone is None else found.map(lambda time: time.replace(tzinfo=zone))


def _offset(seconds: int) -> dt.timezone:
    return dt.timezone(dt.timedelta(seconds=seconds))


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return None if day is None else dt.datetime.combine(day, dt.time.min)


def _without_zone(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo is None else moment.astimezone(dt.UTC).replace(tzinfo=None)


def _limits(bounds: Mapping[str, Any], step: dt.timedelta) -> tuple[Any, Any]:
    """The first and the last moment, where there are bounds."""
    low = [bounds["ge"]] if "ge" in bounds else []
    high = [bounds["le"]] if "le" in bounds else []
    low += [bounds["gt"] + step] if "gt" in bounds else []
    high += [bounds["lt"] - step] if "lt" in bounds else []
    return max(low, default=None), min(high, default=None)


def _now(
    schema: Mapping[str, Any], low: dt.datetime | None, high: dt.datetime | None
) -> tuple[dt.datetime | None, dt.datetime | None]:
    if schema.get("now_op") == "past" and high is None:
        high = max(_PAST, low) if low else _PAST
    if schema.get("now_op") == "future" and low is None:
        low = min(_FUTURE, high) if high else _FUTURE
    return low, high


def _near(
    low: M,
    high: M,
    usual: M,
    unit: Callable[[int], dt.timedelta],
    anything: Callable[[M, M], st.SearchStrategy[M]],
) -> st.SearchStrategy[M]:
    start = min(max(low, usual), high)
    windows = []
    for number in (1, 3, 9):
        # One that is too short for steps has the start alone.
        most = number if high - start >= unit(number) else 0
        windows.append(st.integers(0, most).map(lambda n: start + unit(n)))
    return mostly(windows, anything(low, high))
