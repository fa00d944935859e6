"""Which tests may kill a mutant: all that judge what the engine and the machines do.

Those of ``tests/cases``, ``tests/oracle`` and ``tests/checker`` judge the machines by other means
than those of ``tests/machines``: by examples in Stripe's own words, by a model of the rules that
shares no code with them, and by a search of every history within bounds.
"""

FOLDERS = (
    *("tests/machines", "tests/engine", "tests/cases", "tests/oracle"),
    *("tests/checker", "tests/simulation", "tests/story"),
)
"""Folders of tests that may kill a mutant."""

NO_KILLERS = frozenset(
    {
        "tests/engine/test_library_room.py",
        "tests/engine/test_no_cycles.py",
        "tests/machines/test_stored_tables.py",
    }
)
"""Tests that read the source, or compare a generated file with it: they would notice every change,
and say nothing about what it does."""

APPROVED = "tests/test_docs_fresh.py"
"""Compares the pictures of the documentation with what is drawn today. Somebody looks at each that
differs, so they say how pictures are meant to be. Asked last, and only about what draws."""

ODD_CHARTS = "tests/engine/test_approved.py"
"""The same for pictures of small odd charts, drawn for branches that the documentation lacks."""

DRAWING = "engine/diagram/"
"""What draws."""


HIDDEN = frozenset({"engine/outside.py"})
"""Modules that work within Python's profiler, where coverage sees nothing: any test that runs a
function of such a module may run all of it."""


def is_approved(test: str) -> bool:
    """Whether a test, by its id, compares a picture with the one that somebody looked at."""
    return test.startswith(f"{ODD_CHARTS}::") or (
        test.startswith(f"{APPROVED}::") and test.endswith(".svg]")
    )
