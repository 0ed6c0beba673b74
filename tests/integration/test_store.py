"""The daemon and its SESSION_FILE: a disk that hangs or is full, a file that is missing, foreign or stolen."""
from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from standin.standin import Standin
from support.processes import Process

from .conftest import Bot, messages

QUEUE = "gateway:w:MESSAGE_CREATE"


@pytest.fixture
def worker(channel: Any) -> Any:
    channel.exchange_declare("gateway", "direct", durable=True)
    channel.queue_declare(QUEUE, durable=True)
    channel.queue_bind(QUEUE, "gateway", "MESSAGE_CREATE")
    return channel


def receive(channel: Any, queue: str = QUEUE) -> dict[str, Any]:
    for _, _, body in messages(channel, queue):
        return json.loads(body)
    raise AssertionError("unreachable")


def hanging_disk(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """While the first file is there, fsync() does not return in a process with this environment."""
    flag, library = tmp_path / "hangs", tmp_path / "hanging_disk.so"
    source = Path(__file__).parent.parent / "support" / "hanging_disk.c"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-D_DEFAULT_SOURCE", "-o", library, source], check=True)
    return flag, {"LD_PRELOAD": str(library), "HANGING_DISK": str(flag), "ASAN_OPTIONS": "exitcode=99:verify_asan_link_order=0"}


def test_a_disk_that_hangs_stops_neither_events_nor_heartbeats(bot: Bot, standin: Standin, worker: Any, tmp_path: Path) -> None:
    flag, environment = hanging_disk(tmp_path)
    daemon = bot.running_gateway(SESSION_FILE=str(tmp_path / "sessions"), STOP_TIMEOUT="2s", **environment)
    flag.touch()
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 1})
    assert receive(worker) == {"n": 1}
    daemon.wait_err("has not answered for 5 seconds")
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 2})
    assert receive(worker) == {"n": 2}
    for _ in range(3):  # that Discord asks for: with a short interval, a busy machine loses connections
        before = len(standin.received(0, 1))
        standin.request_heartbeat(0)
        standin.wait_for(lambda count=before: len(standin.received(0, 1)) > count)
    flag.unlink()
    daemon.wait_err("sessions are stored again")
    flag.touch()
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 3})
    assert receive(worker) == {"n": 3}
    assert daemon.stop() == 0, "a stop waits for the disk no longer than STOP_TIMEOUT"
    assert standin.violations == []


def kill_behind_ready(daemon: Process, count: int) -> None:
    """While the disk hangs: the session of that READY is on no disk."""
    daemon.wait_err(" ready, session", count, timeout=90)
    daemon.signal(signal.SIGKILL)
    daemon.wait()


def test_a_kill_behind_ready_leaves_nothing_undeclared(bot: Bot, standin: Standin, worker: Any, tmp_path: Path) -> None:
    """doc/guarantees.md, "A kill behind READY": of the very first session, and of one that follows another."""
    flag, environment = hanging_disk(tmp_path)
    settings = {"SESSION_FILE": str(tmp_path / "sessions"), **environment}
    standin.plan("hello", "cut", times=None)
    daemon = bot.gateway(**settings)
    daemon.wait_err("SERVING, after CONNECTING", timeout=90)
    flag.touch()
    standin.unplan("hello")
    kill_behind_ready(daemon, 2)
    flag.unlink()
    daemon = bot.running_gateway(**settings)
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 1})
    assert receive(worker) == {"n": 1}
    assert worker.basic_get("gateway:SPECTACLES_GAP")[0] is None, "nobody has seen anything of the first sessions"
    stored = standin.session(0).session_id
    standin.wait_for(lambda: stored in (tmp_path / "sessions").read_text())
    flag.touch()
    standin.lose(0)
    standin.drop(0)
    kill_behind_ready(daemon, 3)
    flag.unlink()
    daemon = bot.gateway(**settings)
    daemon.wait_err("shard 0/2 ready, session", timeout=90)
    gap = receive(worker, "gateway:SPECTACLES_GAP")
    while gap["new_session"] != standin.session(0).session_id:  # a disk that hangs for five seconds holds nothing back any more
        assert gap["old_session"] == stored
        gap = receive(worker, "gateway:SPECTACLES_GAP")
    assert gap["old_session"] == stored
    assert daemon.stop() == 0


