"""What gcc -fanalyzer says of lib and tools: analyzer.py BUILD_FOLDER. It ends with status 1 when something is not on the list EXCUSES.

The analyzer knows neither that a count and a search bound an index, nor lists whose nodes lie inside their owners. Valgrind and the
sanitizers run the same code, and hold what is excused here.
"""
from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Vectors: two minutes for one of them, and gcc 12 takes the number of an element for its width.
NOT_READ = "lib/codec/blocks_*.c"


@dataclass(frozen=True)
class Excuse:
    kind: str
    files: str
    reason: str


EXCUSES = [
    Excuse("null-dereference", "lib/core/buffer.h", "a reader without bytes has no length, so that nothing is read"),
    Excuse("null-dereference", "lib/net/tunnel_http.c", "a reader that ran out has failed, and that is asked before"),
    Excuse("null-argument", "lib/net/tunnel_http.c", "a reader that ran out has failed, and that is asked before"),
    Excuse("null-argument", "lib/broker/confirms.c", "the records that are read are those that publishes.c wrote"),
    Excuse("null-argument", "tools/gateway/rules.c", "is_right() was asked: a setting that is right has a text"),
    Excuse("null-argument", "tools/gateway/fleet.c", "arguments.c has read the words of the command"),
    Excuse("possible-null-dereference", "tools/gateway/group.c", "the loop asks whether there is memory before it writes"),
    Excuse("use-of-uninitialized-value", "tools/gateway/fleet_show.c", "spectacles_fleet_slot_info_init() fills it, in another file"),
    Excuse("use-of-uninitialized-value", "lib/codec/scanner.c", "a bit is set before it is read; those beside it are kept as they are"),
    Excuse("use-of-uninitialized-value", "lib/relay/gaps.c", "the owner of a node in a list is taken for the head of the list"),
    Excuse("use-of-uninitialized-value", "lib/core/ring.h", "the owner of a node in a list is taken for the head of the list"),
    Excuse("malloc-leak", "lib/codec/document.c", "a document owns its chunks"),
    Excuse("malloc-leak", "lib/codec/event_text.h", "a document owns its chunks"),
    Excuse("malloc-leak", "lib/fleet/members.c", "a member is reached by the table of members"),
    Excuse("malloc-leak", "lib/gateway/engines.c", "an engine is reached by the table of engines"),
    Excuse("malloc-leak", "lib/net/resolver.c", "a name is reached by the table of names"),
    Excuse("malloc-leak", "tools/gateway/status_snapshot.c", "the shards are reached by the gateway of the snapshot that they belong to"),
    Excuse("malloc-leak", "lib/core/list.h", "what owns a node is reached by its list"),
    Excuse("malloc-leak", "lib/net/lookup.c", "the thread owns what it was given, and frees it"),
]
WARNING = re.compile(r"^(\S+?):(\d+):\d+: warning: (.*) \[-Wanalyzer-([a-z-]+)\]", re.M)


def commands(build: Path) -> dict[str, list[str]]:
    """file -> how it is compiled, of lib and tools; where it is compiled twice, once."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        name = os.path.relpath(os.path.normpath(build / entry["file"]), ROOT)
        if name.startswith(("lib/", "tools/")) and not fnmatch.fnmatch(name, NOT_READ):
            found[name] = shlex.split(entry["command"])
    return found


def analyze(build: Path, command: list[str], out: str) -> str:
    """What gcc says. An object file is made: -fsyntax-only would not analyze. The rules for make are left out with their files."""
    kept = [word for at, word in enumerate(command) if word != "-MD" and not {word, command[at - 1]} & {"-MQ", "-MF"}]
    kept[kept.index("-o") + 1] = out
    done = subprocess.run([*kept, "-fanalyzer", "-fdiagnostics-color=never", "-fdiagnostics-path-format=none"], cwd=build,
                          capture_output=True, text=True, check=False)
    return done.stderr if done.returncode == 0 else f"{done.stderr}\n{kept[-1]}:1:1: warning: not compiled [-Wanalyzer-failed]\n"


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    used, complaints, files = set(), [], commands(build)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        said = pool.map(lambda each: analyze(build, each[1], f"{folder}/{each[0].replace('/', '_')}.o"), files.items())
        for where, line, text, kind in sorted({warning for output in said for warning in WARNING.findall(output)}):
            name = os.path.relpath(os.path.normpath(build / where), ROOT)
            excuse = next((each for each in EXCUSES if each.kind == kind and fnmatch.fnmatch(name, each.files)), None)
            used.add(excuse)
            if not excuse:
                complaints.append(f"{name}:{line}: {text} [{kind}]")
    # Another gcc needs others of them: a word, and no failure.
    idle = [f"note: nothing needs the excuse for {each.kind} in {each.files}" for each in EXCUSES if each not in used]
    print(*complaints, *idle, f"{len(files)} files read", sep="\n")
    return 1 if complaints or not files else 0


if __name__ == "__main__":
    sys.exit(main())
