"""The codec as a process (with the sanitizers of its build), and what others say about the same bytes."""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.framed import Codec, Oracle


@pytest.fixture(scope="module")
def codec(build: Path) -> Iterator[Codec]:
    with Codec([build / "tests" / "tools" / "codec_tool"]) as made:
        yield made


@pytest.fixture(scope="module")
def erlang(root: Path) -> Iterator[Oracle]:
    with Oracle(["escript", root / "tests" / "codec" / "oracle.escript"], env={**os.environ, "LC_ALL": "C.UTF-8"}) as made:
        yield made


@pytest.fixture(scope="module")
def npm_msgpack(root: Path) -> Iterator[Oracle]:
    modules = root / "build" / "npm" / "node_modules"
    if not shutil.which("node") or not (modules / "@msgpack" / "msgpack").exists():
        pytest.skip("npm's @msgpack/msgpack is not there: ./dev test installs it where it can")
    with Oracle(["node", root / "tests" / "codec" / "msgpack.js"], env={**os.environ, "NODE_PATH": str(modules)}) as made:
        yield made


@pytest.fixture(scope="module")
def erlpack(root: Path) -> Iterator[Oracle]:
    modules = root / "build" / "npm" / "node_modules"
    if not shutil.which("node") or not (modules / "erlpack" / "build" / "Release" / "erlpack.node").exists():
        pytest.skip("npm's erlpack is not built: ./dev test installs it where it can")
    with Oracle(["node", root / "tests" / "codec" / "erlpack.js"], env={**os.environ, "NODE_PATH": str(modules)}) as made:
        yield made
