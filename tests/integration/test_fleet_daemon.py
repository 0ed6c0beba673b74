"""FLEET=on: daemons that share the shards of a bot. One is killed, joins or stops, and nothing is lost, and nobody identifies twice."""
from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
from standin.standin import Standin
from support.patience import PATIENCE
from support.rabbit import RabbitNode

from .conftest import GATEWAY, Bot, gaps, messages
from .fleets import SHARDS, Fleet, expect_code

pytestmark = pytest.mark.rabbit4
QUEUE = "gateway:w:MESSAGE_CREATE"
# What the first identify of a fleet waits for: 20 s for an owner of whom nobody knows (fleet.h), the leader, and RabbitMQ.
FIRST = 90.0


class Sender(threading.Thread):
    """Events on all shards, numbered for each shard, until it is told to end."""

    def __init__(self, standin: Standin) -> None:
        super().__init__(daemon=True)
        self.standin = standin
        self.sent = 0
        self.is_over = threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(0.02):
            self.send()

    def send(self) -> None:
        for shard in range(SHARDS):
            self.standin.dispatch(shard, "MESSAGE_CREATE", {"n": self.sent, "shard": shard})
        self.sent += 1

    def end(self) -> int:
        """Returns how many events each shard has had."""
        self.is_over.set()
        self.join()
        self.send()
        return self.sent


@pytest.fixture
def fleet(bot: Bot, standin: Standin, channel: Any) -> Fleet:
    standin.shards = standin.max_concurrency = SHARDS
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")
    return Fleet(bot, standin)


@pytest.fixture
def sender(standin: Standin) -> Iterator[Callable[[], Sender]]:
    made: list[Sender] = []

    def start() -> Sender:
        made.append(Sender(standin))
        made[-1].start()
        return made[-1]

    yield start
    for each in made:
        each.is_over.set()


def expect_all(channel: Any, sent: int) -> int:
    """Each event of each shard has come, in order once copies are left out, and each copy has the message-id of the event. Returns how many
    copies came."""
    ids: list[dict[int, str]] = [{} for _ in range(SHARDS)]
    copies = 0
    for _, properties, body in messages(channel, QUEUE):
        event = json.loads(body)
        known: Optional[str] = ids[event["shard"]].get(event["n"])
        assert known in (None, properties.message_id), "a copy has the message-id of the event"
        copies += known is not None
        ids[event["shard"]][event["n"]] = properties.message_id
        if all(sent - 1 in each for each in ids):
            break
    for shard, each in enumerate(ids):
        assert list(each) == list(range(sent)), f"shard {shard}: all of them, in order"
    return copies


def expect_one_identify_each(standin: Standin) -> None:
    assert standin.count("received", op=2) == SHARDS and standin.count("ready") == SHARDS
    assert standin.violations == []


@pytest.mark.cluster
def test_the_first_identify_of_a_fleet(fleet: Fleet, standin: Standin) -> None:
    """By name alone, as what takes long: half a minute passes until nobody can be there whom nobody has heard."""
    fleet.start("one")
    fleet.wait_shared(4, timeout=FIRST)
    expect_one_identify_each(standin)


