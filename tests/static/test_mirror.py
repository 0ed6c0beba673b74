"""tests/unit mirrors lib and tools by name, and no test file is a book."""
from __future__ import annotations

from pathlib import Path

from tools.sources import files, hold

LINES_MAX = 600

# Tests whose subject is more than one file, and what that subject is.
EXCEPTIONS = {
    "broker/test_hostile.c": "the whole engine: a broker that breaks the rules of the whole connection, and what it may cost",
    "broker/test_hostile_methods.c": "the whole engine: methods and content that have no place, whichever file refuses them",
    "broker/test_lives.c": "the whole engine: what becomes of publishes, whatever RabbitMQ and the line do",
    "broker/test_nomem.c": "the whole engine: each of its allocations fails once",
    "codec/test_msgpack.c": "read_msgpack.c, write_msgpack.c and convert_msgpack.c, beside the library that others use",
    "codec/test_nomem.c": "the whole module: each of its allocations fails once",
    "fleet/test_identifies.c": "grants.c and asks.c: the identifies of a whole fleet, whatever becomes of messages and leaders",
    "fleet/test_lives.c": "leases over a modelled queue, whatever RabbitMQ, hosts and operators do, and the library with a rule broken",
    "copies/test_nomem.c": "the whole module: each of its allocations fails once",
    "fleet/test_nomem.c": "the whole module: each of its allocations fails once",
    "fleet/test_whole_nomem.c": "the members of a fleet together: allocations fail once, all over their lives",
    "net/test_hostile.c": "the whole of TLS: peers that break it, whichever file reads them",
    "net/test_nomem.c": "the whole of TLS: each allocation fails once, those of the TLS library too",
    "net/test_secrets.c": "the whole of TLS: no token and no private key stays in memory",
    "relay/test_engines.c": "the shard and the broker, as the relay sees them: the real ones and the fakes of the relay's tests",
    "relay/test_formats.c": "dispatches.c, gaps.c and deliveries.c: bodies in every format",
    "relay/test_nomem.c": "shards that come and go: each of the allocations fails once",
    "relay/test_promise.c": "the whole engine: what doc/guarantees.md promises",
    "routing/test_commands.c": "send.c and packet.c: every message of tests/vectors/commands.json",
    "broker/test_secrets.c": "the whole engine: no password stays in freed memory",
    "shard/test_hostile.c": "the whole engine: bytes of a broken or hostile gateway, whichever file reads them",
    "shard/test_nomem.c": "the whole engine: each of its allocations fails once",
    "shard/test_secrets.c": "the whole engine: no token stays in freed memory",
    "state/test_format.c": "read.c and write.c: the stored bytes, there and back",
    "state/test_nomem.c": "the whole module: each of its allocations fails once",
    "tools/test_http_nomem.c": "answers of the HTTP server and what they are made from: each allocation fails once",
    "tools/test_nomem.c": "the settings of the daemon and the TOML under them: each allocation fails once",
    "tools/test_wrong_settings.c": "the settings of the daemon: whichever file tells what is wrong, it is one sentence",
    "tools/test_secrets.c": "the settings of the daemon: no token and no password stays in freed memory",
}
# Folders of tests/unit that are not about a module of lib.
BESIDE_LIB = {"tools": Path("tools/gateway")}
NOT_YET_MIRRORED: set[str] = set()
NOT_YET_SHORT: set[str] = set()


def about(module: str) -> Path:
    """The folder whose files a folder of tests/unit is about."""
    return BESIDE_LIB.get(module, Path("lib") / module)


def subject(root: Path, module: str, test: str) -> bool:
    """Whether the file that the test is named after exists."""
    folder = root / about(module)
    name = test.removeprefix("test_").removesuffix(".c")
    return (folder / f"{name}.c").exists() or (folder / f"{name}.h").exists()


def test_unit_tests_are_named_after_what_they_test(root: Path) -> None:
    complaints, unit = {}, [path.parts[-2:] for path in files(root, "tests/unit/*/test_*.c")]
    for module, test in unit:
        name = f"{module}/{test}"
        if name not in EXCEPTIONS and not subject(root, module, test):
            complaints[name] = f"{name}: there is no such file in {about(module)}: name the test after one, or the exception and its reason"
    hold(complaints, NOT_YET_MIRRORED)
    assert set(EXCEPTIONS) <= {"/".join(each) for each in unit}, "an exception is not needed any more"


def test_files_of_tests_are_short(root: Path) -> None:
    complaints = {}
    for path in files(root, "tests/*.c", "tests/*.h", "tests/*.py"):
        name, count = str(path.relative_to(root / "tests")), len(path.read_text().splitlines())
        if count > LINES_MAX:
            complaints[name] = f"{name}: {count} lines, and {LINES_MAX} are allowed: split it by what it proves"
    hold(complaints, NOT_YET_SHORT)
