"""The benchmarks of the field run, and what they count is right. Nothing here is about time: a machine may be busy."""
from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pika
import pytest
from support.rabbit import RabbitNode

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import options  # noqa: E402
import report  # noqa: E402
import turn  # noqa: E402
from field import Confirms  # noqa: E402

EVENTS = 40


@pytest.fixture
def programs(build: Path) -> Path:
    folder = build / "tests" / "bench"
    if not (folder / "bench_discord").exists():
        pytest.skip("the programs of the benchmarks are built on Linux, with OpenSSL and zstd")
    return folder


def run(script: str, build: Path, root: Path, tmp_path: Path, *arguments: str) -> str:
    """In a folder of its own, for what is written. Python's own warnings and the peers' words go to stderr."""
    (tmp_path / "tests").symlink_to(build / "tests")
    command = [sys.executable, HERE / script, build / "tools" / "gateway" / "spectacles-gateway", tmp_path, root / "build" / "npm" / "node_modules", *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def small(*more: str) -> list[str]:
    return ["--rounds", "1", "--seconds", "0.2", "--rate", str(EVENTS * 5), "--events", str(EVENTS), "--idle", "0.5", *more]


def contenders(kept: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for row in kept["rows"] for each in row["contenders"]]


@pytest.mark.parametrize("arguments", [
    ("--mode", "burst,paced", "--shards", "3", "--compression", "none,zstd-stream", "--contenders", "ours,floor"),
    ("--mode", "paced,idle", "--shards", "2", "--compression", "zlib-stream", "--tls", "tls", "--contenders", "ours,node"),
])
def test_every_contender_gets_its_events_confirmed(arguments: tuple[str, ...], build: Path, programs: Path, root: Path, tmp_path: Path) -> None:
    """RabbitMQ's own count says so, else a row has trouble. The worker has them too, else there is no latency."""
    printed = run("relay.py", build, root, tmp_path, *small(*arguments))
    kept = json.loads((tmp_path / "relay.json").read_text())
    assert [each["trouble"] for each in contenders(kept) if each["trouble"]] == []
    for row in kept["rows"]:
        for each in row["contenders"]:
            assert row["mode"] == "idle" or each["rounds"][0]["cpu"] > 0, each
            assert row["mode"] != "paced" or each["rounds"][0]["p99"] > 0, each
            assert row["mode"] != "idle" or (each["idle"] is not None and each["memory"] > 0), each
            assert bool(each["cipher"] not in ("", "plain")) == row["tls"] or each["name"].startswith(("floor:", "the same")), each
        assert report.name_of(row, EVENTS * 5) in printed
    assert "Load average" in printed


def test_a_contender_that_fails_is_said_and_the_run_goes_on(build: Path, programs: Path, root: Path, tmp_path: Path) -> None:
    printed = run("relay.py", build, root, tmp_path, *small("--mode", "paced", "--shards", "1,2", "--contenders", "floor", "--gateway", "broken=/bin/false"))
    kept = json.loads((tmp_path / "relay.json").read_text())
    assert all("broken ended" in each["trouble"] for each in contenders(kept)) and len(kept["rows"]) == 2
    assert "failed" in printed


def test_the_count_of_confirms_never_falls(tmp_path: Path) -> None:
    """RabbitMQ forgets the counts of channels that are gone, in the middle of somebody else's round."""
    with RabbitNode(tmp_path / "rabbit") as rabbit:
        confirms = Confirms(rabbit, tmp_path / "confirms.log")
        for expected in (3, 6):
            connection = pika.BlockingConnection(pika.URLParameters(rabbit.url()))
            channel = connection.channel()
            channel.confirm_delivery()
            for _ in range(3):
                channel.basic_publish("", "nobody", b"x")
            assert confirms.settled() == expected
            connection.close()
            rabbit.ctl("eval", "ets:delete_all_objects(channel_exchange_metrics).")
            assert confirms.count() == expected
        confirms.end()


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_system_calls_of_a_paced_event_are_counted(build: Path, programs: Path, root: Path, tmp_path: Path) -> None:
    """Of the floor, whose calls are known: it waits, receives, sends, and receives the confirm."""
    run("turn.py", build, root, tmp_path, *small("--shards", "2", "--contenders", "floor"))
    (row,) = json.loads((tmp_path / "turn.json").read_text())["rows"]
    calls = row["turns"][0]["calls"]
    assert set(calls) == {"epoll_wait", "recvfrom", "sendto"} and 0 < calls["sendto"] <= 1


def test_a_summary_of_strace_is_read() -> None:
    text = ("% time     seconds  usecs/call     calls    errors syscall\n------ ----------- ----------- --------- --------- ----------------\n"
            " 70.00    0.000700           7       100         4 recvfrom\n 30.00    0.000300           5        60           sendto\n"
            "------ ----------- ----------- --------- --------- ----------------\n100.00    0.001000           6       160         4 total\n")
    assert turn.calls_in(text) == {"recvfrom": 100, "sendto": 60}


def test_rows_are_the_whole_table_or_what_was_named() -> None:
    assert tuple(options.read("relay", []).rows) == options.WHOLE
    assert {row.mode for row in options.read("relay", ["--mode", "idle"]).rows} == {"idle"}
    named = options.read("relay", ["--mode", "paced", "--shards", "1,32", "--tls", "plain,tls"]).rows
    assert [(row.shards, row.compression, row.tls) for row in named] == [(1, "none", False), (1, "none", True), (32, "none", False), (32, "none", True)]


def test_ratios_are_those_of_medians_to_the_first_column() -> None:
    def contender(name: str, *costs: float) -> dict[str, Any]:
        return {"name": name, "rounds": [{"cpu": cost} for cost in costs], "trouble": ""}
    row = {"contenders": [contender("ours", 9, 2, 4), contender("Node", 40, 1, 80)]}
    assert report.cells(row, ["ours", "Node", "Rust"], "cpu") == ["4.00", "40.0 (10.0x)", ""]


def test_what_a_fleet_costs_rabbitmq_is_counted(build: Path, programs: Path) -> None:
    """Of three daemons with four slots: their queues, and each record that is written and acknowledged."""
    done = subprocess.run([sys.executable, HERE / "fleet_cost.py", build, "--seconds", "4", "--rate", "20", "--nodes", "1", "4"], capture_output=True, text=True,
                          timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    row = next(line for line in done.stdout.splitlines() if "queues of the fleet" in line)
    assert row.split("|")[2].strip() == "8", done.stdout  # of four slots, of the plan, and of three members
    row = next(line for line in done.stdout.splitlines() if "in a second" in line)
    published, acknowledged = map(float, row.split("|")[2].split(","))
    assert 0 < published < acknowledged, done.stdout  # hellos go to three


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_what_a_turn_of_a_fleet_costs_does_not_grow_with_its_shards(programs: Path, root: Path) -> None:
    """It has at most 64 slots: both have as many. valgrind takes no program with a sanitizer."""
    program = root / "build" / "tests" / "bench" / "bench_fleet_turn"
    done = subprocess.run([sys.executable, HERE / "fleet_turn.py", program, "64", "640"], capture_output=True, text=True, timeout=500,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {name: (int(few.replace(",", "")), int(many.replace(",", "")))
            for name, few, many in re.findall(r"^\| (a turn[\w ]+?|the next[\w ]+?) +\| ([\d,]+) +\| ([\d,]+) +\|$", done.stdout, re.MULTILINE)}
    for name in ("a turn without news", "a turn while all shards wait for an identify", "the next deadline"):
        few, many = rows[name]
        assert 0 < many < 1.2 * few, done.stdout


def test_clients_of_the_broker_are_measured_in_bursts_and_at_a_pace(programs: Path, root: Path) -> None:
    command = [sys.executable, HERE / "broker.py", programs, root / "build" / "npm" / "node_modules", "100", "1", "1000"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    for role in ("publish", "consume"):
        assert f"--- {role}, persistent: 100 messages" in done.stdout
        assert f"--- {role}, persistent, 1,000 a second: 100 messages" in done.stdout
