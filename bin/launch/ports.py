"""Ports on loopback for the embedded servers: chosen once for a stack, kept while they stay free."""

import json
import random
import socket
from pathlib import Path

#: Below the range from which the kernel takes ports for outgoing connections.
RANGE = range(20_000, 32_000)


def why_taken(port: int, host: str = "127.0.0.1") -> OSError | None:
    """What keeps a server from listening there now; None when nothing does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            return problem
    return None


def is_free(port: int) -> bool:
    return why_taken(port) is None


def free_port() -> int:
    for port in random.sample(RANGE, 200):
        if is_free(port):
            return port
    raise OSError("no free port on 127.0.0.1")


def kept_port(file: Path, name: str) -> int:
    """The port noted for `name`, or a new one, noted, when it is taken or was never chosen."""
    try:
        noted = json.loads(file.read_text())
    except (OSError, ValueError):
        noted = {}
    port = noted.get(name)
    if not isinstance(port, int) or not is_free(port):
        port = free_port()
        file.write_text(json.dumps({**noted, name: port}))
    return port
