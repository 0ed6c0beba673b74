"""Every binding in the same scenarios. What its programs do and print is in README.md."""
from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from standin.standin import Standin
from support.patience import PATIENCE
from support.processes import Process
from support.rabbit import RabbitNode

from bindings.conftest import Bot, lines, wait_lines
from bindings.flood import CORPUS_LINE, Flood, declare, fill, resident
from bindings.frame import Binding

ORDERS = 60
EVENTS = 1_000_000
MESSAGES = 100_000
GROWTH = 4 * 1024 * 1024  # bytes: what an allocator may keep, and far less than a byte for each event would be


def message(number: int, content: str = "hello") -> dict[str, str]:
    return {"id": str(number), "guild_id": str(2 << 22), "channel_id": "2", "content": content}


def bodies(worker: Process, name: str = "MESSAGE_CREATE") -> list[Any]:
    return [json.loads(" ".join(words[3:])) for words in lines(worker, "EVENT") if words[1] == name]


def wait_ids(worker: Process, wanted: list[str]) -> None:
    worker.wait_for(lambda: [body["id"] for body in bodies(worker)] == wanted, 60, f"the events {wanted}, in {worker.out[-5:]!r}")


def test_a_gateway_and_a_worker(bot: Bot, standin: Standin) -> None:
    """An event to the worker, its packet to Discord, a lost session as a gap record; and both stop in order."""
    gateway = bot.running_gateway("MESSAGE_CREATE", shards=2)
    worker = bot.running_worker("MESSAGE_CREATE", "SPECTACLES_GAP")
    standin.dispatch(0, "MESSAGE_CREATE", message(1, "!members"))
    standin.wait_for(lambda: standin.received(0, 8), what="a request for members")
    standin.lose(0)
    standin.drop(0)
    wait_lines(gateway, "SHARD_GAP")
    worker.wait_for(lambda: bodies(worker, "SPECTACLES_GAP"), 60, "a gap record")
    assert bodies(worker, "SPECTACLES_GAP")[0]["shard"] == [0, 2]
    assert [words[2] for words in lines(worker, "EVENT") if words[1] == "MESSAGE_CREATE"][0].endswith(":2"), "the message-id"
    assert worker.stop() == 0 and gateway.stop() == 0, (worker.said(), gateway.said())
    assert lines(gateway, "SHARD_CLOSED") and standin.violations == []


def test_a_cut_connection(bot: Bot, standin: Standin) -> None:
    gateway = bot.running_gateway("MESSAGE_CREATE")
    worker = bot.running_worker("MESSAGE_CREATE")
    standin.dispatch(0, "MESSAGE_CREATE", message(1))
    wait_ids(worker, ["1"])
    standin.drop(0, behind=[("MESSAGE_CREATE", json.dumps(message(2)))])
    wait_lines(gateway, "SHARD_RESUMED")
    standin.dispatch(0, "MESSAGE_CREATE", message(3))
    wait_ids(worker, ["1", "2", "3"])
    assert lines(gateway, "SHARD_DISCONNECTED") and standin.violations == []


def test_a_killed_broker(own_bot: Bot, own_rabbit: RabbitNode, standin: Standin) -> None:
    """What was published while it was away arrives, once, in order."""
    gateway = own_bot.running_gateway("MESSAGE_CREATE")
    worker = own_bot.running_worker("MESSAGE_CREATE")
    standin.dispatch(0, "MESSAGE_CREATE", message(1))
    wait_ids(worker, ["1"])
    own_rabbit.kill_beam()
    wait_lines(gateway, "BROKER_DISCONNECTED", 2)
    for number in range(2, 12):
        standin.dispatch(0, "MESSAGE_CREATE", message(number))
    own_rabbit.start()
    wait_ids(worker, [str(number) for number in range(1, 12)])


def test_a_wrong_token(bot: Bot, standin: Standin) -> None:
    """The sentence of the library arrives, the token does not, and the program ends by itself."""
    gateway = bot.start("gateway", 1, "MESSAGE_CREATE", DISCORD_TOKEN="MQ.wrong.token")
    wait_lines(gateway, "SHARD_FATAL")
    assert gateway.wait() == 1
    told = gateway.said() + repr(gateway.out)
    assert "token" in " ".join(lines(gateway, "SHARD_FATAL")[0]) and "MQ.wrong.token" not in told


