"""The verdict on a world of two events and two sessions, in which one thing after the other is wrong."""
from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from standin.session import Session

from chaos.drops import Drops
from chaos.recorder import Arrival
from chaos.report import Verdict
from chaos.verdict import IMPOSSIBLE, judge


class Ledger(SimpleNamespace):
    def reasons_to_be_late(self) -> dict[str, set[str]]:
        return {"redelivered": self.recorder.redelivered, "refused": self.refused}

    def commands_in_ledger(self) -> tuple[set[int], set[int]]:
        return self.handed_over, self.early

    def commands_arrived(self) -> set[int]:
        return self.arrived_commands


def drops(*dials: int) -> Drops:
    """Of RabbitMQ, by so many clients, in eight seconds."""
    return Drops("RabbitMQ", 8.0, sum(dials), len(dials), base=0.25, cap=30.0)


def world_of(count: int) -> Any:
    """So many sessions of shard 0, each with two events that arrived; every one but the first begins with its gap."""
    sessions = [Session(0, 4, session_id=f"s{number}", names=["READY", "MESSAGE_CREATE", "MESSAGE_CREATE"], log=["", "", ""])
                for number in range(count)]
    sent = {f"s{number}:{seq}": (0, number * 2 + seq - 2) for number in range(count) for seq in (2, 3)}
    gaps = {f"s{number}:gap:1": [{"shard": [0, 4], "old_session": f"s{number - 1}", "new_session": f"s{number}", "seq": 3, "next": 1}]
            for number in range(1, count)}
    gateway = SimpleNamespace(shards=[0, 1, 2, 3], knew=lambda: {each.session_id for each in sessions}, torn=set(), reports=[],
                              runs=[SimpleNamespace(err=["gateway: publish under 0 failed: 312 NO_ROUTE"])])
    arrivals = [Arrival(key, shard, serial) for key, (shard, serial) in sent.items()]
    return Ledger(standin=SimpleNamespace(sessions=sessions, violations=[]), gateways=[gateway], sent=sent,
                  recorder=SimpleNamespace(arrivals=arrivals, arrived=set(sent), redelivered=set(), gaps=gaps),
                  lost={each.session_id for each in sessions[:-1]}, refused=set(), in_flight=set(), commands={1}, errors=[], drops=[drops(6, 7, 8, 9)],
                  handed_over={1}, early=set(), arrived_commands={1})


def lose_last_event(world: Any) -> None:
    world.recorder.arrived.discard("s1:3")
    world.recorder.arrivals.pop()


def lose_event_before_the_gap(world: Any) -> None:
    """Sequence 3 was committed, says the gap: then it cannot be what the gap declares."""
    world.recorder.arrived.discard("s0:3")
    world.recorder.arrivals = [each for each in world.recorder.arrivals if each.message_id != "s0:3"]


def swap(world: Any) -> None:
    first, second, *rest = world.recorder.arrivals
    world.recorder.arrivals = [second, first, *rest]


def rename_a_copy(world: Any) -> None:
    last = world.recorder.arrivals[-1]
    world.recorder.arrivals.append(Arrival("s1:3:again", last.shard, last.serial))


def identify_needlessly(world: Any) -> None:
    world.lost.clear()


def forget_a_gap(world: Any) -> None:
    world.recorder.gaps.clear()


def declare_twice(world: Any) -> None:
    world.recorder.gaps["s1:gap:2"] = [dict(world.recorder.gaps["s1:gap:1"][0], next=2)]


def declare_for_nothing(world: Any) -> None:
    world.recorder.gaps["s0:gap:1"] = [dict(world.recorder.gaps["s1:gap:1"][0], new_session="s0")]


def change_a_copy_of_a_gap(world: Any) -> None:
    copies = world.recorder.gaps["s1:gap:1"]
    copies.append(dict(copies[0], seq=2))


def lose_a_command(world: Any) -> None:
    world.handed_over.clear()
    world.arrived_commands.clear()


def acknowledge_early(world: Any) -> None:
    world.early.add(1)


def break_a_rule(world: Any) -> None:
    world.standin.violations.append({"reason": "rate limit"})


def give_a_publish_up(world: Any) -> None:
    world.gateways[0].runs[0].err.append("gateway: publish under MESSAGE_CREATE failed: 5 connections in a row have ended right behind this "
                                         "message, which was alone on its way: it is given up. The last one: reset")


def declare_a_gap_in_a_session(world: Any) -> None:
    world.recorder.gaps["s1:gap:3"] = [dict(world.recorder.gaps["s1:gap:1"][0], old_session="s1", seq=2, next=4)]


def dial_without_backing_off(world: Any) -> None:
    world.drops.append(drops(30, 31, 29, 30))


