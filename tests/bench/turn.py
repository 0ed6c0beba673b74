"""What a paced event costs besides time: system calls, counted by strace, and instructions, counted by callgrind. ./dev bench turn

    /usr/bin/python3 tests/bench/turn.py GATEWAY BUILD NODE_MODULES [OPTION ...]

System calls are those of every contender, instructions those of the gateways: an emulated processor is too slow for anything
but a few events a second, and counts user space alone. All of it is in BUILD/turn.json, and the profiles are in BUILD/turn,
for callgrind_annotate.
"""
from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import contenders as who  # noqa: E402
import options as asked  # noqa: E402
import relay  # noqa: E402
import report  # noqa: E402
from field import Field, Subject, Trouble  # noqa: E402
from support.rabbit import RabbitNode  # noqa: E402

SLOW_RATE = 20  # events a second under callgrind: each is a turn of its own
SLOW_SECONDS = 10
SHOWN = 6  # kinds of system calls


@dataclass
class Turn:
    """Of one contender in one row, for each event."""
    name: str
    calls: dict[str, float] = field(default_factory=dict)
    instructions: float = 0.0


# ---- System calls ----

def attach(subject: Subject, output: Path) -> subprocess.Popen[str]:
    tracer = subprocess.Popen(["strace", "-f", "-c", "-o", str(output), "-p", str(subject.pid)], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr
    if "attached" not in (line := tracer.stderr.readline()):
        raise Trouble(f"strace cannot attach: {line.strip()}")
    time.sleep(0.5)  # its other threads
    return tracer


def calls_in(text: str) -> dict[str, int]:
    rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", text, re.MULTILINE)
    return {name: int(calls) for calls, name in rows if name != "total"}


def count_calls(around: Field, number: int, count: int, rate: int, output: Path) -> dict[str, float]:
    tracer = attach(around.subjects[number], output)
    around.send(number, count, rate)
    tracer.send_signal(signal.SIGINT)
    tracer.wait(30)
    return {name: calls / count for name, calls in calls_in(output.read_text()).items()}


# ---- Instructions ----

def control(word: str, subject: Subject) -> None:
    subprocess.run(["callgrind_control", word, str(subject.pid)], capture_output=True, check=True, timeout=120)


def count_instructions(around: Field, output: Path, count: int, kept: Path) -> float:
    """From one dump to the next: a dump begins the count anew."""
    subject = around.subjects[0]
    control("--zero", subject)
    around.send(0, count, SLOW_RATE)
    control("--dump", subject)
    files = sorted(output.parent.glob(f"{output.name}.*"), key=lambda each: each.stat().st_mtime)
    found = re.search(r"^(?:totals|summary): (\d+)", files[-1].read_text(), re.MULTILINE) if files else None
    if not found:
        raise Trouble("callgrind has written no dump")
    kept.parent.mkdir(exist_ok=True)
    shutil.copy2(files[-1], kept)
    return int(found[1]) / count


# ---- Rows ----

class Turns(relay.Bench):
    def of_row(self, row: asked.Row, party: list[who.Contender]) -> list[Turn]:
        turns = [Turn(each.name) for each in party]
        try:
            self._calls(row, party, turns)
            for turn, contender in zip(turns, party):
                if contender.is_ours and shutil.which("callgrind_control"):
                    self._instructions(row, contender, turn)
        except Trouble as trouble:
            relay.say(f"{row}: {trouble}")
        return turns

    def _around(self, row: asked.Row, name: str) -> Field:
        return Field(row, self.rabbit, self.confirms, self.programs, self.corpus, self.names, self.folder / f"{name}-{row.shards}")

    def _calls(self, row: asked.Row, party: list[who.Contender], turns: list[Turn]) -> None:
        if not shutil.which("strace"):
            return relay.say("strace is not there: system calls are not counted")
        count, warm = self._count(row), self._warm(row)
        with self._around(row, "calls") as around:
            around.open(party, warm + count, 0)
            for number, turn in enumerate(turns):
                around.send(number, warm, self.options.rate)
                turn.calls = count_calls(around, number, count, self.options.rate, around.folder / f"{number}.calls")
                relay.say(f"{row}: system calls of {turn.name}")

    def _instructions(self, row: asked.Row, contender: who.Contender, turn: Turn) -> None:
        count = SLOW_RATE * min(SLOW_SECONDS, max(1, int(self.options.seconds * 2)))
        with self._around(row, f"instructions-{contender.name}") as around:
            output = around.folder / "callgrind"
            around.open([contender], 2 * count, 0, ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={output}"])
            around.send(0, count, SLOW_RATE)
            turn.instructions = count_instructions(around, output, count, self.build / "turn" / f"{contender.name}-{row.shards}.callgrind")
            relay.say(f"{row}: instructions of {turn.name}")


def cell(turn: Turn) -> str:
    largest = sorted(turn.calls.items(), key=lambda each: -each[1])[:SHOWN]
    return f"{sum(turn.calls.values()):.2f}: " + ", ".join(f"{name} {calls:.2f}" for name, calls in largest if calls >= 0.01)


def show(rows: list[tuple[asked.Row, list[Turn]]], rate: int) -> None:
    names = list(dict.fromkeys(turn.name for _, turns in rows for turn in turns))
    found = {(row, turn.name): turn for row, turns in rows for turn in turns}
    print(f"System calls for each event, {rate:,} events a second\n")
    print(report.table(["", *map(str, (row for row, _ in rows))],
                       [[name, *(cell(found[row, name]) if (row, name) in found else "" for row, _ in rows)] for name in names]))
    counted = [name for name in names if any(turn.instructions for (_, of), turn in found.items() if of == name)]
    if counted:
        print(f"\nInstructions for each event in user space, {SLOW_RATE} events a second under callgrind\n")
        print(report.table(["", *map(str, (row for row, _ in rows))],
                           [[name, *(f"{found[row, name].instructions:,.0f}" for row, _ in rows)] for name in counted]))


def main() -> None:
    own, build, modules = (Path(word).resolve() for word in sys.argv[1:4])
    options = asked.read("turn", sys.argv[4:])
    builder = who.Builder(build, modules, relay.say)
    parties = [list(who.taking_part(options, row, builder, build / "tests" / "bench", own)) for row in options.rows]

    def work(rabbit: RabbitNode, folder: Path) -> None:
        turns = Turns(build, options, rabbit, folder)
        rows = [(row, turns.of_row(row, party)) for row, party in zip(options.rows, parties)]
        turns.confirms.end()
        kept = [{**asdict(row), "turns": [asdict(each) for each in made]} for row, made in rows]
        (build / "turn.json").write_text(json.dumps({"rate": options.rate, "rows": kept}, indent=1) + "\n")
        show(rows, options.rate)

    relay.with_rabbit(work)


if __name__ == "__main__":
    main()
