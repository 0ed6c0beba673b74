"""What a broker declares against a real RabbitMQ: what stands already and differs, and what may not be declared."""
from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pika
import pytest
from support.broker_tool import E_INVAL, SOON, Tools, ids
from support.rabbit import RabbitNode


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
        assert lost["code"] == 406 and lost["error"] == E_INVAL and 15000 <= lost["until"] - lost["at"] <= 30000
        assert all(word in lost["text"] for word in (f"exchange '{group}'", "delete it", *words)), lost["text"]
        channel.exchange_delete(group)
        tool.wait_confirmed(last)
        assert tool.close() == 0


@pytest.mark.rabbit4
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
        assert 0 < lost["until"] - lost["at"] <= 30000
        advice = "declare passively; deleting it would lose its messages" if event == "QUORUM" else "delete it"
        assert all(word in lost["text"] for word in (f"queue 'gateway:{event}'", advice, *words)), lost["text"]
        # The others do not mind.
        tool.publish(1, 10, "OTHER")
        tool.wait_event("MESSAGE", where=lambda told: told["subscription"] == other)
        channel.queue_delete(f"gateway:{event}")
        tool.wait_event("SUBSCRIBED", where=lambda told, wanted=number: told["subscription"] == wanted)
        assert tool.count("DISCONNECTED") == 0 and tool.close() == 0


