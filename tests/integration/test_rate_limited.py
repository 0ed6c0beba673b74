"""A request that Discord refuses for coming too early: the worker that asked hears of it, with its nonce."""
from __future__ import annotations

import json
from typing import Any

import pytest
from standin.standin import Standin

from integration.conftest import Bot, messages, summary


@pytest.mark.parametrize("encoding", ["json", "etf"])
def test_a_worker_hears_that_its_request_came_too_early(bot: Bot, standin: Standin, channel: Any, encoding: str) -> None:
    gateway = bot.running_gateway("MESSAGE_CREATE", DISCORD_ENCODING=encoding)
    channel.queue_declare("gateway:RATE_LIMITED", durable=True)
    channel.queue_bind("gateway:RATE_LIMITED", "gateway", "RATE_LIMITED")
    guild = str(standin.guilds(shard=1, count=2, how_many=1)[0])
    for nonce in ("first", "second"):
        packet = {"op": 8, "d": {"guild_id": guild, "query": "", "limit": 0, "nonce": nonce}}
        channel.basic_publish("gateway", "SEND", json.dumps({"guild_id": guild, "packet": packet}))
    _, properties, body = next(messages(channel, "gateway:RATE_LIMITED"))
    told = json.loads(body)
    assert told["opcode"] == 8 and told["meta"]["nonce"] == "second" and str(told["meta"]["guild_id"]) == guild
    assert 0 < told["retry_after"] <= 30
    assert properties.message_id.startswith(standin.session(1).session_id)
    gateway.wait_err("shard 1/2: Discord refused op 8, which came too early: again in ")
    assert "(nonce second)" in gateway.lines("Discord refused op 8")[0]
    assert gateway.stop() == 0
    assert summary(gateway)["published"] == summary(gateway)["confirmed"] == 1
    assert standin.violations == []
