"""spectacles-gateway doctor against a real RabbitMQ with its management API and a stand-in for Discord over TLS: what is
right, and what is broken, one thing at a time. Each finding says what, why, and what mends it."""
from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.answers import Answers, changed
from support.pages import hold, wrap
from support.patience import PATIENCE
from support.processes import SANITIZERS, Process
from support.rabbit import RabbitNode

TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
OTHER_TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ5.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
IDENTIFY, RESUME = 2, 6


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[tuple[RabbitNode, list[str]]]:
    good = authority.issue("doctors-rabbit")

    with RabbitNode(tmp_path_factory.mktemp("doctors-rabbit"), good.cert, good.key, vhosts=32, management=True) as made:
        yield made, [f"t{number}" for number in range(32)]


@pytest.fixture(scope="module")
def discord(authority: Authority) -> Iterator[Standin]:
    certificate = authority.issue("doctors-standin")
    with Standin(cert=certificate.cert, key=certificate.key, token=TOKEN, shards=2) as made:
        yield made


class Doctor:
    """The program with the settings of one test."""

    def __init__(self, build: Path, folder: Path, rabbit: RabbitNode, vhost: str, discord: Standin, authority: Authority) -> None:
        self.program = build / "tools" / "gateway" / "spectacles-gateway"
        self.folder, self.rabbit, self.vhost = folder, rabbit, vhost
        self.environment = {
            "DISCORD_TOKEN": TOKEN, "DISCORD_API_HOST": discord.api, "AMQP_URL": rabbit.url(vhost), "SSL_CERT_FILE": str(authority.ca),
            "DISCORD_INTENTS": "guilds,guild_messages", "DISCORD_EVENTS": "MESSAGE_CREATE,GUILD_CREATE", "SESSION_FILE": str(folder / "sessions"),
            "RABBITMQ_MANAGEMENT_URL": rabbit.management_url()}
        connection = pika.BlockingConnection(pika.URLParameters(rabbit.url(vhost)))
        self.connection, self.channel = connection, connection.channel()

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        settings = {name: value for name, value in {**self.environment, **environment}.items() if value}
        done = subprocess.run([self.program, "doctor", *arguments], cwd=self.folder, env={"PATH": os.environ["PATH"], **SANITIZERS, **settings},
                              capture_output=True, text=True, timeout=120 * PATIENCE, check=False)
        assert TOKEN not in done.stdout + done.stderr and "guest:guest" not in done.stdout + done.stderr
        assert not done.stderr, done.stderr
        return done

    def report(self, **environment: str) -> dict[str, Any]:
        done = self.run("--json", **environment)
        report = json.loads(done.stdout)
        assert report["exit"] == done.returncode, done.stdout
        for each in report["findings"]:
            assert each["level"] in ("ok", "note") or (each["why"] and each["mend"]), f"why, and what mends it? {each}"
        return report

    def declare(self, *events: str, group: str = "gateway", **arguments: Any) -> None:
        """The exchange, and a queue for each of these events."""
        self.channel.exchange_declare(group, "direct", durable=True)
        for event in events:
            self.channel.queue_declare(f"{group}:{event}", durable=True, arguments=arguments)
            self.channel.queue_bind(f"{group}:{event}", group, event)

    def api(self, path: str) -> Any:
        """What the management API answers."""
        address = f"http://127.0.0.1:{self.rabbit.management_port}/api/{path}"
        request = urllib.request.Request(address, headers={"Authorization": "Basic " + base64.b64encode(b"guest:guest").decode()})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def settle_policies(self) -> None:
        """Until the management API tells of each queue what its policy says."""
        policies = len(self.rabbit._list("list_policies", self.vhost))
        self.rabbit.wait_for(lambda: sum(bool(each.get("policy")) for each in self.api(f"queues/{self.vhost}")) >= policies, "policies of queues")


