"""Writes what the benchmarks read: one file for each gateway payload, one large GUILD_CREATE, and for bench_discord a
file of lines: the name of an event, a tab, its d.

    /usr/bin/python3 tests/bench/corpus.py FOLDER
"""
from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from standin import payloads  # noqa: E402

COUNT = 400
LINES = 2000


def envelope(number: int, name: str, data: str) -> str:
    return f'{{"t":"{name}","s":{number},"op":0,"d":{data}}}'


def lines(path: Path) -> list[str]:
    """Writes the file of lines; returns the names of its events."""
    events = list(payloads.corpus(1, LINES))
    assert not any("\n" in data for _, data in events)
    path.write_text("".join(f"{name}\t{data}\n" for name, data in events))
    return sorted({name for name, _ in events})


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "events").mkdir(parents=True, exist_ok=True)
    (folder / "large").mkdir(exist_ok=True)
    for number, (name, data) in enumerate(payloads.corpus(1, COUNT), 1):
        (folder / "events" / f"{number:04}.json").write_text(envelope(number, name, data))
    name, data = payloads.large_guild(1)
    (folder / "large" / "0001.json").write_text(envelope(1, name, data))


if __name__ == "__main__":
    main()
