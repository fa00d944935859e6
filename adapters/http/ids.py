"""Ids in requests. They must have the form of Stripe's ids."""

from typing import Annotated

from fastapi import Path
from pydantic import StringConstraints

_ACCOUNT = r"^fca_[A-Za-z0-9_]{1,251}$"
_AUTHORIZATION = r"^fcauth_[A-Za-z0-9_]{1,248}$"
_SESSION = r"^fcsess_[A-Za-z0-9_]{1,248}$"
_ANY = r"^[A-Za-z0-9_]{1,255}$"

Account = Annotated[str, StringConstraints(pattern=_ACCOUNT)]
Authorization = Annotated[str, StringConstraints(pattern=_AUTHORIZATION)]
Holder = Annotated[str, StringConstraints(pattern=_ANY)]

AccountInPath = Annotated[str, Path(pattern=_ACCOUNT, examples=["fca_1"])]
AuthorizationInPath = Annotated[str, Path(pattern=_AUTHORIZATION, examples=["fcauth_1"])]
SessionInPath = Annotated[str, Path(pattern=_SESSION, examples=["fcsess_1"])]