@pytest.fixture
def doctor(build: Path, tmp_path: Path, node: tuple[RabbitNode, list[str]], discord: Standin, authority: Authority) -> Iterator[Doctor]:
    made = Doctor(build, tmp_path, node[0], node[1].pop(), discord, authority)
    yield made
    with contextlib.suppress(pika.exceptions.AMQPError):  # RabbitMQ ends a connection that was silent for a minute
        made.connection.close()


def found(report: dict[str, Any], field: str, words: str) -> dict[str, Any]:
    """The one finding about a field with these words."""
    these = [each for each in report["findings"] if each["field"] == field and words in each["what"]]
    assert len(these) == 1, f"{len(these)} findings about {field} with '{words}':\n" + "\n".join(str(each) for each in report["findings"])
    return these[0]


def test_a_good_set_up_is_told_as_good_and_nothing_is_identified(doctor: Doctor, discord: Standin) -> None:
    doctor.declare("MESSAGE_CREATE", "GUILD_CREATE", "SEND", "0", "1", "SPECTACLES_GAP")
    report = doctor.report()
    assert [each for each in report["findings"] if each["level"] not in ("ok", "note")] == []
    assert report["exit"] == 0
    assert "HELLO" in found(report, "gateway", "wss://")["what"]
    assert "2 of them are this process's" in found(report, "shards", "as Discord recommends")["what"]
    assert found(report, "TLS", "are trusted, for another 29 days") and found(report, "clock", "is that of Discord's server")
    assert found(report, "rights", "there and back") and found(report, "queues", "6 of 6 queues are there")
    assert found(report, "queues", "6 classic queues of the group have their home on ")
    assert discord.count("connected") > 0 and not any(discord.count("received", op=op) for op in (IDENTIFY, RESUME))


def test_a_refused_token_is_a_persons_to_mend(doctor: Doctor) -> None:
    report = doctor.report(DISCORD_TOKEN="MTk4NjIyNDgzNDcxOTI1MjQ5.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs")
    assert report["exit"] == 78
    assert "DISCORD_TOKEN" in found(report, "Discord", "401")["mend"]


def test_a_certificate_that_has_expired_is_named_for_discord_and_for_the_broker(
        doctor: Doctor, authority: Authority, tmp_path: Path) -> None:
    """As expired: the server's, and as not trusted: RabbitMQ's, whose authority is another one."""
    expired = authority.issue("doctors-expired", days=0)
    other = Authority(tmp_path / "other")
    with Standin(cert=expired.cert, key=expired.key, token=TOKEN) as standin:
        report = doctor.report(DISCORD_API_HOST=standin.api, AMQP_URL=doctor.rabbit.url(doctor.vhost, tls=True) + f"?cacertfile={other.ca}&verify=verify_peer")
    assert report["exit"] == 78
    assert "expired" in found(report, "Discord", "does not answer")["what"]
    assert "certificate" in found(report, "broker", "127.0.0.1")["what"]


def test_names_that_do_not_exist_and_hosts_that_do_not_listen_may_pass(doctor: Doctor) -> None:
    report = doctor.report(DISCORD_API_HOST="discord.invalid", AMQP_URL="amqp://guest:guest@127.0.0.1:1/")
    assert report["exit"] == 75
    assert found(report, "names", "discord.invalid")["level"] == "error"
    assert "does not answer" in found(report, "Discord", "discord.invalid")["what"]
    assert found(report, "broker", "127.0.0.1:1")["code"] == 75


def test_the_budget_and_what_a_restart_costs(doctor: Doctor, discord: Standin) -> None:
    discord.identify_limit = {"total": 1000, "remaining": 1, "reset_after": 3_600_000}
    try:
        report = doctor.report()
    finally:
        discord.identify_limit = {"total": 1000, "remaining": 1000, "reset_after": 14_400_000}
    assert report["exit"] == 75
    assert found(report, "Discord", "1 of 1000 identifies are left")["level"] == "warning"
    assert "needs 2 identifies, and 1 are left" in found(report, "sessions", "a restart needs")["what"]


