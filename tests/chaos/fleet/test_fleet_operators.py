"""The operator of the nemesis beside a command that a script plays: what it asks, and what it takes for an answer."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.patience import PATIENCE

from chaos.fleet.history import NEVER, Way
from chaos.fleet.operators import Operator

# It writes down what it was asked, does the next thing of a list, and shows the fleet as the folder says.
SCRIPT = """#!/bin/sh
cd {folder} || exit 1
if [ "$2" = status ]; then cat status; exit 0; fi
echo "$3" >> asked
. ./"next-$(wc -l < asked)"
"""
SHOWS = "echo '6 to 12 shards: WARMING, 0 of 12 new slots have an owner, and 0 are connected'\n"
STABLE = '{"leader_heard":true,"phase":"STABLE","shards":%d}'
SET = '{"leader_heard":false,"phase":"STABLE","shards":%d}'  # nobody has said it


class Fleet:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.binary = folder / "command"
        self.binary.write_text(SCRIPT.format(folder=folder))
        self.binary.chmod(0o755)
        self.way = Way(6, 12, time.monotonic())
        self.operators: list[Operator] = []

    def begin(self, status: str, *answers: str) -> Operator:
        for number, answer in enumerate(answers, 1):
            (self.folder / f"next-{number}").write_text(answer)
        self.show(status)
        gateway: Any = SimpleNamespace(binary=self.binary, environment={})
        self.operators.append(Operator(gateway, self.way))
        return self.operators[-1]

    def show(self, status: str) -> None:
        (self.folder / "new").write_text(status)
        (self.folder / "new").rename(self.folder / "status")

    def asked(self) -> list[str]:
        file = self.folder / "asked"
        return file.read_text().split() if file.exists() else []


def wait(what: Callable[[], object]) -> None:
    end = time.monotonic() + 30 * PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path)
    yield made
    for each in made.operators:
        each.stop()


def test_the_way_is_over_when_the_command_has_come_to_its_end(fleet: Fleet) -> None:
    operator = fleet.begin(STABLE % 12, SHOWS + "exit 0")
    wait(lambda: operator.is_over)
    assert fleet.way.after == 12 and fleet.way.over < NEVER and fleet.asked() == ["12"]


def test_a_command_that_rabbitmq_has_ended_is_started_again(fleet: Fleet) -> None:
    operator = fleet.begin(STABLE % 12, SHOWS + "exit 75", "exit 75", "exit 0")
    wait(lambda: operator.is_over)
    assert fleet.way.after == 12 and fleet.asked() == ["12", "12", "12"]


def test_what_is_not_stable_yet_is_not_over(fleet: Fleet) -> None:
    operator = fleet.begin('{"leader_heard":true,"phase":"CLOSING","shards":6}', "exit 0", "exit 0", "exit 0", *["exit 0"] * 200)
    wait(lambda: len(fleet.asked()) >= 2)
    assert not operator.is_over and fleet.way.over == NEVER
    fleet.show(STABLE % 12)
    wait(lambda: operator.is_over)
    assert fleet.way.after == 12


def test_what_no_leader_has_said_is_not_believed(fleet: Fleet) -> None:
    operator = fleet.begin(SET % 6, *["exit 0"] * 200)
    wait(lambda: len(fleet.asked()) >= 2)
    assert not operator.is_over and fleet.way.over == NEVER
    fleet.show(STABLE % 12)
    wait(lambda: operator.is_over)
    assert fleet.way.after == 12


def test_an_abort_waits_until_the_leader_has_heard(fleet: Fleet) -> None:
    operator = fleet.begin(STABLE % 6, "exit 75", SHOWS + "exec sleep 600", "exit 0")
    operator.abort()
    wait(lambda: operator.is_over)
    assert fleet.asked() == ["12", "12", "abort"] and fleet.way.after == 6


def test_an_abort_that_comes_too_late_ends_there(fleet: Fleet) -> None:
    operator = fleet.begin(STABLE % 12, SHOWS + "exec sleep 600", "exit 78")
    wait(lambda: operator.phase == "WARMING")
    operator.abort()
    wait(lambda: operator.is_over)
    assert fleet.asked() == ["12", "abort"] and fleet.way.after == 12


def test_a_member_may_give_the_way_up(fleet: Fleet) -> None:
    operator = fleet.begin(STABLE % 6, SHOWS + "echo 'it was given up, by a person or by a member' >&2; exit 75")
    wait(lambda: operator.is_over)
    assert fleet.way.after == 6 and fleet.asked() == ["12"]


def test_a_way_that_nobody_waits_for_any_more_stays_open(fleet: Fleet) -> None:
    operator = fleet.begin(STABLE % 12, SHOWS + "exec sleep 600")
    wait(lambda: operator.phase == "WARMING")
    operator.stop()
    assert operator.is_over and fleet.way.over == NEVER and fleet.way.after == 0