@pytest.mark.rabbit4
def test_queues_of_the_type_that_is_asked_for(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    """And one that has another type, which RabbitMQ never changes: a sentence says what to do, and the others go on."""
    channel.queue_declare("gateway:OLD", durable=True)
    tool = tools(rabbit.url(vhost), id="t", queue_type="quorum", patience=SOON)
    fine = tool.subscribe("NEW")
    old = tool.ask("subscribe OLD")["subscription"]
    refused = tool.wait_event("UNSUBSCRIBED", where=lambda told: told["subscription"] == old)
    assert refused["code"] == 406 and refused["error"] == E_INVAL
    assert ("queue 'gateway:OLD' exists and differs in 'x-queue-type': it has 'classic', and 'quorum' is asked for: a queue keeps its "
            "type, so ask for the type that it has, or delete the queue when it is empty (406 ") in refused["text"], refused["text"]
    tool.publish(10, 100, "NEW")
    tool.wait_event("MESSAGE", 10)
    assert all(told["subscription"] == fine for told in tool.events["MESSAGE"])
    assert ["x-queue-type", "longstr", "quorum"] in rabbit.queues(vhost)["gateway:NEW"]["arguments"]
    # Who asks for classic queues gets on with those that were declared without a word.
    plain = tools(rabbit.url(vhost), id="p", queue_type="classic", patience=SOON)
    plain.ask("subscribe OLD")
    plain.wait_event("READY")
    told = {event: plain.count(event) for event in ("SUBSCRIBED", "UNSUBSCRIBED")}
    channel.queue_delete("gateway:OLD")
    tool.wait_event("SUBSCRIBED", where=lambda event: event["subscription"] == old)
    assert told == {"SUBSCRIBED": 1, "UNSUBSCRIBED": 0}, told
    assert tool.close() == plain.close() == 0


@pytest.mark.rabbit4
def test_what_comes_back_often_is_kept_with_the_policy_of_the_page(root: Path, rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    """RabbitMQ 4 drops what a quorum queue got back 20 times: a gateway that crashes in a loop gives its commands back so often."""
    page = (root / "doc" / "operations.md").read_text()
    words = shlex.split(next(line for line in page.splitlines() if line.strip().startswith("rabbitmqctl set_policy")))
    tool = tools(rabbit.url(vhost), id="k", queue_type="quorum")
    tool.subscribe("SEND", consume=False)
    rabbit.ctl(words[1], "-p", vhost, *words[2:])
    tool.publish(1, 100, "SEND")
    tool.wait_confirmed(1)
    for _ in range(30):
        method, _, _ = channel.basic_get("gateway:SEND")
        assert method, "it is gone"
        channel.basic_reject(method.delivery_tag, requeue=True)
    method, properties, _ = channel.basic_get("gateway:SEND", auto_ack=True)
    assert properties.message_id == "k:1" and properties.headers["x-delivery-count"] >= 20
    assert tool.close() == 0


# ---- Passively, and not at all ----


@pytest.mark.parametrize("declare", ["passive", "nothing"])
def test_an_account_that_may_declare_nothing(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools, declare: str) -> None:
    user = f"plain-{vhost}"
    rabbit.ctl("add_user", user, "s3cretpw")
    rabbit.ctl("set_permissions", "-p", vhost, user, "^$", ".*", ".*")
    channel.exchange_declare("gateway", "direct", durable=True)
    # With an argument that we would never ask for.
    channel.queue_declare("gateway:EVENT", durable=True, arguments={"x-max-priority": 9})
    channel.queue_bind("gateway:EVENT", "gateway", "EVENT")
    tool = tools(rabbit.url(vhost, user=user, password="s3cretpw"), id="n", declare=declare)
    tool.subscribe("EVENT")
    tool.subscribe("NOBODY", consume=False) if declare == "nothing" else None
    last = tool.publish(10, 100, "EVENT")["last"]
    tool.wait_for(lambda: tool.received() == ids("n", last), 60, "what was published")
    assert tool.count("UNSUBSCRIBED") == tool.count("DISCONNECTED") == 0 and tool.close() == 0
    assert set(rabbit.queues(vhost)) == {"gateway:EVENT"}


def test_an_account_that_may_not_reply(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    """Replies go to the default exchange, which an account for one group has no access to."""
    user = f"narrow-{vhost}"
    rabbit.ctl("add_user", user, "s3cretpw")
    rabbit.ctl("set_permissions", "-p", vhost, user, "^gateway.*", "^gateway.*", "^gateway.*")
    tool = tools(rabbit.url(vhost, user=user, password="s3cretpw"), id="n", patience=SOON)
    tool.write("reply")
    tool.subscribe("ADD")
    channel.basic_publish("gateway", "ADD", b"1", pika.BasicProperties(message_id="asked", reply_to="nobody"))
    failed = tool.wait_event("FAILED")
    assert failed["code"] == 403 and "amq.default" in failed["text"]
    last = tool.publish(10, 100, "ADD")["last"]
    tool.wait_for(lambda: tool.received() == ["asked", *ids("n", last)[1:]], 60, "what was published")
    assert tool.count("FAILED") == 1 and tool.count("DISCONNECTED") == 0 and tool.close() == 0


@pytest.mark.rabbit4
def test_what_is_to_be_there_and_is_not(rabbit: RabbitNode, vhost: str, channel: Any, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost) + "?heartbeat=0", id="p", declare="passive", patience=SOON)
    number = tool.ask("subscribe EVENT")["subscription"]
    lost = tool.wait_event("DISCONNECTED")
    assert lost["code"] == 404 and lost["error"] == E_INVAL and "exchange 'gateway' does not exist" in lost["text"]
    assert 15000 <= lost["until"] - lost["at"] <= 30000
    channel.exchange_declare("gateway", "direct", durable=True)
    missing = tool.wait_event("UNSUBSCRIBED")
    assert missing["subscription"] == number and missing["code"] == 404 and "queue 'gateway:EVENT' does not exist" in missing["text"]
    tool.wait_event("READY")
    channel.queue_declare("gateway:EVENT", durable=True)
    tool.wait_event("SUBSCRIBED")
    assert rabbit.exchanges(vhost)["gateway"]["type"] == "direct" and tool.close() == 0


@pytest.mark.rabbit4
def test_arguments_of_a_queue(rabbit: RabbitNode, vhost: str, tools: Tools) -> None:
    tool = tools(rabbit.url(vhost), id="a")
    number = tool.ask("subscribe LAST - 0 x-max-length=2 x-dead-letter-exchange=gateway x-dead-letter-routing-key=DEAD")["subscription"]
    tool.wait_event("SUBSCRIBED")
    arguments = rabbit.queues(vhost)["gateway:LAST"]["arguments"]
    # RabbitMQ 4 writes down the type that it chose.
    assert dict((name, value) for name, _, value in arguments if name != "x-queue-type") == {
        "x-max-length": 2, "x-dead-letter-exchange": "gateway", "x-dead-letter-routing-key": "DEAD"}
    dead = tool.subscribe("DEAD")
    tool.ask(f"unsubscribe {number}")
    tool.wait_event("UNSUBSCRIBED")
    tool.publish(5, 10, "LAST")
    tool.wait_event("MESSAGE", 3)
    assert tool.received() == ids("a", 3) and all(told["subscription"] == dead for told in tool.events["MESSAGE"])
    assert tool.events["MESSAGE"][0]["headers"]["x-first-death-reason"] == "maxlen"
    # Another that asks for something else is told what.
    other = tools(rabbit.url(vhost), id="b")
    other.ask("subscribe LAST - 0 x-max-length=3 x-dead-letter-exchange=gateway x-dead-letter-routing-key=DEAD")
    refused = other.wait_event("UNSUBSCRIBED")
    assert refused["code"] == 406 and "differs in 'x-max-length': it has '2', and '3' is asked for" in refused["text"]
    assert other.close() == 0 and tool.close() == 0
