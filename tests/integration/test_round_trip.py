"""The main job, end to end: Discord -> shard -> relay -> RabbitMQ -> worker -> SEND -> shard -> Discord."""
from __future__ import annotations

import json
from collections import Counter
from typing import Any, Optional

import pytest
from standin.payloads import corpus, large_guild, one_of_each
from standin.rules import KNOWN_INTENTS
from standin.standin import Standin
from support.rabbit import RabbitNode

from integration.conftest import Bot, drain, summary

FILTERED = {"TYPING_START", "PRESENCE_UPDATE"}
# Discord has it, and documents it nowhere.
UNKNOWN = "PRESENCES_REPLACE"


def events_of(seed: int, count: int) -> list[tuple[str, str]]:
    return [*one_of_each(seed), large_guild(seed), *corpus(seed, count)]


def lines_of(events: list[tuple[str, str]]) -> list[bytes]:
    return [f"{name} {data}".encode() for name, data in events if name not in FILTERED]


def names_of(events: list[tuple[str, str]]) -> list[str]:
    return sorted({name for name, _ in events} - FILTERED)


def round_trip(bot: Bot, standin: Standin, count: int, valgrind: bool = False) -> None:
    events = {shard: events_of(shard + 1, count) for shard in (0, 1)}
    wanted = names_of(events[0] + events[1])
    expected = Counter(lines_of(events[0]) + lines_of(events[1]))
    alone = bot.worker("--subgroup", "logs", *wanted, valgrind=valgrind)
    shared = [bot.worker("--subgroup", "actions", *wanted) for _ in range(2)]
    for worker in (alone, *shared):
        worker.wait_err("subscribed to queue", len(wanted))
    known = ",".join(name for name in wanted if name != UNKNOWN)
    gateway = bot.running_gateway(known, DISCORD_MORE_EVENTS=UNKNOWN, DISCORD_RAW_INTENTS=str(KNOWN_INTENTS), valgrind=valgrind)
    for shard in (0, 1):
        standin.dispatch_many(shard, events[shard])

    total = sum(expected.values())
    alone.wait_out(total, timeout=180)
    shared[0].wait_for(lambda: len(shared[0].out) + len(shared[1].out) >= total, 180, "all events in the shared subgroup")
    assert Counter(alone.out) == expected
    assert Counter(shared[0].out) + Counter(shared[1].out) == expected
    assert shared[0].out and shared[1].out

    guild = standin.guilds(shard=1, count=2, how_many=1)[0]
    # The stand-in's answer comes to the shard of the guild: only if SEND was routed there. Each subgroup asks.
    standin.dispatch(0, "MESSAGE_CREATE", json.dumps({"id": "77", "guild_id": str(guild), "content": "!members"}))
    standin.wait_for(lambda: len(standin.received(1, 8)) == 2, 60, "for op 8 on shard 1, twice")
    if "GUILD_MEMBERS_CHUNK" in wanted:
        alone.wait_for(lambda: sum(b'"nonce": "77"' in line for line in alone.out) > 0, 60, "the answer to op 8")
    assert standin.violations == []
    assert gateway.stop() == 0
    counted = summary(gateway)
    filtered = sum(name in FILTERED for shard in (0, 1) for name, _ in events[shard])
    assert counted["published"] == counted["confirmed"] == counted["dispatched"] - counted["filtered"]
    assert counted["filtered"] == filtered + 2  # and both READYs
    assert counted["identifies"] == 2
    for worker in (alone, *shared):
        assert worker.stop() == 0


def test_thousands_of_events_arrive_byte_for_byte(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str) -> None:
    round_trip(bot, standin, 2000)
    exchange = rabbit.exchanges(vhost)["gateway"]
    assert (exchange["type"], exchange["durable"], exchange["auto_delete"], exchange["internal"]) == ("direct", True, False, False)
    assert not exchange["arguments"]
    queues = rabbit.queues(vhost)
    assert {"gateway:logs:MESSAGE_CREATE", "gateway:actions:MESSAGE_CREATE", "gateway:0", "gateway:1", "gateway:SEND"} <= set(queues)
    for name, queue in queues.items():
        assert queue["messages"] == 0, name
        if not name.endswith(":SPECTACLES_GATEWAY"):  # the process's own, which may go with it
            assert queue["durable"] and not queue["auto_delete"] and not queue["exclusive"] and not queue["arguments"], name
    bound = {(each["destination_name"], each["routing_key"]) for each in rabbit.bindings(vhost) if each["source_name"] == "gateway"}
    assert ("gateway:logs:MESSAGE_CREATE", "MESSAGE_CREATE") in bound
    assert ("gateway:1", "1") in bound


@pytest.mark.valgrind
def test_no_leak_under_valgrind(bot: Bot, standin: Standin) -> None:
    round_trip(bot, standin, 100, valgrind=True)


