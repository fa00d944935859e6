"""The compiled tables of the charts, as text.

`make docs` writes them, and a test compares them with what the compiler makes of the charts today.
See :mod:`relink.engine.stored` for when a table is used.
"""
