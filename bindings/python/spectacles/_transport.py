"""How the bytes of an engine move: over a link of the library behind one descriptor, or over asyncio's own sockets and TLS.

An engine (_engine.py) asks a transport for four things: start() it on a loop, process() what can be done now, flush() what waits to be
written, which says whether there is more to pull, and the deadline() of the next turn. stop() takes it off the loop.
"""
from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any, Optional, Protocol

from ._errors import Problem, Texts, text
from ._spectacles import ffi, lib

Loop = asyncio.AbstractEventLoop
READ = 262144  # bytes at a time, of asyncio's buffer


class Transport(Protocol):
    """It keeps the handle of its engine: the memory goes with the last of them."""

    def start(self, loop: Loop, turn: Callable[[], None]) -> None: ...
    def process(self, now: int) -> None: ...
    def flush(self, now: int) -> bool: ...
    def deadline(self) -> int: ...
    def stop(self) -> None: ...


class LinkSettings:
    """What every link has: certificates, proxies, limits."""

    def __init__(self, ca_file: Optional[str] = None, proxy: Optional[str] = None, no_proxy: Optional[str] = None, family: int = 0,
                 insecure: bool = False, cert_file: Optional[str] = None, key_file: Optional[str] = None) -> None:
        self.ca_file, self.insecure = ca_file, insecure
        texts = Texts()
        self.struct = ffi.new("spectacles_link_config *")
        lib.spectacles_link_config_init(self.struct, ffi.sizeof("spectacles_link_config"))
        self.struct.family = family
        self.struct.proxy, self.struct.no_proxy = texts.text(proxy), texts.text(no_proxy)
        self._kept = (texts, self._tls(cert_file, key_file))
        self.struct.tls = self._kept[1]

    def _tls(self, cert_file: Optional[str], key_file: Optional[str]) -> Any:
        """NULL: the link makes the default by itself, when it needs one."""
        if not (self.ca_file or self.insecure or cert_file):
            return ffi.NULL
        texts, problem = Texts(), Problem()
        config, out = ffi.new("spectacles_tls_config *"), ffi.new("spectacles_tls **")
        lib.spectacles_tls_config_init(config, ffi.sizeof("spectacles_tls_config"))
        config.ca_file, config.cert_file, config.key_file = texts.text(self.ca_file), texts.text(cert_file), texts.text(key_file)
        config.flags = lib.SPECTACLES_TLS_INSECURE_NO_VERIFICATION if self.insecure else 0
        problem.check(lib.spectacles_tls_new(out, config, problem.struct))
        return ffi.gc(out[0], lib.spectacles_tls_free)


def proxy_from_environment(scheme: str) -> Optional[str]:
    """The proxy for "wss" (a shard) or "amqps" (a broker), by curl's rules; None: there is none."""
    return text(lib.spectacles_proxy_from_environment(scheme.encode())) or None


async def addresses_of(loop: Loop, host: str) -> tuple[str, str]:
    """All that a name has, and why there are none."""
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return "", str(error.strerror or error)
    return " ".join(dict.fromkeys(str(each[4][0]) for each in found)), "there is no such name"


