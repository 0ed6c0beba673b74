"""The workers in doc/workers.md, run as they stand there."""
from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from standin.standin import Standin
from support.processes import Process
from support.rabbit import RabbitNode

from .conftest import Bot


def snippet(root: Path, language: str, to: Path) -> Path:
    code = re.findall(rf"^```{language}\n(.*?)^```$", (root / "doc" / "workers.md").read_text(), re.M | re.S)
    assert len(code) == 1
    to.write_text(code[0])
    return to


def start(bot: Bot, rabbit: RabbitNode, vhost: str, event: str, *command: str | Path, **environment: str) -> Process:
    """Until its queue is bound, what is published under the name reaches nobody."""
    worker = Process([*command], {**bot.environment, **environment})
    bot.processes.append(worker)
    queue = f"gateway:{event}"
    rabbit.wait_for(lambda: any(binding["destination_name"] == queue and binding["source_name"] == "gateway" for binding in rabbit.bindings(vhost)), f"a binding of {queue}")
    return worker


def test_python(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, root: Path, tmp_path: Path) -> None:
    worker = start(bot, rabbit, vhost, "MESSAGE_CREATE", sys.executable, snippet(root, "python", tmp_path / "worker.py"))
    gateway = bot.running_gateway()
    guild = standin.guilds(shard=1, count=2, how_many=1)[0]
    standin.dispatch(0, "MESSAGE_CREATE", json.dumps({"id": "1", "guild_id": str(guild), "content": "!members"}))
    standin.wait_for(lambda: standin.received(1, 8), 60, "for the command")
    assert json.loads(standin.received(1, 8)[0].raw)["d"]["guild_id"] == str(guild)
    session = standin.session(0)
    assert worker.wait_out(1)[0].decode() == f"{session.session_id}:{session.seq} !members"
    assert gateway.stop() == 0


def test_javascript(bot: Bot, standin: Standin, rabbit: RabbitNode, vhost: str, root: Path, tmp_path: Path) -> None:
    modules = root / "build" / "npm" / "node_modules"
    if not shutil.which("node") or not (modules / "amqplib").exists():
        pytest.skip("npm's amqplib is not installed: ./dev test installs it where it can")
    worker = start(bot, rabbit, vhost, "INTERACTION_CREATE", "node", snippet(root, "js", tmp_path / "worker.js"), NODE_PATH=str(modules))
    gateway = bot.running_gateway("INTERACTION_CREATE")
    standin.dispatch(0, "INTERACTION_CREATE", '{"id":"42"}')
    session = standin.session(0)
    assert worker.wait_out(1)[0].decode() == f"{session.session_id}:{session.seq} 42"
    assert gateway.stop() == 0
