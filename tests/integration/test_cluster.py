"""
Quorum queues on a RabbitMQ cluster of three nodes: killed in mid-flow, restarted one after the other, and left with one
node of three. Nothing that was confirmed is lost, and everything keeps its order.
"""
from __future__ import annotations

from collections.abc import Iterator

import pika
import pytest
from support.broker_tool import SOON, BrokerTool, Tools, ids
from support.cluster import RabbitCluster
from support.rabbit import RabbitNode

# A queue of each test's own: no test needs to clean up behind a node that it has killed.
pytestmark = pytest.mark.rabbit4


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitCluster]:
    with RabbitCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(made: RabbitCluster) -> RabbitCluster:
    made.heal()
    return made


def start(cluster: RabbitCluster, tools: Tools, event: str) -> BrokerTool:
    tool = tools(*cluster.urls(), id="c", queue_type="quorum", window=500, patience=SOON)
    tool.subscribe(event, consume=False)
    tool.write(f"publish-forever 200 {event}")
    tool.wait_confirmed(400)
    return tool


def finish(tool: BrokerTool) -> int:
    last = int(tool.ask("enough")["last"])
    tool.wait_confirmed(last)
    assert tool.count("RETURNED") == tool.count("FAILED") == 0
    assert tool.close() == 0
    return last


def messages(node: RabbitNode, queue: str) -> list[str]:
    """The message-ids of all that is in a queue, in their order. Copies come once."""
    connection = pika.BlockingConnection(pika.URLParameters(node.url()))
    channel = connection.channel()
    channel.basic_qos(prefetch_count=1000)
    count = channel.queue_declare(queue, passive=True).method.message_count
    found: list[str] = []
    for method, properties, _ in channel.consume(queue, inactivity_timeout=60) if count else ():
        assert method, f"{queue}: {len(found)} came, of {count}"
        found.append(properties.message_id)
        channel.basic_ack(method.delivery_tag)
        if len(found) == count:
            break
    connection.close()
    return list(dict.fromkeys(found))


def test_the_leader_is_killed_in_mid_flow(cluster: RabbitCluster, tools: Tools) -> None:
    tool = start(cluster, tools, "KILLED")
    assert cluster.nodes[0].queues()["gateway:KILLED"]["arguments"][0][2] == "quorum"
    for _ in range(3):
        leader = cluster.leader("gateway:KILLED")
        leader.kill_beam()
        tool.wait_confirmed(tool.count("CONFIRMED") + 1000)
        leader.start()
        tool.wait_confirmed(tool.count("CONFIRMED") + 500)
        cluster.heal()
    last = finish(tool)
    assert messages(cluster.nodes[0], "gateway:KILLED") == ids("c", last)


def test_the_node_of_the_connection_is_killed_in_mid_flow(cluster: RabbitCluster, tools: Tools) -> None:
    """The next URL of AMQP_URL is tried."""
    tool = start(cluster, tools, "CUT")
    consumer = tools(*cluster.urls(), id="w", queue_type="quorum", patience=SOON)
    consumer.subscribe("CUT", prefetch=100)
    for turn in range(3):
        node = cluster.node_at(tool.events["CONNECTING"][-1]["text"])
        node.kill_beam()
        tool.wait_event("READY", turn + 2)
        assert cluster.node_at(tool.events["CONNECTING"][-1]["text"]) is not node
        tool.wait_confirmed(tool.count("CONFIRMED") + 500)
        cluster.heal()
    last = finish(tool)
    consumer.wait_for(lambda: len(set(consumer.received())) >= last, 120, "all that was published")
    assert consumer.received() == ids("c", last) and consumer.close() == 0


def test_a_rolling_restart(cluster: RabbitCluster, tools: Tools) -> None:
    tool = start(cluster, tools, "ROLLED")
    for node in cluster.nodes:
        node.restart()
        cluster.heal()
        tool.wait_confirmed(tool.count("CONFIRMED") + 500)
    last = finish(tool)
    assert messages(cluster.nodes[0], "gateway:ROLLED") == ids("c", last)


def test_one_node_of_three_confirms_nothing_and_loses_nothing(cluster: RabbitCluster, tools: Tools) -> None:
    tool = start(cluster, tools, "ALONE")
    for node in cluster.nodes[1:]:
        node.kill_beam()
    # What was on its way is confirmed still, and then the window is full.
    tool.wait_for(lambda: tool.stats()["unconfirmed"] == 500, 60, "a full window")
    confirmed = tool.stats()["confirmed"]
    cluster.nodes[1].start()
    tool.wait_confirmed(confirmed + 1000)
    last = finish(tool)
    assert messages(cluster.nodes[0], "gateway:ALONE") == ids("c", last)


def test_commands_come_back_from_a_killed_node(cluster: RabbitCluster, tools: Tools) -> None:
    """What a consumer holds, and has not acknowledged, is delivered again by another node."""
    consumer = tools(*cluster.urls(), id="w", queue_type="quorum", patience=SOON)
    consumer.subscribe("SEND", prefetch=2000)
    consumer.write("hold")
    tool = tools(*cluster.urls(), id="c", queue_type="quorum", window=5000, patience=SOON)
    last = tool.publish(1000, 100, "SEND")["last"]
    tool.wait_confirmed(last)
    consumer.wait_event("MESSAGE", last)
    cluster.node_at(consumer.events["CONNECTING"][-1]["text"]).kill_beam()
    consumer.wait_event("MESSAGE", 2 * last)
    assert consumer.ask("ack")["stale"] == last
    assert consumer.received() == ids("c", last)
    assert consumer.close() == tool.close() == 0
    cluster.heal()
    assert messages(cluster.nodes[0], "gateway:SEND") == []
