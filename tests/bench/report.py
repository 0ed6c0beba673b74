"""The table that a person reads, from what a run of a benchmark kept.

    /usr/bin/python3 tests/bench/report.py build/bench/relay.json
"""
from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any, Optional

Kept = dict[str, Any]


def name_of(row: Kept, rate: int) -> str:
    mode = f"paced, {rate:,}/s" if row["mode"] == "paced" else row["mode"]
    shards = f"{row['shards']:,} shard{'s' if row['shards'] > 1 else ''}"
    return f"{mode}, {shards}, {row['compression']}, {'TLS' if row['tls'] else 'plain'}"


def median(contender: Kept, key: str) -> Optional[float]:
    values = [each[key] for each in contender["rounds"] if each[key] is not None]
    return statistics.median(values) if values else None


def columns_of(kept: Kept) -> list[str]:
    """In the order in which they were first met."""
    return list(dict.fromkeys(each["name"] for row in kept["rows"] for each in row["contenders"]))


def digits(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def cpu_cell(contender: Kept, first: Optional[float]) -> str:
    """The median, and how many times the first column it is."""
    cpu = median(contender, "cpu")
    if cpu is None:
        return "failed" if contender["trouble"] else ""
    return digits(cpu) if first is None or cpu == first else f"{digits(cpu)} ({digits(cpu / first)}x)"


def latency_cell(contender: Kept) -> str:
    p50, p99 = median(contender, "p50"), median(contender, "p99")
    return "" if p50 is None or p99 is None else f"{p50:.2f} / {p99:.2f}"


def idle_cell(contender: Kept) -> str:
    if contender["idle"] is None:
        return "failed" if contender["trouble"] else ""
    return f"{contender['idle']:.2f} % ({contender['memory'] / 1e6:.0f} MB)"


def table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def cells(row: Kept, columns: list[str], kind: str) -> list[str]:
    by_name = {each["name"]: each for each in row["contenders"]}
    first = median(row["contenders"][0], "cpu") if row["contenders"] else None
    make = {"cpu": lambda each: cpu_cell(each, first), "latency": latency_cell, "idle": idle_cell}[kind]
    return [make(by_name[name]) if name in by_name else "" for name in columns]


def section(kept: Kept, title: str, kind: str, modes: tuple[str, ...]) -> None:
    rows = [row for row in kept["rows"] if row["mode"] in modes]
    names = {each["name"] for row in rows for each in row["contenders"]}
    columns = [name for name in columns_of(kept) if name in names]
    if rows:
        print(f"\n{title}\n")
        print(table(["", *columns], [[name_of(row, kept["options"]["rate"]), *cells(row, columns, kind)] for row in rows]))


def against(kept: Kept) -> list[str]:
    """What a thousand shards cost beside one, of each contender that had both."""
    found = {(row["shards"], each["name"]): median(each, "cpu") for row in kept["rows"] for each in row["contenders"]
             if row["mode"] == "paced" and row["compression"] == "none" and not row["tls"]}
    return [f"{name} {digits(many / one)}" for name in columns_of(kept)
            if (one := found.get((1, name))) and (many := found.get((1000, name)))]


def rounds_of(kept: Kept) -> list[Kept]:
    return [each for row in kept["rows"] for contender in row["contenders"] for each in contender["rounds"] if each["seconds"] > 0]


def loaded(kept: Kept) -> str:
    machine, rounds = kept["machine"], rounds_of(kept)
    load = f"Load average {machine['load'][0]:.1f} before and {machine['load_after'][0]:.1f} after"
    if not rounds:
        return load + "."
    others = statistics.median(each["others"] for each in rounds)
    return f"{load}; others took {100 * others:.0f} % of {machine['cores']} cores in the median round."


def discord(kept: Kept) -> Optional[str]:
    paced = [(each, kept["options"]["rate"] * each["seconds"]) for each in rounds_of(kept) if each["p50"] is not None]
    if not paced:
        return None
    late = sum(each["late"] for each, _ in paced) / sum(events for _, events in paced)
    return (f"Discord's own process: {statistics.median(each['discord'] for each, _ in paced):.1f} us a paced event; "
            f"{100 * late:.1f} % of paced events were sent over 1 ms late.")


def ciphers(kept: Kept) -> Optional[str]:
    found = {each["name"]: each["cipher"] for row in kept["rows"] if row["tls"] for each in row["contenders"] if each["cipher"]}
    return "TLS: " + ", ".join(f"{name} {cipher}" for name, cipher in found.items()) + "." if found else None


def show(kept: Kept) -> None:
    machine, options = kept["machine"], kept["options"]
    print(f"{machine['date']}, {machine['commit']}: {machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}; "
          f"RabbitMQ {machine['rabbitmq']}, Node {machine['node']}, {machine['rust']}, {machine['go']}")
    section(kept, f"CPU of the process for each event, us: the median of {options['rounds']} rounds (x: times the first column)", "cpu", ("burst", "paced"))
    section(kept, "Latency from Discord's write to the worker, ms: p50 / p99, medians of the rounds", "latency", ("paced",))
    section(kept, f"Idle for {options['idle']:.0f} s, heartbeats every 41.25 s: percent of one core (resident memory)", "idle", ("idle",))
    more = against(kept)
    print()
    for line in (f"1,000 shards against 1, paced: {', '.join(more)}." if more else None, loaded(kept), discord(kept), ciphers(kept)):
        if line:
            print(line)


if __name__ == "__main__":
    show(json.loads(Path(sys.argv[1]).read_text()))
