"""The turns of an engine on the loop that runs: when its descriptor is readable, when its deadline has passed, when its owner has called.

Nobody but a waiting task keeps an engine alive: the loop holds it weakly, so that the garbage collector may take it at any time.
"""
from __future__ import annotations

import asyncio
import weakref
from typing import Any, Optional, TypeVar

from ._errors import StateError
from ._spectacles import lib
from ._transport import Loop, Transport

NEVER = lib.spectacles_never()
T = TypeVar("T", bound="Engine")


class Watch:
    """What the loop holds. `held` is the engine while a task waits for it."""

    __slots__ = ("_weak", "held", "_name")

    def __init__(self, engine: Engine, name: str) -> None:
        self._weak = weakref.ref(engine)
        self._name = name
        self.held: Optional[Engine] = None

    def __call__(self) -> None:
        engine = self._weak()
        if engine is not None:
            getattr(engine, self._name)()


def release(loop: Loop, transport: Transport) -> None:
    """The engine is gone. The collector may run in any thread, and the loop belongs to its own."""
    if not loop.is_closed() and loop.is_running() and asyncio._get_running_loop() is not loop:
        loop.call_soon_threadsafe(transport.stop)
    else:
        transport.stop()


class Engine:
    """A shard, a broker or a gateway on a loop. Not thread-safe, as nothing of asyncio is."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._loop: Optional[Loop] = None
        self._now: int = lib.spectacles_now()
        self._watch = Watch(self, "_turn")
        self._alarm = Watch(self, "_on_alarm")
        self._timer: Optional[asyncio.TimerHandle] = None
        self._due = NEVER  # when the timer fires
        self._is_due = False  # a turn is on its way
        self._waiters: list[asyncio.Future[None]] = []
        self._finalizer: Any = None

    # ---- for engines ----

    def _begin(self) -> None:
        """On the loop that runs, from now on."""
        if self._loop is not None:
            return
        loop = self._loop = asyncio.get_running_loop()
        self._transport.start(loop, self._watch)
        self._finalizer = weakref.finalize(self, release, loop, self._transport)
        self._finalizer.atexit = False
        self._soon()

    def _end(self) -> None:
        """Off the loop, for good. Whoever waits is told."""
        if self._finalizer:
            self._finalizer()
        if self._timer:
            self._timer.cancel()
        self._timer, self._due = None, NEVER
        self._wake()

    def _time(self) -> int:
        """For the calls of the owner: the time of an engine never runs backwards."""
        self._now = lib.spectacles_now()
        return self._now

    def _turn(self) -> None:
        now = self._now = lib.spectacles_now()
        self._transport.process(now)
        self._after(now)

    def _after(self, now: int) -> None:
        """Bytes have moved. Whoever waits pulls the events, and settles; otherwise only the bytes go on."""
        if self._waiters:
            self._wake()
        else:
            self._arm()

    def _settle(self) -> None:
        """All events are pulled: what they have led to is written, and the next turn is known."""
        if self._transport.flush(self._now):
            self._soon()
        else:
            self._arm()

    def _soon(self) -> None:
        """The owner has called: what came of it leaves in one turn with what he calls next."""
        if not self._is_due and self._loop:
            self._is_due = True
            self._loop.call_soon(Watch(self, "_on_soon"))

    async def _wait(self) -> None:
        """For the next turn. While a task waits, it keeps the engine."""
        assert self._loop
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(waiter)
        self._hold()
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            self._hold()

    def _hold(self) -> None:
        """While somebody waits for the engine, the loop keeps it."""
        self._watch.held = self if self._waiters or self._is_awaited() else None

    def _is_awaited(self) -> bool:
        """Whether somebody waits for an answer."""
        return False

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _deadline(self) -> int:
        return self._transport.deadline()

    # ---- the timer ----

    def _arm(self) -> None:
        """A timer that fires too early only looks again, so a later deadline leaves it alone."""
        due = self._deadline()
        if due >= self._due:
            return
        timeout = lib.spectacles_poll_timeout(due, self._now)
        if timeout == 0:
            self._soon()
        elif timeout > 0 and self._loop and not self._loop.is_closed():
            if self._timer:
                self._timer.cancel()
            self._due = self._now + timeout
            self._timer = self._loop.call_later(timeout / 1000, self._alarm)

    def _on_alarm(self) -> None:
        self._timer, self._due = None, NEVER
        self._turn()

    def _on_soon(self) -> None:
        self._is_due = False
        self._turn()

    def _check_open(self) -> None:
        if self._finalizer and not self._finalizer.alive:
            raise StateError("it is closed", lib.SPECTACLES_E_STATE)
