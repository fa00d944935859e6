"""The external accounts of connected accounts, to which payouts go."""

from ..api import Call, Route, route
from ..errors import account_invalid, refused
from ..links import Links, Publish
from ..parameters import EXPAND, PAGE, Kind, Metadata, Text, Truth
from ..render import Rendered, render
from ..resources import ExternalAccount
from ..world import World, own
from .metadata import merged
from .paging import page

EXTERNAL_ACCOUNT: dict[str, Kind] = {
    **EXPAND,
    "default_for_currency": Truth(),
    "external_account": Text(),
    "metadata": Metadata(),
}
EXTERNAL_ACCOUNTS: dict[str, Kind] = {**PAGE, "object": Text(("bank_account", "card"))}


class ExternalAccounts:
    """The endpoints under ``/v1/accounts/{}/external_accounts``."""

    def __init__(self, world: World, links: Links, publish: Publish) -> None:
        self._world = world
        self._links = links
        self._publish = publish

    def routes(self) -> list[Route]:
        """All endpoints of this class."""
        kind, prefix = "bank_account", "/v1/accounts/{}/external_accounts"
        return [
            route("POST", prefix, self.create, kind),
            route("GET", prefix, self.list_all, kind),
            route("GET", f"{prefix}/{{}}", self.retrieve, kind),
            route("DELETE", f"{prefix}/{{}}", self.delete, kind),
        ]

    def create(self, call: Call) -> Rendered:
        """Create a bank account for a connected account. This uses up the token."""
        params = call.params(EXTERNAL_ACCOUNT, required=("external_account",))
        owner = self._connected_account(call)
        token = own(
            self._world.tokens, "token", params["external_account"], call.owner, "external_account"
        )
        if token.used:
            raise refused(
                f"The token {token.id} has already been used.",
                code="token_already_used",
                param="external_account",
            )
        others = self._of_account(owner)
        is_default = params.get("default_for_currency", False) or not others
        for other in others:
            other.is_default = other.is_default and not is_default
        external = ExternalAccount(
            id=token.bank_account_id,
            owner=owner,
            account=token.account,
            metadata=merged({}, params.get("metadata")),
            is_default=is_default,
        )
        token.used = True
        token.account.external_accounts.append(external)
        self._world.external_accounts[external.id] = external
        self._publish("account.external_account.created", external)
        return render(external)

    def list_all(self, call: Call) -> Rendered:
        """List the bank accounts of a connected account, newest first."""
        params = call.params(EXTERNAL_ACCOUNTS)
        found = self._of_account(self._connected_account(call))
        if params.get("object") == "card":
            found = []
        return page(found, render, params, call.path)

    def retrieve(self, call: Call) -> Rendered:
        """Read a bank account of a connected account."""
        call.params(EXPAND)
        return render(self._external_account(call))

    def delete(self, call: Call) -> Rendered:
        """Delete a bank account of a connected account, except the one that payouts go to."""
        call.params({})
        external = self._external_account(call)
        if external.is_default:
            raise refused(
                f"The external account {external.id} is the default for its currency. Make another "
                "one the default before you delete it."
            )
        self._links.delete_external_account(external)
        return {"id": external.id, "object": "bank_account", "deleted": True}

    def _external_account(self, call: Call) -> ExternalAccount:
        owner, name = self._connected_account(call), call.names[1]
        known = self._world.external_accounts
        return own(known, "external account", name, owner, "id", in_path=True)

    def _of_account(self, owner: str) -> list[ExternalAccount]:
        return [e for e in self._world.external_accounts.values() if e.owner == owner]

    def _connected_account(self, call: Call) -> str:
        """The connected account in the path, which must match the header's if there is one."""
        name = call.names[0]
        if name not in self._world.connected_accounts or call.owner not in (None, name):
            raise account_invalid(name, executed=True)
        return name
