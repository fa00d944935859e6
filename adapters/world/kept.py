"""The sums of a run in a file, from which a later run goes on.

Sums are of certain worlds, as certain code played them. So the file says which: the first seed, the
length, the moves, the faults, where the database is, and a digest of relink's source. Sums of
anything else are refused. Otherwise a failure that was mended would be reported, and worlds would
be counted that nobody asked for.
"""

import functools
from dataclasses import dataclass, fields
from hashlib import blake2b
from pathlib import Path
from types import ModuleType

from pydantic import ConfigDict, TypeAdapter, ValidationError

import relink.adapters
import relink.engine
import relink.machines

from .many import Totals, Worlds
from .plan import ranges


class OtherWorldsError(Exception):
    """A file has the sums of other worlds than were asked for. The text says how they differ."""


class OtherCodeError(Exception):
    """A file has the sums of these worlds, as other code played them."""


@dataclass(frozen=True, slots=True)
class MadeWith:
    """What sums were made with: each field as text, for people to compare."""

    first_seed: str
    length: str
    moves: str
    faults: str
    database: str
    code: str
    """A digest of the source of relink."""

    @classmethod
    def of(cls, worlds: Worlds, first_seed: int) -> "MadeWith":
        """What the sums of these worlds are made with, from a seed on, by the code of today."""
        databases = {None: "as the seed says", True: "on disk", False: "in memory"}
        return cls(
            first_seed=f"{first_seed}",
            length=f"{worlds.length}",
            moves="all" if worlds.moves is None else ranges(worlds.moves) or "none",
            faults=",".join(sorted(worlds.faults)) or "none",
            database=databases[worlds.is_on_disk],
            code=_digest_of_source(),
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    __pydantic_config__ = ConfigDict(extra="forbid")

    made_with: MadeWith
    sums: Totals


_FILE = TypeAdapter(_Kept)


def written(made_with: MadeWith, sums: Totals) -> bytes:
    """The content of a file of sums."""
    return _FILE.dump_json(_Kept(made_with, sums), indent=1)


def read(content: bytes, made_with: MadeWith) -> Totals:
    """The sums in a file.

    Args:
        content: the content of the file.
        made_with: what the sums have to be made with.

    Raises:
        ValueError: it is no file of sums.
        OtherWorldsError: they are of other worlds.
        OtherCodeError: they were made with other code.
    """
    try:
        kept = _FILE.validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        where = f" ({place})" if place else ""
        raise ValueError(f"it holds no sums of a simulation: {first['msg']}{where}") from None
    differing = [
        f"{field.name.replace('_', ' ')} {then}, now {now}"
        for field in fields(MadeWith)
        if field.name != "code"
        and (then := getattr(kept.made_with, field.name)) != (now := getattr(made_with, field.name))
    ]
    if differing:
        raise OtherWorldsError("; ".join(differing))
    if kept.made_with.code != made_with.code:
        raise OtherCodeError
    if kept.sums.next_seed != int(made_with.first_seed) + kept.sums.runs:
        raise ValueError("it holds no sums of a simulation: its worlds and its seeds differ")
    return kept.sums


@functools.cache
def _digest_of_source() -> str:
    """A digest of all modules of relink. Any change may change what happens in a world."""
    found = blake2b(digest_size=8)
    packages: tuple[ModuleType, ...] = (relink.engine, relink.machines, relink.adapters)
    for package in packages:
        (folder,) = map(Path, package.__path__)
        for path in sorted(folder.rglob("*.py")):
            found.update(f"{package.__name__} {path.relative_to(folder).as_posix()}\n".encode())
            found.update(path.read_bytes())
    return found.hexdigest()
