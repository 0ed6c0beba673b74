"""One shard over real sockets: every close code, a gateway that breaks the rules, and what comes after. No broker is needed."""
from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Optional

import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.processes import Process
from support.proxy import Pair, end

Act = Callable[[socket.socket], None]


@pytest.fixture
def standin(authority: Authority) -> Iterator[Standin]:
    certificate = authority.issue("shard-standin")
    with Standin(cert=certificate.cert, key=certificate.key, shards=1, identify_window=0.0) as made:
        yield made


@pytest.fixture
def first(build: Path, authority: Authority) -> Iterator[Callable[..., Process]]:
    """Starts the example that is a shard and nothing more."""
    started: list[Process] = []

    def start(standin: Standin, url: Optional[str] = None, intents: str = "0x8201") -> Process:
        started.append(Process([build / "examples/first_shard", intents],
                               {"DISCORD_TOKEN": standin.token, "DISCORD_GATEWAY_URL": url or standin.url, "SSL_CERT_FILE": str(authority.ca)}))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def number(count: int) -> bytes:
    return f"NUMBER {count}".encode()


def dispatch(standin: Standin, process: Process, count: int) -> None:
    """An event gets through, and it is the only one of its number."""
    standin.dispatch(0, "NUMBER", str(count))
    process.wait_for(lambda: number(count) in process.out, 60, f"event {count}")
    assert process.out.count(number(count)) == 1


# ---- Close codes ----


@pytest.mark.parametrize(("code", "words"), [
    (1000, "closed the connection normally"), (1001, "going away"), (4000, "unknown error"),
    (4001, "does not know an op that we sent (close code 4001); sent last, the newest first: op 2"),
    (4002, "could not decode a payload that we sent (close code 4002); sent last, the newest first: op 2"),
    (4003, "before we had identified"), (4005, "a second identify"),
    (4008, "too fast (more than 120 in 60 seconds) (close code 4008); sent last, the newest first: op 2"),
    (3999, "the gateway closed the connection"), (4999, "the gateway closed the connection"), (None, "without a close_notify"),
])
def test_a_close_that_keeps_the_session(first: Callable[..., Process], standin: Standin, code: Optional[int], words: str) -> None:
    process = first(standin)
    standin.wait_ready(0)
    dispatch(standin, process, 1)
    if code is None:
        standin.drop(0)
    else:
        standin.close(0, code, "because")
    standin.dispatch(0, "NUMBER", "2")
    process.wait_err(words)
    if code is not None:
        process.wait_err(f"(close code {code})")
        process.wait_err("because")
    standin.wait_for(lambda: standin.count("resumed") == 1)
    process.wait_for(lambda: number(2) in process.out, 60, "what was missed")
    dispatch(standin, process, 3)
    assert process.stop() == 0
    assert standin.count("ready") == 1 and standin.violations == []


DOUBTS = [(4003, "invalidated the session"), (4006, "no longer valid"), (4007, "sequence number"), (4009, "timed out")]


@pytest.mark.parametrize(("code", "words"), DOUBTS)
def test_a_close_that_is_about_the_session_is_answered_by_a_resume(first: Callable[..., Process], standin: Standin, code: int,
                                                                   words: str) -> None:
    process = first(standin)
    standin.wait_ready(0)
    dispatch(standin, process, 1)
    standin.close(0, code)
    standin.dispatch(0, "NUMBER", "2")
    process.wait_err(words)
    process.wait_for(lambda: number(2) in process.out, 60, "what was missed")
    dispatch(standin, process, 3)
    assert process.stop() == 0
    assert (standin.count("ready"), standin.count("resumed")) == (1, 1)


@pytest.mark.parametrize(("code", "words"), DOUBTS)
def test_a_close_that_ends_the_session(first: Callable[..., Process], standin: Standin, code: int, words: str) -> None:
    process = first(standin)
    standin.wait_ready(0)
    old = standin.lose(0, lambda each: asyncio.ensure_future(each.socket.close(code)))
    process.wait_err(words)
    process.wait_err(old)  # the GAP names it
    standin.wait_for(lambda: standin.count("ready") == 2)
    dispatch(standin, process, 1)
    assert process.stop() == 0
    assert standin.count("resumed") == 0 and standin.count("invalid_session") == 1


