"""The promise under a hundred kills; and the same test against gateways with one rule broken, which it has to catch."""
from __future__ import annotations

import logging
from pathlib import Path

import pytest

from chaos.run import run
from chaos.world import binary

# A hundred kills: two worlds side by side, each with its seed.
KILLS = 50
SEEDS = (20_26, 20_27)
SEED = SEEDS[0]
CLUSTER_KILLS = 12
# A mutant may be lucky for a few kills, and not for all of these rounds.
ROUNDS = 5
KILLS_A_ROUND = 14

# What each mutant is convicted of.
MUTANTS = {
    "commits_on_receipt": "lost:",
    "transient": "lost:",
    "acknowledges_early": "commands acknowledged before they were sent",
    "reorders": "out of order",
    "renames": "ids that are not theirs",
    "identifies": "identified without need",
    "hides_gaps": "lost sessions without exactly one gap",
    "hurries": "dialled more often than the back-off allows",
    "suspects": "good publishes given up",
}


# What it would have to wait for otherwise: a fault that is rare because it takes long.
FIRST = {"hurries": "broker_drops"}


@pytest.fixture(autouse=True)
def quiet(build: Path) -> None:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        binary(build, "gateway")
    except FileNotFoundError as missing:
        pytest.skip(str(missing))


@pytest.mark.takes(200)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_hundred_kills_lose_nothing(tmp_path: Path, build: Path, seed: int) -> None:
    verdict, nemesis = run(tmp_path, build, KILLS, seed, logs=build / "logs" / f"chaos-{seed}")
    print(verdict)
    assert not verdict.failures, str(verdict)
    assert nemesis.kills >= KILLS
    assert verdict.counts["ok"] > 2500 and verdict.counts["recovered"] > 50 and verdict.counts["commands"] > 25, "there was nothing to lose"


@pytest.mark.cluster
def test_nodes_of_a_cluster_that_die_lose_nothing(tmp_path: Path, build: Path) -> None:
    verdict, nemesis = run(tmp_path, build, CLUSTER_KILLS, SEED, logs=build / "logs" / "chaos", cluster=True)
    print(verdict)
    assert not verdict.failures, str(verdict)
    assert sum(count for what, count in nemesis.done.items() if "node" in what or "rolling" in what) > 2
    assert verdict.counts["ok"] > 2000 and verdict.counts["recovered"] > 100 and verdict.counts["commands"] > 20, "there was nothing to lose"


@pytest.mark.takes(40)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_rule_is_caught(tmp_path: Path, build: Path, mutant: str) -> None:
    for round_ in range(ROUNDS):
        verdict, _ = run(tmp_path / str(round_), build, KILLS_A_ROUND, SEED + round_, mutant, first=FIRST.get(mutant, ""))
        if any(failure.startswith(MUTANTS[mutant]) for failure in verdict.failures):
            return
    pytest.fail(f"{mutant} got away with {ROUNDS * KILLS_A_ROUND} kills")


@pytest.mark.cluster
def test_another_order_is_caught_on_a_cluster(tmp_path: Path, build: Path) -> None:
    """Where RabbitMQ itself brings some events late: that must not cover up for the gateway."""
    for round_ in range(ROUNDS):
        verdict, _ = run(tmp_path / str(round_), build, KILLS_A_ROUND, SEED + round_, "reorders", cluster=True)
        if any(failure.startswith(MUTANTS["reorders"]) for failure in verdict.failures):
            return
    pytest.fail(f"reorders got away with {ROUNDS * KILLS_A_ROUND} kills")
