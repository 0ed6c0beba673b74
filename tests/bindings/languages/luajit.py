"""LuaJIT: one file, as it is installed, and programs that are run as they are."""
from __future__ import annotations

import shutil
import subprocess
from typing import Optional

from bindings.frame import HERE, Binding, Missing, Peer, Place, first_block, is_test


def peer(luajit: str) -> Optional[Peer]:
    """For the benchmark alone. Neither Debian nor another registry that is reachable has a client of AMQP for Lua."""
    modules = 'require "http.websocket" require "cjson" require "openssl.x509.store"'
    if is_test() or subprocess.run([luajit, "-e", modules], capture_output=True, check=False).returncode != 0:
        return None
    return Peer("lua-http, lua-cjson", [luajit, str(HERE / "luajit" / "shard.lua")])


def build(place: Place) -> Binding:
    luajit = shutil.which("luajit")
    if not luajit:
        raise Missing("luajit is not there")
    fresh = place.folder / "fresh"
    fresh.mkdir(exist_ok=True)
    (fresh / "bot.lua").write_text(first_block(place.source))
    tests = str(place.source / "tests" / "programs.lua")
    programs = {name: [luajit, tests, name] for name in ("cancel", "handles", "shard", "consume")}
    programs |= {name: [luajit, str(place.source / "examples" / f"{name}.lua")] for name in ("gateway", "worker")}
    programs["readme"] = [luajit, str(fresh / "bot.lua")]
    return Binding(programs, {**place.environment, "LUA_PATH": f"{place.prefix}/share/lua/5.1/?.lua;;"}, shard_peer=peer(luajit))
