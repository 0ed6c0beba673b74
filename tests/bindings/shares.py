"""Where the instructions of a shard's events are spent: ./dev bindings shares.

    /usr/bin/python3 tests/bindings/shares.py

callgrind counts those of the program `shard` in C, for two numbers of events. The difference is that of the events alone. The kernel is not in it,
and valgrind has no AVX-512: the check of JSON takes its instructions for AVX2.
"""
from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Optional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from standin.certs import Authority  # noqa: E402
from standin.payloads import corpus  # noqa: E402

from bindings.bench import reference  # noqa: E402
from bindings.flood import Child, Flood  # noqa: E402

FEW, MANY = 2000, 12000
LINE = re.compile(r"\s*([\d,]+) \([\s\d.]+%\)\s+\S*?:(\S+).*?(?:\[(?:.*/)?([^/\]]+)\])?$")
CHECK = "libspectacles: the check of JSON"


def part_of(function: str, library: str) -> str:
    if "spectacles" in library:
        return CHECK if function.startswith("sp_blocks") else "libspectacles: the rest"
    return re.sub(r"\.so.*", "", library)


def instructions(count: int, folder: Path, events: list[str], authority: Optional[Authority]) -> Counter[str]:
    program, out = reference("shard"), folder / "callgrind.out"
    environment = {"SSL_CERT_FILE": str(authority.ca)} if authority else {}
    with Flood(folder, events, count, authority.issue("localhost") if authority else None) as flood:
        command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}", *program.command, str(count)]
        child = Child(command, folder / "shard.log", {**program.environment, **environment, "GATEWAY_URL": flood.url, "DISCORD_TOKEN": "MQ.bench.0000"})
        try:
            flood.send()
            while child.hear() != f"EVENTS {count}":
                pass
        finally:
            child.end()
    told = subprocess.run(["callgrind_annotate", "--threshold=100", out], capture_output=True, text=True, check=True).stdout
    made: Counter[str] = Counter()
    for line in told.splitlines():
        if found := LINE.match(line):
            made[part_of(found[2], found[3] or "the program")] += int(found[1].replace(",", ""))
    return made


def show(title: str, spent: Counter[str]) -> None:
    total = spent.total()
    print(f"--- {title}: {total / (MANY - FEW):,.0f} instructions for each event")
    for part, count in spent.most_common():
        if count >= total / 200:
            print(f"{part:<36}{100 * count / total:>6.1f} %")
    print(flush=True)


def main() -> None:
    events = [f"{name}\t{data}" for name, data in corpus(1, 2000)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, authority in (("plain", None), ("over TLS", Authority(folder / "ca"))):
            many = instructions(MANY, folder, events, authority)
            many.subtract(instructions(FEW, folder, events, authority))
            show(title, many)


if __name__ == "__main__":
    main()
