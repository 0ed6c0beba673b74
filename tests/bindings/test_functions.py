"""Where each public function is in each binding, and what is missing."""
from __future__ import annotations

from pathlib import Path

import pytest

from bindings.frame import LANGUAGES
from bindings.functions import Entry, declared, entries, entry_of, is_called, sources
from bindings.table import table, with_table


def list_of(root: Path, language: str) -> Path:
    path = root / "bindings" / language / "functions.txt"
    if not path.exists():
        pytest.skip(f"{language}: there is no such binding yet")
    return path


def test_every_function_is_there_or_left_out_for_a_reason(root: Path, language: str) -> None:
    lines = entries(list_of(root, language))
    missing = [name for name in declared(root) if not entry_of(name, lines)]
    assert not missing, f"bindings/{language}/functions.txt says nothing of: {', '.join(missing)}"
    unknown = [line.pattern for line in lines if not any(entry_of(name, [line]) for name in declared(root))]
    assert not unknown, f"bindings/{language}/functions.txt names what no header declares: {', '.join(unknown)}"
    assert all(line.is_there or len(line.where) > 5 for line in lines), "a function that is left out has a reason"


def test_what_is_said_to_be_there_is_called(root: Path, language: str) -> None:
    path = list_of(root, language)
    text, lines = sources(path.parent), entries(path)
    wrong = [name for name in declared(root) if (entry := entry_of(name, lines)) and entry.is_there and not is_called(name, text)]
    assert not wrong, f"bindings/{language} calls none of: {', '.join(wrong)}"


def test_the_table_is_current(root: Path) -> None:
    page = (root / "doc" / "bindings.md").read_text()
    assert with_table(page, table(root)) == page, "./dev bindings table writes it anew"


def test_the_first_line_that_fits_counts() -> None:
    lines = [Entry("spectacles_shard_new", "Shard()"), Entry("spectacles_shard_*", "- nobody needs it")]
    there, left_out = entry_of("spectacles_shard_new", lines), entry_of("spectacles_shard_free", lines)
    assert there and there.is_there and left_out and not left_out.is_there and entry_of("spectacles_now", lines) is None


def test_a_call_is_a_whole_word() -> None:
    assert is_called("spectacles_now", "lib.spectacles_now()") and is_called("spectacles_now", "sys::now()")
    assert not is_called("spectacles_now", "spectacles_now_later()")


def test_every_language_of_the_script_is_known(root: Path) -> None:
    assert f"binding_languages=({' '.join(LANGUAGES)})" in (root / "scripts" / "bindings.sh").read_text()