def test_the_number_of_shards_of_a_large_bot_is_a_multiple(doctor: Doctor, discord: Standin) -> None:
    discord.set(shards=32, max_concurrency=16)
    try:
        wrong = doctor.report(DISCORD_SHARD_COUNT="40")
        few = doctor.report(DISCORD_SHARD_COUNT="8", DISCORD_SHARD_IDS="0-3")
        right = doctor.report(DISCORD_SHARD_COUNT="48", DISCORD_SHARD_IDS="0-3")
    finally:
        discord.set(shards=2, max_concurrency=1)
    assert wrong["exit"] == 78
    assert found(wrong, "shards", "40 shards are no multiple of 16")["mend"] == "DISCORD_SHARD_COUNT=48"
    assert "4011" in found(few, "shards", "there are 8 shards, and Discord recommends 32")["why"]
    assert found(right, "shards", "there are 48 shards")["level"] == "note"


def test_login_and_virtual_host_are_told_apart(doctor: Doctor) -> None:
    password = doctor.report(AMQP_URL=doctor.rabbit.url(doctor.vhost, password="wrong"))
    nowhere = doctor.report(AMQP_URL=doctor.rabbit.url("nowhere"))
    assert password["exit"] == nowhere["exit"] == 78
    assert "password" in found(password, "broker", "127.0.0.1")["what"]
    assert "nowhere" in found(nowhere, "broker", "127.0.0.1")["what"]


def test_missing_rights_are_told_with_the_command_that_gives_them(doctor: Doctor) -> None:
    doctor.declare("MESSAGE_CREATE", "SEND")
    user = f"weak-{doctor.vhost}"
    doctor.rabbit.ctl("add_user", user, "pw")
    doctor.rabbit.ctl("set_permissions", "-p", doctor.vhost, user, "^$", ".*", ".*")
    url = doctor.rabbit.url(doctor.vhost, user, "pw")
    report = doctor.report(AMQP_URL=url)
    assert report["exit"] == 78
    refusals = [each for each in report["findings"] if each["field"] == "rights" and each["level"] == "error"]
    assert refusals and all(each["mend"].startswith(f"rabbitmqctl set_permissions -p '{doctor.vhost}' '{user}'") for each in refusals)
    # The command does mend it.
    doctor.rabbit.ctl(*[word.strip("'") for word in refusals[0]["mend"].split()[1:]])
    report = doctor.report(AMQP_URL=url)
    assert report["exit"] == 0 and found(report, "rights", "there and back")


def test_queues_of_another_type_are_refused_as_the_gateway_would_be(doctor: Doctor) -> None:
    doctor.declare("SEND", "0", "1")
    report = doctor.report(BROKER_QUEUE_TYPE="quorum", DISCORD_EVENTS="")
    assert report["exit"] == 78
    refused = [each for each in report["findings"] if each["field"] == "queues" and "x-queue-type" in each["what"]]
    assert len(refused) == 3 and all("BROKER_QUEUE_TYPE" in each["mend"] for each in refused)


def test_commands_that_nobody_takes_and_events_that_nobody_reads(doctor: Doctor) -> None:
    doctor.declare("MESSAGE_CREATE", "1", "SEND")
    for event in ("1", "1", "1", "MESSAGE_CREATE"):
        doctor.channel.basic_publish("gateway", event, b"{}")
    doctor.rabbit.wait_for(lambda: doctor.rabbit.queues(doctor.vhost)["gateway:1"]["messages"] == 3, "three commands")
    report = doctor.report(RABBITMQ_MANAGEMENT_URL="http://127.0.0.1:1")
    assert report["exit"] == 0
    stale = found(report, "commands", "3 commands wait in gateway:1, and no gateway consumes it")
    assert stale["mend"] == f"rabbitmqctl purge_queue -p '{doctor.vhost}' 'gateway:1'"
    assert found(report, "queues", "1 messages wait in gateway:MESSAGE_CREATE, and nobody consumes it")["level"] == "warning"
    assert found(report, "queues", "no queue 'gateway:EVENT' is there for 1 events: GUILD_CREATE")["level"] == "note"
    assert "cannot be asked" in found(report, "management", "127.0.0.1:1")["what"]


