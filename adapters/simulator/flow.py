"""The customer in the authentication flow of a session.

Each method completes the flow with one result. A flow that failed or was cancelled can be repeated,
because its client secret still opens it. One that succeeded cannot.
"""

from dataclasses import dataclass

from .clock import Clock
from .errors import NotPossibleError
from .links import Links, Publish
from .resources import Account, Authorization, Holder, Institution, Number, Session, Token
from .world import STRIPE_BANK, World, known

OFFERED = 2
"""The number of unlinked accounts that each customer has at a bank."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An account at the bank that a flow can link as a new one."""

    subcategory: str
    last4: str
    linked: bool = False
    """Whether it is linked already. Choosing it outside of a relink links it once more, as another
    account at Stripe."""


class Flows:
    """The flows of all sessions."""

    def __init__(self, world: World, links: Links, clock: Clock, publish: Publish) -> None:
        self.world = world
        self.links = links
        self.clock = clock
        self.publish = publish

    def link(
        self,
        holder: Holder | None,
        authorization: Authorization,
        offer: Offer,
        permissions: tuple[str, ...],
        tokenized: bool | None = None,
    ) -> Account:
        """Link an account for the first time."""
        institution = authorization.institution
        tokenized = institution.tokenizes if tokenized is None else tokenized
        credit = offer.subcategory in ("credit_card", "mortgage", "line_of_credit")
        account = Account(
            id=self.world.ids.new("fca"),
            owner=authorization.owner,
            created=int(self.clock.now),
            holder=holder,
            institution=institution,
            authorization=authorization,
            last4=offer.last4,
            subcategory=offer.subcategory,
            category="credit" if credit else "cash",
            permissions=permissions,
            payment_method_types=() if credit else ("us_bank_account",),
            numbers=[Number(tokenized=True)] if tokenized else [],
        )
        authorization.accounts.append(account)
        self.world.accounts[account.id] = account
        self.publish("financial_connections.account.created", account)
        if institution.deactivates:
            self.links.deactivate_all(authorization, "access_expired", "relink_required")
        return account

    def offers(
        self, holder: Holder | None, institution: Institution, owner: str | None
    ) -> list[Offer]:
        """The holder's accounts at the bank that are not linked yet."""
        person = holder.id if holder else "nobody"
        accounts = self.world.accounts_at(holder, institution, owner)
        linked = {account.last4 for account in accounts}
        found: list[Offer] = []
        count = 0
        while len(found) < OFFERED:
            last4 = self.world.ids.digits(institution.id, person, count)
            if last4 not in linked:
                found.append(Offer("savings" if count % 2 else "checking", last4))
            count += 1
        return found

    def linked(
        self, holder: Holder | None, institution: Institution, owner: str | None
    ) -> list[Offer]:
        """The holder's accounts at the bank that are linked already, each once."""
        accounts = self.world.accounts_at(holder, institution, owner)
        found = {a.last4: Offer(a.subcategory, a.last4, linked=True) for a in accounts if a.open}
        return list(found.values())


