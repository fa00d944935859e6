"""The forms that values of settings take: what each has to be, and how its text is read.

A form is one grammar. What it accepts can be used as it is: nothing behind the settings parses the
text again, or finds a number that it cannot bear. No rule and no error quotes a value, because any
value can be a secret in the wrong place.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from relink.adapters.gateway import ApiKey, gateway_names
from relink.adapters.gateway.settings import API_KEY
from relink.adapters.return_url import ReturnUrls

T = TypeVar("T")

LONGEST = 4_096
"""Characters of a value."""

RANDOM = "the output of: openssl rand -hex 32"

MOST = 100
"""Values in a list."""

WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]+")

_OF_STRIPE = re.compile(r"((sk|rk|pk)_(org_)?(test|live)|whsec)_")
_NUMBER = re.compile("[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_URL = re.compile(r"[!#-;=?-\[\]_a-z~]+")


class WrongValueError(ValueError):
    """What is wrong with a value, to follow "it"; empty where the rule says it all."""


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """One form of values."""

    rule: str
    """What the value has to be, to follow "it must be"."""
    read: Callable[[str], T]
    """Reads a text, or raises :class:`WrongValueError`."""
    show: Callable[[T], str] = str
    """The text of a value, for the page of settings."""


def parse(form: Form[T], text: str) -> T:
    """Read a text in a form.

    Raises:
        WrongValueError: it has another form.
    """
    if len(text) > LONGEST:
        raise WrongValueError(f"has more than {LONGEST:,} characters")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        raise WrongValueError("is in quotes: remove them")
    if not text.replace("\n", " ").replace("\t", " ").replace("\r", " ").isprintable():
        raise WrongValueError("contains a character that cannot be printed")
    return form.read(text)


# ── texts ────────────────────────────────────────────────────────────────────


def _api_key(text: str) -> ApiKey:
    if text.startswith("pk_"):
        raise WrongValueError("is a publishable key")
    if not API_KEY.fullmatch(text):
        raise WrongValueError("is none")
    return ApiKey(text)


def _webhook_secrets(text: str) -> tuple[str, ...]:
    found = _several(text)
    wrong = sum(not WEBHOOK_SECRET.fullmatch(each) for each in found)
    if wrong and len(found) == 1:
        raise WrongValueError("is none")
    if wrong:
        raise WrongValueError(f"has {wrong} wrong secret{'s' if wrong > 1 else ''}")
    return found


def _secret(text: str) -> str:
    if _OF_STRIPE.match(text):
        raise WrongValueError("is one of Stripe's keys or secrets")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise WrongValueError("contains a space or a character that is not ASCII")
    return text


def _gateway(text: str) -> str:
    if text not in (names := gateway_names()):
        raise WrongValueError(f"is none of {', '.join(names)}")
    return text


def _several(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if len(found) > MOST:
        raise WrongValueError(f"has more than {MOST} values")
    return found


api_key: Form[ApiKey | None] = Form(
    "a secret or restricted key of Stripe's (sk_test_…, rk_live_…), copied whole", _api_key
)
webhook_secrets = Form(
    "the signing secret of the endpoint at Stripe (whsec_…), not its id; several are separated by "
    "commas",
    _webhook_secrets,
    ", ".join,
)
own_secret: Form[str | None] = Form(f"a text of your own, such as {RANDOM}", _secret)
gateway = Form("the name of a registered gateway", _gateway)


# ── URLs ─────────────────────────────────────────────────────────────────────


def _is_url(text: str) -> bool:
    """Whether every HTTP client understands it, and in the same way."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not _URL.fullmatch(text) or port == 0:
        return False
    if parts.netloc.rpartition("@")[0].count("@") or "[" in parts.path + parts.query:
        return False
    is_address = ":" in host or not re.search("[a-z]", host.rpartition(".")[2])
    if not is_address:
        return bool(_HOST.fullmatch(host))
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _http_url(text: str) -> str:
    if not _is_url(text):
        raise WrongValueError
    return text


def _server(text: str) -> str:
    parts = urlsplit(_http_url(text.rstrip("/")))
    if any((parts.path, parts.query, parts.fragment, "@" in parts.netloc)):
        raise WrongValueError("has more")
    return parts.geturl()


def _origins(text: str) -> tuple[str, ...]:
    found = _several(text)
    for origin in found:
        try:
            ReturnUrls([origin])
        except ValueError:
            raise WrongValueError("has a value that is no https origin") from None
        _http_url(origin)
    return found


http_url: Form[str | None] = Form(
    "an http or https URL, such as https://shop.example/relink", _http_url
)
server = Form(
    "like https://api.stripe.com, with scheme and host and without user, password, path or query",
    _server,
)
origins = Form("origins like https://shop.example, separated by commas", _origins, ", ".join)


# ── numbers ──────────────────────────────────────────────────────────────────


def whole_number(least: int, most: int, unit: int = 1) -> Form[int]:
    """A whole number.

    Args:
        least, most: the range.
        unit: what one counts; the value is the number times this.
    """

    def read(text: str) -> int:
        if not _NUMBER.fullmatch(text):
            raise WrongValueError("is none")
        if not least <= int(text) <= most:
            raise WrongValueError(f"is {text}")
        return int(text) * unit

    rule = f"a whole number from {least:,} to {most:,}"
    return Form(rule, read, lambda value: f"{value // unit:,}")


def seconds(least: float, most: float) -> Form[float]:
    """A time in seconds, with decimals or without.

    Args:
        least, most: the range.
    """

    def read(text: str) -> float:
        if not _DECIMAL.fullmatch(text):
            raise WrongValueError("is none")
        if not least <= float(text) <= most:
            raise WrongValueError(f"is {text}")
        return float(text)

    rule = f"a number of seconds from {least:,g} to {most:,g}"
    return Form(rule, read, lambda value: f"{value:g}")
