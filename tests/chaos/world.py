"""What the nemesis torments: the stand-in, RabbitMQ, two gateways with a range of shards each, and a worker."""
from __future__ import annotations

import contextlib
import json
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

import pika
from standin.certs import Authority
from standin.session import Session
from standin.standin import Standin
from support.processes import Process
from support.proxy import Proxy

from chaos.brokers import Broker, Death
from chaos.drops import Drops
from chaos.recorder import EVENTS, Recorder
from chaos.watched import Watched

SHARDS = 4
EVENTS_EVERY = 0.02  # seconds, one of each shard
COMMANDS_EVERY = 0.25
EXPIRY = 8.0  # seconds that Discord keeps a session that nobody resumes
# Bytes of an event. The longest are all alike but for their serials: in a compressed stream each of them takes a few bytes.
PADS, PAD_WEIGHTS = (10, 100, 1000, 30000, 100000), (10, 10, 30, 10, 1)
# RabbitMQ writes messages of this size and above into another file than smaller ones: queue_index_embed_msgs_below.
RABBIT_APART = 4096
HEARTBEAT = 2000  # milliseconds, of Discord; RabbitMQ's is two seconds
GRACE = 5.0  # seconds beside two of these, after which Discord ends the session


def records_of(text: str) -> list[dict[str, Any]]:
    """The shards' lines of files of sessions; a line that was cut is none."""
    lines = [line for line in text.splitlines(keepends=True) if line.startswith('{"shard":') and line.endswith("}\n")]
    return [json.loads(line) for line in lines]


class Event:
    """Written when it is sent: for as long as a run takes, all of them would not fit into memory."""

    __slots__ = ("shard", "serial", "pad")

    def __init__(self, shard: int, serial: int, pad: int) -> None:
        self.shard, self.serial, self.pad = shard, serial, pad

    def __call__(self) -> str:
        return json.dumps({"shard": self.shard, "n": self.serial, "pad": "x" * self.pad})


class Gateway:
    """One gateway and the shards that it serves; the process changes, this stays."""

    def __init__(self, binary: Path, folder: Path, shards: list[int], environment: dict[str, str]) -> None:
        self.binary = binary
        self.shards = shards
        self.store = folder / f"sessions-{shards[0]}"
        self.history = folder / f"history-{shards[0]}"  # all that the file of sessions ever held
        self.history.touch()
        self.environment = {**environment, "LOG_LEVEL": "debug", "DISCORD_SHARD_COUNT": str(SHARDS), "SESSION_FILE": str(self.store),
                            "DISCORD_SHARD_IDS": ",".join(map(str, shards)), "CHAOS_HISTORY": str(self.history)}
        self.process: Process
        self.runs: list[Process] = []
        self.stored: set[str] = set()  # the ids of sessions that were
        self.torn: set[str] = set()  # the ids of sessions whose gap was stored, not declared yet, and lost with the file
        self.reports: list[str] = []
        self._read = 0

    def start(self, kill: Optional[str] = None) -> None:
        order = {"CHAOS_KILL": kill} if kill else {}
        self.process = Process([self.binary], {**self.environment, **order})
        self.runs.append(self.process)

    def kill(self) -> None:
        self.process.kill()
        self._look()

    def stop(self) -> int:
        status = self.process.stop(30)
        self._look()
        return status

    def _look(self) -> None:
        try:
            self.process.check_reports()
        except AssertionError as report:
            self.reports.append(str(report))

    def wait_dead(self, timeout: float) -> bool:
        end = time.monotonic() + timeout
        while self.process.running() and time.monotonic() < end:
            time.sleep(0.01)
        return not self.process.running()

    def knew(self) -> set[str]:
        """The ids of all sessions that ever were stored."""
        with self.history.open() as history:
            history.seek(self._read)
            records = records_of(history.read())
            self._read = history.tell()
        self.stored.update(each["session"] for each in records if each["session"])
        return self.stored

    def has_committed(self, session: Session) -> bool:
        """Whether every event of the session is committed, and that is stored."""
        events = next((seq for seq in range(session.seq, 0, -1) if session.names[seq - 1] == "MESSAGE_CREATE"), 0)
        records = records_of(self.store.read_text()) if self.store.exists() else []
        return any(each["session"] == session.session_id and each["seq"] >= events for each in records)

    def tear(self, random_: random.Random) -> None:
        """Loses the end of the file, as a disk may."""
        data = self.store.read_bytes()
        records = records_of(data.decode())
        self.torn.update(gap["new_session"] for each in records for gap in each["gaps"] if gap["new_session"])
        self.store.write_bytes(data[:random_.randrange(len(data))])

    def write_log(self, folder: Path) -> None:
        lines = [f"--- process {number}\n" + "\n".join(process.err) for number, process in enumerate(self.runs)]
        (folder / f"gateway-{self.shards[0]}.log").write_text("\n".join(lines))
        shutil.copy(self.history, folder)


