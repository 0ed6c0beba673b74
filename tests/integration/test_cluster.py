"""
Quorum queues on a RabbitMQ cluster of three nodes: killed in mid-flow, restarted one after the other, and left with one
node of three. Nothing that was published is lost, and while two nodes run everything keeps its order.
"""
from __future__ import annotations

import threading
from collections.abc import Iterator

import pika
import pytest
from support.broker_tool import SOON, BrokerTool, Tools, ids
from support.cluster import RabbitCluster
from support.rabbit import RabbitNode

# A queue of each test's own: no test needs to clean up behind a node that it has killed.
pytestmark = [pytest.mark.rabbit4, pytest.mark.cluster]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitCluster]:
    with RabbitCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(made: RabbitCluster) -> RabbitCluster:
    made.heal()
    return made


class Flow(threading.Thread):
    """Publishes two hundred messages a second, as far as the window takes them."""

    def __init__(self, cluster: RabbitCluster, tools: Tools, event: str) -> None:
        super().__init__(daemon=True)
        self.event = event
        self.over = threading.Event()
        self.tool: BrokerTool = tools(*cluster.urls(), id="c", queue_type="quorum", window=500, patience=SOON)
        self.tool.subscribe(event, consume=False)
        self.start()
        self.wait_for_more(100)

    def run(self) -> None:
        while not self.over.wait(0.05):
            self.tool.write(f"publish 10 200 {self.event}")

    def wait_for_more(self, count: int = 500) -> None:
        """Until so many more are confirmed."""
        self.tool.wait_confirmed(self.tool.count("CONFIRMED") + count)

    def finish(self) -> list[str]:
        """What was published. All of it is confirmed."""
        self.over.set()
        self.join()
        last = int(self.tool.stats()["published"])
        self.tool.wait_confirmed(last)
        assert self.tool.count("RETURNED") == self.tool.count("FAILED") == 0
        assert self.tool.close() == 0
        return ids("c", last)


def messages(node: RabbitNode, queue: str, count: int) -> list[str]:
    """The message-ids of what is in a queue, in their order, until so many are found. Copies come once."""
    connection = pika.BlockingConnection(pika.URLParameters(node.url()))
    channel = connection.channel()
    channel.basic_qos(prefetch_count=1000)
    found: dict[str, None] = {}
    for method, properties, _ in channel.consume(queue, inactivity_timeout=60):
        assert method, f"{queue}: {len(found)} came, of {count}"
        found[properties.message_id] = None
        channel.basic_ack(method.delivery_tag)
        if len(found) == count:
            break
    connection.close()
    return list(found)


def test_the_leader_is_killed_in_mid_flow(cluster: RabbitCluster, tools: Tools) -> None:
    flow = Flow(cluster, tools, "KILLED")
    assert ["x-queue-type", "longstr", "quorum"] in cluster.nodes[0].queues()["gateway:KILLED"]["arguments"]
    for _ in range(2):
        leader = cluster.leader("gateway:KILLED")
        leader.kill_beam()
        flow.wait_for_more()
        leader.start()
        flow.wait_for_more()
        cluster.heal()
    published = flow.finish()
    assert messages(cluster.nodes[0], "gateway:KILLED", len(published)) == published


def test_the_node_of_the_connection_is_killed_in_mid_flow(cluster: RabbitCluster, tools: Tools) -> None:
    """The next URL is tried. (A consumer whose own node was killed gets what it held behind what came after.)"""
    flow = Flow(cluster, tools, "CUT")
    consumer = tools(*cluster.urls(), id="w", queue_type="quorum", patience=SOON)
    consumer.subscribe("CUT", prefetch=100)
    for turn in range(2):
        node = cluster.node_at(flow.tool.events["CONNECTING"][-1]["text"])
        node.kill_beam()
        flow.tool.wait_event("READY", turn + 2)
        assert cluster.node_at(flow.tool.events["CONNECTING"][-1]["text"]) is not node
        flow.wait_for_more()
        cluster.heal()
    published = flow.finish()
    consumer.wait_for(lambda: len(set(consumer.received())) >= len(published), 120, "all that was published")
    assert set(consumer.received()) == set(published) and consumer.close() == 0


def test_a_rolling_restart(cluster: RabbitCluster, tools: Tools) -> None:
    flow = Flow(cluster, tools, "ROLLED")
    for node in cluster.nodes:
        node.restart()
        cluster.heal()
        flow.wait_for_more()
    published = flow.finish()
    assert messages(cluster.nodes[0], "gateway:ROLLED", len(published)) == published


def test_one_node_of_three_confirms_nothing_and_loses_nothing(cluster: RabbitCluster, tools: Tools) -> None:
    flow = Flow(cluster, tools, "ALONE")
    for node in cluster.nodes[1:]:
        node.kill_beam()
    # What was on its way is confirmed still, and then the window is full.
    cluster.nodes[0].wait_for(lambda: flow.tool.stats()["unconfirmed"] == 500, "a full window")
    cluster.nodes[1].start()
    flow.wait_for_more(1000)
    published = flow.finish()
    # RabbitMQ has refused some of them (nack), which come behind the others.
    assert set(messages(cluster.nodes[0], "gateway:ALONE", len(published))) == set(published)


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
    cluster.nodes[0].wait_for(lambda: cluster.nodes[0].queues()["gateway:SEND"]["messages"] == 0, "an empty queue")
