"""``RELINK_POLICY``: what differs from the default policy, as a JSON object."""

from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from relink.machines.policy import RelinkPolicy

from .forms import Form, WrongValueError


def _read(text: str) -> RelinkPolicy:
    try:
        return RelinkPolicy.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(map(_fault, error.errors()))
    raise WrongValueError(f"is wrong in this: {faults}")


def _fault(fault: ErrorDetails) -> str:
    """Where and by which rule; never the value."""
    place = [str(part) for part in fault["loc"]]
    if fault["type"] != "extra_forbidden":
        return f"{'.'.join(place) or 'the value'}: {fault['msg']}"
    known = list(RelinkPolicy.model_fields)
    meant = get_close_matches(place[-1], known, 1)
    cure = f"did you mean {meant[0]}?" if meant else f"the policy has {', '.join(known)}"
    return f"a name is unknown: {cure}"


policy = Form("a JSON object with names and values of the policy", _read)
