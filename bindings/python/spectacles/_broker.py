"""One connection to RabbitMQ: publishing, consuming and asking."""
from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Optional, Union

from ._copies import Copies
from ._engine import Engine
from ._errors import CallError, Problem, PublishError, SpectaclesError, Texts, check, text
from ._spectacles import ffi, lib
from ._transport import TRANSPORTS, LinkSettings
from ._values import FORMATS, Body, counters, encoded, number_of, parsed

log = logging.getLogger("spectacles")
DECLARE = {"declare": lib.SPECTACLES_DECLARE, "passive": lib.SPECTACLES_DECLARE_PASSIVE, "nothing": lib.SPECTACLES_DECLARE_NOTHING}
QUEUE_TYPES = {"default": lib.SPECTACLES_QUEUE_DEFAULT, "classic": lib.SPECTACLES_QUEUE_CLASSIC, "quorum": lib.SPECTACLES_QUEUE_QUORUM}
HeaderValue = Union[None, bool, int, float, str, bytes]


class Message:
    """A delivery, or the reply to a call. `body` is as it came; json() parses it. Acknowledge a delivery when its work is done."""

    __slots__ = ("event", "body", "message_id", "reply_to", "correlation_id", "redelivered", "format", "headers", "_delivery", "_mark", "_broker")

    def __init__(self, broker: Broker, raw: Any) -> None:
        self._broker = broker
        self._delivery: int = raw.delivery
        self.event: str = broker._name(raw)
        self.body: bytes = ffi.buffer(raw.body, raw.body_length)[:] if raw.body_length else b""
        message_id, reply_to = ffi.string(raw.message_id) if raw.message_id else b"", raw.reply_to
        self.message_id: Optional[str] = message_id.decode("utf-8", "replace") if raw.message_id else None
        self.reply_to: Optional[str] = text(reply_to) if reply_to else None
        self.correlation_id: Optional[str] = text(raw.correlation_id) if reply_to else None
        self.redelivered = raw.redelivered != 0
        self.format: int = raw.format
        self.headers: dict[str, Any] = headers_of(raw) if raw.header_count else {}
        self._mark = broker._copies.mark(raw, message_id)

    def json(self) -> Any:
        return parsed(self.body, self.format)

    def ack(self) -> bool:
        """Its work is done. False: it is not ours any more, and RabbitMQ delivers it again."""
        return self._broker._ack(self._delivery, self._mark)

    def ack_all(self) -> int:
        """It, and all that were delivered before it; returns how many."""
        return self._broker._ack_all(self._delivery, self._mark)

    def reject(self, requeue: bool = False) -> bool:
        """requeue=False: it is dropped, or goes to the dead-letter exchange of the queue."""
        return self._broker._reject(self._delivery, requeue)

    async def reply(self, body: Body) -> None:
        """Answers a question: whoever called gets the body. Returns when RabbitMQ has it."""
        await self._broker._reply(self, body)

    @property
    def held(self) -> bool:
        """Whether it is still ours to acknowledge."""
        return bool(lib.spectacles_broker_holds(self._broker._handle, self._delivery))

    def __repr__(self) -> str:
        return f"<Message {self.event} {self.message_id or ''} {len(self.body)} bytes>"


class Consumer:
    """The messages of some queues: `async for message in consumer`. Copies are left out, unless they are wanted."""

    def __init__(self, broker: Broker, subscriptions: list[int], copies: bool) -> None:
        self._broker, self._subscriptions, self._copies = broker, subscriptions, copies
        self._messages: deque[Message] = deque()
        self._left = set(subscriptions)  # those that have not ended

    def __aiter__(self) -> Consumer:
        return self

    async def __anext__(self) -> Message:
        broker = self._broker
        broker._begin()
        while True:
            while self._messages:
                message = self._messages.popleft()
                if self._copies or not broker._copies.leave_out(message._mark, broker._time()):
                    return message
                message.ack()
            if not self._left or broker._closed:
                raise StopAsyncIteration
            await broker._wait()

    def stop(self) -> None:
        """No more deliveries; those that have come are still handed out, and then the iteration ends."""
        for subscription in self._subscriptions:
            self._broker._check(lib.spectacles_broker_unsubscribe(self._broker._handle, subscription))
        self._broker._soon()


