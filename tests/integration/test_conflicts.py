"""Two processes of one group at a real RabbitMQ: two bots, the same shards, another number of shards, a deploy. What is
driven is the daemon's own part, in a program that serves nothing else (tests/tools/conflicts_tool.c)."""
from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from support.processes import Process
from support.proxy import Proxy
from support.rabbit import RabbitNode

BOT = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
OTHER_BOT = "MTk4NjIyNDgzNDcxOTI1MjQ5.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
IDENTIFY = 2
ANOTHER_BOT, ANOTHER_COUNT, SAME_SHARDS = 1, 2, 4

Start = Callable[..., Process]


@pytest.fixture
def start(build: Path, rabbit: RabbitNode, vhost: str) -> Iterator[Start]:
    made: list[Process] = []

    def begin(shards: str = "0 1", count: int = 2, token: str = BOT, url: str = "", group: str = "gateway") -> Process:
        program = build / "tests" / "tools" / "conflicts_tool"
        made.append(Process([program, url or rabbit.url(vhost), group, token, str(count), *shards.split()], steered=True))
        return made[-1]

    yield begin
    for each in made:
        if each.running():
            each.write("quit")
            assert each.wait() == 0
        else:
            each.check_reports()


def said(process: Process, words: str) -> list[str]:
    return [line.decode() for line in process.out if line.decode().startswith(words)]


def wait(process: Process, words: str) -> str:
    process.wait_for(lambda: said(process, words), what=words)
    return said(process, words)[0]


def running(process: Process) -> Process:
    wait(process, "settled")
    process.write("run")
    return process


def answers(channel: Any, process: Process) -> None:
    """Until the process has done what it was told before: it answers in order."""
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "gateway", "SPECTACLES_GATEWAY")
    who = {"kind": "who", "id": "test", "bot": "", "host": "test", "pid": 1, "state": "asking", "started": 1, "shard_count": 0, "shard_ranges": []}
    channel.basic_publish("gateway", "SPECTACLES_GATEWAY", json.dumps(who).encode())
    for _, _, body in channel.consume(queue, auto_ack=True):
        card = json.loads(body)
        if card["kind"] == "here" and card["pid"] == process.pid:
            break
    channel.cancel()


def test_processes_with_their_own_shards_are_no_conflict(start: Start) -> None:
    first = running(start("0"))
    second = running(start("1"))
    assert not said(first, "conflict") and not said(second, "conflict")


def test_two_processes_with_the_same_shards_tell_both_and_go_on(start: Start) -> None:
    first = running(start("0 1 2 3", 8))
    second = start("2 3 4", 8)
    wait(second, "settled")
    for process, peer in ((first, second), (second, first)):
        line = wait(process, f"conflict {SAME_SHARDS} stays new")
        assert f"process {peer.pid} serves the same shards (2,3)" in line


def test_another_number_of_shards_is_told(start: Start) -> None:
    running(start("0 1", 2))
    assert "serves 2 shards in this group, and this process serves 3" in wait(start("0 1 2", 3), f"conflict {ANOTHER_COUNT} stays new")


def test_of_two_bots_the_one_that_comes_later_goes(start: Start) -> None:
    first = running(start())
    second = start(token=OTHER_BOT)
    assert "has the bot 198622483471925248, and this process has 198622483471925249" in wait(second, f"conflict {ANOTHER_BOT} goes new")
    wait(first, f"conflict {ANOTHER_BOT} stays new")
    assert BOT.split(".")[2] not in str(first.out + second.out)


def test_two_bots_in_two_groups_are_no_conflict(start: Start) -> None:
    running(start())
    second = running(start(token=OTHER_BOT, group="other"))
    assert not said(second, "conflict")


def test_a_process_that_stops_hands_over_without_a_word(start: Start, channel: Any) -> None:
    first = running(start())
    first.write("stop")
    answers(channel, first)
    second = running(start())
    answers(channel, second)
    assert not said(first, "conflict") and not said(second, "conflict")


def test_a_process_that_was_killed_is_no_conflict_and_its_queue_expires(start: Start, rabbit: RabbitNode, vhost: str) -> None:
    first = running(start())
    first.kill()
    second = running(start())
    assert not said(second, "conflict")
    queues = [queue for name, queue in rabbit.queues(vhost).items() if name.endswith(":SPECTACLES_GATEWAY")]
    assert queues and all(dict((key, value) for key, _, value in queue["arguments"]).get("x-expires") == 60000 if isinstance(queue["arguments"], list)
                          else queue["arguments"]["x-expires"] == 60000 for queue in queues)


