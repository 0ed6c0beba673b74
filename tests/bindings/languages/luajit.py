"""LuaJIT: one file, as it is installed, and programs that are run as they are."""
from __future__ import annotations

import shutil

from bindings.frame import Binding, Missing, Place, first_block


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
    return Binding(programs, {**place.environment, "LUA_PATH": f"{place.prefix}/share/lua/5.1/?.lua;;"})