class Broker(Engine):
    """
    A connection to RabbitMQ, which is made anew whenever it is lost:

        async with Broker("amqp://guest:guest@localhost") as broker:
            await broker.publish("MESSAGE_CREATE", {"content": "hello"})
            async for message in broker.consume("MESSAGE_CREATE"):
                print(message.json())
                message.ack()

    What goes on goes to the logger "spectacles".
    """

    def __init__(self, url: Union[str, Iterable[str]], *, group: str = "gateway", name: Optional[str] = None, prefetch: int = 64,
                 format: str = "json", declare: str = "declare", queue_type: str = "default", window: int = 2000, transport: str = "link",
                 ca_file: Optional[str] = None, proxy: Optional[str] = None) -> None:
        """window: how many publishes may be unconfirmed; beyond it, publish() waits."""
        texts, problem, out = Texts(), Problem(), ffi.new("spectacles_broker **")
        config = broker_config(texts, url, group, name, prefetch, format, declare, queue_type, window)
        problem.check(lib.spectacles_broker_new(out, config, problem.struct))
        self._handle = ffi.gc(out[0], lib.spectacles_broker_free)
        super().__init__(TRANSPORTS[transport](lib.spectacles_broker_stream(self._handle), self._handle, LinkSettings(ca_file, proxy)))
        self._consumers: dict[int, Consumer] = {}
        self._tags: dict[int, asyncio.Future[Optional[Message]]] = {}
        self._names: dict[bytes, str] = {}
        self._copies = Copies()
        self._closed = False
        self._is_ready = False
        self.unconfirmed = 0  # after close(): publishes of which nobody knows whether they arrived
        self._message = ffi.new("spectacles_message *")
        self._tag = ffi.new("uint64_t *")
        self._format = number_of(format, FORMATS)
        self._on: dict[int, Callable[[Any], None]] = {
            lib.SPECTACLES_BROKER_EVENT_MESSAGE: self._on_message,
            lib.SPECTACLES_BROKER_EVENT_CONFIRMED: self._on_confirmed,
            lib.SPECTACLES_BROKER_EVENT_RETURNED: self._on_failed,
            lib.SPECTACLES_BROKER_EVENT_FAILED: self._on_failed,
            lib.SPECTACLES_BROKER_EVENT_REPLY: self._on_reply,
            lib.SPECTACLES_BROKER_EVENT_CALL_FAILED: self._on_call_failed,
            lib.SPECTACLES_BROKER_EVENT_READY: self._on_ready,
            lib.SPECTACLES_BROKER_EVENT_DISCONNECTED: self._on_disconnected,
            lib.SPECTACLES_BROKER_EVENT_UNSUBSCRIBED: self._on_unsubscribed,
            lib.SPECTACLES_BROKER_EVENT_CLOSED: self._on_closed,
        }

    def _check(self, code: int) -> int:
        return check(code, lib.spectacles_broker_last_error, self._handle)

    # ---- events ----

    def _after(self, now: int) -> None:
        """A broker is pulled at once: what it holds is bounded by the prefetch and the window."""
        handle, next_event, on, any_event = self._handle, lib.spectacles_broker_next_event, self._on, False
        while True:
            raw = next_event(handle, self._now)
            if not raw:
                break
            any_event = True
            take = on.get(raw.type)
            if take:
                take(raw)
            else:
                self._tell(raw, logging.DEBUG)
        if self._closed:
            self._end()
            return
        self._settle()
        if any_event:
            self._hold()
            self._wake()

    def _tell(self, raw: Any, level: int) -> None:
        if log.isEnabledFor(level):
            told = f"{text(raw.queue)} {text(raw.text)}".strip()
            log.log(level, "broker %s %s", text(lib.spectacles_broker_event_type_name(raw.type)), told)

    def _on_message(self, raw: Any) -> None:
        consumer = self._consumers.get(raw.subscription)
        if consumer:
            consumer._messages.append(Message(self, raw))

    def _on_confirmed(self, raw: Any) -> None:
        self._resolve(raw.tag, None)

    def _on_reply(self, raw: Any) -> None:
        self._resolve(raw.tag, Message(self, raw))

    def _on_failed(self, raw: Any) -> None:
        self._refuse(raw.tag, PublishError(text(raw.text), raw.code))

    def _on_call_failed(self, raw: Any) -> None:
        self._refuse(raw.tag, CallError(text(raw.text), text(lib.spectacles_call_failure_name(raw.reason))))

    def _on_ready(self, raw: Any) -> None:
        self._is_ready = True
        self._tell(raw, logging.INFO)

    def _on_disconnected(self, raw: Any) -> None:
        self._is_ready = False
        self._tell(raw, logging.WARNING)

    def _on_unsubscribed(self, raw: Any) -> None:
        if raw.until != lib.spectacles_never():
            self._tell(raw, logging.WARNING)
            return
        consumer = self._consumers.pop(raw.subscription, None)
        if consumer:
            consumer._left.discard(raw.subscription)

    def _on_closed(self, raw: Any) -> None:
        self._closed, self._is_ready = True, False
        self.unconfirmed = raw.unconfirmed_count
        for tag in list(self._tags):
            self._refuse(tag, PublishError("the broker was closed before the message was confirmed", 0))

    def _resolve(self, tag: int, result: Optional[Message]) -> None:
        future = self._tags.pop(tag, None)
        if future and not future.done():
            future.set_result(result)

    def _refuse(self, tag: int, error: SpectaclesError) -> None:
        future = self._tags.pop(tag, None)
        if future and not future.done():
            future.set_exception(error)

    def _is_awaited(self) -> bool:
        return bool(self._tags)

    def _name(self, raw: Any) -> str:
        """Of the event; the same few come again and again."""
        key: bytes = ffi.unpack(raw.key, raw.key_length) if raw.key_length else b""
        known = self._names.get(key)
        if known is None:
            known = key.decode("utf-8", "replace")
            if len(self._names) < 256:
                self._names[key] = known
        return known

    # ---- publishing ----

    async def publish(self, key: str, body: Body, *, message_id: Optional[str] = None, exchange: Optional[str] = None, mandatory: bool = False,
                      transient: bool = False, expiration: Optional[int] = None, priority: int = 0,
                      headers: Optional[dict[str, HeaderValue]] = None) -> None:
        """
        Publishes; returns when RabbitMQ has confirmed it. A lost connection publishes it again: give it a message_id. PublishError: it will
        never be delivered. expiration is in milliseconds. Dictionaries and lists become JSON, in the format of the broker.
        """
        texts = Texts()
        message = self._fill(texts, key, body, message_id, exchange, expiration, priority, headers)
        message.flags = (lib.SPECTACLES_MESSAGE_MANDATORY if mandatory else 0) | (lib.SPECTACLES_MESSAGE_TRANSIENT if transient else 0)
        await self._accepted(lambda tag: lib.spectacles_broker_publish(self._handle, message, tag))

    async def call(self, key: str, body: Body, *, timeout: float = 5.0, message_id: Optional[str] = None,
                   headers: Optional[dict[str, HeaderValue]] = None) -> Message:
        """Asks, and returns the reply. CallError: there is none within the timeout (seconds), or there never will be."""
        texts = Texts()
        message = self._fill(texts, key, body, message_id, None, None, 0, headers)
        milliseconds = max(1, int(timeout * 1000))
        reply = await self._accepted(lambda tag: lib.spectacles_broker_call(self._handle, message, milliseconds, self._time(), tag))
        assert reply is not None
        return reply

    async def send(self, guild_id: Union[int, str], op: int, d: Body, *, expiration: Optional[int] = None) -> None:
        """A packet to Discord, through the gateway: a SEND, which the shard of the guild sends. Returns when RabbitMQ has it."""
        packet = b'{"op":%d,"d":%s}' % (op, encoded(d))
        problem, room = Problem(), ffi.new("uint8_t[]", len(packet) + 128)
        length = problem.check(lib.spectacles_send_build(room, len(room), int(guild_id), packet, len(packet), problem.struct))
        await self.publish(text(lib.spectacles_route_send_key()), bytes(ffi.buffer(room, length)), expiration=expiration)

    def _fill(self, texts: Texts, key: str, body: Body, message_id: Optional[str], exchange: Optional[str], expiration: Optional[int], priority: int,
              headers: Optional[dict[str, HeaderValue]]) -> Any:
        self._check_open()
        self._begin()
        message, given, name = ffi.new("spectacles_message *"), encoded(body), key.encode()
        lib.spectacles_message_init(message, ffi.sizeof("spectacles_message"))
        message.key, message.key_length = texts.keep(ffi.from_buffer("char[]", name)), len(name)
        message.body, message.body_length = texts.keep(ffi.from_buffer("uint8_t[]", given)), len(given)
        message.message_id, message.exchange = texts.text(message_id), texts.text(exchange)
        message.expiration = texts.text(None if expiration is None else str(expiration))
        message.priority = priority
        if not isinstance(body, (bytes, bytearray, memoryview)) or self._format != lib.SPECTACLES_FORMAT_JSON:
            message.format = lib.SPECTACLES_FORMAT_JSON
        if headers:
            message.headers, message.header_count = texts.keep(header_array(texts, headers)), len(headers)
        texts.keep(message)
        return message

    async def _accepted(self, attempt: Callable[[Any], Any]) -> Optional[Message]:
        """Waits for room in the window, and then for what becomes of it."""
        while (code := attempt(self._tag)) == lib.SPECTACLES_E_AGAIN:
            self._soon()
            await self._wait()
            self._check_open()
        self._check(code)
        tag = int(self._tag[0])
        assert self._loop
        future: asyncio.Future[Optional[Message]] = self._loop.create_future()
        self._tags[tag] = future
        self._soon()
        self._hold()
        return await future

    # ---- deliveries ----

    def consume(self, *events: str, subgroup: Optional[str] = None, prefetch: int = 0, copies: bool = False) -> Consumer:
        """
        The messages of these events: each from the queue `<group>:[<subgroup>:]<event>`, which is declared and bound. Workers of one
        subgroup share them. copies=True: copies are handed out too.
        """
        self._check_open()
        if not events:
            raise ValueError("which events? consume(\"MESSAGE_CREATE\")")
        numbers = [self._subscribe(event, subgroup, prefetch) for event in events]
        made = Consumer(self, numbers, copies)
        self._consumers.update(dict.fromkeys(numbers, made))
        self._soon()
        return made

    def declare(self, event: str, subgroup: Optional[str] = None) -> None:
        """The queue is declared and bound, and not consumed."""
        self._subscribe(event, subgroup, 0, declare_only=True)
        self._soon()

    def _subscribe(self, event: str, subgroup: Optional[str], prefetch: int, declare_only: bool = False) -> int:
        struct, name, group = ffi.new("spectacles_subscription *"), event.encode(), (subgroup or "").encode()
        lib.spectacles_subscription_init(struct, ffi.sizeof("spectacles_subscription"))
        kept = [ffi.from_buffer("char[]", name), ffi.from_buffer("char[]", group)]
        struct.event, struct.event_length, struct.subgroup, struct.subgroup_length = kept[0], len(name), kept[1], len(group)
        struct.prefetch, struct.declare_only = prefetch, int(declare_only)
        return self._check(lib.spectacles_broker_subscribe(self._handle, struct))

    def _ack(self, delivery: int, mark: Any) -> bool:
        done = lib.spectacles_broker_ack(self._handle, delivery)
        self._copies.add(mark)
        if not self._is_due:
            self._soon()
        return self._check(done) > 0

    def _ack_all(self, delivery: int, mark: Any) -> int:
        done = lib.spectacles_broker_ack_all(self._handle, delivery)
        self._copies.add(mark)
        self._soon()
        return self._check(done)

    def _reject(self, delivery: int, requeue: bool) -> bool:
        self._soon()
        return self._check(lib.spectacles_broker_reject(self._handle, delivery, int(requeue))) > 0

    async def _reply(self, asked: Message, body: Body) -> None:
        texts = Texts()
        message = self._fill(texts, "", body, None, None, None, 0, None)
        message.key, message.key_length = ffi.NULL, 0
        to, correlation = texts.text(asked.reply_to), texts.text(asked.correlation_id)
        await self._accepted(lambda tag: lib.spectacles_broker_reply(self._handle, to, correlation, message, tag))

    # ---- looking ----

    async def ready(self) -> None:
        """Waits until RabbitMQ is connected, and everything that is consumed was tried."""
        self._begin()
        while not self._is_ready:
            self._check_open()
            await self._wait()

    @property
    def state(self) -> str:
        """READY, BACKOFF and so on."""
        return text(lib.spectacles_broker_state_name(lib.spectacles_broker_state(self._handle)))

    @property
    def has_room(self) -> bool:
        """Whether publish() would be taken at once."""
        return bool(lib.spectacles_broker_room(self._handle))

    def stats(self) -> dict[str, Any]:
        """The counters of spectacles_broker_stats."""
        struct = ffi.new("spectacles_broker_stats *")
        lib.spectacles_broker_stats_init(struct, ffi.sizeof("spectacles_broker_stats"))
        lib.spectacles_broker_get_stats(self._handle, struct)
        return counters(struct)

    def set_url(self, url: Union[str, Iterable[str]]) -> None:
        """A password that was changed, or a node that moves: the next connection is made with it."""
        texts, urls = Texts(), [url] if isinstance(url, str) else list(url)
        self._check(lib.spectacles_broker_set_urls(self._handle, texts.texts(urls), len(urls), self._time()))
        self._soon()

    def network_changed(self) -> None:
        """The addresses or routes of this machine are others: who waits tries again at once."""
        lib.spectacles_broker_network_changed(self._handle, self._time())
        self._soon()

    # ---- the end ----

    def stop(self) -> None:
        """All consumers stop; what has come is still handed out, and can be acknowledged and answered."""
        for consumer in set(self._consumers.values()):
            consumer.stop()

    async def close(self) -> None:
        """Waits for confirms and replies, at most five seconds, and closes."""
        if self._loop is None or self._closed:
            return
        self._check(lib.spectacles_broker_close(self._handle, self._time()))
        self._soon()
        while not self._closed:
            await self._wait()

    async def __aenter__(self) -> Broker:
        self._begin()
        return self

    async def __aexit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException], where: Optional[TracebackType]) -> None:
        await self.close()


