"""A TCP proxy on loopback that can cut, reset, drop, hold back and spoil what passes through it, or open it by half."""
from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Optional, Protocol


class Filter(Protocol):
    """What of a server's bytes passes while connections are dropped, and when the connection has lived long enough."""

    patience: Optional[float]  # seconds without a byte from the server after which the connection ends; None: it may stay silent
    over: bool  # the connection ends now

    def __call__(self, data: bytes) -> bytes: ...


class Spoiler:
    """Replaces some bytes by others of the same length, wherever they stand, also across two pieces."""

    def __init__(self, before: bytes, behind: bytes) -> None:
        assert len(before) == len(behind)
        self.before, self.behind = before, behind
        self._kept = b""

    def __call__(self, data: bytes) -> bytes:
        data = (self._kept + data).replace(self.before, self.behind)
        begun = next((length for length in range(len(self.before) - 1, 0, -1) if data.endswith(self.before[:length])), 0)
        self._kept = data[len(data) - begun:]
        return data[:len(data) - begun]


class Pair:
    """A connection through the proxy: from the client, and to the server."""

    def __init__(self, client: socket.socket, server: socket.socket, spoil: Optional[tuple[bytes, bytes]] = None) -> None:
        self.ends = (client, server)
        self.half_open = False  # the server is gone, and the client is not told
        self._spoiler = Spoiler(*spoil) if spoil else None

    def pump(self, source: socket.socket, sink: socket.socket, held: threading.Event) -> None:
        try:
            while data := source.recv(65536):
                while held.is_set():
                    time.sleep(0.01)
                if self._spoiler and source is self.ends[0]:
                    data = self._spoiler(data)
                if not self.half_open:
                    sink.sendall(data)
            if not self.half_open:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            if not self.half_open:
                self.close()

    def pump_and_drop(self, through: Filter) -> None:
        """From the server to the client, until the filter says that it is over; then the connection ends."""
        client, server = self.ends
        try:
            while not through.over and (data := server.recv(65536)):
                client.sendall(through(data))
                server.settimeout(through.patience)
        except OSError:  # the filter's patience is at its end, or somebody was faster
            pass
        self.close()

    def close(self, reset: bool = False) -> None:
        for each in self.ends:
            end(each, reset)

    def lose_server(self) -> None:
        self.half_open = True
        end(self.ends[1], False)


def end(each: socket.socket, reset: bool) -> None:
    try:
        if reset:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    each.close()


class Proxy:
    def __init__(self, target_port: int, spoil: Optional[tuple[bytes, bytes]] = None) -> None:
        """spoil: what the client writes, and what the server gets in its place."""
        self.target_port = target_port
        self._spoil = spoil
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: list[Pair] = []
        self._held = threading.Event()
        self._lock = threading.Lock()
        self._dropper: Optional[Callable[[], Filter]] = None
        self.accepted = 0
        self.dropped = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                through = self._filter()
                server = socket.create_connection(("127.0.0.1", self.target_port), timeout=10)
                server.settimeout(None)
            except OSError:
                if self._listener.fileno() < 0:
                    return
                continue
            pair = Pair(client, server, self._spoil)
            with self._lock:
                self._pairs.append(pair)
                self.accepted += 1
            self._start(pair.pump, client, server, self._held)
            if through:
                self._start(pair.pump_and_drop, through)
            else:
                self._start(pair.pump, server, client, self._held)

    @staticmethod
    def _start(work: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _filter(self) -> Optional[Filter]:
        dropper = self._dropper
        self.dropped += dropper is not None
        return dropper() if dropper else None

    def drop(self, dropper: Callable[[], Filter]) -> None:
        """Ends all connections. From now on each new one is accepted, and dropped when its filter says so."""
        self.dropped = 0
        self._dropper = dropper
        self.cut()

    def end_drop(self) -> int:
        """Connections live again. Returns how many were dropped."""
        self._dropper = None
        self.cut()
        return self.dropped

    def hold(self) -> None:
        """A black hole: connections stand, nothing passes."""
        self._held.set()

    def release(self) -> None:
        self._held.clear()

    def cut(self, reset: bool = True) -> None:
        """Ends all connections, with RST or FIN."""
        for pair in self._take_pairs():
            pair.close(reset)

    def lose_server(self) -> None:
        """Half-open connections: the server's side ends, the client hears nothing of it."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.lose_server()

    def _take_pairs(self) -> list[Pair]:
        with self._lock:
            pairs, self._pairs = self._pairs, []
        return pairs

    def close(self) -> None:
        self._listener.close()
        self.release()
        self.cut()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: Optional[object]) -> None:
        self.close()