def test_two_consumers_of_one_shard_are_told(doctor: Doctor) -> None:
    doctor.declare("0", "1", "SEND")
    for queue in ("gateway:0", "gateway:1", "gateway:1", "gateway:SEND", "gateway:SEND"):
        doctor.channel.basic_consume(queue, lambda *_: None)
    report = doctor.report()
    assert report["exit"] == 75
    assert found(report, "commands", "2 consume gateway:1")
    assert found(report, "commands", "1 of the shards have one gateway: 0")["level"] == "ok"


def test_policies_that_lose_events_are_told_and_one_that_ages_commands_is_not(doctor: Doctor) -> None:
    doctor.declare("MESSAGE_CREATE", "SEND")
    doctor.rabbit.ctl("set_policy", "-p", doctor.vhost, "ttl", "^gateway:", '{"message-ttl":60000,"max-length":1000}', "--apply-to", "queues")
    doctor.settle_policies()
    mirrored = ["the policy 'old' mirrors queues (ha-)"] if doctor.rabbit.version() < (4,) else []  # later ones take no such policy
    if mirrored:
        doctor.rabbit.ctl("set_policy", "-p", doctor.vhost, "old", "^other", '{"ha-mode":"all"}')
    report = doctor.report()
    said = [each["what"] for each in report["findings"] if each["field"] == "policies"]
    assert report["exit"] == 0
    assert sorted(said) == [*mirrored, "the policy of the queue 'gateway:MESSAGE_CREATE' has max-length",
                            "the policy of the queue 'gateway:MESSAGE_CREATE' has message-ttl", "the policy of the queue 'gateway:SEND' has max-length"]
    assert "confirmed" in found(report, "policies", "MESSAGE_CREATE' has message-ttl")["why"]


def test_events_that_no_queue_takes_are_known_from_bindings(doctor: Doctor) -> None:
    """A worker with a subgroup has a queue of another name."""
    doctor.declare("SEND")
    doctor.channel.queue_declare("gateway:logs:MESSAGE_CREATE", durable=True)
    doctor.channel.queue_bind("gateway:logs:MESSAGE_CREATE", "gateway", "MESSAGE_CREATE")
    report = doctor.report()
    assert found(report, "queues", "no queue takes GUILD_CREATE")["level"] == "warning"


def test_an_account_that_may_not_see_the_management_api_is_told(doctor: Doctor) -> None:
    user = f"plain-{doctor.vhost}"
    doctor.rabbit.ctl("add_user", user, "pw")
    report = doctor.report(RABBITMQ_MANAGEMENT_URL=doctor.rabbit.management_url(user, "pw"))
    assert found(report, "management", "status 401")["mend"] == f"rabbitmqctl set_user_tags '{user}' monitoring"


# ---- What only a broken set-up shows ----

def test_alarms_are_told_with_what_frees_memory_and_disk(doctor: Doctor) -> None:
    doctor.declare("SEND", "0", "1")
    rabbit = doctor.rabbit
    try:
        rabbit.ctl("set_disk_free_limit", "99999GB")
        rabbit.ctl("set_vm_memory_high_watermark", "absolute", "1MB")
        rabbit.wait_for(lambda: all(doctor.api("nodes")[0][alarm] for alarm in ("mem_alarm", "disk_free_alarm")), "two alarms")
        report = doctor.report()
    finally:
        rabbit.ctl("set_disk_free_limit", "10MB")
        rabbit.ctl("set_vm_memory_high_watermark", "0.4")
        rabbit.wait_for(lambda: not any(doctor.api("nodes")[0][alarm] for alarm in ("mem_alarm", "disk_free_alarm")), "no alarm")
    assert report["exit"] == 75
    assert "purge a queue" in found(report, "alarm", f"the node {rabbit.name} has a memory alarm")["mend"]
    assert "make room" in found(report, "alarm", f"the node {rabbit.name} has a disk alarm")["mend"]
    assert "because of an alarm" in found(report, "rights", "takes no messages now")["what"]


