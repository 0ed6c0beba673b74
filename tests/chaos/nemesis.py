"""The one who kills, cuts and lies. All that it does follows from its seed; how it interleaves does not."""
from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

from chaos.drops import AtOnce, Drops, UntilReady
from chaos.world import SHARDS, Gateway, World

# Where a process can die, and how often it passes there at most before it does.
POINTS = {
    "before-receive": 30, "after-receive": 30, "dispatch": 60, "ready": 1,
    "before-publish": 60, "after-publish": 60, "before-consumed": 30, "after-consumed": 30,
    "before-confirm": 60, "after-confirm": 60, "before-commit": 30, "after-commit": 30,
    "before-persist": 4, "after-persist": 4, "before-rename": 3, "after-rename": 3,
    "before-send": 2, "after-send": 2, "before-ack": 2, "after-ack": 2,
}
# Discord's close codes. After some of them the session may be there still, or be gone.
RESUMABLE = (4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009, 1000, 1001, 1011)
GONE = (4006, 4007, 4009)
UNCONFIRMED = 75  # EX_TEMPFAIL of sysexits.h: tools/gateway/daemon.c
WISH = "as the nemesis wishes"
POINT_TIMEOUT = 3.0
REPLAYS_TIMEOUT = 30.0
# A peer drops connections for so many seconds: by then a back-off that does not grow has dialled far more often than one that does.
BROKER_DROPS = 8.0
DISCORD_DROPS = 10.0
BROKER_BACKOFF = 0.25, 30.0  # seconds, base and cap: lib/broker/broker.h
SHARD_BACKOFF = 1.0, 60.0  # lib/shard/internal.h
QUIET_TIMEOUT = 5.0


