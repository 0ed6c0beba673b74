"""README.md, doc/guide.md, doc/gateway.md and doc/bindings.md: every program and every command on them, as they stand there."""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from standin.standin import Standin
from support.processes import Process
from support.rabbit import RabbitNode

from .conftest import Bot


def blocks(root: Path, page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (root / page).read_text(), re.MULTILINE | re.DOTALL)


class Installed:
    """The library as the guide builds and installs it, in a folder of the test's own."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder = root, folder
        commands, *self.others = [block.replace("build/own", str(folder / "own")) for block in blocks(root, "doc/guide.md", "sh")]
        done = subprocess.run(["sh", "-e", "-c", f'cd "$SOURCE"\n{commands}\necho "$PKG_CONFIG_PATH"\necho "$LD_LIBRARY_PATH"'],
                              env={**os.environ, "HOME": str(folder), "SOURCE": str(root)}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        package, library = done.stdout.splitlines()[-2:]
        self.environment = {"PKG_CONFIG_PATH": package, "LD_LIBRARY_PATH": library}

    def compile(self, name: str, text: str, command: str) -> None:
        (self.folder / f"{name}.c").write_text(text)
        done = subprocess.run(["sh", "-c", command], cwd=self.folder, env={**os.environ, **self.environment}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(root, tmp_path_factory.mktemp("guide"))


def test_the_shortest_example_prints_events(installed: Installed, bot: Bot, standin: Standin, root: Path) -> None:
    (program,) = blocks(root, "README.md", "c")
    compile_it, run_it = installed.others[0], installed.others[1]
    installed.compile("bot", program, compile_it)
    assert "./bot" in run_it
    process = Process([installed.folder / "bot"], {**bot.environment, **installed.environment, "DISCORD_GATEWAY_URL": standin.url})
    bot.processes.append(process)
    standin.wait_ready(0)
    standin.dispatch(0, "MESSAGE_CREATE", '{"id":"7","content":"hello"}')
    process.wait_for(lambda: any(line == b'MESSAGE_CREATE {"id":"7","content":"hello"}' for line in process.out), what="the event")


def test_the_gateway_and_the_worker_of_the_guide(installed: Installed, bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, root: Path) -> None:
    run_gateway, make_worker = installed.others[2], installed.others[3]
    (program,) = blocks(root, "doc/guide.md", "c")
    compile_it, run_it = make_worker.strip().splitlines()
    assert run_it == "./worker"
    installed.compile("worker", program, compile_it)
    environment = {**bot.environment, **installed.environment, "DISCORD_SHARD_COUNT": "2"}
    worker = Process([installed.folder / "worker"], environment)
    own = str(installed.folder / "own")
    gateway = Process(["sh", "-c", run_gateway.replace(own, f"exec {own}")], environment)
    bot.processes += [worker, gateway]
    rabbit.wait_for(lambda: any(binding["destination_name"] == "gateway:MESSAGE_CREATE" and binding["source_name"] == "gateway"
                                for binding in rabbit.bindings(vhost)), "the worker's queue")
    gateway.wait_err(" ready, session", 2, timeout=90)
    gateway.wait_err(":SEND stands")
    guild = standin.guilds(shard=1, count=2, how_many=1)[0]
    standin.dispatch(0, "MESSAGE_CREATE", json.dumps({"id": "1", "guild_id": str(guild), "content": "!members"}))
    standin.wait_for(lambda: standin.received(1, 8), 60, "for the command")
    session = standin.session(0)
    assert worker.wait_out(1)[0].decode() == f"{session.session_id}:{session.seq} !members"
    assert gateway.stop() == 0


def test_the_command_of_the_gateway_page(installed: Installed, bot: Bot, root: Path) -> None:
    (command,) = blocks(root, "doc/gateway.md", "sh")
    own = str(installed.folder / "own/examples/gateway")
    environment = {**bot.environment, **installed.environment, "DISCORD_GATEWAY_URL": bot.standin.url}
    gateway = Process(["sh", "-c", command.replace("build/examples/gateway", f"exec {own}")], environment)
    bot.processes.append(gateway)
    gateway.wait_err(" ready, session", timeout=90)
    gateway.wait_err(":SEND stands")
    assert gateway.stop() == 0


def test_the_recipe_for_cffi(installed: Installed, root: Path) -> None:
    pytest.importorskip("cffi")
    (recipe,) = blocks(root, "doc/bindings.md", "python")
    done = subprocess.run([sys.executable, "-"], input=recipe, env={**os.environ, **installed.environment}, capture_output=True, text=True, check=False)
    assert done.stdout == "CONNECTING gateway.discord.gg:443\n", done.stderr
