"""spectacles-gateway as an operator meets it: its states, its exit codes, and what each signal does in each state."""
from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pika
import pytest
from standin.standin import Standin
from support.patience import PATIENCE
from support.processes import Process
from support.rabbit import RabbitNode

from .conftest import Bot, messages

QUEUE = "gateway:w:MESSAGE_CREATE"
PRESENCE = '{"since":null,"activities":[{"name":"shard {{shard}}","type":0}],"status":"idle","afk":false}'


def declare(channel: Any, name: str = "MESSAGE_CREATE") -> None:
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(f"gateway:w:{name}", durable=True)
    channel.queue_bind(f"gateway:w:{name}", "gateway", name)


def receive(channel: Any, queue: str = QUEUE) -> dict[str, Any]:
    for _, _, body in messages(channel, queue):
        return json.loads(body)
    raise AssertionError("unreachable")


def counters(daemon: Process) -> dict[str, int]:
    told = len(daemon.lines("summary "))
    daemon.signal(signal.SIGUSR1)
    words = daemon.wait_err("summary ", told + 1)[-1].split("summary ")[1].split(" [")[0].split()
    return {name: int(value) for name, value in (word.split("=") for word in words)}


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_events_go_to_workers_and_packets_go_to_discord(bot: Bot, standin: Standin, channel: Any) -> None:
    declare(channel)
    daemon = bot.running_gateway()
    standin.dispatch(1, "MESSAGE_CREATE", {"n": 1})
    assert receive(channel) == {"n": 1}
    guild = 5 << 22  # shard 1 of 2
    packet = {"op": 4, "d": {"guild_id": str(guild), "channel_id": None, "self_mute": False, "self_deaf": False}}
    channel.basic_publish("gateway", "SEND", json.dumps({"guild_id": str(guild), "packet": packet}).encode(), mandatory=True)
    standin.wait_for(lambda: standin.received(1, 4))
    assert daemon.stop() == 0
    assert standin.violations == []


def test_each_shard_has_a_presence_of_its_own(bot: Bot, standin: Standin) -> None:
    bot.running_gateway(DISCORD_PRESENCE=PRESENCE)
    for shard in (0, 1):
        assert standin.session(shard).presence["activities"][0]["name"] == f"shard {shard}"


# ---- What ends it ----


def test_a_wrong_token_is_a_persons_to_mend(bot: Bot, standin: Standin) -> None:
    daemon = bot.gateway(DISCORD_TOKEN="another.token")
    assert daemon.wait() == 78
    assert daemon.lines("GET /gateway/bot failed") and not daemon.lines("another.token")
    assert standin.count("connected") == 0


@pytest.mark.parametrize("status", [400, 404])
def test_an_api_that_is_not_there_is_a_persons_to_mend(bot: Bot, standin: Standin, status: int) -> None:
    standin.api_status = status
    assert bot.gateway().wait() == 78
    assert standin.count("connected") == 0


def test_wrong_settings_are_told_at_once_and_nothing_is_asked(bot: Bot, standin: Standin) -> None:
    daemon = bot.gateway(DISCORD_API_HOST=f"https://{standin.api}", LOG_LEVEL="loud", DISCORD_SHARD_IDS="0")
    assert daemon.wait() == 78
    for name in ("DISCORD_API_HOST", "LOG_LEVEL", "DISCORD_SHARD_IDS"):
        assert daemon.lines(f"{name}: "), daemon.said()
    assert standin.count("connected") == 0


def test_intents_that_discord_refuses_are_a_persons_to_mend(bot: Bot, standin: Standin) -> None:
    standin.disallowed_intents = 1 << 15
    daemon = bot.gateway(DISCORD_INTENTS="guilds,guild_messages,message_content")
    assert daemon.wait() == 78
    (line,) = daemon.lines("FATAL")
    assert "MESSAGE_CONTENT" in line and "developer portal" in line


# ---- Brokers first ----


