"""The gateway ends, in order or by kill -9, and the next process goes on where it was: nothing lost, nobody identifies."""
from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

from standin.standin import Standin
from support.rabbit import RabbitNode

from .conftest import Bot, gaps, messages

QUEUE = "gateway:w:MESSAGE_CREATE"


def declare(channel: Any) -> None:
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")


def receive_until(channel: Any, last: int) -> list[tuple[int, str]]:
    """Number and message-id of everything up to a number, duplicates included."""
    seen: list[tuple[int, str]] = []
    for _, properties, body in messages(channel, QUEUE):
        seen.append((json.loads(body)["n"], properties.message_id))
        if seen[-1][0] == last:
            break
    return seen


def send(standin: Standin, numbers: range) -> None:
    standin.dispatch_many(0, [("MESSAGE_CREATE", {"n": number}) for number in numbers])


def wait_stored(standin: Standin, store: Path) -> None:
    """A thread writes the file: a shard may be ready before it."""
    standin.wait_for(lambda: all(standin.session(shard).session_id in store.read_text() for shard in (0, 1)), what="for stored sessions")


def test_kill_and_restart_lose_nothing(bot: Bot, standin: Standin, channel: Any, tmp_path: Path) -> None:
    declare(channel)
    store = str(tmp_path / "sessions")
    gateway = bot.running_gateway(SESSION_FILE=store)
    wait_stored(standin, Path(store))
    seen = []
    for turn in range(4):
        send(standin, range(turn * 100, turn * 100 + 50))
        gateway.kill()
        send(standin, range(turn * 100 + 50, turn * 100 + 100))
        gateway = bot.gateway(SESSION_FILE=store)
        seen += receive_until(channel, turn * 100 + 99)
    assert gateway.stop() == 0
    ids: dict[int, str] = {}
    for number, message_id in seen:
        assert ids.setdefault(number, message_id) == message_id, "copies carry the same message-id"
    assert list(ids) == list(range(400)), "all, in order once duplicates are left out"
    assert standin.count("ready") == 2, "one identify for each shard"


def test_a_crash_loop_uses_up_no_identify(bot: Bot, standin: Standin, channel: Any, tmp_path: Path) -> None:
    """Killed again and again on its way: before it connects, before its shards are back, and just behind that."""
    declare(channel)
    store = tmp_path / "sessions"
    gateway = bot.running_gateway(SESSION_FILE=str(store))
    wait_stored(standin, store)
    for turn, line in enumerate(("[LIMITS", "[BROKER_CONNECTING", "[BROKER_READY", "[SHARD_RESUMED") * 2):
        send(standin, range(turn * 10, turn * 10 + 10))
        gateway.kill()
        gateway = bot.gateway(SESSION_FILE=str(store))
        gateway.wait_err(line, timeout=90)
    send(standin, range(80, 90))
    assert {number for number, _ in receive_until(channel, 89)} == set(range(90))
    assert gateway.stop() == 0
    assert standin.count("ready") == 2 and standin.count("received", op=2) == 2


def test_a_deploy_identifies_nothing(bot: Bot, standin: Standin, channel: Any, tmp_path: Path) -> None:
    declare(channel)
    store = tmp_path / "sessions"
    for turn in range(3):
        gateway = bot.gateway(SESSION_FILE=str(store))
        gateway.wait_err(" ready, session" if turn == 0 else " resumed, session", 2, timeout=90)
        send(standin, range(turn * 10, turn * 10 + 10))
        # Copies of the last turn are legal: a slow RabbitMQ may have confirmed too late for the stop.
        fresh = [each for each in dict.fromkeys(receive_until(channel, turn * 10 + 9)) if each[0] >= turn * 10]
        assert fresh == [(number, f"{standin.session(0).session_id}:{number // 10 + number + 2}") for number in range(turn * 10, turn * 10 + 10)]
        assert gateway.stop() == 0
        assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert standin.count("ready") == 2
    assert standin.token not in store.read_text()


def test_two_signals_at_once_are_one(bot: Bot) -> None:
    """timeout(1) signals a process and then its group; a shell and a supervisor may both forward Ctrl-C."""
    gateway = bot.running_gateway()
    gateway.signal(signal.SIGTERM)
    gateway.signal(signal.SIGINT)
    assert gateway.wait() == 0
    assert not gateway.lines("at once")


