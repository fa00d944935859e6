"""The tests, as one package, so that folders can share helpers."""
