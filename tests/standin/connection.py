"""One WebSocket connection of the stand-in: strict about what Discord is strict about."""
from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import websockets

from .session import Received, Session
from .encoding import FLUSHED, Undecodable, Wire

if TYPE_CHECKING:
    from .standin import Standin

MAX_PAYLOAD = 4096
SEND_LIMIT = 120
SEND_PERIOD = 60.0
KNOWN_INTENTS = 0x331FFFF
OPS_IN_SESSION = {1, 3, 4, 8, 31, 43}


class Violation(Exception):
    """The client broke a rule: the connection is closed with a code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Connection:
    def __init__(self, standin: Standin, socket: Any, wire: Wire) -> None:
        self.standin = standin
        self.socket = socket
        self.wire = wire
        self.session: Session | None = None
        self.cursor = 0  # dispatches of the session that have been sent
        self.control: deque[str] = deque()
        self.wake = asyncio.Event()
        self.sent_at: deque[float] = deque()
        self.heartbeats: list[Any] = []
        self.last_heartbeat = time.monotonic()
        self.acks = True
        self.reads = True
        self.headers = dict(socket.request_headers)

    # ---- life ----

    async def run(self) -> None:
        tasks = [asyncio.ensure_future(self.write()), asyncio.ensure_future(self.watch())]
        try:
            if self.standin.says_hello:
                self.say(10, {"heartbeat_interval": self.standin.heartbeat_interval, "_trace": ["stand-in"]})
            while True:
                while not self.reads:
                    await asyncio.sleep(0.01)
                await self.on_message(await self.socket.recv())
        except Violation as violation:
            self.standin.note("violation", code=violation.code, reason=violation.reason)
            await self.socket.close(violation.code, violation.reason)
        except websockets.ConnectionClosed as closed:
            self.on_closed(closed)
        finally:
            for task in tasks:
                task.cancel()
            if self.session and self.session.connection is self:
                self.session.connection = None
                self.session.left_at = time.monotonic()
            self.standin.connections.discard(self)
            self.standin.note("closed", shard=self.session.shard if self.session else None,
                              code=self.socket.close_code)

    def on_closed(self, closed: websockets.ConnectionClosed) -> None:
        """1000 and 1001 from the client end the session; anything else keeps it."""
        if self.session and closed.rcvd and closed.rcvd_then_sent is not False and closed.rcvd.code in (1000, 1001):
            self.session.alive = False
            self.session.ended_by = "client"

    async def watch(self) -> None:
        """A client that misses two heartbeats is dead."""
        limit = self.standin.heartbeat_interval / 1000 * 2 + self.standin.heartbeat_grace
        while self.standin.enforces_heartbeats:
            await asyncio.sleep(limit / 4)
            if time.monotonic() - self.last_heartbeat > limit and self.reads:
                self.standin.note("violation", code=4009, reason="missed heartbeats")
                if self.session:
                    self.session.alive = False
                    self.session.ended_by = "heartbeats"
                await self.socket.close(4009, "Session timed out.")
                return

    # ---- writing ----

    def say(self, op: int, d: Any) -> None:
        self.control.append(json.dumps({"t": None, "s": None, "op": op, "d": d}, separators=(",", ":")))
        self.wake.set()

    async def send(self, text: str) -> None:
        """One payload: in several messages, or several fragments, where the test wants that."""
        message = self.wire.pack(text)
        pieces = split_flushed(message, self.standin.pieces) if self.wire.compression == "zlib-stream" else [message]
        for piece in pieces:
            if self.standin.fragments > 1:
                await self.socket.send(self.in_fragments(split(piece, self.standin.fragments)))
            else:
                await self.socket.send(piece)

    async def in_fragments(self, parts: list[Any]) -> Any:
        """A ping stands between fragments, as RFC 6455 allows."""
        for number, part in enumerate(parts):
            if number == 1:
                await self.socket.ping()
            yield part

    async def write(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            while self.control:
                await self.send(self.control.popleft())
            while self.session and self.cursor < len(self.session.log):
                self.cursor += 1
                await self.send(self.session.envelope(self.cursor))
                if self.control:
                    self.wake.set()
                    break

    # ---- reading ----

    async def on_message(self, message: str | bytes) -> None:
        self.count_payload()
        if len(message.encode() if isinstance(message, str) else message) > MAX_PAYLOAD:
            raise Violation(4002, "Decode error: over 4096 bytes.")
        try:
            raw = self.wire.unpack(message)
            payload = json.loads(raw)
        except (ValueError, RecursionError, Undecodable) as error:
            raise Violation(4002, f"Decode error: {error}"[:120]) from error
        if not isinstance(payload, dict) or not isinstance(payload.get("op"), int) or "d" not in payload:
            raise Violation(4002, "Decode error: not a payload.")
        op = payload["op"]
        if self.session:
            self.session.received.append(Received(op, raw, payload))
        self.standin.note("received", op=op, shard=self.session.shard if self.session else None, raw=raw)
        await self.on_payload(op, payload["d"])

    def count_payload(self) -> None:
        now = time.monotonic()
        self.sent_at.append(now)
        while now - self.sent_at[0] > SEND_PERIOD:
            self.sent_at.popleft()
        if len(self.sent_at) > SEND_LIMIT:
            raise Violation(4008, "Rate limited.")

    async def on_payload(self, op: int, d: Any) -> None:
        if op == 1:
            self.on_heartbeat(d)
        elif op == 2:
            await self.on_identify(d)
        elif op == 6:
            self.on_resume(d)
        elif op not in OPS_IN_SESSION:
            raise Violation(4001, "Unknown opcode.")
        elif not self.session:
            raise Violation(4003, "Not authenticated.")
        else:
            self.on_command(self.session, op, d)

    def on_heartbeat(self, d: Any) -> None:
        if d is not None and not isinstance(d, int):
            raise Violation(4002, "Decode error: heartbeat.")
        self.last_heartbeat = time.monotonic()
        self.heartbeats.append(d)
        if self.acks:
            self.say(11, None)

    # ---- sessions ----

    async def on_identify(self, d: Any) -> None:
        if self.session:
            raise Violation(4005, "Already authenticated.")
        shard, count, intents = self.check_identify(d)
        if not self.standin.may_identify(shard):
            self.standin.note("violation", code=9, reason="identified too fast")
            self.say(9, False)
            return
        if d.get("compress"):
            if self.wire.compression or self.wire.encoding != "json":
                raise Violation(4002, "Decode error: payload compression is for JSON without transport compression.")
            self.wire.compresses_payloads = True
        session = Session(shard, count, intents=intents)
        self.standin.add_session(session)
        self.attach(session, 0)
        session.append("READY", json.dumps(self.standin.ready(session), separators=(",", ":")))
        self.standin.note("ready", shard=shard, session=session.session_id)
        self.wake.set()

    def check_identify(self, d: Any) -> tuple[int, int, int]:
        if not isinstance(d, dict) or not isinstance(d.get("properties"), dict) or "intents" not in d:
            raise Violation(4002, "Decode error: identify.")
        if d.get("token") != self.standin.token:
            raise Violation(4004, "Authentication failed.")
        shard = d.get("shard", [0, 1])
        if not (isinstance(shard, list) and len(shard) == 2 and 0 <= shard[0] < shard[1]):
            raise Violation(4010, "Invalid shard.")
        intents = d["intents"]
        if not isinstance(intents, int) or intents < 0 or intents & ~KNOWN_INTENTS:
            raise Violation(4013, "Invalid intent(s).")
        if intents & self.standin.disallowed_intents:
            raise Violation(4014, "Disallowed intent(s).")
        if not 50 <= d.get("large_threshold", 50) <= 250:
            raise Violation(4002, "Decode error: large_threshold.")
        if self.standin.sharding_required > shard[1]:
            raise Violation(4011, "Sharding required.")
        return shard[0], shard[1], intents

    def on_resume(self, d: Any) -> None:
        if self.session:
            raise Violation(4005, "Already authenticated.")
        if not isinstance(d, dict) or not isinstance(d.get("seq"), int):
            raise Violation(4002, "Decode error: resume.")
        if d.get("token") != self.standin.token:
            raise Violation(4004, "Authentication failed.")
        session = self.standin.find_session(d.get("session_id"))
        if session and session.alive and self.has_expired(session, d["seq"]):
            session.alive = False
            session.ended_by = "expiry"
        if not session or not session.alive:
            self.standin.note("invalid_session", session=d.get("session_id"))
            self.say(9, False)
            return
        if d["seq"] > session.seq or d["seq"] < 0:
            raise Violation(4007, "Invalid seq.")
        self.attach(session, d["seq"])
        session.append("RESUMED", '{"_trace":["stand-in"]}')
        self.standin.note("resumed", shard=session.shard, seq=d["seq"])
        self.wake.set()

    def has_expired(self, session: Session, seq: int) -> bool:
        away = time.monotonic() - session.left_at if session.left_at and not session.connection else 0
        return away > self.standin.session_expiry or session.seq - seq > self.standin.replay_limit

    def attach(self, session: Session, seq: int) -> None:
        if session.connection and session.connection is not self:
            session.connection.session = None
            asyncio.ensure_future(session.connection.socket.close(4000, "Replaced."))
        self.session = session
        self.cursor = seq
        session.connection = self

    # ---- commands ----

    def on_command(self, session: Session, op: int, d: Any) -> None:
        if not isinstance(d, dict):
            raise Violation(4002, "Decode error: d.")
        if op == 8:
            self.on_request_members(session, d)
        elif op == 4:
            state = {"guild_id": d.get("guild_id"), "channel_id": d.get("channel_id"), "user_id": "1",
                     "session_id": session.session_id, "deaf": False, "mute": False,
                     "self_deaf": bool(d.get("self_deaf")), "self_mute": bool(d.get("self_mute"))}
            session.append("VOICE_STATE_UPDATE", json.dumps(state))
        elif op == 31:
            for guild in d.get("guild_ids", []):
                session.append("SOUNDBOARD_SOUNDS", json.dumps({"guild_id": guild, "soundboard_sounds": []}))
        elif op == 43:
            session.append("CHANNEL_INFO", json.dumps({"guild_id": d.get("guild_id"), "channels": []}))
        self.wake.set()

    def on_request_members(self, session: Session, d: dict[str, Any]) -> None:
        ids = [d.get("guild_id"), *as_list(d.get("user_ids"))]
        if not all(is_snowflake(each) for each in ids):
            self.standin.note("violation", code=9, reason="ids of op 8 are not numeric")
            session.alive = False
            self.say(9, False)
            return
        guild = int(d["guild_id"])
        if (guild >> 22) % session.count != session.shard:
            self.standin.note("wrong_shard", guild=guild, shard=session.shard)
            return
        nonce = d.get("nonce")
        chunk = {"guild_id": str(guild), "members": [{"user": {"id": "1", "username": "Nelly"}, "roles": []}],
                 "chunk_index": 0, "chunk_count": 1}
        if nonce is not None and len(str(nonce).encode()) <= 32:
            chunk["nonce"] = nonce
        session.append("GUILD_MEMBERS_CHUNK", json.dumps(chunk))


def split(message: Any, count: int) -> list[Any]:
    """In so many parts, none of them empty."""
    step = max(1, -(-len(message) // max(1, count)))
    return [message[at:at + step] for at in range(0, len(message), step)] or [message]


def split_flushed(data: bytes, count: int) -> list[bytes]:
    """The same for zlib-stream: the last part has the flush's mark whole, and what comes before it never ends like a message."""
    places = {min(len(data) * each // count, len(data) - len(FLUSHED)) for each in range(1, count)}
    inside = sorted(each for each in places if each > 0 and not data.endswith(FLUSHED, 0, each))
    return [data[start:stop] for start, stop in zip([0, *inside], [*inside, len(data)])]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def is_snowflake(value: Any) -> bool:
    return (isinstance(value, int) and value > 0) or (isinstance(value, str) and value.isdecimal())
