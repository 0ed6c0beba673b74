"""C++: headers that are installed with the library, and programs that pkg-config alone finds them for."""
from __future__ import annotations

import shutil
from typing import Optional

from bindings.frame import HERE, Binding, Missing, Peer, Place, first_block, is_test

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror")
# The program, and its source.
SOURCES = {"gateway": "examples/gateway.cpp", "worker": "examples/worker.cpp", "cancel": "tests/cancel.cpp", "handles": "tests/handles.cpp",
           "shard": "tests/shard.cpp", "consume": "tests/consume.cpp"}


def flags(place: Place) -> list[str]:
    return [*place.run("pkg-config", "--cflags", "--libs", "spectacles").split(), "-pthread"]


def peers(place: Place) -> tuple[Optional[Peer], Optional[Peer]]:
    """For the benchmark alone: Boost.Beast with nlohmann::json, and rabbitmq-c."""
    if is_test():
        return None, None
    folder = place.folder / "peers"
    folder.mkdir(exist_ok=True)
    try:
        for name, libraries in (("shard", ("-lssl", "-lcrypto", "-pthread")), ("consume", ("-lrabbitmq",))):
            place.run("g++", "-std=c++17", "-O2", HERE / "cpp" / f"{name}.cpp", "-o", folder / name, *libraries)
    except RuntimeError as why:
        print(f"C++: the peers could not be built: {str(why)[-300:]}")
        return None, None
    return Peer("Boost.Beast, nlohmann", [str(folder / "shard")]), Peer("rabbitmq-c", [str(folder / "consume")])


def build(place: Place) -> Binding:
    if not shutil.which("g++"):
        raise Missing("g++ is not there")
    fresh = place.folder / "fresh"
    if not place.is_current():
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        (fresh / "bot.cpp").write_text(first_block(place.source))
        for name, source in [*SOURCES.items(), ("readme", str(fresh / "bot.cpp"))]:
            place.run("g++", "-std=c++17", "-O2", *WARNINGS, place.source / source, "-o", place.folder / name, *flags(place))
        place.keep_current()
    shard_peer, consume_peer = peers(place)
    return Binding({name: [str(place.folder / name)] for name in [*SOURCES, "readme"]}, place.environment, shard_peer=shard_peer, consume_peer=consume_peer)