def test_bytes_of_strangers_under_the_key_do_no_harm(start: Start, channel: Any) -> None:
    first = running(start())
    for body in (b"", b"\xff\xfe", b"{", b"[]", b'{"kind":"hello"}', b"x" * 100_000,
                 b'{"kind":"hello","id":"a","bot":"1","host":"h","pid":1,"state":"running","started":1,"shard_count":2,"shard_ranges":[0,4000000000]}'):
        channel.basic_publish("gateway", "SPECTACLES_GATEWAY", body)
    answers(channel, first)
    assert not said(first, "conflict")


def test_an_account_that_may_not_ask_starts_all_the_same(start: Start, rabbit: RabbitNode, vhost: str) -> None:
    running(start())
    user = f"silent-{vhost}"
    rabbit.ctl("add_user", user, "pw")
    rabbit.ctl("set_permissions", "-p", vhost, user, "^gateway$", ".*", ".*")
    second = start(token=OTHER_BOT, url=rabbit.url(vhost, user, "pw"))
    wait(second, "settled")
    assert "other gateways of this group cannot be heard" in wait(second, "conflict 0 stays new")


def test_workers_and_the_go_daemon_hear_nothing_of_it(start: Start, channel: Any) -> None:
    """They are bound to the names of events, to SEND and to numbers."""
    channel.exchange_declare("gateway", "direct", durable=True)
    for key in ("MESSAGE_CREATE", "SEND", "0", "SPECTACLES_GAP"):
        channel.queue_declare(f"gateway:{key}", durable=True)
        channel.queue_bind(f"gateway:{key}", "gateway", key)
    running(start())
    answers(channel, running(start("0", 3)))
    for key in ("MESSAGE_CREATE", "SEND", "0", "SPECTACLES_GAP"):
        assert channel.basic_get(f"gateway:{key}")[0] is None


def test_a_conflict_that_came_while_the_broker_was_away_is_told_when_it_is_back(start: Start, own_rabbit: RabbitNode) -> None:
    first = start(url=own_rabbit.url())
    running(first)
    own_rabbit.restart()
    second = start(url=own_rabbit.url())
    wait(second, f"conflict {SAME_SHARDS} stays new")
    wait(first, f"conflict {SAME_SHARDS} stays new")


# ---- The daemon ----

def test_the_daemon_of_a_second_bot_ends_before_it_consumes_or_identifies(bot: Any, standin: Any, start: Start, channel: Any) -> None:
    """A gateway of another bot serves already: no command of its workers may go out with the second token."""
    standin.set(token=OTHER_BOT)
    running(start())
    daemon = bot.gateway(DISCORD_TOKEN=OTHER_BOT)
    assert daemon.wait(90) == 78
    assert "this process ends, because it came later" in daemon.wait_err("another bot is in this group")[0]
    assert standin.count("received", op=IDENTIFY) == 0
    assert not daemon.lines(":SEND stands")


def test_nothing_is_consumed_and_nobody_identifies_before_the_group_has_answered(
        bot: Any, standin: Any, rabbit: RabbitNode, vhost: str, channel: Any) -> None:
    """The connection over which the group is asked says nothing for as long as the test likes: no other one is made meanwhile."""
    with Proxy(rabbit.port) as proxy:
        proxy.hold()
        daemon = bot.gateway(AMQP_URL=rabbit.url(vhost).replace(f":{rabbit.port}", f":{proxy.port}"), LOG_LEVEL="info")
        daemon.wait_err("[LIMITS")
        for line in ("until the next SIGUSR2", "back at the level of LOG_LEVEL"):  # two turns later
            daemon.signal(signal.SIGUSR2)
            daemon.wait_err(line)
        assert not daemon.lines("CONNECTING") and proxy.accepted <= 1 and standin.count("received", op=IDENTIFY) == 0
        with pytest.raises(pika.exceptions.ChannelClosedByBroker):
            channel.queue_declare("gateway:SEND", passive=True)
        proxy.release()
        standin.wait_ready(0, 1, timeout=90)
        assert daemon.stop() == 0


def test_a_daemon_with_the_same_shards_serves_and_both_are_told(bot: Any, standin: Any, start: Start) -> None:
    standin.set(token=BOT)
    first = running(start())
    daemon = bot.running_gateway(DISCORD_TOKEN=BOT)
    line = daemon.wait_err("serves the same shards (0,1) as this process")[0]
    assert f"process {first.pid}" in line
    wait(first, f"conflict {SAME_SHARDS} stays new")
    assert daemon.stop() == 0


def test_a_deploy_takes_over_without_a_word_of_conflicts(bot: Any, standin: Any) -> None:
    standin.set(token=BOT)
    first = bot.running_gateway(DISCORD_TOKEN=BOT)
    assert first.stop() == 0
    second = bot.running_gateway(DISCORD_TOKEN=BOT)
    assert not second.lines("same shards") and not first.lines("same shards")
    assert second.stop() == 0
