"""What the daemon shows: metrics that a real Prometheus reads, probes, the page in a real Chromium, and `top`."""
from __future__ import annotations

import json
import re
import select
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from standin.standin import Standin
from support.chromium import Chromium
from support.ports import free_ports
from support.prometheus import PATIENCE, Prometheus, get, promtool
from support.rabbit import RabbitNode
from support.status_page import well

from .conftest import Bot
from .test_daemon import declare, receive

CONNECTIONS = 64  # of tools/gateway/http.c
NAME = re.compile(r"\b(?:spectacles|gateway|process)_[a-z_]+\b")
# What promtool says of names that are the Go daemon's.
GO_NAMES = {'gateway_packets_received counter metrics should have "_total" suffix', 'gateway_packets_sent counter metrics should have "_total" suffix'}


@pytest.fixture
def address() -> str:
    return f"127.0.0.1:{free_ports(1)[0]}"


def until(url: str, status: int, part: str = "") -> str:
    """Waits for an answer; a server that does not listen yet is waited for too."""
    last: object = None
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            last = get(url)
            if last[0] == status and part in last[1]:
                return last[1]
        except OSError as error:
            last = error
        time.sleep(0.05)
    raise AssertionError(f"{url}: {last}, and {status} was expected with {part!r}")


def samples(text: str) -> dict[str, float]:
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if not line.startswith("#")}


def test_metrics_tell_what_has_happened(bot: Bot, standin: Standin, channel: Any, address: str) -> None:
    declare(channel)
    daemon = bot.running_gateway(PROMETHEUS_ADDRESS=address)
    standin.dispatch(1, "MESSAGE_CREATE", {"n": 1})
    receive(channel)
    text = until(f"http://{address}/metrics", 200, "\nspectacles_dispatches_confirmed_total 1\n")
    found = samples(text)
    assert found['gateway_packets_received{t="MESSAGE_CREATE",op="0",shard=""}'] == 1
    assert found['gateway_packets_received{t="READY",op="0",shard=""}'] == 2
    assert found['gateway_packets_received{t="",op="10",shard="1"}'] == 1
    assert found['gateway_packets_sent{t="",op="2",shard="0"}'] == 1
    assert found['gateway_shards_alive{id="0"}'] == found['gateway_shards_alive{id="1"}'] == 1
    assert found["gateway_total_shards"] == found["spectacles_identifies_total"] == 2
    assert found['spectacles_shard_ready{shard="1"}'] == found['spectacles_broker_ready{broker="events"}'] == 1
    assert found['spectacles_shard_received_sequence{shard="1"}'] == found['spectacles_shard_committed_sequence{shard="1"}'] == 2
    assert found["spectacles_confirm_seconds_count"] == found['spectacles_confirm_seconds_bucket{le="+Inf"}'] == 1
    assert found["spectacles_command_queues_lost"] == 0
    assert found['spectacles_shard_packets_left{shard="0"}'] > 0
    assert found["process_open_fds"] > 5
    assert found["spectacles_identifies_limit"] > found["spectacles_identifies_left"] > 0
    assert daemon.stop() == 0


def test_the_format_is_right(bot: Bot, standin: Standin, address: str) -> None:
    bot.running_gateway(PROMETHEUS_ADDRESS=address)
    standin.dispatch(0, "A_NEW_EVENT", {})
    code, said = promtool("check", "metrics", text=until(f"http://{address}/metrics", 200, 't="A_NEW_EVENT",op="0",shard=""} 1\n'))
    assert set(said.splitlines()) == GO_NAMES and code == 3, said