def broker_config(texts: Texts, url: Union[str, Iterable[str]], group: str, name: Optional[str], prefetch: int, format: str, declare: str = "declare",
                  queue_type: str = "default", window: int = 2000) -> Any:
    """A spectacles_broker_config; `texts` keeps what it points to."""
    urls = [url] if isinstance(url, str) else list(url)
    config = ffi.new("spectacles_broker_config *")
    lib.spectacles_broker_config_init(config, ffi.sizeof("spectacles_broker_config"))
    config.urls, config.url_count = texts.texts(urls), len(urls)
    config.group, config.name, config.prefetch = texts.text(group), texts.text(name), prefetch
    config.seed, config.window_count = lib.spectacles_random_seed(), window
    config.format, config.declare = number_of(format, FORMATS), number_of(declare, DECLARE)
    config.queue_type = number_of(queue_type, QUEUE_TYPES)
    return config


def header_array(texts: Texts, headers: dict[str, HeaderValue]) -> Any:
    made = ffi.new("spectacles_header[]", len(headers))
    for struct, (key, value) in zip(made, headers.items()):
        name = key.encode()
        struct.key, struct.key_length = texts.keep(ffi.from_buffer("char[]", name)), len(name)
        if isinstance(value, bool):
            struct.type, struct.integer = lib.SPECTACLES_HEADER_BOOLEAN, int(value)
        elif isinstance(value, int):
            struct.type, struct.integer = lib.SPECTACLES_HEADER_INTEGER, value
        elif isinstance(value, float):
            struct.type, struct.real = lib.SPECTACLES_HEADER_REAL, value
        elif value is not None:
            struct.type = lib.SPECTACLES_HEADER_TEXT if isinstance(value, str) else lib.SPECTACLES_HEADER_BINARY
            given = value.encode() if isinstance(value, str) else bytes(value)
            struct.bytes, struct.bytes_length = texts.keep(ffi.from_buffer("uint8_t[]", given)), len(given)
    return made


