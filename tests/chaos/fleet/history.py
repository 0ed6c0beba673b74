"""What happened in a run with a fleet, as the stand-in, the consumer and the nemesis wrote it down: all that the verdict looks at.

Times are seconds of one monotonic clock, that of the machine that all of it runs on."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Optional

from chaos.recorder import Arrival

NEVER = float("inf")
BELIEVED = 25.0  # seconds for which the fleet may go by an answer of GET /gateway/bot: the stand-in's 20, and a grant that is on its way


@dataclass
class Identify:
    """An IDENTIFY, as the stand-in saw it."""

    at: float
    member: str
    shard: int
    count: int  # of shards
    remaining: int  # of the day, when this one is counted
    late: float = 0.0  # seconds for which it may have waited until the stand-in came to look


@dataclass
class Resume:
    """A RESUME that was answered with RESUMED."""

    at: float
    member: str
    session_id: str


@dataclass
class Life:
    """A session: who identified, and when and why it ended."""

    session_id: str
    shard: int
    count: int  # of shards
    member: str
    begun: float
    ended: float = NEVER
    ended_by: str = ""  # "nemesis", "expiry", "heartbeats", or "client" when a gateway closed it with 1000 or 1001
    events: dict[int, int] = field(default_factory=dict)  # sequence: serial of the event


@dataclass
class Trouble:
    """What the nemesis did to a gateway. After a line that was cut, TCP sends again what it had on its way."""

    # "killed"; "stopped"; "cut" off from Discord; "blind": cut off from RabbitMQ alone; "broker": RabbitMQ was touched, which concerns all
    kind: str
    member: str
    begun: float
    over: float = NEVER

    @property
    def echo(self) -> float:
        """Until when bytes may still arrive that were decided upon before."""
        if self.kind == "cut":
            return self.over + min(self.over - self.begun, 15.0) + 2.0
        return self.over + 2.0

    def concerns(self, member: str) -> bool:
        return self.kind == "broker" or self.member == member


@dataclass
class Way:
    """From one number of shards to another."""

    before: int
    wanted: int
    begun: float
    over: float = NEVER
    after: int = 0  # the number that the fleet had then

    def leaves(self, count: int) -> bool:
        """Whether the sessions of this number are ended on it."""
        return self.after != count and count in (self.before, self.wanted)


@dataclass
class History:
    """Each event has a serial of its own, which grows; and a guild, which says what shard it is of for any number of shards."""

    shards: int  # in the beginning
    concurrency: int
    reserve: int  # identifies of a day that the fleet has to leave
    sessions: list[Life] = field(default_factory=list)  # in the order in which they began
    identifies: list[Identify] = field(default_factory=list)
    resumes: list[Resume] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)  # copies included, in the order of the queue
    gaps: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by message-id, with their copies
    redelivered: set[str] = field(default_factory=set)  # message-ids that the consumer lost with its connection
    refused: set[str] = field(default_factory=set)  # message-ids that RabbitMQ has refused (nack)
    unanswered: set[str] = field(default_factory=set)  # message-ids on a channel that was given up because it had brought nacks alone
    troubles: list[Trouble] = field(default_factory=list)
    violations: list[dict[str, Any]] = field(default_factory=list)
    unserved: list[int] = field(default_factory=list)  # shards without a connection when all was healed
    errors: list[str] = field(default_factory=list)
    guilds: int = 1
    nowhere: list[int] = field(default_factory=list)  # serials of events that no session was there for
    ways: list[Way] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)  # when somebody else has used up identifies of the day
    connected: list[int] = field(default_factory=list)  # the numbers of shards that had connections when all was healed

    def way_to(self, life: Life) -> int:
        """Where the way stands by which its number of shards came; -1: it was there in the beginning. Who comes back to a number begins anew."""
        return max((place for place, way in enumerate(self.ways) if way.wanted == life.count and way.begun <= life.begun), default=-1)

    def lines(self) -> Iterator[list[Life]]:
        """The sessions of each shard, one after the other, for each time that the fleet had this number of shards."""
        found: dict[tuple[int, int, int], list[Life]] = {}
        for each in self.sessions:
            found.setdefault((self.way_to(each), each.count, each.shard), []).append(each)
        yield from found.values()

    def is_unknown(self, identify: Identify) -> bool:
        """Whether nobody in the fleet could know how many identifies were left."""
        return any(at <= identify.at < at + BELIEVED for at in self.spent)

    def delayed(self, identify: Identify) -> Optional[Trouble]:
        """What may have kept the bytes of an IDENTIFY back behind the decision: a process that was stopped between the two, a cut line."""
        return next((each for each in self.troubles if each.kind in ("stopped", "cut") and each.member == identify.member
                     and each.begun <= identify.at <= each.echo), None)
