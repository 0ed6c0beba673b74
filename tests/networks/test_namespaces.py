"""The network itself: what it promises to the other tests."""
from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.nameserver import FAILURE
from support.network import SERVER, SERVER6, TREE_WITH_US, Network
from support.patience import PATIENCE
from support.rabbit import RabbitNode

TESTS = Path(__file__).resolve().parents[1]
# A test that is killed: it has a process on the client, and one that has left its parent on the server.
KILLED = """
import pathlib, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
from support.network import TREE_WITH_US, Network
network = Network(pathlib.Path(sys.argv[2]))
with network.client.entered():
    one = subprocess.Popen(network.command("sleep", "1000"))
with network.server.entered():
    subprocess.Popen([*TREE_WITH_US, "sh", "-c", "setsid sleep 1001 & exec sleep 1002"])
print(one.pid, flush=True)
time.sleep(1000)
"""


def reaches(network: Network, address: str, port: int, timeout: float = 10 * PATIENCE) -> bool:
    with network.client.entered():
        try:
            socket.create_connection((address, port), timeout=timeout).close()
        except TimeoutError:
            return False
    return True


def is_black(network: Network, address: str, port: int) -> bool:
    return not reaches(network, address, port, timeout=0.5)


@pytest.mark.parametrize("address", [SERVER, SERVER6])
def test_a_black_hole_says_nothing_and_ends(network: Network, address: str) -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        port = listener.getsockname()[1]
        assert reaches(network, address, port)
        network.blacken(address)
        assert is_black(network, address, port)
        network.clear(address)
        network.line_down()
        assert is_black(network, address, port)
        network.line_up()
        assert reaches(network, address, port)
        network.refuse(address)
        with pytest.raises(OSError, match="No route to host|Network is unreachable"):
            reaches(network, address, port)


def ask(network: Network, name: str) -> set[str]:
    with network.client.entered():
        done = subprocess.run(network.command("getent", "ahosts", name), capture_output=True, text=True, check=False)
    return {line.split()[0] for line in done.stdout.splitlines()}


def test_names_are_what_the_name_server_says(network: Network) -> None:
    server = network.nameserver()
    server.names["here.test"] = [SERVER, SERVER6]
    server.names["silent.test"] = [SERVER]
    server.silent.add("silent.test")
    server.codes["broken.test"] = FAILURE
    network.resolve_by("10.80.2.53", options="timeout:1 attempts:1")
    assert ask(network, "here.test") == {SERVER, SERVER6}
    assert ask(network, "localhost") >= {"127.0.0.1"} or ask(network, "localhost") >= {"::1"}
    assert ask(network, "nowhere.test") == ask(network, "silent.test") == ask(network, "broken.test") == set()
    assert server.count("here.test") == 2 and server.count("silent.test") > 0


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def inodes() -> set[tuple[int, str]]:
    """Each process, and its network namespace."""
    found = set()
    for each in Path("/proc").iterdir():
        try:
            found.add((int(each.name), os.readlink(each / "ns" / "net")))
        except (ValueError, OSError):
            pass
    return found


def test_a_killed_test_leaves_nothing_behind(network: Network, tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", KILLED, str(TESTS), str(tmp_path / "killed")], stdout=subprocess.PIPE, text=True)
    assert killed.stdout
    pid = int(killed.stdout.readline())
    namespaces = {os.readlink(f"/proc/{killed.pid}/fd/{each}") for each in os.listdir(f"/proc/{killed.pid}/fd")}
    namespaces = {each for each in namespaces if each.startswith("net:")}
    assert len(namespaces) == 3
    inside = lambda: {each for each, namespace in inodes() if namespace in namespaces and not ended(each)}  # noqa: E731
    end = time.monotonic() + 30 * PATIENCE
    while len(inside()) < 4 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(inside()) >= 4 and pid in inside()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    while inside() and time.monotonic() < end:
        time.sleep(0.05)
    assert inside() == set()


def test_another_rabbitmq_on_the_usual_ports_is_in_nobodys_way(network: Network, tmp_path: Path) -> None:
    """Those of AMQP, of epmd, of the other nodes and of the management API are taken; tests do not ask for them."""
    with contextlib.ExitStack() as taken:
        for port in (5672, 4369, 25672, 15672):
            taken.enter_context(socket.create_server(("127.0.0.1", port)))
        with RabbitNode(tmp_path / "rabbit", within=tuple(TREE_WITH_US)) as node:
            assert node.queues() == {}
