"""Every file, folder and section that the documentation names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

CODE = re.compile(r"`([^`\s]+)`")
PATH = re.compile(r"(?:\.ci|adapters|benchmarks|docs|engine|machines|tests)/[\w./-]*")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_exists(page: Path) -> None:
    text = page.read_text()
    named = [ROOT / path for path in CODE.findall(text) if PATH.fullmatch(path)]
    linked = [page.parent / path for path in LINK.findall(text)]
    missing = [str(path) for path in [*named, *linked] if not path.exists()]
    assert missing == [], f"{page.name} names files that do not exist"


SECTION = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)#([^)\s]+)\)")


def sections(page: Path) -> set[str]:
    """The names of a page's sections, as links use them."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    titles = [re.sub(r"[`*]", "", title) for title in re.findall(r"^#+ (.+)$", prose, re.M)]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_section_exists(page: Path) -> None:
    for file, section in SECTION.findall(page.read_text()):
        other = page.parent / file if file else page
        if other.suffix == ".md":
            assert section in sections(other), f"{page.name} names {file}#{section}"
