"""One connection to Discord's gateway."""
from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Any, Optional, Union

from ._engine import Engine
from ._errors import FatalError, Problem, StateError, Texts, check, text
from ._spectacles import ffi, lib
from ._transport import TRANSPORTS, LinkSettings
from ._values import COMPRESSIONS, FORMATS, Body, Event, Intents, Session, counters, encoded, number_of

log = logging.getLogger("spectacles")
GATEWAY_URL = "wss://gateway.discord.gg"
DISPATCH = lib.SPECTACLES_SHARD_EVENT_DISPATCH


def shard_config(texts: Texts, token: str, url: str, intents: int, shard_id: int, shard_count: int, format: str, compression: Optional[str],
                 presence: Optional[Body], session: Optional[Session], flags: int) -> Any:
    """A spectacles_shard_config; `texts` keeps what it points to."""
    config = ffi.new("spectacles_shard_config *")
    lib.spectacles_shard_config_init(config, ffi.sizeof("spectacles_shard_config"))
    config.token, config.gateway_url = texts.text(token), texts.text(url)
    config.intents, config.seed, config.flags = int(intents), lib.spectacles_random_seed(), flags
    config.shard_id, config.shard_count = shard_id, shard_count
    config.format = number_of(format, FORMATS)
    if compression is not None:
        config.compression = number_of(compression, COMPRESSIONS)
    if presence is not None:
        config.presence = texts.text(encoded(presence).decode())
    if session is not None:
        config.session = texts.keep(session_struct(texts, session))
    return config


def session_struct(texts: Texts, session: Session) -> Any:
    struct = ffi.new("spectacles_session *")
    lib.spectacles_session_init(struct, ffi.sizeof("spectacles_session"))
    struct.shard_id, struct.shard_count, struct.seq, struct.format = session.shard_id, session.shard_count, session.seq, session.format
    struct.session_id, struct.resume_url = texts.text(session.session_id), texts.text(session.resume_url)
    return struct


def session_of(struct: Any) -> Session:
    return Session(text(struct.session_id), struct.seq, text(struct.resume_url), struct.shard_id, struct.shard_count, struct.format)


