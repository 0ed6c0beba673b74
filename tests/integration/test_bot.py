"""A bot is the same program in one process and behind a broker: one setting changes, and nothing of what it prints."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from standin.standin import Standin
from support.processes import Process

from .conftest import Bot

EVENT = "MESSAGE_CREATE"


class InOneProcess:
    """Gateway and bot, without RabbitMQ."""

    def __init__(self, bot: Bot, folder: Path) -> None:
        self.bot, self.store, self.printed = bot, str(folder / "sessions"), list[list[bytes]]()
        self.start()

    def start(self) -> None:
        self.process = self.bot.start("bot", EVENT, AMQP_URL="", SESSION_FILE=self.store, DISCORD_GATEWAY_URL=self.bot.standin.url)
        self.printed.append(self.process.out)

    def kill(self) -> None:
        self.process.kill()

    def stop(self) -> None:
        assert self.process.stop() == 0


class BehindABroker:
    """The bot is a worker, and a gateway runs beside it."""

    def __init__(self, bot: Bot, folder: Path) -> None:
        self.bot, self.store, self.printed = bot, str(folder / "sessions"), list[list[bytes]]()
        self.start()

    def start(self) -> None:
        self.process = self.bot.start("bot", EVENT)
        self.process.wait_err("subscribed to gateway:SPECTACLES_GAP", timeout=90)
        self.gateway = self.bot.gateway(EVENT, SESSION_FILE=self.store, DISCORD_SHARD_COUNT="1")
        self.printed.append(self.process.out)

    def kill(self) -> None:
        self.gateway.kill()
        self.process.kill()

    def stop(self) -> None:
        assert self.gateway.stop() == 0
        assert self.process.stop() == 0


def lines(printed: list[list[bytes]]) -> list[tuple[str, str, str]]:
    return [tuple(line.decode().split(" ", 2)) for each in printed for line in each]  # type: ignore[misc]


def first_of_each_id(printed: list[list[bytes]]) -> dict[str, tuple[str, str]]:
    """All copies have the same id, and say the same. A process prints no message twice."""
    found: dict[str, tuple[str, str]] = {}
    for name, message_id, body in lines(printed):
        assert found.setdefault(message_id, (name, body)) == (name, body)
    for each in printed:
        ids = [message_id for _, message_id, _ in lines([each])]
        assert len(ids) == len(set(ids)), "a copy was not recognised"
    return found


def wait_for_message(process: Process, number: int) -> None:
    wanted = json.dumps({"n": number}).encode()
    process.wait_for(lambda: any(line.endswith(wanted) for line in process.out), 90, f"message {number}")


@pytest.mark.parametrize("way", [InOneProcess, BehindABroker])
def test_the_same_bot_prints_the_same(bot: Bot, standin: Standin, tmp_path: Path, way: Callable[[Bot, Path], InOneProcess | BehindABroker]) -> None:
    def send(numbers: range) -> None:
        standin.dispatch_many(0, [(EVENT, json.dumps({"n": number})) for number in numbers])

    running = way(bot, tmp_path)
    standin.wait_ready(0, timeout=90)
    send(range(0, 100))
    standin.drop(0, behind=[(EVENT, json.dumps({"n": 100}))])
    wait_for_message(running.process, 100)
    # Killed in the middle of its work; more comes while nobody is there.
    send(range(101, 200))
    wait_for_message(running.process, 110)
    running.kill()
    send(range(200, 250))
    running.start()
    wait_for_message(running.process, 249)
    assert standin.count("ready") == 1, "nobody has identified again"
    # A session is lost for good: a gap record comes through the same handler, and then the events of the next session.
    standin.invalidate(0, False)
    standin.wait_for(lambda: standin.count("ready") == 2, 90, "for a new session")
    send(range(250, 300))
    wait_for_message(running.process, 299)
    # A packet is sent by the same call.
    standin.dispatch(0, EVENT, {"content": "!members", "guild_id": "1"})
    standin.wait_for(lambda: standin.received(0, 8), 60, "for the request")
    running.process.wait_err("asked for members")
    running.stop()
    found = first_of_each_id(running.printed)
    texts = [body for name, body in found.values() if name == EVENT]
    assert [json.loads(text)["n"] for text in texts[:300]] == list(range(300)), "all of them, in order"
    assert json.loads(texts[300])["content"] == "!members" and len(texts) == 301
    records = [(message_id, json.loads(body)) for message_id, (name, body) in found.items() if name == "SPECTACLES_GAP"]
    assert len(records) == 1
    message_id, record = records[0]
    assert record["shard"] == [0, 1] and message_id == f"{record['new_session']}:gap:1"
    assert record["old_session"] != record["new_session"] == standin.session(0).session_id
    assert standin.violations == []
