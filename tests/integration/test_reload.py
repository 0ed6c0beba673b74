"""Credentials that are replaced while spectacles-gateway runs: the token, the authorities, the password of the broker."""
from __future__ import annotations

import base64
import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from standin.certs import Authority
from standin.standin import Standin
from support.processes import Process
from support.rabbit import RabbitNode

from .conftest import Bot
from .test_daemon import declare, receive


def token(bot: int, end: str) -> str:
    """As Discord writes tokens: the first part names the bot."""
    return f"{base64.b64encode(str(bot).encode()).decode()}.GxYzAb.{end}"


FIRST, SECOND, THIRD = (token(123456789012345678, end) for end in ("first-token", "second-token", "third-token"))
OF_ANOTHER_BOT = token(223456789012345678, "first-token")
ON_FOLLOWS = "connections that are made from now on follow this"


def reload(daemon: Process, line: str) -> None:
    told = len(daemon.lines(line))
    daemon.signal(signal.SIGHUP)
    daemon.wait_err(line, told + 1)


def arrives(standin: Standin, channel: Any, shard: int, number: int) -> None:
    standin.dispatch(shard, "MESSAGE_CREATE", {"n": number})
    assert receive(channel) == {"n": number}


def logins(standin: Standin, op: int) -> list[str]:
    """The tokens of all identifies (op 2), or of all resumes (op 6)."""
    return [json.loads(each["raw"])["d"]["token"] for each in standin.records if each["kind"] == "received" and each["op"] == op]


def test_a_token_that_is_replaced(bot: Bot, standin: Standin, channel: Any, tmp_path: Path) -> None:
    """The shard reconnects with the new one and resumes; so does the next process. Nothing is lost and nobody identifies again."""
    declare(channel)
    standin.token = FIRST
    file = tmp_path / "token"
    file.write_text(FIRST + "\n")
    settings = {"DISCORD_TOKEN": "", "DISCORD_TOKEN_FILE": str(file), "SESSION_FILE": str(tmp_path / "sessions")}
    daemon = bot.running_gateway(**settings)
    file.write_text("two words")
    reload(daemon, "the gateway goes on with its former settings")
    file.write_text(OF_ANOTHER_BOT)
    reload(daemon, "DISCORD_TOKEN has changed, and is of another bot: it is not followed")
    file.write_text(SECOND)
    standin.token = SECOND
    reload(daemon, f"DISCORD_TOKEN has changed: {ON_FOLLOWS}")
    arrives(standin, channel, 0, 1)
    assert logins(standin, 6) == [], "the connection stands"
    standin.close(0, 4004, "Authentication failed.", behind=[("MESSAGE_CREATE", {"n": 2})])
    daemon.wait_err("the former token is not valid any more")
    assert receive(channel) == {"n": 2}
    assert logins(standin, 6) == [SECOND]
    daemon.signal(signal.SIGKILL)
    daemon.wait()
    # Replaced once more, while no gateway runs.
    file.write_text(THIRD)
    standin.token = THIRD
    standin.dispatch(1, "MESSAGE_CREATE", {"n": 3})
    daemon = bot.gateway(**settings)
    while receive(channel) != {"n": 3}:
        pass  # copies of what was confirmed in the last 250 ms
    daemon.wait_err(" resumed, session", 2)
    assert logins(standin, 6) == [SECOND, THIRD, THIRD]
    assert logins(standin, 2) == [FIRST, FIRST]
    assert not [word for each in bot.processes for word in each.err for secret in (FIRST, SECOND, THIRD) if secret in word]
    assert daemon.stop() == 0
    assert standin.violations == []


