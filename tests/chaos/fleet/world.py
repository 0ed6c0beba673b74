"""What the nemesis of a fleet torments: the hosts, the stand-in and the consumer outside, and Discord's events."""
from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from standin.certs import Authority
from standin.connection import Connection
from standin.session import Session
from standin.standin import Standin
from support.ports import free_ports

from chaos.fleet.history import History, Identify, Life, Resume, Trouble, Way
from chaos.fleet.hosts import NAMES, OUTSIDE, Gateway, Machines, Nodes
from chaos.recorder import EVENTS, Recorder
from chaos.watched import Watched

SHARDS = 6
NUMBERS = (4, 6, 12)  # of shards, to which the fleet goes
GUILDS = 12  # a multiple of each
CONCURRENCY = 2
RESERVE = 50
EVENTS_EVERY = 0.05  # seconds, one of each shard of the first number
EXPIRY = 45.0  # seconds that Discord keeps a session without a connection
HEARTBEAT = 10000  # milliseconds, of Discord
GRACE = 25.0  # seconds beside two of these, after which Discord ends the session
LIMITS_FRESH = 20000  # milliseconds for which an answer of GET /gateway/bot is believed
PAD = 200  # bytes
ROOM = 1500  # events in the consumer's queue, before RabbitMQ refuses more
BURST = 400  # events of each shard at once, when there are many: all shards together fill the queue of a consumer that hangs
TICK = 0.02  # seconds, at which the stand-in's loop says that it runs
SETTINGS = {"FLEET": "on", "DISCORD_SHARD_COUNT": str(SHARDS), "FLEET_IDENTIFY_RESERVE": str(RESERVE), "STOP_TIMEOUT": "30s", "FLEET_SETTLE": "2s",
            "BROKER_QUEUE_TYPE": "quorum", "DISCORD_INTENTS": "guilds,guild_messages", "DISCORD_EVENTS": "MESSAGE_CREATE"}


class Event:
    """Written when it is sent."""

    __slots__ = ("serial",)

    def __init__(self, serial: int) -> None:
        self.serial = serial

    def __call__(self) -> str:
        return json.dumps({"n": self.serial, "pad": "x" * PAD})


