"""The stand-in as a process: python3 -m standin (in tests/), or python3 tests/standin. See README.md."""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from standin.payloads import corpus, large_guild
from standin.standin import Standin


def do(standin: Standin, step: dict[str, Any]) -> None:
    """One step of a scenario: {"do": ..., ...}."""
    shard = step.get("shard", 0)
    what = step["do"]
    if what == "wait_ready":
        standin.wait_ready(*step.get("shards", range(standin.shards)), timeout=step.get("timeout", 60))
    elif what == "wait":
        standin.wait_for(lambda: standin.count(step["kind"]) >= step.get("count", 1), step.get("timeout", 60), str(step))
    elif what == "dispatch":
        standin.dispatch(shard, step["t"], step["raw"] if "raw" in step else json.dumps(step.get("d")))
    elif what == "dispatch_corpus":
        standin.dispatch_many(shard, corpus(step.get("seed", 1), step.get("count", 100)))
    elif what == "dispatch_guild":
        standin.dispatch(shard, *large_guild(step.get("seed", 1), step.get("size", 500_000)))
    elif what == "drop":
        standin.drop(shard)
    elif what == "close":
        standin.close(shard, step["code"], step.get("reason", ""))
    elif what == "dispatch_repeated":
        standin.dispatch_repeated(shard, step["t"], step["raw"] if "raw" in step else json.dumps(step.get("d")), step["times"])
    elif what == "set":
        standin.set(**{key: value for key, value in step.items() if key != "do"})
    elif what == "plan":
        standin.plan(**{key: value for key, value in step.items() if key != "do"})
    elif what == "unplan":
        standin.unplan(step.get("what"))
    elif what == "brick":
        standin.brick(shard, step.get("seconds", 90.0))
    elif what == "reconnect":
        standin.reconnect(shard, [(each["t"], each["raw"]) for each in step.get("behind", [])])
    elif what == "invalidate":
        standin.invalidate(shard, step.get("resumable", False))
    elif what == "request_heartbeat":
        standin.request_heartbeat(shard)
    elif what == "mute":
        standin.mute(shard, step.get("acks", False), step.get("reads", True))
    elif what == "expire_sessions":
        standin.expire_sessions()
    else:
        raise ValueError(f"unknown step: {what!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Discord's gateway.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="test.token")
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--max-concurrency", type=int, default=1)
    parser.add_argument("--heartbeat-interval", type=int, default=41250, help="milliseconds")
    parser.add_argument("--cert", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--pieces", type=int, default=1, help="WebSocket messages for one message of zlib-stream")
    parser.add_argument("--fragments", type=int, default=1, help="frames for one WebSocket message, with a ping in between")
    parser.add_argument("--scenario", type=Path, help="a file with a JSON list of steps; without it, steps come on stdin, a line each")
    arguments = parser.parse_args()
    standin = Standin(token=arguments.token, shards=arguments.shards, max_concurrency=arguments.max_concurrency,
                      heartbeat_interval=arguments.heartbeat_interval, cert=arguments.cert, key=arguments.key, port=arguments.port)
    standin.pieces, standin.fragments = arguments.pieces, arguments.fragments
    with standin:
        print(json.dumps({"kind": "listening", "url": standin.url, "api": standin.api}), flush=True)
        steps = json.loads(arguments.scenario.read_text()) if arguments.scenario else map(json.loads, sys.stdin)
        shown = 0
        for step in steps:
            do(standin, step)
            for record in standin.records[shown:]:
                print(json.dumps(record, default=str), flush=True)
            shown = len(standin.records)


if __name__ == "__main__":
    main()
