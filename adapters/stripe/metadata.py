"""The ``metadata`` keys that relink writes on what it builds at Stripe."""

COMMAND = "relink_command"
"""The id of the command that created the object."""

ACCOUNT = "relink_account"
"""On an external account: the id of the account behind it, which nothing else there names."""
