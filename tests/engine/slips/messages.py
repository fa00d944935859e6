"""What the engine says of each slip, word by word, as somebody read it.

``python -m tests.engine.slips.messages`` writes ``messages.txt`` anew. Read the difference: these
are the sentences that help a user on.
"""

import re
from pathlib import Path

FILE = Path(__file__).with_suffix(".txt")


def read() -> dict[str, str]:
    """The messages, by the names of the slips."""
    parts = re.split(r"^== (.+)\n", FILE.read_text(encoding="utf-8"), flags=re.M)[1:]
    return {name: text.rstrip("\n") for name, text in zip(parts[::2], parts[1::2], strict=True)}


def write(messages: dict[str, str]) -> None:
    """Write the messages, by the names of the slips."""
    parts = [f"== {name}\n{message}\n\n" for name, message in messages.items()]
    FILE.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    from ..test_slips import said

    write(said())
