"""The one who kills, stops and cuts off gateways, nodes and whole hosts. All that it does follows from its seed; how it interleaves does not."""
from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Optional

from standin.session import Session
from support.patience import PATIENCE

from chaos.fleet.history import BELIEVED, Trouble, Way
from chaos.fleet.hosts import NAMES, OUTSIDE, Gateway, Node, Nodes
from chaos.fleet.operators import Operator
from chaos.fleet.world import NUMBERS, RESERVE, World

FIRST = NAMES[:3]
UNCONFIRMED = 75  # EX_TEMPFAIL of sysexits.h: tools/gateway/daemon.c
# Where a gateway can die (tests/chaos/wraps.c), and how often it passes there at most before it does.
POINTS = {"ready": 1, "dispatch": 60, "before-publish": 60, "after-publish": 60, "before-confirm": 60, "after-confirm": 60,
          "before-commit": 30, "after-commit": 30}
SHORT, LONG = (0.5, 6.0), (8.0, 18.0)  # seconds of a stop or a cut: within a lease, and beyond it
WHOLE_DAY = 1000
CALM = 0.2  # how often all is well again before the next fault. The others hit what recovers
SERVED = 0.8  # how often, otherwise, half of the shards are served before the next fault
UNSERVED = 20.0  # seconds for which that is waited for
BREATH = 3.0  # seconds until the next fault, at most, otherwise
WAIT = 4.0  # seconds for which a fault waits until it can be done, before there is another one
REHEARSED = 90.0  # seconds until all is well after a fault that was asked for
FULL = 3.0  # seconds in which sessions are stored while RabbitMQ refuses events
ABORTED = 0.4  # how often a way to another number of shards is to be given up
KILLS_ON_A_WAY = 12  # at most, until it may come to its end: it has to be quiet for 40 s for that
THERE = 240.0  # seconds in which it comes to its end then
STOPPED = 60.0  # seconds in which SIGTERM ends a gateway
IMPATIENT = 10.0  # seconds after which an operator gives up where RabbitMQ or gateways are in trouble


@dataclass
class Heal:
    due: float
    do: Callable[[], None]
    trouble: Trouble
    comes: Callable[[], bool] = lambda: False  # whether it can be done before it is due

    def is_due(self) -> bool:
        return self.due <= time.monotonic() or self.comes()


class Reunion:
    """Waits for the nodes to find together, while the nemesis goes on elsewhere."""

    def __init__(self, nodes: Nodes, trouble: Trouble) -> None:
        self._nodes, self._trouble = nodes, trouble
        self.is_whole = False
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        self.is_whole = self._nodes.find_together()
        self._trouble.over = time.monotonic()

    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> bool:
        self._thread.join()
        return self.is_whole


