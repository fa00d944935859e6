"""API versions: the fields and events that only the preview version has."""

import re
from typing import Any

from .errors import ApiError
from .render import Rendered, leaves_out_empty

PREVIEW = "2026-09-30.preview"
GENERAL = "2026-10-28.endive"

_WELL_FORMED = re.compile(r"\d{4}-\d\d-\d\d(\.[a-z]+)?(; ?[a-z_]+=v\d+)*")

PREVIEW_FIELDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "bank_account": (),
    "customer": (("redaction",),),
    "financial_connections.account": (
        ("authorization",),
        ("inferred_balances_refresh",),
        ("institution",),
        ("status_details", "inactive"),
    ),
    "financial_connections.authorization": (("account_holder",), ("institution",)),
    "financial_connections.session": (
        ("filters", "institution"),
        ("hosted",),
        ("relink_options",),
        ("relink_result",),
        ("status",),
        ("status_details",),
        ("ui_mode",),
        ("url",),
    ),
    "payment_method": (("redaction",), ("us_bank_account", "account_number")),
    "token": (("redaction",),),
}
"""The fields that only the preview version has, by kind of object."""

PREVIEW_EVENTS = {"financial_connections.session.updated"}
"""The events that are sent only to endpoints with the preview version."""

SNAPSHOT_ONLY = ("financial_connections.authorization.", "financial_connections.session.")
"""The prefixes of the event types without thin notifications."""

THIN_ONLY = ("_refresh_failed", "_refresh_succeeded")
"""The suffixes of the event types without snapshots."""


def version_of(header: str | None, default: str) -> str:
    """The version of a request.

    Raises:
        ApiError: the header is not a version.
    """
    if header is None:
        return default
    if not is_version(header):
        raise ApiError(f"Invalid Stripe API version: {header}")
    return header


def is_preview(version: str) -> bool:
    """Whether it is a preview version."""
    return version.partition(";")[0].endswith(".preview")


def is_version(text: str) -> bool:
    """Whether a text has the form of an API version."""
    return _WELL_FORMED.fullmatch(text) is not None


def exists_in(version: str, event_type: str) -> bool:
    """Whether a version has snapshots of events of a type."""
    if event_type.endswith(THIN_ONLY):
        return False
    return is_preview(version) or event_type not in PREVIEW_EVENTS


def is_thin(event_type: str) -> bool:
    """Whether there are thin notifications of events of a type."""
    return not event_type.startswith(SNAPSHOT_ONLY)


def in_version(version: str, rendered: Rendered) -> Rendered:
    """The object with only the fields that the version has."""
    if is_preview(version):
        return rendered
    general: Rendered = _without_preview_fields(rendered)
    return general


def _without_preview_fields(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_preview_fields(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_preview_fields(item) for key, item in value.items()}
    for *outer, last in PREVIEW_FIELDS.get(str(value.get("object")), ()):
        place: Any = kept
        for name in outer:
            place = place.get(name)
        if isinstance(place, dict):
            place.pop(last, None)
    is_account = kept.get("object") == "financial_connections.account"
    if is_account and kept.get("status_details") == {} and leaves_out_empty(kept["id"]):
        del kept["status_details"]
    return kept
