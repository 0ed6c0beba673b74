"""The script of faults: what happens to a client's connection, one thing after the other, while events go on."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from standin.payloads import large_guild, long_message, members_chunk
from standin.standin import Standin

SHARD = 0


Events = list[tuple[str, str]]


@dataclass(frozen=True)
class Fault:
    name: str
    do: Callable[[Standin, Events], object]  # the events come while the client is away
    breaks: bool = True  # the connection has to be made anew
    ends_session: bool = False  # what comes after it belongs to another session


def closed(code: int) -> Fault:
    return Fault(f"close {code}", lambda standin, events: standin.close(SHARD, code, behind=events))


def dropped_and(name: str, plan: Callable[[Standin], object]) -> Fault:
    """The next connection meets what is planned."""
    return Fault(name, lambda standin, events: (plan(standin), standin.drop(SHARD, events)))


def stays(name: str, do: Callable[[Standin], object]) -> Fault:
    """The connection has to bear it."""
    return Fault(name, lambda standin, events: (do(standin), standin.dispatch_many(SHARD, events)), breaks=False)


def unknown(name: str, data: str) -> tuple[str, str]:
    """The same under a name that no client knows."""
    return f"TEST_{name}", data


def mute(standin: Standin, events: Events) -> None:
    standin.mute(SHARD)
    standin.dispatch_many(SHARD, events)


def expire(standin: Standin, _: Events) -> None:
    standin.expire_sessions()
    standin.drop(SHARD)


FAULTS = (
    Fault("line lost", lambda standin, events: standin.drop(SHARD, events)),
    *(closed(code) for code in (1000, 1001, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009)),
    Fault("op 7, events behind it", lambda standin, events: standin.reconnect(SHARD, events)),
    dropped_and("op 7 in place of HELLO", lambda standin: standin.plan("hello", "reconnect")),
    Fault("op 9, resumable", lambda standin, events: standin.invalidate(SHARD, True, events)),
    dropped_and("3 resumes cut, each further", lambda standin: standin.plan("resume", "cut", times=3, shard=SHARD, after=5)),
    dropped_and("503 at the upgrade", lambda standin: standin.plan("upgrade", "refuse", status=503)),
    dropped_and("429 at the upgrade", lambda standin: standin.plan("upgrade", "refuse", status=429, retry_after=1)),
    Fault("heartbeats not acknowledged", mute),
    stays("op 1 asks", lambda standin: standin.request_heartbeat(SHARD)),
    stays("messages in pieces", lambda standin: standin.set(fragments=3, pieces=3)),
    stays("messages whole again", lambda standin: standin.set(fragments=1, pieces=1)),
    stays("a guild of 500 kB", lambda standin: standin.dispatch(SHARD, *unknown(*large_guild(1)))),
    stays("one long message, 10 times", lambda standin: standin.dispatch_repeated(SHARD, *unknown(*long_message(1)), times=10)),
    stays("one chunk of members, 10 times", lambda standin: standin.dispatch_repeated(SHARD, *unknown(*members_chunk(1)), times=10)),
    Fault("op 9", lambda standin, _: standin.invalidate(SHARD, False), ends_session=True),
    Fault("session expired", expire, ends_session=True),
)
