"""A TCP proxy on loopback that can cut, reset and hold back what passes through it."""
from __future__ import annotations

import socket
import struct
import threading
import time
from typing import Optional


class Proxy:
    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._held = threading.Event()
        self._lock = threading.Lock()
        self.accepted = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target_port), timeout=10)
                server.settimeout(None)
            except OSError:
                if self._listener.fileno() < 0:
                    return
                continue
            with self._lock:
                self._pairs.append((client, server))
                self.accepted += 1
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                while self._held.is_set():
                    time.sleep(0.01)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for each in (source, sink):
                each.close()

    def hold(self) -> None:
        """A black hole: connections stand, nothing passes."""
        self._held.set()

    def release(self) -> None:
        self._held.clear()

    def cut(self, reset: bool = True) -> None:
        """Ends all connections, with RST or FIN."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for each in pair:
                try:
                    if reset:
                        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                each.close()

    def close(self) -> None:
        self._listener.close()
        self.release()
        self.cut()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: Optional[object]) -> None:
        self.close()
