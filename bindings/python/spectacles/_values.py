"""What is handed out and given: events, messages, sessions and masks. All of it is Python's own, and outlives every handle."""
from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Union

from ._errors import Problem
from ._spectacles import ffi, lib

Body = Union[bytes, bytearray, memoryview, str, dict[str, Any], list[Any]]
FORMATS = {"raw": lib.SPECTACLES_FORMAT_RAW, "json": lib.SPECTACLES_FORMAT_JSON, "etf": lib.SPECTACLES_FORMAT_ETF,
           "msgpack": lib.SPECTACLES_FORMAT_MSGPACK, "msgpack-json": lib.SPECTACLES_FORMAT_MSGPACK_JSON}
COMPRESSIONS = {"none": lib.SPECTACLES_COMPRESSION_NONE, "zlib-stream": lib.SPECTACLES_COMPRESSION_ZLIB_STREAM,
                "zstd-stream": lib.SPECTACLES_COMPRESSION_ZSTD_STREAM, "payload": lib.SPECTACLES_COMPRESSION_PAYLOAD}


class Intents(IntFlag):
    """Which events Discord sends (Discord: "Gateway Intents"). Some are privileged: PRIVILEGED."""

    NONE = 0
    GUILDS = lib.SPECTACLES_INTENT_GUILDS
    GUILD_MEMBERS = lib.SPECTACLES_INTENT_GUILD_MEMBERS
    GUILD_MODERATION = lib.SPECTACLES_INTENT_GUILD_MODERATION
    GUILD_EXPRESSIONS = lib.SPECTACLES_INTENT_GUILD_EXPRESSIONS
    GUILD_INTEGRATIONS = lib.SPECTACLES_INTENT_GUILD_INTEGRATIONS
    GUILD_WEBHOOKS = lib.SPECTACLES_INTENT_GUILD_WEBHOOKS
    GUILD_INVITES = lib.SPECTACLES_INTENT_GUILD_INVITES
    GUILD_VOICE_STATES = lib.SPECTACLES_INTENT_GUILD_VOICE_STATES
    GUILD_PRESENCES = lib.SPECTACLES_INTENT_GUILD_PRESENCES
    GUILD_MESSAGES = lib.SPECTACLES_INTENT_GUILD_MESSAGES
    GUILD_MESSAGE_REACTIONS = lib.SPECTACLES_INTENT_GUILD_MESSAGE_REACTIONS
    GUILD_MESSAGE_TYPING = lib.SPECTACLES_INTENT_GUILD_MESSAGE_TYPING
    DIRECT_MESSAGES = lib.SPECTACLES_INTENT_DIRECT_MESSAGES
    DIRECT_MESSAGE_REACTIONS = lib.SPECTACLES_INTENT_DIRECT_MESSAGE_REACTIONS
    DIRECT_MESSAGE_TYPING = lib.SPECTACLES_INTENT_DIRECT_MESSAGE_TYPING
    MESSAGE_CONTENT = lib.SPECTACLES_INTENT_MESSAGE_CONTENT
    GUILD_SCHEDULED_EVENTS = lib.SPECTACLES_INTENT_GUILD_SCHEDULED_EVENTS
    AUTO_MODERATION_CONFIGURATION = lib.SPECTACLES_INTENT_AUTO_MODERATION_CONFIGURATION
    AUTO_MODERATION_EXECUTION = lib.SPECTACLES_INTENT_AUTO_MODERATION_EXECUTION
    GUILD_MESSAGE_POLLS = lib.SPECTACLES_INTENT_GUILD_MESSAGE_POLLS
    DIRECT_MESSAGE_POLLS = lib.SPECTACLES_INTENT_DIRECT_MESSAGE_POLLS

    @property
    def privileged(self) -> Intents:
        """Those that a bot has to be granted."""
        return Intents(lib.spectacles_intents_privileged(int(self)))

    @staticmethod
    def for_event(name: str) -> Intents:
        """Each of these brings the event; none: the event needs no intent, or is not known."""
        encoded = name.encode()
        return Intents(lib.spectacles_intents_for_event(encoded, len(encoded)))


def number_of(name: str, among: dict[str, int]) -> int:
    """Of a format or a compression; a wrong name is told with those that there are."""
    try:
        return among[name]
    except KeyError:
        raise ValueError(f"'{name}' is none of {', '.join(among)}") from None


def encoded(body: Body) -> bytes:
    """Bytes as they are, text as UTF-8, everything else as JSON."""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    return json.dumps(body, separators=(",", ":")).encode()


def new_bytes() -> Any:
    """A spectacles_bytes to be filled."""
    holder = ffi.new("spectacles_bytes **")
    if lib.spectacles_bytes_new(holder) < 0:
        raise MemoryError
    return ffi.gc(holder[0], lib.spectacles_bytes_free)


def content(out: Any) -> bytes:
    return bytes(ffi.buffer(lib.spectacles_bytes_data(out), lib.spectacles_bytes_length(out)))


def transcoded(data: bytes, format: int) -> bytes:
    """JSON, of whatever format the bytes are in."""
    out, problem = new_bytes(), Problem()
    flags = lib.SPECTACLES_REPLACE_SURROGATES
    problem.check(lib.spectacles_transcode(out, lib.SPECTACLES_FORMAT_JSON, format, flags, data, len(data), problem.struct))
    return content(out)


def parsed(data: bytes, format: int) -> Any:
    if format in (lib.SPECTACLES_FORMAT_JSON, lib.SPECTACLES_FORMAT_RAW):
        return json.loads(data)
    return json.loads(transcoded(data, format))


class Event:
    """An event of Discord. `data` is the d of it, as it came; json() parses it."""

    __slots__ = ("name", "data", "seq", "format")

    def __init__(self, name: str, data: bytes, seq: int, format: int) -> None:
        self.name = name
        self.data = data
        self.seq = seq
        self.format = format

    def json(self) -> Any:
        return parsed(self.data, self.format)

    def __repr__(self) -> str:
        return f"<Event {self.name} seq={self.seq} {len(self.data)} bytes>"


@dataclass(frozen=True)
class Session:
    """What is needed to resume a session, in this process or another."""

    session_id: str
    seq: int
    resume_url: str
    shard_id: int
    shard_count: int
    format: int = lib.SPECTACLES_FORMAT_JSON


def route_shard(guild_id: int, shard_count: int) -> int:
    """The shard that a guild belongs to."""
    return int(lib.spectacles_route_shard(guild_id, shard_count))


def version() -> str:
    """Of the library that is linked."""
    number = lib.spectacles_version()
    return f"{number >> 16}.{number >> 8 & 255}.{number & 255}"


def counters(struct: Any) -> dict[str, Any]:
    """The fields of a struct of counters."""
    made: dict[str, Any] = {}
    for name, field in ffi.typeof(struct).item.fields:
        if name not in ("size", "reserved"):
            value = getattr(struct, name)
            made[name] = list(value) if field.type.kind == "array" else value
    return made
