"""
Clients that others wrote, in both directions: they consume what our gateway publishes, it obeys what they send, and calls are
answered by either side. (pika's calls: test_broker.py.)
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.payloads import corpus, one_of_each
from standin.standin import Standin
from support.broker_tool import BrokerTool
from support.peers import Peer
from support.rabbit import RabbitNode

from integration.conftest import Bot

# Client, what it writes, and BROKER_FORMAT of whoever wants to be understood by it.
PEERS = [
    ("spectacles-brokers-0.9", "own", "msgpack"),
    ("spectacles-brokers-0.9", "json", "json"),
    ("spectacles-brokers-0.8", "own", "json"),
    ("spectacles-brokers-0.8", "wrapped", "msgpack-json"),
    ("amqplib", "json", "json"),
]

# enum spectacles_format
FORMATS = {"json": 1, "etf": 2, "msgpack": 3, "msgpack-json": 4}

MakePeer = Callable[..., Peer]


@pytest.fixture(params=PEERS, ids=lambda peer: f"{peer[0]}-{peer[1]}")
def wire(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    return request.param


@pytest.fixture
def make_peer(root: Path, rabbit: RabbitNode, vhost: str, wire: tuple[str, str, str]) -> Iterator[MakePeer]:
    made: list[Peer] = []

    def make(subgroup: str = "") -> Peer:
        made.append(Peer(root, wire[0], wire[1], rabbit.url(vhost), subgroup=subgroup))
        return made[-1]

    yield make
    for peer in made:
        peer.kill()


@pytest.fixture
def tool(build: Path, rabbit: RabbitNode, vhost: str, wire: tuple[str, str, str]) -> Iterator[BrokerTool]:
    made = BrokerTool(build, rabbit.url(vhost), format=FORMATS[wire[2]])
    yield made
    made.kill()


def as_javascript(value: Any) -> Any:
    """What is left of a value behind JSON.parse and JSON.stringify."""
    if isinstance(value, dict):
        return {key: as_javascript(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_javascript(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def has_a_form(data: str, written: str) -> bool:
    """Half of a surrogate pair, which JSON may escape, is no character: MessagePack has no place for it."""
    try:
        return bool(json.dumps(json.loads(data), ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return written != "msgpack"


def test_they_consume_what_our_gateway_publishes(bot: Bot, standin: Standin, make_peer: MakePeer, wire: tuple[str, str, str]) -> None:
    events = [event for event in [*one_of_each(7), *corpus(7, 300)] if has_a_form(event[1], wire[2])]
    names = sorted({name for name, _ in events})
    logs, actions = make_peer("logs"), make_peer("actions")
    for peer in (logs, actions):
        peer.subscribe(*names)
    gateway = bot.running_gateway("", DISCORD_MORE_EVENTS=",".join(names), BROKER_FORMAT=wire[2])
    standin.dispatch_many(0, events)
    for peer in (logs, actions):
        for name in names:
            expected = [as_javascript(json.loads(data)) for which, data in events if which == name]
            assert [as_javascript(data) for data in peer.messages(name, len(expected))] == expected, name
    assert gateway.stop() == 0


def test_our_gateway_obeys_what_they_send(bot: Bot, standin: Standin, make_peer: MakePeer, wire: tuple[str, str, str]) -> None:
    gateway = bot.running_gateway("MESSAGE_CREATE", BROKER_FORMAT=wire[2])
    guild = str(standin.guilds(shard=1, count=2, how_many=1)[0])
    voice = {"op": 4, "d": {"guild_id": guild, "channel_id": None, "self_mute": True, "self_deaf": False}}
    presence = {"op": 3, "d": {"since": None, "activities": [{"name": "über 🐎", "type": 0}], "status": "idle", "afk": False}}
    peer = make_peer()
    peer.publish("SEND", {"guild_id": guild, "packet": voice})
    peer.publish("0", presence)
    standin.wait_for(lambda: standin.received(1, 4) and standin.received(0, 3), 60, "for both packets")
    assert [each.payload["d"] for each in standin.received(1, 4)] == [voice["d"]]
    assert [each.payload["d"] for each in standin.received(0, 3)] == [presence["d"]]
    assert not standin.received(0, 4) and not standin.received(1, 3)
    gateway.wait_err("sent", 2)
    assert standin.violations == []
    assert gateway.stop() == 0


def test_our_worker_consumes_what_they_publish(bot: Bot, make_peer: MakePeer, wire: tuple[str, str, str]) -> None:
    """In whatever format it comes, without a setting."""
    sent = [json.loads(data) for _, data in one_of_each(8) if has_a_form(data, wire[2])] + [{"id": "1234567890123456789", "n": [0, -1, 1.5, None, True, ""], "ü": {}}]
    worker = bot.worker("CUSTOM")
    worker.wait_err("subscribed to queue")
    peer = make_peer()
    for data in sent:
        peer.publish("CUSTOM", data)
    lines = worker.wait_out(len(sent))
    assert all(line.startswith(b"CUSTOM ") for line in lines)
    assert [as_javascript(json.loads(line[len(b"CUSTOM "):])) for line in lines] == [as_javascript(data) for data in sent]
    assert worker.stop() == 0


def test_they_call_us(make_peer: MakePeer, tool: BrokerTool) -> None:
    tool.subscribe("ASK")
    tool.write("reply")
    peer = make_peer()
    for question in ({"guild": "1234567890123456789"}, [1, None, "ü"], {}, [{"text": "a" * 100, "number": -1.5}]):
        assert peer.call("ASK", question) == {"echo": question}
    assert tool.close() == 0


def test_we_call_them(make_peer: MakePeer, tool: BrokerTool) -> None:
    make_peer().serve("ASK")
    asked = {tool.call("ASK", json.dumps({"question": number}, separators=(",", ":"))): number for number in range(20)}
    tool.wait_event("REPLY", len(asked))
    answered = {told["tag"]: json.loads(told["body"]) for told in tool.events["REPLY"]}
    assert answered == {call: {"echo": {"question": number}} for call, number in asked.items()}
    assert tool.close() == 0 and not tool.events["CALL_FAILED"]
