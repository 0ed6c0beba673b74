"""The whole pipeline, socket -> shard -> relay -> RabbitMQ with confirms, beside Node and the floor: ./dev bench relay.

    /usr/bin/python3 tests/bench/relay.py GATEWAY FLOOR NODE_MODULES [EVENTS]

CPU is that of the one process, between its READY and the last confirm: user and kernel time from /proc.
"""
from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import pika  # noqa: E402
import zstandard  # noqa: E402
from standin import payloads  # noqa: E402
from standin.encoding import WINDOW_LOG  # noqa: E402
from support.rabbit import RabbitNode  # noqa: E402

COMPRESSIONS = ("none", "zlib-stream", "zstd-stream")
ROUNDS = 5
OURS = "libspectacles"
FLOOR = "floor: inflate, scan, copy"
WITH_SOCKETS = "floor with recv() and send()"
TICK = os.sysconf("SC_CLK_TCK")


# ---- What is sent ----

class Stream:
    """The messages of one connection, packed and framed in advance: HELLO, READY, then the events."""

    def __init__(self, compression: str, events: list[tuple[str, str]]) -> None:
        self.compression = compression
        pack = packer(compression)
        texts = [event for event in envelopes(events)]
        self.hello = frame(pack(json.dumps({"t": None, "s": None, "op": 10, "d": {"heartbeat_interval": 600000}})), compression)
        ready = {"v": 10, "session_id": "bench", "resume_gateway_url": "", "guilds": [], "user": {}, "application": {}}
        self.ready = frame(pack(json.dumps({"t": "READY", "s": 1, "op": 0, "d": ready})), compression)
        packed = [pack(text) for text in texts]
        self.events = b"".join(frame(each, compression) for each in packed)
        self.mean = statistics.fmean(len(text.encode()) for text in texts)
        self.mean_packed = statistics.fmean(map(len, packed))

    @staticmethod
    def for_floor(compression: str, events: list[tuple[str, str]]) -> bytes:
        pack = packer(compression)
        return b"".join(struct.pack(">I", len(data)) + data for data in map(pack, envelopes(events)))


def envelopes(events: list[tuple[str, str]]) -> list[str]:
    return [f'{{"t":"{name}","s":{number},"op":0,"d":{data}}}' for number, (name, data) in enumerate(events, 2)]


def packer(compression: str) -> Callable[[str], bytes]:
    if compression == "none":
        return str.encode
    if compression == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda text: deflate.compress(text.encode()) + deflate.flush(zlib.Z_SYNC_FLUSH)
    # The window is Discord's, 256 kB: a larger one would leave no room in the processor's caches for anything else.
    window = zstandard.ZstdCompressionParameters.from_level(3, window_log=WINDOW_LOG)
    zstd = zstandard.ZstdCompressor(compression_params=window).compressobj()
    return lambda text: zstd.compress(text.encode()) + zstd.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


def frame(payload: bytes, compression: str) -> bytes:
    kind = 0x81 if compression == "none" else 0x82
    if len(payload) < 126:
        return struct.pack(">BB", kind, len(payload)) + payload
    if len(payload) < 65536:
        return struct.pack(">BBH", kind, 126, len(payload)) + payload
    return struct.pack(">BBQ", kind, 127, len(payload)) + payload


class Source:
    """Discord, for one client, with no other thought than to be fast."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.go = threading.Event()
        self.ready = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        key = re.search(rb"(?i)sec-websocket-key: *(\S+)", head)
        if not key:
            limit = {"total": 1000, "remaining": 1000, "reset_after": 1000, "max_concurrency": 1}
            body = json.dumps({"url": f"ws://127.0.0.1:{self.port}", "shards": 1, "session_start_limit": limit}).encode()
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            client.close()
            return
        accept = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept + self.stream.hello)
        client.recv(65536)
        client.sendall(self.stream.ready)
        self.ready.set()
        self.go.wait()
        try:
            client.sendall(self.stream.events)
            while client.recv(65536):
                pass
        except OSError:
            pass

    def close(self) -> None:
        self._listener.close()


class Pipe:
    """A source that sends all it has and ends, and a sink that takes all, for the floor."""

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


# ---- Who is measured ----

class Subject:
    """A process; its CPU, and how many events it says are confirmed."""

    def __init__(self, arguments: list[str], environment: dict[str, str], asks: int, pattern: str) -> None:
        self.process = subprocess.Popen(arguments, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.asks = asks
        self.confirmed = 0
        self.lines: list[str] = []
        self._pattern = re.compile(pattern)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.decode(errors="replace"))
            found = self._pattern.search(self.lines[-1])
            if found:
                self.confirmed = int(found[1])

    def wait_line(self, text: str) -> None:
        end = time.monotonic() + 60
        while not any(text in line for line in self.lines):
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"waited for {text!r} in vain: {''.join(self.lines[-20:])}")
            time.sleep(0.05)

    def wait_confirmed(self, count: int) -> None:
        end = time.monotonic() + 300
        while self.confirmed < count:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{self.confirmed} of {count} confirmed: {''.join(self.lines[-20:])}")
            self.process.send_signal(self.asks)
            time.sleep(0.1)

    def cpu(self) -> tuple[float, float]:
        """User and kernel seconds; their sum by the scheduler's clock, which is finer."""
        user = kernel = exact = 0.0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            user += int(fields[11]) / TICK
            kernel += int(fields[12]) / TICK
            exact += int((task / "schedstat").read_text().split()[0]) / 1e9
        share = user / (user + kernel) if user + kernel else 0.5
        return exact * share, exact * (1 - share)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def measure(source: Source, subject: Subject, count: int) -> dict[str, float]:
    source.ready.wait(60)
    time.sleep(0.5)
    before = subject.cpu()
    start = time.monotonic()
    source.go.set()
    subject.wait_confirmed(count)
    took = time.monotonic() - start
    after = subject.cpu()
    user, kernel = (1e6 * (b - a) / count for a, b in zip(before, after))
    return {"user": user, "kernel": kernel, "cpu": user + kernel, "rate": count / took}


