"""All encodings and compressions, from the stand-in through the gateway to a queue: ETF is written by Erlang itself."""
from __future__ import annotations

import json
from typing import Any

import pytest
from standin import payloads
from standin.standin import Standin

from .conftest import Bot, messages

QUEUE = "gateway:w:MESSAGE_CREATE"
COMBINATIONS = [("json", "none"), ("json", "zlib-stream"), ("json", "zstd-stream"), ("json", "payload"),
                ("etf", "none"), ("etf", "zlib-stream"), ("etf", "zstd-stream")]


def events() -> list[tuple[str, Any]]:
    """What survives ETF: no lone surrogates, no key twice."""
    made = [("MESSAGE_CREATE", json.loads(text)) for _, text in payloads.corpus(5, 60) if "\\ud800" not in text]
    made.append(("MESSAGE_CREATE", json.loads(payloads.large_guild(5)[1])))
    return [(name, {**data, "number": number}) for number, (name, data) in enumerate(made)]


def expected(value: Any, encoding: str) -> Any:
    """ETF's whole numbers beyond 2^53 become strings."""
    if isinstance(value, dict):
        return {key: expected(each, encoding) for key, each in value.items()}
    if isinstance(value, list):
        return [expected(each, encoding) for each in value]
    big = encoding == "etf" and isinstance(value, int) and abs(value) > 1 << 53
    return str(value) if big else value


def receive(channel: Any, count: int, seen: dict[str, Any]) -> list[Any]:
    """All that came, until they are so many, by message-id: what was not confirmed yet when the socket was cut comes again."""
    for _, properties, body in messages(channel, QUEUE):
        seen.setdefault(properties.message_id, json.loads(body))
        if len(seen) == count:
            break
    return list(seen.values())


@pytest.mark.parametrize(("encoding", "compression"), COMBINATIONS)
@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
def test_events_and_commands_in_every_way(bot: Bot, standin: Standin, channel: Any, encoding: str, compression: str, split: bool) -> None:
    standin.pieces, standin.fragments = (3, 4) if split else (1, 1)
    gateway = bot.running_gateway(DISCORD_ENCODING=encoding, DISCORD_COMPRESSION=compression)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")
    sent, seen = events(), {}
    half = len(sent) // 2
    standin.dispatch_many(1, sent[:half])
    assert receive(channel, half, seen) == [expected(data, encoding) for _, data in sent[:half]]
    # A drop: a new connection starts new contexts, and the rest comes all the same.
    standin.drop(1)
    standin.dispatch_many(1, sent[half:])
    assert receive(channel, len(sent), seen) == [expected(data, encoding) for _, data in sent]
    guild = standin.guilds(1, 2, 1)[0]
    channel.basic_publish("gateway", "SEND", json.dumps({"guild_id": str(guild), "packet": {"op": 4, "d": {"guild_id": str(guild), "channel_id": None, "self_mute": True}}}).encode())
    standin.wait_for(lambda: any(each.op == 4 and each.payload["d"]["self_mute"] is True for each in standin.session(1).received))
    assert gateway.stop() == 0
    assert not [each for each in standin.records if each["kind"] == "violation"]


@pytest.mark.parametrize(("encoding", "compression"), [("json", "zstd-stream"), ("json", "zlib-stream"), ("etf", "zstd-stream")])
def test_a_gateway_that_does_not_know_compress_is_understood_and_told_once(bot: Bot, standin: Standin, channel: Any, encoding: str, compression: str) -> None:
    standin.knows_compression = False
    gateway = bot.running_gateway(DISCORD_ENCODING=encoding, DISCORD_COMPRESSION=compression)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")
    sent: dict[str, Any] = {}
    standin.dispatch_many(1, [("MESSAGE_CREATE", {"number": number}) for number in range(50)])
    assert [each["number"] for each in receive(channel, 50, sent)] == list(range(50))
    assert sum("though compression was asked for: it is taken as it is" in line for line in gateway.err) == 2, "once for each of the two shards"


def test_zstd_frames_may_end_with_each_message(bot: Bot, standin: Standin, channel: Any) -> None:
    standin.zstd_frames = True
    gateway = bot.running_gateway(DISCORD_COMPRESSION="zstd-stream")
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")
    standin.dispatch_many(1, [("MESSAGE_CREATE", {"number": number}) for number in range(50)])
    assert [each["number"] for each in receive(channel, 50, {})] == list(range(50))
    assert not any("disconnected" in line for line in gateway.err)
