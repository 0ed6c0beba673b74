"""broker_tool: one broker connection of the library's own, steered by lines, its events as they come."""
from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from .processes import Process

Event = dict[str, Any]

# Of enum spectacles_error.
E_INVAL, E_AGAIN, E_CLOSED, E_AUTH = -2, -4, -6, -10
# With a clock that passes over waits: what is tried again is tried soon.
SOON = 200


class BrokerTool(Process):
    def __init__(self, build: Path, *urls: str, **options: object) -> None:
        self.log: list[Event] = []
        self.events: dict[str, list[Event]] = defaultdict(list)
        self.answers: dict[str, list[Event]] = defaultdict(list)
        arguments = [part for key, value in options.items() for part in (f"--{key.replace('_', '-')}", str(value))]
        super().__init__([build / "tests" / "tools" / "broker_tool", *arguments, *urls], steered=True)

    def _read_out(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            told = json.loads(line)
            with self._changed:
                self.log.append(told)
                (self.events[told["event"]] if "event" in told else self.answers[told["did"]]).append(told)
                self._changed.notify_all()

    def said(self) -> str:
        """What is told once, and not with each message."""
        many = ("MESSAGE", "CONFIRMED", "ROOM")
        story = [json.dumps(told) for told in self.log if told.get("event") not in many]
        return "\n".join([*story[-40:], str({name: self.count(name) for name in many}), *self.err[-40:]])

    # ---- waiting ----

    def wait_event(self, name: str, count: int = 1, timeout: float = 60, where: Optional[Callable[[Event], object]] = None) -> Event:
        """Waits until so many events of a type have come (that fit); returns the last of them."""
        fits = lambda: [event for event in self.events[name] if where is None or where(event)]  # noqa: E731
        enough = (lambda: len(fits()) >= count) if where else (lambda: len(self.events[name]) >= count)
        self.wait_for(enough, timeout, f"{count} x {name}{' that fits' if where else ''}")
        return fits()[count - 1]

    def wait_confirmed(self, count: int, timeout: float = 120) -> None:
        self.wait_event("CONFIRMED", count, timeout)

    def count(self, name: str) -> int:
        return len(self.events[name])

    # ---- steering ----

    def ask(self, line: str, answer: Optional[str] = None) -> Event:
        """A command that is answered, and its answer."""
        name = answer or line.split()[0]
        before = len(self.answers[name])
        self.write(line)
        self.wait_for(lambda: len(self.answers[name]) > before, 60, f"an answer to {line!r}")
        return self.answers[name][before]

    def publish(self, count: int, size: int, key: str, *words: str) -> Event:
        return self.ask(" ".join(["publish", str(count), str(size), key, *words]))

    def subscribe(self, event: str, subgroup: str = "-", prefetch: int = 0, consume: bool = True) -> int:
        """Asks for it, waits until it stands, and returns its number."""
        number = self.ask(f"subscribe {event} {subgroup} {prefetch}" if consume else f"declare {event} {subgroup}", "subscribe")["subscription"]
        self.wait_event("SUBSCRIBED", where=lambda told: told["subscription"] == number)
        return int(number)

    def call(self, key: str, body: str, timeout: int = 30000, *words: str) -> int:
        """Returns the number that the event which ends it names as its tag."""
        return int(self.ask(" ".join(["call", str(timeout), key, body, *words]))["call"])

    def stats(self) -> dict[str, int]:
        return self.ask("stats")

    def close(self) -> int:
        """In order: its confirms are awaited. Returns how many publishes were left unconfirmed."""
        self.write("close")
        left = int(self.wait_event("CLOSED")["unconfirmed_count"])
        assert self.wait() == 0
        return left

    # ---- what it told ----

    def confirmed(self) -> list[str]:
        """The message-ids, in the order of the confirms."""
        return [event["message_id"] for event in list(self.events["CONFIRMED"])]

    def received(self) -> list[str]:
        """The message-ids of the deliveries, in order of first arrival."""
        return list(dict.fromkeys(event["message_id"] for event in list(self.events["MESSAGE"])))


# Makes a tool with these URLs and options: a fixture of tests/integration, which ends them all.
Tools = Callable[..., BrokerTool]


def ids(prefix: str, last: int) -> list[str]:
    return [f"{prefix}:{number}" for number in range(1, last + 1)]