def test_filtered_events_do_not_reach_the_broker(bot: Bot, standin: Standin, channel: Any) -> None:
    channel.exchange_declare("gateway", "direct", durable=True)
    for name in ("TYPING_START", "MESSAGE_CREATE"):
        channel.queue_declare(f"gateway:{name}", durable=True)
        channel.queue_bind(f"gateway:{name}", "gateway", name)
    gateway = bot.running_gateway("MESSAGE_CREATE")
    standin.dispatch_many(0, [("TYPING_START", "{}")] * 100 + [("MESSAGE_CREATE", '{"last":true}')])
    drain(channel, "gateway:MESSAGE_CREATE", 1, lambda *_: None)
    assert channel.queue_declare("gateway:TYPING_START", durable=True).method.message_count == 0
    assert gateway.stop() == 0


def test_what_nobody_consumes_is_held_back(bot: Bot, standin: Standin, channel: Any) -> None:
    """The specification's "ensure that the gateway only publishes events that will be consumed", without an allow list of one's own."""
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare("gateway:MESSAGE_CREATE", durable=True)
    channel.queue_bind("gateway:MESSAGE_CREATE", "gateway", "MESSAGE_CREATE")
    gateway = bot.running_gateway("MESSAGE_CREATE,TYPING_START", BROKER_UNROUTABLE_HOLD="4s", DISCORD_RAW_INTENTS=str(KNOWN_INTENTS))
    standin.dispatch(0, "TYPING_START", '{"first":true}')
    gateway.wait_err("TYPING_START is held back")
    standin.dispatch_many(0, [("TYPING_START", "{}")] * 100 + [("MESSAGE_CREATE", "{}")])
    drain(channel, "gateway:MESSAGE_CREATE", 1, lambda *_: None)

    # A queue comes into being: from some time on its events arrive, and all of them.
    channel.queue_declare("gateway:TYPING_START", durable=True)
    channel.queue_bind("gateway:TYPING_START", "gateway", "TYPING_START")
    sent = 0
    while channel.queue_declare("gateway:TYPING_START", passive=True).method.message_count == 0:
        standin.dispatch(0, "TYPING_START", f'{{"serial":{sent}}}')
        sent += 1
        channel.connection.sleep(0.05)
    standin.dispatch_many(0, [("TYPING_START", f'{{"serial":{sent + serial}}}') for serial in range(100)])
    serials: list[int] = []
    drain(channel, "gateway:TYPING_START", 100, lambda method, properties, body: serials.append(json.loads(body)["serial"]))
    while (last := channel.basic_get("gateway:TYPING_START", auto_ack=True))[0]:
        serials.append(json.loads(last[2])["serial"])
    assert serials == list(range(serials[0], serials[0] + len(serials)))
    assert gateway.stop() == 0
    counted = summary(gateway)
    # One is tried whenever the hold is over, and that may be in the middle of the hundred.
    held = counted["filtered"] - 2  # and both READYs
    assert counted["unroutable"] >= 1 and held + counted["unroutable"] >= 101 and held > counted["unroutable"]
    assert counted["published"] == counted["confirmed"] + counted["unroutable"]


def test_a_client_of_somebody_else_takes_part(bot: Bot, standin: Standin, channel: Any) -> None:
    """pika consumes what we publish, and publishes SEND and shard packets that we route and send, unchanged."""
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare("gateway:pika:MESSAGE_CREATE", durable=True)
    channel.queue_bind("gateway:pika:MESSAGE_CREATE", "gateway", "MESSAGE_CREATE")
    gateway = bot.running_gateway()
    data = '{"n":1.0E+2,"id":1234567890123456789,"text":"\\u0041\\u0000 ü"}'
    standin.dispatch(1, "MESSAGE_CREATE", data)
    seen: list[tuple[bytes, Any, str]] = []
    drain(channel, "gateway:pika:MESSAGE_CREATE", 1,
          lambda method, properties, body: seen.append((body, properties, method.routing_key)))
    body, properties, key = seen[0]
    assert body == data.encode() and key == "MESSAGE_CREATE"
    assert properties.delivery_mode == 2 and properties.content_type == "application/json"
    assert properties.message_id == f"{standin.session(1).session_id}:2" and properties.expiration is None

    for shard in (0, 1):
        guild = standin.guilds(shard, 2, 1)[0]
        d = f'{{"guild_id": "{guild}", "channel_id":null, "self_mute":true,"x":1.0e0}}'
        channel.basic_publish("gateway", "SEND", f'{{"guild_id":"{guild}","packet":{{"op":4,"d":{d}}}}}'.encode(), mandatory=True)
        standin.wait_for(lambda: standin.received(shard, 4), 30, f"for op 4 on shard {shard}")
        assert [each.raw for each in standin.received(shard, 4)] == [f'{{"op":4,"d":{d}}}']
        d = '{"since":null,"activities":[],"status":"idle","afk":false}'
        channel.basic_publish("gateway", str(shard), f'{{"op":3,"d":{d}}}'.encode(), mandatory=True)
        standin.wait_for(lambda: standin.received(shard, 3), 30, f"for op 3 on shard {shard}")
        assert [each.raw for each in standin.received(shard, 3)] == [f'{{"op":3,"d":{d}}}']
    gateway.wait_err("op 3 sent", 2)
    assert gateway.stop() == 0
    assert summary(gateway)["sent"] == 4 and summary(gateway)["routed"] == 2