def headers_of(raw: Any) -> dict[str, Any]:
    return {key: header_value(each) for each in raw.headers[0:raw.header_count] if (key := header_key(each)) is not None}


def header_key(struct: Any) -> Optional[str]:
    return str(ffi.unpack(struct.key, struct.key_length).decode("utf-8", "replace")) if struct.key else None


def header_value(struct: Any) -> Any:
    kind = struct.type
    if kind == lib.SPECTACLES_HEADER_BOOLEAN:
        return struct.integer != 0
    if kind in (lib.SPECTACLES_HEADER_INTEGER, lib.SPECTACLES_HEADER_TIMESTAMP):
        return struct.integer
    if kind == lib.SPECTACLES_HEADER_REAL:
        return struct.real
    if kind in (lib.SPECTACLES_HEADER_TABLE, lib.SPECTACLES_HEADER_ARRAY):
        return container(struct, kind == lib.SPECTACLES_HEADER_TABLE)
    if kind == lib.SPECTACLES_HEADER_NOTHING:
        return None
    data = bytes(ffi.buffer(struct.bytes, struct.bytes_length)) if struct.bytes_length else b""
    return data.decode("utf-8", "replace") if kind == lib.SPECTACLES_HEADER_TEXT else data


def container(struct: Any, is_table: bool) -> Any:
    """x-death and its like."""
    position, entry = ffi.new("size_t *"), ffi.new("spectacles_header *")
    source = ffi.addressof(struct) if ffi.typeof(struct).kind == "struct" else struct
    entries = []
    while lib.spectacles_header_next(source, position, entry):
        entries.append((header_key(entry), header_value(entry)))
    return dict(entries) if is_table else [value for _, value in entries]
