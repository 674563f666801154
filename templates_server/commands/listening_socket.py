"""The socket of a server: at the address of its options or, for a local server whose port is taken, at any port."""

from __future__ import annotations

import contextlib
import errno
import socket
import sys
from collections.abc import Iterator

from templates_server.commands.errors import CommandFailed
from templates_server.commands.start_options import ServerOptions
from templates_server.server import BACKLOG


@contextlib.contextmanager
def listening_socket(options: ServerOptions) -> Iterator[socket.socket]:
    """Listen until the block ends; CommandFailed where that is not possible."""
    listening = _bound(options)
    try:
        yield listening
    finally:
        listening.close()


def _bound(options: ServerOptions) -> socket.socket:
    """A socket at the address that was asked for; for a local server at any port when that one is taken."""
    try:
        return _bind(options.host, options.port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise CommandFailed(
                f"Cannot listen on {options.host}, port {options.port}: {error.strerror or error}.",
                "Pass an address of this machine with --host and a port above 1023 with --port.",
            ) from None
    if not options.local:
        raise CommandFailed(
            f"Port {options.port} on {options.host} is in use by another program.",
            "Choose another port with --port, or 0 for any free port.",
        )
    listening = _bind(options.host, 0)
    sys.stderr.write(f"Port {options.port} is in use. Using port {listening.getsockname()[1]} instead.\n")
    return listening


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)
