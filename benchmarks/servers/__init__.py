"""The servers that webhooks are sent to: relink, and two others on the same database.

Each module has a function ``made``: it takes the URL of a database, and returns the application,
uvicorn's options, and what closes it.
"""