def ours(gateway: str, source: Source, broker: str, names: list[str]) -> Subject:
    environment = {"DISCORD_TOKEN": "t", "AMQP_URL": broker, "DISCORD_API_HOST": f"127.0.0.1:{source.port}", "DISCORD_API_PROTOCOL": "http",
                   "DISCORD_EVENTS": ",".join(names), "DISCORD_COMPRESSION": source.stream.compression}
    subject = Subject([gateway], environment, signal.SIGUSR1, r"summary .* confirmed=(\d+)")
    subject.wait_line(":SEND stands")
    return subject


def node(modules: str, source: Source, broker: str) -> Optional[Subject]:
    if source.stream.compression == "zstd-stream" or not shutil.which("node") or not Path(modules, "ws").exists():
        return None
    script = str(Path(__file__).resolve().parent / "relay.js")
    return Subject(["node", script, f"ws://127.0.0.1:{source.port}", source.stream.compression, broker],
                   {"NODE_PATH": modules, "NODE_ENV": "production"}, signal.SIGUSR2, r"confirmed (\d+)")


def prepare(rabbit: RabbitNode, names: list[str]) -> None:
    """A queue that takes all and keeps little: the disk is not what is measured."""
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url()))
    channel = connection.channel()
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare("bench", durable=True, arguments={"x-max-length": 1000})
    for name in [*names, "READY"]:
        channel.queue_bind("bench", "gateway", name)
    connection.close()


def once(make: Callable[[Source], Optional[Subject]], stream: Stream, count: int) -> Optional[dict[str, float]]:
    source = Source(stream)
    subject = make(source)
    try:
        return measure(source, subject, count) if subject else None
    finally:
        source.close()
        if subject:
            subject.end()


def of_floor(arguments: list[str]) -> dict[str, float]:
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    user, kernel = (float(word) / 1000 for word in done.stdout.split())
    return {"user": user, "kernel": kernel, "cpu": user + kernel, "rate": 0.0}


def socket_floor(floor: str, compression: str, data: bytes) -> dict[str, float]:
    pipe = Pipe(data)
    try:
        return of_floor([floor, compression, *pipe.ports])
    finally:
        pipe.close()


def median(results: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(each[key] for each in results) for key in results[0]}


def show(name: str, result: dict[str, float], ours_: dict[str, float]) -> None:
    rate = f"{result['rate']:>12,.0f}" if result["rate"] else ""
    print(f"{name:<32}{result['cpu']:>8.2f}{result['user']:>8.2f}{result['kernel']:>8.2f}{result['cpu'] / ours_['cpu']:>8.2f}{rate}", flush=True)


def compare(gateway: str, floor: str, modules: str, rabbit: RabbitNode, events: list[tuple[str, str]], compression: str, folder: Path) -> None:
    names = sorted({name for name, _ in events})
    stream = Stream(compression, events)
    data = Stream.for_floor(compression, events)
    path = folder / "floor"
    path.write_bytes(data)
    contenders: dict[str, Callable[[], Optional[dict[str, float]]]] = {
        OURS: lambda: once(lambda source: ours(gateway, source, rabbit.url(), names), stream, len(events)),
        "node: ws, amqplib": lambda: once(lambda source: node(modules, source, rabbit.url()), stream, len(events)),
        FLOOR: lambda: of_floor([floor, str(path), compression]),
        WITH_SOCKETS: lambda: socket_floor(floor, compression, data),
    }
    results: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, contend in contenders.items():
            result = contend()
            if result:
                results[name].append(result)
    print(f"--- {compression}: {len(events):,} events, {stream.mean:.0f} bytes each, {stream.mean_packed:.0f} packed")
    print(f"{'':<32}{'CPU us':>8}{'user':>8}{'kernel':>8}{'ratio':>8}{'events/s':>12}")
    medians = {name: median(each) for name, each in results.items() if each}
    for name, each in medians.items():
        show(name, each, medians[OURS])
    own, least, bare = medians[OURS], medians[FLOOR], medians[WITH_SOCKETS]
    print(f"ours: {own['cpu'] / least['cpu']:.2f} times the floor ({own['user'] / least['cpu']:.2f} in user space alone), "
          f"{own['cpu'] / bare['cpu']:.2f} times the floor with sockets\n", flush=True)


def main() -> None:
    gateway, floor, modules = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 100_000
    few = list(payloads.corpus(1, 2000))
    events: list[Any] = (few * (count // len(few) + 1))[:count]
    with tempfile.TemporaryDirectory() as name, RabbitNode(Path(name) / "rabbit") as rabbit:
        prepare(rabbit, sorted({each for each, _ in few}))
        for compression in COMPRESSIONS:
            compare(gateway, floor, modules, rabbit, events, compression, Path(name))


if __name__ == "__main__":
    main()
