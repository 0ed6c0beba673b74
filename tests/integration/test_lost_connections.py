"""Lost connections: it goes on by itself, and nothing is lost."""
from __future__ import annotations

import signal
from typing import Any

import pytest
from standin.standin import Standin
from support.processes import Process
from support.proxy import Proxy
from support.rabbit import RabbitNode

from integration.conftest import Bot, gaps, summary


def event(number: int) -> tuple[str, str]:
    return "MESSAGE_CREATE", f'{{"id":"{number}"}}'


def events(first: int, count: int) -> list[tuple[str, str]]:
    return [event(number) for number in range(first, first + count)]


def distinct(worker: Process) -> dict[bytes, bytes]:
    """Body by message-id, in order of first arrival: copies have the same id."""
    seen: dict[bytes, bytes] = {}
    for line in list(worker.out):
        _, message_id, body = line.split(b" ", 2)
        assert seen.setdefault(message_id, body) == body
    return seen


def wait_distinct(worker: Process, count: int, timeout: float = 120) -> list[bytes]:
    worker.wait_for(lambda: len(distinct(worker)) >= count, timeout, f"{count} distinct events, {len(distinct(worker))} so far")
    return list(distinct(worker).values())


def bodies(first: int, count: int) -> list[bytes]:
    return [f'{{"id":"{number}"}}'.encode() for number in range(first, first + count)]


@pytest.mark.tls
def test_the_gateway_socket_is_cut_in_mid_flow(bot: Bot, standin: Standin) -> None:
    worker = bot.worker("--ids", "MESSAGE_CREATE")
    gateway = bot.running_gateway()
    for turn in range(4):
        standin.dispatch_many(0, events(turn * 500, 250))
        standin.drop(0)
        standin.dispatch_many(0, events(turn * 500 + 250, 250))
        standin.wait_for(lambda wanted=turn + 1: standin.count("resumed", shard=0) >= wanted, 60, "for a resume")
        # The stand-in has heard of the resume; the session's new connection is what the next turn cuts.
        standin.wait_ready(0)
    assert wait_distinct(worker, 2000) == bodies(0, 2000)
    assert gateway.stop() == 0 and worker.stop() == 0
    assert standin.violations == []
    assert summary(gateway)["identifies"] == 2


def test_ops_and_closes_that_keep_the_session(bot: Bot, standin: Standin) -> None:
    worker = bot.worker("--ids", "MESSAGE_CREATE")
    gateway = bot.running_gateway()
    breaks = [lambda: standin.reconnect(0), lambda: standin.invalidate(0, True), lambda: standin.close(0, 4000),
              lambda: standin.close(0, 1001)]
    for turn, interrupt in enumerate(breaks):
        standin.dispatch_many(0, events(turn * 100, 50))
        interrupt()
        standin.dispatch_many(0, events(turn * 100 + 50, 50))
        standin.wait_for(lambda wanted=turn + 1: standin.count("resumed", shard=0) >= wanted, 60, "for a resume")
    assert wait_distinct(worker, 400) == bodies(0, 400)
    assert gateway.stop() == 0 and worker.stop() == 0


def test_an_expired_session_is_said_aloud(bot: Bot, standin: Standin, channel: Any) -> None:
    worker = bot.worker("--ids", "MESSAGE_CREATE")
    gateway = bot.running_gateway()
    old = standin.session(0).session_id
    standin.invalidate(0, False)
    gateway.wait_err("GAP")
    gateway.wait_err("ready, session", 3)
    standin.dispatch(0, *event(1))
    wait_distinct(worker, 1)
    assert gateway.stop() == 0 and worker.stop() == 0
    assert len(gateway.lines("GAP:")) == 1
    (record,) = gaps(channel, 1)
    assert record.pop("time") > 1_700_000_000_000
    new = standin.session(0).session_id
    assert record == {"shard": [0, 2], "old_session": old, "new_session": new, "seq": 1, "next": 1}


