"""The status page of the daemon without a daemon: a server that gives it states which a test, or a picture, makes up."""
from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

NOW = 1767262830000  # 1 January 2026, 10:20:30 UTC


def shard(number: int, **more: Any) -> dict[str, Any]:
    """A shard that is ready and well."""
    received = 120000 + number * 37 % 9000
    return {"id": number, "shard_count": 1000, "state": "READY", "latency": 38 + number * 7 % 19, "received": received, "committed": received - number % 3,
            "stored": received - 40, "unconfirmed": number % 3, "packets": 0, "gaps": 0, "connects": 1, "late": 0, "was_ready": True,
            "lacks_queue": False, **more}


def closed(code: int, text: str) -> dict[str, Any]:
    return {"time": NOW - 95000, "code": code, "text": text}


def well(count: int) -> dict[str, Any]:
    """A gateway that is well."""
    broker = {"shard_count": 1000, "state": "READY", "blocked": False, "text": "RabbitMQ 3.10.8", "connects": 1}
    return {"version": "0.1.0", "group": "gateway", "time": NOW, "started": NOW - 9 * 86400000, "stopping": False,
            "events": {"received": 8_400_000, "published": 8_399_000, "confirmed": 8_398_988},
            "window": {"unconfirmed": 12, "limit": 2000, "full": 3, "full_time": 1830},
            "budget": {"total": 2000, "left": 1904, "reset": NOW + 5 * 3600000},
            "commands": {"waiting": 2, "received": 51200, "sent": 51190, "rejected": 8, "queues_lost": 0},
            "brokers": [{"name": "events", **broker}, {"name": "commands", **broker}],
            "gaps": {"today": 0, "since_start": 1, "newest": []},
            "store": {"used": True, "failing": False, "failures": 0, "last_success": NOW - 2000},
            "shards": [shard(number) for number in range(count)]}


def in_trouble(count: int) -> dict[str, Any]:
    """A gateway of which something of each kind is wrong."""
    state = well(count)
    wrong = {3: shard(3, state="BACKOFF", close=closed(1006, "the connection ended without a close frame (reset by peer)"), connects=7),
             7: shard(7, state="RESUMING", close=closed(4000, "Discord asks for a reconnect"), connects=2),
             12: shard(12, latency=2400), 13: shard(13, lacks_queue=True, packets=31),
             18: shard(18, state="FATAL", close=closed(4014, "a privileged intent is not enabled for this bot")),
             21: shard(21, state="IDENTIFY_WAIT", stored=0, received=0, committed=0, unconfirmed=0)}
    state["shards"] = [wrong.get(each["id"], each) for each in state["shards"]]
    state["brokers"][0] |= {"blocked": True, "text": "low on memory"}
    state["window"] |= {"unconfirmed": 2000, "full": 41, "full_time": 61000}
    state["gaps"] = {"today": 1, "since_start": 1, "newest": [
        {"shard": 21, "time": NOW - 4000000, "text": "the session was lost behind sequence 81234: Discord does not resume it any more"}]}
    state["commands"] |= {"waiting": 31, "queues_lost": 1}
    return state


class StatusPage:
    """Serves the page, and `state` as its JSON. Headers are those of the daemon, but for the hashes of its policy."""

    def __init__(self, root: Path, state: dict[str, Any]) -> None:
        self.state: dict[str, Any] | None = state  # None: the gateway does not answer
        page = (root / "tools/gateway/page_status.html").read_bytes()
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = {"/": (page, "text/html; charset=utf-8"), "/status.json": (json.dumps(served.state).encode(), "application/json")}
                body, kind = found.get(re.sub(r"\?.*", "", self.path), (b"", "text/plain"))
                if served.state is None or not body:
                    return self.send_error(503)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return None

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> StatusPage:
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
