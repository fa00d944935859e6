"""What API keys may do: restricted keys, keys of the other mode, keys that were revoked.

By default every test key may do everything. The settings of a key apply to all its requests until
they are changed, like those of Stripe's dashboard.
"""

from collections.abc import Iterable
from dataclasses import dataclass

OTHER_MODE = "the other mode"
"""The owner of everything that a key of the other mode sees: nothing, at first."""

PERMISSIONS = tuple(
    f"{resource}_{right}"
    for resource in (
        "customer",
        "event",
        "external_account",
        "financial_connections_account",
        "financial_connections_authorization",
        "financial_connections_session",
        "mandate",
        "payment_method",
    )
    for right in ("read", "write")
)
"""The permissions of restricted keys. Those to write include those to read. Stripe does not
document the names for all of them."""

_RESOURCES = {"bank_account": "external_account", "v2.core.event": "event"}


def permission_for(method: str, kind: str) -> str:
    """The permission that a request needs.

    Args:
        method: the HTTP method.
        kind: the kind of object that the endpoint returns.
    """
    resource = _RESOURCES.get(kind, kind).replace(".", "_")
    return f"{resource}_{'read' if method == 'GET' else 'write'}"


@dataclass(frozen=True, slots=True)
class Access:
    """What one key may do."""

    permissions: frozenset[str] | None = None
    """None: everything."""
    of_other_mode: bool = False
    """Whether it is a key of the other mode, which sees none of the objects."""
    revoked: bool = False
    """Whether Stripe does not accept it any more."""

    def allows(self, permission: str) -> bool:
        """Whether the key has a permission."""
        if self.permissions is None:
            return True
        return bool(self.permissions & {permission, permission.replace("_read", "_write")})


class Keys:
    """The keys with settings of their own. In all methods, ``key`` None means every other key."""

    def __init__(self) -> None:
        self._access: dict[str | None, Access] = {}

    def restrict(self, permissions: Iterable[str], key: str | None = None) -> None:
        """Allow only some requests, and answer 403 to all others.

        Args:
            permissions: of ``PERMISSIONS``.
            key: which key.

        Raises:
            ValueError: there is no such permission.
        """
        allowed = frozenset(permissions)
        if unknown := sorted(allowed - set(PERMISSIONS)):
            names = ", ".join(PERMISSIONS)
            raise ValueError(f"permissions must be of {names}, got {', '.join(unknown)}")
        self._access[key] = Access(permissions=allowed)

    def use_other_mode(self, key: str | None = None) -> None:
        """Make it a key of the other mode, to which no object exists: reads are answered 404."""
        self._access[key] = Access(of_other_mode=True)

    def revoke(self, key: str | None = None) -> None:
        """Answer 401 to all requests."""
        self._access[key] = Access(revoked=True)

    def reset(self, key: str | None = None) -> None:
        """Allow everything again."""
        self._access.pop(key, None)

    def access(self, key: str) -> Access:
        """What a key may do."""
        return self._access.get(key) or self._access.get(None) or Access()
