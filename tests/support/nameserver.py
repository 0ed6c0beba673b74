"""A name server of a few lines: it answers by a table, slowly, wrongly or not at all."""
from __future__ import annotations

import ipaddress
import socket
import struct
import threading
import time

TYPES = {1: "A", 28: "AAAA"}
NO_SUCH_NAME, FAILURE, REFUSED = 3, 2, 5


class NameServer:
    def __init__(self, address: str, port: int = 53) -> None:
        self.names: dict[str, list[str]] = {}  # the addresses of a name, of both families; a name that is not here does not exist
        self.slow: dict[str, float] = {}  # seconds until a name is answered; "*": every name
        self.silent: set[str] = set()  # names that are never answered; "*": every name
        self.codes: dict[str, int] = {}  # names that are answered with a code, such as FAILURE
        self.asked: list[tuple[str, str]] = []  # name and type of each question
        self._socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def count(self, name: str) -> int:
        """How often a name was asked for, whatever the type."""
        with self._lock:
            return sum(each == name for each, _ in self.asked)

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits
        except OSError:
            pass
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                question, sender = self._socket.recvfrom(4096)
            except OSError:
                return
            if question:
                self._take(question, sender)

    def _take(self, question: bytes, sender: object) -> None:
        name, kind, end = _question(question)
        with self._lock:
            self.asked.append((name, TYPES.get(kind, str(kind))))
        if name in self.silent or "*" in self.silent:
            return
        answer = self._answer(question, name, kind, end)
        wait = self.slow.get(name, self.slow.get("*", 0))
        threading.Thread(target=self._send, args=(answer, sender, wait), daemon=True).start()

    def _send(self, answer: bytes, sender: object, wait: float) -> None:
        time.sleep(wait)  # this is the name server's slowness, and no test waits by it
        try:
            self._socket.sendto(answer, sender)  # type: ignore[arg-type]
        except OSError:
            pass

    def _answer(self, question: bytes, name: str, kind: int, end: int) -> bytes:
        code = self.codes.get(name, 0 if name in self.names else NO_SUCH_NAME)
        addresses = [ipaddress.ip_address(each) for each in self.names.get(name, [])] if code == 0 else []
        wanted = [each.packed for each in addresses if TYPES.get(kind) == ("A" if each.version == 4 else "AAAA")]
        header = question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(wanted), 0, 0)
        records = [struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(each)) + each for each in wanted]
        return header + question[12:end] + b"".join(records)


def _question(message: bytes) -> tuple[str, int, int]:
    """The name and the type that are asked for, and where the question ends."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return ".".join(labels).lower(), struct.unpack_from("!H", message, at + 1)[0], at + 5
