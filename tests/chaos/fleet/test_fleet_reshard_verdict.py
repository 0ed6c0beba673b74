"""The verdict on a made-up fleet that goes from two shards to four, which are of two buckets, and back to two; in which one thing after the other is
wrong."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.fleet.copies import kept
from chaos.fleet.history import NEVER, Arrival, History, Identify, Life, Trouble, Way
from chaos.fleet.verdict import judge

Change = Callable[[History], None]
GUILDS = 4


def events_of(shard: int, count: int, ticks: range) -> dict[int, int]:
    """Of each guild an event a tick: serial 4 * tick + guild."""
    serials = [GUILDS * tick + guild for tick in ticks for guild in range(shard, GUILDS, count)]
    return dict(enumerate(serials, 2))


def life(name: str, shard: int, count: int, begun: float, ended: float, ticks: range, ended_by: str = "client") -> Life:
    return Life(name, shard, count, "a", begun, ended, ended_by if ended < NEVER else "", events_of(shard, count, ticks))


def arrivals_of(lives: list[Life], ticks: range, first: int) -> list[Arrival]:
    """Of these ticks, each a second after the other. From the first on they are marked."""
    found = []
    for each in lives:
        for seq, serial in each.events.items():
            tick = serial // GUILDS
            if tick in ticks:
                marks = (each.count, f"digest {serial}") if tick >= first else (0, "")
                found.append(Arrival(f"{each.session_id}:{seq}", 0, serial, 1000.0 + tick, *marks))
    return sorted(found, key=lambda arrival: (arrival.at, arrival.shards))


def history_of() -> History:
    """From 2 to 4 at 100: the new shards are silent until tick 20, and the old ones end behind tick 29. Back at 300, from tick 60 to 69."""
    first = [life(f"a{shard}", shard, 2, 10.0 + shard * 6, 200.0, range(30)) for shard in range(2)]
    second = [life(f"b{shard}", shard, 4, 130.0 + shard * 6, 400.0, range(10, 70)) for shard in range(4)]
    third = [life(f"c{shard}", shard, 2, 330.0 + shard * 6, NEVER, range(50, 80)) for shard in range(2)]
    arrivals = [*arrivals_of(first, range(30), 5), *arrivals_of(second, range(20, 70), 20), *arrivals_of(third, range(60, 80), 60)]
    lives = [*first, *second, *third]
    return History(shards=2, concurrency=1, reserve=50, sessions=lives, guilds=GUILDS, connected=[2],
                   identifies=[Identify(each.begun, "a", each.shard, each.count, 999) for each in lives],
                   arrivals=sorted(arrivals, key=lambda each: each.at), ways=[Way(2, 4, 100.0, 250.0, 4), Way(4, 2, 300.0, 450.0, 2)])


def drop(history: History, *ids: str) -> None:
    history.arrivals = [each for each in history.arrivals if each.message_id not in ids]


def id_of(history: History, session: str, serial: int) -> str:
    found = next(each for each in history.sessions if each.session_id == session)
    return f"{session}:{next(seq for seq, known in found.events.items() if known == serial)}"


def change(history: History, known_as: str, **fields: object) -> None:
    place = next(place for place, each in enumerate(history.arrivals) if each.message_id == known_as)
    history.arrivals[place] = history.arrivals[place]._replace(**fields)  # type: ignore[arg-type]


def lose_what_both_had(history: History) -> None:
    drop(history, id_of(history, "a1", 101), id_of(history, "b1", 101))


def lose_while_the_new_ones_are_silent(history: History) -> None:
    drop(history, id_of(history, "a0", 40))


def lose_behind_the_old_ones(history: History) -> None:
    drop(history, id_of(history, "b3", 4 * 40 + 3))


def have_nobody(history: History) -> None:
    """The old shards have ended before the new ones were there."""
    history.nowhere.append(4 * 90 + 1)


def hide_the_marks(history: History) -> None:
    change(history, id_of(history, "b1", 101), shards=0, digest="")


def mark_with_the_other_number(history: History) -> None:
    change(history, id_of(history, "b1", 101), shards=2)


def mark_with_another_digest(history: History) -> None:
    change(history, id_of(history, "b1", 101), digest="other")


def swap_events_of_a_new_shard(history: History) -> None:
    """The old ones have brought them in order: that does not help a worker that listens later."""
    one, other = id_of(history, "b1", 85), id_of(history, "b1", 89)
    places = [place for place, each in enumerate(history.arrivals) if each.message_id in (one, other)]
    history.arrivals[places[0]], history.arrivals[places[1]] = history.arrivals[places[1]], history.arrivals[places[0]]


def hurry_by_another_number(history: History) -> None:
    history.identifies.append(Identify(15.0, "a", 3, 4, 999))


def end_before_the_way(history: History) -> None:
    history.sessions[0].ended = 99.0


def end_what_stays(history: History) -> None:
    history.sessions[2].ended = 200.0


def identify_anew_without_need(history: History) -> None:
    history.sessions.insert(3, life("b0x", 0, 4, 150.0, 400.0, range(12, 70)))
    history.identifies.insert(3, Identify(150.0, "a", 0, 4, 999))


def lose_a_new_session_without_a_gap(history: History) -> None:
    """It has brought something; the next one too."""
    lost = history.sessions[5]
    lost.ended, lost.ended_by = 260.0, "nemesis"
    lost.events = {seq: serial for seq, serial in lost.events.items() if serial < 200}
    history.sessions.insert(6, life("b3x", 3, 4, 270.0, 400.0, range(50, 70)))
    for each in [each for each in history.arrivals if each.message_id.startswith("b3:") and each.serial >= 200]:
        change(history, each.message_id, message_id=id_of(history, "b3x", each.serial))


def declare_for_another_shard(history: History) -> None:
    lose_a_new_session_without_a_gap(history)
    history.gaps["b3x:gap:1"] = [{"shard": [1, 2], "old_session": "b3", "new_session": "b3x", "seq": 2, "next": 1}]


def stick(history: History) -> None:
    history.ways[1].over, history.ways[1].after = NEVER, 0


def serve_both(history: History) -> None:
    history.connected.append(4)


def serve_the_other(history: History) -> None:
    history.connected[:] = [4]


WRONGS: dict[Change, str] = {
    lose_what_both_had: "lost:",
    lose_while_the_new_ones_are_silent: "lost:",
    lose_behind_the_old_ones: "lost:",
    have_nobody: "lost:",
    hide_the_marks: "copies that no worker knows:",
    mark_with_the_other_number: "marks that are wrong:",
    mark_with_another_digest: "marks that are wrong:",
    swap_events_of_a_new_shard: "out of order:",
    hurry_by_another_number: "two identifies of a bucket in five seconds:",
    end_before_the_way: "stored sessions that a gateway has ended:",
    end_what_stays: "stored sessions that a gateway has ended:",
    identify_anew_without_need: "identified without need:",
    lose_a_new_session_without_a_gap: "lost sessions without exactly one gap:",
    declare_for_another_shard: "gaps of another shard:",
    stick: "resharding that came to no end:",
    serve_both: "numbers of shards in the end:",
    serve_the_other: "numbers of shards in the end:",
}


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda each: each.__name__)
def test_what_is_wrong_fails(wrong: Change) -> None:
    history = history_of()
    wrong(history)
    failures = judge(history).failures
    assert any(each.startswith(WRONGS[wrong]) for each in failures), failures


def nothing(_: History) -> None:
    pass


def repeat_all(history: History) -> None:
    history.arrivals += history.arrivals


def bring_by_one_number_alone(history: History) -> None:
    drop(history, id_of(history, "b1", 101), id_of(history, "a0", 102))


def come_too_late_to_be_known(history: History) -> None:
    """Who was cut off brings it a minute later, in order. A worker has forgotten the other one."""
    late = [each for each in history.arrivals if each.message_id.startswith("a1:") and each.serial >= 101]
    drop(history, *(each.message_id for each in late))
    history.arrivals += [each._replace(at=1200.0) for each in late]


def give_up(history: History) -> None:
    """The way back is given up: its sessions are ended, and four shards go on."""
    way = history.ways[1]
    way.after, history.connected = 4, [4]
    for each in history.sessions[2:6]:
        each.ended, each.ended_by = NEVER, ""
        each.events = events_of(each.shard, 4, range(10, 80))
    for each in history.sessions[6:]:
        each.ended, each.ended_by = 440.0, "client"
    history.arrivals = [each for each in history.arrivals if not each.message_id.startswith(("b", "c"))]
    history.arrivals += arrivals_of(history.sessions[2:6], range(20, 80), 20)


def give_up_behind_a_lost_session(history: History) -> None:
    """Its gap was on its way."""
    give_up(history)
    history.sessions[6].ended, history.sessions[6].ended_by = 400.0, "nemesis"
    history.sessions.append(Life("c0x", 0, 2, "a", 410.0, 440.0, "client", events_of(0, 2, range(79, 80))))
    history.identifies.append(Identify(410.0, "a", 0, 2, 999))
    history.sessions[6].events = events_of(0, 2, range(50, 79))
    for each in (history.sessions[6], history.sessions[-1]):
        seq, serial = max(each.events.items())
        history.arrivals.append(Arrival(f"{each.session_id}:{seq}", 0, serial, 1080.0, 2, f"digest {serial}"))


def lose_a_session_while_the_new_ones_are_silent(history: History) -> None:
    """What happens between two sessions of an old shard goes to a new one alone, which publishes nothing: the gap is for that too."""
    old = history.sessions[0]
    whole = old.events
    old.ended, old.ended_by = 140.0, "nemesis"
    old.events = {seq: serial for seq, serial in whole.items() if serial < 48}
    history.sessions.insert(1, life("a0x", 0, 2, 154.0, 200.0, range(14, 30)))
    history.identifies.insert(6, Identify(154.0, "a", 0, 2, 999))
    history.gaps["a0x:gap:1"] = [{"shard": [0, 2], "old_session": "a0", "new_session": "a0x", "seq": len(old.events) + 1, "next": 1}]
    drop(history, *(f"a0:{seq}" for seq in whole if seq not in old.events))
    history.arrivals += [each for each in arrivals_of(history.sessions[1:2], range(30), 5)]
    history.nowhere += [4 * 13]


def come_back_while_an_old_session_is_left_over(history: History) -> None:
    """Its owner died while it was to be closed: Discord ends it. The new one of the same shard is of another time."""
    history.sessions[0].ended, history.sessions[0].ended_by = 340.0, "expiry"
    history.troubles.append(Trouble("killed", "a", 199.0, 199.0))


RIGHTS = [nothing, repeat_all, bring_by_one_number_alone, come_too_late_to_be_known, give_up, give_up_behind_a_lost_session,
          lose_a_session_while_the_new_ones_are_silent, come_back_while_an_old_session_is_left_over]


@pytest.mark.parametrize("right", RIGHTS, ids=lambda each: each.__name__)
def test_what_is_right_passes(right: Change) -> None:
    history = history_of()
    right(history)
    assert judge(history).failures == []


def test_ways_are_counted() -> None:
    history = history_of()
    assert judge(history).counts["resharded"] == 2
    assert judge(history).counts["copies by another number of shards"] == 4 * (10 + 10)
    give_up(history)
    counts = judge(history).counts
    assert counts["resharded"] == 1 and counts["resharding given up"] == 1
    history = history_of()
    come_too_late_to_be_known(history)
    assert judge(history).counts["copies that came too late to be known"] > 0


@pytest.mark.parametrize("arrivals, ids", [
    ([("x:1", 2, 0.0), ("x:1", 2, 1.0)], ["x:1"]),
    ([("x:1", 2, 0.0), ("y:1", 4, 30.0)], ["x:1"]),
    ([("x:1", 2, 0.0), ("y:1", 4, 30.1)], ["x:1", "y:1"]),
    ([("x:1", 2, 0.0), ("y:1", 2, 1.0)], ["x:1", "y:1"]),
    ([("x:1", 2, 0.0), ("y:1", 4, 1.0), ("y:1", 4, 2.0)], ["x:1"]),
    ([("x:1", 2, 0.0), ("y:1", 4, 1.0), ("z:1", 4, 2.0)], ["x:1", "z:1"]),
])
def test_what_a_worker_keeps(arrivals: list[tuple[str, int, float]], ids: list[str]) -> None:
    found = kept(Arrival(message_id, 0, 7, at, shards, "digest") for message_id, shards, at in arrivals)
    assert [each.message_id for each in found] == ids
