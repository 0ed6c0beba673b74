"""doc/operations.md has each line of the daemon's log that asks for an action, and no other."""
from __future__ import annotations

import re
from pathlib import Path

from tools.sources import files

LOUD = r"LOG_LEVEL_(?:WARN|ERROR)"
# { ..., LOG_LEVEL_WARN } in the table of lines.c; log_say(..., LOG_LEVEL_WARN, "EVENT", ...); .level = ..., .event = "EVENT"
TABLE = re.compile(r"\[SPECTACLES_RELAY_EVENT_(\w+)\] = \{LINE_(?:ONCE|REPEATS|ENDS), " + LOUD + r"\}")
CALL = re.compile(r"\blog_say\([^;\"]*?" + LOUD + r'[^;"]*?"([A-Z_]+)"')
LINE = re.compile(r"\.level = [^;\"]*?" + LOUD + r'[^;"]*?\.event =\s*"([A-Z_]+)"')


def loud(text: str) -> set[str]:
    return set(TABLE.findall(text)) | set(CALL.findall(text)) | set(LINE.findall(text))


def rows(page: str) -> dict[str, list[str]]:
    """The table of lines: event -> the other cells."""
    section = page.split("\n## The log of spectacles-gateway\n")[1].split("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[1:] for row in cells if len(row) == 4}


def test_each_warning_and_error_of_the_log_is_in_the_page(root: Path) -> None:
    said = set().union(*(loud(path.read_text()) for path in files(root, "tools/gateway/*.c")))
    told = rows((root / "doc" / "operations.md").read_text())
    assert said - told.keys() == set(), "doc/operations.md does not say what to do about these lines"
    assert told.keys() - said == set(), "doc/operations.md has lines that the daemon does not write"
    assert all(level in ("warn", "error", "warn, error") and says and does for level, says, does in told.values())


def test_lines_are_found_in_each_spelling() -> None:
    assert loud("    [SPECTACLES_RELAY_EVENT_SHARD_GAP] = {LINE_ONCE, LOG_LEVEL_WARN},\n") == {"SHARD_GAP"}
    assert loud("    [SPECTACLES_RELAY_EVENT_SHARD_READY] = {LINE_ONCE, LOG_LEVEL_INFO},\n") == set()
    assert loud('log_say(log, each ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,\n "SETTING", "%s: %s", a, "B");') == {"SETTING"}
    assert loud('log_say(log, LOG_LEVEL_INFO, "A", "a");\nlog_say(log, LOG_LEVEL_ERROR, "B", "b");') == {"B"}
    assert loud('{.level = LOG_LEVEL_WARN, .event = "C", .text = text}') == {"C"}
