"""The page on embedding shows the examples as they are."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
SHOWN = re.compile(r"^\[(\S+\.py)\]\(examples/\1\):\n\n```python\n(.*?)^```$", re.M | re.S)


@pytest.mark.parametrize("name", sorted(file.name for file in (DOCS / "examples").glob("*.py")))
def test_the_page_shows_what_the_example_holds(name: str) -> None:
    shown = dict(SHOWN.findall((DOCS / "embedding.md").read_text()))
    assert shown.get(name) == (DOCS / "examples" / name).read_text()
