"""A whole gateway: shards, and a RabbitMQ behind them or the owner in its place."""
from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Optional, Union

from ._broker import broker_config
from ._engine import Engine
from ._errors import Problem, Texts, check, text
from ._shard import GATEWAY_URL, session_of, session_struct, shard_config
from ._spectacles import ffi, lib
from ._transport import LinkSettings, Loop
from ._values import FORMATS, Body, Intents, Session, content, counters, encoded, new_bytes, number_of, parsed

MESSAGE = lib.SPECTACLES_RELAY_EVENT_MESSAGE
ALL = "*"


class GatewayTransport:
    """The gateway's own poller and resolver."""

    def __init__(self, gateway: Any, settings: tuple[LinkSettings, ...]) -> None:
        self._handles = (gateway, settings)
        self._gateway = gateway
        self._poller = lib.spectacles_gateway_poller(gateway)
        self._loop: Optional[Loop] = None

    def start(self, loop: Loop, turn: Any) -> None:
        self._loop = loop
        loop.add_reader(lib.spectacles_gateway_fd(self._gateway), turn)

    def process(self, now: int) -> None:
        lib.spectacles_gateway_process(self._gateway, now)

    def flush(self, now: int) -> bool:
        """Pulling has written everything."""
        return False

    def deadline(self) -> int:
        """Of the bytes alone: for as long as nobody pulls."""
        return int(lib.spectacles_poller_deadline(self._poller))

    def stop(self) -> None:
        loop, self._loop = self._loop, None
        if loop and not loop.is_closed():
            loop.remove_reader(lib.spectacles_gateway_fd(self._gateway))


class GatewayEvent:
    """
    What has happened: `type` is SHARD_READY, BROKER_DISCONNECTED and so on, str() is a line for a log. Of a gateway without brokers a MESSAGE
    has name, body and message_id; ack() it when its work is done.
    """

    __slots__ = ("type", "shard_id", "broker", "code", "error", "op", "seq", "ticket", "name", "text", "session_id", "old_session_id", "body",
                 "message_id", "format", "_line", "_gateway")

    def __init__(self, gateway: Gateway, raw: Any) -> None:
        kind = raw.type
        self._gateway = gateway
        self.type: str = text(lib.spectacles_relay_event_type_name(kind))
        self.shard_id: int = raw.shard_id
        self.broker: int = raw.broker
        self.code: int = raw.code
        self.error: int = raw.error
        self.op: int = raw.op
        self.seq: int = raw.seq
        self.ticket: int = raw.ticket
        self.name = text(raw.name)
        self.text = text(raw.text)
        self.session_id = text(raw.session_id)
        self.old_session_id = text(raw.old_session_id)
        self.message_id = text(raw.message_id)
        self.body: bytes = ffi.buffer(raw.body, raw.body_length)[:] if raw.body_length else b""
        self.format: int = raw.format
        self._line = "" if kind == MESSAGE else gateway._describe(raw)

    def json(self) -> Any:
        return parsed(self.body, self.format)

    def ack(self) -> None:
        self._gateway._acknowledge(self.ticket)

    def __str__(self) -> str:
        return self._line or f"{self.type} {self.name} {self.message_id}"

    def __repr__(self) -> str:
        return f"<GatewayEvent {self}>"


