"""Prints the narration, also where the terminal or a file has no Unicode."""

import sys

_PLAIN = str.maketrans(
    {"━": "=", "←": "<-", "→": "->", "⇒": "=>", "▸": ">", "✉": "[to the service]", "…": "..."}
)


def print_line(line: str) -> None:
    """Print one line. Signs that the output's encoding lacks are written with others."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        line = line.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    print(line)