def test_a_wrong_clock_is_told(doctor: Doctor, discord: Standin, authority: Authority) -> None:
    bot = {"url": f"wss://{discord.api}", "shards": 2, "session_start_limit": {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}}
    reports = []
    for clock in (-3600, 30):
        with Answers(lambda *_: bot, authority.issue(f"doctors-clock-{clock}"), clock) as server:
            reports.append(doctor.report(DISCORD_API_HOST=server.host))
    late, near = (next(each for each in report["findings"] if each["field"] == "clock") for report in reports)
    assert late["level"] == "warning" and re.search(r"is 3[56]\d\d s before that of Discord's server", late["what"])
    assert near["level"] == "note" and "s behind that of Discord's server" in near["what"]
    assert late["mend"] == near["mend"] == "timedatectl set-ntp true"
    assert all(report["exit"] == 0 for report in reports)


def test_a_certificate_near_its_end_is_told(doctor: Doctor, authority: Authority) -> None:
    ends = authority.issue("doctors-ends", days=3)
    with Standin(cert=ends.cert, key=ends.key, token=TOKEN, shards=2) as standin:
        report = doctor.report(DISCORD_API_HOST=standin.api)
    assert report["exit"] == 0
    told = found(report, "TLS", "are trusted, for another ")
    assert told["level"] == "warning" and re.search("another [23] days$", told["what"]) and "renew" in told["why"]


def test_a_torn_cluster_is_told_node_by_node(doctor: Doctor) -> None:
    """As the real API tells of one node; what a second node adds is put in."""
    doctor.declare("SEND", "0", "1")

    def tear(path: str, answer: Any) -> Any:
        if path == "/api/nodes":
            return [{**answer[0], "partitions": ["rabbit@b"]}, {"name": "rabbit@b", "type": "disc", "running": False}]
        if path.startswith("/api/queues"):
            return [{**each, "state": "down", "node": "rabbit@b"} if each["name"] == "gateway:0" else each for each in answer]
        return answer

    with Answers(changed(f"http://127.0.0.1:{doctor.rabbit.management_port}", tear)) as api:
        report = doctor.report(RABBITMQ_MANAGEMENT_URL=f"http://guest:guest@{api.host}")
    assert report["exit"] == 78
    assert "cluster_status" in found(report, "nodes", f"the node {doctor.rabbit.name} sees a partition of the cluster")["mend"]
    assert found(report, "nodes", "the node rabbit@b does not run")["level"] == "warning"
    assert found(report, "nodes", "1 of 2 nodes run")["level"] == "ok"
    assert found(report, "queues", "the queue 'gateway:0' is down; its home is rabbit@b")["mend"] == "start the node rabbit@b"


def test_quorum_queues_that_give_messages_up_are_told_until_a_policy_raises_the_limit(doctor: Doctor) -> None:
    quorum = {"x-queue-type": "quorum"}
    doctor.declare("MESSAGE_CREATE", "SEND", **quorum)
    version_4 = changed(f"http://127.0.0.1:{doctor.rabbit.management_port}",
                        lambda path, answer: {**answer, "rabbitmq_version": "4.1.0"} if path == "/api/overview" else answer)
    with Answers(version_4) as api:
        settings = {"RABBITMQ_MANAGEMENT_URL": f"http://guest:guest@{api.host}"}
        default = found(doctor.report(**settings), "queues", "2 quorum queues drop a message that came back too often")
        assert default["level"] == "warning" and default["what"].endswith(" after 20 times")
        # The command does mend it.
        command = shlex.split(default["mend"])
        assert command[0] == "rabbitmqctl"
        doctor.rabbit.ctl(*command[1:])
        doctor.settle_policies()
        assert not [each for each in doctor.report(**settings)["findings"] if "came back" in each["what"]]
        doctor.declare("GUILD_CREATE", **quorum, **{"x-delivery-limit": 5})
        declared = found(doctor.report(**settings), "queues", "1 quorum queues drop a message")
        assert "'gateway:GUILD_CREATE' after 5 times" in declared["what"] and "x-delivery-limit" in declared["mend"]
        doctor.channel.queue_delete("gateway:GUILD_CREATE")
        doctor.rabbit.ctl("set_policy", "-p", doctor.vhost, "--apply-to", "queues", "delivery-limit", "^gateway:", '{"delivery-limit":7}')
        doctor.rabbit.wait_for(lambda: all(each["effective_policy_definition"].get("delivery-limit") == 7 for each in doctor.api(f"queues/{doctor.vhost}")
                                           if each["name"] in ("gateway:SEND", "gateway:MESSAGE_CREATE")), "the new limit")
        low = found(doctor.report(**settings), "queues", "2 quorum queues drop a message")
        assert "the policy 'delivery-limit'" in low["mend"]