def test_a_prometheus_scrapes_it_and_raises_alerts(bot: Bot, standin: Standin, channel: Any, address: str, tmp_path: Path, root: Path) -> None:
    declare(channel)
    bot.running_gateway(PROMETHEUS_ADDRESS=address, PROMETHEUS_ENDPOINT="/metrics")
    with Prometheus(tmp_path, address, root / "share/spectacles-rules.yml") as prometheus:
        prometheus.until("up", 1)
        prometheus.until("sum(spectacles_shard_ready)", 2)
        for number in range(3):
            standin.dispatch(0, "MESSAGE_CREATE", {"n": number})
        prometheus.until('sum by (t) (gateway_packets_received{t="MESSAGE_CREATE"})', 3)
        prometheus.until("spectacles_dispatches_confirmed_total", 3)
        groups = prometheus.ask("rules")["groups"]
        assert {rule["health"] for group in groups for rule in group["rules"]} <= {"ok", "unknown"}


def test_alerts_are_raised_by_what_they_are_for(tmp_path: Path, root: Path) -> None:
    rules = root / "share/spectacles-rules.yml"
    (tmp_path / "alerts.yml").write_text((root / "tests/integration/alerts.yml").read_text().replace("RULES", str(rules)))
    for arguments in (("check", "rules", rules), ("test", "rules", tmp_path / "alerts.yml")):
        code, said = promtool(*arguments)
        assert code == 0, said
    tried = set(re.findall(r"alertname: (\w+)", (tmp_path / "alerts.yml").read_text()))
    assert tried == set(re.findall(r"- alert: (\w+)", rules.read_text()))