def test_a_broker_that_refuses_the_password_uses_up_no_identify(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str) -> None:
    daemon = bot.gateway(AMQP_URL=rabbit.url(vhost, password="wrong"))
    daemon.wait_err("broker events disconnected", 2)
    daemon.wait_err("shard 0/2 connecting")
    assert daemon.stop() == 0
    assert standin.count("ready") == 0 and not daemon.lines("identifying")


def test_the_queue_for_commands_stands_before_the_first_event(bot: Bot) -> None:
    """A worker answers the very first event of a group that is new: its SEND finds a queue."""
    daemon = bot.running_gateway(shards=2)
    lines = daemon.err
    first = next(number for number, line in enumerate(lines) if " identifying" in line)
    assert any(":SEND stands" in line for line in lines[:first]), daemon.said()


# ---- GET /gateway/bot ----


def test_sigterm_ends_a_question_that_nobody_answers(bot: Bot, standin: Standin) -> None:
    standin.plan("gateway_bot", "hang", seconds=60)
    daemon = bot.gateway(LOG_LEVEL="debug")
    daemon.wait_err("ASKING")
    standin.wait_for(lambda: standin.count("planned", what="gateway_bot") == 1)
    begin = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - begin < 5 * PATIENCE


# ---- Signals in each state ----


def test_sigterm_while_no_broker_answers(bot: Bot, standin: Standin) -> None:
    daemon = bot.gateway(AMQP_URL=f"amqp://127.0.0.1:{closed_port()}", LOG_LEVEL="debug", STOP_TIMEOUT="2s")
    daemon.wait_err("CONNECTING, after ASKING")
    daemon.wait_err("broker events disconnected")
    begin = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - begin < 10 * PATIENCE


def test_a_stop_that_runs_out_of_time_says_what_is_left(own_bot: Bot, standin: Standin, own_rabbit: RabbitNode, tmp_path: Path) -> None:
    """75: start it again, and what was not confirmed comes."""
    daemon = own_bot.running_gateway(STOP_TIMEOUT="1s", SESSION_FILE=str(tmp_path / "sessions"))
    own_rabbit.kill()
    daemon.wait_err("broker events disconnected")
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 1})
    standin.wait_for(lambda: counters(daemon)["published"] == 1)
    assert daemon.stop() == 75
    assert daemon.lines("1 events were not confirmed within STOP_TIMEOUT")
    own_rabbit.start()
    connection = pika.BlockingConnection(pika.URLParameters(own_rabbit.url() + "?heartbeat=0"))
    declare(connection.channel())
    daemon = own_bot.gateway(SESSION_FILE=str(tmp_path / "sessions"))
    assert receive(connection.channel()) == {"n": 1}
    connection.close()
    assert daemon.stop() == 0
    assert standin.violations == []


def test_a_second_signal_ends_it_at_once(own_bot: Bot, standin: Standin, own_rabbit: RabbitNode) -> None:
    daemon = own_bot.running_gateway(STOP_TIMEOUT="1h")
    own_rabbit.kill()
    daemon.wait_err("broker events disconnected")
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 1})
    standin.wait_for(lambda: counters(daemon)["published"] == 1)
    daemon.signal(signal.SIGTERM)
    daemon.wait_err("stopping")
    time.sleep(1.2)  # what comes sooner is taken for the same wish
    daemon.signal(signal.SIGINT)
    assert daemon.wait(10) == 75
    assert daemon.lines("stopped at once")


@pytest.mark.parametrize("number", [signal.SIGPIPE, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGXFSZ, signal.SIGXCPU,
                                    signal.SIGIO, signal.SIGPWR, signal.SIGTTOU, signal.SIGTSTP, signal.SIGRTMIN + 3])
def test_no_other_signal_ends_it(bot: Bot, standin: Standin, number: int) -> None:
    """In ASKING: that takes no broker."""
    standin.plan("gateway_bot", "hang", seconds=60)
    daemon = bot.gateway(LOG_LEVEL="debug")
    daemon.wait_err("ASKING")
    daemon.signal(number)
    daemon.signal(signal.SIGHUP)
    daemon.wait_err("no setting has changed")
    assert daemon.stop() == 0


