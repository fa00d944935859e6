"""What a test says about logging ends with it: a command that runs in this process sets it up."""

import logging
from collections.abc import Iterator

import pytest

UNSET = logging.NOTSET, [], True


@pytest.fixture(autouse=True)
def logging_stays() -> Iterator[None]:
    """Levels and handlers are as before, after each test."""
    before = {logger: _of(logger) for logger in _all()}
    yield
    for logger in _all():
        if _of(logger) == (kept := before.get(logger, UNSET)):
            continue
        level, handlers, propagate = kept
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.propagate = propagate


def _all() -> list[logging.Logger]:
    found = list(logging.root.manager.loggerDict.values())
    return [logging.root, *(each for each in found if isinstance(each, logging.Logger))]


def _of(logger: logging.Logger) -> tuple[int, list[logging.Handler], bool]:
    return logger.level, list(logger.handlers), logger.propagate
