"""A Django app that keeps relink's machines in its own tables."""
