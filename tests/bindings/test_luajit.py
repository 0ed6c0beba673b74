"""What is LuaJIT's own: what needs no network, with its compiler and without; where the file finds the declarations."""
from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bindings.conftest import asked
from bindings.frame import Binding, Place, place_of

pytestmark = [pytest.mark.xdist_group("luajit"), pytest.mark.skipif("luajit" not in asked(), reason="LuaJIT was not asked for")]


@pytest.fixture(scope="session")
def language() -> str:
    return "luajit"


@pytest.fixture
def place(binding: Binding) -> Place:
    return place_of("luajit")


def luajit(place: Place, *words: object, **environment: str) -> str:
    path = {"LUA_PATH": f"{place.prefix}/share/lua/5.1/?.lua;;", **environment}
    return place.run("luajit", *(str(word) for word in words), **path)


@pytest.mark.parametrize("compiler", ["on", "off"])
def test_what_needs_no_network(place: Place, compiler: str) -> None:
    luajit(place, f"-j{compiler}", place.source / "tests" / "unit.lua")


def test_the_installed_file_is_that_of_the_sources(place: Place) -> None:
    assert (place.prefix / "share" / "lua" / "5.1" / "spectacles.lua").read_text() == (place.source / "spectacles.lua").read_text()


def test_a_copy_finds_the_declarations(place: Place, tmp_path: Path) -> None:
    """By the environment, and by pkg-config."""
    shutil.copy(place.source / "spectacles.lua", tmp_path)
    program = 'print(require("spectacles").version())'
    settings = {"LUA_PATH": f"{tmp_path}/?.lua;;"}
    named = luajit(place, "-e", program, PKG_CONFIG_PATH="", SPECTACLES_CDEF=str(place.prefix / "share" / "spectacles" / "spectacles.cdef"), **settings)
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", named) and luajit(place, "-e", program, **settings) == named


def test_a_second_state_loads_it_again(place: Place) -> None:
    """The declarations stay with the process; a file that is loaded twice does not declare them twice."""
    program = 'require("spectacles"); package.loaded.spectacles = nil; print(require("spectacles").send_key)'
    assert luajit(place, "-e", program) == "SEND\n"


def test_what_is_written_to_a_global_is_an_error(place: Place) -> None:
    """One file, and no variable of the program is touched."""
    program = "setmetatable(_G, { __newindex = function(_, name) error('a global: ' .. name) end }); require('spectacles')"
    luajit(place, "-e", program)
    written = {line.split()[-1] for line in place.run("luajit", "-bl", place.source / "spectacles.lua").splitlines() if "GSET" in line}
    assert not written, written
