"""Values that may be passed on, but never stored or shown.

A client secret opens a bank login on behalf of the customer, and so does the URL of a hosted
session. They are wrapped while the answer that contains them is parsed. :meth:`Secret.reveal` is
the only way to the text: printing, formatting, logging, pickling and JSON do not show it.
"""

import hmac
from typing import NoReturn, Self


class Secret:
    """A text that is never shown."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text itself. The caller is responsible for where it goes."""
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
        raise TypeError(f"{type(self).__name__} cannot be pickled: secrets must not be stored")

    def __reduce__(self) -> NoReturn:
        self.__reduce_ex__(0)

    def __getstate__(self) -> NoReturn:
        self.__reduce_ex__(0)


class ClientSecret(Secret):
    """Opens a relink session in the customer's browser. Send it only to that customer, over TLS."""

    __slots__ = ()


class HostedUrl(Secret):
    """Opens a hosted relink session for anyone who has it, so it is treated like the secret."""

    __slots__ = ()


class BankAccountToken(Secret):
    """Stands for an account number, and can be used once. It goes from an answer into a request."""

    __slots__ = ()


class ApiKey(Secret):
    """The key that authenticates requests to Stripe."""

    __slots__ = ()
