"""Chaos: python3 tests/chaos/run.py BUILD [cluster] [kills] [seed] [binary]. See doc/guarantees.md."""
from __future__ import annotations

import json
import logging
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Optional

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chaos.brokers import OneNode, ThreeNodes
from chaos.nemesis import Nemesis
from chaos.report import Verdict, conclude
from chaos.verdict import judge, missing
from chaos.world import SHARDS, World, binary


PATIENT = 60  # seconds without progress; a mutant is to be caught, and not to be waited for
IMPATIENT = 15


def settle(world: World, patience: int) -> None:
    """All faults are healed: what is to come, comes. What does not come any more is the verdict's."""
    world.standin.wait_ready(*range(SHARDS), timeout=60)
    world.stop_feeding()
    last, since = -1, time.monotonic()
    while time.monotonic() - since < patience:
        sent, _ = world.commands_in_ledger()
        open_ = len(missing(world)[0]) + len(world.commands - world.commands_arrived() - sent)
        if open_ == 0:
            break
        progress = len(world.recorder.arrivals) + len(sent)
        if progress != last:
            last, since = progress, time.monotonic()
        time.sleep(0.2)
    for gateway in world.gateways:
        if gateway.stop() != 0:
            world.errors.append(f"the gateway's end: {gateway.process.said()}")
    # Copies that are still in the queue say why an event came late.
    world.wait(world.is_drained, 60, "an empty queue of events")


def leave_logs(world: World, folder: Path) -> None:
    """For whoever wants to know why it failed."""
    folder.mkdir(parents=True, exist_ok=True)
    for gateway in world.gateways:
        gateway.write_log(folder)
    (folder / "gaps.json").write_text(json.dumps(world.recorder.gaps, indent=1))
    sessions = [f"{each.shard} {each.session_id} {each.seq} {each.ended_by}" for each in world.standin.sessions]
    (folder / "sessions").write_text("\n".join(sessions))


def run(folder: Path, build: Path, kills: int, seed: int, name: str = "gateway", logs: Optional[Path] = None,
        first: str = "", cluster: bool = False) -> tuple[Verdict, Nemesis]:
    """first: the fault that the nemesis begins with, by name; without it, as the seed wishes."""
    random_ = random.Random(seed)
    world = World(folder, binary(build, name), random_, (ThreeNodes if cluster else OneNode)(folder / "rabbit"))
    try:
        world.start()
        nemesis = Nemesis(world, random_)
        if first:
            nemesis.do(getattr(nemesis, first))
        nemesis.torment(kills)
        settle(world, PATIENT if name == "gateway" else IMPATIENT)
        verdict = judge(world)
        if verdict.failures and logs:
            leave_logs(world, logs)
        return verdict, nemesis
    except BaseException:
        if logs:
            leave_logs(world, logs)
        raise
    finally:
        world.close()


def main() -> int:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it warns of every connection that is cut
    cluster = "cluster" in sys.argv[2:3]
    words = sys.argv[3 if cluster else 2:]
    build = Path(sys.argv[1]).resolve()
    kills = int(words[0]) if words else 100
    seed = int(words[1]) if len(words) > 1 else random.SystemRandom().randrange(1 << 32)
    name = words[2] if len(words) > 2 else "gateway"
    print(f"{kills} kills, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        verdict, nemesis = run(Path(folder), build, kills, seed, name, build / f"chaos-{seed}", cluster=cluster)
    return conclude(verdict, nemesis.done, nemesis.kills, seed)


if __name__ == "__main__":
    sys.exit(main())
