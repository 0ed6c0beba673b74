"""Calls and replies over a real RabbitMQ: answered, timed out, refused, and while connections are lost."""
from __future__ import annotations

from typing import Any

import pika
import pytest
from support.broker_tool import SOON, Tools
from support.rabbit import RabbitNode

TIMEOUT, UNROUTABLE, REFUSED, LOST, CLOSED = 1, 2, 3, 4, 5


@pytest.mark.rabbit4
def test_calls_are_answered(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    asker, worker = tools(rabbit.url(vhost), id="a"), tools(rabbit.url(vhost), id="w")
    worker.subscribe("ADD")
    worker.write("reply")
    asker.wait_event("READY")
    calls = [asker.call("ADD", f"question-{number}") for number in range(100)]
    asker.wait_event("REPLY", 100)
    assert {told["tag"]: told["body"] for told in asker.events["REPLY"]} == {
        call: f"RE:question-{number}" for number, call in enumerate(calls)}
    assert asker.events["REPLY"][0]["content_type"] == "text/plain"
    question = worker.events["MESSAGE"][0]
    assert question["reply_to"].startswith("amq.rabbitmq.reply-to.") and question["expiration"] == "30000"
    assert asker.count("CONFIRMED") == asker.count("CALL_FAILED") == 0
    stats = asker.stats()
    assert (stats["calls"], stats["replies"], stats["replies_ignored"], stats["unconfirmed"]) == (100, 100, 0, 0)
    assert asker.close() == worker.close() == 0


@pytest.mark.rabbit4
def test_calls_that_nobody_answers(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="a", patience=SOON)
    tool.subscribe("SILENT", consume=False)
    nowhere = tool.call("NOBODY", "x")
    told = tool.wait_event("CALL_FAILED")
    assert (told["tag"], told["reason"], told["code"]) == (nowhere, UNROUTABLE, 312) and "NO_ROUTE" in told["text"]
    slow = tool.call("SILENT", "x", 300)
    told = tool.wait_event("CALL_FAILED", 2)
    assert (told["tag"], told["reason"]) == (slow, TIMEOUT) and told["at"] >= 300
    # Its request has expired with it.
    rabbit.wait_for(lambda: rabbit.queues(vhost)["gateway:SILENT"]["messages"] == 0, "an empty queue")
    # A reply to it comes too late, and one that nobody asked for comes as well.
    late = tool.call("SILENT", "x", 1500, "expiration=60000")
    asked: list[Any] = []
    rabbit.wait_for(lambda: asked.append(channel.basic_get("gateway:SILENT", auto_ack=True)) or asked[-1][0], "the request")
    reply_to = asked[-1][1].reply_to
    assert tool.wait_event("CALL_FAILED", 3)["tag"] == late
    for correlation_id in (asked[-1][1].correlation_id, "nonsense", None):
        channel.basic_publish("", reply_to, b"x", pika.BasicProperties(correlation_id=correlation_id))
    tool.wait_for(lambda: tool.stats()["replies_ignored"] == 3, 60, "replies ignored")
    lost = tool.call("SILENT", "x", 30000, "exchange=nowhere")
    other = tool.wait_event("CALL_FAILED", 4)
    assert (other["tag"], other["reason"], other["code"]) == (lost, REFUSED, 404) and "nowhere" in other["text"]
    assert tool.count("REPLY") == tool.count("DISCONNECTED") == 0 and tool.close() == 0


def test_a_call_by_pika_is_answered(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    """An exclusive callback queue, as most clients have one, and a request without a correlation-id."""
    tool = tools(rabbit.url(vhost), id="w")
    tool.subscribe("ADD")
    tool.write("reply")
    callback = channel.queue_declare("", exclusive=True).method.queue
    for correlation_id in ("mine", None):
        channel.basic_publish("gateway", "ADD", b"1+1", pika.BasicProperties(reply_to=callback, correlation_id=correlation_id))
    for correlation_id in ("mine", None):
        for method, properties, body in channel.consume(callback, auto_ack=True, inactivity_timeout=60):
            assert method and (properties.correlation_id, body) == (correlation_id, b"RE:1+1")
            break
    assert tool.close() == 0


def test_a_call_answered_by_pika(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="a")
    tool.subscribe("ADD", consume=False)
    call = tool.call("ADD", "1+1")
    for method, properties, body in channel.consume("gateway:ADD", auto_ack=True, inactivity_timeout=60):
        assert method and body == b"1+1" and properties.delivery_mode == 1
        channel.basic_publish("", properties.reply_to, b"2", pika.BasicProperties(
            correlation_id=properties.correlation_id, headers={"status": 200}))
        break
    told = tool.wait_event("REPLY")
    assert (told["tag"], told["body"], told["headers"]) == (call, "2", {"status": 200}) and tool.close() == 0


def test_calls_while_connections_are_lost(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    """Each ends once; those that were sent are lost, and the next one finds its way."""
    asker = tools(rabbit.url(vhost), id="a", patience=SOON)
    asker.subscribe("SILENT", consume=False)
    for turn in range(3):
        sent = asker.call("SILENT", "x", 600000)
        asker.wait_for(lambda: asker.stats()["unconfirmed"] == 0, 60, "a confirmed request")
        rabbit.ctl("close_all_connections", "--vhost", vhost, "for the operator's reasons")
        told = asker.wait_event("CALL_FAILED", turn + 1)
        assert (told["tag"], told["reason"]) == (sent, LOST)
    worker = tools(rabbit.url(vhost), id="w")
    worker.write("reply")
    worker.subscribe("SILENT")
    again = asker.call("SILENT", "again", 600000)
    assert asker.wait_event("REPLY")["tag"] == again
    assert asker.count("CALL_FAILED") == 3 and asker.close() == 0 and worker.close() == 0
