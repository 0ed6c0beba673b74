"""A real RabbitMQ whose memory is short: it takes no publishes, and everything else goes on."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from support.broker_tool import E_AGAIN, SOON, Tools, ids
from support.rabbit import RabbitNode


@pytest.fixture
def alarm(own_rabbit: RabbitNode) -> Callable[[bool], None]:
    def switch(on: bool) -> None:
        own_rabbit.ctl("set_vm_memory_high_watermark", "0.0000001" if on else "0.8")

    return switch


@pytest.mark.rabbit4
def test_a_memory_alarm_holds_publishes_back_and_nothing_else(own_rabbit: RabbitNode, tools: Tools, alarm: Callable[[bool], None]) -> None:
    consumer = tools(own_rabbit.url(), id="c")
    consumer.write("hold")
    consumer.subscribe("WORK", prefetch=50)
    publisher = tools(own_rabbit.url(), id="p", window=100)
    publisher.wait_event("READY")
    for _ in range(3):
        publisher.publish(100, 500, "WORK")
        publisher.wait_confirmed(publisher.ask("enough")["last"])
    consumer.wait_event("MESSAGE", 50)

    alarm(True)
    first = publisher.publish(1000, 500, "WORK")
    assert first["count"] == 100 and first["error"] == E_AGAIN and first["room"] == 0 and "window" in first["text"]
    assert "memory" in publisher.wait_event("BLOCKED")["text"]
    # Whoever only consumes does not notice: all that was there is delivered, acknowledged and gone.
    consumer.ask("ack")
    consumer.wait_event("MESSAGE", 300)
    own_rabbit.wait_for(lambda: own_rabbit.queues()["gateway:WORK"]["messages"] <= 1, "an empty queue")
    assert consumer.count("BLOCKED") == 0
    again = publisher.publish(1000, 500, "WORK")
    assert again["error"] == E_AGAIN and 300 <= publisher.count("CONFIRMED") <= 302
    assert publisher.count("UNBLOCKED") == 0

    alarm(False)
    publisher.wait_event("UNBLOCKED")
    publisher.wait_event("ROOM")
    publisher.wait_confirmed(again["last"])
    consumer.wait_for(lambda: consumer.received() == ids("p", again["last"]), 60, "all, in order")
    for each in (publisher, consumer):
        assert each.count("DISCONNECTED") == 0 and each.close() == 0


def test_an_alarm_in_the_middle_of_large_messages(own_rabbit: RabbitNode, tools: Tools, alarm: Callable[[bool], None]) -> None:
    """What is half written has to be completed, before and after."""
    tool = tools(own_rabbit.url("/") + "?heartbeat=2", id="p", window=300, window_bytes=10_000_000, patience=SOON)
    tool.subscribe("LARGE", prefetch=10)
    tool.write("publish-forever 150000 LARGE transient")
    tool.wait_confirmed(100)
    for turn in range(3):
        alarm(True)
        tool.wait_event("BLOCKED", turn + 1)
        alarm(False)
        tool.wait_event("UNBLOCKED", turn + 1)
        tool.wait_confirmed(tool.count("CONFIRMED") + 100)
    last = tool.ask("enough")["last"]
    tool.wait_confirmed(last)
    tool.wait_for(lambda: tool.received() == ids("p", last), 60, "all, in order")
    assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


def test_connecting_and_closing_during_an_alarm(own_rabbit: RabbitNode, tools: Tools, alarm: Callable[[bool], None]) -> None:
    alarm(True)
    tool = tools(own_rabbit.url(), id="p", window=10)
    tool.subscribe("EVENT")
    assert tool.publish(20, 100, "EVENT")["error"] == E_AGAIN
    tool.wait_event("BLOCKED")
    assert tool.close() >= 9, "it does not wait for ever, and says what was left"
