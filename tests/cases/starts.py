"""How the stories of several files begin."""

from typing import Any

from .story import Shape, Story

NEW_PERMISSIONS: dict[str, Any] = {
    "reason": "new_permissions",
    "permissions": ("balances", "payment_method"),
}
"""What a service asks for that wants a relink of a working account."""


def down(holder: str | None = "cus_1", *, shape: Shape = "preview") -> Story:
    """An account, ``fca_1``, that stopped working on day 0."""
    s = Story(shape=shape)
    s.link("fca_1", holder=holder)
    s.deactivate("fca_1")
    return s


def replaced_while_down(holder: str | None = "cus_1", *, shape: Shape = "preview") -> Story:
    """An account that stopped on day 0, and was replaced by ``fca_2``."""
    s = down(holder, shape=shape)
    s.link_instead(s.open_session("fca_1", mode="any_eligible"), "fca_2", "fcauth_2")
    assert s.state("fca_1") == "new_account_linked"
    return s