class Gateway(Engine):
    """
    A Spectacles gateway in this process. It runs for as long as it is iterated:

        async with Gateway(token, intents=Intents.GUILD_MESSAGES, events=["MESSAGE_CREATE"], broker="amqp://localhost") as gateway:
            async for event in gateway:
                print(event)

    Without a broker the events come here, as MESSAGE, and are to be acknowledged.
    """

    def __init__(self, token: str, *, url: str = GATEWAY_URL, intents: Union[Intents, int] = Intents.NONE, shards: Union[int, Iterable[int]] = 1,
                 shard_count: Optional[int] = None, events: Union[str, Iterable[str]] = (), broker: Union[None, str, Iterable[str]] = None,
                 group: str = "gateway", name: Optional[str] = None, format: str = "json", compression: Optional[str] = None,
                 presence: Optional[Body] = None, state: Optional[bytes] = None, max_concurrency: int = 1, latency_budget: int = 0,
                 ca_file: Optional[str] = None, proxy: Optional[str] = None, broker_proxy: Optional[str] = None) -> None:
        """
        shards: how many, all of them here; or the ids of those that are served here, and shard_count. events: the names that are
        published, or "*" for all. state: what state() of a former process gave.
        """
        texts, problem = Texts(), Problem()
        count = shard_count or (shards if isinstance(shards, int) else 0)
        settings, broker_settings = LinkSettings(ca_file, proxy), LinkSettings(ca_file, broker_proxy)
        config = texts.keep(ffi.new("spectacles_gateway_config *"))
        lib.spectacles_gateway_config_init(config, ffi.sizeof("spectacles_gateway_config"))
        config.flags = lib.SPECTACLES_GATEWAY_RESOLVES
        config.shard = texts.keep(shard_config(texts, token, url, intents, 0, count, "json", compression, presence, None, 0))
        if not isinstance(shards, int):
            ids = list(shards)
            config.shard_ids, config.shard_id_count = texts.keep(ffi.new("uint32_t[]", ids)), len(ids)
        config.relay = texts.keep(relay_config(texts, events, max_concurrency, format))
        if broker is not None:
            config.broker = texts.keep(broker_config(texts, broker, group, name, 64, format))
        config.link, config.broker_link = settings.struct, broker_settings.struct
        config.poller = texts.keep(poller_config(latency_budget))
        config.state = texts.keep(stored_state(token, int(intents), count, state))
        out = ffi.new("spectacles_gateway **")
        problem.check(lib.spectacles_gateway_new(out, config, problem.struct))
        self._handle = ffi.gc(out[0], lib.spectacles_gateway_free)
        super().__init__(GatewayTransport(self._handle, (settings, broker_settings)))
        self.shard_count = count
        self._line = ffi.new("char[]", lib.SPECTACLES_RELAY_LINE_SIZE)

    def _check(self, code: int) -> int:
        return check(code, lib.spectacles_gateway_last_error, self._handle)

    # ---- events ----

    def __aiter__(self) -> Gateway:
        return self

    async def __anext__(self) -> GatewayEvent:
        while True:
            raw = lib.spectacles_gateway_next_event(self._handle, self._now)
            if raw:
                return GatewayEvent(self, raw)
            if lib.spectacles_gateway_stopped(self._handle):
                self._end()
                raise StopAsyncIteration
            self._begin()
            await self._wait()

    async def _wait(self) -> None:
        """Now that everything is pulled, the deadline of the whole gateway counts."""
        due = lib.spectacles_gateway_deadline(self._handle)
        assert self._loop
        timeout = lib.spectacles_gateway_timeout(self._handle, self._now)
        if timeout == 0 or due < self._due:
            if self._timer:
                self._timer.cancel()
            self._due = self._now + max(timeout, 0)
            self._timer = self._loop.call_later(max(timeout, 0) / 1000, self._alarm)
        await super()._wait()

    def _describe(self, raw: Any) -> str:
        length = lib.spectacles_relay_event_describe(self._line, len(self._line), raw, self._now)
        return str(ffi.unpack(self._line, length).decode("utf-8", "replace"))

    def _acknowledge(self, ticket: int) -> None:
        self._check(lib.spectacles_gateway_acknowledge(self._handle, ticket))
        self._soon()

    # ---- what an owner may do ----

    def send(self, shard_id: int, op: int, d: Body) -> int:
        """A packet to Discord, within the rate limit. COMMAND_SENT or COMMAND_REJECTED with this ticket is the answer."""
        ticket, given = ffi.new("uint64_t *"), encoded(d)
        self._check(lib.spectacles_gateway_send(self._handle, shard_id, op, given, len(given), ticket))
        self._soon()
        return int(ticket[0])

    def set_presence(self, d: Body, shard_id: Optional[int] = None) -> None:
        """Of all shards, or of one."""
        given = encoded(d)
        if shard_id is None:
            self._check(lib.spectacles_gateway_set_presence(self._handle, given, len(given)))
        else:
            self._check(lib.spectacles_gateway_set_shard_presence(self._handle, shard_id, given, len(given)))
        self._soon()

    def set_events(self, events: Union[str, Iterable[str]]) -> None:
        """Replaces the names of the events that are published; "*": all."""
        texts, names = Texts(), [] if events == ALL else list(events)
        self._check(lib.spectacles_gateway_set_allow(self._handle, texts.texts(names), len(names), int(events == ALL)))

    def set_token(self, token: str) -> None:
        """A token that was reset: every login from now on has the new one. The state has changed as well: store it soon."""
        texts = Texts()
        self._check(lib.spectacles_gateway_set_token(self._handle, texts.text(token)))
        self._soon()

    def set_broker(self, broker: Union[str, Iterable[str]]) -> None:
        """A password that was changed, or a node that moves: the next connections are made with these URLs."""
        texts, urls = Texts(), [broker] if isinstance(broker, str) else list(broker)
        self._check(lib.spectacles_gateway_set_broker_urls(self._handle, texts.texts(urls), len(urls), self._time()))
        self._soon()

    def set_latency_budget(self, milliseconds: int) -> None:
        """For how long what arrives may wait, so that much is read at once."""
        self._check(lib.spectacles_gateway_set_latency_budget(self._handle, milliseconds))

    def set_limits(self, status: int, body: bytes, retry_after: str = "") -> str:
        """Reads an answer of GET /gateway/bot, and follows it when it is "FINE"; else "AGAIN" or "TOKEN"."""
        answer = gateway_bot(status, body, retry_after)
        if answer.verdict == lib.SPECTACLES_GATEWAY_BOT_FINE:
            self._check(lib.spectacles_gateway_set_limits(self._handle, answer, self._time()))
        return text(lib.spectacles_gateway_bot_verdict_name(answer.verdict))

    def add_shard(self, shard_id: int, session: Optional[Session] = None) -> None:
        texts, problem = Texts(), Problem()
        struct = ffi.NULL if session is None else session_struct(texts, session)
        problem.check(lib.spectacles_gateway_add_shard(self._handle, shard_id, struct, ffi.NULL, 0, problem.struct))
        self._soon()

    def remove_shard(self, shard_id: int, code: int = 0) -> None:
        """In order; SHARD_REMOVED says when it is done, and where its session can be resumed."""
        self._check(lib.spectacles_gateway_remove_shard(self._handle, shard_id, code, self._time()))
        self._soon()

    def drop_shard(self, shard_id: int) -> None:
        """At once, without a word to Discord."""
        self._check(lib.spectacles_gateway_drop_shard(self._handle, shard_id))

    def network_changed(self) -> None:
        """The addresses or routes of this machine are others: who waits tries again at once."""
        lib.spectacles_gateway_network_changed(self._handle, self._time())
        self._soon()

    # ---- state and counters ----

    def state(self) -> Optional[bytes]:
        """The sessions and gaps, when they have changed since the last call: store them every few seconds, and at the end."""
        taken = lib.spectacles_gateway_take_state(self._handle, lib.spectacles_unix_time())
        if taken < 0:
            raise MemoryError
        if not taken:
            return None
        out = new_bytes()
        self._check(lib.spectacles_gateway_write_state(self._handle, out))
        return content(out)

    def session(self, shard_id: int) -> Optional[Session]:
        struct = ffi.new("spectacles_session *")
        lib.spectacles_session_init(struct, ffi.sizeof("spectacles_session"))
        return None if lib.spectacles_gateway_session(self._handle, shard_id, struct) < 0 else session_of(struct)

    def stats(self) -> dict[str, Any]:
        """The counters of spectacles_gateway_stats."""
        struct = ffi.new("spectacles_gateway_stats *")
        lib.spectacles_gateway_stats_init(struct, ffi.sizeof("spectacles_gateway_stats"))
        lib.spectacles_gateway_get_stats(self._handle, struct)
        return counters(struct)

    def shard_stats(self, shard_id: int) -> dict[str, Any]:
        """The counters of spectacles_gateway_shard_stats."""
        struct = ffi.new("spectacles_gateway_shard_stats *")
        lib.spectacles_gateway_shard_stats_init(struct, ffi.sizeof("spectacles_gateway_shard_stats"))
        self._check(lib.spectacles_gateway_get_shard_stats(self._handle, shard_id, struct))
        return counters(struct)

    def event_counts(self) -> dict[str, int]:
        """How often dispatches of each name were received."""
        name, count, made, index = ffi.new("const char **"), ffi.new("uint64_t *"), {}, 0
        while lib.spectacles_gateway_event_count(self._handle, index, name, count):
            made[text(name[0])] = int(count[0])
            index += 1
        return made

    def close_counts(self) -> dict[int, int]:
        """How often connections of shards have ended with each code."""
        code, count, made, index = ffi.new("uint32_t *"), ffi.new("uint64_t *"), {}, 0
        while lib.spectacles_gateway_close_count(self._handle, index, code, count):
            made[int(code[0])] = int(count[0])
            index += 1
        return made

    # ---- the end ----

    def stop(self, code: int = 0) -> None:
        """In order; the iteration ends when everything is closed. code 0 keeps the sessions resumable."""
        self._check(lib.spectacles_gateway_stop(self._handle, code, self._time()))
        self._soon()

    async def close(self, code: int = 0) -> None:
        """stop(), and waits until everything is closed. What is not acknowledged comes again to whoever resumes the sessions."""
        if self._loop is not None:
            self.stop(code)
            async for _ in self:
                pass

    async def __aenter__(self) -> Gateway:
        self._begin()
        return self

    async def __aexit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException], where: Optional[TracebackType]) -> None:
        await self.close()


