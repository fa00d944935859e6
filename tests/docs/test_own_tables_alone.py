"""The files for tables of one's own, in a folder as the page says, where SQLAlchemy is absent."""

import ast
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from relink.adapters.simulator.server import SimulatorServer

from ..absent import ABSENT
from .shops import EXAMPLES, TIMEOUT, WEBHOOK_SECRET

UNCHANGED = ("django_settings.py", "django_app.py", "relink_answers.py", "celery_app.py")

DUE = """
import sys, time
import django
django.setup()
from relink_setup import store
from relink.adapters.store import InboxMessage
from relink.machines.events import AccountReported
from relink.machines.report import StatusReport

now = int(time.time())
report = StatusReport(status="inactive", action="relink_required", permissions=())
event = AccountReported(
    causation_id="evt_1", at=now, account=sys.argv[1], as_of=now, read=False, report=report
)
print(store().apply(InboxMessage("evt_1", "test", now, time.time()), [event]))
"""

CELERY = """
import django
django.setup()
import celery_app, relink_setup, sys
celery_app.app.conf.task_always_eager = True
celery_app.sweep()
celery_app.app.tasks["relink.maintain"]()
print(type(relink_setup.store()).__name__)
"""

VERIFY = """
import django
django.setup()
from bank_links.tables import DjangoTables
from relink.adapters.store import verify_tables
verify_tables(DjangoTables())
"""


@dataclass
class Folder:
    """A service in a folder, and its processes."""

    path: Path
    environment: dict[str, str]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.path,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        """What a process prints that ends well."""
        with self.start(*arguments) as process:
            try:
                printed, errors = process.communicate(timeout=120)
            finally:
                process.kill()
        assert process.returncode == 0, errors
        return printed

    def migrate(self) -> None:
        self.run("-m", "django", "makemigrations", "bank_links")
        self.run("-m", "django", "migrate")

    def outbox(self) -> dict[str, str]:
        """The status of each command, by its name."""
        database = sqlite3.connect(self.environment["SHOP_DATABASE"])
        try:
            return dict(database.execute("SELECT command, status FROM bank_links_outbox"))
        finally:
            database.close()


@pytest.fixture
def folder(tmp_path: Path, stripe: SimulatorServer) -> Folder:
    service, absent = tmp_path / "service", tmp_path / "absent"
    shutil.copytree(
        EXAMPLES / "bank_links", service / "bank_links", ignore=lambda *_: ["__pycache__"]
    )
    for name in UNCHANGED:
        shutil.copy(EXAMPLES / name, service)
    shutil.copy(EXAMPLES / "own_tables.py", service / "relink_setup.py")
    absent.mkdir()
    libraries = {"sqlalchemy", "alembic", "psycopg", "procrastinate"}
    (absent / "sitecustomize.py").write_text(ABSENT.format(libraries=libraries))
    return Folder(
        service,
        {
            "PYTHONPATH": str(absent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "django_settings",
            "SECRET_KEY": "of the shop",
            "ALLOWED_HOSTS": "testserver",
            "SHOP_DATABASE": str(tmp_path / "shop.db"),
            "STRIPE_API_KEY": "sk_test_of_the_shop",
            "STRIPE_API_BASE": stripe.url,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "CELERY_BROKER_URL": "memory://here",
        },
    )


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 3 * TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.1)


def linked(stripe: SimulatorServer) -> str:
    with stripe.lock:
        return stripe.simulator.link_account(stripe.simulator.add_customer("Jo")).id


def test_the_tables_are_made_and_checked_without_sqlalchemy(folder: Folder) -> None:
    folder.migrate()
    folder.run("-m", "django", "makemigrations", "--check")
    folder.run("-m", "django", "check")
    folder.run("-c", VERIFY)


def test_the_loop_carries_out_a_due_command_until_sigterm(
    folder: Folder, stripe: SimulatorServer
) -> None:
    folder.migrate()
    folder.run("-c", DUE, linked(stripe))
    assert folder.outbox()["retrieve_account"] == "due"
    with folder.start("relink_setup.py") as loop:
        try:
            until(lambda: folder.outbox()["retrieve_account"] == "done")
            until(lambda: folder.outbox()["notify_customer"] == "done")
            loop.send_signal(signal.SIGTERM)
            _, log = loop.communicate(timeout=60)
        finally:
            loop.kill()
    assert loop.returncode == 0, log
    assert "Traceback" not in log
    assert "INFO:shop:" in log


def test_celery_carries_out_a_due_command(folder: Folder, stripe: SimulatorServer) -> None:
    folder.migrate()
    folder.run("-c", DUE, linked(stripe))
    assert folder.run("-c", CELERY) == "TableStore\n"
    assert folder.outbox()["retrieve_account"] == "done"


def test_the_suite_in_the_documentation_passes(folder: Folder) -> None:
    folder.run("-m", "django", "makemigrations", "bank_links")
    page = (EXAMPLES.parent / "testing.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    (suite,) = (block for block in blocks if "DjangoTables" in block)
    (folder.path / "test_suite.py").write_text(suite)
    printed = folder.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_suite.py")
    assert re.search(r"^2 passed in", printed, re.M), printed


def test_the_event_in_the_documentation_is_applied(folder: Folder) -> None:
    folder.migrate()
    page = (EXAMPLES.parent / "own-tables.md").read_text()
    section = page.partition("## Apply an event yourself")[2]
    block = re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)[0]
    begin = "import django\ndjango.setup()\nfrom relink_setup import store\n"
    assert folder.run("-c", begin + block) == "applied inactive_relinkable\n"


def test_a_database_without_tables_says_so_and_how_to_mend_it(folder: Folder) -> None:
    with folder.start("relink_setup.py") as loop:
        try:
            assert loop.stderr is not None
            first = loop.stderr.readline()
        finally:
            loop.kill()
    assert "no such table: bank_links_" in first
    assert "did you run your migrations?" in first
    with folder.start("-c", VERIFY) as check:
        _, errors = check.communicate(timeout=60)
    assert "WrongTablesError: inbox: select raised SQLite: no such table" in errors
    assert "did you run your migrations?" in errors


def test_own_tables_has_every_name_that_the_other_examples_import() -> None:
    own = {
        node.name
        for node in ast.parse((EXAMPLES / "own_tables.py").read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    used = set()
    for name in UNCHANGED:
        for node in ast.walk(ast.parse((EXAMPLES / name).read_text())):
            match node:
                case ast.ImportFrom(module="relink_setup", names=names):
                    used |= {each.name for each in names}
                case ast.Attribute(value=ast.Name(id="relink_setup"), attr=attribute):
                    used.add(attribute)
    assert used == {"service", "store", "performer", "maintain"}
    assert used <= own
