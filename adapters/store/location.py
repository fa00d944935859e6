"""Where a database is: the one reading of ``RELINK_DATABASE_URL``.

The URL is parsed here and nowhere else. What comes out is an object that everything connects with:
the store and the queue's workers hand PostgreSQL the same parameters, with no text in between. So a
URL that one part accepts means the same to every other part, and whatever libpq or SQLite could
misread is refused at the start, with the rule that it breaks.

A URL holds a password. No error of this module repeats any part of it, and neither object shows its
password in a ``repr``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, unquote

SCHEMA = "relink"
"""The schema of PostgreSQL that holds relink's tables, unless ``RELINK_DATABASE_SCHEMA`` is set."""

TIMEOUT = 10.0
"""Seconds that anything may wait for the database, unless ``RELINK_DATABASE_TIMEOUT`` is set."""

EXAMPLES = "sqlite:///relink.db or postgresql://user:password@host/name"

PARAMETERS = frozenset(
    {
        *("application_name", "channel_binding", "gssencmode", "krbsrvname", "load_balance_hosts"),
        *("options", "passfile", "require_auth", "target_session_attrs"),
        *("sslcert", "sslcertmode", "sslcompression", "sslcrl", "sslcrldir", "sslkey", "sslmode"),
        *("sslnegotiation", "sslpassword", "sslrootcert", "sslsni"),
        *("ssl_max_protocol_version", "ssl_min_protocol_version"),
    }
)
"""The parameters of libpq that a URL may have. ``host`` is one more, for a socket's folder; the
timeouts come from :attr:`PostgresLocation.timeout`."""

_SCHEMES = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "postgresql+psycopg": "postgresql",
}
_SCHEMA_NAME = re.compile("[a-z][a-z0-9_]{0,62}")
_NOT_IN_URLS = re.compile(r"[\s\x00-\x1f\x7f]")
_HOST = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<name>[A-Za-z0-9._-]*))(?::(?P<port>.*))?")


class LocationError(ValueError):
    """The URL or the schema is invalid. The text says by which rule, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class SqliteLocation:
    """An SQLite database."""

    file: Path
    timeout: float = TIMEOUT
    """Seconds that a writer waits for another one."""

    def __str__(self) -> str:
        return f"sqlite:///{quote(str(self.file))}"


@dataclass(frozen=True, slots=True)
class PostgresLocation:
    """A PostgreSQL database, and the schema of relink's tables in it."""

    parameters: Mapping[str, str] = field(repr=False)
    """As libpq names them, the password among them."""
    schema: str = SCHEMA
    timeout: float = TIMEOUT
    """Seconds that anything may wait for it."""

    def __str__(self) -> str:
        """The URL without password and parameters, for messages."""
        known = self.parameters
        user = f"{known['user']}@" if "user" in known else ""
        hosts = known.get("host", "").split(",")
        ports = known.get("port", "").split(",")
        where = ",".join(map(_shown, hosts, ports))
        return f"postgresql://{user}{where}/{known.get('dbname', '')}"

    def __repr__(self) -> str:
        return f"PostgresLocation({str(self)!r}, schema={self.schema!r})"


DatabaseLocation = SqliteLocation | PostgresLocation


def locate(
    database: str | DatabaseLocation, schema: str = SCHEMA, timeout: float = TIMEOUT
) -> DatabaseLocation:
    """Parse the URL of a database; a location is returned as it is.

    Args:
        database: ``sqlite:///relink.db``, or ``postgresql://user:password@host:5432/name`` with
            parameters of libpq. In user, password and name, special characters are percent-encoded.
        schema: on PostgreSQL, the schema of relink's tables.
        timeout: seconds that anything may wait for the database.

    Raises:
        LocationError: the URL or the schema is invalid.
    """
    if not isinstance(database, str):
        return database
    scheme, separator, rest = database.partition("://")
    kind = _SCHEMES.get(scheme)
    if kind is None or not separator:
        raise LocationError(_scheme_fault(scheme, bool(separator)))
    if kind == "sqlite":
        return SqliteLocation(_file(rest), timeout)
    if _NOT_IN_URLS.search(rest):
        raise LocationError("it contains a blank or a control character. Write a blank as %20")
    parameters = MappingProxyType(_parameters(rest))
    return PostgresLocation(parameters, schema_name(schema), timeout)


def schema_name(text: str) -> str:
    """Check the name of a schema.

    Raises:
        LocationError: it is invalid.
    """
    if not _SCHEMA_NAME.fullmatch(text) or text.startswith("pg_") or text == "information_schema":
        raise LocationError(
            "it must be a name of lower-case letters, digits and _, at most 63 of them, that "
            "begins with a letter and not with pg_"
        )
    return text