class Names:
    """Looks host names up by the loop's own resolver, each once at a time."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def look_up(self, loop: Loop, host: str, answer: Callable[[str, str], None]) -> bool:
        """Whether the name was not being looked up already."""
        if host in self._tasks:
            return False
        self._tasks[host] = loop.create_task(self._run(loop, host, answer))
        return True

    async def _run(self, loop: Loop, host: str, answer: Callable[[str, str], None]) -> None:
        try:
            answer(*await addresses_of(loop, host))
        finally:
            self._tasks.pop(host, None)

    def stop(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()


class LinkTransport:
    """A link of the library, in a poller: one descriptor that never changes, and no Python for any byte."""

    def __init__(self, stream: Any, handle: Any, settings: LinkSettings) -> None:
        problem = Problem()
        link, poller = ffi.new("spectacles_link **"), ffi.new("spectacles_poller **")
        problem.check(lib.spectacles_link_new(link, stream, settings.struct, problem.struct))
        self._link = ffi.gc(link[0], lib.spectacles_link_free)
        problem.check(lib.spectacles_poller_new(poller, ffi.NULL, problem.struct))
        self._poller = ffi.gc(poller[0], lib.spectacles_poller_free)
        if lib.spectacles_poller_add(self._poller, self._link, 0) < 0:
            raise MemoryError
        self._handles = (handle, settings, self._link, self._poller)
        self._names = Names()
        self._loop: Optional[Loop] = None
        self._turn: Callable[[], None] = _nothing

    def start(self, loop: Loop, turn: Callable[[], None]) -> None:
        self._loop, self._turn = loop, turn
        loop.add_reader(lib.spectacles_poller_fd(self._poller), turn)

    def process(self, now: int) -> None:
        lib.spectacles_poller_process(self._poller, now)
        self._has_news()

    def _has_news(self) -> bool:
        """Whether the engine was given something, or a host name is wanted. A link tells of the name until it has the addresses."""
        if not lib.spectacles_poller_next_link(self._poller, ffi.NULL):
            return False
        host = lib.spectacles_link_wants_address(self._link)
        if host and self._loop:
            return self._names.look_up(self._loop, text(host), self._answer)
        return True

    def _answer(self, addresses: str, why: str) -> None:
        given = addresses.encode()
        if not given or lib.spectacles_link_set_address(self._link, given, len(given)) < 0:
            lib.spectacles_link_set_no_address(self._link, why.encode(), len(why.encode()))
        self._turn()

    def flush(self, now: int) -> bool:
        """A link that writes goes on reading as well, so that there may be more to pull."""
        lib.spectacles_poller_flush(self._poller, now)
        return self._has_news()

    def deadline(self) -> int:
        return int(lib.spectacles_poller_deadline(self._poller))

    @property
    def peer(self) -> str:
        """The numeric address of the connection that stands, or stood last."""
        return text(lib.spectacles_link_peer(self._link))

    def stop(self) -> None:
        loop, self._loop, self._turn = self._loop, None, _nothing
        if loop and not loop.is_closed():
            loop.remove_reader(lib.spectacles_poller_fd(self._poller))
            self._names.stop()


class _Connection(asyncio.Protocol):
    """One connection of asyncio's, for as long as its transport wants it."""

    def __init__(self, owner: AsyncioTransport, number: int) -> None:
        self.owner, self.number = owner, number
        self.transport: Optional[asyncio.Transport] = None
        self.writable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.owner.opened(self)

    def data_received(self, data: bytes) -> None:
        self.owner.received(self, data)

    def connection_lost(self, error: Optional[Exception]) -> None:
        self.owner.lost(self, error)

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = True
        self.owner.resume(self)