# ---- The stored sessions ----

def store(doctor: Doctor, count: int = 2, token: str = TOKEN, age: float = 0) -> Path:
    """A file of sessions as the program writes it, so many seconds ago."""
    file = doctor.folder / "sessions"
    lines = "".join(json.dumps({"shard": [shard, count], "session": f"s{shard}", "seq": 7}) + "\n" for shard in range(count))
    settings = {**doctor.environment, "DISCORD_TOKEN": token}
    subprocess.run([doctor.program, "sessions", "import"], cwd=doctor.folder, env={"PATH": os.environ["PATH"], **SANITIZERS, **settings}, input=lines,
                   text=True, check=True, capture_output=True, timeout=60 * PATIENCE)
    written = file.read_text().splitlines()[:-1]
    if age:
        body = "\n".join(re.sub(r'"time":(\d+)', lambda time: f'"time":{int(time[1]) - int(age * 1000)}', line) for line in written) + "\n"
        file.write_text(body + json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest()[:32]}, separators=(",", ":")) + "\n")
    return file


def test_the_age_of_sessions_and_what_a_restart_costs_with_them(doctor: Doctor) -> None:
    store(doctor)
    fresh = doctor.report()
    assert found(fresh, "sessions", "2 of 2 shards can resume: a restart now costs 0 identifies")["level"] == "ok"
    assert not [each for each in fresh["findings"] if "was stored" in each["what"]]
    store(doctor, age=600)
    assert "no gateway seems to run here" in found(doctor.report(), "sessions", "the newest session was stored 10 min ago")["why"]


def test_sessions_of_another_bot_or_another_number_of_shards_are_told(doctor: Doctor) -> None:
    file = store(doctor, token=OTHER_TOKEN)
    other = found(doctor.report(), "sessions", f"the sessions in '{file}' cannot be used")
    assert other["level"] == "warning" and "set SESSION_FILE to the file of this bot" in other["mend"]
    file.unlink()
    store(doctor, count=4)
    report = doctor.report(DISCORD_SHARD_COUNT="2")
    assert found(report, "sessions", "the stored sessions are of 4 shards, and the settings say 2")["mend"].startswith("DISCORD_SHARD_COUNT=4")


def test_torn_sessions_and_a_file_of_something_else_are_told(doctor: Doctor) -> None:
    """A start goes on without torn sessions, and never overwrites what is not its own."""
    sessions = store(doctor)
    sessions.write_text(sessions.read_text()[:-30])
    report = doctor.report()
    assert report["exit"] == 0 and found(report, "sessions", f"the sessions in '{sessions}' cannot be used")["level"] == "warning"
    sessions.write_text("root:x:0:0:root:/root:/bin/bash\n")
    report = doctor.report()
    assert report["exit"] == 78
    assert "a file of something else" in found(report, "settings", f"SESSION_FILE: '{sessions}' cannot be used")["what"]
    assert sessions.read_text() == "root:x:0:0:root:/root:/bin/bash\n"


