"""Who is measured: how each is built from its language's registry, and how it is started."""
from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from options import Gateway, Options, Row

HERE = Path(__file__).resolve().parent
BUILD_TIMEOUT = 1200  # seconds; a registry that does not answer


@dataclass(frozen=True)
class Place:
    """Where everything is that a contender has to know."""
    row: Row
    port: int  # of its own Discord
    amqp_port: int
    ca: Path
    names: list[str]  # of the events

    @property
    def url(self) -> str:
        return f"{'wss' if self.row.tls else 'ws'}://localhost:{self.port}"

    @property
    def broker(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.amqp_port}/%2f"


@dataclass(frozen=True)
class Contender:
    name: str
    command: Callable[[Place], list[str]]
    environment: Callable[[Place], dict[str, str]] = field(default=lambda place: {"SSL_CERT_FILE": str(place.ca)})
    is_ours: bool = False


# The gateway refuses events that never come without an intent.
EVERY_INTENT = 0x331FFFF


def gateway(of: Gateway) -> Contender:
    """The one place that knows how our gateway is started."""
    def environment(place: Place) -> dict[str, str]:
        return {"DISCORD_TOKEN": "MQ.bench.0000", "AMQP_URL": place.broker, "DISCORD_API_HOST": f"localhost:{place.port}",
                "DISCORD_API_PROTOCOL": "https" if place.row.tls else "http", "DISCORD_EVENTS": ",".join(place.names),
                "DISCORD_RAW_INTENTS": str(EVERY_INTENT), "DISCORD_COMPRESSION": place.row.compression, "SSL_CERT_FILE": str(place.ca), **of.settings}
    return Contender(of.name, lambda _: [str(of.path)], environment, is_ours=True)


def node(modules: Path) -> Contender:
    return Contender(
        "Node", lambda place: ["node", str(HERE / "relay.js"), place.url, str(place.row.shards), place.row.compression, place.broker],
        lambda place: {"NODE_PATH": str(modules), "NODE_ENV": "production", "NODE_EXTRA_CA_CERTS": str(place.ca)})


def peer(name: str, program: Path) -> Contender:
    return Contender(name, lambda place: [str(program), place.url, str(place.row.shards), place.broker])


def floor(name: str, programs: Path, confirm_delay: int, read_delay: int) -> Contender:
    return Contender(name, lambda place: [str(programs / "bench_floor_paced"), str(place.port), str(place.row.shards), str(place.amqp_port),
                                          str(confirm_delay), str(read_delay)])


class Builder:
    """Builds the peers once; what cannot be had is left out, with a word."""

    def __init__(self, build: Path, modules: Path, say: Callable[[str], None]) -> None:
        self._folder = build / "peers"
        self._modules = modules
        self._say = say
        self._said: set[str] = set()

    def leave_out(self, why: str) -> None:
        if why not in self._said:
            self._say(why)
        self._said.add(why)

    def _build(self, language: str, tool: str, variant: str, command: list[str], made: str) -> Optional[Path]:
        """The program, of which the build makes MADE. What was built of the same sources before is not built again."""
        folder, sources = self._folder / language, HERE / "peers" / language
        program, stamp = folder / f"relay-{variant}", folder / f"relay-{variant}.of"
        digest = hashlib.sha256(b"".join(each.read_bytes() for each in sorted(sources.rglob("*")) if each.is_file())).hexdigest()
        if not shutil.which(tool):
            return self.leave_out(f"{language} is left out: {tool} is not there")
        if program.exists() and stamp.exists() and stamp.read_text() == digest:
            return program
        shutil.copytree(sources, folder, dirs_exist_ok=True)
        try:
            done = subprocess.run(command, cwd=folder, env={**os.environ, "CGO_ENABLED": "0"}, capture_output=True, text=True,
                                  timeout=BUILD_TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            return self.leave_out(f"{language} is left out: {command[0]} took over {BUILD_TIMEOUT} s")
        (folder / "build.log").write_text(done.stdout + done.stderr)
        if done.returncode != 0:
            return self.leave_out(f"{language} is left out: {' '.join(command[:2])} failed ({folder / 'build.log'})")
        shutil.copy2(folder / made, program)
        stamp.write_text(digest)
        return program

    def rust(self, compression: str) -> Optional[Contender]:
        """The compression is chosen when it is built; everything else of the build is shared."""
        features = {"none": "", "zlib-stream": "zlib", "zstd-stream": "zstd"}[compression]
        command = ["cargo", "build", "-q", "--release", "--target-dir", "target", "--features", features]
        program = self._build("rust", "cargo", compression, command, "target/release/relay")
        return peer("Rust", program) if program else None

    def go(self, compression: str) -> Optional[Contender]:
        """Neither of its libraries inflates a stream."""
        command = ["go", "build", "-o", "relay", "."]
        program = self._build("go", "go", compression, command, "relay") if compression == "none" else None
        return peer("Go", program) if program else None

    def node(self, compression: str) -> Optional[Contender]:
        if not shutil.which("node") or not (self._modules / "amqplib").exists():
            return self.leave_out("Node is left out: node, or ws and amqplib from npm, are not there")
        knows_zstd = subprocess.run(["node", "-e", "process.exit(require('zlib').createZstdDecompress ? 0 : 1)"], check=False).returncode == 0
        if compression == "zstd-stream" and not knows_zstd:
            return self.leave_out("Node is left out of zstd-stream: this version of it has no zstd")
        return node(self._modules)


def taking_part(options: Options, row: Row, builder: Builder, programs: Path, own: Path) -> Iterator[Contender]:
    """Ours first: ratios are those to the first."""
    if "ours" in options.contenders:
        yield gateway(Gateway("ours", own))
    for each in options.gateways:
        yield gateway(each)
    for name, build in (("node", builder.node), ("rust", builder.rust), ("go", builder.go)):
        made = build(row.compression) if name in options.contenders else None
        if made:
            yield made
    if "floor" in options.contenders and row.compression == "none" and not row.tls and row.mode != "idle":
        yield floor("floor", programs, 0, 0)
        if row.mode == "paced":
            yield floor("floor, confirms 5 ms", programs, 5, 0)
            yield floor("floor, 5 ms, reads 2 ms", programs, 5, 2)
