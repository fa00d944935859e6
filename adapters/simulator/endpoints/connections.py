"""Financial Connections: sessions, accounts and authorizations."""

from collections.abc import Callable
from typing import Any

from ..api import Call, Route, route
from ..errors import invalid, missing, refused
from ..links import Links
from ..parameters import EXPAND, PAGE, Each, Hash, Kind, Text, Url, Whole
from ..render import Rendered, render
from ..resources import Account, Authorization, Holder, Session
from ..world import World, own
from .holders import HOLDER, holder_of
from .paging import page

PERMISSIONS = ("balances", "ownership", "payment_method", "transactions")
SUBCATEGORIES = ("checking", "credit_card", "line_of_credit", "mortgage", "savings")
FEATURES = ("balances", "ownership", "transactions")

_FILTERS: dict[str, Kind] = {
    "account_subcategories": Each(Text(SUBCATEGORIES)),
    "country": Text(),
    "require_payment_method_support": Text(("all", "at_least_one", "none")),
}
SESSION: dict[str, Kind] = {
    **EXPAND,
    "account_holder": HOLDER,
    "filters": Hash(_FILTERS),
    "limits": Hash({"accounts": Whole(low=1, may_unset=True)}, required=("accounts",)),
    "manual_entry": Hash({"mode": Text(("automatic", "disabled"))}),
    "permissions": Each(Text(PERMISSIONS)),
    "prefetch": Each(Text(FEATURES)),
    "return_url": Url(),
}
"""The parameters of a session in a generally available version."""

PREVIEW_SESSION: dict[str, Kind] = {
    **SESSION,
    "filters": Hash({**_FILTERS, "institution": Text()}),
    "hosted": Hash({"delivery_method": Text(("email", "url"))}),
    "manual_entry": Hash({"mode": Text(("automatic", "custom", "disabled"))}),
    "prefetch": Each(Text((*FEATURES, "inferred_balances"))),
    "relink_options": Hash(
        {"account": Text(), "authorization": Text()}, required=("authorization",)
    ),
    "ui_mode": Text(("hosted", "modal")),
}
"""The parameters of a session in the preview version."""

ACCOUNTS: dict[str, Kind] = {
    **PAGE,
    "account_holder": Hash({"account": Text(), "customer": Text(), "customer_account": Text()}),
    "session": Text(),
}


