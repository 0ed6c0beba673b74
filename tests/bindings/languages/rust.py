"""Rust: the workspace bindings/rust, built by cargo in a copy, and its peers twilight-gateway and lapin."""
from __future__ import annotations

import shutil
from pathlib import Path
from typing import Optional

from bindings.frame import HERE, Binding, Missing, Peer, Place, first_block, is_test

PROGRAMS = ("shard", "consume", "cancel", "handles")
EXAMPLES = ("gateway", "worker")
# The README's block in a fresh package, as its reader makes it.
README_PACKAGE = """[package]
name = "readme"
version = "0.0.0"
edition = "2021"

[dependencies]
spectacles = {{ path = "{path}" }}

[workspace]
"""


def copy(source: Path, target: Path) -> Path:
    """A build leaves nothing in the source tree. What has not changed is not built again."""
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("target", "Cargo.lock"))
    return target


def cargo(place: Place, folder: Path, *words: str) -> None:
    place.run("cargo", *words, cwd=folder, CARGO_TARGET_DIR=str(place.folder / "target"))


def fetch(place: Place, folder: Path) -> None:
    try:
        cargo(place, folder, "fetch", "-q")
    except RuntimeError as why:
        raise Missing(f"cargo cannot fetch what {folder.name} needs: {str(why).strip().splitlines()[-1]}") from why


def peers(place: Place) -> Optional[Path]:
    """For the benchmark alone: they take minutes. They need a newer Rust than the binding does."""
    if is_test():
        return None
    folder = copy(HERE / "rust", place.folder / "peers")
    try:
        place.run("cargo", "build", "-q", "--release", cwd=folder, CARGO_TARGET_DIR=str(place.folder / "target-peers"))
    except (Missing, RuntimeError):
        return None
    return place.folder / "target-peers" / "release"


def readme(place: Place, workspace: Path) -> Path:
    folder = place.folder / "readme"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for path, text in ((folder / "Cargo.toml", README_PACKAGE.format(path=workspace / "spectacles")), (folder / "src" / "main.rs", first_block(place.source))):
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    cargo(place, folder, "build", "-q", "--release")
    return place.folder / "target" / "release" / "readme"


def build(place: Place) -> Binding:
    workspace = copy(place.source, place.folder / "workspace")
    fetch(place, workspace)
    cargo(place, workspace, "build", "-q", "--release", "--all-features", "--bins", "--examples")
    release = place.folder / "target" / "release"
    programs = {name: [str(release / name)] for name in PROGRAMS}
    programs.update({name: [str(release / "examples" / name)] for name in EXAMPLES})
    programs["readme"] = [str(readme(place, workspace))]
    folder = peers(place)
    if not folder:
        return Binding(programs, place.environment)
    shard, consume = Peer("twilight-gateway", [str(folder / "shard")]), Peer("lapin", [str(folder / "consume")])
    return Binding(programs, place.environment, shard_peer=shard, consume_peer=consume)
