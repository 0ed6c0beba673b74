"""From four shards to eight while events flow and a member is killed: nothing is missing, a worker gets each event once, commands find their shard."""
from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standin.standin import Standin
from support.processes import Process

from .conftest import Bot
from .fleets import EVENT, Guilds, expect_all_once, flows, living

FORMER, WANTED = 4, 8


class Member(Process):
    """tests/tools/member_tool.c"""

    def __init__(self, bot: Bot, name: str) -> None:
        self.events: list[dict[str, Any]] = []
        environment = {**bot.environment, "DISCORD_GATEWAY_URL": bot.standin.url}
        super().__init__([bot.build / "tests" / "tools" / "member_tool", "gateway", name, str(FORMER), EVENT], environment, steered=True)

    def _take(self, line: bytes) -> None:
        self.events.append(json.loads(line))

    def want(self, what: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{what}\n".encode())
        self._process.stdin.flush()

    def phases(self) -> list[str]:
        return [each["phase"] for each in list(self.events) if each["event"] == "RESHARDING"]

    def wait_phase(self, phase: str, times: int = 1) -> None:
        self.wait_for(lambda: self.phases().count(phase) >= times, 240, f"phase {phase}")


Members = Callable[[str], Member]


@pytest.fixture
def member(bot: Bot) -> Members:
    def start(name: str) -> Member:
        made = Member(bot, name)
        bot.processes.append(made)
        return made

    return start


@pytest.fixture
def guilds(standin: Standin, channel: Any) -> Iterator[Callable[[], Guilds]]:
    yield from flows(standin, channel)


def test_nothing_is_missing_and_each_event_comes_once(bot: Bot, standin: Standin, member: Members, guilds: Callable[[], Guilds]) -> None:
    standin.set(max_concurrency=16)
    worker = bot.worker("--listen", EVENT)
    one, other = member("web-1"), member("web-2")
    standin.wait_for(lambda: len(living(standin, FORMER)) == FORMER, 180, "the first shards")
    flow = guilds()

    one.want(f"reshard {WANTED}")
    one.wait_phase("WARMING")
    one.want("abort")
    one.wait_phase("STABLE")
    other.wait_phase("STABLE")  # or it would refuse to begin anew
    assert len(living(standin, FORMER)) == FORMER
    standin.wait_for(lambda: not living(standin, WANTED), 60, "no session of the number that was given up")

    other.want(f"reshard {WANTED}")
    one.wait_phase("OVERLAP")
    assert len(living(standin, WANTED)) == WANTED
    other.kill()
    one.wait_phase("CLOSING")
    one.wait_phase("STABLE", 2)
    one.wait_for(lambda: one.events[-1]["shards"] == WANTED, 60, "the old gateway ended")
    assert len(living(standin, WANTED)) == WANTED

    end = time.monotonic() + 3
    standin.wait_for(lambda: time.monotonic() > end, 60, "some events of the new shards alone")
    expect_all_once(worker, standin, flow)
    assert standin.count("ready") == FORMER + WANTED
