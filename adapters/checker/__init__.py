"""``relink check``: every history of accounts within bounds, and what must hold in all of them.

The machines run in a model of all that is around them: what is true at Stripe and at the bank,
what customers do in sessions, what the service asks for and says, the network between, and time.

- :mod:`.bounds` says how much may happen, and :mod:`.scopes` lists the bounds that are checked.
- :mod:`.truth` is what is true; :mod:`.bank`, :mod:`.customer` and :mod:`.service` change it.
- :mod:`.around` is the state of it all, :mod:`.network` what goes on by itself, in order or not,
  and :mod:`.environment` all of it together.
- :mod:`.judged` and :mod:`.at_rest` compare what relink says and knows with what is true;
  :mod:`.properties` lists what is checked.
- :mod:`.model` says which states count as one, :mod:`.check` searches, and :mod:`.run` searches
  several scopes at once.

:func:`check` judges any system of these charts.
"""

from .bounds import Bounds
from .check import State, check
from .properties import sentences
from .run import Limits, Result, check_scope, check_scopes
from .scopes import DEPTH_OF_THREE, ONE_ACCOUNT, QUICK, THREE_ACCOUNTS, TWO_ACCOUNTS

__all__ = [
    "DEPTH_OF_THREE",
    "ONE_ACCOUNT",
    "QUICK",
    "THREE_ACCOUNTS",
    "TWO_ACCOUNTS",
    "Bounds",
    "Limits",
    "Result",
    "State",
    "check",
    "check_scope",
    "check_scopes",
    "sentences",
]
