"""The demo, over real HTTP in both directions: every scenario ends in the expected state."""

import io
import re
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from relink.adapters.cli.own_command import own_command
from relink.adapters.demo import Played, play, summary
from relink.adapters.demo.narrate import told
from relink.adapters.store import SqlStore
from relink.adapters.story import Line, lines_of
from relink.adapters.terminal import Screen
from relink.engine import Address
from relink.machines import relink_system
from relink.machines.stories import ACCOUNT
from relink.machines.words.thoughts import Depth

ROOT = Path(__file__).parents[2]

MOST_LINES = 12
"""How many lines a customer's story may have at most, as it is shown in 80 columns."""


def shown_in(folder: Path) -> tuple[Played, str]:
    file = io.StringIO()
    screen = Screen(file, 80, colour=False)
    played = play(folder, screen)
    screen.show(*summary(played, screen, "relink", Depth.STORY))
    return played, file.getvalue()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Played, str]:
    """The folder, what came of the demo, and what it showed in 80 columns."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, *shown_in(folder)


def story(demo: tuple[Path, Played, str], name: str) -> list[Line]:
    return lines_of(demo[1].stories[name])


def parts(text: str) -> dict[str, list[str]]:
    """What was shown of each customer, in lines; the summary is the last one's."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if head := re.match(r"\d  (\w+)  ", line):
            found[head[1]] = []
        elif found:
            found[list(found)[-1]].append(line)
    return found


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("Ada", ["may be charged"]),
        (
            "Ben",
            [
                "not to be charged: {1} stands in for it",
                "not to be charged yet",
            ],
        ),
        ("Cleo", ["not to be charged: Cleo's consent expired"]),
        ("Dan", ["not to be charged: the account was closed"]),
        ("Eve", ["not to be charged: Eve revoked access"]),
        ("Finn", ["may be charged"] * 5),
        ("Gus", ["may be charged"]),
        ("Hana", ["may be charged"]),
        ("Ivo", ["may be charged"]),
    ],
)
def test_every_scenario_ends_in_the_expected_state(demo, name: str, ends: list[str]):
    found = demo[1].stories[name]
    names = [found.names.account(chapter.account.facts.id) for chapter in found.chapters]
    assert [chapter.outcome.verdict for chapter in found.chapters] == [
        end.format(*names) for end in ends
    ]


def test_ben_gets_one_payment_method_and_has_to_give_a_mandate(demo):
    texts = [line.text for line in story(demo, "Ben")]
    assert sum("was made from" in text for text in texts) == 1
    assert texts[-1].startswith("asks you for a mandate for pm_…")
    assert demo[1].stories["Ben"].chapters[-1].outcome.todo == (
        "have Ben authorize debits: no mandate covers the new account",
    )


def test_five_accounts_are_one_prompt_and_one_session(demo):
    texts = [line.text for line in story(demo, "Finn")]
    assert sum(text.startswith("asks Finn to relink") for text in texts) == 1
    assert sum("session" in text for text in texts) == 1
    assert "5 accounts work again" in texts


def test_a_closed_account_gets_no_prompt_and_no_session(demo):
    texts = [line.text for line in story(demo, "Dan")]
    assert not any("asks Dan" in text for text in texts)
    assert texts[-1].startswith("no session for ••")
    assert texts[-1].endswith(": nobody can repair the account now")


def test_a_customer_who_revoked_access_is_prompted_once_and_not_reminded(demo):
    texts = [line.text for line in story(demo, "Eve")]
    assert sum("Eve to relink" in text for text in texts) == 1


def test_a_number_that_lapses_is_told_with_its_end(demo):
    names = [line.name for line in story(demo, "Gus") if line.name]
    assert names == ["Linked", "Number lapsed", "At the bank", "Number works", "Linked"]


def test_webhooks_that_come_again_or_late_change_nothing(demo):
    assert any(
        re.fullmatch(r"  \d webhooks came again, \d came late: they changed nothing", line)
        for line in parts(demo[2])["Ivo"]
    )


def test_a_story_has_at_most_twelve_lines_of_80_columns(demo):
    for name, lines in parts(demo[2]).items():
        assert len(lines_of(demo[1].stories[name])) <= MOST_LINES
        ends = next(n for n, line in enumerate(lines) if line.startswith("  So"))
        assert len(lines[1:ends]) <= MOST_LINES, (name, lines)


