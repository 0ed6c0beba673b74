"""Programs that answer framed requests on their standard input: what to do, a length, the bytes."""
from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from types import TracebackType


class Gone(Exception):
    """The program ended in the middle: a crash, or a sanitizer that found something."""


class Framed:
    def __init__(self, command: list[str | Path], env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)

    def __enter__(self) -> Framed:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self.process.stdin.close()
        self.process.stdout.close()
        complaints = self.process.stderr.read().decode(errors="replace")
        self.process.stderr.close()
        status = self.process.wait(30)
        if kind is None and status != 0:
            raise Gone(f"it ended with {status}: {complaints[-4000:]}")

    def send(self, what: str, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(what.encode() + struct.pack("<I", len(data)) + data)
        self.process.stdin.flush()

    def read(self, length: int) -> bytes:
        assert self.process.stdout and self.process.stderr
        out = self.process.stdout.read(length)
        if len(out) < length:
            self.process.kill()
            raise Gone(self.process.stderr.read().decode(errors="replace")[-4000:])
        return out


class Oracle(Framed):
    """Erlang or erlpack: None when it refuses."""

    def ask(self, what: str, data: bytes) -> bytes | None:
        self.send(what, data)
        how, length = struct.unpack("<cI", self.read(5))
        out = self.read(length)
        return out if how == b"+" else None


class Codec(Framed):
    """Our own codec: an error (0 is fine), a position, and the bytes or the reason."""

    def ask(self, what: str, data: bytes) -> tuple[int, int, bytes]:
        self.send(what, data)
        error, position, length = struct.unpack("<iII", self.read(12))
        return error, position, self.read(length)

    def convert(self, to: int, from_: int, data: bytes) -> tuple[int, int, bytes]:
        """From one format (enum spectacles_format) to another."""
        return self.ask("c", bytes([to, from_]) + data)

    def converted(self, to: int, from_: int, data: bytes) -> bytes:
        return self.fine("c", bytes([to, from_]) + data)

    def fine(self, what: str, data: bytes) -> bytes:
        error, position, out = self.ask(what, data)
        assert error == 0, f"{error} at {position}: {out.decode()}: {data[:200]!r}"
        return out