def test_rabbitmq_is_stopped_and_started_in_mid_flow(own_bot: Bot, own_rabbit: RabbitNode, standin: Standin) -> None:
    worker = own_bot.worker("--ids", "MESSAGE_CREATE")
    gateway = own_bot.running_gateway()
    standin.dispatch_many(0, events(0, 1000))
    worker.wait_out(100)
    own_rabbit.stop()
    standin.dispatch_many(0, events(1000, 2000))
    gateway.wait_err("broker events disconnected")
    own_rabbit.start()
    assert wait_distinct(worker, 3000) == bodies(0, 3000)
    assert standin.violations == []
    assert gateway.stop() == 0 and worker.stop() == 0
    assert summary(gateway)["published"] == summary(gateway)["confirmed"] == 3000


def test_rabbitmq_is_killed_in_mid_flow(own_bot: Bot, own_rabbit: RabbitNode, standin: Standin) -> None:
    worker = own_bot.worker("--ids", "MESSAGE_CREATE")
    gateway = own_bot.running_gateway()
    standin.dispatch_many(0, events(0, 3000))
    worker.wait_out(100)
    own_rabbit.kill()
    standin.dispatch_many(0, events(3000, 1000))
    own_rabbit.start()
    wait_distinct(worker, 4000)
    assert sorted(distinct(worker).values()) == sorted(bodies(0, 4000))
    assert gateway.stop() == 0 and worker.stop() == 0


def test_amqp_connections_are_reset(bot: Bot, rabbit: RabbitNode, vhost: str, standin: Standin) -> None:
    with Proxy(rabbit.port) as proxy:
        through = rabbit.url(vhost).replace(f":{rabbit.port}/", f":{proxy.port}/")
        worker = bot.worker("--ids", "MESSAGE_CREATE", AMQP_URL=through)
        gateway = bot.running_gateway(AMQP_URL=through)
        for turn in range(5):
            standin.dispatch_many(0, events(turn * 400, 400))
            wait_distinct(worker, turn * 400 + 1)
            proxy.cut(reset=turn % 2 == 0)
        wait_distinct(worker, 2000)
        assert sorted(distinct(worker).values()) == sorted(bodies(0, 2000))
        assert gateway.stop() == 0 and worker.stop() == 0


def test_a_killed_worker_leaves_its_events_to_the_next(bot: Bot, standin: Standin) -> None:
    first = bot.worker("--ids", "MESSAGE_CREATE")
    gateway = bot.running_gateway()
    standin.dispatch_many(0, events(0, 2000))
    first.wait_out(10)
    first.signal(signal.SIGKILL)
    first.wait()
    second = bot.worker("--ids", "MESSAGE_CREATE")
    both = lambda: {**distinct(first), **distinct(second)}  # noqa: E731
    second.wait_for(lambda: len(both()) >= 2000, 60, "all events")
    assert sorted(both().values()) == sorted(bodies(0, 2000))
    assert gateway.stop() == 0 and second.stop() == 0


def test_an_event_that_ends_the_connection_is_a_gap(bot: Bot, rabbit: RabbitNode, vhost: str, channel: Any, standin: Standin) -> None:
    """RabbitMQ can not read it on any connection: it is declared to be missing, and the rest arrives."""
    poison = b'{"poison":1}'
    with Proxy(rabbit.port, spoil=(poison + b"\xce", poison + b"\0")) as proxy:
        worker = bot.worker("--ids", "MESSAGE_CREATE")
        through = rabbit.url(vhost).replace(f":{rabbit.port}/", f":{proxy.port}/")
        gateway = bot.running_gateway(AMQP_URL=through)
        session = standin.session(0).session_id
        standin.dispatch_many(0, [*events(0, 20), ("MESSAGE_CREATE", poison.decode()), *events(20, 20)])
        assert wait_distinct(worker, 40, timeout=300) == bodies(0, 40)
        gateway.wait_err("queue gateway:SPECTACLES_GAP stands")
        (record,) = gaps(channel, 1)
        assert record["old_session"] == record["new_session"] == session and record["next"] == record["seq"] + 2
        assert gateway.stop() == 0 and worker.stop() == 0
    assert summary(gateway)["identifies"] == 2
