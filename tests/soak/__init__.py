"""A long load, and whether memory and open files stay as they are: ``python -m tests.soak``."""
