"""Two gateways in one session: one that was taken for dead and is not, and one that has resumed its sessions since. Nobody knows what Discord does."""
from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from standin.standin import Standin

from .conftest import Bot, gaps
from .test_restart import declare, receive_until, send, wait_stored


@pytest.mark.parametrize(("replaced", "code"), [("closed", 4000), ("closed", 1001), ("kept", 4000)])
def test_nothing_is_lost_and_every_copy_is_recognised(bot: Bot, standin: Standin, channel: Any, tmp_path: Path, replaced: str, code: int) -> None:
    """Where Discord closes the one before, the two take the session from each other again and again, and nobody identifies."""
    standin.set(replaced=replaced, replaced_code=code)
    declare(channel)
    first = bot.running_gateway(SESSION_FILE=str(tmp_path / "sessions"))
    wait_stored(standin, tmp_path / "sessions")
    shutil.copyfile(tmp_path / "sessions", tmp_path / "copy")
    send(standin, range(0, 50))
    second = bot.gateway(SESSION_FILE=str(tmp_path / "copy"))
    standin.wait_for(lambda: standin.count("resumed") >= 2, 120, "for the second gateway")
    if replaced == "closed":  # and the first one comes back
        standin.wait_for(lambda: standin.count("resumed") >= 4, 120, "for the first gateway")
    for start in range(50, 250, 50):
        before = standin.count("resumed")
        send(standin, range(start, start + 50))
        if replaced == "closed":
            standin.wait_for(lambda: standin.count("resumed") > before, 120, "for the other gateway")
    assert first.stop() == 0
    send(standin, range(250, 300))
    seen = receive_until(channel, 299)
    assert second.stop() == 0
    ids: dict[int, set[str]] = {}
    for number, message_id in seen:
        ids.setdefault(number, set()).add(message_id)
    assert sorted(ids) == list(range(300)), "all of them came"
    assert all(len(each) == 1 for each in ids.values()), "each copy has the message-id of the event"
    assert standin.count("ready") == 2 and standin.violations == []
    assert gaps(channel, 0) == []
