"""Free ports on loopback."""
from __future__ import annotations

import random
import socket


def free_ports(count: int) -> list[int]:
    """Ports that are free now. They lie below those that the system gives to connections: a client that knocks while its server
    is away would otherwise, now and then, be connected to itself and keep the port from the server that comes back."""
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(12000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                found.add(port)
            except OSError:
                pass
    return list(found)