SLOW = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out)
{
    if (host && strcmp(host, "slow.invalid") == 0)
        sleep(600);
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(host, port, hints, out);
}
"""


def test_a_resolver_that_hangs_holds_nothing_up(bot: Bot, root: Path, tmp_path: Path) -> None:
    """A name that nobody answers for takes the system's resolver a long time, and it cannot be called off."""
    (tmp_path / "slow.c").write_text(SLOW)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "slow.so", tmp_path / "slow.c", "-ldl"], check=True)
    bot.build = root / "build"  # no sanitizer: its library would have to come first
    gateway = bot.gateway(AMQP_URL="amqp://slow.invalid/", LD_PRELOAD=str(tmp_path / "slow.so"))
    gateway.wait_err("connecting to slow.invalid")
    gateway.wait_err("connecting to localhost")
    assert gateway.stop() == 0


def test_a_torn_or_foreign_file_is_said_to_be_so(bot: Bot, standin: Standin, channel: Any, tmp_path: Path) -> None:
    store = tmp_path / "sessions"
    standin.identify_window = 0.0
    gateway = bot.gateway(SESSION_FILE=str(store))
    gateway.wait_err(" ready, session", 2, timeout=90)
    assert gateway.stop() == 0
    good = store.read_bytes()
    for broken, why in ((good[:-3], "torn"), (good.replace(b"[0,2]", b"[1,2]", 1), "torn"), (b"", "it is empty")):
        store.write_bytes(broken)
        gateway = bot.gateway(SESSION_FILE=str(store))
        gateway.wait_err(why)
        gateway.wait_err(" ready, session", 2, timeout=90)
        gateway.wait_err("queue gateway:SPECTACLES_GAP stands")
        records = {record["shard"][0]: record for record in gaps(channel, 2)}
        for shard in (0, 1):
            assert records[shard]["old_session"] is None
            assert records[shard]["new_session"] == standin.session(shard).session_id
        assert gateway.stop() == 0
        assert store.read_text().count('"gaps":[]') == 2, "declared and confirmed"
    store.write_bytes(good)
    gateway = bot.gateway(SESSION_FILE=str(store), DISCORD_INTENTS="guilds,guild_messages,guild_members")
    gateway.wait_err("of other intents")
    gateway.wait_err(" ready, session", 2, timeout=90)
    gateway.wait_err("queue gateway:SPECTACLES_GAP stands")
    assert {record["shard"][0] for record in gaps(channel, 2)} == {0, 1}
    assert gateway.stop() == 0


def test_another_number_of_shards_is_a_gap_of_each(bot: Bot, standin: Standin, channel: Any, tmp_path: Path) -> None:
    """Also of the new ones, which never had a session: their guilds were in the sessions of the others."""
    store = str(tmp_path / "sessions")
    standin.identify_window = 0.0
    gateway = bot.running_gateway(SESSION_FILE=store)
    old = [standin.session(shard).session_id for shard in (0, 1)]
    assert gateway.stop() == 0
    standin.shards = standin.max_concurrency = 4
    gateway = bot.running_gateway(shards=4, SESSION_FILE=store, DISCORD_SHARD_COUNT="4")
    records = {record["shard"][0]: record for record in gaps(channel, 4)}
    assert [records[shard]["old_session"] for shard in range(4)] == [*old, None, None]
    assert [records[shard]["new_session"] for shard in range(4)] == [standin.session(shard).session_id for shard in range(4)]
    assert gateway.stop() == 0


def test_a_full_disk_is_said_and_outlived(bot: Bot, standin: Standin, channel: Any, tmp_path: Path) -> None:
    """The old file stands, writing is tried again, and what a kill makes of it is a longer replay."""
    declare(channel)
    store = tmp_path / "sessions"
    gateway = bot.running_gateway(SESSION_FILE=str(store))
    wait_stored(standin, store)
    soft, hard = resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE)
    for turn in (1, 2):
        resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (20, hard))
        send(standin, range(turn * 10, turn * 10 + 10))
        gateway.wait_err("sessions cannot be stored", turn)
        # It is there for a moment with each new attempt.
        standin.wait_for(lambda: not (tmp_path / "sessions.new").exists(), what="for half a file to be removed")
        assert f'"{standin.session(0).session_id}"' in store.read_text()
        if turn == 1:
            resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (soft, hard))
            gateway.wait_err("sessions are stored again")
    gateway.kill()
    send(standin, range(30, 40))
    gateway = bot.gateway(SESSION_FILE=str(store))
    numbers = [number for number, _ in receive_until(channel, 39)]
    assert list(dict.fromkeys(numbers)) == list(range(10, 40))
    gateway.wait_err(" resumed, session", 2)
    assert standin.count("ready") == 2, "nobody identified again"
    assert gateway.stop() == 0
