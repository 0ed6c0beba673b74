"""Which file may know which: modules downwards only, files without circles, the operating system in lib/net alone."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.sources import files, hold
from tools.symbols import Arrows, arrows, circle, spell

SYSTEM = re.compile(r"#\s*include\s*<(sys/socket|sys/types|sys/time|sys/select|netinet/|arpa/|netdb|poll|time|errno|unistd"
                    r"|fcntl|signal|pthread|mbedtls/|openssl/)")

# module -> the modules whose internal headers and sp_ functions it may use
BELOW: dict[str, set[str]] = {
    "core": set(),
    "codec": {"core"},
    "routing": {"core", "codec"},
    "shard": {"core", "codec", "routing"},
    "broker": {"core", "codec", "routing"},
    "relay": {"core", "codec", "routing"},
    "net": {"core"},
    "state": {"core", "codec"},
    "copies": {"core"},
    "fleet": {"core", "codec", "state"},
    "gateway": {"core", "net"},
}
# module -> the modules of which it may call public functions alone
BELOW_IN_PUBLIC: dict[str, set[str]] = {"relay": {"shard", "broker"}, "state": {"shard", "relay"}, "copies": {"broker"},
                                         "fleet": {"broker", "shard", "state"},
                                         "gateway": {"shard", "broker", "relay", "state", "codec", "routing"}}

# Files of which one calls the other and, over however many files, the other the one.
NOT_YET_WITHOUT_CIRCLES: set[str] = set()


@pytest.fixture(scope="module")
def calls(build: Path) -> Arrows:
    found = arrows(build)
    assert len(found) > 50 and "core/buffer.c" in found["codec/json.c"], "the object files of the library were not found"
    return found


def test_only_net_knows_the_system(root: Path) -> None:
    """A hash is a pure function of the TLS library, so that digest.c may call it."""
    hashes = root / "lib/core/digest.c", re.compile(r"<(openssl/sha|mbedtls/md)\.h>")
    bad = [f"{path.relative_to(root)}: {line.strip()}" for path in files(root, "lib/*.c", "lib/*.h", "include/*.h")
           if "lib/net/" not in str(path) for line in path.read_text().splitlines()
           if SYSTEM.search(line) and not (path == hashes[0] and hashes[1].search(line))]
    assert not bad, "\n".join(bad)


def test_modules_include_downwards(root: Path) -> None:
    bad = []
    for path in files(root, "lib/*.c", "lib/*.h"):
        module = path.relative_to(root / "lib").parts[0]
        for name in re.findall(r'#\s*include\s*"(\w+)/', path.read_text()):
            if name != module and name not in BELOW[module]:
                bad.append(f"{path.relative_to(root)} includes {name}/")
    assert not bad, "\n".join(bad)


def test_modules_call_downwards(calls: Arrows) -> None:
    """What the include rule cannot see: a public header gives the functions of every module to everybody."""
    bad = []
    for name, taken in calls.items():
        module = name.split("/")[0]
        for other, symbols in taken.items():
            owner = other.split("/")[0]
            if owner == module or owner in BELOW[module]:
                continue
            wrong = {each for each in symbols if each.startswith("sp_") or owner not in BELOW_IN_PUBLIC.get(module, set())}
            bad += [f"{name} calls {', '.join(sorted(wrong))} of {other}"] if wrong else []
    assert not bad, "\n".join(bad)


def test_files_of_a_module_call_without_circles(calls: Arrows) -> None:
    complaints: dict[str, str] = {}
    spelled: set[frozenset[str]] = set()
    for name in sorted(calls):
        steps = circle(calls, name)
        if steps:
            again = frozenset(steps) in spelled
            complaints[name] = f"{name}: in the same circle" if again else spell(calls, steps)
            spelled.add(frozenset(steps))
    hold(complaints, NOT_YET_WITHOUT_CIRCLES)


def test_files_of_the_daemon_call_without_circles(build: Path) -> None:
    found = arrows(build, "tools/gateway")
    assert "gateway/toml.c" in found
    told = [spell(found, steps) for name in sorted(found) if (steps := circle(found, name))]
    assert not told, told[0]


def test_a_circle_is_spelled_out() -> None:
    made: Arrows = {"m/a.c": {"m/b.c": {"sp_b"}}, "m/b.c": {"m/c.c": {"sp_c2", "sp_c1"}}, "m/c.c": {"m/a.c": {"sp_a"}}, "m/d.c": {"m/a.c": {"sp_a"}}}
    steps = circle(made, "m/b.c")
    assert steps == ["m/b.c", "m/c.c", "m/a.c", "m/b.c"]
    assert spell(made, steps).splitlines()[:2] == ["m/b.c -> m/c.c -> m/a.c -> m/b.c", "    m/b.c takes from m/c.c: sp_c1, sp_c2"]
    assert circle(made, "m/d.c") is None