class AsyncioTransport:
    """asyncio's own sockets, TLS and resolver: for loops that have no descriptors to watch, and transports that replace them."""

    def __init__(self, stream: Any, handle: Any, settings: LinkSettings) -> None:
        self._handles = (handle, settings)
        self._stream, self._settings = stream, settings
        self._out = ffi.new("const uint8_t **")
        self._loop: Optional[Loop] = None
        self._turn: Callable[[], None] = _nothing
        self._number = 0
        self._task: Optional[asyncio.Task[None]] = None
        self._connection: Optional[_Connection] = None
        self._paused = False

    def start(self, loop: Loop, turn: Callable[[], None]) -> None:
        self._loop, self._turn = loop, turn

    def process(self, now: int) -> None:
        self._connect()
        if lib.spectacles_stream_deadline(self._stream) <= now:
            lib.spectacles_stream_expire(self._stream, now)

    def flush(self, now: int) -> bool:
        self._connect()
        self._write()
        self._pace()
        return False

    def deadline(self) -> int:
        return int(lib.spectacles_stream_deadline(self._stream))

    def stop(self) -> None:
        self._turn, loop, self._loop = _nothing, self._loop, None
        if loop and not loop.is_closed():
            self._hang_up()

    # ---- connections ----

    def _connect(self) -> None:
        """What the endpoint says: nothing, this connection, or another one."""
        endpoint = lib.spectacles_stream_endpoint(self._stream)
        if not endpoint:
            self._hang_up()
        elif endpoint.connection != self._number and self._loop:
            self._hang_up()
            self._number = endpoint.connection
            self._task = self._loop.create_task(self._open(self._loop, self._number, text(endpoint.host), endpoint.port, self._tls(endpoint),
                                                           text(endpoint.server_name) or None))

    def _tls(self, endpoint: Any) -> Optional[ssl.SSLContext]:
        if not endpoint.tls:
            return None
        context = ssl.create_default_context(cafile=text(endpoint.ca_file) or self._settings.ca_file)
        if endpoint.cert_file:
            context.load_cert_chain(text(endpoint.cert_file), text(endpoint.key_file))
        if self._settings.insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    async def _open(self, loop: Loop, number: int, host: str, port: int, tls: Optional[ssl.SSLContext], server_name: Optional[str]) -> None:
        made = _Connection(self, number)
        name = (server_name or host) if tls else None
        try:
            await loop.create_connection(lambda: made, host, port, ssl=tls, happy_eyeballs_delay=0.25, server_hostname=name)
        except ssl.SSLError as error:
            self._ended(number, lib.SPECTACLES_E_TLS, str(error))
        except OSError as error:
            self._ended(number, lib.SPECTACLES_E_UNREACHABLE, str(error))

    def opened(self, connection: _Connection) -> None:
        if connection.number == self._number and connection.transport:
            self._connection, self._paused = connection, False
            lib.spectacles_stream_opened(self._stream, lib.spectacles_now())
            self._turn()
        elif connection.transport:
            connection.transport.abort()

    def received(self, connection: _Connection, data: bytes) -> None:
        if connection is self._connection:
            if lib.spectacles_stream_feed(self._stream, data, len(data), lib.spectacles_now()) < 0:
                self._ended(connection.number, lib.SPECTACLES_E_NOMEM, "")
            self._turn()

    def lost(self, connection: _Connection, error: Optional[Exception]) -> None:
        if connection is self._connection:
            self._connection = None
            self._ended(connection.number, lib.SPECTACLES_E_CLOSED if error else 0, str(error or ""))

    def resume(self, connection: _Connection) -> None:
        if connection is self._connection:
            self._turn()

    def _ended(self, number: int, error: int, why: str) -> None:
        if number == self._number and self._loop:
            told = why.encode()
            lib.spectacles_stream_eof(self._stream, error, told, len(told), lib.spectacles_now())
            self._turn()

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection and connection.transport:
            connection.transport.close()
        if self._task and not self._task.done():
            self._task.cancel()
        self._task = None

    # ---- bytes ----

    def _write(self) -> None:
        connection = self._connection
        while connection and connection.transport and connection.writable:
            length = lib.spectacles_stream_pending(self._stream, self._out)
            if not length:
                return
            connection.transport.write(bytes(ffi.buffer(self._out[0], length)))
            lib.spectacles_stream_consumed(self._stream, length)

    def _pace(self) -> None:
        """An engine that is not pulled does not read."""
        connection = self._connection
        wanted = bool(lib.spectacles_stream_wants_input(self._stream))
        if connection and connection.transport and wanted == self._paused:
            self._paused = not wanted
            (connection.transport.pause_reading if self._paused else connection.transport.resume_reading)()


TRANSPORTS: dict[str, Callable[[Any, Any, LinkSettings], Transport]] = {"link": LinkTransport, "asyncio": AsyncioTransport}


def _nothing() -> None:
    """The turn of a transport that is not on a loop."""
