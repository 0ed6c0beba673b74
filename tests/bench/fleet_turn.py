"""Instructions that a fleet of so many shards costs its owner, counted by callgrind: ./dev bench fleet turn [SHARDS ...].

    /usr/bin/python3 tests/bench/fleet_turn.py PROGRAM [SHARDS ...]

PROGRAM is bench_fleet_turn, which says what each part is. One member has all shards."""
from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import report

SHARDS = ("16", "1024", "65536")
TIMEOUT = 3600


def instructions_in(dump: str) -> tuple[str, int]:
    """Of a dump of callgrind: what it was made for, and the count."""
    name = re.search(r"^desc: Trigger: Client Request: (.+)$", dump, re.MULTILINE)
    count = re.search(r"^(?:totals|summary): (\d+)", dump, re.MULTILINE)
    return name[1] if name else "", int(count[1]) if count else 0


def count(program: Path, shards: str, folder: Path) -> dict[str, float]:
    """By part: the instructions of each time."""
    output = folder / f"callgrind-{shards}"
    command = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no", f"--callgrind-out-file={output}", str(program), shards]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if done.returncode:
        raise SystemExit(f"{program.name} {shards} ended with {done.returncode}: {(done.stdout + done.stderr)[-1000:]}")
    times = {name: int(number) for number, name in (line.split(" ", 1) for line in done.stdout.splitlines())}
    found = dict(instructions_in(each.read_text()) for each in folder.glob(f"{output.name}.*"))
    return {name: found[name] / times[name] for name in times}


def main() -> None:
    program = Path(sys.argv[1])
    asked = tuple(sys.argv[2:]) or SHARDS
    with tempfile.TemporaryDirectory() as folder:
        counted = {shards: count(program, shards, Path(folder)) for shards in asked}
    print("Instructions of one member that has all shards\n")
    print(report.table(["", *(f"{int(shards):,} shards" for shards in asked)],
                       [[name, *(f"{counted[shards][name]:,.0f}" for shards in asked)] for name in counted[asked[0]]]))


if __name__ == "__main__":
    main()
