"""Mutation testing: the engine and the machines are changed in one place at a time, and the tests
have to notice. A change that none notices is a promise that nothing keeps.

``places`` says where code is changed, ``mutants`` and ``edits`` how; ``reach`` finds the tests that
run a line. ``trial`` tries a mutant in a copy of the tree (``copies``), by a ``server`` that has
loaded the tests and forks a ``child`` with the changed code in it (``swap``). ``equivalent.toml``
lists what nothing can notice, and ``figures`` counts. The working tree is never changed.

Run it with ``python -m tests.mutants``; docs/mutants.md explains it.
"""
