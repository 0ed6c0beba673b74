"""spectacles-gateway and whoever reads its log, or does not; and what systemd is told."""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
from standin.standin import Standin
from support.patience import PATIENCE
from support.processes import SANITIZERS

from .conftest import GATEWAY, Bot, messages

QUEUE = "gateway:w:MESSAGE_CREATE"
JOURNALD = "/lib/systemd/systemd-journald"


def declare(channel: Any) -> None:
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")


def wait_for(predicate: Callable[[], Any], what: str, timeout: float = 60) -> Any:
    end = time.monotonic() + timeout * PATIENCE
    while not (found := predicate()):
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.2)
    return found


class Unread:
    """The daemon with a stderr of its own kind. What a sanitizer reports goes into a file."""

    def __init__(self, bot: Bot, stderr: Optional[int], prefix: tuple[str, ...] = (), **environment: str) -> None:
        program = bot.build / "tools" / "gateway" / "spectacles-gateway"
        self.reports = Path(tempfile.mkdtemp())
        sanitizers = {name: f"{options}:log_path={self.reports / 'report'}" for name, options in SANITIZERS.items()}
        self.process = subprocess.Popen([*prefix, str(program)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True,
                                        env={**os.environ, **sanitizers, **bot.environment, "DISCORD_EVENTS": "MESSAGE_CREATE", **environment})

    def processor_time(self) -> float:
        """Seconds, of all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20 * PATIENCE)

    def __enter__(self) -> Unread:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        status = self.process.wait()
        reports = [each.read_text() for each in self.reports.iterdir()]
        shutil.rmtree(self.reports)
        assert not reports and status in (0, -signal.SIGKILL), f"status {status}:\n" + "\n".join(reports)


def full_pipe() -> tuple[int, int]:
    """Both ends of a pipe that takes no byte more."""
    reads, writes = os.pipe()
    flags = fcntl.fcntl(writes, fcntl.F_GETFL)
    fcntl.fcntl(writes, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writes, b"x" * 4096)
    fcntl.fcntl(writes, fcntl.F_SETFL, flags)
    return reads, writes


@contextlib.contextmanager
def stderr_of(kind: str) -> Iterator[int]:
    """A stderr that nobody reads, in each way in which that happens."""
    if kind == "full pipe":
        ends = full_pipe()
    elif kind == "dead reader":
        ends = os.pipe()
        os.close(ends[0])
        ends = (ends[1], ends[1])
    elif kind == "full disk":
        disk = os.open("/dev/full", os.O_WRONLY)
        ends = (disk, disk)
    else:
        one, other = socket.socketpair()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        ends = (other.detach(), one.detach())
    yield ends[1]
    for fd in set(ends):
        os.close(fd)


def beats(standin: Standin) -> bool:
    """Discord asks each shard for a heartbeat. (An interval that a test can wait for ends connections on a busy machine.)"""
    before = [len(standin.received(shard, 1)) for shard in (0, 1)]
    for shard in (0, 1):
        standin.request_heartbeat(shard)
    standin.wait_for(lambda: all(len(standin.received(shard, 1)) > before[shard] for shard in (0, 1)), 60, "heartbeats")
    return True


def goes_on(standin: Standin, channel: Any, commands: int = 0) -> None:
    """Events flow, and heartbeats go on, while there is more to log than a log could hold."""
    standin.wait_ready(0, 1, timeout=90)
    packet = json.dumps({"guild_id": "0", "packet": {"op": 3, "d": "not what Discord takes"}}).encode()
    for _ in range(commands):
        channel.basic_publish("gateway", "SEND", packet)
    for number in range(20):
        standin.dispatch(number % 2, "MESSAGE_CREATE", {"n": number})
    for _, (_, _, body) in zip(range(20), messages(channel, QUEUE)):
        assert "n" in json.loads(body)
    assert all(beats(standin) for _ in range(3))
    assert standin.violations == []


@pytest.mark.parametrize("kind", ["full pipe", "dead reader", "full disk", "full socket"])
def test_a_log_that_nobody_reads_stops_nothing(bot: Bot, standin: Standin, channel: Any, kind: str) -> None:
    """At debug each command is a line: workers could fill any pipe."""
    declare(channel)
    with stderr_of(kind) as stderr, Unread(bot, stderr, LOG_LEVEL="debug") as daemon:
        goes_on(standin, channel, commands=500)
        assert daemon.stop() == 0


def test_a_reader_that_comes_back_gets_what_waited(bot: Bot, standin: Standin, channel: Any) -> None:
    declare(channel)
    reads, writes = full_pipe()
    with Unread(bot, writes) as daemon:
        os.close(writes)
        standin.wait_ready(0, 1, timeout=90)
        with os.fdopen(reads, "rb") as reader:
            seen = b""
            while b"shard 0/2 ready" not in seen or b"shard 1/2 ready" not in seen:
                seen += reader.read1(65536)
            assert daemon.stop() == 0
            seen += reader.read()
    lines = seen.lstrip(b"x").decode().splitlines()
    assert all(line.endswith("]") for line in lines), "a line was cut"
    assert any("[STOPPING" in line for line in lines)


def test_closed_descriptors_are_opened_first(bot: Bot, standin: Standin, channel: Any) -> None:
    declare(channel)
    with Unread(bot, None, prefix=("sh", "-c", 'exec "$0" <&- >&- 2>&-')) as daemon:
        goes_on(standin, channel)
        assert {os.readlink(f"/proc/{daemon.process.pid}/fd/{fd}") for fd in (0, 1, 2)} == {"/dev/null"}
        before, begin = daemon.processor_time(), time.monotonic()
        standin.wait_for(lambda: time.monotonic() - begin > 2, 10, "two seconds")
        assert (daemon.processor_time() - before) / (time.monotonic() - begin) < 0.5, "it spins"
        assert daemon.stop() == 0


def test_json_is_json_and_names_shard_and_event(bot: Bot, standin: Standin) -> None:
    daemon = bot.running_gateway(LOG_FORMAT="json")
    standin.close(1, 4000, "a \u202e reason\nof two lines")
    daemon.wait_err("SHARD_RESUMED")
    assert daemon.stop() == 0
    lines = [json.loads(line) for line in daemon.err]
    assert all({"time", "level", "event", "message"} <= line.keys() for line in lines)
    lost = next(line for line in lines if line["event"] == "SHARD_DISCONNECTED")
    assert (lost["shard"], lost["code"], lost["level"]) == (1, 4000, "info")
    assert "\u202e" not in lost["message"] and "\n" not in lost["message"]
    assert standin.token not in "".join(daemon.err)


def test_repeated_failures_are_one_line_and_a_sum(bot: Bot, channel: Any) -> None:
    """Fifty commands that are none; the stop tells what was counted."""
    daemon = bot.gateway(LOG_LEVEL="info")
    daemon.wait_err(" ready, session", 2, timeout=90)
    daemon.wait_err(":SEND stands")
    for _ in range(50):
        channel.basic_publish("gateway", "SEND", b"no command")
    daemon.wait_err("[COMMAND_REJECTED")

    def all_counted() -> bool:
        daemon.signal(signal.SIGUSR1)
        return bool(daemon.lines("rejected=50"))

    wait_for(all_counted, "fifty rejected commands")
    assert daemon.stop() == 0
    lines = daemon.lines("[COMMAND_REJECTED")
    assert len(lines) == 2 and "49 times in the last 60 s, the last: command under SEND rejected" in lines[1], lines


def test_the_first_line_says_which_program_runs(bot: Bot) -> None:
    """Also when the start fails: what reports of a failure ask for first."""
    wrong = {"DISCORD_INTENTS": "no such intent"}
    daemon = bot.gateway(LOG_LEVEL="info", **wrong)
    assert daemon.wait() == 78
    version = subprocess.run([bot.build / GATEWAY, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    assert version.startswith("spectacles-gateway 0.") and any(each in version for each in ("OpenSSL", "mbed")), version
    assert f"info  {version}, pid {daemon.pid} [STARTING]" in daemon.err[0] and "[SETTING" in daemon.err[1], daemon.said()
    daemon = bot.gateway(LOG_LEVEL="warn", **wrong)
    assert daemon.wait() == 78 and not daemon.lines("STARTING"), daemon.said()


def test_sigusr2_switches_to_debug_and_back(bot: Bot, standin: Standin) -> None:
    daemon = bot.gateway(LOG_LEVEL="error")
    standin.wait_ready(0, 1, timeout=90)
    daemon.signal(signal.SIGUSR2)
    daemon.wait_err("until the next SIGUSR2")
    standin.close(0, 4000, "now")
    daemon.wait_err("[SHARD_RESUMED")
    daemon.signal(signal.SIGUSR2)
    daemon.wait_err("back at the level of LOG_LEVEL")
    count = len(daemon.err)
    resumed = standin.count("resumed")
    standin.close(0, 4000, "again")
    standin.wait_for(lambda: standin.count("resumed") > resumed)
    assert daemon.stop() == 0
    assert len(daemon.err) == count, daemon.said()


# ---- systemd ----


class Systemd:
    """What stands for systemd: the socket that the daemon tells how it stands."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(1)
        self.told: list[str] = []

    def wait(self, word: str, times: int = 1) -> str:
        end = time.monotonic() + 90 * PATIENCE
        while len(found := [each for each in self.told if each.startswith(word)]) < times:
            assert time.monotonic() < end, f"waited for {word}: {self.told}"
            with contextlib.suppress(socket.timeout):
                self.told.append(self.socket.recv(4096).decode())
        return found[-1]


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path / "notify")
    yield made
    made.socket.close()