def test_a_fleet_lives(fleet: Fleet, standin: Standin, channel: Any, sender: Callable[[], Sender], tmp_path: Path) -> None:
    """A process alone becomes a fleet; people look, move and drain; members come, die and stop. Nobody identifies twice."""
    sessions = str(tmp_path / "sessions")
    alone = fleet.bot.running_gateway(shards=SHARDS, DISCORD_SHARD_COUNT=str(SHARDS), SESSION_FILE=sessions)
    events = sender()
    assert alone.stop() == 0
    fleet.start("one", FLEET_ZONE="one", SESSION_FILE=sessions)
    fleet.wait_shared(4)
    fleet.start("two", FLEET_ZONE="two")
    fleet.wait_shared(2, 2)
    owners = fleet.owners()
    assert sorted(owners.values()) == ["one", "one", "two", "two"]
    refused = fleet.begin("move", "0", "nobody")
    shown = expect_code(fleet.begin("status"), 0)  # before anything moves
    slot = next(slot for slot, owner in owners.items() if owner == "one")
    expect_code(fleet.begin("move", str(slot), "two"), 0)
    fleet.wait_shared(2, 2)  # who got it gives another one back
    assert slot in fleet.ready_shards("two")
    assert "'nobody' is not in the fleet" in expect_code(refused, 78)
    assert re.search(r"^one +one +100 +2 +here$", shown, re.MULTILINE)
    expect_code(fleet.begin("drain", "one"), 0)
    fleet.wait_shared(0, 4)
    one = fleet.forget("one")
    assert one.stop() == 0
    fleet.start("three")  # joins: it takes its share by RESUME, once the slots are not where people have pinned them
    expect_code(fleet.begin("move", "all"), 0)
    fleet.wait_shared(2, 2)
    fleet.forget("two").kill()  # -9: its standby goes on
    fleet.wait_shared(4)
    three = fleet.forget("three")
    assert three.stop() == 0  # nobody is left: the records stay in RabbitMQ
    fleet.start("four")  # and waits for no owner whom nobody has heard
    fleet.wait_shared(4)
    copies = expect_all(channel, events.end())
    expect_one_identify_each(standin)
    assert gaps(channel, 0) == []
    assert copies < 4 * 1000, "no more than what was not stored when a member was killed"
    assert not one.lines("[FLEET_MEMBER look-"), "who looks is no member"
    for process in (one, three):
        assert not process.lines("[FLEET_PROBLEM")


def test_nobody_is_in_the_fleet(fleet: Fleet) -> None:
    """What a person sees who has set something else than the members."""
    assert "nobody is in the fleet" in expect_code(fleet.begin("status"), 75)


def test_an_account_without_the_rights_is_told_which(fleet: Fleet, rabbit: RabbitNode, vhost: str) -> None:
    """A member needs a queue that RabbitMQ names, and the exchange without a name; the doctor says which, and how."""
    rabbit.ctl("add_user", f"fleet-{vhost}", "secret")
    rabbit.ctl("set_permissions", "-p", vhost, f"fleet-{vhost}", *["^gateway(:.*)?$"] * 3)
    url = rabbit.url(vhost, user=f"fleet-{vhost}", password="secret")
    fleet.start("one", AMQP_URL=url)
    fleet.members["one"].wait_err("[FLEET_PROBLEM")
    environment = {**fleet.bot.environment, **fleet.settings, "DISCORD_EVENTS": "MESSAGE_CREATE", "AMQP_URL": url}
    done = subprocess.run([fleet.bot.build / GATEWAY, "doctor", "--json"], env=environment, capture_output=True, text=True,
                          timeout=180 * PATIENCE, check=False)
    mends = [each["mend"] for each in json.loads(done.stdout)["findings"] if each["field"] == "fleet" and each["mend"]]
    assert any("amq" in mend and "set_permissions" in mend for mend in mends), done.stdout


@pytest.mark.parametrize(("setting", "told"), [
    ({"DISCORD_SHARD_COUNT": "0"}, "set DISCORD_SHARD_COUNT"),
    ({"DISCORD_SHARD_IDS": "0-1"}, "the fleet shares all shards"),
    ({"FLEET_MEMBER": "two words"}, "printable ASCII characters without spaces"),
])
def test_settings_that_do_not_go_with_a_fleet_are_told(build: Path, setting: dict[str, str], told: str) -> None:
    environment = {"DISCORD_TOKEN": "a.token", "AMQP_URL": "amqp://localhost", "FLEET": "on", "DISCORD_SHARD_COUNT": "4", **setting}
    done = subprocess.run([build / GATEWAY, "check"], env=environment, capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    assert done.returncode == 78 and told in done.stdout + done.stderr