def relay_config(texts: Texts, events: Union[str, Iterable[str]], max_concurrency: int, format: str) -> Any:
    config, names = ffi.new("spectacles_relay_config *"), [] if events == ALL else list(events)
    lib.spectacles_relay_config_init(config, ffi.sizeof("spectacles_relay_config"))
    config.allow, config.allow_count, config.allow_all = texts.texts(names), len(names), int(events == ALL)
    config.max_concurrency, config.format = max_concurrency, number_of(format, FORMATS)
    config.unix_offset = lib.spectacles_unix_time() - lib.spectacles_now()
    config.flags = lib.SPECTACLES_RELAY_BROKERS_FIRST
    return config


def poller_config(latency_budget: int) -> Any:
    config = ffi.new("spectacles_poller_config *")
    lib.spectacles_poller_config_init(config, ffi.sizeof("spectacles_poller_config"))
    config.latency_budget = latency_budget
    return config


def stored_state(token: str, intents: int, shard_count: int, stored: Optional[bytes]) -> Any:
    """A spectacles_state: with what a former process has stored, or empty."""
    texts, problem, out = Texts(), Problem(), ffi.new("spectacles_state **")
    config = ffi.new("spectacles_state_config *")
    lib.spectacles_state_config_init(config, ffi.sizeof("spectacles_state_config"))
    config.shard_count, config.intents, config.token = shard_count, intents, texts.text(token)
    problem.check(lib.spectacles_state_new(out, config, problem.struct))
    made = ffi.gc(out[0], lib.spectacles_state_free)
    if stored is not None:
        problem.check(lib.spectacles_state_read(made, stored, len(stored), lib.spectacles_unix_time(), problem.struct))
    return made


def gateway_bot(status: int, body: bytes, retry_after: str = "") -> Any:
    """A spectacles_gateway_bot, of an answer of GET /gateway/bot."""
    answer, header = ffi.new("spectacles_gateway_bot *"), retry_after.encode()
    lib.spectacles_gateway_bot_init(answer, ffi.sizeof("spectacles_gateway_bot"))
    lib.spectacles_gateway_bot_read(answer, status, header, len(header), body, len(body))
    return answer