def test_wrong_settings_are_told_and_nothing_is_connected(doctor: Doctor) -> None:
    report = doctor.report(DISCORD_TOKEN="")
    assert report["exit"] == 78
    assert [each["field"] for each in report["findings"]] == ["settings"] * len(report["findings"])
    assert "nothing else was looked at" in report["findings"][-1]["what"]


# ---- Other gateways ----

def peer(doctor: Doctor, build: Path, token: str, count: int, *shards: int) -> Process:
    """A gateway of the same group, that serves nothing but answers as one."""
    program = build / "tests" / "tools" / "conflicts_tool"
    made = Process([program, doctor.rabbit.url(doctor.vhost), "gateway", token, str(count), *map(str, shards)], steered=True)
    made.wait_for(lambda: b"settled" in made.out, what="settled")
    made.write("run")
    return made


def test_other_gateways_are_named_and_conflicts_with_them_are_told(doctor: Doctor, build: Path) -> None:
    doctor.declare("SEND")
    peers = [peer(doctor, build, TOKEN, 2, 0, 1), peer(doctor, build, TOKEN, 3, 2), peer(doctor, build, OTHER_TOKEN, 2, 0)]
    try:
        report = doctor.report()
    finally:
        for each in peers:
            each.write("quit")
            each.wait()
    assert report["exit"] == 78
    for each, shards in zip(peers, ("0,1 of 2", "2 of 3", "0 of 2")):
        assert f"serves the shards {shards}" in found(report, "gateways", f"process {each.pid} serves")["what"]
    assert found(report, "gateways", "has 3 shards, and these settings have 2")["level"] == "warning"
    assert found(report, "gateways", f"process {peers[2].pid} has another bot")["code"] == 78


# ---- The page ----

def unwrapped(text: str) -> list[str]:
    """Each sentence in one line, and what differs from run to run written as on the page."""
    text = re.sub(r"\n {20}", " ", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "rabbit:5672", re.sub(r"localhost:\d+", "discord.com", text))
    text = re.sub(r"after \d+ ms", "after 30 ms", re.sub(r"is RabbitMQ [\d.]+", "is RabbitMQ 3.10.8", text))
    text = re.sub(r"spectacles-\d+@\w+", "rabbit@rabbit", re.sub(r"'t\d+'", "'/'", text))
    return text.replace("localhost (DISCORD_API_HOST) is 127.0.0.1", "discord.com (DISCORD_API_HOST) is 192.0.2.7").splitlines()


def wrapped(line: str) -> str:
    return line if line.startswith("         mend:") else wrap(line, 20)


@pytest.mark.parametrize("set_up", ["good", "broken"])
def test_the_page_shows_what_the_doctor_says(doctor: Doctor, discord: Standin, root: Path, set_up: str) -> None:
    doctor.declare("MESSAGE_CREATE", "SEND", "0", "1")
    more: dict[str, str] = {"DISCORD_EVENTS": "MESSAGE_CREATE", "SESSION_FILE": "sessions"}
    if set_up == "broken":
        for _ in range(50):
            doctor.channel.basic_publish("gateway", "1", b"{}")
        doctor.rabbit.ctl("set_policy", "-p", doctor.vhost, "ttl", "MESSAGE_CREATE", '{"message-ttl":60000}', "--apply-to", "queues")
        doctor.rabbit.wait_for(lambda: doctor.rabbit.queues(doctor.vhost)["gateway:1"]["messages"] == 50, "fifty commands")
        discord.identify_limit = {"total": 1000, "remaining": 1, "reset_after": 14_400_000}
    doctor.settle_policies()
    try:
        lines = unwrapped(doctor.run(**more).stdout)
    finally:
        discord.identify_limit = {"total": 1000, "remaining": 1000, "reset_after": 14_400_000}
    hold(root / "doc" / "operations.md", f"the doctor on a {set_up} set-up", "\n".join(wrapped(line) for line in lines) + "\n")
