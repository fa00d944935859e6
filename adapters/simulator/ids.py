"""Ids and secrets: they look random, and are the same for the same seed.

Each is derived from the seed, its prefix and a counter per prefix, so that objects of one kind do
not affect the ids of another.
"""

from base64 import b64encode
from hashlib import blake2b

_LETTERS = bytes.maketrans(b"+/", b"Xz")


class Ids:
    """The source of all ids of one simulator.

    Args:
        seed: they are derived from it.
        plain: whether they are counted instead, such as ``fca_1``: easier to read in a story.
    """

    def __init__(self, seed: int, plain: bool = False) -> None:
        self._key = str(seed).encode()
        self._plain = plain
        self._counts: dict[str, int] = {}

    def new(self, prefix: str) -> str:
        """The next id with a prefix, such as ``fca_9Jm…`` with 24 characters after it."""
        count = self._counts[prefix] = self._counts.get(prefix, 0) + 1
        return f"{prefix}_{count if self._plain else self.derived(prefix, count)}"

    def derived(self, *of: object) -> str:
        """24 characters derived from the seed and ``of``."""
        return b64encode(self._digest(of)).translate(_LETTERS).decode()

    def digits(self, *of: object) -> str:
        """Four digits derived from the seed and ``of``."""
        return f"{int.from_bytes(self._digest(of)) % 10_000:04}"

    def _digest(self, of: tuple[object, ...]) -> bytes:
        return blake2b(":".join(map(str, of)).encode(), key=self._key, digest_size=18).digest()