def test_no_line_of_the_demo_is_wider_than_the_screen(demo):
    for line in demo[2].splitlines():
        if str(demo[0]) not in line:  # the path of the temporary folder
            assert cell_len(line) <= 80, line


def again(demo: tuple[Path, Played, str], name: str, width: int) -> list[str]:
    """Everything about a customer, at another width."""
    found = demo[1].stories[name]
    occurrences = [(found.causes[0].at, "the bank changes its sign-in")]
    shown = told(found, Screen(io.StringIO(), width), Depth.EVERYTHING, occurrences, 0)
    return [line.plain for line in shown]


@pytest.mark.parametrize("width", [40, 60, 132])
def test_everything_fits_any_screen(demo, width: int):
    for name in demo[1].stories:
        assert all(cell_len(line) <= width for line in again(demo, name, width))


def test_everything_says_what_was_made_to_happen_and_what_was_weighed(demo):
    ben = "\n".join(again(demo, "Ben", 120))
    assert "(the bank changes its sign-in)" in ben
    assert "no: the report is older than the latest one" in ben
    assert "machines/account/effects.py:" in ben


def test_neither_narration_nor_files_hold_a_secret(demo):
    folder, _, text = demo
    assert "_secret_" not in text
    for file in folder.iterdir():
        assert b"_secret_" not in file.read_bytes(), file.name


def test_the_picture_and_the_database_are_where_the_demo_says(demo):
    folder, played, text = demo
    assert (folder / "account.svg").read_text().count(f"<title>{ACCOUNT.title}<") == 1
    assert any(line.endswith(f" {folder / 'account.svg'}") for line in text.splitlines())
    account = re.search(r"relink explain (fca_\w+)", text)
    assert account, text
    store = SqlStore(f"sqlite:///{played.database}", relink_system())
    address = Address("account", account[1])
    entries = store.journal(address)
    assert relink_system().replay(address, [e.event for e in entries]) == store.snapshot(address)
    store.close()


@pytest.mark.parametrize("width", [20, 40, 80, 132])
def test_the_path_of_the_picture_is_whole_on_any_screen(demo, width: int):
    file, path = io.StringIO(), str(demo[1].picture)
    screen = Screen(file, width, colour=False)
    screen.show(*summary(demo[1], screen, "relink", Depth.STORY))
    assert any(line.endswith(f" {path}") for line in file.getvalue().splitlines())


def words_of(text: str, folder: Path) -> list[str]:
    """What was told, whatever the folder is called, however long that took, and however it is laid
    out."""
    text = re.sub(r" in \d+\.\d s\b", " in 1.0 s", text.replace(str(folder), "demo"))
    return [word for word in text.split() if word != "\\"]  # the end of a line that goes on


def test_the_same_seed_gives_the_same_narration(demo, tmp_path: Path):
    folder, _, before = demo
    _, again = shown_in(tmp_path)
    assert words_of(before, folder) == words_of(again, tmp_path)


@pytest.mark.parametrize("page", ["README.md", "docs/reading.md"])
def test_what_a_page_shows_of_the_demo_is_what_the_demo_shows(demo, page: str):
    text = (ROOT / page).read_text()
    shown = re.search(r"<!-- demo: (\w+) -->\n```\w+\n(.*?)^```$", text, re.M | re.S)
    assert shown, f"{page} shows nothing of the demo"
    head, *_ = re.findall(rf"^\d  {shown[1]}  ", demo[2], re.M)
    printed = demo[2][demo[2].index(head) :].partition("\n\n")[0]
    assert shown[2] == f"{printed}\n", (
        f"{page} is stale: copy what relink demo prints in 80 columns"
    )


@pytest.mark.parametrize(
    ("started_as", "command"),
    [
        (".venv/bin/relink", ".venv/bin/relink"),
        ("/opt/a folder/bin/relink", "'/opt/a folder/bin/relink'"),
        ("on-path/relink", "relink"),
        ("adapters/cli/__main__.py", f"{sys.executable} -m relink.adapters.cli"),
    ],
)
def test_the_next_command_names_relink_as_it_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started_as: str, command: str
) -> None:
    script = tmp_path / "on-path" / "relink"
    script.parent.mkdir()
    script.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(script.parent))
    assert own_command(started_as) == command
