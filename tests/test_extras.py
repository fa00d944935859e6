"""What an extra lacks is named at once, with the one command that installs it."""

import pytest

from relink.adapters.extras import extra_of, libraries, missing, missing_extra

from .absent import run_without

STORE = "needs sqlalchemy and alembic, which are not installed."


@pytest.mark.parametrize(
    ("absent", "code", "says"),
    [
        (
            ("sqlalchemy", "alembic"),
            "from relink.adapters.store import SqlStore",
            f"relink.adapters.store.SqlStore {STORE} Run: pip install 'relink-engine[store]'",
        ),
        (
            ("fastapi", "starlette", "uvicorn", "prometheus_client"),
            "import relink.adapters.http",
            "relink.adapters.http needs fastapi, uvicorn and prometheus_client, which are not "
            "installed. Run: pip install 'relink-engine[service]'",
        ),
        (
            ("starlette", "uvicorn"),
            "import relink.adapters.simulator.server",
            "relink.adapters.simulator.server needs starlette and uvicorn, which are not "
            "installed. Run: pip install 'relink-engine[simulator]'",
        ),
        (
            ("httpcore",),
            "from relink.adapters.gateway import ApiKey, GatewaySettings\n"
            "from relink.adapters.gateway.builtin import stripe\n"
            "stripe(GatewaySettings(ApiKey('sk_test_1')))",
            "the gateway 'stripe' needs httpcore, which is not installed. "
            "Run: pip install 'relink-engine[stripe]'",
        ),
    ],
)
def test_an_import_names_everything_that_is_missing(
    absent: tuple[str, ...], code: str, says: str
) -> None:
    done = run_without(absent, code)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(says)


@pytest.mark.parametrize(
    ("arguments", "absent", "says"),
    [
        (
            ["demo"],
            ("fastapi", "starlette", "uvicorn", "sqlalchemy"),
            "relink demo needs sqlalchemy, fastapi, uvicorn and starlette, which are not "
            "installed. Run: pip install 'relink-engine[demo]'\n",
        ),
        (
            ["fuzz", "account"],
            ("hypothesis",),
            "relink fuzz needs hypothesis, which is not installed. "
            "Run: pip install 'relink-engine[fuzz]'\n",
        ),
    ],
)
def test_a_command_names_everything_that_is_missing(
    arguments: list[str], absent: tuple[str, ...], says: str
) -> None:
    code = f"from relink.adapters.cli import main\nsys.exit(main({arguments!r}))"
    done = run_without(absent, code)
    assert (done.returncode, done.stderr) == (2, says)


def test_the_libraries_of_an_extra_are_those_of_the_distribution() -> None:
    assert libraries("store") == ("sqlalchemy", "alembic")
    assert set(libraries("store")) < set(libraries("postgres"))
    assert set(libraries("service")) | set(libraries("simulator")) == set(libraries("demo"))
    assert libraries("no_such_extra") == ()


def test_nothing_is_missing_where_all_is_installed() -> None:
    assert missing("service,postgres") == []
    assert missing_extra("relink", "demo") is None


def test_a_library_belongs_to_its_smallest_extra() -> None:
    found = {name: extra_of(name) for name in ("sqlalchemy", "uvicorn", "fastapi", "nothing")}
    assert found == {
        "sqlalchemy": "store",
        "uvicorn": "simulator",
        "fastapi": "service",
        "nothing": None,
    }