@pytest.mark.parametrize(("code", "words"), [
    (4004, ["the token is not valid", "developer portal"]),
    (4010, ["has to be below the shard count", "this is shard 0 of 1"]),
    (4011, ["use more shards", "the shard count is 1"]),
    (4012, ["use version 10"]),
    (4013, ["the intents are not valid"]),
    (4014, ["developer portal, under Bot", "were asked for: MESSAGE_CONTENT"]),
])
def test_a_close_that_is_fatal(first: Callable[..., Process], standin: Standin, code: int, words: list[str]) -> None:
    process = first(standin)
    standin.wait_ready(0)
    standin.close(0, code)
    assert process.wait(60) == 1
    assert any(all(word in line for word in [*words, f"close code {code}"]) for line in process.err), process.said()
    assert standin.count("connected") == 1


# ---- A gateway that breaks the rules in a session ----


def say(standin: Standin, text: str) -> None:
    """As it is, whatever it is."""
    standin._with_connection(0, lambda each: (each.control.append(text), each.wake.set()))


@pytest.mark.parametrize(("text", "words"), [
    ('{"op":0,"t":"A","d":{}}', "without s, t or d"),
    ('{"op":0,"t":"A","s":1,"d":{}}', "the gateway's sequence went backwards"),
    ('{"op":11,"op":7}', "twice"),
    ('{"op":11,"d":' + "[" * 2000 + "]" * 2000 + "}", "deep"),
    ("hello", "a payload is a JSON object"),
    ('{"op":7,"d":null}', "asks to reconnect (op 7)"),
    ('{"op":9,"d":true}', "asks to resume again (op 9)"),
    ('{"op":0,"t":"A","s":99,"d":"' + " " * 100_000_000 + '"}', "inflates"),
], ids=["no sequence", "backwards", "op twice", "deep", "no JSON", "op 7", "op 9", "a bomb"])
def test_a_session_goes_on_behind_nonsense(first: Callable[..., Process], standin: Standin, text: str, words: str) -> None:
    process = first(standin)
    standin.wait_ready(0)
    dispatch(standin, process, 1)
    say(standin, text)
    process.wait_err(words)
    standin.wait_for(lambda: standin.count("resumed") == 1)
    dispatch(standin, process, 2)
    assert process.stop() == 0
    assert standin.count("ready") == 1


@pytest.mark.parametrize("url", ["wss://evil.example", "ws://localhost:1", "wss://localhost.evil.example", "nonsense"])
def test_a_resume_url_elsewhere_is_not_followed(first: Callable[..., Process], standin: Standin, url: str) -> None:
    standin.resume_url = url
    process = first(standin)
    process.wait_err("will not be followed")
    standin.wait_ready(0)
    standin.drop(0)
    standin.wait_for(lambda: standin.count("resumed") == 1)
    dispatch(standin, process, 1)
    assert process.stop() == 0


# ---- A gateway that breaks the rules of HTTP and WebSocket ----


class Front:
    """Stands before the stand-in: the first connection is the act's, those that follow go through."""

    def __init__(self, standin: Standin, act: Act) -> None:
        self._standin = standin
        self._act = act
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}"
        self._pairs: list[Pair] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
            self._play(client)
            while True:
                client, _ = self._listener.accept()
                self._pass_through(client)
        except OSError:
            return

    def _play(self, client: socket.socket) -> None:
        try:
            self._act(client)
            client.settimeout(30)
            while client.recv(65536):  # until the shard hangs up
                pass
        except OSError:
            pass
        finally:
            client.close()

    def _pass_through(self, client: socket.socket) -> None:
        pair = Pair(client, socket.create_connection(("127.0.0.1", self._standin.port)))
        self._pairs.append(pair)
        for source, sink in (pair.ends, pair.ends[::-1]):
            threading.Thread(target=pair.pump, args=(source, sink, threading.Event()), daemon=True).start()

    def close(self) -> None:
        end(self._listener, False)
        for pair in self._pairs:
            pair.close()


