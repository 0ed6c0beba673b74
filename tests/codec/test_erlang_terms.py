"""What the shard's unit tests take for Erlang's is Erlang's: tests/unit/shard/erlang_terms.h."""
from __future__ import annotations

import json
import re
from pathlib import Path

from standin.encoding import Erlang
from tools.erlang_terms import PAYLOADS

TEXTS = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'


def literals(texts: str) -> list[str]:
    return re.findall(r'"((?:[^"\\]|\\.)*)"', texts)


def test_the_header_holds_what_erlang_writes(root: Path) -> None:
    text = (root / "tests/unit/shard/erlang_terms.h").read_text()
    found = re.findall(rf"\{{\s*{TEXTS},\s*{TEXTS},\s*(\d+)\s*\}}", text)
    erlang = Erlang()
    assert [json.loads('"' + "".join(literals(each)) + '"') for each, _, _ in found] == PAYLOADS
    for payload, (_, octal, length) in zip(PAYLOADS, found):
        term = bytes(int(each, 8) for each in re.findall(r"\\(\d{3})", octal))
        assert len(term) == int(length)
        # The order of a map's keys differs between Erlang's versions: so what is compared is what it means.
        assert erlang.decode_any(term) == erlang.decode_any(erlang.encode(json.loads(payload)))
    erlang.stop()
