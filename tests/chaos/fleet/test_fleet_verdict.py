"""The verdict on a made-up fleet: two shards of one bucket, two sessions of shard 0, two gateways; in which one thing after the other is wrong."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.fleet.history import Arrival, History, Identify, Life, Resume, Trouble
from chaos.fleet.verdict import judge

Change = Callable[[History], None]


def arrivals_of(*lives: Life) -> list[Arrival]:
    return [Arrival(f"{life.session_id}:{seq}", life.shard, serial) for life in lives for seq, serial in life.events.items()]


def history_of() -> History:
    """Member a is killed at 100 and b goes on; at 200 Discord loses the session of shard 0, and b identifies."""
    first = Life("s0", 0, 2, "a", 10.0, 200.0, "nemesis", {2: 0, 3: 2, 4: 4})
    second = Life("s1", 0, 2, "b", 210.0, events={2: 6, 3: 8})
    other = Life("t0", 1, 2, "a", 16.0, events={2: 1, 3: 3})
    gap = {"shard": [0, 2], "old_session": "s0", "new_session": "s1", "seq": 4, "next": 1}
    return History(shards=2, concurrency=1, reserve=50, sessions=[first, other, second],
                   identifies=[Identify(10.0, "a", 0, 2, 999), Identify(16.0, "a", 1, 2, 998), Identify(210.0, "b", 0, 2, 997)],
                   resumes=[Resume(101.0, "b", "s0"), Resume(101.0, "b", "t0")],
                   arrivals=arrivals_of(first, other, second), gaps={"s1:gap:1": [gap]}, troubles=[Trouble("killed", "a", 100.0, 100.0)],
                   guilds=2, connected=[2])


def lose_event(history: History) -> None:
    history.arrivals = [each for each in history.arrivals if each.message_id != "t0:3"]


def lose_event_before_the_gap(history: History) -> None:
    history.arrivals = [each for each in history.arrivals if each.message_id != "s0:4"]


def lose_all_behind_a_gap_that_knows_nothing(history: History) -> None:
    lose_event_before_the_gap(history)
    history.gaps["s1:gap:1"][0]["old_session"] = None


def swap(history: History) -> None:
    history.arrivals[0], history.arrivals[1] = history.arrivals[1], history.arrivals[0]


def swap_and_excuse_the_other(history: History) -> None:
    swap(history)
    history.redelivered.add("s0:3")


def rename_a_copy(history: History) -> None:
    history.arrivals.append(Arrival("t9:3", 1, 3))


def hurry(history: History) -> None:
    history.identifies[1].at = 14.9


def hurry_on_another_host(history: History) -> None:
    hurry(history)
    history.identifies[1].member = "b"


def hurry_while_another_is_cut(history: History) -> None:
    hurry(history)
    history.troubles.append(Trouble("cut", "c", 5.0, 20.0))


def hurry_long_after_a_cut(history: History) -> None:
    hurry(history)
    history.troubles.append(Trouble("cut", "a", 1.0, 4.0))


def overrun_the_day(history: History) -> None:
    history.identifies[2].remaining = 49


def overrun_a_day_that_is_known_to_be_spent(history: History) -> None:
    overrun_the_day(history)
    history.spent.append(history.identifies[2].at - 26.0)


def own_twice(history: History) -> None:
    history.sessions[0].ended = 215.0


def identify_needlessly(history: History) -> None:
    own_twice(history)
    history.sessions[0].member = "b"


def own_twice_and_never_publish(history: History) -> None:
    """Nothing that happened says why this session was not stored."""
    history.sessions.insert(2, Life("s0b", 0, 2, "b", 150.0, 220.0, "nemesis"))
    history.sessions[0].ended = 149.0


def end_a_stored_session(history: History) -> None:
    history.sessions[0].ended_by = "client"


def forget_a_gap(history: History) -> None:
    history.gaps.clear()


def declare_twice(history: History) -> None:
    history.gaps["s1:gap:2"] = [dict(history.gaps["s1:gap:1"][0], next=2)]


def declare_for_the_first(history: History) -> None:
    history.gaps["t0:gap:1"] = [{"shard": [1, 2], "old_session": "x", "new_session": "t0", "seq": 1, "next": 1}]


def declare_for_nothing(history: History) -> None:
    history.gaps["x:gap:1"] = [dict(history.gaps["s1:gap:1"][0], new_session="x")]


def change_a_copy_of_a_gap(history: History) -> None:
    copies = history.gaps["s1:gap:1"]
    copies.append(dict(copies[0], seq=2))


def resume_what_never_was(history: History) -> None:
    history.violations.append({"reason": "Invalid seq."})


def leave_a_shard(history: History) -> None:
    history.unserved.append(1)


def err(history: History) -> None:
    history.errors.append("AddressSanitizer")


WRONGS: dict[Change, str] = {
    lose_event: "lost:",
    lose_event_before_the_gap: "lost:",
    lose_all_behind_a_gap_that_knows_nothing: "lost:",
    swap: "out of order:",
    swap_and_excuse_the_other: "out of order:",
    rename_a_copy: "ids that are not theirs:",
    hurry: "two identifies of a bucket in five seconds:",
    hurry_on_another_host: "two identifies of a bucket in five seconds:",
    hurry_while_another_is_cut: "two identifies of a bucket in five seconds:",
    hurry_long_after_a_cut: "two identifies of a bucket in five seconds:",
    overrun_the_day: "over the day's identifies:",
    overrun_a_day_that_is_known_to_be_spent: "over the day's identifies:",
    own_twice: "two owners that both identified:",
    own_twice_and_never_publish: "identified without need:",
    identify_needlessly: "identified without need:",
    end_a_stored_session: "stored sessions that a gateway has ended:",
    forget_a_gap: "lost sessions without exactly one gap:",
    declare_twice: "lost sessions without exactly one gap:",
    declare_for_the_first: "lost sessions without exactly one gap:",
    declare_for_nothing: "gaps without a lost session:",
    change_a_copy_of_a_gap: "gaps whose copies differ:",
    resume_what_never_was: "violations of Discord's rules:",
    leave_a_shard: "shards that nobody serves in the end:",
    err: "errors:",
}


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda each: each.__name__)
def test_what_is_wrong_fails(wrong: Change) -> None:
    history = history_of()
    wrong(history)
    failures = judge(history).failures
    assert any(each.startswith(WRONGS[wrong]) for each in failures), failures


def nothing(_: History) -> None:
    pass


def declare_what_is_missing(history: History) -> None:
    lose_event_before_the_gap(history)
    history.gaps["s1:gap:1"][0]["seq"] = 3


def repeat_all(history: History) -> None:
    history.arrivals += history.arrivals
    history.gaps["s1:gap:1"] *= 2


def swap_and_excuse(history: History) -> None:
    swap(history)
    history.redelivered.add("s0:2")


def swap_and_get_no_answer(history: History) -> None:
    """The channel was given up before RabbitMQ said that it refuses this one."""
    swap(history)
    history.unanswered.add("s0:2")


def come_after_the_gap(history: History) -> None:
    """Who had received it was cut off until the next session brought something."""
    history.gaps["s1:gap:1"][0]["seq"] = 3
    late = next(each for each in history.arrivals if each.message_id == "s0:4")
    history.arrivals.remove(late)
    history.arrivals.append(late)


def come_by_the_other_session(history: History) -> None:
    """Two sessions of a shard get the same event from Discord: one of them is enough."""
    history.sessions[2].events[4] = 10
    history.sessions.append(Life("s2", 0, 2, "a", 215.0, 230.0, "expiry", {2: 10}))
    history.identifies.append(Identify(215.0, "a", 0, 2, 996))
    history.troubles.append(Trouble("cut", "a", 180.0, 214.0))
    history.arrivals += arrivals_of(history.sessions[2])[-1:]


def keep_an_identify_back(history: History) -> None:
    hurry_on_another_host(history)
    history.troubles.append(Trouble("stopped", "b", 4.0, 14.5))


def spend_what_nobody_could_know(history: History) -> None:
    history.identifies[2].remaining = 49
    history.spent.append(history.identifies[2].at - 24.0)


def come_to_look_late(history: History) -> None:
    hurry(history)
    history.identifies[0].late = 0.2


def die_before_it_is_stored(history: History) -> None:
    history.sessions.insert(2, Life("s0b", 0, 2, "b", 205.0, 500.0, "", {2: 6}))
    history.identifies.insert(2, Identify(205.0, "b", 0, 2, 998))
    history.troubles.append(Trouble("killed", "b", 206.0, 206.0))
    history.sessions[3].events = {2: 8}
    history.arrivals = arrivals_of(history.sessions[0], history.sessions[1], history.sessions[3])


def lose_a_session_before_its_first_event(history: History) -> None:
    """It was stored by then: whoever declares the gap has read it."""
    history.resumes = history.resumes[1:]
    history.arrivals = [each for each in history.arrivals if not each.message_id.startswith("s0:")]
    history.gaps["s1:gap:1"][0]["seq"] = 1


def end_what_was_never_stored(history: History) -> None:
    die_before_it_is_stored(history)
    history.sessions[2].ended_by, history.sessions[2].ended = "client", 206.5


RIGHTS = [nothing, declare_what_is_missing, repeat_all, swap_and_excuse, swap_and_get_no_answer, come_after_the_gap, come_by_the_other_session,
          keep_an_identify_back, spend_what_nobody_could_know, come_to_look_late, die_before_it_is_stored, lose_a_session_before_its_first_event, end_what_was_never_stored]


@pytest.mark.parametrize("right", RIGHTS, ids=lambda each: each.__name__)
def test_what_is_right_passes(right: Change) -> None:
    history = history_of()
    right(history)
    assert judge(history).failures == []


def test_what_is_excused_is_counted() -> None:
    history = history_of()
    keep_an_identify_back(history)
    assert judge(history).counts["identifies kept back on their way"] == 1
    swap_and_excuse(history)
    assert judge(history).counts["late: redelivered"] == 1
    history = history_of()
    swap_and_get_no_answer(history)
    assert judge(history).counts["late: refused without a word"] == 1
    history = history_of()
    come_after_the_gap(history)
    assert judge(history).counts["late: in a declared gap"] == 1


def test_a_gap_that_knows_no_session_is_none() -> None:
    history = history_of()
    lose_all_behind_a_gap_that_knows_nothing(history)
    assert any(each.startswith("gaps that know no session before:") for each in judge(history).failures)
