"""What became of every event, identify and session of a fleet: a function of the history, in Jepsen's words."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Optional

from chaos.report import Verdict

from chaos.fleet.copies import PAIR_TIME, kept, twice
from chaos.fleet.history import NEVER, Arrival, History, Identify, Life

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

class Line:
    """The sessions of a shard, one after the other, with the gaps between them."""

    def __init__(self, history: History, lives: list[Life]) -> None:
        self.lives, self._guilds = lives, history.guilds
        self.places = {each.session_id: place for place, each in enumerate(lives)}
        self._gaps = [copies[0] for copies in history.gaps.values() if {copies[0]["new_session"], copies[0]["old_session"]} <= self.places.keys()]
        self._first = [NEVER]  # by place: the earliest event of that session or a later one
        for life in reversed(lives):
            self._first.insert(0, min(self._first[0], min(life.events.values(), default=NEVER)))
        self._spans = [self._span(gap) for gap in self._gaps]

    def _span(self, gap: dict[str, Any]) -> tuple[float, float]:
        """Between which serials the gap is, so that it declares also what no session of this shard was there for."""
        old = self.places[gap["old_session"]]
        known = [serial for place, life in enumerate(self.lives[:old + 1]) for seq, serial in life.events.items()
                 if place < old or seq <= gap["seq"]]
        return max(known, default=-1), self._first[self.places[gap["new_session"]]]

    def declares(self, life: Life, seq: int) -> bool:
        here = self.places[life.session_id]
        for gap in self._gaps:
            old, new = self.places[gap["old_session"]], self.places[gap["new_session"]]
            if old <= here < new and (here > old or seq > gap["seq"]):
                return True
        return False

    def spans(self, serial: int) -> bool:
        """Whether it is of this shard, and in a gap."""
        life = self.lives[0]
        return serial % self._guilds % life.count == life.shard and any(begin < serial < end for begin, end in self._spans)


def lines_of(history: History) -> list[Line]:
    return [Line(history, lives) for lives in history.lines()]


def missing(history: History) -> tuple[list[str], int, int]:
    """Events that came by none of their message-ids: those that no gap declares, and how many are declared; and how many events there were.

    A shard of either number brings an event, and while one of them is silent, a gap of the other one declares it."""
    arrived = {each.message_id for each in history.arrivals}
    lines = lines_of(history)
    copies_of: dict[int, list[tuple[Line, Life, int]]] = {serial: [] for serial in history.nowhere}
    for line in lines:
        for life in line.lives:
            for seq, serial in life.events.items():
                copies_of.setdefault(serial, []).append((line, life, seq))
    lost: list[str] = []
    declared = 0
    for serial, copies in copies_of.items():
        if any(f"{life.session_id}:{seq}" in arrived for _, life, seq in copies):
            continue
        if any(line.declares(life, seq) for line, life, seq in copies) or any(line.spans(serial) for line in lines):
            declared += 1
        else:
            lost.append(f"serial {serial} of " + (", ".join(f"shard {life.shard} of {life.count} {life.session_id}:{seq}" for _, life, seq in copies)
                                                  or "no session"))
    return lost, declared, len(copies_of)


def late(history: History) -> list[tuple[str, str]]:
    """After removing copies, the serials of a shard only ever grow. What is behind a greater one: message-id, and in words."""
    line_of = {session: number for number, line in enumerate(lines_of(history)) for session in line.places}
    life_of = {each.session_id: each for each in history.sessions}
    last: dict[int, int] = {}
    seen: set[str] = set()
    found = []
    for each in history.arrivals:
        session = each.message_id.split(":")[0]
        if each.message_id in seen or session not in line_of:
            continue
        seen.add(each.message_id)
        line, life = line_of[session], life_of[session]
        if each.serial <= last.get(line, -1):
            found.append((each.message_id, f"shard {life.shard} of {life.count}: {each.serial} after {last[line]} ({each.message_id})"))
        last[line] = max(last.get(line, -1), each.serial)
    return found


def declared_missing(history: History) -> set[str]:
    """The message-ids of events that a gap declares. A gateway that was cut off may bring them after all, behind those of the new session."""
    return {f"{life.session_id}:{seq}" for line in lines_of(history) for life in line.lives for seq in life.events if line.declares(life, seq)}


def judge_order(history: History, verdict: Verdict) -> None:
    open_ = dict(late(history))
    reasons = (("redelivered", history.redelivered), ("refused", history.refused), ("refused without a word", history.unanswered),
               ("in a declared gap", declared_missing(history)))
    for reason, excused in reasons:
        verdict.counts[f"late: {reason}"] = len(open_.keys() & excused)
        open_ = {key: words for key, words in open_.items() if key not in excused}
    verdict.fail("out of order", list(open_.values()))


def wrong_ids(history: History) -> list[str]:
    sent = {f"{life.session_id}:{seq}": serial for life in history.sessions for seq, serial in life.events.items()}
    return [f"{each.message_id} is serial {each.serial}" for each in history.arrivals if sent.get(each.message_id) != each.serial]


def wrong_marks(history: History) -> list[str]:
    """The number of shards is that of the session, and the digest is the same for all copies of an event."""
    counts = {each.session_id: each.count for each in history.sessions}
    digests: dict[int, str] = {}
    return [f"{each.message_id} (serial {each.serial}) is marked {each.shards} {each.digest}" for each in history.arrivals if each.digest and (
        each.shards != counts.get(each.message_id.split(":")[0]) or digests.setdefault(each.serial, each.digest) != each.digest)]


def judge_copies(history: History, verdict: Verdict) -> None:
    """What two numbers of shards have brought, a worker works on once, unless one of them came too late. Two sessions of one shard are nothing that a
    worker could know: judge_need() looks at these."""
    counts = {each.session_id: each.count for each in history.sessions}

    def number(arrival: Arrival) -> int:
        return counts.get(arrival.message_id.split(":")[0], 0)

    found = kept(history.arrivals)
    pairs = [(one, other) for one, other in twice(found) if number(one) != number(other)]
    wrong = [pair for pair in pairs if pair[1].at - pair[0].at <= PAIR_TIME]
    verdict.counts["copies by another number of shards"] = len({each.message_id for each in history.arrivals}) - len(found)
    verdict.counts["copies that came too late to be known"] = len(pairs) - len(wrong)
    verdict.fail("copies that no worker knows", [f"serial {one.serial}: {one.message_id} and {other.message_id}, {other.at - one.at:.2f} s later"
                                                 for one, other in wrong])
    verdict.fail("marks that are wrong", wrong_marks(history))


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
    judge_copies(history, verdict)


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
    below = [each for each in history.identifies if each.remaining < history.reserve]
    wrong = [each for each in below if not history.is_unknown(each)]
    verdict.counts["identifies left, at least"] = min((each.remaining for each in history.identifies), default=0)
    verdict.counts["identifies that somebody else had just used up"] = len(below) - len(wrong)
    verdict.fail("over the day's identifies", [f"shard {each.shard} by {each.member}: {each.remaining} left of a reserve of {history.reserve}"
                                               for each in wrong])


# ---- Sessions ----

def identify_of(history: History, life: Life) -> Optional[Identify]:
    """What the session began with."""
    found = [each for each in history.identifies if (each.shard, each.count) == (life.shard, life.count) and each.at <= life.begun]
    return found[-1] if found else None


def is_excused(history: History, life: Life) -> bool:
    asked = identify_of(history, life)
    return asked is not None and history.delayed(asked) is not None


def judge_need(history: History, known: Known, verdict: Verdict) -> None:
    """Who identifies has lost the session before. Two that live at once are two owners, or a needless identify."""
    owners, needless, excused = [], [], 0
    for lives in history.lines():
        for number, life in enumerate(lives):
            alive = [each for each in lives[:number] if each.ended > life.begun and not known.is_orphan(each, life.begun)]
            if not alive:
                continue
            before = alive[-1]
            words = (f"shard {life.shard} of {life.count}: {life.member} identified at {life.begun:.2f}, "
                     f"and {before.session_id} of {before.member} was alive")
            if is_excused(history, life) or is_excused(history, before):
                excused += 1
            elif before.member != life.member:
                owners.append(words)
            else:
                needless.append(words)
    verdict.counts["second sessions kept back on their way"] = excused
    verdict.fail("two owners that both identified", owners)
    verdict.fail("identified without need", needless)


def is_left(history: History, life: Life) -> bool:
    """Whether the fleet was leaving the number of shards when the session ended, or had left it."""
    own = history.way_to(life)
    return any(way.begun <= life.ended and way.leaves(life.count) for way in history.ways[max(own, 0):])


def judge_ends(history: History, known: Known, verdict: Verdict) -> None:
    """A gateway ends a session for good only when nobody could know of it, or when the fleet leaves this number of shards."""
    verdict.fail("stored sessions that a gateway has ended", [
        f"shard {each.shard} of {each.count} {each.session_id} of {each.member} at {each.ended:.2f}" for each in history.sessions
        if each.ended_by == "client" and known.is_stored(each) and not is_left(history, each)])


def is_given_up(history: History, life: Life) -> bool:
    """Its number of shards was given up: the other one has brought all, and nobody waits for what is missing here."""
    own = history.way_to(life)
    return own >= 0 and history.ways[own].leaves(life.count) and life.begun <= history.ways[own].over


def judge_gaps(history: History, known: Known, verdict: Verdict) -> None:
    """Every lost session has exactly one gap record: that of the session which came after it, and was stored."""
    declared = Counter(copies[0]["new_session"] for copies in history.gaps.values())
    undeclared = []
    lost = orphans = 0
    for lives in history.lines():
        for number, life in enumerate(lives):
            count = declared.pop(life.session_id, 0)
            if not known.is_stored(life):
                orphans += 1
            elif any(known.is_stored(each) for each in lives[:number]):
                lost += 1
                if count != 1 and not (count == 0 and is_given_up(history, life)):
                    undeclared.append(f"shard {life.shard} of {life.count} {life.session_id}: {count}")
            elif count:
                undeclared.append(f"shard {life.shard} of {life.count} {life.session_id}: {count}, and it is the first one")
    verdict.counts["sessions lost"] = lost
    verdict.counts["gaps declared"] = len(history.gaps)
    verdict.counts["sessions that were never stored"] = orphans
    verdict.fail("lost sessions without exactly one gap", undeclared)
    verdict.fail("gaps without a lost session", sorted(map(str, declared)))
    numbered = {each.session_id: [each.shard, each.count] for each in history.sessions}
    verdict.fail("gaps of another shard", [key for key, copies in history.gaps.items()
                                           if copies[0]["shard"] != numbered.get(copies[0]["new_session"], copies[0]["shard"])])
    verdict.fail("gaps that know no session before", [key for key, copies in history.gaps.items() if copies[0]["old_session"] is None])
    verdict.fail("gaps whose copies differ", [key for key, copies in history.gaps.items() if any(each != copies[0] for each in copies)])


def judge_ways(history: History, verdict: Verdict) -> None:
    """Each one has come to its end: there, or back. All shards that are connected then are of one number."""
    expected = history.ways[-1].after if history.ways else history.shards
    verdict.counts["resharded"] = sum(each.after == each.wanted for each in history.ways)
    verdict.counts["resharding given up"] = sum(each.after == each.before for each in history.ways)
    verdict.fail("resharding that came to no end", [f"from {each.before} to {each.wanted} shards at {each.begun:.2f}" for each in history.ways
                                                    if each.over == NEVER])
    verdict.fail("numbers of shards in the end", [] if history.connected == [expected] else [f"{history.connected}, and not {expected}"])


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
    judge_ways(history, verdict)
    verdict.counts["sessions resumed"] = len(history.resumes)
    verdict.counts["sessions taken over"] = taken_over(history)
    verdict.fail("violations of Discord's rules", [each for each in history.violations if each["reason"] not in BLAMELESS])
    verdict.fail("shards that nobody serves in the end", history.unserved)
    verdict.fail("errors", history.errors)
    return verdict