WRONGS: dict[Callable[[Any], None], str] = {
    lose_last_event: "lost:",
    lose_event_before_the_gap: "lost:",
    swap: "out of order:",
    rename_a_copy: "ids that are not theirs:",
    identify_needlessly: "identified without need:",
    forget_a_gap: "lost sessions without exactly one gap:",
    declare_twice: "lost sessions without exactly one gap:",
    declare_for_nothing: "gaps without a lost session:",
    change_a_copy_of_a_gap: "gaps whose copies differ:",
    lose_a_command: "commands lost:",
    acknowledge_early: "commands acknowledged before they were sent:",
    break_a_rule: "violations of Discord's rules:",
    give_a_publish_up: "good publishes given up:",
    declare_a_gap_in_a_session: "good publishes given up:",
    dial_without_backing_off: "dialled more often than the back-off allows:",
}


def failures(verdict: Verdict) -> list[str]:
    return [each.split(":")[0] + ":" for each in verdict.failures]


def test_a_good_world_is_acquitted() -> None:
    world = world_of(3)
    world.recorder.arrivals += world.recorder.arrivals[2:]  # copies, late ones
    verdict = judge(world)
    assert failures(verdict) == []
    assert verdict.counts["ok"] == 6 and verdict.counts["duplicated"] == 4 and verdict.counts["gaps declared"] == 2


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda each: each.__name__)
def test_one_wrong_is_enough(wrong: Callable[[Any], None]) -> None:
    world = world_of(2)
    wrong(world)
    assert WRONGS[wrong] in failures(judge(world))


def test_what_a_gap_declares_is_not_lost() -> None:
    world = world_of(2)
    lose_event_before_the_gap(world)
    world.recorder.gaps["s1:gap:1"][0]["seq"] = 2
    verdict = judge(world)
    assert failures(verdict) == [] and verdict.counts["missing in a declared gap"] == 1


def be_redelivered(world: Any, message_id: str) -> None:
    world.recorder.redelivered.add(message_id)


def be_refused(world: Any, message_id: str) -> None:
    world.refused.add(message_id)


@pytest.mark.parametrize(("excuse", "reason"), [(be_redelivered, "redelivered"), (be_refused, "refused")])
def test_only_what_has_a_reason_may_come_late(excuse: Callable[[Any, str], None], reason: str) -> None:
    """The reason of one event excuses that event, and neither the one before it nor the ones behind it."""
    world = world_of(3)
    swap(world)
    excuse(world, "s0:3")  # the one that came early
    excuse(world, "s1:2")
    assert failures(judge(world)) == ["out of order:"]
    excuse(world, "s0:2")
    verdict = judge(world)
    assert failures(verdict) == [] and verdict.counts[f"late: {reason}"] == 1


def test_behind_an_event_that_is_late_all_others_have_to_be_in_order() -> None:
    """0, 3, 1 (comes again), 2: what is redelivered must not hide that the next one is late too."""
    world = world_of(2)
    first, second, third, fourth = world.recorder.arrivals
    world.recorder.arrivals = [first, fourth, second, third]
    world.recorder.redelivered = {second.message_id}
    assert failures(judge(world)) == ["out of order:"]
    world.recorder.redelivered = {second.message_id, third.message_id}
    assert failures(judge(world)) == []


def test_a_session_that_was_never_stored_is_part_of_the_next_gap() -> None:
    world = world_of(3)
    world.gateways[0].knew = lambda: {"s0", "s2"}
    world.lost = {"s0"}
    del world.recorder.gaps["s1:gap:1"]
    world.recorder.gaps["s2:gap:1"][0]["old_session"] = "s0"
    assert failures(judge(world)) == []


def test_what_a_torn_file_took_along_is_part_of_the_next_gap() -> None:
    world = world_of(3)
    world.gateways[0].torn = {"s1"}
    del world.recorder.gaps["s1:gap:1"]
    world.recorder.gaps["s2:gap:1"][0]["old_session"] = None
    assert failures(judge(world)) == []


def dials_by_the_rule(random_: random.Random, each: Drops) -> int:
    """How often one client dials, that starts with the span and keeps to the back-off."""
    dials, time_ = 0, 0.0
    while time_ < each.seconds:
        dials += 1
        time_ += random_.uniform(0, min(each.base * 2.0 ** (dials - 1), each.cap))
    return dials


def test_who_keeps_to_the_back_off_is_never_convicted() -> None:
    random_ = random.Random(1)
    span = drops(0)
    counts = [dials_by_the_rule(random_, span) for _ in range(20000)]
    assert min(Drops("RabbitMQ", span.seconds, each, 1, span.base, span.cap).chance() for each in counts) > IMPOSSIBLE
    # It is an upper bound, and one that is worth something.
    for dials in range(8, 11):
        share = sum(each >= dials for each in counts) / len(counts)
        assert share <= drops(dials).chance() <= 100 * share + 1e-3


def test_of_several_clients_the_busiest_is_judged() -> None:
    assert drops(14, 14, 14, 14).chance() == drops(14).chance() == drops(1, 14, 1, 37).chance()
