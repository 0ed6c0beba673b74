"""Who takes a fleet to another number of shards by `spectacles-gateway fleet reshard`, and may think better of it, while the nemesis goes on."""
from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from typing import Optional

from support.network import WITH_US
from support.processes import Process

from chaos.fleet.history import Way
from chaos.fleet.hosts import Gateway

FINAL = 78  # EX_CONFIG: the fleet is not on the way, or it is too late
LOOK = 20.0  # seconds until a command that shows the fleet is given up
AGAIN = 0.5  # seconds until a command is tried again
GIVEN_UP = "it was given up"  # by a member


class Operator:
    def __init__(self, gateway: Gateway, way: Way) -> None:
        """gateway: whose settings the commands have. way: is written when it is over."""
        self.way = way
        self._gateway = gateway
        self._command: Optional[Process] = None
        self._is_heard = False
        self._aborts = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    @property
    def phase(self) -> str:
        """What the command has shown last. Empty: it does not know yet, or has ended."""
        return self._shown() if self._command and self._command.running() else ""

    def _shown(self) -> str:
        shown = [re.match(rb"\d+ to \d+ shards: (\w+)", line) for line in (list(self._command.out) if self._command else [])]
        return next((each[1].decode() for each in reversed(shown) if each), "")

    def abort(self) -> None:
        self._aborts.set()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(2 * LOOK)

    def _run(self) -> None:
        while not self._ended.is_set():
            if self._is_answered():
                after = self._look()
                if after in (self.way.before, self.way.wanted):
                    self.way.after, self.way.over = after, time.monotonic()
                    return
            self._ended.wait(AGAIN)

    def _is_answered(self) -> bool:
        """Asks, or follows what was asked before: a command ends where RabbitMQ does."""
        is_abort = self._aborts.is_set() and self._is_heard
        command = Process([*WITH_US, self._gateway.binary, "fleet", "reshard", "abort" if is_abort else str(self.way.wanted)],
                          self._gateway.environment)
        self._command = command
        while command.running() and not self._ended.wait(0.1):
            self._note_heard()
            if self._aborts.is_set() and self._is_heard and not is_abort:
                command.kill()
                return False
        command.kill()
        status = command.wait()
        self._note_heard()
        return status == 0 or (is_abort and status == FINAL) or any(GIVEN_UP in line for line in command.err)

    def _note_heard(self) -> None:
        """Before the leader has heard of it, an abort would come too early, and the way would be gone after all."""
        self._is_heard = self._is_heard or self._shown() != ""

    def _look(self) -> Optional[int]:
        """How many shards the fleet has, when it is not on the way any more. Without a leader the command shows what is set."""
        try:
            done = subprocess.run([self._gateway.binary, "fleet", "status", "--json"], env=self._gateway.environment, capture_output=True, text=True,
                                  timeout=LOOK, check=False)
            said = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError):  # nobody answers just now
            return None
        return int(said["shards"]) if said["leader_heard"] and said["phase"] == "STABLE" else None
