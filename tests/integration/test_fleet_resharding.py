"""FLEET=on: daemons go from four shards to eight while events flow, by `spectacles-gateway fleet reshard`. It is given up first, and a daemon is
killed on the way: nothing is missing, a worker gets each event once, commands find their shard, and nobody identifies without need."""
from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standin.standin import Standin
from support.patience import PATIENCE
from support.prometheus import get

from .conftest import Bot, gaps
from .fleets import EVENT, SHARDS, Fleet, Guilds, expect_all_once, expect_code, flows, living

pytestmark = [pytest.mark.rabbit4, pytest.mark.cluster]
WANTED = 8
LONG = 240.0
NAMES = ("one", "two", "three")


@pytest.fixture
def fleet(bot: Bot, standin: Standin) -> Fleet:
    standin.shards = SHARDS
    standin.set(max_concurrency=16)
    return Fleet(bot, standin)


@pytest.fixture
def flow(standin: Standin, channel: Any) -> Iterator[Callable[[], Guilds]]:
    yield from flows(standin, channel)


def in_phase(phase: str) -> str:
    return f"from {SHARDS} to {WANTED} shards: {phase}"


def wait_phase(fleet: Fleet, phase: str, times: int = 1) -> None:
    for process in fleet.members.values():
        process.wait_err(in_phase(phase), times, LONG)


def wait_until(what: str, holds: Callable[[], object], timeout: float = LONG) -> None:
    end = time.monotonic() + timeout * PATIENCE
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def expect_ready(fleet: Fleet) -> None:
    for address in fleet.addresses.values():
        status, text = get(f"http://{address}/readyz")
        assert status == 200, text


def looks_of(fleet: Fleet, name: str) -> tuple[dict[str, Any], str]:
    return fleet.status(name), get(f"http://{fleet.addresses[name]}/metrics")[1]


def expect_both_shown(fleet: Fleet) -> None:
    """While two numbers live, whatever is of a gateway says which one."""
    shown, metrics = looks_of(fleet, "one")
    assert shown["fleet"]["phase"] == "OVERLAP" and shown["fleet"]["wanted_shards"] == WANTED
    assert {shard["shard_count"] for shard in shown["shards"]} == {SHARDS, WANTED}
    assert f'spectacles_broker_ready{{broker="events",shards="{WANTED}"}} 1' in metrics
    assert f'spectacles_dispatches_confirmed_total{{shards="{SHARDS}"}}' in metrics
    assert 'spectacles_fleet_phase{phase="OVERLAP"} 1' in metrics
    said = expect_code(fleet.begin("status"), 0)
    assert f"On the way to {WANTED} shards: OVERLAP, {WANTED} of {WANTED} new slots have an owner" in said


def shards_of(fleet: Fleet, name: str) -> list[int]:
    return sorted(shard["shard_count"] for shard in fleet.status(name)["shards"])


def expect_new_number_alone(fleet: Fleet, standin: Standin) -> None:
    wait_until("the new shards are shared", lambda: sorted(each for name in fleet.members for each in shards_of(fleet, name)) == [WANTED] * WANTED)
    assert len(living(standin, WANTED)) == WANTED and not living(standin, SHARDS)
    said = json.loads(expect_code(fleet.begin("status", "--json"), 0))
    assert said["shards"] == WANTED and said["phase"] == "STABLE" and len(said["slots"]) == WANTED


def test_the_way_to_twice_as_many_shards(fleet: Fleet, standin: Standin, channel: Any, flow: Callable[[], Guilds]) -> None:
    worker = fleet.bot.worker("--listen", EVENT)
    for name in NAMES:
        fleet.start(name)
    standin.wait_for(lambda: len(living(standin, SHARDS)) == SHARDS, LONG, "the first shards")
    wait_until("they are shared", lambda: sorted(map(fleet.ready, fleet.members)) == [1, 1, 2])
    events = flow()

    first = fleet.begin("reshard", str(WANTED))
    fleet.members["one"].wait_err(in_phase("WARMING"), timeout=LONG)
    refused = fleet.begin("reshard", "16")
    assert f"the fleet has {SHARDS} shards as before" in expect_code(fleet.begin("reshard", "abort"), 0)
    assert "it was given up" in expect_code(first, 75)
    assert "on the way from 4 to 8 shards" in expect_code(refused, 78)
    standin.wait_for(lambda: not living(standin, WANTED), LONG, "no session of the number that was given up")
    assert "not on the way" in expect_code(fleet.begin("reshard", "abort"), 78)
    expect_ready(fleet)

    second = fleet.begin("reshard", str(WANTED))
    wait_phase(fleet, "OVERLAP")
    assert len(living(standin, WANTED)) == WANTED
    expect_both_shown(fleet)
    expect_ready(fleet)
    fleet.forget("two").kill()  # -9: others go on with both numbers
    assert f"the fleet has {WANTED} shards: set DISCORD_SHARD_COUNT={WANTED}" in expect_code(second, 0)
    for process in fleet.members.values():
        process.wait_err(f"the gateway of {SHARDS} shards has ended", 1, LONG)
    expect_ready(fleet)
    fleet.start("two", DISCORD_SHARD_COUNT=str(WANTED))  # and FLEET_GENERATION stays
    fleet.start("four")  # set to the number of before
    fleet.members["four"].wait_err(f"set DISCORD_SHARD_COUNT={WANTED} in all processes", timeout=LONG)
    wait_until("they take their shares", lambda: min(map(fleet.ready, fleet.members)) > 0)
    expect_new_number_alone(fleet, standin)
    expect_all_once(worker, standin, events)
    assert gaps(channel, 0) == []
    assert standin.count("ready") == SHARDS + WANTED, "nobody identified without need"
    for name in ("one", "three"):
        assert not fleet.members[name].lines(lambda line: re.search(r"\[(FLEET_GATEWAY|FLEET_GIVES_UP|CONFLICT)", line) is not None)