class Lags:
    """How late the stand-in's loop came to look, of late: what it saw may have been there as long before."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []

    async def run(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            if now - last > 2 * TICK:
                self.seen.append((now, now - last - TICK))
            last = now

    def at(self, when: float) -> float:
        return max((lag for seen, lag in self.seen if when - 1.0 <= seen <= when + 1.0), default=0.0)


class World(Watched):
    def __init__(self, folder: Path, binary: Path, machines: Machines, replaced: str = "closed", tick: int = 10, shards: int = SHARDS,
                 concurrency: int = CONCURRENCY) -> None:
        """machines: its own from now on, and entered: all of this is outside. replaced: of the stand-in's settings. tick: RabbitMQ's net_ticktime, in
        seconds."""
        self.shards, self.concurrency = shards, concurrency
        self.machines = machines
        self.troubles: list[Trouble] = []
        self.errors: list[str] = []
        self.lags = Lags()
        self.events: dict[str, dict[int, int]] = {}  # by session: sequence, serial
        self.guilds = max(GUILDS, shards)
        self.nowhere: list[int] = []
        self.ways: list[Way] = []
        self.spent: list[float] = []
        self._serial = 0
        self._dispatched: dict[int, float] = {}  # by serial: when
        self._stopping = threading.Event()
        self._feeder = threading.Thread(target=self._guarded, args=(self._feed,), daemon=True)
        self._folder, self._binary, self._replaced, self._tick = folder, binary, replaced, tick
        self.gateways: dict[str, Gateway] = {}
        self.standin: Standin
        self.nodes: Nodes
        self.recorder: Recorder

    # ---- life ----

    def start(self, names: tuple[str, ...] = NAMES[:3]) -> None:
        authority = Authority(self._folder / "ca")
        certificate = authority.issue("standin", f"IP:{OUTSIDE}")
        self.standin = Standin(cert=certificate.cert, key=certificate.key, host=OUTSIDE, addresses=("0.0.0.0",), port=free_ports(1)[0],
                               shards=self.shards, max_concurrency=self.concurrency, heartbeat_interval=HEARTBEAT, replaced=self._replaced,
                               session_expiry=EXPIRY, heartbeat_grace=GRACE)
        self.standin.identify_limit["reset_after"] = LIMITS_FRESH
        self.standin.start()
        asyncio.run_coroutine_threadsafe(self.lags.run(), self.standin._loop)
        self.nodes = Nodes(self._folder / "nodes", self.machines.nodes, self._tick)
        self.nodes.start()
        self.recorder = Recorder(self.nodes.urls, "quorum", ROOM)
        for name in NAMES:
            self.gateways[name] = Gateway(name, self.machines.gateways[name], self._binary, self._environment(authority, name), self._folder / name)
        for name in names:
            self.gateways[name].start()
        self.await_served(240)
        self._feeder.start()
        self.wait(lambda: len({each.serial % self.guilds for each in list(self.recorder.arrivals)}) == self.guilds, 60, "an event of each guild")

    def _environment(self, authority: Authority, name: str) -> dict[str, str]:
        own = self.machines.host_of(name) - 1
        nodes = [node.rabbit.url() for node in self.nodes.each[own:] + self.nodes.each[:own]]
        return {**SETTINGS, "DISCORD_SHARD_COUNT": str(self.shards), "DISCORD_TOKEN": self.standin.token, "DISCORD_API_HOST": self.standin.api,
                "SSL_CERT_FILE": str(authority.ca), "AMQP_URL": ",".join(nodes)}

    def close(self) -> None:
        self._stopping.set()
        for gateway in self.gateways.values():
            gateway.kill()
        if hasattr(self, "recorder"):
            self.recorder.stop()
        if hasattr(self, "nodes"):
            self.nodes.close()
        if hasattr(self, "standin"):
            self.standin.stop()
        self.machines.close()

    # ---- Discord's events ----

    def _feed(self) -> None:
        while not self._stopping.wait(EVENTS_EVERY * self.guilds / self.shards):
            self.standin._do(self._dispatch)

    def _dispatch(self) -> None:
        """One event of each guild, to each session that lives and has the guild, as Discord does it: two of one shard get the same event."""
        given = set()
        for session in self.living():
            for guild in range(session.shard, self.guilds, session.count):
                serial = self._serial + guild
                session.append("MESSAGE_CREATE", Event(serial))
                self.events.setdefault(session.session_id, {})[session.seq] = serial
                self._dispatched[serial] = time.monotonic()
                given.add(guild)
            session.wake()
        self.nowhere += [self._serial + guild for guild in range(self.guilds) if guild not in given]
        self._serial += self.guilds

    def burst(self) -> None:
        self.standin._do(lambda: [self._dispatch() for _ in range(BURST * self.shards // self.guilds)])

    def living(self) -> list[Session]:
        """In the stand-in's thread. Ends what nobody has resumed in time."""
        now = time.monotonic()
        for session in self.standin.sessions:
            if session.alive and not session.connection and session.left_at and now - session.left_at > EXPIRY:
                session.end("expiry")
        return [each for each in self.standin.sessions if each.alive]

    def stop_feeding(self) -> None:
        self._stopping.set()
        self._feeder.join(30)

    # ---- looking ----

    def connected(self) -> list[Session]:
        return [each for each in self.standin.sessions if each.alive and each.connection]

    def connected_numbers(self) -> Counter[int]:
        """By the number of shards of a fleet: how many of these are connected. There are two numbers while it goes from one to the other."""
        return Counter(count for count, _ in {(each.count, each.shard) for each in self.connected()})

    def number(self) -> int:
        """Of shards, for which most are connected."""
        found = self.connected_numbers()
        return max(found, key=lambda count: found[count] / count, default=self.shards)

    def served(self) -> set[int]:
        number = self.number()
        return {each.shard for each in self.connected() if each.count == number}

    def share(self) -> float:
        """Of the shards that are served."""
        return max((found / count for count, found in self.connected_numbers().items()), default=0.0)

    def await_served(self, timeout: float) -> None:
        self.wait(lambda: self.share() == 1.0, timeout, f"all shards served; now {sorted(self.served())}")

    def owners(self) -> dict[int, str]:
        """Who is connected for each shard, the newest one."""
        return {each.shard: self.machines.name_of(each.connection.client) for each in self.connected()}

    def is_closed_since(self, way: Way) -> bool:
        """Whether a gateway has closed a session of one of the two numbers for good."""
        return any(each.ended_by == "client" and (each.ended_at or 0.0) > way.begun and each.count in (way.before, way.wanted)
                   for each in self.standin.sessions)

    def touch(self, session: Session, what: Callable[[Connection], object]) -> None:
        def run() -> None:
            if not session.connection:
                raise LookupError(f"shard {session.shard} of {session.count} is not connected any more")
            what(session.connection)

        self.standin._do(run)

    def lose(self, session: Session, tell: Callable[[Connection], object]) -> None:
        """The session is gone."""

        def end(connection: Connection) -> None:
            session.end()
            tell(connection)

        self.touch(session, end)

    def records(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in list(self.standin.records) if each["kind"] == kind]

    def latest(self, since: float, until: float) -> float:
        """How late that event came to the consumer, first copies alone, which was latest of those that Discord dispatched in this time."""
        came: dict[int, float] = {}
        for each in list(self.recorder.arrivals):
            came.setdefault(each.serial, each.at)
        return max(came.get(serial, time.monotonic()) - at for serial, at in list(self._dispatched.items()) if since <= at <= until)

    def is_drained(self) -> bool:
        """The consumer has acknowledged all that there was."""
        return bool(self.nodes.each[0].rabbit.queues()[EVENTS]["messages"] == 0)

    # ---- what happened ----

    def trouble(self, kind: str, member: str = "") -> Trouble:
        self.troubles.append(Trouble(kind, member, time.monotonic()))
        return self.troubles[-1]

    def _life(self, session: Session, begun: float) -> Life:
        life = Life(session.session_id, session.shard, session.count, self.machines.name_of(session.client), begun,
                    events=self.events.get(session.session_id, {}))
        if not session.alive:
            life.ended, life.ended_by = session.ended_at or begun, session.ended_by or "nemesis"
        return life

    def history(self, unserved: Optional[list[int]] = None, connected: Optional[list[int]] = None) -> History:
        name_of = self.machines.name_of
        begun = {each["session"]: each["at"] for each in self.records("ready")}
        identifies = [Identify(each["at"], name_of(each["client"]), each["shard"], each["count"], each["remaining"], self.lags.at(each["at"]))
                      for each in self.records("identify")]
        resumes = [Resume(each["at"], name_of(each["client"]), each["session"]) for each in self.records("resumed")]
        refused, unanswered = (set().union(*(each.noted(what) for each in self.gateways.values())) for what in ("refused", "unanswered"))
        complaints = [line for each in self.gateways.values() for line in each.complaints]
        lives = [self._life(each, begun[each.session_id]) for each in self.standin.sessions]
        return History(self.shards, self.concurrency, RESERVE, lives, identifies, resumes, list(self.recorder.arrivals), dict(self.recorder.gaps),
                       set(self.recorder.redelivered), refused, unanswered, list(self.troubles), self.standin.violations, unserved or [],
                       self.errors + complaints, self.guilds, list(self.nowhere), list(self.ways), list(self.spent), connected or [])
