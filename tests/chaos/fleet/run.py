"""Chaos for a fleet: python3 tests/chaos/fleet/run.py BUILD [kills] [seed] [binary] [closed|kept] [reshards|keeps]. See doc/fleet.md."""
from __future__ import annotations

import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Optional

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.namespaces import obstacle

from chaos.fleet.history import History
from chaos.fleet.hosts import Machines
from chaos.fleet.nemesis import Nemesis
from chaos.fleet.verdict import judge, missing
from chaos.fleet.world import World
from chaos.report import Verdict, conclude
from chaos.world import binary

PATIENT = 60.0  # seconds without progress; a mutant is to be caught, and not to be waited for
IMPATIENT = 20.0
REPLACED = ("closed", "kept")


def find_unserved(world: World, patience: float) -> list[int]:
    """A shard that moves to another gateway just now is served soon."""
    try:
        world.await_served(patience)
        time.sleep(3.0)
        world.await_served(patience)
        return []
    except TimeoutError:
        return sorted(set(range(world.number())) - world.served())


def settle(world: World, patience: float) -> History:
    """All faults are healed: what is to come, comes. What does not come any more is the verdict's."""
    unserved = find_unserved(world, patience)
    connected = sorted(world.connected_numbers())
    world.stop_feeding()
    last, since = -1, time.monotonic()
    while time.monotonic() - since < patience and missing(world.history())[0]:
        if len(world.recorder.arrivals) != last:
            last, since = len(world.recorder.arrivals), time.monotonic()
        time.sleep(0.5)
    for gateway in world.gateways.values():
        gateway.look()
        if gateway.process and gateway.stop() != 0:
            world.errors.append(f"the end of {gateway.name}: {gateway.runs[-1].said()}")
    world.wait(world.is_drained, 60, "an empty queue of events")
    return world.history(unserved, connected)


def leave_logs(world: World, history: Optional[History], folder: Path) -> None:
    """For whoever wants to know why it failed."""
    folder.mkdir(parents=True, exist_ok=True)
    for gateway in world.gateways.values():
        gateway.write_log(folder)
    history = history or world.history()
    (folder / "gaps.json").write_text(json.dumps(history.gaps, indent=1))
    (folder / "arrivals").write_text("\n".join(f"{each.at:.3f} {each.serial} {each.message_id} {each.shards} {each.digest[:8] or '-'}"
                                               for each in history.arrivals))
    lines = [(each.begun, f"session {each.session_id} of shard {each.shard} of {each.count} by {each.member}, until {each.ended:.2f} {each.ended_by}")
             for each in history.sessions]
    lines += [(each.at, f"IDENTIFY of shard {each.shard} of {each.count} by {each.member}, {each.remaining} left, {each.late:.2f} late")
              for each in history.identifies]
    lines += [(each.at, f"RESUMED {each.session_id} by {each.member}") for each in history.resumes]
    lines += [(each.begun, f"{each.kind} {each.member} until {each.over:.2f}") for each in history.troubles]
    lines += [(each.begun, f"from {each.before} to {each.wanted} shards, until {each.over:.2f}: {each.after}") for each in history.ways]
    now, unix = time.monotonic(), time.time()
    (folder / "journal").write_text("\n".join(
        f"{time.strftime('%H:%M:%S', time.gmtime(unix - now + at))} {at:.2f} {words}" for at, words in sorted(lines)))


def torment(world: World, nemesis: Nemesis, kills: int, first: Sequence[str]) -> None:
    """Shards that do not come back are a failure like any other, and the rest is still judged."""
    try:
        nemesis.rehearse(first)
        nemesis.torment(kills)
        nemesis.await_way()
    except TimeoutError as why:
        world.errors.append(str(why))
        nemesis.heal()
        nemesis.await_way()
    finally:
        nemesis.dismiss_operator()


def run(folder: Path, build: Path, kills: int, seed: int, name: str = "gateway", logs: Optional[Path] = None, replaced: str = "closed",
        first: Sequence[str] = (), say: Callable[[str], object] = lambda _: None, resharding: bool = True) -> tuple[Verdict, Nemesis]:
    """first: the faults that the nemesis begins with, by name. kills: with these. say: hears of each fault. resharding: the fleet goes to
    other numbers of shards meanwhile."""
    random_ = random.Random(seed)
    machines = Machines()
    with machines.outside():
        world = World(folder, binary(build, name), machines, replaced)
        history = None
        try:
            world.start()
            nemesis = Nemesis(world, random_, say, resharding)
            torment(world, nemesis, kills, first)
            history = settle(world, PATIENT if name == "gateway" else IMPATIENT)
            verdict = judge(history)
            if logs:
                leave_logs(world, history, logs)
            return verdict, nemesis
        except BaseException:
            if logs and hasattr(world, "standin"):
                leave_logs(world, history, logs)
            raise
        finally:
            world.close()


def main() -> int:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it warns of every connection that is cut
    why = obstacle()
    if why:
        print(f"the hosts of a fleet cannot be made here: {why}")
        return 77
    words = sys.argv[2:]
    build = Path(sys.argv[1]).resolve()
    kills = int(words[0]) if words else 100
    seed = int(words[1]) if len(words) > 1 else random.SystemRandom().randrange(1 << 32)
    name = words[2] if len(words) > 2 else "gateway"
    replaced = words[3] if len(words) > 3 else random.Random(seed).choice(REPLACED)
    resharding = len(words) < 5 or words[4] != "keeps"
    print(f"{kills} kills, seed {seed}; a connection whose session is resumed elsewhere is {replaced}", flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-fleet-") as folder:
        verdict, nemesis = run(Path(folder), build, kills, seed, name, build / f"chaos-fleet-{seed}", replaced,
                               say=lambda line: print(line, flush=True), resharding=resharding)
    return conclude(verdict, nemesis.done, nemesis.kills, seed)


if __name__ == "__main__":
    sys.exit(main())