def test_systemd_is_told_each_state(bot: Bot, standin: Standin, systemd: Systemd, tmp_path: Path) -> None:
    before = time.monotonic_ns() // 1000
    daemon = bot.running_gateway(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="2000000")
    systemd.wait("READY=1")
    assert systemd.told[0].startswith("EXTEND_TIMEOUT_USEC=")
    systemd.wait("STATUS=2 of 2 shards ready")
    systemd.wait("WATCHDOG=1", 3)
    daemon.signal(signal.SIGHUP)
    reloading = systemd.wait("RELOADING=1\nMONOTONIC_USEC=")
    assert before < int(reloading.rsplit("=", 1)[1]) <= time.monotonic_ns() // 1000
    systemd.wait("READY=1", 2)
    daemon.signal(signal.SIGTERM)
    systemd.wait("STOPPING=1")
    assert daemon.wait() == 0


def test_ready_waits_for_the_brokers(bot: Bot, systemd: Systemd, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    daemon = bot.gateway(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="1000000", AMQP_URL=f"amqp://127.0.0.1:{port}")
    daemon.wait_err("[BROKER_DISCONNECTED")
    systemd.wait("WATCHDOG=1", 3)
    assert not any(each.startswith("READY") for each in systemd.told)
    assert daemon.stop() == 0
    systemd.wait("STOPPING=1")


# Run by Python in a mount namespace: a real journald, and the daemon with a stream to it on stderr.
IN_A_NAMESPACE = """
import os, socket, subprocess, sys, time
subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
os.makedirs("/run/systemd/journald.conf.d"), os.makedirs("/run/log/journal")
open("/run/systemd/journald.conf.d/test.conf", "w").write("[Journal]\\nReadKMsg=no\\nStorage=volatile\\n")
journald = subprocess.Popen([sys.argv[1]], stderr=subprocess.DEVNULL)
while not os.path.exists("/run/systemd/journal/socket"):
    time.sleep(0.05)
stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
stream.connect("/run/systemd/journal/stdout")
stream.sendall(b"spectacles-gateway\\n\\n6\\n1\\n0\\n0\\n0\\n")
status = os.fstat(stream.fileno())
code = subprocess.run(sys.argv[2:], stderr=stream.fileno(), env={**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}).returncode
stream.close()
subprocess.run(["journalctl", "--sync"], check=True)
subprocess.run(["journalctl", "-o", "json", "--no-pager", "-D", "/run/log/journal", "SYSLOG_IDENTIFIER=spectacles-gateway"], check=True)
journald.terminate()
journald.wait()
sys.exit(code)
"""


@pytest.mark.skipif(not Path(JOURNALD).exists() or not shutil.which("unshare"), reason="systemd is not installed")
@pytest.mark.skipif(os.geteuid() != 0, reason="a mount namespace needs root")
def test_a_real_journal_gets_fields(build: Path, tmp_path: Path) -> None:
    """Wrong settings are lines of the log as well."""
    program = build / "tools" / "gateway" / "spectacles-gateway"
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", IN_A_NAMESPACE, JOURNALD, str(program)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60 * PATIENCE, check=False,
                          env={"PATH": os.environ["PATH"], "LOG_FORMAT": "journal", "BROKER_FORMAT": "xml", "AMQP_URL": "amqp://a", **SANITIZERS})
    assert done.returncode == 78, done.stderr
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert {entry["_TRANSPORT"] for entry in entries} == {"journal"}
    assert {(entry["SPECTACLES_EVENT"], entry["PRIORITY"]) for entry in entries} == {("STARTING", "6"), ("SETTING", "3"), ("SETTING", "4")}
    assert any(entry["MESSAGE"].startswith("BROKER_FORMAT: 'xml'") for entry in entries), done.stdout
