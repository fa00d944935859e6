"""Real faults under load, and what becomes of webhooks, commands and customers.

:mod:`.declared` lists the faults, :mod:`.measure` makes them happen and measures all alike, and
:mod:`.page` writes docs/reliability.md. ``python -m tests.reliability`` runs them all.
"""
