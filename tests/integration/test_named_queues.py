"""Queues by their own names with a single active consumer, queues that RabbitMQ names, and an exchange that everybody hears."""
from __future__ import annotations

from typing import Any

import pytest
from support.broker_tool import SOON, BrokerTool, Tools
from support.rabbit import RabbitNode

pytestmark = pytest.mark.rabbit4

# RabbitMQ forgets a queue, as that of a node which the others took for dead: it tells neither the queue nor its consumer. 4.x has another name for it.
FORGET = """{{ok, Queue}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"{queue}">>)), rabbit_amqqueue:internal_delete({what}, <<"test">>)."""
# As lib/fleet/names.c has them.
LEASE = "bot:fleet1:lease:16-1:3"
ARGUMENTS = "x-queue-type=quorum x-single-active-consumer=true x-delivery-limit=1000000 x-consumer-disconnected-timeout=5000"


def consumer(tools: Tools, url: str, name: str) -> BrokerTool:
    """Consumes the queue, and holds what it gets."""
    tool = tools(url, id=name, group="bot:fleet1", exchange_type="fanout", heartbeat=4, patience=SOON)
    tool.write("hold")
    tool.ask(f"subscribe-queue {LEASE} 16 {ARGUMENTS}", "subscribe")
    tool.wait_event("SUBSCRIBED")
    return tool


def publish(tool: BrokerTool, count: int = 1) -> int:
    return int(tool.publish(count, 100, LEASE, "exchange=", "mandatory")["last"])


def test_one_consumer_has_the_queue_and_the_next_one_gets_what_it_held(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    first, second, third = (consumer(tools, rabbit.url(vhost), name) for name in ("a", "b", "c"))
    assert ["x-queue-type", "longstr", "quorum"] in rabbit.queues(vhost)[LEASE]["arguments"]
    # Not bound to the exchange: an event that everybody hears is not in it.
    first.wait_confirmed(first.publish(1, 10, "hello")["last"])
    assert second.publish(2, 100, LEASE, "exchange=", "mandatory")["last"] == 2
    second.wait_confirmed(2)
    first.wait_event("MESSAGE", 2)
    assert first.received() == ["b:1", "b:2"]
    # Whoever leaves in order steps out of the line first, and gives back then.
    first.ask("unsubscribe 0")
    first.ask("requeue")
    second.wait_event("MESSAGE", 2)
    assert second.received() == ["b:1", "b:2"] and all(told["redelivered"] for told in second.events["MESSAGE"])
    second.kill()
    third.wait_event("MESSAGE", 2)
    assert third.received() == ["b:1", "b:2"] and first.count("MESSAGE") == 2
    # The first one comes back to the end of the line.
    first.ask(f"subscribe-queue {LEASE} 16 {ARGUMENTS}", "subscribe")
    first.wait_event("SUBSCRIBED", 2)
    third.ask("ack")
    third.wait_confirmed(publish(third))
    third.wait_event("MESSAGE", 3)
    assert first.count("MESSAGE") == 2 and third.close() == first.close() == 0


def test_a_queue_that_is_deleted_is_declared_anew(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    tool = consumer(tools, rabbit.url(vhost), "a")
    channel.queue_delete(LEASE)
    tool.wait_event("UNSUBSCRIBED")
    tool.wait_event("SUBSCRIBED", 2)
    last = publish(tool)
    tool.wait_event("MESSAGE")
    channel.queue_delete(LEASE)
    refused = tool.publish(1, 100, "nowhere", "exchange=", "mandatory")["last"]
    assert tool.wait_event("RETURNED", where=lambda told: told["tag"] == refused)["code"] == 312
    tool.wait_event("SUBSCRIBED", 3)
    assert refused == last + 1 and tool.close() == 0


def test_everybody_hears_and_has_a_new_queue_on_each_connection(own_rabbit: RabbitNode, tools: Tools) -> None:
    members = [tools(own_rabbit.url(), id=name, group="bot:fleet1", exchange_type="fanout", patience=SOON) for name in "abc"]
    for member in members:
        member.ask("subscribe-exclusive hello", "subscribe")
        member.wait_event("SUBSCRIBED")
    members[0].publish(1, 100, "anything", "transient", "expiration=5000")
    for member in members:
        member.wait_event("MESSAGE")
    before = {member.events["SUBSCRIBED"][0]["queue"] for member in members}
    assert len(before) == 3 and all(name.startswith("amq.gen-") for name in before)
    own_rabbit.ctl("close_all_connections", "bye")
    for member in members:
        member.wait_event("SUBSCRIBED", 2)
    members[1].publish(1, 100, "anything", "transient")
    for member in members:
        member.wait_event("MESSAGE", 2)
    after = {member.events["SUBSCRIBED"][1]["queue"] for member in members}
    assert not before & after and set(own_rabbit.queues()) == after
    assert [member.close() for member in members] == [0, 0, 0]


def test_a_queue_that_rabbitmq_has_dropped_without_a_word_is_declared_anew(own_rabbit: RabbitNode, tools: Tools) -> None:
    tool = tools(own_rabbit.url(), id="a", group="bot:fleet1", exchange_type="fanout", patience=SOON)
    tool.ask("subscribe-exclusive hello", "subscribe")
    dropped = tool.wait_event("SUBSCRIBED")["queue"]
    what = "amqqueue:get_name(Queue)" if own_rabbit.version() < (3, 13) else "Queue"
    own_rabbit.ctl("eval", FORGET.format(queue=dropped, what=what))
    assert dropped not in own_rabbit.queues()
    assert tool.wait_event("UNSUBSCRIBED")["code"] == 404
    another = tool.wait_event("SUBSCRIBED", 2)["queue"]
    assert another != dropped
    tool.publish(1, 100, "anything", "transient")
    tool.wait_event("MESSAGE")
    assert tool.close() == 0
