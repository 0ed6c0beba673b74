"""A fleet, running, for a terminal: three gateways share the shards of a bot over three RabbitMQ nodes. One gateway is killed before your
eyes, then a RabbitMQ node, then a gateway hands over. ./dev demo fleet runs it.

Everything is real but Discord. What came is counted at the end, by shard, and has to be everything that was dispatched.
"""
from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from demo import BUILD, ROOT, Check, Screen

import pika
from standin.certs import Authority
from standin.standin import Standin
from support.cluster import RabbitCluster
from support.patience import PATIENCE
from support.processes import Process

SHARDS = 6
QUEUE = "gateway:demo:MESSAGE_CREATE"
NAMES = ("one", "two", "three")
TOLD = ("[FLEET", "[SHARD_RESUMED", "[SHARD_READY", "[SHARD_REMOVED")


class Consumer:
    """A worker: one quorum queue, read by a client that nobody here wrote. Its node is never killed."""

    def __init__(self, url: str) -> None:
        self.channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
        self.channel.exchange_declare("gateway", "direct", durable=True)
        self.channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        self.channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")
        self.seen: list[dict[int, str]] = [{} for _ in range(SHARDS)]
        self.copies = 0

    def take(self) -> None:
        """What has come since the last time."""
        for method, properties, body in self.channel.consume(QUEUE, inactivity_timeout=0.02):
            if not method:
                return
            event = json.loads(body)
            known = self.seen[event["shard"]]
            self.copies += event["n"] in known
            known.setdefault(event["n"], properties.message_id)
            self.channel.basic_ack(method.delivery_tag)


class Fleet:
    def __init__(self, screen: Screen, standin: Standin, environment: dict[str, str], consumer: Consumer) -> None:
        self.screen = screen
        self.standin = standin
        self.environment = environment
        self.consumer = consumer
        self.members: dict[str, Process] = {}
        self.shown: dict[str, int] = {}
        self.sent = 0
        self.is_sending = False

    def start(self, name: str) -> None:
        self.members[name] = Process([BUILD / "tools" / "gateway" / "spectacles-gateway"], {**self.environment, "FLEET_MEMBER": name})

    def show(self) -> None:
        for name, process in self.members.items():
            lines = list(process.err)
            for line in lines[self.shown.get(name, 0):]:
                if any(word in line for word in TOLD):
                    self.screen.line(name, line.split(" ", 2)[-1].rsplit(" [", 1)[0].strip())
            self.shown[name] = len(lines)

    def turn(self) -> None:
        """An event on each shard, and what has come of those before."""
        if self.is_sending:
            for shard in range(SHARDS):
                self.standin.dispatch(shard, "MESSAGE_CREATE", {"n": self.sent, "shard": shard})
            self.sent += 1
        self.consumer.take()
        self.show()

    def wait(self, done: Callable[[], Any], what: str, timeout: float = 120) -> None:
        end = time.monotonic() + timeout * PATIENCE
        while not done():
            self.turn()
            if time.monotonic() > end:
                raise SystemExit(f"demo: waited in vain for {what}")

    def connected(self) -> int:
        return sum(session.connection is not None and session.alive for session in self.standin.sessions)

    def resumed(self) -> int:
        return self.standin.count("resumed")

    def wait_resumed(self, before: int, count: int, what: str) -> float:
        begun = time.monotonic()
        self.wait(lambda: self.resumed() >= before + count and self.connected() == SHARDS, what)
        return time.monotonic() - begun

    def owned(self, name: str) -> int:
        """How many slots, as its log has it."""
        states: dict[str, str] = {}
        for line in self.members[name].lines("[FLEET_SLOT"):
            words = line.split(" slot ")[1].split()
            states[words[0]] = words[5].rstrip(",")
        return sum(state == "OWNED" for state in states.values())

    def kill(self) -> None:
        for process in self.members.values():
            process.kill()