def test_bad_settings_carry_the_sentence(bot: Bot) -> None:
    worker = bot.start("worker", "MESSAGE_CREATE", AMQP_URL="amqp://guest:secret-word@localhost:99999")
    assert worker.wait() != 0
    assert "port" in worker.said() and "secret-word" not in worker.said()


def test_cancellation_in_mid_flight(bot: Bot, standin: Standin, answers: Callable[[], int], channel: Any) -> None:
    """Who waits is cancelled, and nothing of the handles is broken by it."""
    channel.queue_declare("gateway:MESSAGE_CREATE", durable=True)
    channel.queue_bind("gateway:MESSAGE_CREATE", "gateway", "MESSAGE_CREATE")
    program = bot.start("cancel")
    wait_lines(program, "CANCELLED")
    assert lines(program, "CANCELLED") == [["CANCELLED", "3"]]
    standin.dispatch(0, "MESSAGE_CREATE", message(1))
    channel.basic_publish("gateway", "MESSAGE_CREATE", json.dumps(message(2)))
    end = time.monotonic() + 60 * PATIENCE
    while program.running():
        answers()
        assert time.monotonic() < end, program.said()
        time.sleep(0.05)
    assert program.wait() == 0 and lines(program, "ALIVE") == [["ALIVE", "3"]], program.said()


def test_handles_freed_in_any_order(bot: Bot) -> None:
    program = bot.start("handles", ORDERS)
    assert program.wait(120) == 0, program.said()
    assert lines(program, "FREED") == [["FREED", str(ORDERS)]]


def test_the_readme(bot: Bot, standin: Standin) -> None:
    """Its first block, copied into a fresh folder."""
    program = bot.start("readme")
    standin.wait_ready(0, timeout=60 * PATIENCE)
    standin.dispatch(0, "MESSAGE_CREATE", message(1))
    program.wait_for(lambda: any(b"MESSAGE_CREATE" in line for line in program.out), 60, "an event")


def growth(program: Process, first: int) -> int:
    """Bytes, from this tenth to the ninth."""
    wait_lines(program, "EVENTS", first, timeout=300)
    before = resident(program.pid)
    wait_lines(program, "EVENTS", 9, timeout=300)
    return resident(program.pid) - before if program.running() else 0


def test_the_memory_of_a_million_events(bot: Bot, tmp_path: Path) -> None:
    with Flood(tmp_path, [CORPUS_LINE], EVENTS) as flood:
        program = bot.start("shard", EVENTS, GATEWAY_URL=flood.url)
        flood.send(program)
        grown = growth(program, 2)
        assert program.wait(300) == 0, program.said()
    assert lines(program, "EVENTS")[-1] == ["EVENTS", str(EVENTS)]
    assert grown < GROWTH, f"{grown / EVENTS:.2f} bytes for each event"


def test_the_memory_of_messages(bot: Bot, rabbit: RabbitNode, vhost: str) -> None:
    """Acknowledged one by one. First a binding may remember 65,536 ids, to leave copies out."""
    declare(rabbit.url(vhost))
    more = fill(rabbit.url(vhost), MESSAGES) - MESSAGES
    program = bot.start("consume", MESSAGES, AMQP_URL=rabbit.url(vhost))
    grown = growth(program, 7)
    assert program.wait(300) == 0, program.said()
    assert grown < GROWTH, f"{grown} bytes for a fifth of the messages, which are five times as large together"
    rabbit.wait_for(lambda: rabbit.queues(vhost)["bench:consume"]["messages"] <= more, "an empty queue")


def test_the_folder_is_complete(language: str, binding: Binding, root: Path) -> None:
    assert {"README.md", "functions.txt"} <= {path.name for path in (root / "bindings" / language).iterdir()}


def test_valid_commands(language: str, binding: Binding) -> None:
    """No program that README.md names is forgotten."""
    assert set(binding.programs) >= {"gateway", "worker", "readme", "cancel", "handles", "shard", "consume"}, sorted(binding.programs)
    for command in binding.programs.values():
        assert subprocess.run(["sh", "-c", f'command -v "{command[0]}"'], capture_output=True, check=False).returncode == 0, command
