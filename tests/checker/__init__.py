"""Tests of ``relink check``: that it holds, that it finds planted faults, what it prints."""
