"""The broker engine alone, against a real RabbitMQ that is killed, blocked, reconfigured and taken apart under it."""
from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from standin.certs import Authority
from support.broker_tool import E_AUTH, E_CLOSED, SOON, BrokerTool, Tools, ids
from support.proxy import Proxy
from support.rabbit import RabbitNode


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


# ---- Queues and channels ----


@pytest.mark.rabbit4
def test_a_queue_deleted_under_its_consumer(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="q")
    other, number = tool.subscribe("OTHER"), tool.subscribe("GONE")
    for turn in range(3):
        last = tool.publish(10, 100, "GONE")["last"]
        tool.wait_for(lambda wanted=ids("q", last): tool.received() == wanted, 60, "what was published")
        channel.queue_delete("gateway:GONE")
        lost = tool.wait_event("UNSUBSCRIBED", turn + 1)
        assert lost["subscription"] == number and "'gateway:GONE'" in lost["text"] and lost["until"] - lost["at"] <= 1000
        tool.wait_event("SUBSCRIBED", turn + 2, where=lambda told: told["subscription"] == number)
    assert rabbit.queues(vhost)["gateway:GONE"]["durable"]
    assert [told["subscription"] for told in tool.events["SUBSCRIBED"]].count(other) == 1
    assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


@pytest.mark.rabbit4
def test_a_queue_that_another_holds_alone(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    """The first refusal ends the channel on which all consume, which is told; later ones hurt nobody who consumes."""
    channel.queue_declare("gateway:TAKEN", durable=True)
    channel.basic_consume("gateway:TAKEN", lambda *_: None, exclusive=True, consumer_tag="mine")
    tool = tools(rabbit.url(vhost) + "?heartbeat=0", id="x", patience=SOON)
    free = tool.subscribe("FREE")
    tool.write("publish-forever 100 FREE")
    tool.wait_confirmed(100)
    taken = tool.ask("subscribe TAKEN")["subscription"]
    refused = tool.wait_event("UNSUBSCRIBED", 3, where=lambda told: told["subscription"] == taken)
    assert refused["code"] == 403 and "'gateway:TAKEN'" in refused["text"] and "exclusive" in refused["text"]
    assert refused["error"] == E_AUTH and 0 < refused["until"] - refused["at"] <= 30000
    tool.wait_confirmed(tool.count("CONFIRMED") + 100)
    channel.basic_cancel("mine")
    tool.wait_event("SUBSCRIBED", where=lambda told: told["subscription"] == taken)
    last = tool.ask("enough")["last"]
    tool.wait_confirmed(last)
    tool.wait_for(lambda: set(tool.received()) == set(ids("x", last)), 60, "all that was published")
    assert [told["subscription"] for told in tool.events["SUBSCRIBED"]] == [free, free, taken]
    others = [told for told in tool.events["UNSUBSCRIBED"] if told["subscription"] == free]
    assert len(others) == 1 and others[0]["error"] == E_CLOSED and "is delivered again" in others[0]["text"]
    assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


# RabbitMQ does not show all of a long name.
@pytest.mark.rabbit4
@pytest.mark.parametrize("exchange", ["nowhere", "nowhere" * 36], ids=["short", "long"])
def test_an_exchange_that_does_not_exist(rabbit: RabbitNode, vhost: str, tools: Tools, exchange: str) -> None:
    tool = tools(rabbit.url(vhost), id="e")
    tool.subscribe("EVENT")
    tool.publish(100, 100, "EVENT")
    lost = tool.publish(1, 100, "EVENT", f"exchange={exchange}")["last"]
    last = tool.publish(100, 100, "EVENT")["last"]
    failed = tool.wait_event("FAILED")
    assert failed["tag"] == lost and failed["code"] == 404 and "nowhere" in failed["text"]
    tool.wait_confirmed(last - 1)
    assert tool.publish(1, 10, "NOBODY", "mandatory")["last"] == last + 1
    returned = tool.wait_event("RETURNED")
    assert returned["tag"] == last + 1 and returned["code"] == 312 and returned["key"] == "NOBODY"
    tool.wait_for(lambda: set(tool.received()) == set(ids("e", last)) - {f"e:{lost}"}, 60, "all the others")
    assert tool.count("DISCONNECTED") == tool.count("UNSUBSCRIBED") == 0 and tool.close() == 0


@pytest.mark.rabbit4
def test_a_queue_that_is_full(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    """It refuses (nack) what has no place, and that comes again until it has."""
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare("gateway:FULL", durable=True, arguments={"x-max-length": 20, "x-overflow": "reject-publish"})
    channel.queue_bind("gateway:FULL", "gateway", "FULL")
    tool = tools(rabbit.url(vhost), id="f", patience=SOON)
    tool.wait_event("READY")
    last = tool.publish(50, 100, "FULL")["last"]
    tool.wait_confirmed(20)
    found: set[str] = set()

    def all_come() -> bool:
        while (got := channel.basic_get("gateway:FULL", auto_ack=True))[0]:
            found.add(got[1].message_id)
        return len(found) == last

    tool.wait_for(all_come, 60, "all of them")
    tool.wait_confirmed(last)
    assert found == set(ids("f", last)) and tool.count("DISCONNECTED") == 0 and tool.close() == 0


@pytest.mark.rabbit4
def test_an_exchange_deleted_while_connected(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="d", patience=SOON)
    tool.subscribe("EVENT")
    channel.exchange_delete("gateway")
    last = tool.publish(10, 100, "EVENT")["last"]
    lost = tool.wait_event("DISCONNECTED")
    assert lost["code"] == 404 and "exchange 'gateway'" in lost["text"] and lost["until"] - lost["at"] <= 250
    tool.wait_for(lambda: tool.received() == ids("d", last), 60, "what was published")
    # A queue that is declared meanwhile notices first.
    channel.exchange_delete("gateway")
    tool.subscribe("LATER")
    last = tool.publish(10, 100, "LATER")["last"]
    tool.wait_for(lambda: tool.received() == ids("d", last), 60, "what was published")
    assert tool.count("DISCONNECTED") == 1 and tool.count("UNSUBSCRIBED") == 0 and tool.close() == 0


def test_a_message_over_the_limit_of_the_broker(own_rabbit: RabbitNode, tools: Tools) -> None:
    # RabbitMQ 4 keeps what it has read at its start in a second place.
    own_rabbit.ctl("eval", "application:set_env(rabbit, max_message_size, 100000), persistent_term:put(max_message_size, 100000).")
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


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_rabbitmq_can_not_read_is_refused(rabbit: RabbitNode, vhost: str, tools: Tools, value: str) -> None:
    """It would end the connection over it (541)."""
    tool = tools(rabbit.url(vhost), id="n")
    tool.subscribe("EVENT", consume=False)
    answer = tool.publish(1, 10, "EVENT", f"header.x={value}")
    assert answer["count"] == 0 and "finite" in answer["text"]
    last = tool.publish(1, 10, "EVENT", "header.x=2.5")["last"]
    tool.wait_confirmed(last)
    assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


@pytest.mark.parametrize(("words", "spoil", "code"), [
    # The process of the channel crashes over the number, which Erlang does not have.
    (["EVENT", "header.x=1.2345e100"], (struct.pack(">d", 1.2345e100), struct.pack(">d", float("nan"))), 541),
    # The connection is ended over the frame, whose end octet is wrong: flags stand behind the key, and then the end.
    (["POISON"], (b"POISON\0\xce", b"POISON\0\0"), 501),
])
def test_a_message_that_ends_the_connection_is_given_up_alone(rabbit: RabbitNode, vhost: str, tools: Tools, words: list[str],
                                                              spoil: tuple[bytes, bytes], code: int) -> None:
    """What the library does not know to be unreadable: here it becomes so on the way. Good ones stand in front, not confirmed yet."""
    with Proxy(rabbit.port, spoil) as proxy:
        tool = tools(rabbit.url(vhost).replace(f":{rabbit.port}/", f":{proxy.port}/"), id="p", patience=SOON)
        tool.subscribe("EVENT")
        tool.publish(50, 1000, "EVENT")
        poison = tool.publish(1, 100, *words)["last"]
        last = tool.publish(50, 1000, "EVENT")["last"]
        failed = tool.wait_event("FAILED", timeout=300)
        assert failed["tag"] == poison and failed["code"] == code and "alone on its way" in failed["text"]
        tool.wait_confirmed(last - 1)
        tool.wait_for(lambda: set(tool.received()) == set(ids("p", last)) - {f"p:{poison}"}, 60, "all the others")
        assert tool.count("FAILED") == 1
        assert tool.close() == 0


def test_a_limit_on_connections_passes(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    """Nothing is wrong with the virtual host: as soon as there is a place, it is taken."""
    rabbit.ctl("set_vhost_limits", "-p", vhost, '{"max-connections": 0}')
    tool = tools(rabbit.url(vhost), id="c")
    lost = tool.wait_event("DISCONNECTED", 3)
    assert lost["code"] == 530 and lost["error"] == E_CLOSED and "free place" in lost["text"] and lost["until"] - lost["at"] <= 1000
    rabbit.ctl("clear_vhost_limits", "-p", vhost)
    tool.wait_event("READY")
    assert tool.close() == 0


def test_too_few_channels_are_named(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    user = f"few-{vhost}"
    rabbit.ctl("add_user", user, "s3cretpw")
    rabbit.ctl("set_permissions", "-p", vhost, user, ".*", ".*", ".*")
    # RabbitMQ counts the channels of a user a while after it has opened them: somebody else has used the limit up before.
    other = pika.BlockingConnection(pika.URLParameters(rabbit.url(vhost, user=user, password="s3cretpw")))
    held = [other.channel(), other.channel()]
    rabbit.ctl("set_user_limits", user, '{"max-channels": 2}')
    tool = tools(rabbit.url(vhost, user=user, password="s3cretpw"), id="f", patience=SOON)
    lost = tool.wait_event("DISCONNECTED", 2)
    assert lost["code"] == 530 and "max-channels" in lost["text"] and 15000 <= lost["until"] - lost["at"] <= 30000
    rabbit.ctl("clear_user_limits", user, "max-channels")
    tool.wait_event("READY")
    assert tool.close() == 0 and all(channel.is_open for channel in held)
    other.close()


@pytest.mark.rabbit4
@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_a_delivery_that_is_held_for_too_long(own_rabbit: RabbitNode, tools: Tools, kind: str) -> None:
    """RabbitMQ ends the channel of a consumer that does not acknowledge in time; 4.3, for quorum queues, cancels the consumer."""
    own_rabbit.ctl("eval", "application:set_env(rabbit, consumer_timeout, 1000), application:set_env(rabbit, channel_tick_interval, 200).")
    cancels = own_rabbit.version() >= (4, 3)
    if cancels and kind == "classic":
        pytest.skip("RabbitMQ 4.3 holds quorum queues alone to consumer_timeout")
    tool = tools(own_rabbit.url(), id="h", patience=SOON)
    numbers = [tool.ask(f"subscribe {event} - 0 x-queue-type={kind}")["subscription"] for event in ("FIRST", "SECOND")]
    tool.wait_event("SUBSCRIBED", 2)
    tool.write("hold")
    tool.publish(1, 100, "FIRST")
    tool.wait_event("MESSAGE")
    for turn in range(2):
        tool.wait_event("SUBSCRIBED", 3 + turn if cancels else 4 + 2 * turn)
        assert tool.wait_event("MESSAGE", 2 + turn)["redelivered"] == 1
    # On a slow machine a second is short for an acknowledgement, too: what comes again is acknowledged again, and there is time now.
    own_rabbit.ctl("eval", "application:set_env(rabbit, consumer_timeout, 600000).")
    assert tool.ask("ack")["stale"] >= 2
    tool.publish(1, 100, "SECOND")
    tool.wait_for(lambda: tool.received() == ids("h", 2), 60, "both")
    tool.wait_for(lambda: all(row["messages"] == 0 for row in own_rabbit.queues().values()), 60, "acknowledged, and not left to come again")
    lost = tool.events["UNSUBSCRIBED"]
    if cancels:
        assert {told["subscription"] for told in lost} == {numbers[0]}, "the other one goes on"
        assert all("code" not in told and "consumer_timeout" in told["text"] for told in lost)
    else:
        assert [told["subscription"] for told in lost[:2]] == numbers
        assert all(told["code"] == 406 and told["error"] == E_CLOSED and "timed out" in told["text"] for told in lost)
    assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


def refused_queue(tool: BrokerTool, command: str, *words: str) -> int:
    """Asks for a queue that is refused: says why, and advises nobody to delete anything."""
    number = int(tool.ask(command)["subscription"])
    queue = f"'gateway:{command.split()[1]}'"  # the number may have been another one's before
    told = tool.wait_event("UNSUBSCRIBED", where=lambda told: told["subscription"] == number and queue in told["text"] and told["until"])
    assert told["code"] == 406 and all(word in told["text"] for word in words) and "delete it" not in told["text"], told["text"]
    return number


@pytest.mark.rabbit4
def test_what_rabbitmq_does_not_declare(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    """A 406 that is no difference: a limit, a value, an argument that quorum queues do not take."""
    tool = tools(rabbit.url(vhost) + "?heartbeat=0", id="w", patience=SOON)
    tool.subscribe("EVENT")
    for command, words in (("subscribe BAD - 0 x-message-ttl=-1", "the broker does not take an argument's value, that of 'x-message-ttl'"),
                           ("subscribe MODE - 0 x-queue-type=quorum x-queue-mode=lazy", "does not take the argument 'x-queue-mode'")):
        # Left again: with a clock that passes over waits it would be declared without an end.
        tool.ask(f"unsubscribe {refused_queue(tool, command, words)}")
    rabbit.ctl("set_vhost_limits", "-p", vhost, '{"max-queues": 1}')
    number = refused_queue(tool, "subscribe MORE", "as many queues as it may have", "raise the limit")
    rabbit.ctl("clear_vhost_limits", "-p", vhost)
    tool.wait_event("SUBSCRIBED", where=lambda told: told["subscription"] == number)
    assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


@pytest.mark.rabbit4
def test_a_virtual_host_with_a_default_queue_type(own_rabbit: RabbitNode, tools: Tools) -> None:
    """Without arguments it makes quorum queues, and refuses classic ones that are there: nobody is told to delete them."""
    if own_rabbit.version() < (4,):
        pytest.skip("virtual hosts have a default queue type from RabbitMQ 3.11 on")
    own_rabbit.ctl("add_vhost", "typed", "--default-queue-type", "quorum")
    own_rabbit.ctl("set_permissions", "-p", "typed", "guest", ".*", ".*", ".*")
    first = tools(own_rabbit.url("typed"), id="f")
    first.ask("subscribe OLD - 0 x-queue-type=classic")
    first.wait_event("SUBSCRIBED")
    tool = tools(own_rabbit.url("typed"), id="t")
    refused_queue(tool, "subscribe OLD", "it has 'classic'", "default queue type", "x-queue-type", "would lose its messages")
    tool.subscribe("NEW")
    tool.publish(10, 100, "NEW")
    tool.wait_for(lambda: tool.received() == ids("t", 10), 60, "what was published")
    assert tool.close() == 0 and first.close() == 0


# ---- The operator ----


@pytest.mark.rabbit4
def test_connections_closed_by_the_operator(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="o", window=100, patience=SOON)
    tool.subscribe("EVENT")
    tool.write("publish-forever 200 EVENT")
    for turn in range(5):
        tool.wait_confirmed(tool.count("CONFIRMED") + 300)
        rabbit.ctl("close_all_connections", "--vhost", vhost, "for the operator's reasons")
        lost = tool.wait_event("DISCONNECTED", turn + 1)
        assert lost["code"] == 320 and lost["error"] == E_CLOSED and "for the operator's reasons" in lost["text"]
        assert lost["until"] - lost["at"] <= 250
        tool.wait_event("READY", turn + 2)
    last = tool.ask("enough")["last"]
    tool.wait_confirmed(last)
    tool.wait_for(lambda: tool.count("MESSAGE") >= last, 120, "as much as was published")
    tool.wait_for(lambda: len(tool.received()) == last, 60, "all that was published")
    assert set(tool.received()) == set(ids("o", last)) and tool.close() == 0


def refused(tool: BrokerTool, code: int, *words: str) -> None:
    """Credentials, permissions or a virtual host: said to be that, and tried again later, more than once."""
    lost = tool.wait_event("DISCONNECTED", 2, where=lambda told: told.get("code") == code and all(word in told["text"] for word in words))
    assert lost["error"] == E_AUTH and 15000 <= lost["until"] - lost["at"] <= 30000


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


@pytest.mark.tls
def test_a_certificate_logs_in(tmp_path: Path, authority: Authority, tools: Tools) -> None:
    server = authority.issue("rabbit-of-certificates")
    known, unknown = (authority.issue(name, usage="clientAuth") for name in ("worker-7", "stranger"))
    with RabbitNode(tmp_path / "rabbit", server.cert, server.key, ca=authority.ca) as node:
        node.ctl("add_user", "worker-7", "not used")
        node.ctl("set_permissions", "worker-7", ".*", ".*", ".*")
        url = f"amqps://localhost:{node.tls_port}/%2F?auth_mechanism=external&cacertfile={authority.ca}"
        tool = tools(f"{url}&certfile={known.cert}&keyfile={known.key}", id="c")
        tool.subscribe("EVENT")
        last = tool.publish(10, 100, "EVENT")["last"]
        tool.wait_for(lambda: tool.received() == ids("c", last), 60, "what was published")
        assert tool.close() == 0
        refused(tools(f"{url}&certfile={unknown.cert}&keyfile={unknown.key}", id="s", patience=SOON), 403, "refused")
        tool = tools(url, id="n", patience=SOON)
        tool.wait_event("DISCONNECTED", 2)
        assert tool.count("READY") == 0
        tool.kill()


# ---- Many at once, and no more ----


@pytest.mark.rabbit4
def test_headers_priority_and_expiration(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    """Ours to pika, pika's to ours."""
    tool = tools(rabbit.url(vhost), id="h")
    tool.subscribe("EVENT", consume=False)
    tool.publish(1, 10, "EVENT", "priority=7", "expiration=60000", "header.number=-5", "header.large=12345678901", "header.word=w\u00f6rd")
    tool.wait_confirmed(1)
    _, properties, _ = channel.basic_get("gateway:EVENT", auto_ack=True)
    assert (properties.priority, properties.expiration, properties.delivery_mode) == (7, "60000", 2)
    assert properties.headers == {"number": -5, "large": 12345678901, "word": "w\u00f6rd"}
    tool.subscribe("MINE")
    sent = {"bool": True, "small": 5, "large": 1 << 62, "text": "\u20ac", "table": {"inner": 1}, "array": [1, "two"], "none": None}
    channel.basic_publish("gateway", "MINE", b"x", pika.BasicProperties(headers=sent, priority=3, expiration="50000"))
    got = tool.wait_event("MESSAGE")
    assert (got["priority"], got["expiration"]) == (3, "50000")
    TABLE, ARRAY, NOTHING = 7, 8, 0
    assert {name: got["headers"][name] for name in ("bool", "small", "large", "text")} == {
        name: sent[name] for name in ("bool", "small", "large", "text")}
    assert [got["headers"][name][0] for name in ("table", "array", "none")] == [TABLE, ARRAY, NOTHING]
    assert tool.close() == 0


@pytest.mark.rabbit4
def test_the_prefetch_is_that_of_each_subscription(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="q")
    tool.write("hold")
    few, more = tool.subscribe("FEW", prefetch=3), tool.subscribe("MORE", prefetch=5)
    tool.publish(20, 10, "FEW")
    tool.publish(20, 10, "MORE")
    for turn in range(1, 3):
        tool.wait_event("MESSAGE", 8 * turn)
        held = [told["subscription"] for told in tool.events["MESSAGE"]]
        assert (held.count(few), held.count(more)) == (3 * turn, 5 * turn)
        tool.ask("ack-all 8")
    tool.ask("ack")
    tool.wait_event("MESSAGE", 40)
    assert tool.close() == 0


@pytest.mark.rabbit4
def test_many_are_acknowledged_at_once(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="m")
    tool.write("hold")
    tool.subscribe("FIRST", prefetch=50)
    tool.subscribe("SECOND", prefetch=50)
    for _ in range(20):
        tool.publish(1, 10, "FIRST")
        tool.publish(1, 10, "SECOND")
    tool.wait_event("MESSAGE", 40)
    assert tool.ask("ack-all 10")["count"] == 10
    assert tool.ask("ack-all 25")["count"] == 25
    assert tool.ask("requeue")["count"] == 5
    tool.wait_event("MESSAGE", 45)
    assert all(told["redelivered"] for told in tool.events["MESSAGE"][40:])
    assert tool.ask("ack-all 5")["count"] == 5
    tool.publish(1, 10, "FIRST")
    tool.wait_event("MESSAGE", 46)
    tool.ask("ack")
    assert tool.close() == 0 and tool.count("UNSUBSCRIBED") == 0
    assert all(row["messages"] == 0 for row in rabbit.queues(vhost).values())


@pytest.mark.rabbit4
def test_a_subscription_ends_and_nothing_is_lost(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    """What was on its way goes to the others, also when it begins anew before the broker has answered."""
    tool, other = tools(rabbit.url(vhost), id="u", patience=SOON), tools(rabbit.url(vhost), id="o", window=200)
    number = tool.subscribe("EVENT", prefetch=500)
    other.write("publish-forever 100 EVENT")
    other.wait_confirmed(1000)
    for turn in range(20):
        tool.ask(f"unsubscribe {number}")
        if turn % 2:
            tool.wait_event("UNSUBSCRIBED", turn + 1)
        assert tool.ask("subscribe EVENT - 500", "subscribe")["subscription"] == number
        tool.wait_event("SUBSCRIBED", turn + 2)
        tool.wait_event("MESSAGE", tool.count("MESSAGE") + 50)
    last = other.ask("enough")["last"]
    other.wait_confirmed(last)
    tool.wait_for(lambda: set(tool.received()) == set(ids("o", last)), 60, "all that was published")
    assert len(tool.events["MESSAGE"]) == last, "none is told twice"
    tool.ask(f"unsubscribe {number}")
    tool.wait_event("UNSUBSCRIBED", 21)
    other.publish(5, 100, "EVENT")
    other.wait_confirmed(last + 5)
    assert all(told["until"] is None and "code" not in told for told in tool.events["UNSUBSCRIBED"])
    assert tool.close() == other.close() == 0 and tool.count("DISCONNECTED") == 0
    assert rabbit.queues(vhost)["gateway:EVENT"]["messages"] == 5 and len(tool.events["MESSAGE"]) == last


# ---- Two nodes ----


@pytest.fixture
def cluster(own_rabbit: RabbitNode, tmp_path: Path) -> Iterator[tuple[RabbitNode, RabbitNode]]:
    with RabbitNode(tmp_path / "second", peer=own_rabbit) as second:
        second.join()
        yield own_rabbit, second


def test_the_next_node_when_the_first_is_killed(cluster: tuple[RabbitNode, RabbitNode], tools: Tools) -> None:
    first, second = cluster
    if first.version() >= (4,):
        pytest.skip("RabbitMQ 4 mirrors no classic queues: test_cluster.py kills a node of three with quorum queues")
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