def _scheme_fault(scheme: str, has_scheme: bool) -> str:
    if not has_scheme:
        return f"it is not a database URL. Use {EXAMPLES}"
    if scheme.partition("+")[0] in ("sqlite", "postgresql", "postgres"):
        return "it names a driver. relink chooses the driver itself: remove the + and what follows"
    return f"the database must be SQLite or PostgreSQL. Use {EXAMPLES}"


def _file(rest: str) -> Path:
    if "?" in rest:
        raise LocationError(
            "SQLite takes a file and no parameters, as in sqlite:///relink.db. Remove the ? and "
            "what follows"
        )
    if rest.strip("/") and not rest.startswith("/"):
        raise LocationError("SQLite takes a file and no host: write three slashes after sqlite:")
    if rest.startswith("/file:"):
        raise LocationError("SQLite takes a file, as in sqlite:///relink.db. Remove file:")
    name = _decoded(rest[1:], "the name of the file")
    if name in ("", "/", ":memory:"):
        raise LocationError("the database must be a file, as in sqlite:///relink.db")
    return Path(name)


def _parameters(rest: str) -> dict[str, str]:
    """The parameters of libpq: from the authority, the path and the query."""
    if "#" in rest:
        raise LocationError("it contains a #. In a user or password, write it as %23")
    address, _, query = rest.partition("?")
    authority, _, path = address.partition("/")
    if "@" in path or "/" in path:
        raise LocationError("it contains a / too many. In a user or password, write it as %2F")
    userinfo, _, hosts = authority.rpartition("@")
    user, _, password = userinfo.partition(":")
    found = {
        "user": _decoded(user, "the user"),
        "password": _decoded(password, "the password"),
        **_hosts(hosts),
        "dbname": _decoded(path, "the name of the database"),
    }
    for name, value in _query(query).items():
        if name == "host" and found["host"]:
            raise LocationError("it names a host twice: before the name and as a parameter")
        found[name] = value
    found["port"] = found["port"] or "," * found["host"].count(",")
    return {name: value for name, value in found.items() if value}


def _hosts(text: str) -> dict[str, str]:
    """One host or several, each with its port, as libpq takes them: two lists of one length."""
    hosts, ports = [], []
    for part in text.split(","):
        match = _HOST.fullmatch(part)
        if match is None:
            raise LocationError(
                "the host is invalid. In a user or password, write special characters "
                "percent-encoded: @ as %40, : as %3A, / as %2F"
            )
        port = match["port"] or ""
        if port and not (re.fullmatch("[0-9]{1,5}", port) and 1 <= int(port) <= 65535):
            raise LocationError(
                "the port must be a number from 1 to 65535. In a user or password, write special "
                "characters percent-encoded: ? as %3F, / as %2F"
            )
        hosts.append(match["v6"] or match["name"] or "")
        ports.append(port)
    if len(hosts) > 1 and not all(hosts):
        raise LocationError("one of several hosts is empty")
    return {"host": ",".join(hosts), "port": ",".join(ports) if any(ports) else ""}


def _shown(host: str, port: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{name}:{port}" if port else name


def _query(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split("&")):
        name, separator, value = part.partition("=")
        if name in ("schema", "currentSchema", "search_path"):
            raise LocationError(
                "the schema is no part of the URL. Set RELINK_DATABASE_SCHEMA instead"
            )
        if name.endswith("timeout") or name.startswith("keepalives"):
            raise LocationError(
                "timeouts are no part of the URL. Set RELINK_DATABASE_TIMEOUT instead"
            )
        if name in found:
            raise LocationError(
                "a parameter is given twice. Write several hosts as host1:5432,host2:5432"
            )
        if not separator or name not in PARAMETERS | {"host"}:
            raise LocationError(
                f"it has a parameter that relink does not know. It knows "
                f"{', '.join(sorted(PARAMETERS))}. In a password, write ? as %3F"
            )
        found[name] = _decoded(value, "a parameter")
    if found.get("host") and not found["host"].startswith(("/", "@")):
        raise LocationError(
            "the parameter host must be the folder of a socket, such as ?host=/run/postgresql. "
            "Write other hosts before the name: postgresql://user@host1:5432,host2:5432/name"
        )
    if "search_path" in found.get("options", ""):
        raise LocationError("options set search_path. Set RELINK_DATABASE_SCHEMA instead")
    return found


def _decoded(text: str, what: str) -> str:
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        raise LocationError(f"{what} contains a % that encodes nothing. Write it as %25")
    try:
        found = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise LocationError(f"{what} is not UTF-8 where it is percent-encoded") from None
    if "\x00" in found:
        raise LocationError(f"{what} contains a NUL character")
    return found
