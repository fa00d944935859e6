"""The demo, over real HTTP in both directions: every scenario ends in the expected state."""

import re
import sys
from pathlib import Path

import pytest

from relink.adapters.cli.demo import own_command
from relink.adapters.demo import play
from relink.adapters.store import SqlStore
from relink.engine import Address
from relink.machines import relink_system


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """The folder, and the narration of each scenario in lines."""
    folder = tmp_path_factory.mktemp("demo")
    lines: list[str] = []
    play(folder, lines.append)
    stories: dict[str, list[str]] = {}
    for line in "\n".join(lines).splitlines():
        if found := re.match(r"━━ (\w+)", line):
            stories[found[1]] = []
        elif stories:
            stories[list(stories)[-1]].append(line)
    return folder, stories


def ends(story: list[str]) -> list[str]:
    """What the scenario shows of its accounts, without their ids."""
    return [re.sub(r".*⇒ \S+ is ", "", line) for line in story if "⇒" in line]


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("Ada", ["active and may be debited"]),
        (
            "Ben",
            [
                "new_account_linked and must not be debited (institution_requirement)",
                "active and works, but must not be debited yet",
            ],
        ),
        ("Cleo", ["inactive_relinkable and must not be debited (access_expired)"]),
        ("Dan", ["inactive_unrepairable and must not be debited (account_closed)"]),
        ("Eve", ["inactive_relinkable and must not be debited (access_denied)"]),
        ("Finn", ["active and may be debited"] * 5),
        ("Gus", ["active and must not be debited (number_lapsed)", "active and may be debited"]),
        ("Hana", ["active and may be debited"]),
        ("Ivo", ["active and may be debited"]),
    ],
)
def test_every_scenario_ends_in_the_expected_state(played, name: str, end: list[str]):
    assert ends(played[1][name]) == end


def test_ben_gets_one_payment_method_and_has_to_give_a_mandate(played):
    story = played[1]["Ben"]
    assert sum("create a payment method" in line for line in story) == 1
    assert [line.strip() for line in story if line][-1] == "next: collect_mandate (new_account)"


def test_five_accounts_are_one_prompt_and_one_session(played):
    story = played[1]["Finn"]
    assert sum("✉ ask the customer" in line for line in story) == 1
    assert sum("▸ open a relink session" in line for line in story) == 1


def test_a_closed_account_gets_no_prompt_and_no_session(played):
    story = played[1]["Dan"]
    assert not any("✉ ask the customer" in line for line in story)
    assert any("refused: Nobody can repair the account" in line for line in story)


def test_a_customer_who_revoked_access_is_prompted_once_and_not_reminded(played):
    assert sum("✉" in line for line in played[1]["Eve"]) == 1


def test_duplicates_change_nothing(played):
    assert any("duplicate: nothing changes" in line for line in played[1]["Ivo"])


def test_neither_narration_nor_files_hold_a_secret(played):
    folder, stories = played
    narration = "\n".join(line for story in stories.values() for line in story)
    assert "_secret_" not in narration
    for file in folder.iterdir():
        assert b"_secret_" not in file.read_bytes(), file.name


def test_the_picture_and_the_database_are_where_the_demo_says(played):
    folder, stories = played
    assert (folder / "account.svg").read_text().count("<title>account") == 1
    ending = "\n".join(list(stories.values())[-1])
    account = re.search(r"relink explain (fca_\w+)", ending)
    assert account, ending
    store = SqlStore(f"sqlite:///{folder / 'relink.db'}", relink_system())
    address = Address("account", account[1])
    entries = store.journal(address)
    assert relink_system().replay(address, [e.event for e in entries]) == store.snapshot(address)
    store.close()


def test_the_same_seed_gives_the_same_narration(played, tmp_path: Path):
    again: list[str] = []
    play(tmp_path, again.append)
    before = [line for story in played[1].values() for line in story]
    lines = [line for line in "\n".join(again).splitlines() if not line.startswith("━━")]
    same = [line for line in before if "demo" not in line and str(played[0]) not in line]
    assert [line for line in lines if line and str(tmp_path) not in line] == [
        line for line in same if line
    ]


@pytest.mark.parametrize(
    ("started_as", "command"),
    [
        (".venv/bin/relink", ".venv/bin/relink"),
        ("/opt/a folder/bin/relink", "'/opt/a folder/bin/relink'"),
        ("on-path/relink", "relink"),
        ("adapters/cli/__main__.py", f"{sys.executable} -m relink.adapters.cli"),
    ],
)
def test_the_last_line_names_relink_as_it_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started_as: str, command: str
) -> None:
    script = tmp_path / "on-path" / "relink"
    script.parent.mkdir()
    script.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(script.parent))
    assert own_command(started_as) == command
