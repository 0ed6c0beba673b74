"""C++: headers that are installed with the library, and programs that pkg-config alone finds them for."""
from __future__ import annotations

import shutil

from bindings.frame import Binding, Missing, Place, first_block

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror")
# The program, and its source.
SOURCES = {"gateway": "examples/gateway.cpp", "worker": "examples/worker.cpp", "cancel": "tests/cancel.cpp", "handles": "tests/handles.cpp",
           "shard": "tests/shard.cpp", "consume": "tests/consume.cpp"}


def flags(place: Place) -> list[str]:
    return [*place.run("pkg-config", "--cflags", "--libs", "spectacles").split(), "-pthread"]


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
    return Binding({name: [str(place.folder / name)] for name in [*SOURCES, "readme"]}, place.environment)