def request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += client.recv(4096)
    return data


def upgrade(client: socket.socket) -> None:
    key = request(client).split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")


def answer(head: bytes) -> Act:
    def act(client: socket.socket) -> None:
        request(client)
        client.sendall(head)

    return act


def frames(data: bytes) -> Act:
    def act(client: socket.socket) -> None:
        upgrade(client)
        client.sendall(data)

    return act


def slow_head(client: socket.socket) -> None:
    """Never enough of it: ten seconds are what it has."""
    request(client)
    for byte in b"HTTP/1.1 101 Switching Protocols\r\n" * 10:
        client.sendall(bytes([byte]))
        time.sleep(0.1)


def endless_fragments(client: socket.socket) -> None:
    upgrade(client)
    client.sendall(b"\x02\x00")
    while True:
        client.sendall(b"\x00\x7f" + struct.pack(">Q", 1 << 20) + bytes(1 << 20))


def cut(data: bytes, reset: bool) -> Act:
    def act(client: socket.socket) -> None:
        upgrade(client)
        client.sendall(data)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        else:
            end(client, False)

    return act


ACTS = {
    "a page": (answer(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 14\r\n\r\n<h1>busy</h1>\n"), "status 503: <h1>busy</h1>"),
    "a page without an end": (answer(b"HTTP/1.1 502 Bad Gateway\r\n\r\n" + b"x" * 100_000), "status 502: xxx"),
    "a redirect": (answer(b"HTTP/1.1 302 Found\r\nLocation: wss://evil.example/\r\nContent-Length: 0\r\n\r\n"), "redirects are not followed"),
    "no HTTP": (answer(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "did not answer in HTTP/1.1"),
    "another key": (answer(b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"), "does not match our key"),
    "an endless head": (answer(b"HTTP/1.1 101 X\r\n" + b"A: aaaaaaaaaaaaaaaa\r\n" * 2000), "longer than 16 KiB"),
    "a slow head": (slow_head, "did not answer the WebSocket upgrade within 10 s"),
    "a masked frame": (frames(b"\x82\x81\x01\x02\x03\x04y"), "a masked frame"),
    "a reserved bit": (frames(b"\xc2\x02{}"), "reserved bits"),
    "an unknown kind": (frames(b"\x83\x00"), "unknown kind"),
    "an exabyte": (frames(b"\x82\x7f\x0f\x00\x00\x00\x00\x00\x00\x00 "), "over the limit on its size"),
    "endless fragments": (endless_fragments, "over the limit on its size"),
    "no zstd": (frames(b"\x82\x0cno zstd here"), "compressed stream is broken"),
    "a text message": (frames(b"\x81\x09{\"op\":11}"), "sends text without compression"),
    "a text message that is no JSON": (frames(b"\x81\x05hello"), "closing: "),
    "cut in a frame": (cut(b"\x82\x7e\x10\x00half", False), "without a close frame"),
    "reset in a frame": (cut(b"\x82\x7e\x10\x00half", True), "lost the connection"),
    "a close in pieces": (frames(b"\x08\x02\x0f\xa0"), "a control frame that is too long or in pieces"),
}


@pytest.mark.parametrize("name", ACTS)
def test_a_gateway_that_cannot_speak(first: Callable[..., Process], name: str) -> None:
    act, words = ACTS[name]
    with Standin(shards=1, identify_window=0.0) as standin:
        front = Front(standin, act)
        process = first(standin, front.url)
        process.wait_err(words, timeout=60)
        standin.wait_ready(0)
        dispatch(standin, process, 1)
        assert process.stop() == 0
        assert standin.violations == []
        front.close()
