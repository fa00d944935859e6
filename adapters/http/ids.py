"""Ids in requests. They must have the form of Stripe's ids, up to 200 characters long.

An id is part of the ids of commands about it, which have to fit a column of 255 characters.
"""

from typing import Annotated

from fastapi import Path
from pydantic import StringConstraints

_ACCOUNT = r"^fca_[A-Za-z0-9_]{1,196}$"
_AUTHORIZATION = r"^fcauth_[A-Za-z0-9_]{1,193}$"
_SESSION = r"^fcsess_[A-Za-z0-9_]{1,193}$"
_PAYMENT_METHOD = r"^(pm|ba)_[A-Za-z0-9_]{1,197}$"
_ANY = r"^[A-Za-z0-9_]{1,255}$"

Account = Annotated[str, StringConstraints(pattern=_ACCOUNT)]
Authorization = Annotated[str, StringConstraints(pattern=_AUTHORIZATION)]
PaymentMethod = Annotated[str, StringConstraints(pattern=_PAYMENT_METHOD)]
"""A payment method, or the external account of a connected account."""
Holder = Annotated[str, StringConstraints(pattern=_ANY)]

AccountInPath = Annotated[str, Path(pattern=_ACCOUNT, examples=["fca_1"])]
AuthorizationInPath = Annotated[str, Path(pattern=_AUTHORIZATION, examples=["fcauth_1"])]
SessionInPath = Annotated[str, Path(pattern=_SESSION, examples=["fcsess_1"])]
