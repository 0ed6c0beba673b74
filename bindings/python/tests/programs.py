"""The programs of tests/bindings/README.md: cancel, handles COUNT, shard COUNT, consume COUNT."""
from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
from collections.abc import Awaitable
from typing import Any

import spectacles

TOKEN, TRANSPORT = os.environ.get("DISCORD_TOKEN", "t"), os.environ.get("TRANSPORT", "link")


def make_shard(**settings: Any) -> spectacles.Shard:
    return spectacles.Shard(TOKEN, url=os.environ["GATEWAY_URL"], intents=spectacles.Intents.GUILD_MESSAGES, transport=TRANSPORT, **settings)


def make_broker(**settings: Any) -> spectacles.Broker:
    return spectacles.Broker(os.environ["AMQP_URL"], transport=TRANSPORT, **settings)


# ---- what is measured ----

class Tenths:
    def __init__(self, total: int) -> None:
        self.total, self.count, self.step = total, 0, total // 10
        self.next = self.step

    def one(self) -> bool:
        """False: it was the last."""
        self.count += 1
        if self.count == self.next:
            print("EVENTS", self.count, flush=True)
            self.next += self.step
        return self.count < self.total


async def shard(count: int) -> None:
    tenths = Tenths(count)
    async for event in make_shard(compression="none"):
        if event.name != "READY" and not tenths.one():
            return


async def consume(count: int) -> None:
    tenths = Tenths(count)
    async with make_broker(group="bench", prefetch=1000) as broker:
        async for message in broker.consume("consume"):
            message.ack()
            if not tenths.one():
                return


# ---- what is cancelled ----

async def cancelled(work: Awaitable[Any]) -> int:
    """1, when it was cancelled while it waited."""
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0.2)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return 1
    return 0


async def cancel() -> None:
    async with make_shard() as shard, make_broker() as broker:
        while (await shard.__anext__()).name != "READY":
            pass
        while True:  # what comes behind READY by itself
            try:
                await asyncio.wait_for(shard.__anext__(), 0.5)
            except asyncio.TimeoutError:
                break
        messages = broker.consume("MESSAGE_CREATE")
        await broker.ready()
        count = await cancelled(shard.__anext__()) + await cancelled(messages.__anext__()) + await cancelled(broker.call("ASK", "1", timeout=30))
        print("CANCELLED", count, flush=True)
        event, message, reply = await asyncio.gather(shard.__anext__(), messages.__anext__(), broker.call("ASK", '"2"', timeout=30))
        alive = (event.name == "MESSAGE_CREATE") + (message.json()["id"] == "2") + (reply.json() == "2")
        message.ack()
        print("ALIVE", alive, flush=True)


# ---- what the garbage collector takes ----

async def a_life(turn: int) -> None:
    """Handles in all their ages: new, on their way, connected; and what they have handed out outlives them."""
    loose: list[Any] = [make_shard(), make_broker(), spectacles.Gateway(TOKEN, url=os.environ["GATEWAY_URL"], events="*")]
    broker, other = make_broker(), make_shard()
    if turn % 2:
        broker.consume("HANDLES")
        await broker.ready()
        waiting = asyncio.ensure_future(broker.publish("HANDLES", {"n": turn}))
        await waiting
    parts = [*loose, broker, other, broker._transport, other._transport, broker._handle, other._handle]
    started = asyncio.ensure_future(other.__anext__())
    await asyncio.sleep(0)
    started.cancel()
    await asyncio.gather(started, return_exceptions=True)
    del loose, broker, other, started
    random.shuffle(parts)
    while parts:
        parts.pop()
        gc.collect(0)


async def handles(count: int) -> None:
    for turn in range(count):
        await a_life(turn)
        gc.collect()
    print("FREED", count, flush=True)


if __name__ == "__main__":
    name, numbers = sys.argv[1], [int(number) for number in sys.argv[2:]]
    asyncio.run({"shard": shard, "consume": consume, "cancel": cancel, "handles": handles}[name](*numbers))  # type: ignore[operator]
