"""The port of a server, bound before anything else is done.

A process that cannot have its port ends before it has changed or sent anything.
"""

import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

from .failures import UsageError

BACKLOG = 2048
"""Connections that may wait to be accepted, such as those that come while the process starts."""


class PortInUseError(UsageError):
    """Another process listens there."""


ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""A name such as localhost can stand for an address that this machine does not have."""


@contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Listen at all addresses of a host. Connections wait until a server accepts them.

    Args:
        host: a name or an address.
        port: 0 chooses a free one.

    Raises:
        PortInUseError: another process has the port.
        UsageError: the port cannot be bound.
    """
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        failure: OSError | None = None
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise UsageError(f"--host {host!r} is not known: {error}") from None
        for family, address in dict.fromkeys((each[0], each[4][0]) for each in found):
            chosen = sockets[0].getsockname()[1] if sockets else port
            try:
                bound = socket.create_server((str(address), chosen), family=family, backlog=BACKLOG)
            except OSError as error:
                if error.errno not in ABSENT:
                    raise _not_bound(host, port, error) from None
                failure = error
            else:
                sockets.append(stack.enter_context(bound))
        if not sockets:
            assert failure is not None, "a host has an address"
            raise _not_bound(host, port, failure)
        yield sockets


def check_certificate(certificate: Path, key: Path) -> None:
    """Check that a certificate and its key can be used.

    Raises:
        UsageError: they cannot.
    """

    def no_password() -> NoReturn:
        raise UsageError("--tls-key is encrypted. Give a key without a password.")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for option, file in (("--tls-cert", certificate), ("--tls-key", key)):
        try:
            file.read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"{option} {file} cannot be read: {reason}") from None
    try:
        context.load_cert_chain(certificate, key, no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UsageError("--tls-key is not the key of --tls-cert.") from None
        raise UsageError("--tls-cert and --tls-key must be files in PEM format.") from None


def _not_bound(host: str, port: int, error: OSError) -> UsageError:
    kind = PortInUseError if error.errno == errno.EADDRINUSE else UsageError
    return kind(f"port {port} of {host} cannot be bound: {error.strerror}")
