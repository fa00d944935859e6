"""Tests of ``relink check``: that it holds, and what it prints.

:mod:`tests.planted` says which faults it finds.
"""
