"""The page docs/diagrams.md: its code runs, and its diagrams are the output of the code."""

import re
from pathlib import Path
from typing import Any

import pytest

from relink.engine.errors import ArgumentError

PAGE = Path(__file__).parents[2] / "docs" / "diagrams.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def test_the_diagrams_page_shows_the_output_of_its_code(tmp_path: Path, monkeypatch: Any):
    monkeypatch.chdir(tmp_path)
    chart, pictures, overlays, system, text, tabulate = blocks("python")
    names: dict[str, Any] = {"__name__": "book"}

    exec(chart, names)
    exec(pictures, names)
    exec(overlays, names)
    for name, words in (
        ("book", "A member borrows it."),
        ("moves", "All 6 moves."),
        ("overdue", "comes here from"),
        ("way", "The way it went: On the shelf → Lent → Overdue."),
        ("counts", "never taken"),
    ):
        assert words in (tmp_path / f"{name}.svg").read_text()

    exec(system, names)
    library = (tmp_path / "library.svg").read_text()
    assert "reader to book: borrowed" in library
    assert "Not declared: what book may send." in library
    assert "s_reader -->|" in names["text"]

    exec(text, names)
    assert [names["text"]] == blocks("mermaid")

    for format, beginning in (
        ("mermaid", "---"),
        ("svg", "<svg"),
        ("dot", "digraph"),
        ("md", "# book"),
    ):
        assert eval(f"f'{{BookChart:{format}}}'", names).startswith(beginning)
    assert eval("f'{BookChart}'", names) == str(names["BookChart"])
    with pytest.raises(ArgumentError, match=r"one of mermaid, dot, .* and got 'rst'"):
        eval("f'{BookChart:rst}'", names)

    exec(tabulate, names)
    [excerpt] = blocks("markdown")
    assert "\n## `overdue`\n" in f"\n{excerpt}"
    assert excerpt in names["text"]
