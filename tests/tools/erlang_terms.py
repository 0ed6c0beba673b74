"""Payloads as Erlang's own term_to_binary writes them, for the unit tests: tests/unit/shard/erlang_terms.h.

    python3 tests/tools/erlang_terms.py > tests/unit/shard/erlang_terms.h && ./dev format
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from standin.encoding import Erlang  # noqa: E402

PAYLOADS = [
    '{"op":10,"d":{"heartbeat_interval":41250}}',
    '{"t":"READY","s":1,"op":0,"d":{"session_id":"abc","resume_gateway_url":"wss://gateway.discord.gg","shard":[1,4]}}',
    '{"t":"RESUMED","s":4,"op":0,"d":{}}',
    '{"t":"MESSAGE_CREATE","s":2,"op":0,"d":{"content":"Grüße 😀","id":"123456789012345678","list":[1,2],"none":null,"pinned":false}}',
    '{"t":"A","s":3,"op":0,"d":{"more":[1,2,3,4,5,6,7,8,9]}}',
    '{"op":1,"d":null}',
    '{"op":11}',
]


def quoted(data: bytes) -> str:
    """A C literal: numbers in octal, three digits each, so that nothing behind them is taken for one."""
    return '"' + "".join(f"\\{byte:03o}" for byte in data) + '"'


def main() -> None:
    erlang = Erlang()
    print("/* Made by tests/tools/erlang_terms.py with Erlang's term_to_binary. Do not edit. */")
    print("static const struct {\n    const char *json;\n    const char *term;\n    size_t length;\n} erlang_terms[] = {")
    for text in PAYLOADS:
        term = erlang.encode(json.loads(text))
        print(f"    {{{json.dumps(text, ensure_ascii=False)}, {quoted(term)}, {len(term)}}},")
    print("};")
    erlang.stop()


if __name__ == "__main__":
    main()