class World(Watched):
    def __init__(self, folder: Path, binary: Path, random_: random.Random, broker: Broker) -> None:
        self.random = random_
        self.pads = random.Random(random_.random())
        authority = Authority(folder / "ca")
        certificate = authority.issue("standin")
        self.standin = Standin(cert=certificate.cert, key=certificate.key, shards=SHARDS, max_concurrency=SHARDS,
                               heartbeat_interval=HEARTBEAT, identify_window=0.0)
        self.standin.identify_limit["remaining"] = self.standin.identify_limit["total"] = 1_000_000
        self.standin.session_expiry = EXPIRY
        self.standin.heartbeat_grace = GRACE
        self.standin.start()
        self.broker = broker
        self.broker.start()
        self.discord = Proxy(self.standin.port)
        self.standin.shown_port = self.discord.port
        self.amqp = broker.proxies
        self.recorder = Recorder(broker.urls, broker.queue_type)
        self.ledger = folder / "ledger"
        self.ledger.touch()
        self.full = folder / "full"  # while it is there, so is the gateways' disk
        self.sent: dict[str, tuple[int, int]] = {}  # message-id: shard, serial
        self.apart: set[str] = set()  # message-ids of events that RabbitMQ writes apart
        self.torn_apart: set[str] = set()  # those that were on their way when the only RabbitMQ was killed
        self.lost: set[str] = set()  # sessions that Discord or the disk lost
        self.in_flight: set[str] = set()  # message-ids that were on their way when something was killed
        self.commands: set[int] = set()  # confirmed by RabbitMQ
        self.drops: list[Drops] = []
        self.errors: list[str] = []
        # One of them compresses, whatever the seed is.
        chosen = self.random.sample(["none", "zlib-stream", "zstd-stream"], 2)
        self.gateways = [Gateway(binary, folder, shards, self._environment(authority, compression))
                         for shards, compression in zip(([0, 1], [2, 3]), chosen)]
        self._quiet: Optional[int] = None  # the shard that has no events for now
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._guarded, args=(each,), daemon=True)
                         for each in (self._dispatch, self._command)]

    def _environment(self, authority: Authority, compression: str) -> dict[str, str]:
        return {"DISCORD_TOKEN": self.standin.token, "DISCORD_API_HOST": self.standin.api, "SSL_CERT_FILE": str(authority.ca),
                "AMQP_URL": self.broker.gateway_urls, "BROKER_QUEUE_TYPE": self.broker.queue_type,
                "DISCORD_INTENTS": "guilds,guild_messages", "DISCORD_EVENTS": "MESSAGE_CREATE",
                "DISCORD_COMPRESSION": compression, "BROKER_MESSAGE_TIMEOUT": "0", "CHAOS_LEDGER": str(self.ledger), "CHAOS_FULL": str(self.full)}

    # ---- life ----

    def start(self) -> None:
        for gateway in self.gateways:
            gateway.start()
        self.standin.wait_ready(*range(SHARDS), timeout=60)
        for gateway in self.gateways:
            gateway.process.wait_err("SERVING, after CONNECTING")
            self.wait(lambda each=gateway: each.store.exists() and each.store.read_text().count("wss://") == len(each.shards),
                      30, "the file of sessions")
        for thread in self._threads:
            thread.start()

    def stop_feeding(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)

    def close(self) -> None:
        self._stopping.set()
        for gateway in self.gateways:
            if hasattr(gateway, "process"):
                gateway.process.kill()
        self.recorder.stop()
        self.discord.close()
        self.broker.close()
        self.standin.stop()

    # ---- Discord's events ----

    def _dispatch(self) -> None:
        serials = [0] * SHARDS
        while not self._stopping.wait(EVENTS_EVERY):
            pads = self.pads.choices(PADS, PAD_WEIGHTS, k=SHARDS)
            events = [(shard, Event(shard, serials[shard], pads[shard])) for shard in range(SHARDS) if shard != self._quiet]
            for shard, message_id in self.standin.dispatch_living(events):
                self.sent[message_id] = (shard, serials[shard])
                if pads[shard] >= RABBIT_APART:
                    self.apart.add(message_id)
                serials[shard] += 1

    @contextlib.contextmanager
    def quiet_shard(self, shard: int, timeout: float) -> Iterator[None]:
        """All that the shard had is committed, and nothing new comes. LookupError when something is in the way of that."""
        gateway = next(each for each in self.gateways if shard in each.shards)
        self._quiet = shard
        try:
            end = time.monotonic() + timeout
            while not gateway.has_committed(self.standin.session(shard)):
                if time.monotonic() > end:
                    raise LookupError(f"not all events of shard {shard} are committed")
                time.sleep(0.1)
            yield
        finally:
            self._quiet = None

    def note_in_flight(self) -> None:
        self.in_flight.update(key for key in list(self.sent)[-3000:] if key not in self.recorder.arrived)

    def kill_rabbit(self) -> str:
        """What it confirmed RabbitMQ keeps, and what arrived was in order. Returns what has died."""
        name, deaths = self.broker.deaths(self.random)
        for death in deaths:
            self._kill_nodes(death)
        return name

    def _kill_nodes(self, death: Death) -> None:
        self.broker.die(death)
        self.torn_apart.update(self.apart & (set(list(self.sent)) - self.recorder.arrived))
        death.revive()

    def reasons_to_be_late(self) -> dict[str, set[str]]:
        """By reason: message-ids of events that may arrive behind later ones of their shard."""
        if self.broker.queue_type == "classic":
            # Of what it has not confirmed, a node that is killed may keep the small messages and lose the large ones before
            # them: their copies then arrive late.
            return {"torn apart": self.torn_apart}
        # What was given to a consumer on a node that died comes again, marked as redelivered. Later events may have been given
        # to the next consumer by then, and so may a copy that the gateway had published again, which has no such mark.
        return {"redelivered": self.recorder.redelivered, "refused": self.refused()}

    def is_drained(self) -> bool:
        """The recorder has acknowledged all that there was."""
        return bool(self.broker.nodes[0].queues()[EVENTS]["messages"] == 0)

    # ---- the workers' commands ----

    def _command(self) -> None:
        serial = 0
        while not self._stopping.is_set():
            try:
                connection = pika.BlockingConnection(pika.URLParameters(self.random_url()))
                channel = connection.channel()
                channel.confirm_delivery()
                while not self._stopping.wait(COMMANDS_EVERY):
                    serial += 1
                    self._send(channel, serial)
                connection.close()
            except Exception:  # the connection is gone: pika has more than its own exceptions for that
                self._stopping.wait(0.2)

    def random_url(self) -> str:
        """Of a node that runs; not by the seed, which decides about the nemesis alone."""
        return random.choice(self.broker.urls())

    def _send(self, channel: Any, serial: int) -> None:
        shard = serial % SHARDS
        packet = {"op": 3, "d": {"since": serial, "activities": [], "status": "online", "afk": False}}
        whole = {"guild_id": str(self.standin.guilds(shard, SHARDS, 1)[0]), "packet": packet}
        key, body = ("SEND", whole) if serial % 3 else (str(shard), packet)
        channel.basic_publish("gateway", key, json.dumps(body).encode(), pika.BasicProperties(delivery_mode=2), mandatory=True)
        self.commands.add(serial)

    def commands_arrived(self) -> set[int]:
        return {json.loads(each.raw)["d"]["since"] for shard in range(SHARDS) for each in self.standin.received(shard, 3)}

    def commands_in_ledger(self) -> tuple[set[int], set[int]]:
        """Those whose bytes went to a socket; and those that were acknowledged before that."""
        sent: set[int] = set()
        early: set[int] = set()
        for what, serial in self._ledger():
            if what == "sent":
                sent.add(int(serial))
            elif what == "acked" and int(serial) not in sent:
                early.add(int(serial))
        return sent, early

    def refused(self) -> set[str]:
        """The message-ids of what RabbitMQ has refused (nack), or may have refused without a word."""
        return {message_id for what, message_id in self._ledger() if what in ("refused", "unanswered")}

    def _ledger(self) -> list[list[str]]:
        return [line.split() for line in self.ledger.read_text().splitlines()]

    # ---- sessions ----

    def lose_session(self, shard: int, tell: Callable[[Any], Any]) -> None:
        self.lost.add(self.standin.lose(shard, tell))


def binary(build: Path, name: str) -> Path:
    path = build / "tests" / "chaos" / f"chaos_{name}"
    if not path.exists():
        raise FileNotFoundError(f"{path} is not built: it needs GNU ld's --wrap")
    return path


def clean(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
