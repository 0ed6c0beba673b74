"""A client for the stand-in's own tests, on Python's websockets: it does what it is told, and nothing by itself."""
from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import websockets

from .standin import Standin

IDENTIFY = {"token": "test.token", "intents": 513, "properties": {"os": "linux", "browser": "b", "device": "d"}, "shard": [0, 2]}


class Client:
    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def say(self, op: int, d: Any) -> None:
        await self.socket.send(json.dumps({"op": op, "d": d}))

    async def hear(self, op: int, name: str | None = None) -> Any:
        while True:
            payload = json.loads(await asyncio.wait_for(self.socket.recv(), 10))
            if payload["op"] == op and (name is None or payload["t"] == name):
                return payload

    async def close_code(self) -> int:
        with pytest.raises(websockets.ConnectionClosed):
            while True:
                await asyncio.wait_for(self.socket.recv(), 10)
        return int(self.socket.close_code)


def run(standin: Standin, talk: Callable[[Client], Awaitable[Any]], query: str = "?v=10&encoding=json") -> Any:
    async def main() -> Any:
        async with websockets.connect(f"{standin.url}/{query}", compression=None, max_size=None) as socket:
            return await talk(Client(socket))

    return asyncio.run(main())


def refusal(standin: Standin, query: str = "?v=10&encoding=json") -> tuple[int, Any]:
    """Status and headers of an upgrade that is refused. What websockets raises depends on its version."""
    try:
        run(standin, lambda client: client.hear(10), query)
    except websockets.InvalidHandshake as error:
        answer = getattr(error, "response", None)
        return (answer.status_code, answer.headers) if answer else (error.status_code, error.headers)  # type: ignore[attr-defined]
    raise AssertionError("it was not refused")


class Frames:
    """WebSocket frames as they come, over a socket: no library shows them."""

    def __init__(self, standin: Standin) -> None:
        self._socket = socket.create_connection(("127.0.0.1", standin.port), 10)
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(f"GET /?v=10&encoding=json HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self._file = self._socket.makefile("rb")
        while self._file.readline().strip():
            pass

    def __enter__(self) -> Frames:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def next(self) -> tuple[bool, int, bytes]:
        """Whether it is the last of its message, its opcode, and what is in it."""
        first, length = self._file.read(2)
        if length > 125:
            length = int.from_bytes(self._file.read(2 if length == 126 else 8), "big")
        return bool(first & 0x80), first & 0x0F, self._file.read(length)

    def send(self, text: str) -> None:
        """One text frame; its mask is 0."""
        data = text.encode()
        self._socket.sendall(b"\x81\xfe" + struct.pack(">H", len(data)) + bytes(4) + data)


async def ready(client: Client, **changes: Any) -> Any:
    await client.hear(10)
    await client.say(2, {**IDENTIFY, **changes})
    return await client.hear(0, "READY")


def closes(standin: Standin, *payloads: Any, identified: bool = True) -> int:
    async def talk(client: Client) -> int:
        if identified:
            await ready(client)
        with contextlib.suppress(websockets.ConnectionClosed):
            for payload in payloads:
                await client.socket.send(payload if isinstance(payload, (str, bytes)) else json.dumps(payload))
        return await client.close_code()

    return int(run(standin, talk))


def resume(standin: Standin, session: str, seq: int) -> list[str]:
    async def talk(client: Client) -> list[str]:
        await client.hear(10)
        await client.say(6, {"token": "test.token", "session_id": session, "seq": seq})
        names = []
        while True:
            payload = json.loads(await asyncio.wait_for(client.socket.recv(), 10))
            names.append(payload["t"] if payload["op"] == 0 else f"op {payload['op']} {payload['d']}")
            if names[-1] in ("RESUMED", "op 9 False"):
                await client.socket.close(4000)
                return names

    return list(run(standin, talk))