def mounted(folder: Path) -> tuple[str, ...]:
    """A prefix that runs a program with a small disk of its own on a folder."""
    words = ("unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size=64k none "{folder}" && exec "$@"', "sh")
    if not shutil.which("unshare") or subprocess.run([*words, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace can be made here: it needs root")
    return words


def test_a_full_disk_stops_no_event_and_is_told_once(bot: Bot, standin: Standin, worker: Any, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    daemon = bot.gateway(prefix=mounted(disk), SESSION_FILE=str(disk / "sessions"))
    daemon.wait_err(" ready, session", 2, timeout=90)
    inside = Path(f"/proc/{daemon.pid}/root{disk}")
    with open(inside / "filler", "wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
        while True:
            filler.write(bytes(1024))
    old = (inside / "sessions").read_bytes()
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 1})
    assert receive(worker) == {"n": 1}
    daemon.wait_err("the disk is full: make room")
    standin.invalidate(0, resumable=False)  # a session that cannot be stored is not held for ever
    daemon.wait_err(" ready, session", 3, timeout=90)
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 2})
    assert receive(worker) == {"n": 2}
    assert (inside / "sessions").read_bytes() == old and not (inside / "sessions.new").exists()
    assert len(daemon.lines("make room")) == len(daemon.lines(lambda line: "make room" in line and line.endswith("[STORE]"))) == 1
    (inside / "filler").unlink()
    daemon.wait_err("sessions are stored again [STORE]")
    assert standin.session(0).session_id in (inside / "sessions").read_text()
    assert daemon.stop() == 0
    assert standin.violations == []


def test_a_stolen_file_tells_where_it_comes_from(bot: Bot, standin: Standin, tmp_path: Path) -> None:
    daemon = bot.running_gateway(SESSION_FILE=str(tmp_path / "sessions"))
    standin.wait_for(lambda: all(standin.session(shard).session_id in (tmp_path / "sessions").read_text() for shard in (0, 1)))
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(tmp_path / "sessions", tmp_path / "elsewhere")
    thief = bot.gateway(SESSION_FILE=str(tmp_path / "elsewhere" / "sessions"))
    thief.wait_err(f"is a copy of a file that was written by process {daemon.pid} on host {os.uname().nodename}")
    thief.kill()
    assert daemon.stop() == 0


def test_a_missing_file_declares_gaps_or_ends_as_it_is_set(bot: Bot, standin: Standin, worker: Any, tmp_path: Path) -> None:
    file = str(tmp_path / "sessions")
    daemon = bot.gateway(SESSION_FILE=file, SESSION_FILE_MISSING="fail")
    assert daemon.wait() == 78
    assert daemon.lines("bring it back")
    assert standin.count("connected") == 0
    daemon = bot.running_gateway(SESSION_FILE=file, SESSION_FILE_MISSING="gap")
    gaps = [receive(worker, "gateway:SPECTACLES_GAP") for _ in range(2)]
    assert sorted(gap["shard"] for gap in gaps) == [[0, 2], [1, 2]]
    assert [gap["old_session"] for gap in gaps] == [None, None]
    assert daemon.stop() == 0


def test_a_copy_of_passwd_is_left_alone_and_nothing_is_connected(bot: Bot, standin: Standin, tmp_path: Path) -> None:
    file = tmp_path / "sessions"
    shutil.copy("/etc/passwd", file)
    daemon = bot.gateway(SESSION_FILE=str(file))
    assert daemon.wait() == 78
    assert daemon.lines("file of something else, which is not overwritten")
    assert file.read_bytes() == Path("/etc/passwd").read_bytes()
    assert standin.count("connected") == 0
