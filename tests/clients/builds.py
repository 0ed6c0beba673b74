"""How each client is had from its language's registry, and started. What is built lies in build/clients."""
from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parent.parent / "build" / "clients"
BUILD_TIMEOUT = 900  # seconds; a registry that does not answer


class Missing(Exception):
    """The toolchain or the registry is not there."""


@dataclass(frozen=True)
class Client:
    name: str
    version: str
    tools: tuple[str, ...]
    variants: tuple[tuple[str, str], ...]  # encoding and compression; the first is tried over TLS too
    build: Callable[[Path, str], list[list[str]]]  # the commands, in the client's folder, for a compression
    start: Callable[[Path, str], list[str]]
    environment: dict[str, str] = field(default_factory=dict)


def prepare(client: Client, compression: str) -> Path:
    """Builds it unless that was done before; returns its folder. Tests that run at the same time wait for each other."""
    absent = [tool for tool in client.tools if not shutil.which(tool)]
    if absent:
        raise Missing(f"{client.name} is not tried: {', '.join(absent)} is not there")
    folder = OUT / client.name
    folder.mkdir(parents=True, exist_ok=True)
    with (OUT / f"{client.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sources = copy_sources(client, folder)
        for command in client.build(folder, compression):
            run_once(client, folder, command, sources)
    return folder


def copy_sources(client: Client, folder: Path) -> str:
    """A build leaves nothing in the source tree. Returns a hash of the sources."""
    digest = hashlib.sha256()
    source = HERE / client.name
    for file in sorted(each for each in source.rglob("*") if each.is_file()):
        target = folder / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        data = file.read_bytes()
        digest.update(str(file.relative_to(source)).encode() + data)
        if not target.exists() or target.read_bytes() != data:
            target.write_bytes(data)
    return digest.hexdigest()


def run_once(client: Client, folder: Path, command: list[str], sources: str) -> None:
    done = OUT / f"{client.name}.{hashlib.sha256(' '.join(command).encode()).hexdigest()[:12]}.done"
    if done.exists() and done.read_text() == sources:
        return
    environment = {**os.environ, "CGO_ENABLED": "0"}
    try:
        result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=BUILD_TIMEOUT, check=False)
    except subprocess.TimeoutExpired as late:
        raise Missing(f"{client.name} is not tried: {command[0]} took over {BUILD_TIMEOUT} s") from late
    log = result.stdout + result.stderr
    (OUT / f"{client.name}.log").write_text(f"{command}\n{log}")
    if result.returncode != 0:
        raise Missing(f"{client.name} is not tried: {' '.join(command[:3])} failed: {log.strip().splitlines()[-1:] or ''}")
    done.write_text(sources)


def in_venv(folder: Path, _: str) -> list[list[str]]:
    python = str(folder / "venv" / "bin" / "python")
    return [[sys.executable, "-m", "venv", "venv"], [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", "requirements.txt"]]


def run_python(folder: Path, _: str) -> list[str]:
    return [str(folder / "venv" / "bin" / "python"), str(folder / "client.py")]


def with_npm(_: Path, compression: str) -> list[list[str]]:
    install = ["npm", "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"]
    return [install, ["bash", "-c", f". {HERE.parent.parent}/scripts/npm.sh; build_addon zlib-sync"]] if compression == "zlib-sync" else [install]


def with_cargo(_: Path, compression: str) -> list[list[str]]:
    features = {"none": [], "zlib-stream": ["--features", "zlib"], "zstd-stream": ["--features", "zstd"]}[compression]
    return [["cargo", "build", "-q", "--release", "--target-dir", f"target-{compression}", *features]]


CLIENTS = {each.name: each for each in (
    Client("discord_py", "2.7.1", (), (("json", "zstd-stream"), ("json", "zlib-stream")), in_venv, run_python),
    Client("discordjs", "2.0.4", ("node", "npm"), (("json", "zlib-stream"), ("json", "none"), ("json", "payload"), ("json", "zlib-sync")),
           with_npm, lambda folder, _: ["node", str(folder / "client.mjs")]),
    Client("hikari", "2.7.0", (), (("json", "zstd-stream"), ("json", "zlib-stream"), ("json", "none"), ("json", "payload")), in_venv, run_python),
    Client("discordgo", "0.29.0", ("go",), (("json", "payload"), ("json", "none")),
           lambda *_: [["go", "build", "-o", "client", "."]], lambda folder, _: [str(folder / "client")]),
    Client("twilight", "0.18.0", ("cargo",), (("json", "zstd-stream"), ("json", "zlib-stream"), ("json", "none")),
           with_cargo, lambda folder, compression: [str(folder / f"target-{compression}" / "release" / "client")]),
    Client("jda", "6.1.0", ("java", "mvn", "keytool"), (("json", "zlib-stream"), ("etf", "zlib-stream"), ("etf", "none"), ("json", "none")),
           lambda *_: [["mvn", "-q", "-B", "package"]],
           lambda folder, _: ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}/target/client.jar:{folder}/target/lib/*", "Client"]),
)}
QUICKEST = ("discord_py", "discordjs")
SPECTACLES = (("json", "zstd-stream"), ("etf", "zstd-stream"), ("json", "zlib-stream"), ("etf", "zlib-stream"), ("json", "none"), ("etf", "none"), ("json", "payload"))
