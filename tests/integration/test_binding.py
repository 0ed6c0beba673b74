"""A binding: the headers as they are, read by cffi, and both engines driven over Python's own sockets and TLS, without a link."""
from __future__ import annotations

import json
import select
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
from standin.certs import Authority
from standin.payloads import corpus
from standin.standin import Standin
from support.rabbit import RabbitNode

cffi = pytest.importorskip("cffi")
SYS = -8  # SPECTACLES_E_SYS


class Binding:
    def __init__(self, root: Path, folder: Path) -> None:
        library = root / "build" / "lib" / "libspectacles.so"
        if not library.exists():
            pytest.skip("build/ has no library: a sanitizer's cannot be loaded into Python")
        for name in ("stdint.h", "stddef.h"):
            (folder / name).write_text("")  # cffi knows what they declare
        done = subprocess.run(["cc", "-E", "-P", "-nostdinc", "-I", folder, "-I", root / "include", root / "include/spectacles/spectacles.h"], capture_output=True, text=True, check=True)
        self.ffi = cffi.FFI()
        self.ffi.cdef(done.stdout)
        self.lib = self.ffi.dlopen(str(library))

    def now(self) -> int:
        return int(self.lib.spectacles_now())

    def made(self, kind: str, init: str = "") -> Any:
        """A struct with its defaults."""
        struct = self.ffi.new(f"spectacles_{kind} *")
        getattr(self.lib, f"spectacles_{init or kind}_init")(struct, self.ffi.sizeof(f"spectacles_{kind}"))
        return struct