class Nemesis:
    def __init__(self, world: World, random_: random.Random) -> None:
        self.world = world
        self.random = random_
        self.done: Counter[str] = Counter()
        self.kills = 0
        self.lies_until = 0.0  # a hold of a proxy ends then
        self.faults: list[tuple[int, Callable[[], None]]] = [
            (4, self.cut_discord), (4, self.cut_amqp), (2, self.hole_discord), (5, self.hole_amqp), (2, self.half_open),
            (1, self.broker_drops), (1, self.discord_drops),
            (3, self.reconnect), (2, self.invalid_resumable), (2, self.invalid), (1, self.expire), (4, self.close_code),
            (3, self.break_replays), (2, self.memory_alarm), (3, self.deploy), (1, self.tear), (2, self.full_disk),
        ]

    # ---- turns ----

    def torment(self, kills: int) -> None:
        while self.kills < kills:
            for _ in range(self.random.choice((0, 0, 1, 1, 2))):
                self.fault()
            self.kill()
            self.heal_what_is_due()
            self.pause()
        self.heal()

    def fault(self) -> None:
        weights, faults = zip(*self.faults)
        self.do(self.random.choices(faults, weights)[0])

    def do(self, chosen: Callable[[], None]) -> None:
        try:
            chosen()
            self.done[chosen.__name__] += 1
        except LookupError:
            pass  # the shard is not connected: there is nothing to be cut

    def kill(self) -> None:
        self.world.note_in_flight()
        if self.random.random() < self.world.broker.share:
            self.kill_rabbit()
        elif self.random.random() < 0.4:
            self.kill_gateway()
        else:
            self.kill_at_point()
        self.kills += 1

    def pause(self) -> None:
        """Mostly until all is well again: but what dies while it recovers is the better test."""
        if self.random.random() < 0.4 or self.world.broker.is_alarmed or self.lies_until:
            time.sleep(self.random.random() * 0.5)
            return
        self.world.standin.wait_ready(*range(SHARDS), timeout=60)

    def heal_what_is_due(self) -> None:
        if self.lies_until and time.monotonic() > self.lies_until:
            self.world.discord.release()
            self.world.amqp.release()
            self.lies_until = 0.0
        if self.random.random() < 0.5:
            self.world.broker.end_alarm()
        if self.random.random() < 0.5:
            self.world.full.unlink(missing_ok=True)

    def heal(self) -> None:
        self.lies_until = 1.0
        self.heal_what_is_due()
        self.world.broker.end_alarm()
        self.world.full.unlink(missing_ok=True)
        self.world.standin.unplan("resume")
        for gateway in self.world.gateways:
            gateway.kill()
            gateway.start()

    def gateway(self) -> Gateway:
        return self.random.choice(self.world.gateways)

    def shard(self) -> int:
        return self.random.randrange(SHARDS)

    # ---- kills ----

    def kill_gateway(self) -> None:
        gateway = self.gateway()
        time.sleep(self.random.random() * 0.6)
        gateway.kill()
        gateway.start()
        self.done["kill -9 of the gateway, at any time"] += 1

    def kill_at_point(self) -> None:
        """The next process dies at the point; this one goes in order or not."""
        gateway = self.gateway()
        point, most = self.random.choice(list(POINTS.items()))
        if point == "ready":
            self.invalid_of(self.random.choice(gateway.shards))
        gateway.kill()
        gateway.start(f"{point}:{self.random.randint(1, most)}")
        reached = gateway.wait_dead(POINT_TIMEOUT)
        self.world.note_in_flight()
        gateway.kill()
        gateway.start()
        self.done[f"kill -9 of the gateway, {'at ' + point if reached else 'at any time'}"] += 1

    def kill_rabbit(self) -> None:
        """While messages wait in its queues; or, in a cluster, in the middle of what the recorder takes out of them."""
        if self.world.broker.queue_type == "classic" or self.random.random() < 0.5:
            self.world.recorder.pause()
            time.sleep(0.5)
        self.done[self.world.kill_rabbit()] += 1
        self.world.recorder.go_on()

    # ---- the network ----

    def cut_discord(self) -> None:
        self.world.discord.cut(reset=self.random.random() < 0.5)

    def cut_amqp(self) -> None:
        self.world.amqp.cut(reset=self.random.random() < 0.5)

    def hole_discord(self) -> None:
        self.world.discord.hold()
        self.lies_until = time.monotonic() + self.random.uniform(0.2, 7)

    def hole_amqp(self) -> None:
        """Nothing passes; then, now and then, the end: what was unconfirmed goes out anew."""
        self.world.amqp.hold()
        self.lies_until = time.monotonic() + self.random.uniform(0.2, 7)
        time.sleep(0.5)
        if self.random.random() < 0.6:
            self.world.amqp.cut()
            self.world.amqp.release()

    def half_open(self) -> None:
        self.random.choice((self.world.discord, self.world.amqp)).lose_server()

    def broker_drops(self) -> None:
        """RabbitMQ's side accepts each connection, lets most of them come as far as READY, and drops it."""
        if self.lies_until or len(self.world.broker.nodes) > 1:
            raise LookupError("nothing passes, and so nothing can be dropped; or a client tries the next node at once")
        start, random_ = time.monotonic(), random.Random(self.random.random())
        self.world.amqp.drop(lambda: UntilReady() if random_.random() < 0.8 else AtOnce())
        time.sleep(BROKER_DROPS)
        dials = self.world.amqp.end_drop()
        clients = 3 * len(self.world.gateways)  # a gateway has connections for events, for commands and to its group
        self.world.drops.append(Drops("RabbitMQ", time.monotonic() - start, dials, clients, *BROKER_BACKOFF))

    # ---- Discord ----

    def reconnect(self) -> None:
        self.world.standin.reconnect(self.shard())

    def break_replays(self) -> None:
        """Each replay gets a little further than the last one, and the line breaks: Discord holds the session all that while. The
        gateway lives that long, or it would not count them; unless something else is in its way, and it takes too long."""
        standin, shard, times = self.world.standin, self.shard(), self.random.randint(6, 9)
        before = standin.count("resume_cut", shard=shard)
        standin.drop(shard)
        standin.plan("resume", "cut", times=times, shard=shard, after=self.random.randint(1, 20))
        end = time.monotonic() + REPLAYS_TIMEOUT
        while standin.count("resume_cut", shard=shard) < before + times and time.monotonic() < end:
            time.sleep(0.05)

    def discord_drops(self) -> None:
        """Each RESUME is answered by RESUMED, and the connection is dropped. Nothing new comes meanwhile: that would be progress."""
        world, standin, shard = self.world, self.world.standin, self.shard()
        with world.quiet_shard(shard, QUIET_TIMEOUT):
            standin.plan("resume", "drop", times=None, shard=shard)
            before, start = standin.count("resumed", shard=shard), time.monotonic()
            try:
                standin.drop(shard)
                time.sleep(DISCORD_DROPS)
            finally:
                standin.unplan("resume")
        dials = standin.count("resumed", shard=shard) - before
        world.drops.append(Drops("Discord", time.monotonic() - start, dials, 1, *SHARD_BACKOFF))

    def invalid_resumable(self) -> None:
        self.world.standin.invalidate(self.shard(), True)

    def invalid(self) -> None:
        self.invalid_of(self.shard())

    def invalid_of(self, shard: int) -> None:
        self.world.lose_session(shard, lambda each: each.say(9, False))

    def expire(self) -> None:
        self.world.lose_session(self.shard(), lambda each: each.abort())

    def close_code(self) -> None:
        shard = self.shard()
        code = self.random.choice(RESUMABLE + GONE)
        if code in GONE and self.random.random() < 0.5:
            self.world.lose_session(shard, lambda each: asyncio.ensure_future(each.socket.close(code, WISH)))
        else:
            self.world.standin.close(shard, code, WISH)

    # ---- RabbitMQ and the operator ----

    def memory_alarm(self) -> None:
        self.world.broker.alarm()

    def full_disk(self) -> None:
        self.world.full.touch()

    def deploy(self) -> None:
        gateway = self.gateway()
        status = gateway.stop()
        # Before it has come to its first line a gateway has nothing to end in order, and may just end. Where RabbitMQ is cut off
        # or has an alarm, no confirm comes: the gateway says what is left unconfirmed, and Discord replays it.
        early = status == -signal.SIGTERM and not gateway.process.err
        unconfirmed = status == UNCONFIRMED and gateway.process.lines("not confirmed within STOP_TIMEOUT")
        if status != 0 and not early and not unconfirmed:
            self.world.errors.append(f"SIGTERM ended the gateway with {status}: {gateway.process.said()}")
        gateway.start()

    def tear(self) -> None:
        gateway = self.gateway()
        gateway.kill()
        gateway.tear(self.random)
        for shard in gateway.shards:
            self.world.lost.add(self.world.standin.session(shard).session_id)
        gateway.start()
