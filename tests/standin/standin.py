"""The stand-in itself: an HTTP and WebSocket server in a thread of its own, steered from the test's thread."""
from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Optional, Union
from urllib.parse import parse_qs, urlsplit

from support.patience import PATIENCE

from . import api
from .connection import Connection
from .encoding import COMPRESSIONS, ENCODINGS, Erlang, Wire
from .limits import Identifies, Members
from .payloads import Maker
from .plans import Plan, Plans
from .session import Received, Session
from .settings import Settings
from .sockets import Answer, listen, path_of

Events = Iterable[tuple[str, Any]]


# What is noted while it runs, and can be counted.
KINDS = {"closed", "connected", "crossed", "gateway_bot", "identify", "invalid_session", "planned", "rate_limited",
         "ready", "received", "resume_cut", "resumed", "violation", "wrong_shard"}


class Standin(Settings):
    def __init__(self, cert: Optional[Path] = None, key: Optional[Path] = None, port: int = 0, **settings: Any) -> None:
        """settings: see settings.py. Each is an attribute, and may be changed at any time."""
        super().__init__(**settings)
        self.port = port
        self.plans = Plans()
        self.identifies = Identifies(self)
        self.records: list[dict[str, Any]] = []
        self.connections: set[Connection] = set()
        self._erlang = Erlang()
        self._sessions: list[Session] = []
        self._changed = threading.Condition()
        self._cert = (cert, key)
        self._context: Optional[ssl.SSLContext] = None
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
            connection.abort()
        self._server.close()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.close()

    async def _listen(self) -> None:
        if self._cert[0]:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(self._cert[0], self._cert[1])
        self._server = await listen(self._serve, self._http, self.addresses, port=self.port, ssl=self._context, ping_interval=None,
                                    compression=None, max_size=1 << 20, close_timeout=2)
        self.port = self._server.sockets[0].getsockname()[1]

    def show_certificate(self, cert: Path, key: Path) -> None:
        """Another certificate, for the connections that begin from now on."""
        assert self._context
        self._context.load_cert_chain(cert, key)

    @property
    def url(self) -> str:
        return f"{'wss' if self._cert[0] else 'ws'}://{self.host}:{self.shown_port or self.port}"

    @property
    def api(self) -> str:
        """host:port, for DISCORD_API_HOST."""
        return f"{self.host}:{self.shown_port or self.port}"

    # ---- HTTP ----

    async def _http(self, path: str, headers: Any) -> Optional[Answer]:
        parts = urlsplit(path)
        if parts.path == "/":
            return await self._planned("upgrade") or self._check_upgrade(parse_qs(parts.query))
        if api.is_gateway_bot(parts.path):
            self.note("gateway_bot")
            planned = await self._planned("gateway_bot")
            if planned:
                return planned
        return api.answer(self, self.url, parts.path, headers.get("Authorization"))

    async def _planned(self, what: str) -> Optional[Answer]:
        plan = self.plans.take(what)
        if not plan:
            return None
        self.note("planned", what=what, answer=plan.answer)
        if plan.answer == "hang":
            await asyncio.sleep(plan.details.get("seconds", 3600))
        return api.refusal(plan)

    @staticmethod
    def _check_upgrade(query: dict[str, list[str]]) -> Optional[Answer]:
        if query.get("encoding", ["json"])[0] not in ENCODINGS or query.get("compress", [None])[0] not in COMPRESSIONS:
            return api.as_json(400, {"message": "there is no such encoding or compression"})
        return None

    async def _serve(self, socket: Any) -> None:
        path = path_of(socket)
        query = parse_qs(urlsplit(path).query)
        compression = query.get("compress", [None])[0] if self.knows_compression else None
        wire = Wire(self._erlang, query.get("encoding", ["json"])[0], compression, self.zstd_frames)
        version = query.get("v", [""])[0]
        connection = Connection(self, socket, wire, int(version) if version.isdecimal() else 0)
        self.connections.add(connection)
        self.note("connected", path=path, headers=connection.headers)
        if connection.version not in self.versions:
            await socket.close(4012, "Invalid API version.")
            return
        await connection.run()

    # ---- what connections ask (in the loop's thread) ----

    def note(self, kind: str, **what: Any) -> None:
        assert kind in KINDS, f"{kind} is not on the list of what can be counted"
        with self._changed:
            self.records.append({"kind": kind, "at": time.monotonic(), **what})
            self._changed.notify_all()

    def new_session(self, shard: int, count: int, intents: int) -> Session:
        session = Session(shard, count, intents=intents, members=Members(self))
        if self.session_id:
            session.session_id = self.session_id()
        return session

    def add_session(self, session: Session) -> None:
        with self._changed:
            self._sessions.append(session)

    def find_session(self, session_id: Any) -> Optional[Session]:
        return next((each for each in self._sessions if each.session_id == session_id), None)

    def ready(self, session: Session, version: int) -> dict[str, Any]:
        guilds = [{"id": str(each), "unavailable": True} for each in self.guilds(session.shard, session.count, 3)]
        return {"v": version, "user_settings": {}, "user": api.bot_user(self), "session_type": "normal",
                "session_id": session.session_id, "resume_gateway_url": self.resume_url or self.url, "relationships": [],
                "private_channels": [], "presences": [], "guild_join_requests": [], "geo_ordered_rtc_regions": [], "guilds": guilds,
                "shard": [session.shard, session.count], "application": {"id": "1", "flags": 0}, "_trace": ["stand-in"]}

    def guild_create(self, guild: str) -> str:
        """With what clients that keep guilds insist on: the bot as a member, a role for everyone, all settings."""
        maker = Maker(int(guild))
        made = maker.guild()
        everyone = {**maker.role(), "id": guild, "name": "@everyone", "tags": {}}
        settings = {"afk_timeout": 300, "afk_channel_id": None, "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0,
                    "system_channel_id": None, "rules_channel_id": None, "public_updates_channel_id": None, "safety_alerts_channel_id": None,
                    "description": None, "banner": None, "splash": None, "discovery_splash": None, "vanity_url_code": None, "application_id": None,
                    "premium_subscription_count": 0, "premium_progress_bar_enabled": False, "max_presences": None, "max_video_channel_users": 25,
                    "nsfw": False, "embedded_activities": []}
        channels = [{**each, "guild_id": guild, "permission_overwrites": [], "parent_id": None} for each in made["channels"]]
        members = [*made["members"], {**maker.member(user=False), "roles": [], "user": api.bot_user(self)}]
        whole = {**made, **settings, "id": guild, "channels": channels, "roles": [everyone], "members": members, "presences": [], "voice_states": []}
        return json.dumps({**whole, "emojis": [], "member_count": len(members), "owner_id": "1"}, separators=(",", ":"))

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

        self._do(lambda: self._append(self.session(shard), texts))

    @staticmethod
    def _append(session: Session, events: Events) -> None:
        for name, data in events:
            session.append(name, _text(data))
        session.wake()

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
                    session.wake()
            return done

        return list(self._do(run))

    def dispatch_repeated(self, shard: int, name: str, data: Any, times: int) -> None:
        """The same payload again and again: where the compression keeps its context it arrives in a few bytes."""
        self.dispatch_many(shard, [(name, data)] * times)

    def plan(self, what: str, answer: str, times: Optional[int] = 1, shard: Optional[int] = None, **details: Any) -> None:
        """The next so many times that `what` happens, this is the answer; times None: until unplan(). README.md has a table."""
        self.plans.add(Plan(what, answer, times, shard, details))

    def unplan(self, what: Optional[str] = None) -> None:
        self.plans.clear(what)

    def _with_connection(self, shard: int, what: Callable[[Connection], Any]) -> None:
        def run() -> None:
            connection = self.session(shard).connection
            if not connection:
                raise LookupError(f"shard {shard} is not connected")
            what(connection)

        self._do(run)

    def drop(self, shard: int, behind: Events = ()) -> None:
        """Cuts the TCP connection. Dispatches behind it come too late for it."""
        self._with_connection(shard, lambda each: (self._append(each.session, behind), each.cut()))

    def write_raw(self, shard: int, data: bytes) -> None:
        """Bytes that are no WebSocket frame, or one that `websockets` would not write. Sent as they are."""
        self._with_connection(shard, lambda each: each.socket.transport.write(data))

    def say(self, shard: int, text: str) -> None:
        """A payload of a test's own making, outside the session's sequence."""
        self._with_connection(shard, lambda each: each.say_raw(text))

    def close(self, shard: int, code: int, reason: str = "", behind: Events = ()) -> None:
        self._with_connection(shard, lambda each: (each.close_after(0, code, reason), self._append(each.session, behind)))

    def reconnect(self, shard: int, behind: Events = ()) -> None:
        """Op 7, and dispatches right behind it: they reach a client that is only taking the connection down."""
        self._with_connection(shard, lambda each: (each.reconnect(), self._append(each.session, behind)))

    def invalidate(self, shard: int, resumable: bool, behind: Events = ()) -> None:
        """Op 9. The connection has no session any more, whether the session lives on or not."""

        def run(connection: Connection) -> None:
            session = connection.session
            if not resumable:
                session.end()  # type: ignore[union-attr]
            connection.invalidate(resumable)
            self._append(session, behind)

        self._with_connection(shard, run)

    def brick(self, shard: int, seconds: float = 90.0) -> None:
        """Cuts the connection, and each RESUME of the session for so long. After that the session is gone."""

        def run() -> None:
            session = self.session(shard)
            session.bricked_until = time.monotonic() + seconds
            if session.connection:
                session.connection.cut()

        self._do(run)

    def lose(self, shard: int, tell: Optional[Callable[[Connection], Any]] = None) -> str:
        """The session is gone. Whoever is in it is told so, or hears of it when it resumes. Returns the session's id."""

        def run() -> str:
            session = self.session(shard)
            session.end()
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
                session.end()

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
        """How often it happened. A word that nothing ever is would count 0, and a test of it would hold whatever happens."""
        assert kind in KINDS, f"nothing is ever noted as {kind}"
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
