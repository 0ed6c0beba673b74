"""Go: the module bindings/go, built in a copy by a user without root, and its peers gorilla/websocket and amqp091-go."""
from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Optional

from bindings.frame import HERE, Binding, Missing, Peer, Place, first_block, is_test

PROGRAMS = ("shard", "consume", "cancel", "handles")
EXAMPLES = ("gateway", "worker")
NOBODY = "65534"
README_MODULE = "module readme\n\ngo 1.19\n\nrequire spectacles v0.0.0\n\nreplace spectacles => {path}\n"


def check_null() -> None:
    """cgo of Go 1.19, as root, has the linker write to /dev/null, which unlinks the device."""
    if not stat.S_ISCHR(os.stat("/dev/null").st_mode):
        raise RuntimeError("/dev/null is no device any more: rm -f /dev/null && mknod -m 666 /dev/null c 1 3")


def can_be_read_by_nobody(folder: Path) -> bool:
    return all(stat.S_IMODE(path.stat().st_mode) & 0o005 == 0o005 for path in (folder, *folder.parents))


def copy(source: Path, target: Path) -> Path:
    """A build leaves nothing in the source tree, and takes nothing from the folders above it."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


def workshop(place: Place) -> Path:
    """Where everything is built, with the caches of Go. It belongs to nobody when root builds."""
    made = place.folder / "workshop"
    (made / "home").mkdir(parents=True, exist_ok=True)
    return made


def own(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, int(NOBODY), int(NOBODY), follow_symlinks=False)


def go(place: Place, folder: Path, *words: object, **environment: str) -> str:
    """A command of Go, never as root."""
    home = workshop(place) / "home"
    own(folder)
    os.chown(home, int(NOBODY), int(NOBODY)) if os.geteuid() == 0 else None
    settings = {"HOME": str(home), "TMPDIR": str(home), "GOCACHE": str(home / "cache"), "GOPATH": str(home / "go"), "GOFLAGS": "-buildvcs=false",
                "GOTOOLCHAIN": "local", "CGO_ENABLED": "1"}
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "go"] if os.geteuid() == 0 else ["go"]
    check_null()
    try:
        return place.run(*command, *map(str, words), cwd=folder, **{**settings, **environment})
    finally:
        check_null()


def module(place: Place) -> Path:
    return copy(place.source, workshop(place) / "module")


def programs(place: Place, folder: Path) -> Path:
    out = folder / "out"
    out.mkdir(exist_ok=True)
    packages = [f"./internal/programs/{name}" for name in PROGRAMS] + [f"./examples/{name}" for name in EXAMPLES]
    go(place, folder, "build", "-o", out, *packages)
    return folder


def readme(place: Place, built: Path) -> None:
    """The README's block in a fresh folder, as its reader makes it."""
    folder = workshop(place) / "readme"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "go.mod").write_text(README_MODULE.format(path=built))
    (folder / "main.go").write_text(first_block(place.source))
    go(place, folder, "build", "-o", folder / "readme", ".")


def peers(place: Place) -> Optional[Path]:
    """For the benchmark alone: they come from the module proxy of Go."""
    if is_test():
        return None
    folder = copy(HERE / "go", workshop(place) / "peers")
    out = folder / "out"
    out.mkdir()
    try:
        go(place, folder, "build", "-o", out, "./shard", "./consume")
    except (Missing, RuntimeError) as why:
        print(f"go: the peers could not be built: {why}")
        return None
    return out


def build(place: Place) -> Binding:
    if not shutil.which("go"):
        raise Missing("go is not there")
    if os.geteuid() == 0 and not can_be_read_by_nobody(place.folder):
        raise Missing(f"Go is not run by root, and nobody else can read {place.folder}: put the repository where every user can read it")
    folder = workshop(place) / "module"
    if not place.is_current():
        readme(place, programs(place, module(place)))
        place.keep_current()
    made = {name: [str(folder / "out" / name)] for name in (*PROGRAMS, *EXAMPLES)}
    made["readme"] = [str(workshop(place) / "readme" / "readme")]
    out = peers(place)
    if not out:
        return Binding(made, place.environment)
    return Binding(made, place.environment, shard_peer=Peer("gorilla/websocket", [str(out / "shard")]), consume_peer=Peer("amqp091-go", [str(out / "consume")]))
