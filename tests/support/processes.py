"""Child processes with their lines, exit status and sanitizer reports looked at."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional, Union

from .patience import PATIENCE

REPORTS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "ERROR SUMMARY:")
SANITIZERS = {
    "ASAN_OPTIONS": "exitcode=99:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99",
}
VALGRIND = ["valgrind", "-q", "--error-exitcode=98", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect",
            "--child-silent-after-fork=yes"]

Match = Union[str, Callable[[str], bool]]


class Process:
    def __init__(self, arguments: list[str | Path], environment: Optional[dict[str, str]] = None,
                 valgrind: bool = False, steered: bool = False) -> None:
        """steered: lines can be written to its standard input."""
        self.arguments = [*(VALGRIND if valgrind else []), *map(str, arguments)]
        self.name = Path(str(arguments[0])).name
        self.out: list[bytes] = []
        self.err: list[str] = []
        self._changed = threading.Condition()
        # In a session of its own: Ctrl-C in a terminal is for the one who started us, and he stops us in order.
        self._process = subprocess.Popen(self.arguments, stdin=subprocess.PIPE if steered else subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                                         env={**os.environ, **SANITIZERS, **(environment or {})})
        self._readers = [threading.Thread(target=self._read_out, daemon=True),
                         threading.Thread(target=self._read_err, daemon=True)]
        for reader in self._readers:
            reader.start()

    def _read_out(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            if not line.endswith(b"\n"):  # the last one, cut by a kill
                return
            with self._changed:
                self._take(line.rstrip(b"\n"))
                self._changed.notify_all()

    def _take(self, line: bytes) -> None:
        """What becomes of a line on stdout."""
        self.out.append(line)

    def _read_err(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            with self._changed:
                self.err.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def wait_for(self, predicate: Callable[[], object], timeout: float = 60, what: str = "") -> None:
        """Waits until a line makes it true."""
        end = time.monotonic() + timeout * PATIENCE
        with self._changed:
            while not predicate():
                left = end - time.monotonic()
                ended = not self.running() and not any(each.is_alive() for each in self._readers)
                if left <= 0 or ended:
                    raise AssertionError(f"{self.name} {'ended' if ended else 'waited'} without {what}; it said:\n{self.said()}")
                self._changed.wait(min(left, 0.2))

    def wait_err(self, match: Match, count: int = 1, timeout: float = 60) -> list[str]:
        """Waits for so many lines on stderr; returns them."""
        self.wait_for(lambda: len(self.lines(match)) >= count, timeout, f"{count} x {match!r}")
        return self.lines(match)

    def wait_out(self, count: int, timeout: float = 60) -> list[bytes]:
        self.wait_for(lambda: len(self.out) >= count, timeout, f"{count} lines of output, {len(self.out)} so far")
        return list(self.out)

    def lines(self, match: Match) -> list[str]:
        fits = match if callable(match) else lambda line: match in line
        return [line for line in self.err if fits(line)]

    def said(self) -> str:
        return "\n".join(self.err[-40:])

    def write(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self, timeout: float = 30) -> int:
        status = self._process.wait(timeout * PATIENCE)
        for reader in self._readers:
            reader.join(10 * PATIENCE)
        self.check_reports()
        return status

    def check_reports(self) -> None:
        reports = [line for line in self.err if any(word in line for word in REPORTS)]
        if reports or self._process.returncode in (98, 99):
            raise AssertionError(f"{self.name} ({self._process.returncode}) was reported:\n" + "\n".join(self.err[-200:]))

    def stop(self, timeout: float = 60) -> int:
        """SIGTERM, and the exit status."""
        if self.running():
            self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self) -> None:
        if self.running():
            self._process.kill()
        self._process.wait(10 * PATIENCE)


class EventTool(Process):
    """A test tool that writes each of its events as a line of JSON, and is steered by its standard input."""

    def __init__(self, arguments: list[str | Path]) -> None:
        self.events: list[dict[str, Any]] = []
        super().__init__(arguments, steered=True)

    def _take(self, line: bytes) -> None:
        self.events.append(json.loads(line))

    def said(self) -> str:
        return "\n".join([*map(json.dumps, self.events[-30:]), *self.err[-20:]])