def test_a_session_that_discord_ends_with_the_token_is_declared(bot: Bot, standin: Standin, channel: Any, tmp_path: Path) -> None:
    declare(channel)
    file = tmp_path / "token"
    file.write_text(FIRST)
    standin.token = FIRST
    daemon = bot.running_gateway(DISCORD_TOKEN="", DISCORD_TOKEN_FILE=str(file))
    file.write_text(SECOND)
    standin.token = SECOND
    reload(daemon, f"DISCORD_TOKEN has changed: {ON_FOLLOWS}")
    standin.lose(0)
    standin.close(0, 4004, "Authentication failed.")
    daemon.wait_err("shard 0/2 GAP: ")
    daemon.wait_err(" ready, session", 3)
    assert logins(standin, 2) == [FIRST, FIRST, SECOND]
    arrives(standin, channel, 0, 1)
    assert daemon.stop() == 0


@pytest.fixture
def tls_rabbit(tmp_path: Path, authority: Authority) -> Iterator[RabbitNode]:
    good = authority.issue("rabbit-of-reload")
    with RabbitNode(tmp_path / "rabbit", good.cert, good.key) as node:
        yield node


def cut(node: RabbitNode) -> None:
    node.ctl("close_all_connections", "test")


@pytest.mark.tls
def test_authorities_and_a_password_that_are_replaced(build: Path, authority: Authority, standin: Standin, tls_rabbit: RabbitNode,
                                                      tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "other")
    trusted, url = tmp_path / "trusted.pem", tmp_path / "url"
    shutil.copy(authority.ca, trusted)
    url.write_text(tls_rabbit.url(tls=True, host="localhost"))
    bot = Bot(build, authority, standin, "")
    try:
        daemon = bot.running_gateway(SSL_CERT_FILE=str(trusted), AMQP_URL_FILE=str(url))
        channel = pika.BlockingConnection(pika.URLParameters(tls_rabbit.url() + "?heartbeat=0")).channel()
        declare(channel)
        trusted.write_text("no certificate")
        reload(daemon, "the gateway goes on with its former settings")
        standin.drop(0)
        daemon.wait_err("shard 0/2 resumed")
        shutil.copy(other.ca, trusted)
        reload(daemon, "the authorities were read again")
        arrives(standin, channel, 1, 1)
        channel.connection.close()
        follow_the_new_authority(daemon, standin, tls_rabbit, other)
        follow_the_new_password(daemon, tls_rabbit, url)
        channel = pika.BlockingConnection(pika.URLParameters(tls_rabbit.url(password="new"))).channel()
        arrives(standin, channel, 0, 2)
        channel.connection.close()
        assert daemon.stop() == 0
        assert len(logins(standin, 2)) == 2
        assert standin.violations == []
    finally:
        bot.stop()


def follow_the_new_authority(daemon: Process, standin: Standin, node: RabbitNode, other: Authority) -> None:
    """Whoever has a certificate of the former authority is not trusted any more, and no session of TLS is taken up."""
    standin.drop(0)
    cut(node)
    daemon.wait_err(lambda line: "is not signed by a known authority" in line and "shard 0/2" in line)
    daemon.wait_err(lambda line: "is not signed by a known authority" in line and "broker" in line, 2)
    fresh = other.issue("standin")
    standin.show_certificate(fresh.cert, fresh.key)
    fresh = other.issue("rabbit")
    for made, path in zip((fresh.cert, fresh.key), node.certificate):
        assert path
        shutil.copy(made, path)
    node.ctl("eval", "ssl:clear_pem_cache().")
    daemon.wait_err("shard 0/2 resumed", 2)
    daemon.wait_err("broker events ready", 2)
    daemon.wait_err("broker commands ready", 2)


def follow_the_new_password(daemon: Process, node: RabbitNode, url: Path) -> None:
    node.ctl("change_password", "guest", "new")
    cut(node)
    daemon.wait_err(lambda line: "broker" in line and "403" in line, 2)
    url.write_text(node.url(tls=True, host="localhost", password="new"))
    reload(daemon, f"AMQP_URL has changed: {ON_FOLLOWS}")
    daemon.wait_err("broker events ready", 3)
    daemon.wait_err("broker commands ready", 3)
