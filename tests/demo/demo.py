"""The main job, running, for a terminal: Discord (a stand-in), gateway, RabbitMQ, workers. ./dev demo runs it.

Everything is real but Discord: a private RabbitMQ node, TLS with a throw-away CA, the gateway and the workers as processes of
their own. The summary at the end is counted from what each of them saw, and has to add up.
"""
from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / os.environ.get("SPECTACLES_BUILD", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests"))

from standin.certs import Authority  # noqa: E402
from standin.payloads import corpus, large_guild  # noqa: E402
from standin.standin import Standin  # noqa: E402
from support.processes import Process  # noqa: E402
from support.rabbit import RabbitNode  # noqa: E402

EVENTS = ["MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE", "GUILD_CREATE", "GUILD_MEMBERS_CHUNK", "PRESENCE_UPDATE"]
INTENTS = "guilds,guild_messages,message_content,guild_presences,guild_members"
SEED_COUNT = 400
COLORS = {"discord": "34", "gateway": "32", "logger": "35", "mirror": "36", "actor 1": "33", "actor 2": "33"}


# Of the gateway's log: what a line says, without its time and its fields.
SAID = re.compile(r"\S+ (\w+) +(.*?)(?: \[(\w+)[^]]*\])?")


class Screen:
    """Lines of who did what, in color where there is a terminal."""

    def __init__(self) -> None:
        self.color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.start = time.monotonic()

    def line(self, who: str, text: str) -> None:
        name = f"{who:>8}"
        if self.color and who in COLORS:
            name = f"\033[{COLORS[who]}m{name}\033[0m"
        print(f"{time.monotonic() - self.start:6.2f} s {name}  {text}", flush=True)

    def title(self, text: str) -> None:
        print(f"\n{text}", flush=True)


def said(line: str) -> str:
    """What a line of the gateway's log tells somebody who watches; nothing when it is for somebody who looks for a mistake."""
    found = SAID.fullmatch(line)
    if not found:
        return line
    level, text, event = found.groups()
    is_told = event not in ("SETTING", "COUNTERS") and (level != "debug" or event.startswith("COMMAND"))
    return text if is_told else ""


class Demo:
    def __init__(self, screen: Screen, environment: dict[str, str], folder: Path) -> None:
        self.screen = screen
        self.folder = folder  # of the file of sessions
        self.environment = environment
        self.workers: dict[str, Process] = {}
        self.gateway: Process
        self.shown: dict[str, int] = {}

    def start(self, name: str, *arguments: str) -> Process:
        return Process([BUILD / "examples" / name, *arguments], self.environment)

    def start_gateway(self) -> None:
        """The daemon. At debug it tells each command."""
        environment = {**self.environment, "LOG_LEVEL": "debug", "SESSION_FILE": str(self.folder / "sessions")}
        self.gateway = Process([BUILD / "tools" / "gateway" / "spectacles-gateway"], environment)

    def start_workers(self) -> None:
        """Two in subgroups of their own, two that share a third."""
        for name, subgroup in (("logger", "logs"), ("mirror", "mirror"), ("actor 1", "actors"), ("actor 2", "actors")):
            listen = [] if subgroup == "actors" else ["--listen"]
            self.workers[name] = self.start("worker", "--subgroup", subgroup, *listen, *EVENTS)
        for name, worker in self.workers.items():
            worker.wait_err("subscribed to queue", len(EVENTS))
            self.screen.line(name, f"consumes {len(EVENTS)} kinds of events as {worker.lines('subscribed')[0].split('queue ')[1].rsplit(':', 1)[0]}")

    def show(self) -> None:
        """What the gateway and the workers have said since the last time."""
        for name, process in (("gateway", self.gateway), *self.workers.items()):
            lines = list(process.err)
            for line in lines[self.shown.get(name, 0):]:
                text = said(line) if name == "gateway" else line.split(": ", 1)[-1]
                if text and "subscribed" not in text and "connected to" not in text:
                    self.screen.line(name, text)
            self.shown[name] = len(lines)

    def wait(self, done: Any, what: str, timeout: float = 60) -> None:
        end = time.monotonic() + timeout
        while not done():
            self.show()
            if time.monotonic() > end or not self.gateway.running():
                self.show()
                raise SystemExit(f"demo: waited in vain for {what}")
            time.sleep(0.02)
        self.show()

    def received(self, *names: str) -> Counter[str]:
        return Counter(line.split(b" ", 1)[0].decode() for name in names for line in list(self.workers[name].out))

    def stop(self) -> list[int]:
        statuses = [process.stop() for process in (self.gateway, *self.workers.values())]
        self.show()
        return statuses

    def kill(self) -> None:
        for process in (getattr(self, "gateway", None), *self.workers.values()):
            if process:
                process.kill()


def kinds(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


def summary_of(gateway: Process) -> dict[str, int]:
    words = gateway.lines("summary ")[-1].split("summary ")[1].split(" [")[0].split()
    return {key: int(value) for key, value in (word.split("=") for word in words)}


class Check:
    """Numbers that have to be equal, printed as they were counted."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def equal(self, what: str, expected: int, counted: int, detail: str = "") -> None:
        fine = expected == counted
        print(f"  {'ok   ' if fine else 'WRONG'} {what:<58} {counted:>6}{'' if fine else f'  (expected {expected})'}{'  ' + detail if detail else ''}")
        if not fine:
            self.wrong.append(f"{what}: {counted} instead of {expected}")


@contextmanager
def rabbit(screen: Screen) -> Iterator[RabbitNode]:
    folder = ROOT / "build" / "demo" / f"rabbit-{os.getpid()}"
    screen.line("", "starting a private RabbitMQ (own name, ports and data; a few seconds)")
    try:
        with RabbitNode(folder) as node:
            screen.line("", f"RabbitMQ {node.name} listens on 127.0.0.1:{node.port}")
            yield node
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settings(amqp_url: str) -> dict[str, str]:
    return {"AMQP_URL": amqp_url, "DISCORD_EVENTS": ",".join(EVENTS), "DISCORD_INTENTS": INTENTS}


def dispatch(standin: Standin, seed: int, count: int) -> dict[int, list[tuple[str, str]]]:
    """The daily mix over two shards, one guild of half a megabyte among it."""
    sent = {shard: list(corpus(seed + shard, count)) for shard in (0, 1)}
    sent[0].insert(count // 2, large_guild(seed))
    for shard, events in sent.items():
        standin.dispatch_many(shard, events)
    return sent


def run_command(demo: Demo, standin: Standin, screen: Screen) -> None:
    """A message asks for a guild's members; an actor sends op 8 by SEND; the gateway routes it; the answer is an event."""
    guild = standin.guilds(shard=1, count=2, how_many=1)[0]
    before = demo.received("logger")["GUILD_MEMBERS_CHUNK"]
    screen.title("A command: somebody writes \"!members\"; the actor that gets it asks Discord, without knowing any shard.")
    screen.line("discord", f'shard 0 dispatches MESSAGE_CREATE "!members" of guild {guild}')
    standin.dispatch(0, "MESSAGE_CREATE", json.dumps({"id": "4242", "guild_id": str(guild), "content": "!members"}))
    for name in ("logger", "mirror"):
        demo.wait(lambda name=name: any(b'"nonce": "4242"' in line for line in list(demo.workers[name].out)), "the answer to op 8")
    demo.wait(lambda: demo.received("actor 1", "actor 2")["GUILD_MEMBERS_CHUNK"] > before, "the answer at an actor")
    screen.line("discord", f"shard 1 received {standin.received(1, 8)[-1].raw}")
    screen.line("discord", "shard 1 answers with GUILD_MEMBERS_CHUNK, which comes to the workers like any event")


def add_up(demo: Demo, standin: Standin, sent: dict[int, list[tuple[str, str]]], statuses: list[int]) -> int:
    counted = summary_of(demo.gateway)
    dispatched = sum(session.seq for session in standin.sessions)
    wanted = Counter(f"{name} {data}".encode() for events in sent.values() for name, data in events if name in EVENTS)
    extra = 2  # the message that asks, and the answer
    actors = len(demo.workers["actor 1"].out) + len(demo.workers["actor 2"].out)
    check = Check()
    print("\nCounted:")
    check.equal("dispatched by Discord, received by the gateway", dispatched, counted["dispatched"])
    check.equal("of these published (the others were filtered out)", sum(wanted.values()) + extra, counted["published"], f"filtered: {counted['filtered']}")
    check.equal("confirmed by RabbitMQ", counted["published"], counted["confirmed"])
    for name in ("logger", "mirror"):
        check.equal(f"received by {name}, in a subgroup of its own", counted["published"], len(demo.workers[name].out))
    check.equal("received by actor 1 and actor 2, who share a subgroup", counted["published"], actors,
                f"{len(demo.workers['actor 1'].out)} + {len(demo.workers['actor 2'].out)}")
    same = sum((Counter(demo.workers["logger"].out) & wanted).values())
    check.equal("of logger's events byte for byte as dispatched", sum(wanted.values()), same)
    asked = sum(len(worker.lines("sent op 8")) for worker in demo.workers.values())
    check.equal("commands sent by workers", 1, asked)
    check.equal("routed to the shard of their guild", asked, counted["routed"])
    check.equal("handed to Discord", asked, counted["sent"])
    check.equal("received by Discord on the right shard", asked, len(standin.received(1, 8)))
    check.equal("answered by Discord, received by logger", asked, demo.received("logger")["GUILD_MEMBERS_CHUNK"] - chunk_count(sent))
    check.equal("rules of Discord that were broken", 0, len(standin.violations))
    check.equal("processes that ended badly", 0, sum(status != 0 for status in statuses))
    if check.wrong:
        print("\nIt does not add up:\n  " + "\n  ".join(check.wrong))
        return 1
    print("\nEverything adds up.")
    return 0


def chunk_count(sent: dict[int, list[tuple[str, str]]]) -> int:
    return sum(name == "GUILD_MEMBERS_CHUNK" for events in sent.values() for name, _ in events)


def with_standin(follow: bool) -> int:
    screen = Screen()
    folder = ROOT / "build" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        authority = Authority(folder / f"ca-{os.getpid()}")
        stack.callback(shutil.rmtree, authority.folder, ignore_errors=True)
        certificate = authority.issue("standin")
        node = stack.enter_context(rabbit(screen))
        standin = stack.enter_context(Standin(cert=certificate.cert, key=certificate.key, max_concurrency=2))
        screen.line("discord", f"a stand-in for Discord listens on {standin.url} (throw-away certificate authority)")
        environment = {**settings(node.url()), "DISCORD_TOKEN": standin.token, "DISCORD_API_HOST": standin.api, "SSL_CERT_FILE": str(authority.ca)}
        demo = Demo(screen, environment, authority.folder)
        stack.callback(demo.kill)
        demo.start_workers()
        screen.title("The gateway: two shards identify, in order, and RabbitMQ gets the exchange and the queues.")
        demo.start_gateway()
        demo.wait(lambda: len(demo.gateway.lines(" ready, session")) == 2 and demo.gateway.lines(":SEND stands"), "the gateway")
        if follow:
            return keep_going(demo, standin, screen)
        screen.title("Events: what Discord dispatches goes to every subgroup once; workers of one subgroup share.")
        sent = dispatch(standin, 1, SEED_COUNT)
        total = sum(name in EVENTS for events in sent.values() for name, _ in events)
        for shard, events in sent.items():
            screen.line("discord", f"shard {shard} dispatches {len(events)} events, {sum(len(data.encode()) for _, data in events) // 1024} kB: {kinds(Counter(name for name, _ in events if name in EVENTS))}, and others")
        for name in ("logger", "mirror"):
            demo.wait(lambda name=name: len(demo.workers[name].out) >= total, f"all events at {name}")
        demo.wait(lambda: len(demo.workers["actor 1"].out) + len(demo.workers["actor 2"].out) >= total, "all events at the actors")
        for name in demo.workers:
            screen.line(name, f"got {kinds(demo.received(name))}")
        run_command(demo, standin, screen)
        demo.wait(lambda: len(demo.gateway.lines("op 8 sent")) == 1, "the command")
        for name in ("logger", "mirror"):
            demo.wait(lambda name=name: len(demo.workers[name].out) >= total + 2, "all answers")
        demo.wait(lambda: len(demo.workers["actor 1"].out) + len(demo.workers["actor 2"].out) >= total + 2, "all answers")
        screen.title("The end: the gateway stops in order and leaves its sessions resumable.")
        return add_up(demo, standin, sent, demo.stop())


def keep_going(demo: Demo, standin: Standin, screen: Screen) -> int:
    screen.title("It goes on until Ctrl-C.")
    seed = 1
    try:
        while demo.gateway.running():
            dispatch(standin, seed, 20)
            seed += 1
            demo.wait(lambda end=time.monotonic() + 2: time.monotonic() > end, "the next round")
            screen.line("", "received so far: " + ", ".join(f"{name} {len(worker.out)}" for name, worker in demo.workers.items()))
    except KeyboardInterrupt:
        screen.title("Stopping.")
    return int(any(demo.stop()))


def with_discord() -> int:
    if not os.environ.get("DISCORD_TOKEN"):
        raise SystemExit("demo: --live needs DISCORD_TOKEN, the bot's token from Discord's developer portal")
    screen = Screen()
    with ExitStack() as stack:
        node = stack.enter_context(rabbit(screen))
        environment = {**settings(node.url()), "DISCORD_INTENTS": os.environ.get("DISCORD_INTENTS", "guilds,guild_messages")}
        demo = Demo(screen, environment, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-"))))
        stack.callback(demo.kill)
        demo.start_workers()
        demo.start_gateway()
        screen.title("Discord itself. Write \"!members\" where the bot can read it (that takes the intent message_content). Ctrl-C ends it.")
        try:
            while demo.gateway.running():
                demo.wait(lambda end=time.monotonic() + 5: time.monotonic() > end, "events", 10)
                screen.line("", "received so far: " + ", ".join(f"{name} {len(worker.out)}" for name, worker in demo.workers.items()))
        except KeyboardInterrupt:
            screen.title("Stopping.")
        return int(any(demo.stop()))


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev demo", description="Shows the main job running.")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--follow", action="store_true", help="keep running until Ctrl-C")
    group.add_argument("--live", action="store_true", help="use Discord itself (DISCORD_TOKEN)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return with_discord() if arguments.live else with_standin(arguments.follow)
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
        return 130


if __name__ == "__main__":
    sys.exit(main())
