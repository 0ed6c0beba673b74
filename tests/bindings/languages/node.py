"""Node: the package as npm installs it, prebuilt with the library inside. Debian's Node and its headers, npm's node-gyp."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

from bindings.frame import ROOT, Binding, Missing, Peer, Place, first_block

NPM = ("--no-audit", "--no-fund", "--loglevel=error")


def copy(place: Place, source: Path) -> Path:
    """A build leaves nothing in the source tree."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(place.source, source, ignore=shutil.ignore_patterns("build", "prebuilds", "node_modules"))
    return source


def pack(place: Place, source: Path) -> Path:
    """What a user installs: the addon, and the library beside it, are inside."""
    place.run("npm", "run", "prebuild", "--loglevel=error", cwd=source)
    told = json.loads(place.run("npm", "pack", "--json", "--pack-destination", place.folder, cwd=source))
    return place.folder / str(told[0]["filename"])


def install(place: Place, package: Path) -> Path:
    """In a fresh folder. Nothing is fetched: the package depends on no other."""
    fresh = place.folder / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    (fresh / "package.json").write_text('{"private": true}\n')
    place.run("npm", "install", "--offline", "--omit=peer", *NPM, package, cwd=fresh, LD_LIBRARY_PATH="")
    return fresh


def peers() -> dict[str, str]:
    """ws and amqplib, of build/npm."""
    return {"NODE_PATH": str(ROOT / "build" / "npm" / "node_modules")}


def build(place: Place) -> Binding:
    if not shutil.which("node") or not shutil.which("npm"):
        raise Missing("node or npm is not there")
    if not place.is_current():
        install(place, pack(place, copy(place, place.folder / "source")))
        place.keep_current()
    fresh = place.folder / "fresh"
    for folder in ("examples", "tests"):
        shutil.copytree(place.source / folder, fresh / folder, dirs_exist_ok=True)
    (fresh / "readme.mjs").write_text(first_block(place.source))
    programs = {name: ["node", "--expose-gc", str(fresh / "tests" / "programs.mjs"), name] for name in ("cancel", "handles", "shard", "consume")}
    programs |= {name: ["node", str(fresh / "examples" / f"{name}.mjs")] for name in ("gateway", "worker")}
    programs["readme"] = ["node", str(fresh / "readme.mjs")]
    # No LD_LIBRARY_PATH: the package has its own library.
    return Binding(programs, shard_peer=Peer("ws, JSON", ["node", str(fresh / "tests" / "peer_shard.js")], peers()),
                   consume_peer=Peer("amqplib", ["node", str(fresh / "tests" / "peer_consume.js")], peers()))