class Engine:
    """A shard or a broker, and a stream of Python's under it."""

    def __init__(self, binding: Binding, kind: str, config: Any, authority: Path) -> None:
        self.binding, self.kind, self.authority = binding, kind, authority
        out = binding.ffi.new(f"spectacles_{kind} **")
        problem = binding.ffi.new("spectacles_problem *")
        assert getattr(binding.lib, f"spectacles_{kind}_new")(out, config, problem) == 0, binding.ffi.string(problem.text)
        self.handle = out[0]
        self.stream: Optional[socket.socket] = None
        self.connection = 0

    def call(self, name: str, *arguments: Any) -> Any:
        return getattr(self.binding.lib, f"spectacles_{self.kind}_{name}")(self.handle, *arguments)

    def stream_call(self, name: str, *arguments: Any) -> Any:
        return getattr(self.binding.lib, f"spectacles_stream_{name}")(self.call("stream"), *arguments)

    def hang_up(self) -> None:
        if self.stream:
            self.stream.close()
        self.stream = None

    def end(self, error: int, text: str) -> None:
        self.hang_up()
        self.stream_call("eof", error, text.encode(), len(text.encode()), self.binding.now())

    def connect(self) -> None:
        endpoint = self.stream_call("endpoint")
        if not endpoint:
            self.hang_up()
        elif endpoint.connection != self.connection:
            self.hang_up()
            self.connection = endpoint.connection
            host = self.binding.ffi.string(endpoint.host).decode()
            self.stream = socket.create_connection((host, endpoint.port))
            if endpoint.tls:
                self.stream = ssl.create_default_context(cafile=str(self.authority)).wrap_socket(self.stream, server_hostname=host)
            self.stream.setblocking(False)
            assert self.stream_call("opened", self.binding.now()) == 0

    def read(self) -> None:
        while self.stream and self.stream_call("wants_input"):
            try:
                got = self.stream.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            except OSError as error:
                return self.end(SYS, str(error))
            if not got:
                return self.end(0, "")
            assert self.stream_call("feed", got, len(got), self.binding.now()) == 0

    def write(self) -> None:
        bytes_out = self.binding.ffi.new("const uint8_t **")
        while self.stream and (length := self.stream_call("pending", bytes_out)) > 0:
            try:
                sent = self.stream.send(bytes(self.binding.ffi.buffer(bytes_out[0], length)))
            except (BlockingIOError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                return self.end(SYS, str(error))
            self.stream_call("consumed", sent)

    def work(self) -> None:
        self.connect()
        self.read()
        if self.stream_call("deadline") <= self.binding.now():
            assert self.stream_call("expire", self.binding.now()) == 0

    def events(self) -> Iterator[Any]:
        while event := self.call("next_event", self.binding.now()):
            yield event


class Bot:
    """Publishes what its shard is told, and consumes it again."""

    def __init__(self, shard: Engine, broker: Engine) -> None:
        self.shard, self.broker, self.binding = shard, broker, shard.binding
        self.ffi, self.lib = self.binding.ffi, self.binding.lib
        self.received: list[bytes] = []
        self.confirmed = 0
        self.seen: list[int] = []

    def publish(self, event: Any) -> None:
        message = self.binding.made("message")
        message.key, message.key_length = event.name, event.name_length
        message.body, message.body_length = event.data, event.data_length
        message.format = self.lib.SPECTACLES_FORMAT_JSON
        assert self.lib.spectacles_broker_publish(self.broker.handle, message, self.ffi.NULL) == 0

    def on_shard(self, event: Any) -> None:
        self.seen.append(event.type)
        if event.type == self.lib.SPECTACLES_SHARD_EVENT_IDENTIFY:
            assert self.shard.call("identify", self.binding.now()) == 0
        elif event.type == self.lib.SPECTACLES_SHARD_EVENT_DISPATCH:
            self.publish(event)

    def on_broker(self, event: Any) -> None:
        if event.type == self.lib.SPECTACLES_BROKER_EVENT_CONFIRMED:
            self.confirmed += 1
        elif event.type == self.lib.SPECTACLES_BROKER_EVENT_MESSAGE:
            self.received.append(bytes(self.ffi.buffer(event.body, event.body_length)))
            assert self.broker.call("ack", event.delivery) == 1

    def run_until(self, done: Callable[[], object], timeout: float = 60) -> None:
        end = time.monotonic() + timeout
        engines = (self.shard, self.broker)
        while not done():
            assert time.monotonic() < end, self.seen
            for engine, take in ((self.shard, self.on_shard), (self.broker, self.on_broker)):
                engine.work()
                for event in engine.events():
                    take(event)
            for engine in engines:
                engine.write()
            deadline = min(engine.stream_call("deadline") for engine in engines)
            timeout_ms = min(self.lib.spectacles_poll_timeout(deadline, self.binding.now()), 100)
            # What TLS has read already wakes nobody.
            if not any(isinstance(engine.stream, ssl.SSLSocket) and engine.stream.pending() for engine in engines):
                select.select([engine.stream for engine in engines if engine.stream], [], [], max(timeout_ms, 0) / 1000)


@pytest.fixture
def binding(root: Path, tmp_path: Path) -> Binding:
    return Binding(root, tmp_path)


@pytest.fixture
def shard(binding: Binding, standin: Standin, authority: Authority) -> Engine:
    config = binding.made("shard_config")
    texts = [binding.ffi.new("char[]", text.encode()) for text in (standin.token, standin.url)]
    config.token, config.gateway_url = texts
    config.shard_count, config.intents, config.seed = 2, binding.lib.SPECTACLES_INTENT_GUILDS, binding.lib.spectacles_random_seed()
    return Engine(binding, "shard", config, authority.ca)


@pytest.fixture
def broker(binding: Binding, rabbit: RabbitNode, vhost: str, authority: Authority) -> Engine:
    config = binding.made("broker_config")
    url = binding.ffi.new("char[]", rabbit.url(vhost, tls=True, host="localhost").encode())
    urls = binding.ffi.new("const char *[]", [url])
    config.urls, config.url_count, config.seed = urls, 1, binding.lib.spectacles_random_seed()
    made = Engine(binding, "broker", config, authority.ca)
    subscription = binding.made("subscription")
    event = binding.ffi.new("char[]", b"MESSAGE_CREATE")
    subscription.event, subscription.event_length = event, len("MESSAGE_CREATE")
    assert made.call("subscribe", subscription) == 0
    return made


def test_both_engines_over_streams_of_python(shard: Engine, broker: Engine, standin: Standin) -> None:
    bot = Bot(shard, broker)
    lib = bot.lib
    bot.run_until(lambda: shard.call("state") == lib.SPECTACLES_SHARD_READY and broker.call("state") == lib.SPECTACLES_BROKER_READY)
    events = list(corpus(5, 200))
    wanted = [data.encode() for name, data in events if name == "MESSAGE_CREATE"]
    standin.dispatch_many(0, events)
    bot.run_until(lambda: len(bot.received) == len(wanted) and bot.confirmed > len(events))
    assert bot.received == wanted, "byte for byte, and in order"
    standin.drop(0)
    bot.run_until(lambda: lib.SPECTACLES_SHARD_EVENT_RESUMED in bot.seen)
    standin.dispatch(0, "MESSAGE_CREATE", json.dumps({"id": "1"}))
    bot.run_until(lambda: len(bot.received) > len(wanted))
    assert shard.call("close", 0, bot.binding.now()) == 0 and broker.call("close", bot.binding.now()) == 0
    bot.run_until(lambda: shard.call("state") == lib.SPECTACLES_SHARD_CLOSED and broker.call("state") == lib.SPECTACLES_BROKER_CLOSED)
    assert standin.violations == []
    for engine in (shard, broker):
        engine.hang_up()
        engine.call("free")
