"""The limit on open files: raised to the hard one, counted before anything is connected, and told in one sentence."""
from __future__ import annotations

import resource

import pytest
from standin.standin import Standin
from support.processes import Process

from integration.conftest import Bot


def limited(bot: Bot, soft: int, hard: int, **environment: str) -> Process:
    """The gateway under these limits: it is started by prlimit(1)."""
    return bot.gateway(prefix=("prlimit", f"--nofile={soft}:{hard}"), **environment)


@pytest.mark.parametrize("limit, shards", [(24, 40), (44, 40), (1024, 1025)])
def test_a_hard_limit_that_is_too_low_is_one_sentence(bot: Bot, standin: Standin, limit: int, shards: int) -> None:
    gateway = limited(bot, limit, limit, DISCORD_SHARD_COUNT=str(shards))
    assert gateway.wait() == 78
    [line] = gateway.lines("open files are needed")
    assert f"this process may have {limit}: raise the hard limit" in line
    needed = int(line.split(" open files are needed")[0].split()[-1])
    assert shards + 2 < needed < shards + 200
    assert gateway.lines("connecting to") == [] and standin.count("connected") == 0


def test_the_soft_limit_is_raised(bot: Bot, standin: Standin) -> None:
    """40 shards under a soft limit of 24."""
    standin.max_concurrency = 40
    gateway = limited(bot, 24, 4096, DISCORD_SHARD_COUNT="40")
    gateway.wait_err(" ready, session", 40, timeout=120)
    soft, _ = resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE)
    assert soft == 4096
    assert gateway.stop() == 0
