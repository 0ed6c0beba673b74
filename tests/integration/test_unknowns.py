"""What nobody knows of Discord: the library is safe under both answers. tests/standin/README.md lists them with their sources."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.processes import Process

from .test_gateway_shard import dispatch

Start = Callable[[Standin], Process]


@pytest.fixture
def start(build: Path, authority: Authority) -> Iterator[Start]:
    """A shard of the library alone, without commits: what it prints is what arrived."""
    started = []

    def run(standin: Standin) -> Process:
        started.append(Process([build / "examples/first_shard", "0x8201"],
                               {"DISCORD_TOKEN": standin.token, "DISCORD_GATEWAY_URL": standin.url, "SSL_CERT_FILE": str(authority.ca)}))
        standin.wait_ready(0)
        dispatch(standin, started[-1], 1)
        return started[-1]

    yield run
    for process in started:
        process.kill()


@pytest.fixture
def standin() -> Iterator[Standin]:
    with Standin(shards=1, identify_window=0.0) as made:
        yield made


def numbers(process: Process) -> list[int]:
    return [int(line.split()[1]) for line in process.out if line.startswith(b"NUMBER ")]


def batch(first: int) -> list[tuple[str, Any]]:
    return [("NUMBER", str(number)) for number in range(first, first + 5)]


@pytest.mark.parametrize("seconds", [0.2, None])
def test_the_server_closes_behind_op_7_or_does_not(start: Start, standin: Standin, seconds: float | None) -> None:
    standin.reconnect_closes = seconds
    process = start(standin)
    standin.reconnect(0, behind=batch(2))
    standin.wait_for(lambda: standin.count("resumed") == 1)
    process.wait_for(lambda: sorted(set(numbers(process))) == [1, 2, 3, 4, 5, 6], what="the events behind op 7")
    assert standin.count("ready") == 1 and standin.violations == []


@pytest.mark.parametrize("seconds", [0.0, 0.2, None])
@pytest.mark.parametrize("resumable", [True, False])
def test_the_server_closes_behind_op_9_or_does_not(start: Start, standin: Standin, seconds: float | None, resumable: bool) -> None:
    standin.invalid_closes = seconds
    process = start(standin)
    standin.invalidate(0, resumable)
    standin.wait_for(lambda: standin.count("resumed" if resumable else "ready") == (1 if resumable else 2))
    dispatch(standin, process, 2)
    assert numbers(process) == [1, 2] and standin.violations == []


@pytest.mark.parametrize("answer", ["close", "invalid"])
def test_a_sequence_that_is_too_old(start: Start, standin: Standin, answer: str) -> None:
    standin.set(too_old=answer, replay_limit=3)
    process = start(standin)
    standin.drop(0, batch(2))
    standin.wait_for(lambda: standin.count("ready") == 2)
    dispatch(standin, process, 7)
    assert standin.count("resumed") == 0
    assert [each["code"] for each in standin.violations] == ([4007] if answer == "close" else [])


@pytest.mark.parametrize("ends", [True, False])
def test_a_session_outlives_missed_heartbeats_or_does_not(start: Start, standin: Standin, ends: bool) -> None:
    """The stand-in takes its client for dead, as Discord does with one whose heartbeats are lost on the way."""
    process = start(standin)
    standin.timeout_ends_session = ends
    standin._with_connection(0, lambda each: each.later(0, each.time_out))
    standin.wait_for(lambda: standin.count("ready") + standin.count("resumed") == 2)
    dispatch(standin, process, 2)
    assert not ends or standin.count("ready") == 2


@pytest.mark.parametrize("window", ["fixed", "sliding"])
@pytest.mark.parametrize("tolerance", [0.0, 1.0])
def test_no_window_is_overrun(standin: Standin, start: Start, window: str, tolerance: float) -> None:
    """The library's own 120 in 61 s hold under both: far more heartbeats are asked for, so that the limit is what stops them."""
    standin.set(sending_window=window, sending_tolerance=tolerance)
    start(standin)
    for _ in range(150):
        standin.request_heartbeat(0)
    standin.wait_for(lambda: standin.count("received", op=1) > 50)
    assert standin.violations == []


@pytest.mark.parametrize("code", [4000, 1001])
def test_the_code_of_a_close_that_nobody_documents(start: Start, standin: Standin, code: int) -> None:
    standin.set(closing_code=code, reconnect_closes=0.0)
    process = start(standin)
    standin.reconnect(0, behind=batch(2))
    standin.wait_for(lambda: standin.count("resumed") == 1)
    process.wait_for(lambda: sorted(set(numbers(process))) == [1, 2, 3, 4, 5, 6], what="the events behind op 7")


@pytest.mark.parametrize("seconds", [0.0, 3.0])
def test_an_identify_that_came_too_early_is_answered_at_once_or_later(start: Start, standin: Standin, seconds: float) -> None:
    standin.set(identify_window=3.0, identify_refusal=seconds)
    process = start(standin)
    standin.invalidate(0, False)
    standin.wait_for(lambda: standin.count("ready") == 2, 120)
    dispatch(standin, process, 2)
