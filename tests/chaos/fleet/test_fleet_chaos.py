"""A fleet under a few kills; and the same test against gateways with one rule broken, which it has to catch (by name: the suite cluster)."""
from __future__ import annotations

import logging
from pathlib import Path

import pytest
from support.namespaces import obstacle

from chaos.fleet.run import run
from chaos.world import binary

# A hundred kills, in worlds side by side: each waits more than it computes (doc/fleet.md says where the time goes). By seed: what Discord does with
# a connection whose session is resumed elsewhere, and whether the fleet goes to other numbers of shards, which has to be quiet for a minute each time.
KILLS = 25
WORLDS = {2026: ("closed", True), 2027: ("kept", True), 2028: ("closed", False), 2029: ("kept", False)}
SEED = 2026

# What each mutant is convicted of, and the faults after which it has to be. Three seeds: how a fault interleaves is for the machine to say.
MUTANTS = {
    "skips": ("lost:", ["cut_gateway"]),
    "commits_on_receipt": ("lost:", ["kill_behind_a_full_queue"]),
    "reorders": ("out of order", ["kill_node_in_a_burst"]),
    "renames": ("ids that are not theirs", ["reconnect"]),
    "identifies": ("two owners that both identified", ["kill_gateway"]),
    "hides_gaps": ("lost sessions without exactly one gap", ["lose_session"]),
    "closes_for_good": ("stored sessions that a gateway has ended", ["deploy"]),
    "crowds": ("two identifies of a bucket in five seconds", ["lose_all_sessions"]),
    "forgets_reserve": ("over the day's identifies", ["spend_the_day"]),
    "forgets_sessions": ("two owners that both identified", ["kill_gateway"]),
    "marks_nothing": ("copies that no worker knows", ["reshard"]),
    "switches_early": ("lost:", ["reshard"]),
    "tires": ("shards that nobody serves in the end", ["kill_all_gateways"] * 4),
}
ROUNDS = 3


@pytest.fixture(autouse=True)
def quiet(build: Path) -> None:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        binary(build, "gateway")
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    why = obstacle()
    if why:
        pytest.skip(f"the hosts of a fleet cannot be made here: {why}")


@pytest.mark.takes(300)
@pytest.mark.parametrize("seed", WORLDS)
def test_a_fleet_whose_hosts_die_loses_nothing(tmp_path: Path, build: Path, seed: int) -> None:
    replaced, resharding = WORLDS[seed]
    verdict, nemesis = run(tmp_path, build, KILLS, seed, logs=build / "logs" / f"chaos-fleet-{seed}", replaced=replaced, resharding=resharding)
    print(verdict)
    assert not verdict.failures, str(verdict)
    assert nemesis.kills >= KILLS
    assert (verdict.counts["resharded"] + verdict.counts["resharding given up"] > 0) == resharding
    assert verdict.counts["ok"] > 100 * KILLS and verdict.counts["sessions taken over"] > KILLS / 2, "there was nothing to lose"


@pytest.mark.cluster
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_rule_of_a_fleet_is_caught(tmp_path: Path, build: Path, mutant: str) -> None:
    word, faults = MUTANTS[mutant]
    for round_ in range(ROUNDS):
        verdict, _ = run(tmp_path / str(round_), build, len(faults), SEED + round_, mutant, first=faults)
        if any(failure.startswith(word) for failure in verdict.failures):
            return
    pytest.fail(f"{mutant} got away {ROUNDS} times: {verdict}")
