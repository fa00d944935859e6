"""The shops of the examples, each with its own database."""

import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from relink.adapters.simulator import Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import migrate

from ..own_tables import set_up_django
from .shops import BEHIND, EXAMPLES, WEBHOOK_SECRET, DjangoSite, FlaskSite, Shop, celery_at_work


@pytest.fixture
def stripe() -> Iterator[SimulatorServer]:
    with SimulatorServer(Simulator(start=time.time() - BEHIND)) as server:
        yield server


@pytest.fixture
def configured(
    tmp_path: Path, stripe: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The environment variables that configure the examples."""
    set_up_django()
    url = f"sqlite:///{tmp_path / 'relink.db'}"
    migrate(url)
    monkeypatch.syspath_prepend(EXAMPLES)
    for name, value in {
        "RELINK_DATABASE_URL": url,
        "STRIPE_API_KEY": "sk_test_of_the_shop",
        "STRIPE_API_BASE": stripe.url,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "SECRET_KEY": "of the shop",
        "ALLOWED_HOSTS": "testserver",
        "CELERY_BROKER_URL": "memory://here",
        "RELINK_API_TOKEN": "token-of-the-shop-0123456789",
    }.items():
        monkeypatch.setenv(name, value)
    setup, celery = import_module("relink_setup"), import_module("celery_app")
    yield
    celery.app.conf.task_always_eager = False
    setup.store().close()
    for piece in (setup.settings, setup.store, setup.gateway, setup.service, celery.performer):
        piece.cache_clear()


@pytest.fixture(params=["flask", "django"])
def shop(request: pytest.FixtureRequest, stripe: SimulatorServer, configured: None) -> Shop:
    """The test's own thread performs its commands."""
    site = FlaskSite() if request.param == "flask" else DjangoSite()
    return Shop(stripe, site, performs_commands=True)


@pytest.fixture(params=["flask and its loop", "django and celery"])
def staffed_shop(
    request: pytest.FixtureRequest, stripe: SimulatorServer, configured: None
) -> Iterator[Shop]:
    """Commands are performed as in the examples."""
    is_flask = request.param.startswith("flask")
    with import_module("flask_app").working() if is_flask else celery_at_work():
        yield Shop(stripe, FlaskSite() if is_flask else DjangoSite())
