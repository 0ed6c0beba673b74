"""The walks of doc/architecture.md: each function is in the file that is named, and no step comes back to a file."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.walk import WALKS, walk


def defines(text: str, name: str) -> bool:
    """A definition at the left margin: a line with the name and a parenthesis, and the brace before the next semicolon."""
    return bool(re.search(rf"^[A-Za-z][\w *]*\b{name}\([^;{{]*\n\{{", text, re.MULTILINE))


@pytest.mark.parametrize("name", WALKS)
def test_each_function_is_in_its_file(root: Path, name: str) -> None:
    steps = walk(root, name)
    assert len(steps) > 4
    wrong = [f"step {step.number}: {function.file} does not define {function.name}()" for step in steps for function in step.functions
             if not (root / function.file).exists() or not defines((root / function.file).read_text(), function.name)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", WALKS)
def test_no_step_comes_back_to_a_file(root: Path, name: str) -> None:
    for step in walk(root, name):
        files = [function.file for function in step.functions]
        blocks = [file for at, file in enumerate(files) if at == 0 or files[at - 1] != file]
        assert len(blocks) == len(set(blocks)), f"step {step.number}: {blocks}"


def test_a_definition_is_told_from_a_call() -> None:
    text = "static int f(int a,\n             int b)\n{\n    g(a);\n}\nint g(int a);\n"
    assert defines(text, "f") and not defines(text, "g") and not defines(text, "h")
