"""The parameter ``account_holder``."""

from typing import Any

from ..errors import invalid, missing, no_such
from ..parameters import Hash, Text
from ..resources import Holder
from ..world import World, own

HOLDER = Hash(
    {
        "account": Text(),
        "customer": Text(),
        "customer_account": Text(),
        "type": Text(("account", "customer")),
    },
    required=("type",),
)


def holder_of(world: World, owner: str | None, given: dict[str, Any]) -> Holder:
    """The holder named by validated parameters.

    Raises:
        ApiError: they name no holder, two, one of another type, or one that does not exist.
    """
    kind = given["type"]
    named = [name for name in ("account", "customer", "customer_account") if name in given]
    allowed = ["account"] if kind == "account" else ["customer", "customer_account"]
    for name in named:
        if name not in allowed:
            raise invalid(
                f"account_holder[{name}]",
                f"account_holder[{name}] is not allowed when account_holder[type] is {kind}.",
            )
    if not named:
        raise missing(f"account_holder[{allowed[0]}]")
    if len(named) > 1:
        raise invalid(
            "account_holder[customer_account]",
            "Only one of account_holder[customer] and account_holder[customer_account] is allowed.",
        )
    field, value = named[0], given[named[0]]
    check_exists(world, owner, field, value, f"account_holder[{field}]")
    return Holder(field, value)


def check_exists(world: World, owner: str | None, field: str, name: str, param: str) -> None:
    """Refuse a customer or an account that does not exist, or not any more.

    Args:
        world: all objects.
        owner: the caller's connected account; None for the platform.
        field: ``customer``, ``customer_account`` or ``account``.
        name: the id.
        param: the parameter that names it.

    Raises:
        ApiError: it does not exist, was deleted, or belongs to another owner.
    """
    if field == "customer":
        if own(world.customers, "customer", name, owner, param).deleted:
            raise no_such("customer", name, param)
    elif name not in world.connected_accounts:
        raise no_such("account", name, param)
