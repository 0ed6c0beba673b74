"""The floors of bursts: a program that inflates, finds the envelope and copies d, in memory, and from socket to socket."""
from __future__ import annotations

import socket
import struct
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import zstandard
from standin.encoding import WINDOW_LOG

Measure = Callable[[], tuple[float, float]]  # microseconds in user space and in the kernel, for each event


def packer(compression: str) -> Callable[[bytes], bytes]:
    if compression == "none":
        return bytes
    if compression == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda text: deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH)
    window = zstandard.ZstdCompressionParameters.from_level(3, window_log=WINDOW_LOG)
    zstd = zstandard.ZstdCompressor(compression_params=window).compressobj()
    return lambda text: zstd.compress(text) + zstd.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


def messages(compression: str, corpus: Path, count: int) -> bytes:
    """Behind their lengths."""
    pack = packer(compression)
    lines = (line.split("\t", 1) for line in islice(cycle(corpus.read_text().splitlines()), count))
    texts = (f'{{"t":"{name}","s":{number},"op":0,"d":{data}}}'.encode() for number, (name, data) in enumerate(lines, 2))
    return b"".join(struct.pack(">I", len(packed)) + packed for packed in map(pack, texts))


class Pipe:
    """A source that sends all it has and ends, and a sink that takes all."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.ports = [str(each.getsockname()[1]) for each in self._listeners]
        for listener, work in zip(self._listeners, (self._give, self._take)):
            threading.Thread(target=self._accept, args=(listener, work), daemon=True).start()

    @staticmethod
    def _accept(listener: socket.socket, work: Callable[[socket.socket], None]) -> None:
        client, _ = listener.accept()
        with client:
            work(client)

    def _give(self, client: socket.socket) -> None:
        client.sendall(self.data)

    def _take(self, client: socket.socket) -> None:
        room = bytearray(65536)
        while client.recv_into(room):
            pass

    def close(self) -> None:
        for each in self._listeners:
            each.close()


def ask(arguments: list[str]) -> tuple[float, float]:
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    user, kernel = (float(word) / 1000 for word in done.stdout.split())
    return user, kernel


def of_bursts(program: Path, compression: str, corpus: Path, count: int, folder: Path) -> Iterator[tuple[str, Measure]]:
    data = messages(compression, corpus, count)
    path = folder / "floor"
    path.write_bytes(data)

    def with_sockets() -> tuple[float, float]:
        pipe = Pipe(data)
        try:
            return ask([str(program), compression, *pipe.ports])
        finally:
            pipe.close()

    yield "floor: inflate, scan, copy", lambda: ask([str(program), str(path), compression])
    yield "the same with recv, send", with_sockets
