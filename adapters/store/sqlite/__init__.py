"""The store on SQLite: one file, and one process that is the whole service."""
