"""Bodies in every format, through a real RabbitMQ: read and written here by msgpack for Python, by Erlang, and by json."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest
from standin import payloads
from standin.encoding import Erlang
from standin.standin import Standin

from .conftest import Bot, drain, summary
from .test_encodings import expected

FORMATS = ["json", "etf", "msgpack", "msgpack-json"]
TYPES = {"json": "application/json", "etf": "application/x-erlang-binary", "msgpack": "application/msgpack", "msgpack-json": "application/msgpack"}
EXACT = 1 << 53


class Codec:
    """One format, as others implement it."""

    def __init__(self, name: str, erlang: Erlang) -> None:
        self.name = name
        self.erlang = erlang

    def decode(self, body: bytes) -> Any:
        if self.name == "json":
            return json.loads(body)
        if self.name == "etf":
            assert body[0] == 131
            return json.loads(self.erlang.decode(body))  # strict: keys and texts have to be binaries
        value = msgpack.unpackb(body)
        if self.name == "msgpack":
            return value
        assert isinstance(value, str)
        return json.loads(value)

    def encode(self, value: Any) -> bytes:
        if self.name == "json":
            return json.dumps(value).encode()
        if self.name == "etf":
            return self.erlang.encode_client(value)
        # As Go has it: []byte, in the old specification's raw, which is what is text today.
        return msgpack.packb(value if self.name == "msgpack" else json.dumps(value).encode(), use_bin_type=self.name == "msgpack")


@pytest.fixture(scope="module")
def erlang() -> Iterator[Erlang]:
    made = Erlang()
    yield made
    made.stop()


def events() -> list[tuple[str, Any]]:
    """What survives ETF: no lone surrogates, no key twice."""
    made = [json.loads(text) for _, text in payloads.corpus(9, 40) if "\\ud800" not in text]
    made.append(json.loads(payloads.large_guild(9)[1]))
    made.append({"big": EXACT + 1, "small": -EXACT, "list": [], "object": {}, "float": 0.5, "text": "\u00e4\U0001f600\0\"\\"})
    return [("MESSAGE_CREATE", {**data, "number": number}) for number, data in enumerate(made)]


def bind(channel: Any, queue: str, key: str) -> None:
    channel.queue_declare(queue, durable=True)
    channel.queue_bind(queue, "gateway", key)


def receive(channel: Any, queue: str, count: int, codec: Codec) -> list[Any]:
    bodies: list[Any] = []

    def take(_method: Any, properties: Any, body: bytes) -> None:
        assert properties.content_type == TYPES[codec.name]
        bodies.append(codec.decode(body))

    drain(channel, queue, count, take)
    return bodies


@pytest.mark.parametrize("encoding", ["json", "etf"])
@pytest.mark.parametrize("name", FORMATS)
def test_events_and_commands(bot: Bot, standin: Standin, channel: Any, erlang: Erlang, name: str, encoding: str) -> None:
    codec = Codec(name, erlang)
    channel.exchange_declare("gateway", "direct", durable=True)
    bind(channel, "gateway:w:MESSAGE_CREATE", "MESSAGE_CREATE")
    bind(channel, "gateway:look:1", "1")
    worker = bot.worker("--subgroup", "x", "MESSAGE_CREATE", BROKER_FORMAT=name)
    worker.wait_err("subscribed to queue")
    gateway = bot.running_gateway(BROKER_FORMAT=name, DISCORD_ENCODING=encoding)
    sent = events()
    standin.dispatch_many(1, sent)
    wanted = [expected(data, encoding) for _, data in sent]
    received = receive(channel, "gateway:w:MESSAGE_CREATE", len(sent), codec)
    # Discord's ETF has integers for ids. In ETF they stay what they are; everywhere else JavaScript would round them.
    assert ([expected(data, "etf") for data in received] if encoding == name == "etf" else received) == wanted

    # Our own worker prints JSON, whatever came; and writes as the gateway does.
    worker.wait_out(len(sent))
    read = [json.loads(line.split(b" ", 1)[1]) for line in worker.out]
    assert read == [expected(data, "json" if name in ("json", "msgpack-json") and encoding == "json" else "etf") for _, data in sent]
    guild = standin.guilds(1, 2, 1)[0]
    standin.dispatch(0, "MESSAGE_CREATE", {"id": "77", "guild_id": str(guild), "content": "!members"})
    standin.wait_for(lambda: len(standin.received(1, 8)) == 1, 60, "for op 8 on shard 1")
    assert receive(channel, "gateway:look:1", 1, codec)[0]["op"] == 8
    for process in (worker, gateway):
        assert process.stop() == 0
    assert standin.violations == [] and summary(gateway)["rejected"] == 0


@pytest.mark.parametrize("name", ["json", "msgpack-json"])
def test_commands_are_taken_in_every_format(bot: Bot, standin: Standin, channel: Any, erlang: Erlang, name: str) -> None:
    """Whatever the gateway writes; ids may be integers (ETF and MessagePack peers send them so)."""
    gateway = bot.running_gateway(BROKER_FORMAT=name)
    bind(channel, "gateway:look:1", "1")
    guild = standin.guilds(1, 2, 1)[0]
    for number, peer in enumerate(FORMATS):
        codec = Codec(peer, erlang)
        d = {"guild_id": str(guild), "channel_id": None, "self_mute": True, "number": number}
        channel.basic_publish("gateway", "SEND", codec.encode({"guild_id": guild, "packet": {"op": 4, "d": d}}), mandatory=True)
        standin.wait_for(lambda: len(standin.received(1, 4)) == 2 * number + 1, 30, f"for the packet of a SEND in {peer}")
        channel.basic_publish("gateway", "1", codec.encode({"op": 4, "d": {**d, "guild_id": guild}}), mandatory=True)
        standin.wait_for(lambda: len(standin.received(1, 4)) == 2 * number + 2, 30, f"for a packet in {peer}")
        first, second = (each.payload["d"] for each in standin.received(1, 4)[-2:])
        assert first == d and second["number"] == number and str(second["guild_id"]) == str(guild)
    seen: list[Any] = []
    drain(channel, "gateway:look:1", 2 * len(FORMATS), lambda method, properties, body: seen.append((properties.content_type, body)))
    for kind, body in seen[::2]:
        assert kind == TYPES[name] and Codec(name, erlang).decode(body)["op"] == 4
    for wrong in (b"\x81\xa2op", b"\x83t\0\0\0\1", b"\xa3{\"a", b"\x81\xa2op\xc7\0\1", b"\xdd\xff\xff\xff\xff"):
        channel.basic_publish("gateway", "1", wrong, mandatory=True)
    gateway.wait_err("rejected", 5)
    assert gateway.stop() == 0
    assert summary(gateway)["rejected"] == 5


@pytest.mark.parametrize("name", FORMATS)
def test_gaps_are_declared_in_it(bot: Bot, standin: Standin, channel: Any, erlang: Erlang, name: str) -> None:
    """What has no form there (Erlang's maps have each key once) is declared, and what comes behind it arrives."""
    codec = Codec(name, erlang)
    gateway = bot.running_gateway(BROKER_FORMAT=name)
    bind(channel, "gateway:w:MESSAGE_CREATE", "MESSAGE_CREATE")
    standin.dispatch(0, "MESSAGE_CREATE", '{"a":1,"a":2}')
    standin.dispatch(0, "MESSAGE_CREATE", '{"b":1}')
    refused = name == "etf"
    bodies = receive(channel, "gateway:w:MESSAGE_CREATE", 1 if refused else 2, codec)
    assert bodies[-1] == {"b": 1}
    if refused:
        records = receive(channel, "gateway:SPECTACLES_GAP", 1, codec)
        assert records[0]["next"] == records[0]["seq"] + 2
        gateway.wait_err("key twice")
    assert gateway.stop() == 0


def test_unknown_formats_are_refused(bot: Bot) -> None:
    process = bot.start("worker", "MESSAGE_CREATE", BROKER_FORMAT="xml")
    assert process.wait() != 0
    assert any("BROKER_FORMAT 'xml' is not known: json, etf, msgpack or msgpack-json" in line for line in process.err)
