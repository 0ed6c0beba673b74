"""The HTTP and WebSocket server underneath, from Python's `websockets`: this file alone knows which version it is.
Up to 12 only the older interface is there, from 13 on the newer one, and the older one is deprecated from 14 on."""
from __future__ import annotations

import http
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Optional

import websockets

try:
    from websockets.asyncio.server import serve as serve_newer
except ImportError:
    serve_newer = None


@dataclass
class Answer:
    """To an HTTP request that does not become a WebSocket."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


Ask = Callable[[str, Any], Awaitable[Optional[Answer]]]


def path_of(socket: Any) -> str:
    return str(socket.request.path if hasattr(socket, "request") else socket.path)


def headers_of(socket: Any) -> dict[str, str]:
    return dict(socket.request.headers if hasattr(socket, "request") else socket.request_headers)


async def listen(serve: Callable[[Any], Awaitable[None]], ask: Ask, addresses: tuple[str, ...], **options: Any) -> Any:
    """ask(path, headers) answers a request, or says None: then serve(socket) has it as a WebSocket."""

    async def older(path: str, headers: Any) -> Any:
        answer = await ask(path, headers)
        return answer and (http.HTTPStatus(answer.status), list(answer.headers.items()), answer.body)

    async def newer(_: Any, request: Any) -> Any:
        answer = await ask(request.path, request.headers)
        if not answer:
            return None
        headers = {"Date": formatdate(usegmt=True), "Content-Length": str(len(answer.body)), "Connection": "close", **answer.headers}
        return websockets.http11.Response(answer.status, http.HTTPStatus(answer.status).phrase, websockets.Headers(headers), answer.body)

    async def one(socket: Any, _: str = "/") -> None:
        await serve(socket)

    if serve_newer:
        return await serve_newer(one, list(addresses), process_request=newer, **options)
    return await websockets.serve(one, list(addresses), process_request=older, **options)
