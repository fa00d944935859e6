"""Values that may be handed on, but never kept or shown.

A client secret opens a bank login in the name of the customer, and so does the URL of a
hosted session. They are wrapped while the answer that brought them is being parsed, and
leave the wrapping by :meth:`Secret.reveal` alone: not by printing, formatting, logging
or pickling, nor as JSON.
"""

import hmac
from typing import NoReturn, Self


class Secret:
    """A text that does not show."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text itself. Whoever calls this answers for where it goes."""
        return self.__text

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return hmac.compare_digest(self.__text.encode(), other.__text.encode())

    def __hash__(self) -> int:
        return hash((type(self), self.__text))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not for keeping: it can't be pickled")

    def __reduce__(self) -> NoReturn:
        self.__reduce_ex__(0)

    def __getstate__(self) -> NoReturn:
        self.__reduce_ex__(0)


class ClientSecret(Secret):
    """Opens a relink session in the customer's browser: for that customer alone, over TLS."""

    __slots__ = ()


class HostedUrl(Secret):
    """Opens a hosted relink session for whoever has it, so it is treated like the secret."""

    __slots__ = ()


class BankAccountToken(Secret):
    """Stands for an account number, once. It goes from one answer into the next request."""

    __slots__ = ()


class ApiKey(Secret):
    """The key with which Stripe is called."""

    __slots__ = ()