class Connections:
    """The endpoints under ``/v1/financial_connections``."""

    def __init__(
        self,
        world: World,
        links: Links,
        note: Callable[[str, str], None],
        page_url: Callable[[str], str],
    ) -> None:
        self._world = world
        self._links = links
        self._note = note
        self._page_url = page_url

    def routes(self) -> list[Route]:
        """All endpoints of this class."""
        prefix = "/v1/financial_connections"
        account, session, authorization = (
            f"financial_connections.{name}" for name in ("account", "session", "authorization")
        )
        read_login = self.retrieve_authorization
        return [
            route("POST", f"{prefix}/sessions", self.create_session, session),
            route("GET", f"{prefix}/sessions/{{}}", self.retrieve_session, session),
            route("GET", f"{prefix}/accounts/{{}}", self.retrieve_account, account),
            route("GET", f"{prefix}/accounts", self.list_accounts, account),
            route("POST", f"{prefix}/accounts/{{}}/disconnect", self.disconnect_account, account),
            route("GET", f"{prefix}/authorizations/{{}}", read_login, authorization, True),
        ]

    # ── sessions ─────────────────────────────────────────────────────────────

    def create_session(self, call: Call) -> Rendered:
        """Create a session, to link or to relink."""
        if call.preview:
            params = call.params(PREVIEW_SESSION, required=("permissions",))
        else:
            params = call.params(SESSION, required=("account_holder", "permissions"))
        if not params["permissions"]:
            raise missing("permissions")
        holder = None
        if "account_holder" in params:
            holder = holder_of(self._world, call.owner, params["account_holder"])
        authorization, account = self._relinked(call, params, holder)
        self._check_hosted(params)
        ids = self._world.ids
        session = Session(
            id=ids.new("fcsess"),
            owner=call.owner,
            client_secret=ids.new("fcsess_client_secret"),
            holder=holder,
            permissions=tuple(dict.fromkeys(params["permissions"])),
            filters=params.get("filters"),
            limit=params.get("limits", {}).get("accounts"),
            prefetch=tuple(params.get("prefetch", ())),
            manual_entry=params.get("manual_entry", {}).get("mode"),
            authorization=authorization,
            account=account,
            return_url=params.get("return_url"),
            ui_mode=params.get("ui_mode", "modal"),
            delivery_method=params.get("hosted", {}).get("delivery_method"),
        )
        if session.ui_mode == "hosted":
            session.hosted_url = self._page_url(ids.new("fcsess_hosted"))
        self._world.sessions[session.id] = session
        self._note("financial_connections.session.created", session.id)
        if session.delivery_method == "email":
            self._note("email.sent", session.id)
        return render(session)

    def _relinked(
        self, call: Call, params: dict[str, Any], holder: Holder | None
    ) -> tuple[Authorization | None, Account | None]:
        """The authorization and account in ``relink_options``, if this session may relink them."""
        options = params.get("relink_options")
        if options is None:
            return None, None
        param = "relink_options[authorization]"
        authorization = own(
            self._world.authorizations,
            "financial connections authorization",
            options["authorization"],
            call.owner,
            param,
        )
        if authorization.status == "disconnected":
            raise refused(f"The authorization {authorization.id} is disconnected.", param=param)
        if "account" not in options:
            _check_holder(holder, authorization)
            return authorization, None
        param = "relink_options[account]"
        account = own(
            self._world.accounts,
            "financial connections account",
            options["account"],
            call.owner,
            param,
        )
        if account.authorization is not authorization:
            raise refused(
                f"The account {account.id} does not belong to {authorization.id}.", param=param
            )
        if account.inactive and not account.relinkable:
            raise refused(f"The account {account.id} cannot be relinked.", param=param)
        if account.status == "disconnected":
            raise refused(f"The account {account.id} is disconnected.", param=param)
        _check_holder(holder, account)
        return authorization, account

    @staticmethod
    def _check_hosted(params: dict[str, Any]) -> None:
        if params.get("ui_mode") != "hosted":
            if "hosted" in params:
                raise invalid("hosted", "hosted requires ui_mode to be hosted.")
            return
        for name in ("hosted", "return_url"):
            if name not in params:
                raise missing(name)
        if "delivery_method" in params["hosted"] and "relink_options" not in params:
            raise invalid(
                "hosted[delivery_method]",
                "hosted[delivery_method] requires relink_options.",
            )

    def retrieve_session(self, call: Call) -> Rendered:
        """Read a session, with its client secret."""
        call.params(EXPAND)
        sessions = self._world.sessions
        return render(call.own(sessions, "financial connections session", "session"))

    # ── accounts and authorizations ──────────────────────────────────────────

    def retrieve_account(self, call: Call) -> Rendered:
        """Read an account."""
        call.params(EXPAND)
        return render(self._account(call))

    def list_accounts(self, call: Call) -> Rendered:
        """List the accounts of a holder or of a session, newest first."""
        params = call.params(ACCOUNTS)
        if len(params.get("account_holder", ())) > 1:
            raise invalid("account_holder", "Only one account holder can be given.")
        found = [a for a in self._world.accounts.values() if a.owner == call.owner]
        for field, value in params.get("account_holder", {}).items():
            found = [
                a for a in found if a.holder and (a.holder.field, a.holder.id) == (field, value)
            ]
        if "session" in params:
            session = own(
                self._world.sessions,
                "financial connections session",
                params["session"],
                call.owner,
                "session",
            )
            found = [a for a in found if a in session.linked]
        return page(found, render, params, call.path)

    def disconnect_account(self, call: Call) -> Rendered:
        """Disconnect an account for good."""
        call.params(EXPAND)
        account = self._account(call)
        if account.status == "disconnected":
            raise refused(f"The account {account.id} is already disconnected.")
        self._links.disconnect(account)
        return render(account)

    def retrieve_authorization(self, call: Call) -> Rendered:
        """Read an authorization. Stripe sends no event about its status."""
        call.params(EXPAND)
        authorizations = self._world.authorizations
        return render(call.own(authorizations, "financial connections authorization", "id"))

    def _account(self, call: Call) -> Account:
        return call.own(self._world.accounts, "financial connections account", "account")


def _check_holder(holder: Holder | None, relinked: Account | Authorization) -> None:
    """A relink must have the same holder as what it relinks, or none if that has none."""
    if holder != relinked.holder:
        raise refused(
            f"account_holder must be the account holder of {relinked.id}.", param="account_holder"
        )