def share(fleet: Fleet, screen: Screen) -> None:
    screen.title("Three gateways start. For half a minute nobody identifies: an owner could be there whom nobody has heard yet.")
    for name in NAMES:
        fleet.start(name)
    fleet.wait(lambda: fleet.connected() == SHARDS, "the first sessions", 180)
    fleet.wait(lambda: [fleet.owned(name) for name in NAMES] == [2, 2, 2], "equal shares", 180)
    screen.line("", "each of the three has two of the six shards")


def lose(fleet: Fleet, cluster: RabbitCluster, screen: Screen) -> None:
    fleet.is_sending = True
    fleet.wait(lambda: fleet.sent > 100, "events")
    screen.title("kill -9 of the gateway two, while events flow:")
    before = fleet.resumed()
    fleet.members.pop("two").kill()
    screen.line("", f"its shards were resumed by the others {fleet.wait_resumed(before, 2, 'the takeover'):.2f} s later")
    screen.title("One of the three RabbitMQ nodes is killed:")
    cluster.nodes[2].kill()
    until = fleet.sent + 200
    fleet.wait(lambda: fleet.sent > until and fleet.connected() == SHARDS, "events without the node")
    screen.title("The gateway one stops in order, and hands over:")
    leaving = fleet.members.pop("one")
    leaving.signal(signal.SIGTERM)
    begun = time.monotonic()
    # How many slots it has had is not asked: what it lost with its node stands nowhere in its log.
    fleet.wait(lambda: fleet.owned("three") == SHARDS and fleet.connected() == SHARDS, "the hand-over")
    screen.line("", f"resumed by the last gateway {time.monotonic() - begun:.2f} s later")
    screen.line("one", f"ended with {leaving.wait()}")


def add_up(fleet: Fleet) -> int:
    fleet.is_sending = False
    fleet.wait(lambda: all(fleet.sent - 1 in seen for seen in fleet.consumer.seen), "the last events")
    check = Check()
    print("\nCounted:")
    for shard, seen in enumerate(fleet.consumer.seen):
        check.equal(f"events of shard {shard}, each of them once without its copies", fleet.sent, len(seen))
        check.equal("  in the order in which Discord dispatched them", 1, int(list(seen) == list(range(fleet.sent))))
    check.equal("identifies: one for each shard", SHARDS, fleet.standin.count("received", op=2))
    check.equal("rules of Discord that were broken", 0, len(fleet.standin.violations))
    print(f"\n{fleet.consumer.copies} copies came, each with the message-id of its event, so that workers drop them.")
    if check.wrong:
        print("\nIt does not add up:\n  " + "\n  ".join(check.wrong))
        return 1
    print("\nNothing was lost.")
    return 0


def main() -> int:
    screen = Screen()
    folder = ROOT / "build" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        authority = Authority(folder / f"ca-{os.getpid()}")
        stack.callback(shutil.rmtree, authority.folder, ignore_errors=True)
        certificate = authority.issue("standin")
        nodes = Path(folder / f"rabbit-{os.getpid()}")
        stack.callback(shutil.rmtree, nodes, ignore_errors=True)
        screen.line("", "starting three private RabbitMQ nodes (own names, ports and data; half a minute)")
        cluster = stack.enter_context(RabbitCluster(nodes))
        standin = stack.enter_context(Standin(cert=certificate.cert, key=certificate.key, shards=SHARDS, max_concurrency=SHARDS))
        environment = {
            "AMQP_URL": ",".join(cluster.urls()), "DISCORD_TOKEN": standin.token, "DISCORD_API_HOST": standin.api,
            "SSL_CERT_FILE": str(authority.ca), "DISCORD_EVENTS": "MESSAGE_CREATE", "DISCORD_INTENTS": "guilds,guild_messages",
            "DISCORD_SHARD_COUNT": str(SHARDS), "FLEET": "on", "BROKER_QUEUE_TYPE": "quorum", "STOP_TIMEOUT": "30s",
        }
        fleet = Fleet(screen, standin, environment, Consumer(cluster.nodes[0].url()))
        stack.callback(fleet.kill)
        share(fleet, screen)
        lose(fleet, cluster, screen)
        code = add_up(fleet)
        fleet.members["three"].stop()
        return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
        sys.exit(130)