def test_alerts_dashboard_and_page_name_metrics_that_exist(bot: Bot, standin: Standin, channel: Any, address: str, tmp_path: Path, root: Path) -> None:
    """What appears with its first event is brought about: a lost connection, a stored session, a heartbeat."""
    declare(channel)
    bot.running_gateway(PROMETHEUS_ADDRESS=address, SESSION_FILE=str(tmp_path / "sessions"))
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 1})
    receive(channel)
    standin.drop(0)
    text = until(f"http://{address}/metrics", 200, "spectacles_disconnects_total{")
    there = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")}
    there |= {line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE")}
    there |= set(re.findall(r'"(spectacles_fleet_[a-z_]+)"', (root / "tools/gateway/metrics.c").read_text()))  # this one is in no fleet
    rules, dashboard = (root / "share/spectacles-rules.yml").read_text(), json.loads((root / "share/spectacles-dashboard.json").read_text())
    asked = {"rules": " ".join(re.findall(r"expr: (?:>-\n)?(.*?)\n\s+(?:for|labels):", rules, re.DOTALL)),
             "dashboard": " ".join(target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", []))}
    for name, text in asked.items():
        named = set(NAME.findall(text))
        assert len(named) > 8 and named <= there, f"{name}: {sorted(named - there)}"
    page = (root / "doc/operations.md").read_text().split("### Metrics")[1].split("### Alerts")[0]
    documented = {name for name in re.findall(r"`([a-z_]+)`", page) if NAME.fullmatch(name)}
    assert there - documented - {"gateway_ping_sum", "gateway_ping_count", "spectacles_confirm_seconds", "spectacles_loop_turn_seconds"} == set()


# ---- Probes ----


def test_probes_follow_the_life_of_the_daemon(bot: Bot, standin: Standin, address: str) -> None:
    standin.api_status = 503
    daemon = bot.gateway(PROMETHEUS_ADDRESS=address, LOG_LEVEL="debug")
    until(f"http://{address}/readyz", 503, "Discord has not answered GET /gateway/bot yet")
    until(f"http://{address}/livez", 200, "alive")
    standin.api_status = None
    until(f"http://{address}/readyz", 200, "ready\n")
    standin.drop(0)
    until(f"http://{address}/metrics", 200, "spectacles_disconnects_total{")
    assert get(f"http://{address}/readyz")[0] == 200, "a reconnect does not take a gateway out of service"
    assert daemon.stop() == 0


def test_a_gateway_that_stops_is_not_ready(own_bot: Bot, standin: Standin, own_rabbit: RabbitNode, address: str) -> None:
    """An event waits for its confirm, and RabbitMQ is away: so the stop takes its time."""
    daemon = own_bot.running_gateway(PROMETHEUS_ADDRESS=address, STOP_TIMEOUT="60s")
    until(f"http://{address}/readyz", 200)
    own_rabbit.stop()
    until(f"http://{address}/readyz", 503, "the broker of events is ")
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 1})
    until(f"http://{address}/metrics", 200, "\nspectacles_unconfirmed 1\n")
    daemon.signal(signal.SIGTERM)
    until(f"http://{address}/readyz", 503, "the gateway stops")
    assert json.loads(until(f"http://{address}/status.json", 200))["stopping"] is True


def test_an_address_in_use_is_told_before_anything_is_connected(bot: Bot, standin: Standin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        daemon = bot.gateway(PROMETHEUS_ADDRESS=f"127.0.0.1:{taken.getsockname()[1]}")
        assert daemon.wait() == 75
    assert len(daemon.lines("PROMETHEUS_ADDRESS: another program listens")) == 1
    assert standin.count("connected") == 0


# ---- Page and top ----


def test_the_page_shows_the_gateway(bot: Bot, standin: Standin, address: str, tmp_path: Path) -> None:
    """With the policy that the daemon sends: nothing but what stands in the page runs."""
    bot.running_gateway(PROMETHEUS_ADDRESS=address)
    with Chromium(tmp_path) as browser:
        browser.open(f"http://{address}/")
        browser.until("document.title === '2/2 gateway'")
        assert "RabbitMQ" in browser.run("document.body.innerText")
        standin.drop(1)
        browser.until("last.shards[1].close")
        browser.run("choose(1)")
        browser.until("document.getElementById('detail').innerText.includes('Last close')")


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items() if key != "close"}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def test_the_pages_tests_have_the_json_of_the_daemon(bot: Bot, address: str) -> None:
    """tests/support/status_page.py makes states up: they have the members that real ones have."""
    bot.running_gateway(PROMETHEUS_ADDRESS=address)
    assert shape(json.loads(until(f"http://{address}/status.json", 200, '"was_ready":true'))) == shape(well(2))


def test_top_shows_the_gateway(bot: Bot, build: Path, address: str) -> None:
    bot.running_gateway(PROMETHEUS_ADDRESS=address)
    program = [build / "tools/gateway/spectacles-gateway", "top", "--once"]
    done = subprocess.run(program, env={"PROMETHEUS_ADDRESS": address}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "  shards        2 of 2 ready\n" in done.stdout and "\n     0  ..\n" in done.stdout
    (closed,) = free_ports(1)
    done = subprocess.run(program, env={"PROMETHEUS_ADDRESS": f"127.0.0.1:{closed}"}, capture_output=True, text=True, check=False)
    assert done.returncode == 75 and "nobody answers there" in done.stderr
    done = subprocess.run(program, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 78 and "PROMETHEUS_ADDRESS" in done.stderr


def hang_on(address: str) -> list[socket.socket]:
    """A hundred connections that ask and never read. The last of them wait for a place in the queue of the daemon."""
    host, port = address.split(":")
    hanging = []
    for _ in range(100):
        each = socket.socket()
        each.setblocking(False)
        each.connect_ex((host, int(port)))
        hanging.append(each)
    waiting = hanging
    while len(waiting) > 100 - CONNECTIONS:
        for each in select.select([], waiting, [])[1]:
            each.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
            waiting = [other for other in waiting if other is not each]
    return hanging


def test_who_hangs_on_costs_nothing(bot: Bot, standin: Standin, channel: Any, address: str) -> None:
    """A hundred that ask and never read: events go on. tests/unit/tools/test_http.c has what becomes of them."""
    declare(channel)
    bot.running_gateway(PROMETHEUS_ADDRESS=address)
    hanging = hang_on(address)
    standin.dispatch(0, "MESSAGE_CREATE", {"n": 5})
    assert receive(channel) == {"n": 5}
    for each in hanging:
        each.close()
    until(f"http://{address}/livez", 200, "alive")
