"""What became of every event, identify and session of a fleet: a function of the history, in Jepsen's words."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Optional

from chaos.report import Verdict

from chaos.fleet.history import History, Identify, Life

IDENTIFY_SPACE = 5.0  # seconds between two identifies of a bucket, of Discord
BLAMELESS = ("missed heartbeats", "identified too fast")  # violations: where nobody hears a heartbeat; and what judge_pace() looks at


class Known:
    """The sessions that somebody can know of: those that were stored. Of the others, the owner died before its record was there."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._published = {each.message_id.split(":")[0] for each in history.arrivals}
        for copies in history.gaps.values():
            self._published |= {copies[0]["new_session"], copies[0]["old_session"]}
        owners = {each.session_id: each.member for each in history.sessions}
        self._resumed = {each.session_id for each in history.resumes if owners.get(each.session_id) != each.member}

    def is_stored(self, life: Life) -> bool:
        """An event of a new session is published when the session is stored; who resumes the session of another gateway has read it, and so has
        whoever declares a gap behind it."""
        return life.session_id in self._published or life.session_id in self._resumed

    def is_orphan(self, life: Life, until: float) -> bool:
        """Not stored, and something happened that explains why."""
        return not self.is_stored(life) and any(each.concerns(life.member) and each.begun <= until and each.echo >= life.begun
                                                for each in self._history.troubles)


# ---- Events ----

def covers(gap: dict[str, Any], places: dict[str, int], life: Life, seq: int) -> bool:
    """Whether the gap declares this event of this session."""
    here, new, old = (places.get(each, -1) for each in (life.session_id, gap["new_session"], gap["old_session"] or ""))
    return old != -1 and here < new and (here > old or (here == old and seq > gap["seq"]))


def missing(history: History) -> tuple[list[str], int, int]:
    """Events that came by none of their message-ids: those that no gap declares, and how many are declared; and how many events there were."""
    arrived = {each.message_id for each in history.arrivals}
    lost: list[str] = []
    declared = total = 0
    for shard in range(history.shards):
        lives = history.of_shard(shard)
        places = {each.session_id: number for number, each in enumerate(lives)}
        gaps = [copies[0] for copies in history.gaps.values() if copies[0]["shard"][0] == shard]
        copies_of: dict[int, list[tuple[Life, int]]] = {}
        for life in lives:
            for seq, serial in life.events.items():
                copies_of.setdefault(serial, []).append((life, seq))
        total += len(copies_of)
        for serial, copies in copies_of.items():
            if any(f"{life.session_id}:{seq}" in arrived for life, seq in copies):
                continue
            if any(covers(gap, places, life, seq) for gap in gaps for life, seq in copies):
                declared += 1
            else:
                lost.append(f"shard {shard} serial {serial} {copies[0][0].session_id}:{copies[0][1]}")
    return lost, declared, total


def late(history: History) -> list[tuple[str, str]]:
    """After removing copies, the serials of a shard only ever grow. What is behind a greater one: message-id, and in words."""
    last: dict[int, int] = {}
    seen: set[str] = set()
    found = []
    for each in history.arrivals:
        if each.message_id in seen:
            continue
        seen.add(each.message_id)
        if each.serial <= last.get(each.shard, -1):
            found.append((each.message_id, f"shard {each.shard}: {each.serial} after {last[each.shard]} ({each.message_id})"))
        last[each.shard] = max(last.get(each.shard, -1), each.serial)
    return found


def declared_missing(history: History) -> set[str]:
    """The message-ids of events that a gap declares. A gateway that was cut off may bring them after all, behind those of the new session."""
    found = set()
    for shard in range(history.shards):
        lives = history.of_shard(shard)
        places = {each.session_id: number for number, each in enumerate(lives)}
        gaps = [copies[0] for copies in history.gaps.values() if copies[0]["shard"][0] == shard]
        found |= {f"{life.session_id}:{seq}" for life in lives for seq in life.events if any(covers(gap, places, life, seq) for gap in gaps)}
    return found


def judge_order(history: History, verdict: Verdict) -> None:
    open_ = dict(late(history))
    reasons = (("redelivered", history.redelivered), ("refused", history.refused), ("refused without a word", history.unanswered),
               ("in a declared gap", declared_missing(history)))
    for reason, excused in reasons:
        verdict.counts[f"late: {reason}"] = len(open_.keys() & excused)
        open_ = {key: words for key, words in open_.items() if key not in excused}
    verdict.fail("out of order", list(open_.values()))


def wrong_ids(history: History) -> list[str]:
    sent = {f"{life.session_id}:{seq}": (life.shard, serial) for life in history.sessions for seq, serial in life.events.items()}
    return [f"{each.message_id} is shard {each.shard}, serial {each.serial}" for each in history.arrivals
            if sent.get(each.message_id) != (each.shard, each.serial)]


def judge_events(history: History, verdict: Verdict) -> None:
    lost, declared, total = missing(history)
    ids = {each.message_id for each in history.arrivals}
    verdict.counts["events"] = total
    verdict.counts["ok"] = total - len(lost) - declared
    verdict.counts["lost"] = len(lost)
    verdict.counts["duplicated"] = len(history.arrivals) - len(ids)
    verdict.counts["missing in a declared gap"] = declared
    verdict.fail("lost", lost)
    judge_order(history, verdict)
    verdict.fail("ids that are not theirs", wrong_ids(history))


