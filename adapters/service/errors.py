"""Errors of the service, beside those of the gateway and the store."""

from relink.engine import Reason
from relink.machines import Assessment


class UnknownAccountError(LookupError):
    """relink knows no account with this id."""

    def __init__(self, account: str) -> None:
        super().__init__(account)
        self.account = account

    def __str__(self) -> str:
        return f"account {self.account} is unknown: no webhook or read has reported it yet"


class MissingAtStripeError(UnknownAccountError):
    """Stripe has no account with this id, or none that the key can read."""

    def __str__(self) -> str:
        return (
            f"Stripe has no account {self.account}: check the id, and that the key is of the "
            "account's mode, live or test"
        )


class UnknownAuthorizationError(LookupError):
    """relink knows no authorization with this id."""

    def __init__(self, authorization: str) -> None:
        super().__init__(authorization)
        self.authorization = authorization

    def __str__(self) -> str:
        return (
            f"authorization {self.authorization} is unknown: no webhook or read has reported it yet"
        )


class UnknownSessionError(LookupError):
    """relink did not create this session (R6)."""

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self.session = session

    def __str__(self) -> str:
        return f"session {self.session} is unknown: relink did not create it"


class RelinkRefusedError(Exception):
    """There is nothing to relink (R9).

    Attributes:
        account: its id.
        state: the account's state.
        reason: why, as a code of :mod:`relink.machines.reasons`, such as ``no_authorization``.
        sentence: the same for people. Its wording may change, so compare the code instead.
        assessment: its ``next`` says what to do instead.
    """

    def __init__(self, account: str, state: str, reason: Reason, assessment: Assessment) -> None:
        super().__init__(account, state, reason, assessment)
        assert reason.code is not None, "every refusal of a relink has a reason code"
        self.account = account
        self.state = state
        self.reason = reason.code
        self.sentence = reason.sentence
        self.assessment = assessment

    def __str__(self) -> str:
        return f"{self.account} is {self.state} and cannot be relinked now: {self.sentence}"
