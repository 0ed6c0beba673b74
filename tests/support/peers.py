"""Spectacles clients that others wrote (tests/support/peer.js), as processes that are steered by lines."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import pytest

from .processes import Process

Told = dict[str, Any]


class Peer(Process):
    """client: a package of tests/npm; wire: its own format, json, or wrapped."""

    def __init__(self, root: Path, client: str, wire: str, url: str, group: str = "gateway", subgroup: str = "") -> None:
        modules = root / "build" / "npm" / "node_modules"
        if not shutil.which("node") or not (modules / client).exists():
            pytest.skip(f"npm's {client} is not installed: ./dev test installs it where it can")
        self.told: list[Told] = []
        super().__init__(["node", root / "tests" / "support" / "peer.js", client, wire, url, group, subgroup],
                         {"NODE_PATH": str(modules), "NODE_OPTIONS": "--no-deprecation"}, steered=True)
        try:
            self.wait_told("ready")
        except AssertionError:
            self.kill()
            raise

    def _read_out(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._changed:
                self.told.append(json.loads(line))
                self._changed.notify_all()

    def wait_told(self, event: str, count: int = 1, timeout: float = 60, where: Optional[Callable[[Told], object]] = None) -> list[Told]:
        """Waits until so much of one kind was told; returns all of it."""
        fits = lambda: [told for told in self.told if told["event"] == event and (where is None or where(told))]  # noqa: E731
        self.wait_for(lambda: len(fits()) >= count, timeout, f"{count} x {event}")
        return fits()

    # ---- steering ----

    def order(self, what: str, event: str, **more: Any) -> None:
        self.write(json.dumps({"do": what, "event": event, **more}))

    def subscribe(self, *events: str, how: str = "subscribe") -> None:
        for event in events:
            self.order(how, event)
            self.wait_told("subscribed", where=lambda told: told["name"] == event)

    def serve(self, event: str) -> None:
        """Answers each call with {"echo": what was asked}."""
        self.subscribe(event, how="serve")

    def publish(self, event: str, data: Any) -> None:
        self.order("publish", event, data=data)

    def call(self, event: str, data: Any, timeout: int = 20_000) -> Any:
        before = len([told for told in self.told if told["event"] in ("reply", "failed")])
        self.order("call", event, data=data, timeout=timeout)
        answers = lambda: [told for told in self.told if told["event"] in ("reply", "failed")]  # noqa: E731
        self.wait_for(lambda: len(answers()) > before, 60, "an answer to the call")
        answer = answers()[before]
        assert answer["event"] == "reply", answer
        return answer["data"]

    def messages(self, event: str, count: int) -> list[Any]:
        return [told["data"] for told in self.wait_told("message", count, where=lambda told: told["name"] == event)]