# ---- Identifies ----

def too_close(history: History) -> Iterator[tuple[Identify, Identify]]:
    for bucket in range(history.concurrency):
        for one, other in pairwise(each for each in history.identifies if each.shard % history.concurrency == bucket):
            if other.at - one.at < IDENTIFY_SPACE - one.late:
                yield one, other


def judge_pace(history: History, verdict: Verdict) -> None:
    """Over all gateways. Nobody can call bytes back that were on their way when the line was cut or the process was stopped."""
    close = list(too_close(history))
    wrong = [pair for pair in close if not any(map(history.delayed, pair))]
    verdict.counts["identifies"] = len(history.identifies)
    verdict.counts["identifies kept back on their way"] = len(close) - len(wrong)
    verdict.fail("two identifies of a bucket in five seconds", [
        f"shards {one.shard} ({one.member}) and {other.shard} ({other.member}), {other.at - one.at:.2f} s at {one.at:.2f}" for one, other in wrong])


def judge_budget(history: History, verdict: Verdict) -> None:
    verdict.counts["identifies left, at least"] = min((each.remaining for each in history.identifies), default=0)
    verdict.fail("over the day's identifies", [f"shard {each.shard} by {each.member}: {each.remaining} left of a reserve of {history.reserve}"
                                               for each in history.identifies if each.remaining < history.reserve])


# ---- Sessions ----

def identify_of(history: History, life: Life) -> Optional[Identify]:
    """What the session began with."""
    found = [each for each in history.identifies if each.shard == life.shard and each.at <= life.begun]
    return found[-1] if found else None


def is_excused(history: History, life: Life) -> bool:
    asked = identify_of(history, life)
    return asked is not None and history.delayed(asked) is not None


def judge_need(history: History, known: Known, verdict: Verdict) -> None:
    """Who identifies has lost the session before. Two that live at once are two owners, or a needless identify."""
    owners, needless, excused = [], [], 0
    for shard in range(history.shards):
        lives = history.of_shard(shard)
        for number, life in enumerate(lives):
            alive = [each for each in lives[:number] if each.ended > life.begun and not known.is_orphan(each, life.begun)]
            if not alive:
                continue
            before = alive[-1]
            words = f"shard {shard}: {life.member} identified at {life.begun:.2f}, and {before.session_id} of {before.member} was alive"
            if is_excused(history, life) or is_excused(history, before):
                excused += 1
            elif before.member != life.member:
                owners.append(words)
            else:
                needless.append(words)
    verdict.counts["second sessions kept back on their way"] = excused
    verdict.fail("two owners that both identified", owners)
    verdict.fail("identified without need", needless)


def judge_ends(history: History, known: Known, verdict: Verdict) -> None:
    """A gateway ends a session for good only when nobody could know of it."""
    verdict.fail("stored sessions that a gateway has ended", [
        f"shard {each.shard} {each.session_id} of {each.member} at {each.ended:.2f}" for each in history.sessions
        if each.ended_by == "client" and known.is_stored(each)])


def judge_gaps(history: History, known: Known, verdict: Verdict) -> None:
    """Every lost session has exactly one gap record: that of the session which came after it, and was stored."""
    declared = Counter(copies[0]["new_session"] for copies in history.gaps.values())
    undeclared = []
    lost = orphans = 0
    for shard in range(history.shards):
        lives = history.of_shard(shard)
        for number, life in enumerate(lives):
            count = declared.pop(life.session_id, 0)
            if not known.is_stored(life):
                orphans += 1
            elif any(known.is_stored(each) for each in lives[:number]):
                lost += 1
                if count != 1:
                    undeclared.append(f"shard {shard} {life.session_id}: {count}")
            elif count:
                undeclared.append(f"shard {shard} {life.session_id}: {count}, and it is the first one")
    verdict.counts["sessions lost"] = lost
    verdict.counts["gaps declared"] = len(history.gaps)
    verdict.counts["sessions that were never stored"] = orphans
    verdict.fail("lost sessions without exactly one gap", undeclared)
    verdict.fail("gaps without a lost session", sorted(map(str, declared)))
    verdict.fail("gaps that know no session before", [key for key, copies in history.gaps.items() if copies[0]["old_session"] is None])
    verdict.fail("gaps whose copies differ", [key for key, copies in history.gaps.items() if any(each != copies[0] for each in copies)])


def taken_over(history: History) -> int:
    """How often a gateway resumed what another one had."""
    owners = {each.session_id: each.member for each in history.sessions}
    count = 0
    for each in history.resumes:
        count += owners.get(each.session_id, each.member) != each.member
        owners[each.session_id] = each.member
    return count


def judge(history: History) -> Verdict:
    verdict = Verdict()
    known = Known(history)
    judge_events(history, verdict)
    judge_pace(history, verdict)
    judge_budget(history, verdict)
    judge_need(history, known, verdict)
    judge_ends(history, known, verdict)
    judge_gaps(history, known, verdict)
    verdict.counts["sessions resumed"] = len(history.resumes)
    verdict.counts["sessions taken over"] = taken_over(history)
    verdict.fail("violations of Discord's rules", [each for each in history.violations if each["reason"] not in BLAMELESS])
    verdict.fail("shards that nobody serves in the end", history.unserved)
    verdict.fail("errors", history.errors)
    return verdict
