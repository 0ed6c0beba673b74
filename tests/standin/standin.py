"""The stand-in itself: an HTTP and WebSocket server in a thread of its own, steered from the test's thread."""
from __future__ import annotations

import asyncio
import contextlib
import http
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Optional, Union
from urllib.parse import parse_qs, urlsplit

import websockets
from support.patience import PATIENCE

from .connection import Connection
from .session import Received, Session
from .encoding import COMPRESSIONS, ENCODINGS, Erlang, Wire


class Standin:
    def __init__(self, token: str = "test.token", shards: int = 2, max_concurrency: int = 1,
                 heartbeat_interval: int = 41250, cert: Optional[Path] = None, key: Optional[Path] = None,
                 host: str = "localhost", identify_window: float = 5.0, port: int = 0) -> None:
        self.token = token
        self.shards = shards
        self.max_concurrency = max_concurrency
        self.heartbeat_interval = heartbeat_interval
        self.heartbeat_grace = 20.0  # beside the two that may be missing: it is us who may be slow to look
        self.enforces_heartbeats = True
        self.says_hello = True
        self.host = host
        self.port = port
        self.identify_window = identify_window
        self.identify_limit = {"total": 1000, "remaining": 1000, "reset_after": 14400000}
        self.disallowed_intents = 0
        self.sharding_required = 1
        self.resume_url: Optional[str] = None
        self.shown_port: Optional[int] = None  # a proxy's, when one stands in front
        self.session_expiry = 3600.0  # seconds that a session without a connection lives
        self.replay_limit = 1_000_000  # dispatches that a resume may ask for
        self.api_status: Optional[int] = None
        self.pieces = 1  # messages of a zlib-stream go out in so many WebSocket messages
        self.fragments = 1  # and messages in so many fragments
        self._erlang = Erlang()
        self.records: list[dict[str, Any]] = []
        self.connections: set[Connection] = set()
        self._sessions: list[Session] = []
        self._identified: dict[int, float] = {}
        self._changed = threading.Condition()
        self._cert = (cert, key)
        self._loop: asyncio.AbstractEventLoop
        self._thread: Optional[threading.Thread] = None
        self._server: Any = None

    # ---- life ----

    def start(self) -> Standin:
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        if not started.wait(10 * PATIENCE):
            raise RuntimeError("the stand-in did not start")
        return self

    def stop(self) -> None:
        if self._thread and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10 * PATIENCE)
        self._thread = None
        self._erlang.stop()

    def __enter__(self) -> Standin:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, started: threading.Event) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        started.set()
        self._loop.run_forever()
        for connection in list(self.connections):
            with contextlib.suppress(AttributeError):  # a transport whose TLS has just ended
                connection.socket.transport.abort()
        self._server.close()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.close()

    async def _listen(self) -> None:
        context = None
        if self._cert[0]:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._cert[0], self._cert[1])
        self._server = await websockets.serve(self._serve, "127.0.0.1", self.port, ssl=context, ping_interval=None,
                                              compression=None, max_size=1 << 20, process_request=self._http,
                                              close_timeout=2)
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"{'wss' if self._cert[0] else 'ws'}://{self.host}:{self.shown_port or self.port}"

    @property
    def api(self) -> str:
        """host:port, for DISCORD_API_HOST."""
        return f"{self.host}:{self.shown_port or self.port}"

    # ---- HTTP ----

    async def _http(self, path: str, headers: Any) -> Any:
        parts = urlsplit(path)
        if parts.path == "/":
            return self._check_upgrade(parse_qs(parts.query))
        if parts.path == "/api/v10/gateway":
            return _json(200, {"url": self.url})
        if parts.path != "/api/v10/gateway/bot":
            return _json(404, {"message": "404: Not Found", "code": 0})
        self.note("gateway_bot")
        if self.api_status:
            return _json(self.api_status, {"message": "as you wish"})
        if headers.get("Authorization") != f"Bot {self.token}":
            return _json(401, {"message": "401: Unauthorized", "code": 0})
        limit = {**self.identify_limit, "max_concurrency": self.max_concurrency}
        return _json(200, {"url": self.url, "shards": self.shards, "session_start_limit": limit})

    def _check_upgrade(self, query: dict[str, list[str]]) -> Any:
        if query.get("encoding", ["json"])[0] not in ENCODINGS or query.get("compress", [None])[0] not in COMPRESSIONS:
            return _json(400, {"message": "there is no such encoding or compression"})
        return None

    async def _serve(self, socket: Any, path: str = "/") -> None:
        query = parse_qs(urlsplit(socket.path).query)
        wire = Wire(self._erlang, query.get("encoding", ["json"])[0], query.get("compress", [None])[0])
        connection = Connection(self, socket, wire)
        self.connections.add(connection)
        self.note("connected", path=socket.path, headers=connection.headers)
        if parse_qs(urlsplit(socket.path).query).get("v") != ["10"]:
            await socket.close(4012, "Invalid API version.")
            return
        await connection.run()

    # ---- what connections ask (in the loop's thread) ----

    def note(self, kind: str, **what: Any) -> None:
        with self._changed:
            self.records.append({"kind": kind, **what})
            self._changed.notify_all()

    def may_identify(self, shard: int) -> bool:
        bucket = shard % self.max_concurrency
        now = time.monotonic()
        # Slack: our clock is not the client's, and the first of two may have waited for us longer than the second.
        fast = now - self._identified.get(bucket, -1e9) < self.identify_window * 0.6
        self._identified[bucket] = now
        self.identify_limit["remaining"] -= 1
        return not fast

    def add_session(self, session: Session) -> None:
        with self._changed:
            self._sessions.append(session)

    def find_session(self, session_id: Any) -> Optional[Session]:
        return next((each for each in self._sessions if each.session_id == session_id), None)

    def ready(self, session: Session) -> dict[str, Any]:
        guilds = [{"id": str(each), "unavailable": True} for each in self.guilds(session.shard, session.count, 3)]
        return {"v": 10, "user_settings": {}, "user": {"id": "1", "username": "stand-in", "bot": True},
                "session_type": "normal", "session_id": session.session_id,
                "resume_gateway_url": self.resume_url or self.url, "relationships": [], "private_channels": [],
                "guilds": guilds, "shard": [session.shard, session.count],
                "application": {"id": "1", "flags": 0}, "_trace": ["stand-in"]}

    @staticmethod
    def guilds(shard: int, count: int, how_many: int) -> list[int]:
        """Ids of guilds that belong to a shard."""
        return [((shard + count * (1000 + each)) << 22) + 7 for each in range(how_many)]

    # ---- steering (in the test's thread) ----

    def _do(self, what: Callable[[], Any]) -> Any:
        async def run() -> Any:
            return what()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10 * PATIENCE)

    def session(self, shard: int) -> Session:
        """The newest session of a shard."""
        found = [each for each in self._sessions if each.shard == shard]
        if not found:
            raise LookupError(f"shard {shard} has no session")
        return found[-1]

    @property
    def sessions(self) -> list[Session]:
        return list(self._sessions)

    def dispatch(self, shard: int, name: str, data: str | bytes | dict[str, Any]) -> None:
        self.dispatch_many(shard, [(name, data)])

    def dispatch_many(self, shard: int, events: Iterable[tuple[str, Any]]) -> None:
        """Raw JSON text (or an object) each. Kept for a resume when nobody is connected."""
        texts = [(name, _text(data)) for name, data in events]

        def run() -> None:
            session = self.session(shard)
            for name, text in texts:
                session.append(name, text)
            if session.connection:
                session.connection.wake.set()

        self._do(run)

    def dispatch_living(self, events: Iterable[tuple[int, Union[str, Callable[[], str]]]]) -> list[tuple[int, str]]:
        """MESSAGE_CREATE for each shard whose session lives, as Discord does it: returns shard and `session:sequence`."""
        given = list(events)

        def run() -> list[tuple[int, str]]:
            done = []
            for shard, text in given:
                session = self.session(shard)
                if session.alive:
                    session.append("MESSAGE_CREATE", text)
                    done.append((shard, f"{session.session_id}:{session.seq}"))
                    if session.connection:
                        session.connection.wake.set()
            return done

        return list(self._do(run))

    def _with_connection(self, shard: int, what: Callable[[Connection], Any]) -> None:
        def run() -> None:
            connection = self.session(shard).connection
            if not connection:
                raise LookupError(f"shard {shard} is not connected")
            what(connection)

        self._do(run)

    def drop(self, shard: int) -> None:
        """Cuts the TCP connection."""
        self._with_connection(shard, lambda each: each.socket.transport.abort())

    def close(self, shard: int, code: int, reason: str = "") -> None:
        self._with_connection(shard, lambda each: asyncio.ensure_future(each.socket.close(code, reason)))

    def reconnect(self, shard: int) -> None:
        self._with_connection(shard, lambda each: each.say(7, None))

    def invalidate(self, shard: int, resumable: bool) -> None:
        def run(connection: Connection) -> None:
            if not resumable:
                connection.session.alive = False  # type: ignore[union-attr]
            connection.say(9, resumable)

        self._with_connection(shard, run)

    def lose(self, shard: int, tell: Optional[Callable[[Connection], Any]] = None) -> str:
        """The session is gone. Whoever is in it is told so, or hears of it when it resumes. Returns the session's id."""

        def run() -> str:
            session = self.session(shard)
            session.alive = False
            if tell and session.connection:
                tell(session.connection)
            return session.session_id

        return self._do(run)

    def request_heartbeat(self, shard: int) -> None:
        self._with_connection(shard, lambda each: each.say(1, None))

    def mute(self, shard: int, acks: bool = False, reads: bool = True) -> None:
        """Stops acknowledging heartbeats, or stops reading."""

        def run(connection: Connection) -> None:
            connection.acks = acks
            connection.reads = reads

        self._with_connection(shard, run)

    def expire_sessions(self) -> None:
        def run() -> None:
            for session in self._sessions:
                session.alive = False

        self._do(run)

    # ---- looking (in the test's thread) ----

    def wait_for(self, predicate: Callable[[], Any], timeout: float = 30.0, what: str = "") -> Any:
        """Waits until something that was noted makes it true."""
        end = time.monotonic() + timeout * PATIENCE
        with self._changed:
            while not (value := predicate()):
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"the stand-in waited in vain {what}; last: {self.records[-5:]}")
                self._changed.wait(min(left, 0.25))
            return value

    def wait_ready(self, *shards: int, timeout: float = 30.0) -> None:
        def ready() -> bool:
            connected = {each.shard for each in self._sessions if each.connection and each.alive}
            return set(shards) <= connected

        self.wait_for(ready, timeout, f"for shards {shards} to be ready")

    def count(self, kind: str, **what: Any) -> int:
        with self._changed:
            return sum(1 for each in self.records
                       if each["kind"] == kind and all(each.get(key) == value for key, value in what.items()))

    @property
    def violations(self) -> list[dict[str, Any]]:
        with self._changed:
            return [each for each in self.records if each["kind"] == "violation"]

    def received(self, shard: int, op: int) -> list[Received]:
        return [each for session in self._sessions if session.shard == shard
                for each in session.received if each.op == op]


def _text(data: Any) -> str:
    if isinstance(data, bytes):
        return data.decode()
    return data if isinstance(data, str) else json.dumps(data)


def _json(status: int, body: Any) -> Any:
    return http.HTTPStatus(status), [("Content-Type", "application/json")], json.dumps(body).encode()
