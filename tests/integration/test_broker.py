"""The broker engine alone, against a real RabbitMQ that is killed, blocked, reconfigured and taken apart under it."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from support.broker_tool import BrokerTool
from support.rabbit import RabbitNode

E_INVAL, E_AGAIN, E_CLOSED, E_AUTH = -2, -4, -6, -10
# With a clock that passes over waits: what is tried again is tried soon.
SOON = 200

Tools = Callable[..., BrokerTool]


@pytest.fixture
def tools(build: Path) -> Iterator[Tools]:
    made: list[BrokerTool] = []

    def make(*urls: str, **options: object) -> BrokerTool:
        made.append(BrokerTool(build, *urls, **options))
        return made[-1]

    yield make
    for each in made:
        each.kill()


def messages(rabbit: RabbitNode, queue: str, vhost: str = "/") -> list[tuple[str, bytes]]:
    """Message-id and body of all that is in a queue, which is empty afterwards."""
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url(vhost)))
    try:
        channel = connection.channel()
        count = channel.queue_declare(queue, passive=True).method.message_count
        found: list[tuple[str, bytes]] = []
        for method, properties, body in channel.consume(queue, auto_ack=True, inactivity_timeout=60) if count else ():
            assert method, f"{queue}: {len(found)} came, of {count}"
            found.append((properties.message_id, body))
            if len(found) == count:
                break
        return found
    finally:
        connection.close()


def ids(prefix: str, last: int) -> list[str]:
    return [f"{prefix}:{number}" for number in range(1, last + 1)]


def test_killed_in_mid_publish_twenty_times(own_rabbit: RabbitNode, tools: Tools) -> None:
    tool = tools(own_rabbit.url(), id="k", window=500, patience=SOON)
    tool.subscribe("EVENT", consume=False)
    tool.write("publish-forever 200 EVENT")
    for turn in range(20):
        tool.wait_confirmed(tool.count("CONFIRMED") + 400)
        own_rabbit.kill_beam()
        own_rabbit.start()
        tool.wait_event("READY", turn + 2)
    last = tool.ask("enough")["last"]
    tool.wait_confirmed(last)
    stats = tool.stats()
    assert tool.close() == 0
    assert tool.count("DISCONNECTED") == stats["connects"] - 1 >= 20 and stats["republished"] > 0
    found = messages(own_rabbit, "gateway:EVENT")
    assert set(tool.confirmed()) <= {message_id for message_id, _ in found}
    assert list(dict.fromkeys(message_id for message_id, _ in found)) == ids("k", last)
    assert all(body == message_id.encode().ljust(200, b"x") for message_id, body in found)
    assert tool.confirmed() == list(dict.fromkeys(tool.confirmed())), "each is confirmed once"


# ---- The memory alarm ----


@pytest.fixture
def alarm(own_rabbit: RabbitNode) -> Callable[[bool], None]:
    def switch(on: bool) -> None:
        own_rabbit.ctl("set_vm_memory_high_watermark", "0.0000001" if on else "0.8")

    return switch


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


# ---- Queues and channels ----


def test_a_queue_deleted_under_its_consumer(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="q")
    other, number = tool.subscribe("OTHER"), tool.subscribe("GONE")
    for turn in range(3):
        last = tool.publish(10, 100, "GONE")["last"]
        tool.wait_for(lambda wanted=ids("q", last): tool.received() == wanted, 60, "what was published")
        channel.queue_delete("gateway:GONE")
        lost = tool.wait_event("UNSUBSCRIBED", turn + 1)
        assert lost["subscription"] == number and "'gateway:GONE'" in lost["text"] and lost["time"] - lost["at"] <= 1000
        tool.wait_event("SUBSCRIBED", turn + 2, where=lambda told: told["subscription"] == number)
    assert rabbit.queues(vhost)["gateway:GONE"]["durable"]
    assert [told["subscription"] for told in tool.events["SUBSCRIBED"]].count(other) == 1
    assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


def test_a_queue_that_another_holds_alone(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    """The error ends the channel on which all consume: the others go on, and so does publishing."""
    channel.queue_declare("gateway:TAKEN", durable=True)
    channel.basic_consume("gateway:TAKEN", lambda *_: None, exclusive=True, consumer_tag="mine")
    tool = tools(rabbit.url(vhost) + "?heartbeat=0", id="x", patience=SOON)
    free = tool.subscribe("FREE")
    tool.write("publish-forever 100 FREE")
    tool.wait_confirmed(100)
    taken = tool.ask("subscribe TAKEN")["subscription"]
    refused = tool.wait_event("UNSUBSCRIBED", 3, where=lambda told: told["subscription"] == taken)
    assert refused["code"] == 403 and "'gateway:TAKEN'" in refused["text"] and "exclusive" in refused["text"]
    assert refused["error"] == E_AUTH and 0 < refused["time"] - refused["at"] <= 30000
    tool.wait_confirmed(tool.count("CONFIRMED") + 100)
    channel.basic_cancel("mine")
    tool.wait_event("SUBSCRIBED", where=lambda told: told["subscription"] == taken)
    last = tool.ask("enough")["last"]
    tool.wait_confirmed(last)
    tool.wait_for(lambda: set(tool.received()) == set(ids("x", last)), 60, "all that was published")
    assert [told["subscription"] for told in tool.events["SUBSCRIBED"]] == [free, taken], "the others hear nothing of it"
    assert {told["subscription"] for told in tool.events["UNSUBSCRIBED"]} == {taken}
    assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


def test_an_exchange_that_does_not_exist(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="e")
    tool.subscribe("EVENT")
    tool.publish(100, 100, "EVENT")
    lost = tool.publish(1, 100, "EVENT", "exchange=nowhere")["last"]
    last = tool.publish(100, 100, "EVENT")["last"]
    failed = tool.wait_event("FAILED")
    assert failed["tag"] == lost and failed["code"] == 404 and "nowhere" in failed["text"]
    tool.wait_confirmed(last - 1)
    assert tool.publish(1, 10, "NOBODY", "mandatory")["last"] == last + 1
    returned = tool.wait_event("RETURNED")
    assert returned["tag"] == last + 1 and returned["code"] == 312 and returned["key"] == "NOBODY"
    tool.wait_for(lambda: set(tool.received()) == set(ids("e", last)) - {f"e:{lost}"}, 60, "all the others")
    assert tool.count("DISCONNECTED") == tool.count("UNSUBSCRIBED") == 0 and tool.close() == 0


def test_an_exchange_deleted_while_connected(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="d", patience=SOON)
    tool.subscribe("EVENT")
    channel.exchange_delete("gateway")
    last = tool.publish(10, 100, "EVENT")["last"]
    lost = tool.wait_event("DISCONNECTED")
    assert lost["code"] == 404 and "exchange 'gateway'" in lost["text"] and lost["time"] - lost["at"] <= 250
    tool.wait_for(lambda: tool.received() == ids("d", last), 60, "what was published")
    # A queue that is declared meanwhile notices first.
    channel.exchange_delete("gateway")
    tool.subscribe("LATER")
    last = tool.publish(10, 100, "LATER")["last"]
    tool.wait_for(lambda: tool.received() == ids("d", last), 60, "what was published")
    assert tool.count("DISCONNECTED") == 1 and tool.count("UNSUBSCRIBED") == 0 and tool.close() == 0


def test_a_message_over_the_limit_of_the_broker(own_rabbit: RabbitNode, tools: Tools) -> None:
    own_rabbit.ctl("eval", "application:set_env(rabbit, max_message_size, 100000).")
    tool = tools(own_rabbit.url(), id="l")
    tool.subscribe("EVENT")
    tool.publish(10, 100, "EVENT")
    large = tool.publish(1, 100001, "EVENT")["last"]
    last = tool.publish(10, 100000, "EVENT")["last"]
    failed = tool.wait_event("FAILED")
    assert failed["tag"] == large and failed["code"] == 406 and "100001" in failed["text"]
    tool.wait_confirmed(last - 1)
    tool.wait_for(lambda: set(tool.received()) == set(ids("l", last)) - {f"l:{large}"}, 60, "all the others")
    assert tool.count("DISCONNECTED") == tool.count("UNSUBSCRIBED") == 0 and tool.close() == 0


def test_a_delivery_that_is_held_for_too_long(own_rabbit: RabbitNode, tools: Tools) -> None:
    """RabbitMQ ends the channel of a consumer that does not acknowledge in time."""
    own_rabbit.ctl("eval", "application:set_env(rabbit, consumer_timeout, 1000), application:set_env(rabbit, channel_tick_interval, 200).")
    tool = tools(own_rabbit.url(), id="h", patience=SOON)
    numbers = [tool.subscribe("FIRST"), tool.subscribe("SECOND")]
    tool.write("hold")
    tool.publish(1, 100, "FIRST")
    tool.wait_event("MESSAGE")
    tool.wait_event("SUBSCRIBED", 4)
    assert tool.wait_event("MESSAGE", 2)["redelivered"] == 1
    assert tool.ask("ack")["stale"] >= 1
    tool.publish(1, 100, "SECOND")
    tool.wait_for(lambda: tool.received() == ids("h", 2), 60, "both")
    lost = tool.events["UNSUBSCRIBED"]
    assert [told["subscription"] for told in lost[:2]] == numbers
    assert all(told["code"] == 406 and told["error"] == E_CLOSED and "timed out" in told["text"] for told in lost)
    assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


# ---- The operator ----


def test_connections_closed_by_the_operator(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="o", window=100, patience=SOON)
    tool.subscribe("EVENT")
    tool.write("publish-forever 200 EVENT")
    for turn in range(5):
        tool.wait_confirmed(tool.count("CONFIRMED") + 300)
        rabbit.ctl("close_all_connections", "--vhost", vhost, "for the operator's reasons")
        lost = tool.wait_event("DISCONNECTED", turn + 1)
        assert lost["code"] == 320 and lost["error"] == E_CLOSED and "for the operator's reasons" in lost["text"]
        assert lost["time"] - lost["at"] <= 250
        tool.wait_event("READY", turn + 2)
    last = tool.ask("enough")["last"]
    tool.wait_confirmed(last)
    tool.wait_for(lambda: len(tool.received()) == last, 60, "all that was published")
    assert set(tool.received()) == set(ids("o", last)) and tool.close() == 0


def refused(tool: BrokerTool, code: int, *words: str) -> None:
    """Credentials, permissions or a virtual host: said to be that, and tried again later, more than once."""
    lost = tool.wait_event("DISCONNECTED", 2, where=lambda told: told.get("code") == code and all(word in told["text"] for word in words))
    assert lost["error"] == E_AUTH and 15000 <= lost["time"] - lost["at"] <= 30000


def test_a_user_that_comes_late(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    user = f"late-{vhost}"
    tool = tools(rabbit.url(vhost, user=user, password="s3cretpw"), id="u", patience=SOON)
    last = tool.publish(10, 100, "EVENT")["last"]
    refused(tool, 403, f"user '{user}'", "password")
    rabbit.ctl("add_user", user, "another")
    wrong = tool.count("DISCONNECTED")
    tool.wait_event("DISCONNECTED", wrong + 2)
    rabbit.ctl("change_password", user, "s3cretpw")
    refused(tool, 530, f"virtual host '{vhost}'", "permissions", user)
    # Permissions for nothing: it gets in, and no further.
    rabbit.ctl("set_permissions", "-p", vhost, user, "^$", "^$", "^$")
    refused(tool, 403, "exchange 'gateway'", "ACCESS_REFUSED")
    rabbit.ctl("set_permissions", "-p", vhost, user, ".*", ".*", ".*")
    tool.wait_event("READY")
    tool.wait_confirmed(last)
    assert tool.close() == 0 and not any("s3cretpw" in str(told) for told in tool.log)


def test_a_virtual_host_that_comes_late_and_goes(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    name = f"late-{vhost}"
    tool = tools(rabbit.url(name), id="v", patience=SOON)
    tool.ask("subscribe EVENT")
    first = tool.publish(10, 100, "EVENT")["last"]
    refused(tool, 530, f"virtual host '{name}'", "create it")
    rabbit.add_vhosts([name])
    tool.wait_for(lambda: tool.received() == ids("v", first), 60, "what waited")

    rabbit.ctl("delete_vhost", name)
    tool.wait_event("DISCONNECTED", where=lambda told: told["error"] != E_AUTH)
    second = tool.publish(10, 100, "EVENT")["last"]
    tool.wait_event("DISCONNECTED", tool.count("DISCONNECTED") + 2)
    refused(tool, 530, f"virtual host '{name}'", "create it")
    rabbit.add_vhosts([name])
    tool.wait_for(lambda: tool.received() == ids("v", second), 60, "what waited")
    assert tool.close() == 0
    rabbit.ctl("delete_vhost", name)


# ---- What stands already, and differs ----


def test_an_exchange_of_another_type(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    for group, settings, words in (("wide", {"exchange_type": "fanout", "durable": True}, ("type", "'direct'", "'fanout'")),
                                   ("brief", {"exchange_type": "direct", "durable": False}, ("durable", "'true'", "'false'")),
                                   ("n" * 240, {"exchange_type": "topic", "durable": True}, ("'type'",))):  # RabbitMQ says no more
        channel.exchange_declare(group, **settings)
        tool = tools(rabbit.url(vhost), id="t", group=group, patience=SOON)
        tool.ask("subscribe EVENT")
        last = tool.publish(1, 10, "EVENT")["last"]
        lost = tool.wait_event("DISCONNECTED", 2)
        assert lost["code"] == 406 and lost["error"] == E_INVAL and 15000 <= lost["time"] - lost["at"] <= 30000
        assert all(word in lost["text"] for word in (f"exchange '{group}'", "delete it", *words)), lost["text"]
        channel.exchange_delete(group)
        tool.wait_confirmed(last)
        assert tool.close() == 0


def test_a_queue_with_other_arguments(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    long = "N" * 240
    for event, settings, words in (("BRIEF", {"durable": False}, ("durable", "'true'", "'false'")),
                                   ("AGED", {"durable": True, "arguments": {"x-message-ttl": 1000}}, ("x-message-ttl", "none", "'1000'")),
                                   ("QUORUM", {"durable": True, "arguments": {"x-queue-type": "quorum"}}, ("x-queue-type", "'quorum'")),
                                   ("SHORT", {"durable": True, "auto_delete": True}, ("auto_delete", "'false'", "'true'")),
                                   (long, {"durable": True, "arguments": {"x-max-length": 7}}, ("'x-max-length'",))):  # RabbitMQ says no more
        channel.queue_declare(f"gateway:{event}", **settings)
        tool = tools(rabbit.url(vhost) + "?heartbeat=0", id="a", patience=SOON)
        other = tool.subscribe("OTHER")
        number = tool.ask(f"subscribe {event}")["subscription"]
        lost = tool.wait_event("UNSUBSCRIBED", 2)
        assert lost["subscription"] == number and lost["code"] == 406 and lost["error"] == E_INVAL
        assert 0 < lost["time"] - lost["at"] <= 30000
        assert all(word in lost["text"] for word in (f"queue 'gateway:{event}'", "delete it", *words)), lost["text"]
        # The others do not mind.
        tool.publish(1, 10, "OTHER")
        tool.wait_event("MESSAGE", where=lambda told: told["subscription"] == other)
        channel.queue_delete(f"gateway:{event}")
        tool.wait_event("SUBSCRIBED", where=lambda told, wanted=number: told["subscription"] == wanted)
        assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


# ---- Two nodes ----


@pytest.fixture
def cluster(own_rabbit: RabbitNode, tmp_path: Path) -> Iterator[tuple[RabbitNode, RabbitNode]]:
    with RabbitNode(tmp_path / "second", peer=own_rabbit) as second:
        second.join()
        yield own_rabbit, second


def test_the_next_node_when_the_first_is_killed(cluster: tuple[RabbitNode, RabbitNode], tools: Tools) -> None:
    first, second = cluster
    # What is on one node only would be lost for as long as that node is.
    first.ctl("set_policy", "both", "^gateway:", '{"ha-mode":"all","ha-sync-mode":"automatic"}')
    tool = tools(first.url(), second.url(), id="f", window=500, patience=SOON)
    queue = tool.subscribe("EVENT", consume=False)
    at_first = f"127.0.0.1:{first.port}"
    if tool.events["CONNECTING"][-1]["text"] != at_first:
        # Which is tried first is left to chance. The queue lives where it was declared.
        second.ctl("close_all_connections", "the other one, please")
        tool.wait_event("READY", 2)
    assert tool.events["CONNECTING"][-1]["text"] == at_first
    consumer = tools(second.url(), id="c")
    consumer.subscribe("EVENT", prefetch=100)
    tool.write("publish-forever 200 EVENT")
    tool.wait_confirmed(1000)
    ready = tool.count("READY")
    first.kill_beam()
    tool.wait_event("READY", ready + 1)
    assert tool.events["CONNECTING"][-1]["text"] == f"127.0.0.1:{second.port}"
    assert tool.events["SUBSCRIBED"][-1]["subscription"] == queue
    tool.wait_confirmed(tool.count("CONFIRMED") + 1000)
    last = tool.ask("enough")["last"]
    tool.wait_confirmed(last)
    assert tool.close() == 0
    consumer.wait_for(lambda: len(set(consumer.received())) >= last, 120, "all that was published")
    assert set(consumer.received()) == set(ids("f", last)) and consumer.close() == 0
