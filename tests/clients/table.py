"""The table of all clients: build/clients/table.md, a row for each fault and a column for each run."""
from __future__ import annotations

import json

from .builds import OUT
from .run import Outcome, Report


def cell(outcome: Outcome) -> str:
    words = [outcome.how, f"{outcome.seconds:.1f} s" if outcome.fault.breaks else ""]
    words += [f"lost {outcome.lost}" if outcome.lost else "", f"twice {outcome.repeated}" if outcome.repeated else ""]
    return ", ".join(word for word in words if word)


def keep(name: str, variant: str, report: Report) -> None:
    """Each run leaves a file of its own; the table is written anew from all of them."""
    folder = OUT / "results"
    folder.mkdir(parents=True, exist_ok=True)
    rows = {outcome.fault.name: cell(outcome) for outcome in report.outcomes}
    (folder / f"{name} {variant}.json".replace(" ", "_")).write_text(json.dumps({"name": f"{name} {variant}", "rows": rows}))
    results = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
    faults = list(dict.fromkeys(fault for each in results for fault in each["rows"]))
    lines = ["| | " + " | ".join(each["name"] for each in results) + " |", "|---" * (len(results) + 1) + "|"]
    lines += [f"| {fault} | " + " | ".join(each["rows"].get(fault, "") for each in results) + " |" for fault in faults]
    (OUT / "table.md").write_text("\n".join(lines) + "\n")