class CustomerPart:
    """The customer in the flow of one session."""

    def __init__(self, flows: Flows, session: Session) -> None:
        self._flows = flows
        self.session = session

    # ── what the bank shows ──────────────────────────────────────────────────

    def known_accounts(self) -> list[Account]:
        """The linked accounts that the customer can choose after signing in."""
        login = self.session.authorization
        if login is None:
            return []
        return [
            account
            for account in self._flows.world.accounts_at(
                login.holder, login.institution, login.owner
            )
            if account.open
            and account.status != "disconnected"
            and self._eligible(account.subcategory)
        ]

    def offers(self, institution: str = STRIPE_BANK) -> list[Offer]:
        """The accounts that the customer can link as new ones.

        A relink shows those that are not linked yet. Any other session shows the linked ones too,
        after them.

        Args:
            institution: the bank, in a session that is not a relink.
        """
        return self._offers(self._institution(institution))

    # ── choosing an account ──────────────────────────────────────────────────

    def choose_expected(
        self,
        account: str | None = None,
        *,
        siblings: bool = True,
        new_authorization: bool = False,
    ) -> None:
        """Sign in and choose the account that the session is about.

        Args:
            account: which one, if the session does not name it and the authorization has several.
            siblings: whether the other accounts of the authorization are relinked too.
            new_authorization: whether the bank issues a new authorization.

        Raises:
            NotPossibleError: the session succeeded already, or the bank does not show the account.
        """
        expected = self._expected(account)
        if expected not in self.known_accounts():
            raise NotPossibleError(f"{expected.id} is not shown by the bank")
        self._succeed(self._relink(expected, siblings, new_authorization))

    def choose_known(
        self, account: str, *, siblings: bool = False, new_authorization: bool = False
    ) -> None:
        """Sign in and choose another linked account.

        A session for a specific account then fails with ``no_account``.
        """
        chosen = known(self._flows.world.accounts, "account", account)
        if chosen not in self.known_accounts():
            raise NotPossibleError(f"{account} is not shown by the bank")
        if self.session.account not in (None, chosen):
            self._fail("no_account")
        else:
            self._succeed(self._relink(chosen, siblings, new_authorization))

    def choose_new(
        self,
        subcategory: str | None = None,
        *,
        last4: str | None = None,
        institution: str = STRIPE_BANK,
        holder: Holder | None = None,
        siblings: bool = False,
        new_authorization: bool = False,
    ) -> Account | None:
        """Sign in and choose an account to link as a new one.

        A session for a specific account then fails with ``no_account``.

        Args:
            subcategory: ``checking`` or ``savings``; None takes the first account shown.
            last4: the last four digits of the account; None takes the first account shown.
            institution: the bank, in a session that is not a relink.
            holder: the holder of the new account; None takes the session's.
            siblings: whether the other accounts of the authorization are relinked too.
            new_authorization: whether the bank issues a new authorization.

        Returns:
            The new account; None where the session failed.
        """
        self._not_done()
        session, flows = self.session, self._flows
        bank = self._institution(institution)
        offers = [
            offer
            for offer in self._offers(bank)
            if subcategory in (None, offer.subcategory) and last4 in (None, offer.last4)
        ]
        if not offers:
            raise NotPossibleError(f"the bank shows no new {subcategory or 'eligible'} account")
        if session.account:
            self._fail("no_account")
            return None
        authorization = session.authorization
        if authorization is None or new_authorization or authorization.status == "disconnected":
            authorization = flows.world.add_authorization(session.holder, bank, session.owner)
        flows.links.activate_all(authorization, authorization.accounts if siblings else ())
        held_by = holder or session.holder
        account = flows.link(held_by, authorization, offers[0], session.permissions)
        self._succeed(account)
        return account

    def choose_again(self, account: str) -> Account | None:
        """Sign in, outside of a relink, and choose an account that is linked already.

        Stripe links it once more: it gets another id and another authorization, and nothing that
        was made from the first one moves to it.

        Returns:
            The other account at Stripe.
        """
        chosen = known(self._flows.world.accounts, "account", account)
        if self.session.is_relink:
            raise NotPossibleError(f"{self.session.id} is a relink: use choose_known")
        return self.choose_new(last4=chosen.last4, institution=chosen.institution.name)

    # ── without an account ─────────────────────────────────────────────────────

    def fail_to_sign_in(self) -> None:
        """The bank does not accept the customer's password: ``no_authorization``."""
        self._fail("no_authorization")

    def sign_in_without_account(self, *, repairs_authorization: bool = False) -> None:
        """Sign in, and leave without linking an account: ``no_account``.

        Args:
            repairs_authorization: whether signing in alone repairs the authorization and its
                other accounts. Stripe does not document this.
        """
        self._not_done()
        authorization = self.session.authorization
        if repairs_authorization and authorization and authorization.status == "inactive":
            others = [a for a in authorization.accounts if a is not self.session.account]
            self._flows.links.activate_all(authorization, others)
        self._fail("no_account")

    def cancel(self) -> None:
        """Close the flow before signing in."""
        self._end("cancelled")

    def walk_away(self) -> None:
        """Leave the flow open. The session stays pending, and no event is sent."""
        self._not_done()

    def bank_error(self) -> None:
        """The bank fails during the flow: ``other``."""
        self._fail("other")

    # ── results ──────────────────────────────────────────────────────────────

    def _relink(self, account: Account, siblings: bool, new_authorization: bool) -> Account:
        self._not_done()
        session, links = self.session, self._flows.links
        authorization = session.authorization
        assert authorization is not None  # only relinks show known accounts
        if authorization.status == "disconnected" and account.authorization:
            authorization = account.authorization  # merged in the meantime
        others = [a for a in authorization.accounts if a is not account] if siblings else []
        if new_authorization or authorization.status == "disconnected":
            authorization = self._flows.world.add_authorization(
                authorization.holder, authorization.institution, authorization.owner
            )
            for other in others:
                links.move(other, authorization)
        links.move(account, authorization)
        links.activate_all(authorization, others)
        account.permissions = session.permissions
        account.holder = session.holder
        links.activate(account)
        links.refresh_numbers(account)
        return account

    def _succeed(self, account: Account) -> None:
        session, flows = self.session, self._flows
        session.linked = [account]
        session.failure_reason = None
        if session.holder and session.holder.type == "account":
            session.token = Token(
                id=flows.world.ids.new("btok"),
                owner=session.owner,
                created=int(flows.clock.now),
                account=account,
                bank_account_id=flows.world.ids.new("ba"),
            )
            flows.world.tokens[session.token.id] = session.token
        self._end("succeeded")

    def _fail(self, reason: str) -> None:
        self._not_done()
        self.session.failure_reason = reason
        self._end("failed")

    def _end(self, status: str) -> None:
        self._not_done()
        if status == "cancelled":
            self.session.failure_reason = None
        self.session.status = status
        self._flows.publish("financial_connections.session.updated", self.session)

    def _not_done(self) -> None:
        if self.session.status in ("succeeded", "expired"):
            raise NotPossibleError(f"{self.session.id} has already {self.session.status}")

    def _expected(self, account: str | None) -> Account:
        session = self.session
        if account is not None:
            found = known(self._flows.world.accounts, "account", account)
            if session.account not in (None, found):
                raise NotPossibleError(
                    f"{session.id} is for {session.account.id}, not for {account}"
                )
            return found
        if session.account:
            return session.account
        candidates = session.authorization.accounts if session.authorization else []
        if len(candidates) != 1:
            raise NotPossibleError(
                f"{session.id} names no account and there are {len(candidates)}: pass one"
            )
        return candidates[0]

    def _institution(self, name: str) -> Institution:
        if self.session.authorization:
            return self.session.authorization.institution
        return self._flows.world.institution(name)

    def _offers(self, institution: Institution) -> list[Offer]:
        session, flows = self.session, self._flows
        offers = flows.offers(session.holder, institution, session.owner)
        if not session.is_relink:
            offers += flows.linked(session.holder, institution, session.owner)
        return [offer for offer in offers if self._eligible(offer.subcategory)]

    def _eligible(self, subcategory: str) -> bool:
        filters = self.session.filters or {}
        wanted = filters.get("account_subcategories") or ()
        needs_support = filters.get("require_payment_method_support") in ("all", "at_least_one")
        if needs_support and subcategory not in ("checking", "savings"):
            return False
        return not wanted or subcategory in wanted
