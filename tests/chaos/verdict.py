"""What became of every event, session and command: the promise, checked."""
from __future__ import annotations

from typing import Any

from standin.session import Session

from chaos.report import Verdict
from chaos.world import SHARDS, World


# A thousand kills have some dozens of drops: one that is as unlikely as this is not one of them.
IMPOSSIBLE = 1e-9


class Sessions:
    """The sessions of a shard in their order, and which of them nobody could know of."""

    def __init__(self, world: World, shard: int) -> None:
        self.list: list[Session] = [each for each in world.standin.sessions if each.shard == shard]
        self.index = {each.session_id: number for number, each in enumerate(self.list)}
        gateway = next(each for each in world.gateways if shard in each.shards)
        # The process died before it heard of it, or before it was stored.
        self.orphans = self.index.keys() - gateway.knew()
        self.torn = gateway.torn


def covers(gap: dict[str, Any], sessions: Sessions, session: Session, seq: int) -> bool:
    here, new = sessions.index[session.session_id], sessions.index.get(gap["new_session"], -1)
    if here >= new:
        return False
    if gap["old_session"] is None:
        return True
    old = sessions.index.get(gap["old_session"], len(sessions.list))
    return here > old or (here == old and seq > gap["seq"])


def missing(world: World) -> tuple[list[str], int]:
    """Events that did not arrive: those that no gap declares, and how many are declared."""
    lost: list[str] = []
    declared = 0
    for shard in range(SHARDS):
        sessions = Sessions(world, shard)
        gaps = [copies[0] for copies in world.recorder.gaps.values() if copies[0]["shard"][0] == shard]
        for session in sessions.list:
            for seq, name in enumerate(session.names, 1):
                message_id = f"{session.session_id}:{seq}"
                if name != "MESSAGE_CREATE" or message_id in world.recorder.arrived:
                    continue
                if any(covers(gap, sessions, session, seq) for gap in gaps):
                    declared += 1
                else:
                    lost.append(f"shard {shard} {message_id}")
    return lost, declared


def late(world: World) -> list[tuple[str, str]]:
    """After removing copies, the serials of a shard only ever grow. What is behind a greater one: message-id, and in words."""
    last = [-1] * SHARDS
    seen: set[str] = set()
    found = []
    for arrival in world.recorder.arrivals:
        if arrival.message_id in seen:
            continue
        seen.add(arrival.message_id)
        if arrival.serial <= last[arrival.shard]:
            found.append((arrival.message_id, f"shard {arrival.shard}: {arrival.serial} after {last[arrival.shard]}"))
        last[arrival.shard] = max(last[arrival.shard], arrival.serial)
    return found


def judge_order(world: World, verdict: Verdict) -> None:
    open_ = dict(late(world))
    for reason, excused in world.reasons_to_be_late().items():
        verdict.counts[f"late: {reason}"] = len(open_.keys() & excused)
        open_ = {key: words for key, words in open_.items() if key not in excused}
    verdict.fail("out of order", list(open_.values()))


def wrong_ids(world: World) -> list[str]:
    return [f"{each.message_id} is shard {each.shard}, serial {each.serial}" for each in world.recorder.arrivals
            if world.sent.get(each.message_id) != (each.shard, each.serial)]


def judge_sessions(world: World, verdict: Verdict) -> None:
    needless, undeclared, strange, lost = [], [], [], 0
    for shard in range(SHARDS):
        sessions = Sessions(world, shard)
        declared: dict[str, int] = {}
        for copies in world.recorder.gaps.values():
            if copies[0]["shard"][0] == shard:
                declared[copies[0]["new_session"]] = declared.get(copies[0]["new_session"], 0) + 1
        for number, session in enumerate(sessions.list[1:], 1):
            before = sessions.list[number - 1]
            if before.session_id not in world.lost | sessions.orphans and before.ended_by not in ("heartbeats", "expiry"):
                needless.append(f"shard {shard} identified, though {before.session_id} was alive")
            if session.session_id in sessions.orphans:
                continue
            lost += 1
            gaps = declared.pop(session.session_id, 0)
            # What a torn file took along is part of the next gap, which has no old session.
            if gaps != 1 and not (gaps == 0 and session.session_id in sessions.torn):
                undeclared.append(f"shard {shard} {session.session_id}")
        strange += [f"shard {shard} {each}" for each in declared if each not in sessions.orphans]
    verdict.counts["sessions lost"] = lost
    verdict.counts["gaps declared"] = len(world.recorder.gaps)
    verdict.fail("identified without need", needless)
    verdict.fail("lost sessions without exactly one gap", undeclared)
    verdict.fail("gaps without a lost session", strange)
    verdict.fail("gaps whose copies differ", [key for key, copies in world.recorder.gaps.items() if any(each != copies[0] for each in copies)])


def judge_commands(world: World, verdict: Verdict) -> None:
    sent, early = world.commands_in_ledger()
    arrived = world.commands_arrived()
    verdict.counts["commands"] = len(world.commands)
    verdict.counts["commands arrived"] = len(world.commands & arrived)
    verdict.counts["commands cut on the wire"] = len((world.commands & sent) - arrived)
    verdict.fail("commands lost", sorted(world.commands - arrived - sent))
    verdict.fail("commands acknowledged before they were sent", sorted(early))


# Of lib/broker: a publish is given up, because connections end right behind it.
GIVEN_UP = "connections in a row have ended right behind this message"


def judge_connections(world: World, verdict: Verdict) -> None:
    """Every publish is a good one, and so none may be taken for what ends the connections."""
    said = [line for gateway in world.gateways for process in gateway.runs for line in process.err if GIVEN_UP in line]
    gaps = [key for key, copies in world.recorder.gaps.items() if copies[0]["old_session"] == copies[0]["new_session"]]
    verdict.counts["dials of peers that dropped"] = sum(each.dials for each in world.drops)
    verdict.fail("good publishes given up", said + gaps)
    verdict.fail("dialled more often than the back-off allows", [each for each in world.drops if each.chance() < IMPOSSIBLE])


def judge(world: World) -> Verdict:
    verdict = Verdict()
    arrivals = world.recorder.arrivals
    lost, declared = missing(world)
    verdict.counts["events"] = len(world.sent)
    verdict.counts["ok"] = len(world.recorder.arrived & world.sent.keys())
    verdict.counts["lost"] = len(lost)
    verdict.counts["duplicated"] = len(arrivals) - len({each.message_id for each in arrivals})
    verdict.counts["recovered"] = len(world.in_flight & world.recorder.arrived)
    verdict.counts["missing in a declared gap"] = declared
    verdict.fail("lost", lost)
    judge_order(world, verdict)
    verdict.fail("ids that are not theirs", wrong_ids(world))
    judge_sessions(world, verdict)
    judge_commands(world, verdict)
    judge_connections(world, verdict)
    # In a black hole nobody hears a heartbeat.
    verdict.fail("violations of Discord's rules", [each for each in world.standin.violations if each["reason"] != "missed heartbeats"])
    verdict.fail("errors", world.errors + [report for gateway in world.gateways for report in gateway.reports])
    return verdict