class Shard(Engine):
    """
    A shard. It connects when it is entered or iterated, and connects again and resumes by itself:

        async with Shard(token, intents=Intents.GUILDS) as shard:
            async for event in shard:
                print(event.name, event.json())

    With commits=True the owner says by commit() which events are safe: after a loss Discord replays the others. Losses and other
    happenings go to the logger "spectacles". FatalError: Discord will never accept the settings.
    """

    def __init__(self, token: str, *, url: str = GATEWAY_URL, intents: Union[Intents, int] = Intents.NONE, shard_id: int = 0, shard_count: int = 1,
                 format: str = "json", compression: Optional[str] = None, presence: Optional[Body] = None, session: Optional[Session] = None,
                 commits: bool = False, identifies: bool = True, transport: str = "link", ca_file: Optional[str] = None,
                 proxy: Optional[str] = None) -> None:
        """identifies=False: the owner calls identify() when state is IDENTIFY_WAIT, because several processes share the limit."""
        texts, problem = Texts(), Problem()
        flags = lib.SPECTACLES_SHARD_COMMITS if commits else 0
        config = shard_config(texts, token, url, intents, shard_id, shard_count, format, compression, presence, session, flags)
        out = ffi.new("spectacles_shard **")
        problem.check(lib.spectacles_shard_new(out, config, problem.struct))
        self._handle = ffi.gc(out[0], lib.spectacles_shard_free)
        super().__init__(TRANSPORTS[transport](lib.spectacles_shard_stream(self._handle), self._handle, LinkSettings(ca_file, proxy)))
        self._names: dict[bytes, str] = {}
        self._tickets: dict[int, asyncio.Future[None]] = {}
        self._identifies = identifies
        self._fatal: Optional[FatalError] = None
        self.gaps = 0  # sessions that were lost

    def _check(self, code: int) -> int:
        return check(code, lib.spectacles_shard_last_error, self._handle)

    # ---- events ----

    def __aiter__(self) -> Shard:
        return self

    async def __anext__(self) -> Event:
        """The next event of Discord."""
        handle, next_event = self._handle, lib.spectacles_shard_next_event
        while True:
            raw = next_event(handle, self._now)
            if raw:
                if raw.type == DISPATCH:
                    return self._event(raw)
                self._on_event(raw)
                continue
            if self._fatal:
                raise self._fatal
            if lib.spectacles_shard_state(handle) >= lib.SPECTACLES_SHARD_CLOSED:
                self._end()
                raise StopAsyncIteration
            self._begin()
            self._settle()
            await self._wait()

    def _event(self, raw: Any) -> Event:
        name = ffi.unpack(raw.name, raw.name_length)
        known = self._names.get(name)
        if known is None:
            known = name.decode()
            if len(self._names) < 256:
                self._names[name] = known
        return Event(known, ffi.buffer(raw.data, raw.data_length)[:], raw.seq, raw.format)

    def _on_event(self, raw: Any) -> None:
        kind = raw.type
        if kind == lib.SPECTACLES_SHARD_EVENT_IDENTIFY:
            if self._identifies:
                lib.spectacles_shard_identify(self._handle, self._time())
        elif kind in (lib.SPECTACLES_SHARD_EVENT_SENT, lib.SPECTACLES_SHARD_EVENT_UNSENT):
            self._on_sent(raw.ticket, kind == lib.SPECTACLES_SHARD_EVENT_SENT)
        elif kind == lib.SPECTACLES_SHARD_EVENT_FATAL:
            self._fatal = FatalError(text(raw.text), raw.error, raw.code)
        elif kind == lib.SPECTACLES_SHARD_EVENT_GAP:
            self.gaps += 1
            self._tell(raw, logging.WARNING)
        elif kind in (lib.SPECTACLES_SHARD_EVENT_DISCONNECTED, lib.SPECTACLES_SHARD_EVENT_LATE, lib.SPECTACLES_SHARD_EVENT_PLAIN):
            self._tell(raw, logging.WARNING)
        else:
            self._tell(raw, logging.DEBUG)

    def _tell(self, raw: Any, level: int) -> None:
        if log.isEnabledFor(level):
            log.log(level, "shard %d/%d %s %s", self.shard_id, self.shard_count, text(lib.spectacles_shard_event_type_name(raw.type)), text(raw.text))

    def _on_sent(self, ticket: int, sent: bool) -> None:
        future = self._tickets.pop(ticket, None)
        if future and not future.done():
            if sent:
                future.set_result(None)
            else:
                future.set_exception(StateError("the connection ended before the packet was sent", lib.SPECTACLES_E_STATE))

    # ---- packets ----

    async def send(self, op: int, d: Body) -> None:
        """
        Sends a packet; returns when its bytes were handed to the socket. Somebody has to iterate meanwhile. FullError: the rate limit is used
        up. StateError: not READY, or the connection ended first.
        """
        ticket, given = ffi.new("uint64_t *"), encoded(d)
        self._check(lib.spectacles_shard_send(self._handle, op, given, len(given), self._time(), ticket))
        await self._sent(ticket[0])

    async def set_presence(self, d: Body) -> None:
        """Now, and with every identify from now on."""
        given = encoded(d)
        self._check(lib.spectacles_shard_set_presence(self._handle, given, len(given)))
        self._soon()

    async def request_members(self, guild_id: int, query: Optional[str] = "", *, limit: int = 0, presences: bool = False,
                              user_ids: Optional[list[int]] = None, nonce: Optional[str] = None) -> None:
        """GUILD_MEMBERS_CHUNK answers, or RATE_LIMITED. user_ids: these members, in the place of a query."""
        texts, ticket = Texts(), ffi.new("uint64_t *")
        struct = members_request(texts, guild_id, query, limit, presences, user_ids, nonce)
        self._check(lib.spectacles_shard_request_members(self._handle, struct, self._time(), ticket))
        await self._sent(ticket[0])

    async def voice_state(self, guild_id: int, channel_id: Optional[int], *, mute: bool = False, deaf: bool = False) -> None:
        """Joins a voice channel, or leaves (None)."""
        flags = (lib.SPECTACLES_VOICE_SELF_MUTE if mute else 0) | (lib.SPECTACLES_VOICE_SELF_DEAF if deaf else 0)
        ticket = ffi.new("uint64_t *")
        self._check(lib.spectacles_shard_send_voice_state(self._handle, guild_id, channel_id or 0, flags, self._time(), ticket))
        await self._sent(ticket[0])

    async def _sent(self, ticket: int) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tickets[ticket] = future
        self._soon()
        await future

    def budget(self) -> int:
        """How many packets send() would take now."""
        remaining = ffi.new("uint32_t *")
        lib.spectacles_shard_budget(self._handle, self._time(), remaining, ffi.NULL)
        return int(remaining[0])

    # ---- the session ----

    def identify(self) -> None:
        """Grants the identify that the shard waits for (identifies=False)."""
        self._check(lib.spectacles_shard_identify(self._handle, self._time()))
        self._soon()

    def commit(self, seq: int) -> None:
        """All events up to this sequence are safe (commits=True)."""
        self._check(lib.spectacles_shard_commit(self._handle, seq))

    def session(self) -> Optional[Session]:
        """To be stored; another process resumes it. None: there is none."""
        struct = ffi.new("spectacles_session *")
        lib.spectacles_session_init(struct, ffi.sizeof("spectacles_session"))
        return None if lib.spectacles_shard_session(self._handle, struct) < 0 else session_of(struct)

    def set_token(self, token: str) -> None:
        """A token that was reset: every identify and every RESUME from now on has the new one."""
        texts = Texts()
        self._check(lib.spectacles_shard_set_token(self._handle, texts.text(token)))

    def reconnect(self) -> None:
        """Drops the connection, and resumes on a new one."""
        self._check(lib.spectacles_shard_reconnect(self._handle, self._time()))
        self._soon()

    def network_changed(self) -> None:
        """The addresses or routes of this machine are others: who waits tries again at once."""
        lib.spectacles_shard_network_changed(self._handle, self._time())
        self._soon()

    # ---- looking ----

    @property
    def shard_id(self) -> int:
        return int(lib.spectacles_shard_id(self._handle))

    @property
    def shard_count(self) -> int:
        return int(lib.spectacles_shard_count(self._handle))

    @property
    def state(self) -> str:
        """READY, BACKOFF and so on."""
        return text(lib.spectacles_shard_state_name(lib.spectacles_shard_state(self._handle)))

    def stats(self) -> dict[str, Any]:
        """The counters of spectacles_shard_stats."""
        struct = ffi.new("spectacles_shard_stats *")
        lib.spectacles_shard_stats_init(struct, ffi.sizeof("spectacles_shard_stats"))
        lib.spectacles_shard_get_stats(self._handle, struct)
        return counters(struct)

    # ---- the end ----

    def stop(self, code: int = 0) -> None:
        """
        Closes in order; the iteration ends. code 0 keeps the session resumable for some minutes, 1000 ends it and shows the bot offline.
        """
        self._check(lib.spectacles_shard_close(self._handle, code, self._time()))
        self._soon()
        self._wake()

    async def close(self, code: int = 0) -> None:
        """stop(), and waits until it is closed; at most three seconds."""
        self.stop(code)
        try:
            async for _ in self:
                pass
        except FatalError:
            pass
        self._end()

    async def __aenter__(self) -> Shard:
        self._begin()
        return self

    async def __aexit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException], where: Optional[TracebackType]) -> None:
        await self.close()


def members_request(texts: Texts, guild_id: int, query: Optional[str], limit: int, presences: bool, user_ids: Optional[list[int]],
                    nonce: Optional[str]) -> Any:
    struct = ffi.new("spectacles_members_request *")
    lib.spectacles_members_request_init(struct, ffi.sizeof("spectacles_members_request"))
    struct.guild_id, struct.limit, struct.presences, struct.nonce = guild_id, limit, int(presences), texts.text(nonce)
    if user_ids is not None:
        struct.user_ids, struct.user_id_count = texts.keep(ffi.new("uint64_t[]", user_ids)), len(user_ids)
    else:
        struct.query = texts.text(query)
    return struct