class Nemesis:
    def __init__(self, world: World, random_: random.Random, say: Callable[[str], object] = lambda _: None, resharding: bool = True) -> None:
        """say: hears of each thing that is done. resharding: the fleet goes to other numbers of shards meanwhile."""
        self.world, self.say, self.resharding = world, say, resharding
        self.begun = time.monotonic()
        self.random = random_
        self.done: Counter[str] = Counter()
        self.kills = 0
        self.heals: list[Heal] = []
        self.is_rabbit_whole = True
        self.reunion: Optional[Reunion] = None
        self.operator: Optional[Operator] = None
        self.aborts = False
        self.kills_on_a_way = 0
        self.faults: list[tuple[int, Callable[[], None]]] = [
            (8, self.kill_gateway), (4, self.kill_at_point), (5, self.stop_gateway), (4, self.cut_gateway),
            (3, self.blind_to_rabbit), (2, self.blind_to_discord), (2, self.kill_node), (1, self.stop_node), (2, self.cut_node),
            (2, self.kill_host), (2, self.cut_host), (1, self.stop_host), (1, self.kill_two_nodes), (1, self.kill_all_gateways),
            (1, self.kill_behind_a_full_queue), (1, self.kill_node_in_a_burst)]
        self.others: list[tuple[int, Callable[[], None]]] = [
            (3, self.lose_session), (1, self.lose_all_sessions), (2, self.drop), (2, self.reconnect), (2, self.deploy), (2, self.join_or_leave),
            (1, self.drain), (1, self.spend_the_day), (2, self.burst)]
        if resharding:
            self.others.append((2, self.reshard))

    # ---- turns ----

    def rehearse(self, faults: Sequence[str]) -> None:
        """These, by name, each when all is well."""
        for name in faults:
            self.do(getattr(self, name))
            self.kills += 1
            self.await_way()
            self.await_calm(REHEARSED)

    def torment(self, kills: int) -> None:
        """There is one way to another number of shards at least."""
        moment = self.random.randint(0, kills // 2) if self.resharding else kills
        while self.kills < kills:
            if self.kills >= moment and not self.world.ways:
                self.do(self.reshard)
            if self.random.random() < 0.4:
                self.choose(self.others)
            while not self.choose(self.faults, WAIT):
                pass
            self.kills += 1
            self.follow_way()
            self.pause()
        self.heal()

    def choose(self, among: list[tuple[int, Callable[[], None]]], patience: float = 0.0) -> bool:
        """patience: seconds until it can be done. Without them the faults that need most to be well would be rare."""
        weights, named = zip(*among)
        chosen = self.random.choices(named, weights)[0]
        end = time.monotonic() + patience
        while not self.do(chosen):
            if time.monotonic() >= end:
                return False
            self.wait(0.1)
        return True

    def do(self, chosen: Callable[[], None]) -> bool:
        try:
            chosen()
        except LookupError:
            return False  # it is in trouble already, or there is nothing to be done
        self.done[chosen.__name__] += 1
        self.say(f"{time.monotonic() - self.begun:7.1f} s  {self.kills:4}  {chosen.__name__:<20} served {sorted(self.world.served())}")
        return True

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(0.05, seconds))
            self.heal_what_is_due()

    def pause(self) -> None:
        """Now and then until all is well again. Mostly until there is something to take over: what dies while others recover is the better test."""
        if self.is_on_a_way() and self.kills_on_a_way == 0:
            self.let_way_end()
            return
        if self.random.random() < CALM:
            self.await_calm(60 * PATIENCE)
        elif self.random.random() < SERVED:
            self.await_service(UNSERVED)
        self.wait(self.random.random() * BREATH)

    def await_service(self, timeout: float) -> None:
        end = time.monotonic() + timeout
        while self.world.share() < 0.5 and time.monotonic() < end:
            self.wait(0.1)

    def is_calm(self) -> bool:
        return not self.heals and self.world.share() == 1.0

    def await_calm(self, timeout: float) -> None:
        end = time.monotonic() + timeout
        while not self.is_calm():
            self.wait(0.1)
            if time.monotonic() > end:
                raise TimeoutError(f"only shards {sorted(self.world.served())} are served, though nothing is broken: {self.heals}")

    def heal_what_is_due(self) -> None:
        for heal in [each for each in self.heals if each.is_due()]:
            self.heals.remove(heal)
            heal.do()
            heal.trouble.over = time.monotonic()
        self.look_at_rabbit()
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

    def later(self, seconds: float, trouble: Trouble, do: Callable[[], None], comes: Callable[[], bool] = lambda: False) -> None:
        self.heals.append(Heal(time.monotonic() + seconds, do, trouble, comes))

    def span(self) -> float:
        return self.random.uniform(*self.random.choice((SHORT, LONG)))

    # ---- whom ----

    def is_troubled(self, name: str) -> bool:
        return any(each.trouble.member == name for each in self.heals)

    def well(self) -> list[Gateway]:
        """Those that run, and to which nothing is being done."""
        return [each for name, each in self.world.gateways.items() if each.process and not self.is_troubled(name)]

    def gateway(self) -> Gateway:
        """One of them, when another one is left, which can take over."""
        found = self.well()
        if len(found) < 2:
            raise LookupError("too few gateways are well")
        return self.random.choice(found)

    # ---- RabbitMQ ----

    def is_broker_troubled(self) -> bool:
        return any(each.trouble.kind == "broker" for each in self.heals)

    def node(self) -> Node:
        """One of three, when no other one is in trouble: so two are left."""
        if self.is_broker_troubled() or not self.is_rabbit_whole:
            raise LookupError("RabbitMQ is in trouble already")
        return self.random.choice(self.world.nodes.each)

    def look_at_rabbit(self) -> None:
        """When the last node is back, the nodes find together."""
        if self.is_rabbit_whole or self.is_broker_troubled():
            return
        self.reunion = self.reunion or Reunion(self.world.nodes, self.world.trouble("broker"))
        if self.reunion.is_over():
            self.make_whole()

    def make_whole(self) -> None:
        if self.is_rabbit_whole:
            return
        found_together = self.reunion.join() if self.reunion else self.world.nodes.find_together()
        self.reunion = None
        if not found_together:
            trouble = self.world.trouble("broker")
            self.done["RabbitMQ nodes restarted to find together"] += self.world.nodes.restart()
            trouble.over = time.monotonic()
        self.is_rabbit_whole = True

    # ---- gateways ----

    def restart_later(self, gateway: Gateway, trouble: Trouble, kill: str = "") -> None:
        self.later(self.random.choice((0.0, self.random.random() * 3, self.random.uniform(5, 12))), trouble, lambda: gateway.start(kill))

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
            with suppress(LookupError):
                self.lose_session()
        self.later(self.random.uniform(3, 15), trouble, lambda: self.again(gateway))

    @staticmethod
    def again(gateway: Gateway) -> None:
        gateway.kill()
        gateway.start()

    def kill_all_gateways(self) -> None:
        well = self.well()
        if len(well) < len(FIRST):
            raise LookupError("they are not all there")
        for gateway in well:
            trouble = self.world.trouble("killed", gateway.name)
            gateway.kill()
            self.later(self.random.random() * 3, trouble, gateway.start)

    def kill_behind_a_full_queue(self) -> None:
        """The consumer hangs, and RabbitMQ refuses events: what a gateway has received is in that gateway alone when it dies."""
        gateway = self.gateway()
        self.world.recorder.pause()
        try:
            self.world.burst()
            self.wait(FULL)
            trouble = self.world.trouble("killed", gateway.name)
            gateway.kill()
            self.restart_later(gateway, trouble)
        finally:
            self.world.recorder.go_on()

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

    def kill_node_in_a_burst(self) -> None:
        """It hangs before: what its gateway publishes meanwhile is on its way when it dies."""
        node, _ = self.host()
        trouble = self.world.trouble("broker")
        node.signal(signal.SIGSTOP)
        self.world.burst()
        time.sleep(0.2 + self.random.random())
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

    def session(self) -> Session:
        found = self.world.connected()
        if not found:
            raise LookupError("no shard is connected")
        return self.random.choice(found)

    def lose_session(self) -> None:
        """Op 9; or nobody is told."""
        told = self.random.random() < 0.7
        self.world.lose(self.session(), (lambda each: each.say(9, False)) if told else lambda each: each.abort())

    def lose_all_sessions(self) -> None:
        """Of one number of shards."""
        number = self.world.number()
        self.lose([each for each in self.world.connected() if each.count == number])

    def lose(self, sessions: Sequence[Session]) -> None:
        for session in sessions:
            with suppress(LookupError):
                self.world.lose(session, lambda each: each.say(9, False))

    def burst(self) -> None:
        self.world.burst()

    def drop(self) -> None:
        self.world.touch(self.session(), lambda each: each.cut())

    def reconnect(self) -> None:
        self.world.touch(self.session(), lambda each: each.reconnect())

    def spend_the_day(self) -> None:
        """Somebody else uses nearly all identifies of the day up. When the fleet can know it, sessions are lost; later there is a new day."""
        limit = self.world.standin.identify_limit
        if limit["remaining"] < WHOLE_DAY // 2:
            raise LookupError("it is spent already")
        limit["remaining"] = RESERVE + self.random.randrange(3)
        day = Trouble("day", "", time.monotonic())
        self.world.spent.append(day.begun)
        self.later(BELIEVED, day, self.lose_some_sessions)
        self.later(BELIEVED + self.random.uniform(10, 15), day, lambda: limit.update(remaining=WHOLE_DAY))

    def lose_some_sessions(self) -> None:
        found = self.world.connected()
        self.lose(self.random.sample(found, min(4, len(found))))

    # ---- operators ----

    def ended(self, gateway: Gateway, status: int) -> None:
        """Where RabbitMQ is cut off no confirm comes: the gateway says what is left unconfirmed, and others take over."""
        if status not in (0, UNCONFIRMED, -signal.SIGTERM):
            self.world.errors.append(f"SIGTERM ended {gateway.name} with {status}: " + "\n".join(gateway.runs[-1].err[-5:]))
        gateway.runs[-1].was_seen = True  # type: ignore[attr-defined]

    def leave(self, gateway: Gateway, then: Callable[[], None]) -> None:
        """SIGTERM. It hands over while other things happen."""
        gateway.signal(signal.SIGTERM)
        leaving = gateway.process

        def end() -> None:
            self.ended(gateway, leaving.wait(STOPPED) if leaving else 0)
            then()

        self.later(STOPPED * PATIENCE, Trouble("leaves", gateway.name, time.monotonic()), end, lambda: gateway.process is None)

    def deploy(self) -> None:
        gateway = self.gateway()
        self.leave(gateway, gateway.start)

    def join_or_leave(self) -> None:
        fourth = self.world.gateways[NAMES[3]]
        if self.is_troubled(fourth.name):
            raise LookupError("it is in trouble")
        if fourth.process:
            self.leave(fourth, lambda: None)
        else:
            fourth.start()

    def command(self, timeout: float, *words: str) -> Optional[int]:
        """`spectacles-gateway fleet ...`, of an operator outside. None: it did not come to an end."""
        one = self.world.gateways[FIRST[0]]
        try:
            done = subprocess.run([one.binary, "fleet", *words], env=one.environment, capture_output=True, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            return None
        return done.returncode

    def drain(self) -> None:
        """While nothing else happens, it has to succeed. Then everything is given back."""
        gateway = self.gateway()
        calm = self.is_calm() and self.is_rabbit_whole and not self.is_on_a_way()
        patience = 60.0 * PATIENCE if calm else IMPATIENT
        status = self.command(patience, "drain", gateway.name)
        left = [shard for shard, owner in self.world.owners().items() if owner == gateway.name]
        if calm and (status != 0 or left):
            self.world.errors.append(f"drain {gateway.name} ended with {status}, and shards {left} are still there")
        self.command(patience, "move", "all")

    # ---- another number of shards ----

    def is_on_a_way(self) -> bool:
        return self.operator is not None and not self.operator.is_over

    def reshard(self) -> None:
        """Of those of the day, identifies are left for it, unless they are being spent."""
        if self.is_on_a_way():
            raise LookupError("the fleet is on its way already")
        if not any(each.trouble.kind == "day" for each in self.heals):
            self.world.standin.identify_limit["remaining"] = WHOLE_DAY
        before = self.world.ways[-1].after if self.world.ways else self.world.shards
        wanted = self.random.choice([each for each in NUMBERS if each != before])
        self.aborts = self.random.random() < ABORTED
        self.kills_on_a_way = self.random.randint(1, KILLS_ON_A_WAY)
        self.world.ways.append(Way(before, wanted, time.monotonic()))
        self.operator = Operator(self.world.gateways[FIRST[0]], self.world.ways[-1])

    def follow_way(self) -> None:
        """With each kill the way comes nearer to where it is given up, or may end."""
        if not self.is_on_a_way() or self.kills_on_a_way <= 0:
            return
        self.kills_on_a_way -= 1
        if self.kills_on_a_way == 0 and self.aborts:
            self.abort()

    def abort(self) -> None:
        assert self.operator
        self.operator.abort()
        self.done["resharding given up by the operator"] += 1

    def let_way_end(self) -> None:
        """Nothing is broken meanwhile, until one number of shards is being closed. That takes half a second, and the next fault hits it."""
        end = time.monotonic() + THERE * PATIENCE
        self.kills_on_a_way = -1
        while self.is_on_a_way() and self.operator and not self.world.is_closed_since(self.world.ways[-1]):
            self.wait(0.02)
            if time.monotonic() > end:
                raise TimeoutError(f"the fleet does not come to another number of shards, though nothing is broken: {self.operator.phase}")

    def dismiss_operator(self) -> None:
        """What is not over by now is so for good."""
        if self.operator:
            self.operator.stop()

    def await_way(self) -> None:
        """Until the fleet is there, or back."""
        end = time.monotonic() + THERE * PATIENCE
        while self.is_on_a_way() and time.monotonic() < end:
            self.wait(0.1)
