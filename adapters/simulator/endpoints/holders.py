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
    if field == "customer":
        customer = own(world.customers, "customer", value, owner, "account_holder[customer]")
        if customer.deleted:
            raise no_such("customer", value, "account_holder[customer]")
    elif value not in world.connected_accounts:
        raise no_such("account", value, f"account_holder[{field}]")
    return Holder(field, value)