def test_packets_wait_for_a_gateway_that_is_down(bot: Bot, standin: Standin, channel: Any) -> None:
    standin.identify_window = 0.0
    assert bot.running_gateway().stop() == 0
    guild = standin.guilds(1, 2, 1)[0]
    packet = f'{{"op":4,"d":{{"guild_id":"{guild}","channel_id":null}}}}'
    channel.basic_publish("gateway", "1", packet.encode(), mandatory=True)
    channel.basic_publish("gateway", "SEND", f'{{"guild_id":{guild},"packet":{packet}}}'.encode(), mandatory=True)
    gateway = bot.running_gateway()
    standin.wait_for(lambda: len(standin.received(1, 4)) == 2, 30, "for both packets")
    assert gateway.stop() == 0


def test_shard_ids_are_honoured(bot: Bot, standin: Standin) -> None:
    """Two gateways, half of the shards each; SEND to either is routed to the other."""
    standin.shards = 4
    standin.max_concurrency = 4
    first = bot.running_gateway(shards=2, DISCORD_SHARD_COUNT="4", DISCORD_SHARD_IDS="0-1")
    second = bot.running_gateway(shards=2, DISCORD_SHARD_COUNT="4", DISCORD_SHARD_IDS="2,3")
    assert sorted(each.shard for each in standin.sessions) == [0, 1, 2, 3]
    worker = bot.worker("MESSAGE_CREATE")
    for shard in range(4):
        guild = standin.guilds(shard, 4, 1)[0]
        standin.dispatch(0, "MESSAGE_CREATE", json.dumps({"id": "5", "guild_id": str(guild), "content": "!members"}))
        standin.wait_for(lambda: standin.received(shard, 8), 30, f"for op 8 on shard {shard}")
    assert first.stop() == second.stop() == worker.stop() == 0
    assert standin.count("wrong_shard") == 0


def test_gateways_that_disagree_on_the_count_of_shards(bot: Bot, standin: Standin, channel: Any) -> None:
    """Two of two, and two of four: each SEND is routed once, by whoever gets it, and never again."""
    standin.shards = 4
    standin.max_concurrency = 4
    gateways = [bot.running_gateway(shards=2, DISCORD_SHARD_COUNT="2"),
                bot.running_gateway(shards=2, DISCORD_SHARD_COUNT="4", DISCORD_SHARD_IDS="2,3")]
    for number in range(40):
        guild = standin.guilds(number % 4, 4, 1)[0]
        packet = {"op": 3, "d": {"since": number, "activities": [], "status": "online", "afk": False}}
        channel.basic_publish("gateway", "SEND", json.dumps({"guild_id": str(guild), "packet": packet}).encode(), mandatory=True)

    def arrived() -> list[int]:
        return [json.loads(each.raw)["d"]["since"] for shard in range(4) for each in standin.received(shard, 3)]

    standin.wait_for(lambda: len(arrived()) >= 40, 60, "for all packets")
    for gateway in gateways:
        assert gateway.stop() == 0
    assert sorted(arrived()) == list(range(40))
    counted = [summary(gateway) for gateway in gateways]
    assert sum(each["routed"] for each in counted) == sum(each["sent"] for each in counted) == 40
    assert sum(each["commands"] for each in counted) == 80, "40 SENDs and 40 packets: nothing went round"
    assert all(each["routed"] for each in counted), "both took part"
    for queue in ("SEND", "0", "1", "2", "3"):
        assert channel.queue_declare(f"gateway:{queue}", passive=True).method.message_count == 0


def test_a_clean_stop_keeps_the_sessions(bot: Bot, standin: Standin) -> None:
    gateway = bot.running_gateway()
    assert gateway.stop() == 0
    standin.wait_for(lambda: standin.count("closed") == 2, what="for the end of both connections")
    assert standin.count("closed", code=4000) == 2
    assert all(session.alive for session in standin.sessions)


@pytest.mark.parametrize(("mask", "sent"), [("32768", 32768), ("0", None)])
def test_capabilities_are_told_to_discord(bot: Bot, standin: Standin, mask: str, sent: Optional[int]) -> None:
    bot.gateway(DISCORD_CAPABILITIES=mask)
    standin.wait_ready(0, 1)
    identifies = [json.loads(each["raw"])["d"] for each in standin.records if each["kind"] == "received" and each["op"] == 2]
    assert [each.get("capabilities") for each in identifies] == [sent, sent]
