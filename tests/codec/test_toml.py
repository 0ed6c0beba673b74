"""
The daemon's reader of TOML held against the public toml-test cases (Debian's golang-github-burntsushi-toml-dev has them)
and against Python's own reader. Dates are refused on purpose: no setting is a date.
"""
from __future__ import annotations

import json
import math
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

CASES = Path("/usr/share/gocode/src/github.com/BurntSushi/toml/internal/toml-test/tests")
# TOML 1.1 has these, or a draft of it had, and 1.0.0 does not.
NOT_IN_TOML_1_0 = {"string/escape-esc", "string/hex-escape", "inline-table/newline", "inline-table/newline-comment", "key/unicode"}
DOCUMENTS = 20000

SEEDS = [
    b"a = 1\nb.c = 'x'\n[d]\ne = [1, 2, [3]]\n[[f]]\ng = {h = 1, i.j = 2}\n",
    b"[a.b]\nc = 1\n[a]\nd = \"\\u00e9\\n\"\n[a.b.e]\n[[a.f]]\n[[a.f]]\ng=1\n[a.f.h]\n",
    b"s = \"\"\"\na\\\n  b\"\" c\"\"\"\"\nt = '''x''y'''''\nu = ''\n\"v w\" = \"\"\n'x' = 0x1F\ny = -0.5e+3\nz = +inf # c\r\n",
    b"i = [0b11, 0o17, 1_000, -0, +1,\n# c\n]\nt = true\nf = false\n[ p . q ]\nr.s.t = 1\nr.s.u = 2\n[p.v]\n",
]
PIECES = [b"[", b"]", b"[[", b"]]", b"{", b"}", b"=", b".", b",", b"#", b"\n", b"\r\n", b" ", b"\t", b'"', b"'", b'"""', b"'''", b"\\",
          b"_", b"-", b"+", b"a", b"b", b"a.b", b"a = 1\n", b"[a]\n", b"[a.b]\n", b"[[a]]\n", b"0", b"1", b"e", b"x", b"inf", b"\\u0041",
          b"\x00", b"\x7f", b"\xc3\xa9", b"\xff", b"true", b"{a = 1}", b"b.a = 1\n"]


def typed(value: Any) -> Any:
    """A value as the cases of toml-test write it. Dates become None."""
    if isinstance(value, dict):
        return {key: typed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [typed(each) for each in value]
    if isinstance(value, bool):
        return {"type": "bool", "value": str(value).lower()}
    for kind, name in ((int, "integer"), (float, "float"), (str, "string")):
        if isinstance(value, kind):
            return {"type": name, "value": str(value)}
    return None


def has_date(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_date, value.values()))
    return any(map(has_date, value)) if isinstance(value, list) else value is None


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if not isinstance(theirs, dict) or not isinstance(ours, dict):
        return bool(ours == theirs)
    if theirs.get("type") == "float" and ours.get("type") == "float":
        one, two = float(ours["value"]), float(theirs["value"])
        return one == two or (math.isnan(one) and math.isnan(two))
    return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in theirs)


@pytest.fixture
def tool(build: Path) -> Path:
    return build / "tests" / "tools" / "toml_tool"


def read_all(tool: Path, documents: list[bytes]) -> list[str]:
    """For each document its values as JSON, or "! line:column: sentence"."""
    row = b"".join(b"%d\n%s" % (len(each), each) for each in documents)
    done = subprocess.run([tool, "row"], input=row, capture_output=True, check=True, timeout=300)
    lines = done.stdout.decode().split("\n")[:-1]
    assert len(lines) == len(documents)
    return lines


def cases(kind: str) -> list[Path]:
    found = sorted(each for each in (CASES / kind).rglob("*.toml") if each.parent.name != "spec-1.1.0")
    if not found:
        pytest.skip("the cases of toml-test are not there: install golang-github-burntsushi-toml-dev")
    return [each for each in found if str(each.relative_to(CASES / kind).with_suffix("")) not in NOT_IN_TOML_1_0]


def test_valid_cases_are_read(tool: Path) -> None:
    files = cases("valid")
    for path, line in zip(files, read_all(tool, [each.read_bytes() for each in files])):
        expected = json.loads(path.with_suffix(".json").read_text())
        if '"datetime' in json.dumps(expected) or '-local"' in json.dumps(expected):
            assert "no setting is a date" in line, path
        else:
            assert line[0] == "{" and same(json.loads(line), expected), (path, line)


def test_invalid_cases_are_refused(tool: Path) -> None:
    files = cases("invalid")
    accepted = [path for path, line in zip(files, read_all(tool, [each.read_bytes() for each in files])) if line[0] != "!"]
    assert not accepted


def mutated(roll: random.Random) -> bytes:
    document = bytearray(roll.choice(SEEDS))
    for _ in range(roll.randrange(1, 5)):
        place = roll.randrange(len(document) + 1)
        kind = roll.randrange(4)
        if kind == 0:
            del document[place:place + roll.randrange(1, 6)]
        elif kind == 1:
            document[place:place] = roll.choice(PIECES)
        elif kind == 2:
            document[place:place + 1] = roll.choice(PIECES)
        else:
            other = roll.choice(SEEDS).split(b"\n")
            document[place:place] = roll.choice(other) + b"\n"
    return bytes(document)


def by_python(document: bytes) -> Any:
    tomllib = pytest.importorskip("tomllib")
    try:
        return typed(tomllib.loads(document.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return "refused"


def larger_than_64_bits(value: Any) -> bool:
    """Python's integers have no end, and ours have 64 bits, as TOML asks for at least."""
    if isinstance(value, list):
        return any(map(larger_than_64_bits, value))
    if isinstance(value, dict) and value.get("type") == "integer":
        return not -(1 << 63) <= int(value["value"]) < 1 << 63
    return isinstance(value, dict) and any(map(larger_than_64_bits, value.values()))


def test_python_and_we_read_and_refuse_the_same(tool: Path) -> None:
    roll = random.Random(18)
    documents = [mutated(roll) for _ in range(DOCUMENTS)]
    read = 0
    for document, line in zip(documents, read_all(tool, documents)):
        expected = by_python(document)
        if expected == "refused" or has_date(expected) or larger_than_64_bits(expected):
            assert line[0] == "!", document
        else:
            assert line[0] == "{" and same(json.loads(line), expected), (document, line)
            read += 1
    assert read > DOCUMENTS / 20
