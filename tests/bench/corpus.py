"""Writes what the benchmarks read: one file for each gateway payload, and one large GUILD_CREATE.

    /usr/bin/python3 tests/bench/corpus.py FOLDER
"""
from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from standin import payloads  # noqa: E402

COUNT = 400


def envelope(number: int, name: str, data: str) -> str:
    return f'{{"t":"{name}","s":{number},"op":0,"d":{data}}}'


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
