"""The walks of doc/architecture.md: a real event and a real command pass the functions that the page lists, in that order."""
from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.standin import Standin
from support.processes import Process
from tools.trace import Entered, Function, Traced, length, read
from tools.walk import Step, match, unlisted, walk

from .conftest import Bot, summary


@pytest.fixture(scope="module")
def traced(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    return Traced(root, tmp_path_factory.mktemp("traced"))


class Gateway:
    """With one shard, ready, and with nothing to do."""

    def __init__(self, traced: Traced, bot: Bot, folder: Path) -> None:
        self.traced, self.file = traced, folder / "trace"
        self.process = Process([traced.folder / "build/examples/gateway", "MESSAGE_CREATE"], {
            **bot.environment, **traced.environment(self.file), "DISCORD_GATEWAY_URL": bot.standin.url})
        bot.processes.append(self.process)
        self.process.wait_err(" ready, session", timeout=90)
        self.process.wait_err("broker events ready")
        self.process.wait_err(":SEND stands")
        self.turn()

    def turn(self) -> dict[str, int]:
        """Waits for one more turn of the loop."""
        before = len(self.process.lines("summary "))
        self.process.signal(signal.SIGUSR1)
        self.process.wait_err("summary ", before + 1)
        return summary(self.process)

    def wait_for(self, counter: str, count: int) -> None:
        while self.turn()[counter] < count:
            pass
        self.turn()  # what is left to be written is written
        self.turn()


@pytest.fixture
def gateway(traced: Traced, bot: Bot, channel: Any, tmp_path: Path) -> Iterator[Gateway]:
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare("gateway:MESSAGE_CREATE", durable=True)
    channel.queue_bind("gateway:MESSAGE_CREATE", "gateway", "MESSAGE_CREATE")
    made = Gateway(traced, bot, tmp_path)
    yield made
    assert made.process.stop() == 0


def hold(steps: list[Step], trace: list[Entered]) -> None:
    """The steps one after the other, and no file on the way that a step does not name."""
    start = 0
    for step in (each for each in steps if each.functions):
        found, missing = match(trace, step, start)
        assert not missing, missing
        hidden = unlisted(trace, step, found)
        assert not hidden, f"step {step.number} passes {', '.join(map(str, hidden))} as well"
        start = found[-1] + 1


def test_an_event(gateway: Gateway, standin: Standin, root: Path) -> None:
    start = length(gateway.file)
    confirmed = gateway.turn()["confirmed"]
    standin.dispatch(0, "MESSAGE_CREATE", '{"id":"7","content":"hello"}')
    gateway.wait_for("confirmed", confirmed + 1)
    hold(walk(root, "event"), read(gateway.file, gateway.process.pid, gateway.traced.library, start))


def command(gateway: Gateway, standin: Standin, channel: Any, number: int) -> list[Entered]:
    """What the gateway enters for its command of this number, from 1 on: a SEND, and the packet that it becomes."""
    start = length(gateway.file)
    guild = str(standin.guilds(shard=0, count=1, how_many=1)[0])
    packet = {"op": 8, "d": {"guild_id": guild, "query": "", "limit": 0}}
    channel.basic_publish("gateway", "SEND", json.dumps({"guild_id": guild, "packet": packet}))
    gateway.wait_for("sent", number)  # perhaps before the confirm of the SEND
    gateway.process.wait_err("SEND with op 8 routed to shard 0", number)
    gateway.wait_for("routed", number)
    standin.wait_for(lambda: [json.loads(each.raw) for each in standin.received(0, 8)] == [packet] * number, what="for the packet")
    return read(gateway.file, gateway.process.pid, gateway.traced.library, start)


def test_a_command(gateway: Gateway, standin: Standin, channel: Any, root: Path) -> None:
    number, trace = 1, command(gateway, standin, channel, 1)
    # Both may be acknowledged in one turn: then the second acknowledgement joins the first one, and nothing more is written.
    while any(each.function.name == "sp_wire_set_ack" for each in trace):
        number += 1
        trace = command(gateway, standin, channel, number)
    hold(walk(root, "SEND"), trace)
    hold(walk(root, "packet"), trace)


def entered(*calls: tuple[str, int]) -> list[Entered]:
    """A trace of functions of one-letter files, each with its depth."""
    trace: list[Entered] = []
    for at, (name, depth) in enumerate(calls):
        end = next((later for later in range(at + 1, len(calls)) if calls[later][1] <= depth), len(calls))
        stack = [*trace[-1].stack, trace[-1].function][:depth] if trace else []
        trace.append(Entered(Function(f"{name}.c", name), tuple(stack), end))
    return trace


def test_a_walk_that_is_wrong_is_found() -> None:
    step = Step("1", "x", [Function("a.c", "a"), Function("b.c", "b"), Function("c.c", "c")])
    hold([step, step], entered(("a", 0), ("b", 1), ("c", 1), ("a", 0), ("b", 1), ("c", 2)))
    for trace, complaint in ((entered(("a", 0), ("c", 1), ("b", 1)), "c.c c is not entered after b.c b"),
                             (entered(("a", 0), ("b", 1), ("c", 0)), "c.c c is not entered after b.c b"),
                             (entered(("b", 0), ("c", 0)), "a.c a is not entered after the step before"),
                             (entered(("a", 0), ("b", 1), ("d", 1), ("c", 2)), "step 1 passes d.c d as well")):
        with pytest.raises(AssertionError, match=complaint):
            hold([step], trace)
