"""Proxies that others wrote, as processes on the server of a network: tinyproxy (HTTP CONNECT) and microsocks (SOCKS5)."""
from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Optional

import pytest

from .network import Network
from .patience import PATIENCE
from .ports import free_ports

USER, PASSWORD = "aladdin", "open-sesame"


class ForwardProxy:
    """kind: http or socks5h. connect_port: the one port that tinyproxy opens a way to; None: each."""

    def __init__(self, network: Network, folder: Path, kind: str, address: str, credentials: bool = False,
                 connect_port: Optional[int] = None) -> None:
        program = "tinyproxy" if kind == "http" else "microsocks"
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed: ./dev test installs it on Debian")
        self.network, self.kind, self.address = network, kind, address
        self.credentials, self.connect_port = credentials, connect_port
        self.port = free_ports(1)[0]
        self._config = folder / f"tinyproxy-{self.port}.conf"
        self._log = folder / f"{program}-{self.port}.log"
        self._process: Optional[subprocess.Popen[bytes]] = None

    def _command(self) -> list[str]:
        if self.kind != "http":
            login = ["-u", USER, "-P", PASSWORD] if self.credentials else []
            return ["microsocks", "-i", self.address, "-p", str(self.port), *login]
        lines = [f"Port {self.port}", f"Listen {self.address}", "Timeout 600", "MaxClients 100"]
        lines += [f"BasicAuth {USER} {PASSWORD}"] if self.credentials else []
        lines += [f"ConnectPort {self.connect_port}"] if self.connect_port else []
        self._config.write_text("\n".join(lines) + "\n")
        return ["tinyproxy", "-d", "-c", str(self._config)]

    def start(self) -> ForwardProxy:
        assert not self._process
        with self.network.server.entered(), open(self._log, "ab") as log:
            self._process = subprocess.Popen(self.network.command(*self._command()), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 10 * PATIENCE
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"the proxy did not start: {self._log.read_text(errors='replace')}")
            time.sleep(0.02)
        return self

    def _listens(self) -> bool:
        with self.network.server.entered():
            try:
                socket.create_connection((self.address, self.port), timeout=5).close()
            except OSError:
                return False
        return True

    def stop(self) -> None:
        """With all connections through it."""
        if self._process:
            self._process.kill()
            self._process.wait(10 * PATIENCE)
        self._process = None

    def url(self, host: str, user: str = USER, password: str = PASSWORD) -> str:
        login = f"{user}:{password}@" if self.credentials else ""
        return f"{self.kind}://{login}{host}:{self.port}"

    def __enter__(self) -> ForwardProxy:
        """It has been started."""
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
