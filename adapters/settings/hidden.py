"""The last defence: the secrets of the environment are removed from whatever text is shown.

No message of relink's quotes a setting. A library's may: the text of an exception in a traceback, a
line of its log. What is removed are the values of the secret settings, and the parts of URLs that
can be secret, also in the form in which ``repr``, JSON or a URL writes them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote, unquote, urlsplit

from .declared import SETTINGS

SHORTEST = 4
"""Characters of a text that is removed. Shorter ones are parts of innocent words."""

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
"""Variables whose URLs may hold a password too."""

Hide = Callable[[str], str]
"""Removes secrets from a text."""


def hide_secrets(environment: Mapping[str, str]) -> Hide:
    """Make a function that removes the secrets of these settings from a text.

    Args:
        environment: such as ``os.environ``.
    """
    secret_names = [setting.name for setting in SETTINGS if setting.is_secret]
    values = [environment.get(name, "").strip() for name in [*secret_names, *PROXIES]]
    texts = {
        form
        for value in values
        for secret in _secrets_in(value)
        for form in _forms_of(secret)
        if len(form) >= SHORTEST
    }
    if not texts:
        return str
    # The longest first: one can be a part of another.
    found = re.compile("|".join(map(re.escape, sorted(texts, key=len, reverse=True))))
    return lambda text: found.sub("…", text)


def _secrets_in(value: str) -> Iterator[str]:
    """A value, and what in it is secret by itself. The path of an SQLite file is not."""
    if value.startswith("sqlite:"):
        return
    yield value
    yield from (part.strip() for part in value.split(","))
    try:
        parts = urlsplit(value)
        password = parts.password
    except ValueError:
        return
    if not parts.netloc:
        return
    if password:
        yield password
    for pair in parts.query.split("&"):
        yield pair.partition("=")[2]


def _forms_of(secret: str) -> Iterator[str]:
    """A text as it is, decoded, and as it is written elsewhere."""
    for text in (secret, unquote(secret)):
        yield text
        yield repr(text)[1:-1]
        yield json.dumps(text)[1:-1]
        yield quote(text.encode(errors="surrogateescape"), safe="")