# ---- SIGHUP ----


def test_sighup_follows_what_can_be_followed(bot: Bot, standin: Standin, channel: Any, tmp_path: Path) -> None:
    declare(channel)
    declare(channel, "MESSAGE_DELETE")
    config = tmp_path / "gateway.toml"
    config.write_text('events = ["MESSAGE_CREATE"]\n')
    daemon = bot.running_gateway("", "--config", str(config))
    config.write_text('events = ["MESSAGE_DELETE"]\nlatency_budget = "1ms"\n[broker]\ngroup = "other"\n[presence]\nstatus = "dnd"\n')
    daemon.signal(signal.SIGHUP)
    daemon.wait_err("DISCORD_EVENTS has changed from MESSAGE_CREATE to MESSAGE_DELETE: this is followed now")
    daemon.wait_err("LATENCY_BUDGET has changed from 4ms to 1ms: this is followed now")
    daemon.wait_err("BROKER_GROUP has changed from gateway to other: restart the gateway to follow this")
    standin.wait_for(lambda: all(standin.received(shard, 3) for shard in (0, 1)))
    assert json.loads(standin.received(0, 3)[-1].raw)["d"]["status"] == "dnd"
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 1})
    standin.dispatch(0, "MESSAGE_DELETE", {"n": 2})
    assert receive(channel, "gateway:w:MESSAGE_DELETE") == {"n": 2}
    assert daemon.stop() == 0
    assert channel.basic_get(QUEUE)[0] is None


def test_sighup_with_wrong_settings_changes_nothing(bot: Bot, standin: Standin, channel: Any, tmp_path: Path) -> None:
    declare(channel)
    config = tmp_path / "gateway.toml"
    config.write_text('events = ["MESSAGE_CREATE"]\n')
    daemon = bot.running_gateway("", "--config", str(config))
    config.write_text('events = ["MESSAGE_DELEET"]\n')
    daemon.signal(signal.SIGHUP)
    daemon.wait_err("the gateway goes on with its former settings")
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 1})
    assert receive(channel) == {"n": 1}
    assert daemon.stop() == 0


# ---- Its environment ----


def test_a_daemon_with_nothing_to_do_costs_nothing(bot: Bot) -> None:
    """A descriptor that stays readable, or a deadline that stays in the past, would turn its loop as fast as it can."""
    daemon = bot.running_gateway()

    def ticks() -> int:
        return sum(map(int, Path(f"/proc/{daemon.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))

    begin = ticks()
    time.sleep(4)
    assert ticks() - begin < 100, "a quarter of a processor"
    assert daemon.stop() == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_files_are_no_sockets_to_log_into(bot: Bot, standin: Standin, channel: Any, closed: str) -> None:
    """Otherwise the first socket would be number 2, and the log would go to Discord."""
    declare(channel)
    daemon = bot.gateway(prefix=("sh", "-c", f'exec "$@" {closed}', "sh"))
    standin.wait_ready(0, 1, timeout=90)
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 1})
    assert receive(channel) == {"n": 1}
    assert daemon.stop() == 0
    assert standin.violations == []


# ---- Sessions that outlive it ----


def test_a_second_process_with_the_same_file_ends_before_it_asks(bot: Bot, standin: Standin, tmp_path: Path) -> None:
    store = str(tmp_path / "sessions")
    first = bot.running_gateway(SESSION_FILE=store)
    second = bot.gateway(SESSION_FILE=store)
    assert second.wait() != 0
    assert second.lines(f"process {first.pid}"), second.said()
    assert standin.count("gateway_bot") == 1


def test_a_recommendation_does_not_reshard(bot: Bot, standin: Standin, tmp_path: Path) -> None:
    store = str(tmp_path / "sessions")
    assert bot.running_gateway(SESSION_FILE=store).stop() == 0
    standin.shards = 3
    daemon = bot.gateway(SESSION_FILE=store)
    daemon.wait_err("shard 1/2 resumed")
    daemon.wait_err("3 shards")
    assert daemon.stop() == 0
    assert standin.count("ready") == 2
