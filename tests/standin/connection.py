"""One WebSocket connection of the stand-in: strict about what Discord is strict about."""
from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Optional

import websockets

from .encoding import FLUSHED, Undecodable, Wire
from .limits import Sending
from .plans import Plan
from .rules import (MAX_PAYLOAD, OPS_IN_SESSION, Violation, as_list, check_command, check_identify, check_resume, decode_error, is_int,
                    is_snowflake, nonce_of, same_token)
from .session import Received, Session
from .sockets import headers_of

if TYPE_CHECKING:
    from .standin import Standin

GUILDS_INTENT = 0
CROSSING = 5.0  # seconds that a command may be on its way towards an op 9: Discord closes with 4003, and it is nobody's fault


class Connection:
    def __init__(self, standin: Standin, socket: Any, wire: Wire, version: int) -> None:
        self.standin = standin
        self.socket = socket
        self.wire = wire
        self.version = version
        self.session: Optional[Session] = None
        self.shard: Optional[int] = None  # of the session that it had last
        self.identifying = False  # an IDENTIFY waits for its answer
        self.cursor = 0  # dispatches of the session that have been sent
        self.cut_at: float = math.inf  # the connection is cut when the cursor is there
        self.resumed_at = 0  # the sequence of this connection's own RESUMED
        self.control: deque[str] = deque()
        self.wake = asyncio.Event()
        self.sending = Sending(standin)
        self.heartbeats: list[Any] = []
        self.last_heartbeat = time.monotonic()
        self.last_ping = -1e9
        self.invalidated_at = -1e9
        self.acks = True
        self.reads = True
        self.closing = False  # dispatches do not go out any more
        self.tasks: set[Any] = set()
        self.headers = headers_of(socket)
        self.client = (socket.remote_address or [""])[0]

    # ---- life ----

    async def run(self) -> None:
        self.later(0, self.write)
        self.later(0, self.watch)
        try:
            await self.greet()
            while True:
                while not self.reads:
                    await asyncio.sleep(0.01)
                await self.on_message(await self.socket.recv())
        except Violation as violation:
            crossed = violation.code == 4003 and time.monotonic() - self.invalidated_at < CROSSING
            self.standin.note("crossed" if crossed else "violation", code=violation.code, reason=violation.reason)
            await self.write_control()
            await self.socket.close(violation.code, violation.reason)
        except websockets.ConnectionClosed as closed:
            self.on_closed(closed)
        finally:
            for task in list(self.tasks):
                task.cancel()
            self.detach()
            self.standin.connections.discard(self)
            self.standin.note("closed", shard=self.shard, code=self.socket.close_code)

    def later(self, seconds: float, what: Callable[[], Awaitable[Any]]) -> None:
        """Does it after so long, unless the connection has ended."""

        async def run() -> None:
            if seconds > 0:
                await asyncio.sleep(seconds)
            with contextlib.suppress(websockets.ConnectionClosed):
                await what()

        task = asyncio.ensure_future(run())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def on_closed(self, closed: websockets.ConnectionClosed) -> None:
        """1000 and 1001 from the client end the session; anything else keeps it."""
        if self.session and closed.rcvd and closed.rcvd_then_sent is not False and closed.rcvd.code in (1000, 1001):
            self.session.end("client")

    def close_after(self, seconds: Optional[float], code: Optional[int] = None, reason: str = "") -> None:
        if seconds is not None:
            self.closing = self.closing or seconds == 0
            self.later(seconds, lambda: self.socket.close(code or self.standin.closing_code, reason))

    def cut(self, flush: bool = False) -> None:
        """Ends TCP without a close frame; what was written before still arrives when it is flushed."""
        if flush and self.socket.transport:
            self.socket.transport.close()
        else:
            self.abort()

    def abort(self) -> None:
        """Ends TCP at once. Python 3.11 cannot do it when TLS has just been closed from both sides: then TCP ends by itself."""
        with contextlib.suppress(AttributeError):
            self.socket.transport.abort()

    async def watch(self) -> None:
        """Asks for a heartbeat that is late. A client that misses two is dead."""
        interval = self.standin.heartbeat_interval / 1000
        asked_at = self.last_heartbeat
        while True:
            limit = interval * 2 + self.standin.heartbeat_grace
            await asyncio.sleep(min(limit, interval) / 4)
            late = time.monotonic() - self.last_heartbeat if self.reads else 0.0
            if self.standin.asks_for_late_heartbeats and late > interval * 1.25 and asked_at != self.last_heartbeat:
                asked_at = self.last_heartbeat
                self.say(1, None)
            if self.standin.enforces_heartbeats and late > limit:
                await self.time_out()
                return

    async def time_out(self) -> None:
        self.standin.note("violation", code=4009, reason="missed heartbeats")
        if self.session and self.standin.timeout_ends_session and not self.session.has_others(self):
            self.session.end("heartbeats")
        await self.socket.close(4009, "Session timed out.")

    # ---- what a test planned ----

    async def greet(self) -> None:
        plan = self.standin.plans.take("hello")
        if plan and await self.carry_out(plan):
            return
        if self.standin.says_hello:
            self.say(10, {"heartbeat_interval": self.standin.heartbeat_interval, "_trace": ["stand-in"]})

    async def carry_out(self, plan: Plan) -> bool:
        """True: that is the whole answer."""
        self.standin.note("planned", what=plan.what, answer=plan.answer)
        if plan.answer.startswith("reconnect"):
            self.reconnect()
        elif plan.answer == "invalid":
            self.invalidate(plan.details.get("resumable", False))
        elif plan.answer == "cut":
            self.cut()
        elif plan.answer == "close":
            await self.socket.close(plan.details.get("code", 4000), plan.details.get("reason", ""))
        return plan.answer != "reconnect_first"

    # ---- writing ----

    def say(self, op: int, d: Any) -> None:
        self.say_raw(json.dumps({"t": None, "s": None, "op": op, "d": d}, separators=(",", ":")))

    def say_raw(self, text: str) -> None:
        self.control.append(text)
        self.wake.set()

    def reconnect(self) -> None:
        self.say(7, None)
        self.close_after(self.standin.reconnect_closes)

    def invalidate(self, resumable: bool) -> None:
        """Op 9. The connection stays, without a session: the client may identify or resume on it, and may send nothing else."""
        self.detach()
        self.invalidated_at = time.monotonic()
        self.say(9, resumable)
        self.close_after(self.standin.invalid_closes)

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
        """Now and then a ping stands between fragments, as RFC 6455 allows. Some clients give up on hundreds of them at once."""
        for number, part in enumerate(parts):
            if number == 1 and time.monotonic() - self.last_ping >= self.standin.ping_gap:
                self.last_ping = time.monotonic()
                await self.socket.ping()
            yield part

    async def write(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            await self.write_control()
            while self.session and not self.closing and self.cursor < min(len(self.session.log), self.cut_at):
                await self.dispatch(self.session)
                if self.control:
                    self.wake.set()
                    break
            if self.cursor >= self.cut_at:
                self.cut(flush=True)
                return

    async def write_control(self) -> None:
        while self.control:
            await self.send(self.control.popleft())

    async def dispatch(self, session: Session) -> None:
        """A RESUMED is said once, to the connection that resumed: later resumes pass over it."""
        self.cursor += 1
        if session.names[self.cursor - 1] != "RESUMED" or self.cursor == self.resumed_at:
            await self.send(session.envelope(self.cursor))

    # ---- reading ----

    async def on_message(self, message: str | bytes) -> None:
        if not self.sending.allows(time.monotonic()):
            raise Violation(4008, "Rate limited.")
        if len(message.encode() if isinstance(message, str) else message) > MAX_PAYLOAD:
            raise decode_error("over 4096 bytes.")
        try:
            raw = self.wire.unpack(message)
            payload = json.loads(raw)
        except (ValueError, RecursionError, Undecodable) as error:
            raise decode_error(str(error)) from error
        if not isinstance(payload, dict) or not is_int(payload.get("op")) or "d" not in payload:
            raise decode_error("not a payload.")
        op = payload["op"]
        if self.session:
            self.session.received.append(Received(op, raw, payload))
        self.standin.note("received", op=op, shard=self.session.shard if self.session else None, raw=raw)
        await self.on_payload(op, payload["d"])

    async def on_payload(self, op: int, d: Any) -> None:
        if op == 1:
            self.on_heartbeat(d)
        elif op == 2:
            await self.on_identify(d)
        elif op == 6:
            await self.on_resume(d)
        elif op not in OPS_IN_SESSION:
            raise Violation(4001, "Unknown opcode.")
        elif not self.session:
            raise Violation(4003, "Not authenticated.")
        else:
            check_command(self.standin, op, d)
            self.on_command(self.session, op, d)

    def on_heartbeat(self, d: Any) -> None:
        if d is not None and not is_int(d):
            raise decode_error("heartbeat.")
        self.last_heartbeat = time.monotonic()
        self.heartbeats.append(d)
        if self.acks:
            self.say(11, None)

    # ---- sessions ----

    def check_unauthenticated(self) -> None:
        if self.session or self.identifying:
            raise Violation(4005, "Already authenticated.")

    async def on_identify(self, d: Any) -> None:
        self.check_unauthenticated()
        shard, count, intents = check_identify(self.standin, d)
        plan = self.standin.plans.take("identify", shard)
        allowed = plan is not None or self.standin.identifies.allows(shard, time.monotonic())
        self.standin.note("identify", shard=shard, count=count, client=self.client, remaining=self.standin.identify_limit["remaining"])
        if plan:
            self.identifying = plan.answer == "silence"
            await self.carry_out(plan)
        elif not allowed:
            self.standin.note("violation", code=9, reason="identified too fast")
            self.identifying = True
            self.later(self.standin.identify_refusal, self.refuse_identify)
        else:
            self.compress_payloads(d)
            session = self.standin.new_session(shard, count, intents)
            session.client = self.client
            session.presence = d.get("presence")
            self.begin(session)

    async def refuse_identify(self) -> None:
        self.identifying = False
        self.invalidate(False)

    def compress_payloads(self, d: dict[str, Any]) -> None:
        """With transport compression Discord ignores `compress` in IDENTIFY (discord.py always sends both)."""
        if not d.get("compress") or self.wire.compression:
            return
        if self.wire.encoding == "etf" and self.standin.etf_compress == "refused":
            raise decode_error("payload compression is for JSON.")
        self.wire.compresses_payloads = self.wire.encoding == "json" or self.standin.etf_compress == "compressed"

    def begin(self, session: Session) -> None:
        self.standin.add_session(session)
        self.attach(session, 0)
        ready = self.standin.ready(session, self.version)
        session.append("READY", json.dumps(ready, separators=(",", ":")))
        if self.standin.sends_guilds and session.has_intent(GUILDS_INTENT):
            for guild in ready["guilds"]:
                session.append("GUILD_CREATE", self.standin.guild_create(guild["id"]))
        self.standin.note("ready", shard=session.shard, session=session.session_id)
        self.wake.set()

    async def on_resume(self, d: Any) -> None:
        self.check_unauthenticated()
        check_resume(d)
        session = self.standin.find_session(d["session_id"])
        if not same_token(self.standin, d.get("token")) or not session or not self.still_lives(session, d["seq"]):
            self.standin.note("invalid_session", session=d["session_id"])
            self.invalidate(False)
            return
        if session.bricked_until is not None:
            self.standin.note("resume_cut", shard=session.shard, seq=d["seq"])
            self.cut()
            return
        plan = self.standin.plans.take("resume", session.shard)
        if plan and plan.answer != "drop" and not (plan.answer == "cut" and plan.details.get("after")):
            await self.carry_out(plan)
            return
        self.resume(session, d["seq"], plan)

    def still_lives(self, session: Session, seq: int) -> bool:
        """Also ends it, when its time is over. A sequence that Discord cannot serve is answered by 4007."""
        now = time.monotonic()
        away = now - session.left_at if session.left_at and not session.connection else 0.0
        over = away > self.standin.session_expiry or (session.bricked_until is not None and now > session.bricked_until)
        too_old = session.seq - seq > self.standin.replay_limit
        was_alive = session.alive
        if was_alive and (over or too_old):
            session.end("expiry")
        if was_alive and not over and ((too_old and self.standin.too_old == "close") or not 0 <= seq <= session.seq):
            raise Violation(4007, "Invalid seq.")
        return session.alive

    def resume(self, session: Session, seq: int, plan: Optional[Plan]) -> None:
        """
        With the plan "cut", the connection is cut after so many dispatches: further than the last time, and yet not to the end.
        With the plan "drop", it is cut right behind RESUMED.
        """
        self.attach(session, seq)
        if plan and plan.answer == "cut":
            self.cut_at = min(seq + plan.details["after"], session.seq)
            self.standin.note("resume_cut", shard=session.shard, seq=seq)
        else:
            session.append("RESUMED", '{"_trace":["stand-in"]}')
            self.resumed_at = session.seq
            self.cut_at = session.seq if plan else math.inf
            self.standin.note("resumed", shard=session.shard, seq=seq, session=session.session_id, client=self.client)
        self.wake.set()

    def attach(self, session: Session, seq: int) -> None:
        before = session.attach(self)
        if before and self.standin.replaced == "closed":
            before.detach()
            asyncio.ensure_future(before.socket.close(self.standin.replaced_code, "Replaced."))
        self.session = session
        self.shard = session.shard
        self.cursor = seq
        self.cut_at = math.inf

    def detach(self) -> None:
        if self.session:
            self.session.detach(self)
        self.session = None

    # ---- commands ----

    def on_command(self, session: Session, op: int, d: dict[str, Any]) -> None:
        if op == 8:
            self.on_request_members(session, d)
        elif op == 4:
            state = {"guild_id": d.get("guild_id"), "channel_id": d.get("channel_id"), "user_id": "1",
                     "session_id": session.session_id, "deaf": False, "mute": False,
                     "self_deaf": bool(d.get("self_deaf")), "self_mute": bool(d.get("self_mute"))}
            session.append("VOICE_STATE_UPDATE", json.dumps(state))
        elif op == 31:
            for guild in d["guild_ids"]:
                session.append("SOUNDBOARD_SOUNDS", json.dumps({"guild_id": guild, "soundboard_sounds": []}))
        elif op == 43:
            session.append("CHANNEL_INFO", json.dumps({"guild_id": d.get("guild_id"), "channels": []}))
        session.wake()

    def on_request_members(self, session: Session, d: dict[str, Any]) -> None:
        ids = [d.get("guild_id"), *as_list(d.get("user_ids"))]
        if not all(is_snowflake(each) for each in ids):
            self.standin.note("violation", code=9, reason="ids of op 8 are not numeric")
            session.end()
            self.invalidate(False)
            return
        guild = int(d["guild_id"])
        if (guild >> 22) % session.count != session.shard:
            self.standin.note("wrong_shard", guild=guild, shard=session.shard)
            return
        wait = session.members.wait(d, time.monotonic())
        if wait:
            self.standin.note("rate_limited", guild=guild, shard=session.shard)
            meta = {"guild_id": str(guild), **nonce_of(d)}
            session.append("RATE_LIMITED", json.dumps({"opcode": 8, "retry_after": round(wait, 3), "meta": meta}))
            return
        chunk = {"guild_id": str(guild), "members": [{"user": {"id": "1", "username": "Nelly"}, "roles": []}],
                 "chunk_index": 0, "chunk_count": 1, **nonce_of(d)}
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
