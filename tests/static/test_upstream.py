"""Discord's gateway as discord-api-types (npm, pinned) has it, and as we have it: ops, close codes, intents, events, IDENTIFY."""
from __future__ import annotations

from pathlib import Path

import pytest

from tools import upstream


@pytest.fixture
def types(root: Path) -> Path:
    path = root / "build" / "npm" / "node_modules" / "discord-api-types" / "gateway" / "v10.d.ts"
    if not path.exists():
        pytest.skip("discord-api-types is not there: npm could not install it (build/logs/npm.log)")
    return path


def test_nothing_of_the_gateway_is_unknown_to_us(types: Path) -> None:
    assert upstream.differences(types) == []


@pytest.mark.parametrize(("old", "new", "told"), [
    ("    Hello = 10,", "    Hello = 10,\n    Farewell = 99,", "op 99: new to us"),
    ("    InvalidSeq = 4007,", "    InvalidSeq = 4007,\n    Tired = 4099,", "close code 4099: new to us"),
    ("    Guilds = 1,", "    Guilds = 1,\n    GuildDreams = 1073741824,", "intent GUILD_DREAMS = 1073741824: new to us"),
    ("    Guilds = 1,", "    Guilds = 2147483648,", "intent GUILDS = 1: they do not know it"),
    ("    ChannelObfuscation = 32768", "    ChannelObfuscation = 32768,\n    Telepathy = 65536", "capability TELEPATHY = 65536: new to us"),
    ('    ChannelInfo = "CHANNEL_INFO",', '    ChannelInfo = "CHANNEL_INFO",\n    DreamCreate = "DREAM_CREATE",', "event DREAM_CREATE: new to us"),
    ("    capabilities?: number;", "    capabilities?: number;\n    mood?: string;", "field of IDENTIFY mood: new to us"),
])
def test_what_is_new_is_noticed(types: Path, tmp_path: Path, old: str, new: str, told: str) -> None:
    text = types.read_text()
    assert old in text
    changed = tmp_path / "v10.d.ts"
    changed.write_text(text.replace(old, new, 1))
    assert told in upstream.differences(changed)
