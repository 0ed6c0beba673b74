"""What the benchmarks of the field are asked for. It needs nothing but Python, so that ./dev says what is wrong before it builds.

    /usr/bin/python3 tests/bench/options.py relay|turn [OPTION ...]
"""
from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

MODES = ("burst", "paced", "idle")
COMPRESSIONS = ("none", "zlib-stream", "zstd-stream")
ENCRYPTION = ("plain", "tls")
CONTENDERS = ("ours", "node", "rust", "go", "floor")
MOST_SHARDS = 4000


@dataclass(frozen=True)
class Row:
    """One row of the table: what all contenders are put through."""
    mode: str
    shards: int
    compression: str
    tls: bool

    def __str__(self) -> str:
        return f"{self.mode}, {self.shards:,} shard{'s' if self.shards > 1 else ''}, {self.compression}, {'TLS' if self.tls else 'plain'}"


# The rows of issue and page: every compression in bursts, every number of shards at a pace.
WHOLE = (
    *(Row("burst", 1, compression, tls) for compression in COMPRESSIONS for tls in (False, True)),
    *(Row("paced", 1, compression, tls) for compression in ("none", "zstd-stream") for tls in (False, True)),
    *(Row("paced", shards, "none", False) for shards in (32, 250, 1000)),
    Row("paced", 1000, "zstd-stream", True),
    Row("idle", 1000, "none", False),
)


@dataclass(frozen=True)
class Gateway:
    """A gateway of ours that takes part: a build, and the settings that it runs with."""
    name: str
    path: Path
    settings: dict[str, str] = field(default_factory=dict)


@dataclass
class Options:
    rows: list[Row]
    contenders: list[str]
    gateways: list[Gateway]
    rate: int
    seconds: float
    events: int
    rounds: int
    idle: float


def whole(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on, and not '{text}'")
    return int(text)


def positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"a number above 0, and not '{text}'")
    return number


def shards(text: str) -> list[int]:
    numbers = [whole(each) for each in text.split(",")]
    if max(numbers) > MOST_SHARDS:
        raise argparse.ArgumentTypeError(f"at most {MOST_SHARDS} shards")
    return numbers


class Among:
    """A list with commas, of words that are known."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words

    def __call__(self, text: str) -> list[str]:
        for word in text.split(","):
            if word not in self._words:
                raise argparse.ArgumentTypeError(f"'{word}' is not known: {', '.join(self._words)}")
        return text.split(",")


def gateway(text: str) -> Gateway:
    """NAME=PATH[,SETTING=VALUE ...]"""
    name, is_there, rest = text.partition("=")
    path, *settings = rest.split(",")
    if not is_there or not name or any("=" not in each for each in settings):
        raise argparse.ArgumentTypeError(f"NAME=PATH[,SETTING=VALUE ...], and not '{text}'")
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"there is no gateway at '{path}'")
    return Gateway(name, Path(path).resolve(), dict(each.split("=", 1) for each in settings))


# What is counted for ./dev bench turn.
TURNS = (Row("paced", 1, "none", False), Row("paced", 1000, "none", False))


def chosen(arguments: argparse.Namespace, whole_table: tuple[Row, ...]) -> list[Row]:
    """Without shards, compression and TLS: the rows of the whole table. With any: every combination of what was named."""
    if not (arguments.shards or arguments.compression or arguments.tls):
        return [row for row in whole_table if arguments.mode is None or row.mode in arguments.mode]
    modes = arguments.mode or list(dict.fromkeys(row.mode for row in whole_table if row.mode != "idle"))
    return [Row(mode, number, compression, encrypted == "tls")
            for mode in modes for number in arguments.shards or [1]
            for compression in arguments.compression or ["none"] for encrypted in arguments.tls or ["plain"]]


def parser(command: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"./dev bench {command}", description="Without options: the whole table.", allow_abbrev=False)
    made.add_argument("--mode", type=Among(MODES), help=f"with commas: {', '.join(MODES)}")
    made.add_argument("--shards", type=shards, help="in one process; with commas")
    made.add_argument("--compression", type=Among(COMPRESSIONS), help=f"with commas: {', '.join(COMPRESSIONS)}")
    made.add_argument("--tls", type=Among(ENCRYPTION), help="to Discord: plain, tls, or both; the broker is always plain")
    made.add_argument("--contenders", type=Among(CONTENDERS), default=list(CONTENDERS), help=f"with commas: {', '.join(CONTENDERS)}")
    made.add_argument("--gateway", type=gateway, action="append", default=[], metavar="NAME=PATH[,SETTING=VALUE ...]",
                      help="one more gateway of ours, with settings of its own; may be repeated")
    made.add_argument("--rate", type=whole, default=1000, help="events a second in all, when paced (1000)")
    made.add_argument("--seconds", type=positive, default=4.0, help="of a paced round (4)")
    made.add_argument("--events", type=whole, default=20000, help="of a round of bursts (20000)")
    made.add_argument("--rounds", type=whole, default=5, help="of which the median counts (5)")
    made.add_argument("--idle", type=positive, default=90.0, help="seconds that idle shards are watched (90)")
    return made


def read(command: str, words: list[str]) -> Options:
    arguments = parser(command).parse_args(words)
    return Options(chosen(arguments, WHOLE if command == "relay" else TURNS), arguments.contenders, arguments.gateway, arguments.rate, arguments.seconds,
                   arguments.events, arguments.rounds, arguments.idle)


if __name__ == "__main__":
    read(sys.argv[1], sys.argv[2:])
