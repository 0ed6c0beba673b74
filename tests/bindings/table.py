"""Writes the table of doc/bindings.md: ./dev bindings table."""
from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bindings.frame import LANGUAGES, ROOT  # noqa: E402
from bindings.functions import declared, entries, entry_of  # noqa: E402

BEGIN, END = "<!-- ./dev bindings table writes from here -->\n", "<!-- to here -->\n"
TITLES = {"python": "Python", "go": "Go", "rust": "Rust", "node": "Node", "luajit": "LuaJIT", "cpp": "C++"}


def table(root: Path) -> str:
    """A row for each function. A language without a list has no column."""
    lists = {name: entries(file) for name in LANGUAGES if (file := root / "bindings" / name / "functions.txt").exists()}
    if not lists:
        return ""
    rows = [["function", *(TITLES[name] for name in lists)], ["---"] * (len(lists) + 1)]
    for function in declared(root):
        found = [entry_of(function, lines) for lines in lists.values()]
        rows.append([f"`{function}()`", *(each.where.replace("|", "\\|") if each else "missing" for each in found)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def with_table(page: str, rows: str) -> str:
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{rows}\n{END}{rest.split(END)[1]}"


def main() -> None:
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text(), table(ROOT)))


if __name__ == "__main__":
    main()
