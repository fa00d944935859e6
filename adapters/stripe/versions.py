"""API versions: in which of them an object is complete (K5).

A complete object says "none" by leaving a field out. That holds only where the version has the
field, so it takes a preview version that has all of these on accounts and authorizations:

- ``authorization`` and ``status_details.inactive``: since ``2026-01-28.preview``;
- ``status_details.active``: since ``2026-06-24.preview``.

Both come from Stripe's changelog, and are preview only in Stripe's types up to the version that
relink sends. Of a generally available, older, unknown or missing version, an absent field says
nothing. If Stripe makes the fields generally available one day, that costs reads, and no error.
"""

import re
from typing import Any

FIRST_COMPLETE = "2026-06-24"
"""The date of the first preview version whose objects are complete."""

_PREVIEW = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.preview")


def is_complete(version: Any) -> bool:
    """Whether an absent field of an object in this version means "none".

    Args:
        version: an event's ``api_version``. What follows a semicolon names further previews.
    """
    if not isinstance(version, str):
        return False
    found = _PREVIEW.fullmatch(version.partition(";")[0].strip())
    return found is not None and found[1] >= FIRST_COMPLETE
