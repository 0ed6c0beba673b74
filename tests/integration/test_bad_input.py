"""Bad input: one clear sentence each; nothing reaches Discord, and nothing disturbs what comes after."""
from __future__ import annotations

import base64
import json
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pika
import pytest
from standin.certs import Authority, self_signed
from standin.standin import Standin
from support.processes import Process
from support.rabbit import RabbitNode

from integration.conftest import Bot, summary


def body_of(vector: dict[str, Any]) -> bytes:
    if "base64" in vector:
        return base64.b64decode(vector["base64"])
    return vector["body"].replace("@FILL@", "x" * vector.get("fill", 0)).encode()


def bad_commands(root: Path) -> list[dict[str, Any]]:
    vectors = json.loads((root / "tests/vectors/commands.json").read_text())
    # The parsers take JSON only; what is in other formats the relay rewrites first: see test_formats.py.
    return [each for each in vectors if each["expect"] == "refused" and each["reason"] not in ("ETF", "MessagePack")]


def test_malformed_commands_are_rejected_and_reported(bot: Bot, standin: Standin, channel: Any, root: Path) -> None:
    gateway = bot.running_gateway()
    refused = bad_commands(root)
    assert len(refused) >= 40
    good = '{"op":4,"d":{"guild_id":"1","channel_id":null}}'
    for number, vector in enumerate(refused):
        key = "SEND" if vector["key"] == "SEND" else str(number % 2)
        channel.basic_publish("gateway", key, body_of(vector), mandatory=True)
        if number % 20 == 0:
            channel.basic_publish("gateway", str(number // 20 % 2), good.encode(), mandatory=True)
    goods = (len(refused) + 19) // 20
    standin.wait_for(lambda: len(standin.received(0, 4)) + len(standin.received(1, 4)) == goods, 60, "for the good ones")
    lines = gateway.wait_err("rejected: ", len(refused))
    # Each with a reason of its own, in the order in which they came under their key.
    for vector in refused:
        assert any(vector["reason"] in line for line in lines), vector["name"]
    assert gateway.stop() == 0
    assert summary(gateway)["rejected"] == len(refused) and summary(gateway)["sent"] == goods
    everything = [each for session in standin.sessions for each in session.received if each.op not in (1, 2, 6)]
    assert [each.raw for each in everything] == [good] * goods
    assert standin.violations == []
    for queue in ("gateway:SEND", "gateway:0", "gateway:1"):
        assert channel.queue_declare(queue, durable=True).method.message_count == 0


def said(process: Process, *words: str, count: int = 1) -> str:
    line = process.wait_err(lambda line: all(word in line for word in words), count)[0]
    assert len(line) < 600
    return line


def no_secret(process: Process, *secrets: str) -> None:
    for line in [*process.err, *(line.decode() for line in process.out)]:
        assert not any(secret in line for secret in secrets), line


def start(bot: Bot, name: str, **environment: str) -> Process:
    return bot.gateway(**environment) if name == "gateway" else bot.start(name, "MESSAGE_CREATE", **environment)


@pytest.mark.parametrize("name", ["worker", "gateway"])
def test_a_wrong_password(bot: Bot, rabbit: RabbitNode, vhost: str, name: str) -> None:
    process = start(bot, name, AMQP_URL=rabbit.url(vhost, password="s3cretpw"))
    said(process, "refused user 'guest'", "check user and password", "403")
    process.stop()
    no_secret(process, "s3cretpw", bot.standin.token)


@pytest.mark.parametrize("name", ["worker", "gateway"])
@pytest.mark.parametrize(("url", "words"), [
    ("amqp://admin:1234#s3cretpw@127.0.0.1:{port}", "'#' is written %23"),
    ("amqp://admin:1234/s3cretpw@127.0.0.1:{port}", "'/' is written %2F"),
    ("amqp://admin:1234?s3cretpw@127.0.0.1:{port}", "'?' is written %3F"),
    ("amqp://admin:s3cretpw%0a@127.0.0.1:{port}", "control character"),
    ("amqp://admin:s3cretpw @127.0.0.1:{port}", "white space"),
    ("amqp://admin:s3cretpw@127.0.0.1:{port},127.0.0.2:{port}", "a list of URLs"),
])
def test_a_password_that_is_not_encoded(bot: Bot, rabbit: RabbitNode, name: str, url: str, words: str) -> None:
    """Told at the start, and nothing of it is shown, or sent anywhere."""
    process = start(bot, name, AMQP_URL=url.format(port=rabbit.port))
    assert process.wait() == (78 if name == "gateway" else 1)
    said(process, words)
    no_secret(process, "s3cretpw", "1234", bot.standin.token)


def test_a_wrong_vhost(bot: Bot, rabbit: RabbitNode) -> None:
    worker = bot.start("worker", "MESSAGE_CREATE", AMQP_URL=rabbit.url("nowhere"))
    said(worker, "virtual host 'nowhere'", "create it")
    worker.stop()


def test_a_wrong_host(bot: Bot, rabbit: RabbitNode, vhost: str) -> None:
    worker = bot.start("worker", "MESSAGE_CREATE", AMQP_URL=rabbit.url(vhost, host="no-such-host.invalid"))
    said(worker, "can not find the host no-such-host.invalid")
    worker.stop()


def test_a_closed_port(bot: Bot) -> None:
    worker = bot.start("worker", "MESSAGE_CREATE", AMQP_URL="amqp://127.0.0.1:1/")
    said(worker, "can not connect to 127.0.0.1:1", "connection refused")
    worker.stop()


def test_a_wrong_port(bot: Bot, standin: Standin) -> None:
    """An HTTPS server where AMQP is expected."""
    worker = bot.start("worker", "MESSAGE_CREATE", AMQP_URL=f"amqp://localhost:{standin.port}/")
    said(worker, "worker: ")
    worker.stop()


@pytest.mark.tls
def test_amqps_works_with_the_right_authority(bot: Bot, rabbit: RabbitNode, vhost: str) -> None:
    for host in ("localhost", "127.0.0.1"):
        worker = bot.worker("MESSAGE_CREATE", AMQP_URL=rabbit.url(vhost, tls=True, host=host))
        assert worker.stop() == 0


@pytest.mark.tls
def test_amqps_with_an_unknown_authority(bot: Bot, rabbit: RabbitNode, vhost: str, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    worker = bot.start("worker", "MESSAGE_CREATE", AMQP_URL=rabbit.url(vhost, tls=True, host="localhost"), SSL_CERT_FILE=str(other.ca))
    said(worker, "certificate of localhost is not trusted", "not signed by a known authority")
    worker.stop()


@pytest.mark.tls
def test_no_authorities_at_all(bot: Bot, rabbit: RabbitNode, vhost: str) -> None:
    worker = bot.start("worker", "MESSAGE_CREATE", AMQP_URL=rabbit.url(vhost, tls=True), SSL_CERT_FILE="/no/such/file", SSL_CERT_DIR="")
    said(worker, "no trusted certificate authorities", "/no/such/file")
    worker.stop()


@pytest.mark.tls
@pytest.mark.parametrize(("sans", "days", "words"), [
    ("DNS:example.com", 30, "it is for another host name"),
    ("DNS:localhost", -1, "it has expired"),
])
def test_wrong_certificates_of_the_gateway(build: Path, authority: Authority, sans: str, days: int, words: str) -> None:
    wrong = authority.issue(f"wrong{days}", sans, days)
    with Standin(cert=wrong.cert, key=wrong.key) as standin:
        first = Process([build / "examples/first_shard"], {"DISCORD_TOKEN": standin.token, "DISCORD_GATEWAY_URL": standin.url, "SSL_CERT_FILE": str(authority.ca)})
        said(first, "certificate of localhost is not trusted", words)
        first.stop()
        assert standin.count("connected") == 0


@pytest.mark.tls
def test_a_self_signed_certificate(build: Path, authority: Authority, tmp_path: Path) -> None:
    wrong = self_signed(tmp_path)
    with Standin(cert=wrong.cert, key=wrong.key) as standin:
        first = Process([build / "examples/first_shard"], {"DISCORD_TOKEN": standin.token, "DISCORD_GATEWAY_URL": standin.url, "SSL_CERT_FILE": str(authority.ca)})
        said(first, "not signed by a known authority")
        first.stop()


def test_a_wrong_token_for_the_gateway(build: Path, authority: Authority, standin: Standin) -> None:
    first = Process([build / "examples/first_shard"], {"DISCORD_TOKEN": "wr0ng", "DISCORD_GATEWAY_URL": standin.url, "SSL_CERT_FILE": str(authority.ca)})
    assert first.wait(60) == 1
    said(first, "token is not valid", "4004")
    no_secret(first, "wr0ng")
    assert standin.count("connected") == 1


def test_what_is_wrong_here_is_said_before_discord_is_asked(bot: Bot, standin: Standin) -> None:
    standin.api_status = 503
    for settings, words in (({"AMQP_URL": "http://x"}, "neither with amqp://"),
                            ({"SSL_CERT_FILE": "/no/such/file", "SSL_CERT_DIR": ""}, "tried /no/such/file")):
        gateway = bot.gateway(**settings)
        assert gateway.wait(60) == 78
        said(gateway, words)


def test_what_keeps_discord_from_being_asked_is_named(bot: Bot, tmp_path: Path) -> None:
    silent = socket.create_server(("127.0.0.1", 0))  # it accepts, and says nothing
    host = f"127.0.0.1:{silent.getsockname()[1]}"
    for settings, words in (({"DISCORD_API_HOST": "no-such-host.invalid"}, "no-such-host.invalid"),
                            ({"DISCORD_API_HOST": host, "CONNECT_TIMEOUT": "1s"}, f"({host})"),
                            ({"DISCORD_API_HOST": "localhost:1"}, "connect to localhost"),
                            ({"SSL_CERT_FILE": str(Authority(tmp_path, "other").ca)}, "certificate")):
        gateway = bot.gateway(**settings)
        said(gateway, words)
        gateway.wait_err("again in 1 s")
        assert gateway.stop() == 0


@pytest.mark.tls
def test_a_directory_of_authorities(bot: Bot, authority: Authority, tmp_path: Path) -> None:
    shutil.copy(authority.ca, tmp_path)
    subprocess.run(["openssl", "rehash", tmp_path], check=True)
    gateway = bot.gateway(SSL_CERT_FILE="", SSL_CERT_DIR=str(tmp_path))
    gateway.wait_err(" ready, session", 2)
    assert gateway.stop() == 0


@pytest.mark.parametrize("name", ["worker", "gateway"])
def test_an_exchange_of_another_type(bot: Bot, channel: Any, name: str) -> None:
    channel.exchange_declare("gateway", "fanout", durable=True)
    process = start(bot, name)
    said(process, "exchange 'gateway' exists and differs in 'type': it has 'fanout', and 'direct' is asked for", "406")
    process.stop()


def test_a_queue_with_arguments_takes_down_one_subscription(bot: Bot, channel: Any, standin: Standin) -> None:
    channel.queue_declare("gateway:MESSAGE_CREATE", durable=True, arguments={"x-message-ttl": 60000})
    worker = bot.worker("MESSAGE_CREATE", "MESSAGE_DELETE")
    said(worker, "queue 'gateway:MESSAGE_CREATE' exists and differs in 'x-message-ttl': it has '60000', and none is asked for", "406")
    gateway = bot.running_gateway("MESSAGE_DELETE")
    standin.dispatch(0, "MESSAGE_DELETE", '{"id":"1"}')
    worker.wait_out(1)
    assert gateway.stop() == 0 and worker.stop() == 0


def test_a_queue_that_is_deleted_comes_back(bot: Bot, channel: Any, standin: Standin) -> None:
    worker = bot.worker("MESSAGE_CREATE")
    gateway = bot.running_gateway()
    channel.queue_delete("gateway:MESSAGE_CREATE")
    said(worker, "cancelled the consumer")
    worker.wait_err("subscribed to queue gateway:MESSAGE_CREATE", 2)
    standin.dispatch(0, "MESSAGE_CREATE", "{}")
    worker.wait_out(1)
    assert gateway.stop() == 0 and worker.stop() == 0


def test_a_send_that_no_gateway_takes_is_reported(bot: Bot, rabbit: RabbitNode, vhost: str) -> None:
    worker = bot.worker("MESSAGE_CREATE")
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url(vhost)))
    connection.channel().basic_publish("gateway", "MESSAGE_CREATE", b'{"id":"1","guild_id":"5","content":"!members"}')
    said(worker, "could not send op 8", "no queue takes")
    connection.close()
    assert worker.stop() == 0


def test_api_trouble_is_waited_out(bot: Bot, standin: Standin) -> None:
    standin.api_status = 503
    gateway = bot.gateway()
    said(gateway, "GET /gateway/bot failed: status 503")
    standin.api_status = None
    gateway.wait_err("ready, session", 2)
    assert gateway.stop() == 0


def test_a_rate_limit_at_the_upgrade_is_kept_by_all_shards_and_told_once(bot: Bot, standin: Standin) -> None:
    standin.shards, standin.max_concurrency, wait = 4, 4, 4
    standin.plan("upgrade", "refuse", times=4, status=429, retry_after=wait)
    began = time.monotonic()
    gateway = bot.gateway()
    said(gateway, "no shard connects for", "status 429", f"it asks to wait for {wait} s")
    gateway.wait_err(" ready, session", 4)
    assert time.monotonic() - began >= wait
    assert len(gateway.lines("no shard connects for")) == 1
    assert not gateway.lines("disconnected")
    assert len(gateway.lines(lambda line: "shard" in line and "connecting to" in line)) == 8, "one try, and one behind the wait"
    assert gateway.stop() == 0


def test_a_proxy_that_says_403_does_not_blame_the_token(bot: Bot, standin: Standin) -> None:
    standin.plan("gateway_bot", "refuse", status=403, body=f"<!DOCTYPE html><title>Access denied | error 1020</title> Bot {standin.token}")
    gateway = bot.gateway()
    said(gateway, "status 403: <!DOCTYPE html><title>Access denied | error 1020</title>", "; again in 1 s")
    gateway.wait_err(" ready, session", 2)
    assert not gateway.lines("token is not valid")
    assert gateway.stop() == 0


@pytest.mark.parametrize("shards", [0, 10**9])
def test_a_number_of_shards_that_cannot_be_is_asked_for_again(bot: Bot, standin: Standin, shards: int) -> None:
    standin.shards, believed = shards, standin.shards
    gateway = bot.gateway()
    said(gateway, '"shards" is not a number from 1 to 65536', "again in 1 s")
    standin.shards = believed
    gateway.wait_err(" ready, session", 2)
    assert gateway.stop() == 0


def test_the_wait_that_the_api_asks_for_is_kept_and_told_once(bot: Bot, standin: Standin) -> None:
    wait = 3
    standin.plan("gateway_bot", "refuse", status=429, retry_after=wait, json=False)
    began = time.monotonic()
    gateway = bot.gateway()
    said(gateway, "status 429 (asked too often)", f"again in {wait} s")
    gateway.signal(signal.SIGUSR1)  # ends no wait
    gateway.wait_err(" ready, session", 2)
    assert time.monotonic() - began >= wait
    assert len(gateway.lines("GET /gateway/bot failed")) == 1
    assert gateway.stop() == 0


def test_a_gateway_that_waits_for_a_day_can_be_stopped(bot: Bot, standin: Standin) -> None:
    standin.plan("gateway_bot", "refuse", times=None, status=429, retry_after=82721, body="error code: 1015")
    gateway = bot.gateway()
    said(gateway, "status 429", "error code: 1015", "again in 82721 s")
    assert gateway.stop() == 0


def test_no_identifies_left(bot: Bot, standin: Standin) -> None:
    """The one that is left is used; the other shard waits, and the gateway says until when."""
    standin.identify_limit["remaining"] = 1
    gateway = bot.gateway()
    said(gateway, "only 1 identifies are left for 2 shards")
    said(gateway, "none of the 1000 identifies is left: waiting")
    gateway.wait_err("ready, session", 1)
    assert gateway.stop() == 0
    assert standin.count("ready") == 1
