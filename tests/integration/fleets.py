"""Daemons of a fleet, as tests start them and look at them; and events of guilds, while their shards are numbered anew."""
from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from standin.standin import Standin
from support.patience import PATIENCE
from support.ports import free_ports
from support.processes import Process
from support.prometheus import get

from .conftest import GATEWAY, Bot

SHARDS = 4
EVENT = "MESSAGE_CREATE"


def expect_code(command: subprocess.Popen[str], code: int) -> str:
    """Returns what it said."""
    out, err = command.communicate(timeout=180 * PATIENCE)
    assert command.returncode == code, out + err
    return out + err


class Fleet:
    """Daemons with one bot, by the names of members."""

    def __init__(self, bot: Bot, standin: Standin) -> None:
        self.bot = bot
        self.standin = standin
        self.members: dict[str, Process] = {}
        self.addresses: dict[str, str] = {}
        self.settings = {"FLEET": "on", "DISCORD_SHARD_COUNT": str(SHARDS), "STOP_TIMEOUT": "60s", "FLEET_SETTLE": "1s"}

    def start(self, name: str, **more: str) -> Process:
        self.addresses[name] = f"127.0.0.1:{free_ports(1)[0]}"
        settings = {**self.settings, "PROMETHEUS_ADDRESS": self.addresses[name], "FLEET_MEMBER": name, **more}
        self.members[name] = self.bot.gateway(**settings)
        return self.members[name]

    def forget(self, name: str) -> Process:
        del self.addresses[name]
        return self.members.pop(name)

    def status(self, name: str) -> dict[str, Any]:
        try:
            return json.loads(get(f"http://{self.addresses[name]}/status.json")[1])
        except OSError:  # it does not listen yet
            return {"shards": []}

    def ready_shards(self, name: str) -> list[int]:
        """With no more shards than slots each shard is a slot."""
        return [shard["id"] for shard in self.status(name)["shards"] if shard["state"] == "READY"]

    def ready(self, name: str) -> int:
        return len(self.ready_shards(name))

    def wait_shared(self, *counts: int, timeout: float = 60.0) -> None:
        """Until the members have so many shards each, in any order, and all of them are ready."""
        end = time.monotonic() + timeout * PATIENCE
        while sorted(found := [self.ready(name) for name in self.members]) != sorted(counts):
            said = "\n".join(process.said() for process in self.members.values())
            assert time.monotonic() < end, f"{dict(zip(self.members, found))} shards are ready, and {counts} were expected:\n{said}"
            time.sleep(0.1)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        environment = {**self.bot.environment, **self.settings, "DISCORD_EVENTS": "MESSAGE_CREATE"}
        return subprocess.Popen([self.bot.build / GATEWAY, "fleet", *words], env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def owners(self) -> dict[int, str]:
        said = expect_code(self.begin("status", "--json"), 0)
        return {slot["slot"]: slot["owner"] for slot in json.loads(said)["slots"]}


def living(standin: Standin, count: int) -> list[Any]:
    return [each for each in standin.sessions if each.count == count and each.alive]


class Guilds:
    """An event of a guild of its own each 20 ms, in every session that has that guild, as Discord does it; and a command for one now and then."""

    def __init__(self, standin: Standin, channel: Any) -> None:
        self.standin, self.channel = standin, channel
        self.sent = self.asked = 0
        self._stops = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stops.wait(0.02):
            self._dispatch((self.sent << 22) + 7)
            self.sent += 1
            if self.sent % 25 == 0:
                self._ask((self.sent << 22) + 7)

    def _dispatch(self, guild: int) -> None:
        text = json.dumps({"id": str(self.sent), "guild_id": str(guild), "content": "x"})

        def give() -> None:
            for session in self.standin.sessions:
                if session.alive and (guild >> 22) % session.count == session.shard:
                    session.append(EVENT, text)
                    session.wake()

        self.standin._do(give)

    def _ask(self, guild: int) -> None:
        packet = {"op": 8, "d": {"guild_id": str(guild), "query": "", "limit": 0}}
        self.channel.basic_publish("gateway", "SEND", json.dumps({"guild_id": str(guild), "packet": packet}))
        self.asked += 1

    def stop(self) -> None:
        self._stops.set()
        self._thread.join()


def flows(standin: Standin, channel: Any) -> Iterator[Callable[[], Guilds]]:
    """For a fixture: each call begins a flow, and the end of the test ends them all."""
    made: list[Guilds] = []

    def start() -> Guilds:
        made.append(Guilds(standin, channel))
        return made[-1]

    yield start
    for each in made:
        each.stop()


def numbers(worker: Process) -> list[int]:
    return [int(json.loads(line.split(b" ", 1)[1])["id"]) for line in list(worker.out)]


def asked(standin: Standin) -> int:
    return sum(record["kind"] == "received" and record["op"] == 8 for record in list(standin.records))


def expect_all_once(worker: Process, standin: Standin, events: Guilds) -> None:
    events.stop()
    worker.wait_for(lambda: len(set(numbers(worker))) >= events.sent, 120, "all events")
    assert sorted(numbers(worker)) == list(range(events.sent)), "each event came once"
    standin.wait_for(lambda: asked(standin) >= events.asked, 120, "all commands")
    assert standin.count("wrong_shard") == 0 and standin.violations == []
