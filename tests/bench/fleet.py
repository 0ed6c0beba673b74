"""How long a slot of a fleet is served by nobody: leases of real processes over three RabbitMQ nodes, whose owner is killed, stopped,
hands over, or loses its node. Each sample is a slot, from the fault until another process may RESUME its shards. Each time it is also
held that the next owner knows what was stored last.

    fleet.py BUILD [ROUNDS] [SLOTS]"""
from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.cluster import RabbitCluster
from support.leases import LeaseTool, now

MEMBERS = ("one", "two", "three")
Fault = Callable[["Fleet", str], None]


class Fleet:
    def __init__(self, build: Path, cluster: RabbitCluster, slots: int) -> None:
        self.build, self.cluster, self.slots = build, cluster, slots
        self.members: dict[str, LeaseTool] = {}
        for name in MEMBERS:
            self.start(name)

    def start(self, name: str) -> None:
        """Each member at a node of its own, as long as that runs."""
        self.members[name] = LeaseTool(self.build, name, self.slots, self.url(name))

    def url(self, name: str) -> str:
        return self.cluster.nodes[MEMBERS.index(name)].url()

    def owner(self) -> str:
        """Who serves most slots, when all are served."""
        shown = next(iter(self.members.values()))
        shown.wait_for(lambda: set().union(*(each.serves() for each in self.members.values())) >= set(range(self.slots)), 120, "all slots served")
        return max(self.members, key=lambda name: len(self.members[name].serves()))

    def measure(self, fault: Fault) -> list[float]:
        """Seconds, for each slot."""
        owner = self.owner()
        victim = self.members[owner]
        slots = victim.serves()
        others = [each for name, each in self.members.items() if name != owner]
        begun = now()
        fault(self, owner)
        found: dict[int, dict[str, int]] = {}

        def is_found() -> bool:
            for each in others:
                found.update(each.told("SERVES", begun))
            return set(found) >= slots

        others[0].wait_for(is_found, 120, f"others that serve {sorted(slots)}")
        stored = victim.stored()
        behind = [slot for slot in slots if found[slot]["seq"] < stored.get(slot, 0)]
        if behind:
            raise AssertionError(f"slots {behind} went on from before what was stored: {[(found[slot], stored[slot]) for slot in behind]}")
        self.mend(owner)
        return [max(0.0, found[slot]["at"] / 1000 - begun) for slot in slots]

    def mend(self, owner: str) -> None:
        """All are there again, and whoever was stopped has seen that its time is over."""
        victim = self.members[owner]
        self.cluster.heal()
        if victim.running():
            victim.signal(signal.SIGCONT)
            victim.wait_for(lambda: not victim.serves(), 60, "the end of its leases")
        else:
            self.start(owner)
        self.members[owner].wait_for(self.members[owner].running, 10)

    def stop(self) -> None:
        for each in self.members.values():
            each.kill()


def kill(fleet: Fleet, owner: str) -> None:
    fleet.members[owner].kill()


def hang(fleet: Fleet, owner: str) -> None:
    fleet.members[owner].signal(signal.SIGSTOP)


def hand_over(fleet: Fleet, owner: str) -> None:
    fleet.members[owner].write("release")


def kill_with_node(fleet: Fleet, owner: str) -> None:
    fleet.cluster.nodes[MEMBERS.index(owner)].kill_beam()
    fleet.members[owner].kill()


FAULTS: dict[str, Fault] = {
    "killed (kill -9)": kill,
    "killed together with its RabbitMQ node": kill_with_node,
    "hung (SIGSTOP), heartbeat 4 s": hang,
    "hands over": hand_over,
}


def percentile(samples: list[float], share: float) -> float:
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * share))]


def row(name: str, samples: list[float]) -> str:
    p50, p99, worst = (f"{value * 1000:.0f}" for value in (percentile(samples, 0.5), percentile(samples, 0.99), max(samples)))
    return f"| {name} | {len(samples)} | {p50} | {p99} | {worst} |"


def main() -> None:
    build = Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    slots = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    folder = Path(tempfile.mkdtemp(prefix="spectacles-fleet-"))
    try:
        with RabbitCluster(folder) as cluster:
            print(f"{cluster.nodes[0].ctl('version').strip()}, three nodes, {slots} slots, {rounds} rounds; milliseconds\n", flush=True)
            print("| the owner | samples | p50 | p99 | worst |\n|---|---|---|---|---|", flush=True)
            fleet = Fleet(build, cluster, slots)
            try:
                for name, fault in FAULTS.items():
                    print(row(name, [each for _ in range(rounds) for each in fleet.measure(fault)]), flush=True)
            finally:
                fleet.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
