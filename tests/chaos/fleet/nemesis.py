"""The one who kills, stops and cuts off gateways, nodes and whole hosts. All that it does follows from its seed; how it interleaves does not."""
from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

from support.patience import PATIENCE

from chaos.fleet.history import Trouble
from chaos.fleet.hosts import NAMES, OUTSIDE, Gateway, Node
from chaos.fleet.world import RESERVE, World

FIRST = NAMES[:3]
UNCONFIRMED = 75  # EX_TEMPFAIL of sysexits.h: tools/gateway/daemon.c
# Where a gateway can die (tests/chaos/wraps.c), and how often it passes there at most before it does.
POINTS = {"ready": 1, "dispatch": 60, "before-publish": 60, "after-publish": 60, "before-confirm": 60, "after-confirm": 60,
          "before-commit": 30, "after-commit": 30}
SHORT, LONG = (0.5, 6.0), (8.0, 25.0)  # seconds of a stop or a cut: within a lease, and beyond it
WHOLE_DAY = 1000


@dataclass
class Heal:
    due: float
    do: Callable[[], None]
    trouble: Trouble


class Nemesis:
    def __init__(self, world: World, random_: random.Random, say: Callable[[str], object] = lambda _: None) -> None:
        """say: hears of each thing that is done."""
        self.world, self.say = world, say
        self.begun = time.monotonic()
        self.random = random_
        self.done: Counter[str] = Counter()
        self.kills = 0
        self.heals: list[Heal] = []
        self.is_rabbit_whole = True
        self.faults: list[tuple[int, Callable[[], None]]] = [
            (8, self.kill_gateway), (4, self.kill_at_point), (5, self.stop_gateway), (4, self.cut_gateway),
            (3, self.blind_to_rabbit), (2, self.blind_to_discord), (2, self.kill_node), (1, self.stop_node), (2, self.cut_node),
            (2, self.kill_host), (2, self.cut_host), (1, self.stop_host), (1, self.kill_two_nodes), (1, self.kill_all_gateways)]
        self.others: list[tuple[int, Callable[[], None]]] = [
            (3, self.lose_session), (1, self.lose_all_sessions), (2, self.drop), (2, self.reconnect), (2, self.deploy), (2, self.join_or_leave),
            (1, self.drain), (1, self.spend_the_day)]

    # ---- turns ----

    def torment(self, kills: int) -> None:
        while self.kills < kills:
            if self.random.random() < 0.4:
                self.choose(self.others)
            if self.choose(self.faults):
                self.kills += 1
            self.pause()
            self.heal_what_is_due()
        self.heal()

    def choose(self, among: list[tuple[int, Callable[[], None]]]) -> bool:
        weights, chosen = zip(*among)
        return self.do(self.random.choices(chosen, weights)[0])

    def do(self, chosen: Callable[[], None]) -> bool:
        try:
            chosen()
        except LookupError:
            return False  # it is in trouble already, or there is nothing to be done
        self.done[chosen.__name__] += 1
        self.say(f"{time.monotonic() - self.begun:7.1f} s  {self.kills:4}  {chosen.__name__:<20} served {sorted(self.world.served())}")
        return True

    def pause(self) -> None:
        """Mostly until all is well again: but what dies while it recovers is the better test."""
        if self.random.random() < 0.4:
            time.sleep(self.random.random() * 2)
            return
        end = time.monotonic() + 60 * PATIENCE
        while self.heals or len(self.world.served()) < self.world.shards:
            self.heal_what_is_due()
            time.sleep(0.05)
            if time.monotonic() > end:
                raise TimeoutError(f"only shards {sorted(self.world.served())} are served, though nothing is broken: {self.heals}")
        time.sleep(self.random.random())

    def heal_what_is_due(self) -> None:
        for heal in [each for each in self.heals if each.due <= time.monotonic()]:
            self.heals.remove(heal)
            heal.do()
            heal.trouble.over = time.monotonic()
        for gateway in self.world.gateways.values():
            gateway.look()

    def heal(self) -> None:
        """All that is broken is mended, and every gateway of the first ones runs."""
        for heal in self.heals:
            heal.due = 0.0
        self.heal_what_is_due()
        self.make_whole()
        self.world.standin.identify_limit["remaining"] = WHOLE_DAY
        for name in FIRST:
            self.world.gateways[name].ensure()

    def later(self, seconds: float, trouble: Trouble, do: Callable[[], None]) -> None:
        self.heals.append(Heal(time.monotonic() + seconds, do, trouble))

    def span(self) -> float:
        return self.random.uniform(*self.random.choice((SHORT, LONG)))

    # ---- whom ----

    def is_troubled(self, name: str) -> bool:
        return any(each.trouble.member == name for each in self.heals)

    def gateway(self) -> Gateway:
        """One that runs, and to which nothing is being done."""
        found = [each for name, each in self.world.gateways.items() if each.process and not self.is_troubled(name)]
        return self.random.choice(found)  # IndexError, a LookupError: there is none

    def node(self) -> Node:
        """One of three, when no other one is in trouble: so two are left."""
        if any(each.trouble.kind == "broker" for each in self.heals):
            raise LookupError("RabbitMQ is in trouble already")
        self.make_whole()
        return self.random.choice(self.world.nodes.each)

    def make_whole(self) -> None:
        if not self.is_rabbit_whole:
            trouble = self.world.trouble("broker")
            restarted = self.world.nodes.await_whole()
            trouble.over = time.monotonic()
            if restarted:
                self.done["RabbitMQ nodes restarted to find together"] += restarted
            self.is_rabbit_whole = True

    # ---- gateways ----

    def restart_later(self, gateway: Gateway, trouble: Trouble, kill: str = "") -> None:
        self.later(self.random.choice((0.0, self.random.random() * 3, self.random.uniform(5, 20))), trouble, lambda: gateway.start(kill))

    def kill_gateway(self) -> None:
        gateway = self.gateway()
        trouble = self.world.trouble("killed", gateway.name)
        gateway.kill()
        self.restart_later(gateway, trouble)

    def kill_at_point(self) -> None:
        """The next process dies at the point, when it comes there; the fault after that starts it again."""
        gateway = self.gateway()
        point, most = self.random.choice(list(POINTS.items()))
        trouble = self.world.trouble("killed", gateway.name)
        gateway.kill()
        gateway.start(f"{point}:{self.random.randint(1, most)}")
        if point == "ready":
            self.lose_session()
        self.later(self.random.uniform(3, 15), trouble, lambda: self.again(gateway))

    @staticmethod
    def again(gateway: Gateway) -> None:
        gateway.kill()
        gateway.start()

    def kill_all_gateways(self) -> None:
        for gateway in self.world.gateways.values():
            if gateway.process and not self.is_troubled(gateway.name):
                trouble = self.world.trouble("killed", gateway.name)
                gateway.kill()
                self.later(self.random.random() * 3, trouble, gateway.start)

    def stop_gateway(self) -> None:
        self.stop(self.gateway(), self.span())

    def stop(self, gateway: Gateway, seconds: float) -> None:
        trouble = self.world.trouble("stopped", gateway.name)
        gateway.signal(signal.SIGSTOP)
        self.later(seconds, trouble, lambda: gateway.signal(signal.SIGCONT))

    def cut_gateway(self) -> None:
        gateway = self.gateway()
        trouble = self.world.trouble("cut", gateway.name)
        gateway.machine.cut()
        self.later(self.span(), trouble, gateway.machine.join)

    def blind_to_rabbit(self) -> None:
        self.blind(self.gateway(), "blind", self.world.machines.node_addresses())

    def blind_to_discord(self) -> None:
        self.blind(self.gateway(), "cut", [OUTSIDE])

    def blind(self, gateway: Gateway, kind: str, addresses: list[str]) -> None:
        trouble = self.world.trouble(kind, gateway.name)
        gateway.machine.blind(*addresses)
        self.later(self.span(), trouble, lambda: gateway.machine.see(*addresses))

    # ---- nodes ----

    def revive_later(self, trouble: Trouble) -> None:
        self.is_rabbit_whole = False
        self.later(self.random.uniform(0, 10), trouble, self.world.nodes.revive)

    def kill_node(self) -> None:
        node = self.node()
        trouble = self.world.trouble("broker")
        node.kill()
        self.revive_later(trouble)

    def kill_two_nodes(self) -> None:
        self.node()
        trouble = self.world.trouble("broker")
        for node in self.random.sample(self.world.nodes.each, 2):
            node.kill()
        self.revive_later(trouble)

    def stop_node(self) -> None:
        node = self.node()
        trouble = self.world.trouble("broker")
        node.signal(signal.SIGSTOP)
        self.is_rabbit_whole = False
        self.later(self.span(), trouble, lambda: node.signal(signal.SIGCONT))

    def cut_node(self) -> None:
        node = self.node()
        trouble = self.world.trouble("broker")
        node.is_away = True
        node.machine.cut()
        self.is_rabbit_whole = False
        self.later(self.span(), trouble, lambda: self.rejoin(node))

    @staticmethod
    def rejoin(node: Node) -> None:
        node.machine.join()
        node.is_away = False

    # ---- hosts ----

    def host(self) -> tuple[Node, Gateway]:
        node = self.node()
        gateway = self.world.gateways[FIRST[self.world.nodes.each.index(node)]]
        if not gateway.process or self.is_troubled(gateway.name):
            raise LookupError(f"{gateway.name} is in trouble already")
        return node, gateway

    def kill_host(self) -> None:
        node, gateway = self.host()
        killed, trouble = self.world.trouble("killed", gateway.name), self.world.trouble("broker")
        gateway.kill()
        node.kill()
        self.restart_later(gateway, killed)
        self.revive_later(trouble)

    def cut_host(self) -> None:
        """The line of the host is down: its gateway and its node still talk to each other."""
        node, gateway = self.host()
        number, span = self.world.machines.host_of(gateway.name), self.span()
        cut, trouble = self.world.trouble("cut", gateway.name), self.world.trouble("broker")
        node.is_away = True
        self.is_rabbit_whole = False
        self.world.machines.hosts.cut(number)
        self.later(span, cut, lambda: self.world.machines.hosts.join(number))
        self.later(span, trouble, lambda: self.rejoin(node))

    def stop_host(self) -> None:
        node, gateway = self.host()
        span = self.span()
        trouble = self.world.trouble("broker")
        node.signal(signal.SIGSTOP)
        self.is_rabbit_whole = False
        self.stop(gateway, span)
        self.later(span, trouble, lambda: node.signal(signal.SIGCONT))

    # ---- Discord ----

    def shard(self) -> int:
        return self.random.randrange(self.world.shards)

    def lose_session(self) -> None:
        """Op 9; or nobody is told."""
        told = self.random.random() < 0.7
        self.world.standin.lose(self.shard(), (lambda each: each.say(9, False)) if told else lambda each: each.socket.transport.abort())

    def lose_all_sessions(self) -> None:
        for shard in range(self.world.shards):
            self.world.standin.lose(shard, lambda each: each.say(9, False))

    def drop(self) -> None:
        self.world.standin.drop(self.shard())

    def reconnect(self) -> None:
        self.world.standin.reconnect(self.shard())

    def spend_the_day(self) -> None:
        """Nearly all identifies of the day are used up, and sessions are lost; later there is a new day."""
        limit = self.world.standin.identify_limit
        if limit["remaining"] < WHOLE_DAY // 2:
            raise LookupError("it is spent already")
        limit["remaining"] = RESERVE + self.random.randrange(4)
        for shard in self.random.sample(range(self.world.shards), 3):
            self.world.standin.lose(shard, lambda each: each.say(9, False))
        self.later(self.random.uniform(15, 30), Trouble("day", "", time.monotonic()), lambda: limit.update(remaining=WHOLE_DAY))

    # ---- operators ----

    def ended(self, gateway: Gateway, status: int) -> None:
        """Where RabbitMQ is cut off no confirm comes: the gateway says what is left unconfirmed, and others take over."""
        if status not in (0, UNCONFIRMED, -signal.SIGTERM):
            self.world.errors.append(f"SIGTERM ended {gateway.name} with {status}: " + "\n".join(gateway.runs[-1].err[-5:]))
        gateway.runs[-1].was_seen = True  # type: ignore[attr-defined]

    def deploy(self) -> None:
        gateway = self.gateway()
        self.ended(gateway, gateway.stop(90))
        gateway.start()

    def join_or_leave(self) -> None:
        fourth = self.world.gateways[NAMES[3]]
        if not fourth.process:
            fourth.start()
        elif self.is_troubled(fourth.name):
            raise LookupError("it is in trouble")
        else:
            self.ended(fourth, fourth.stop(90))

    def command(self, *words: str) -> Optional[int]:
        """`spectacles-gateway fleet ...`, of an operator outside. None: it did not come to an end."""
        one = self.world.gateways[FIRST[0]]
        try:
            done = subprocess.run([one.binary, "fleet", *words], env=one.environment, capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return None
        return done.returncode

    def drain(self) -> None:
        """While nothing else happens, it has to succeed. Then everything is given back."""
        gateway = self.gateway()
        calm = not self.heals and self.is_rabbit_whole and len(self.world.served()) == self.world.shards
        status = self.command("drain", gateway.name)
        left = [shard for shard, owner in self.world.owners().items() if owner == gateway.name]
        if calm and (status != 0 or left) and not self.heals:
            self.world.errors.append(f"drain {gateway.name} ended with {status}, and shards {left} are still there")
        self.command("move", "all")
