"""Changed code for functions that are loaded, so that nothing has to be loaded again."""

import gc
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

Loaded = dict[tuple[str, str, int], list[FunctionType]]
"""The functions that are loaded, by file, name and line."""


def loaded() -> Loaded:
    """All functions of relink."""
    top, found = str(Path("relink").absolute()), defaultdict[tuple[str, str, int], Any](list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and (code := each.__code__).co_filename.startswith(top):
            found[code.co_filename, code.co_qualname, code.co_firstlineno].append(each)
    return found


def swap(functions: Loaded, file: str, before: str, after: str) -> bool:
    """Put changed code into the functions that are loaded.

    Returns:
        whether that was possible. It is not if something changed that runs as the module is loaded,
        such as a default value.
    """
    path = str(Path("relink", file).absolute())
    olds, news = (list(_codes(compile(text, path, "exec"))) for text in (before, after))
    if [_key(code) for code in olds] != [_key(code) for code in news]:
        return False
    waiting: set[str] = set()
    for old, new in zip(olds, news, strict=True):
        if _bare(old) != _bare(new):
            name = new.co_qualname
            if not _is_function(new) or ("<locals>" not in name and name.endswith("comp>")):
                return False
            waiting.add(name.partition(".<locals>")[0])
    for old, new in zip(olds, news, strict=True):
        if old != new and _is_function(new):
            for function in functions.get((path, *_key(new)), ()):
                if len(new.co_freevars) != len(function.__code__.co_freevars):
                    return False
                function.__code__ = new
                waiting.discard(new.co_qualname)
    return not waiting


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _bare(code: CodeType) -> CodeType:
    """A code object without those of the functions in it, and without its places in the text.

    A class knows in which column each of its methods ends: with a longer last line, it would be
    another one.
    """
    consts = tuple(None if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_consts=consts, co_linetable=b"")


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & 0x02)  # CO_NEWLOCALS: neither a module nor a class
