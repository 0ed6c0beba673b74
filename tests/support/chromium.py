"""A real Chromium without a window, which a test opens pages in: it types, looks, and takes pictures."""
from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
import websockets

PATIENCE = 60


class Chromium:
    """One page of one browser. The browser ends with the `with` block."""

    def __init__(self, folder: Path, width: int = 1000, height: int = 800, dark: bool = False, mobile: bool = False) -> None:
        self._folder = folder
        self._metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self._dark = dark
        self._loop = asyncio.new_event_loop()
        self._number = 0
        self._socket: Any = None
        self._session: str | None = None

    def __enter__(self) -> Chromium:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if not program:
            pytest.skip("Chromium is not installed: ./dev test installs it on Debian")
        command = [program, "--headless=new", "--remote-debugging-port=0", "--disable-gpu", "--no-first-run",
                   "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions", "--disable-sync",
                   "--hide-scrollbars", f"--user-data-dir={self._folder}"]
        command += ["--no-sandbox"] if os.geteuid() == 0 else []
        with (self._folder / "chromium.log").open("wb") as log:
            self._process = subprocess.Popen([*command, "about:blank"], stdout=log, stderr=log)
        try:
            self._loop.run_until_complete(self._connect())
            self.call("Page.enable")
            self.call("Runtime.enable")
            self.call("Emulation.setDeviceMetricsOverride", **self._metrics)
            self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if self._dark else "light"}])
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        if self._socket:
            self._loop.run_until_complete(self._socket.close())
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._loop.close()

    async def _connect(self) -> None:
        port = self._folder / "DevToolsActivePort"
        until = time.monotonic() + PATIENCE
        while not port.exists() or len(port.read_text().splitlines()) < 2:
            assert self._process.poll() is None and time.monotonic() < until, (self._folder / "chromium.log").read_text()[-2000:]
            await asyncio.sleep(0.05)
        number, path = port.read_text().splitlines()[:2]
        self._socket = await websockets.connect(f"ws://127.0.0.1:{number}{path}", max_size=None, open_timeout=PATIENCE)
        targets = (await self._ask("Target.getTargets"))["targetInfos"]
        page = next(each["targetId"] for each in targets if each["type"] == "page")
        self._session = (await self._ask("Target.attachToTarget", targetId=page, flatten=True))["sessionId"]

    async def _ask(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters, **({"sessionId": self._session} if self._session else {})}
        await self._socket.send(json.dumps(request))
        while True:
            answer = json.loads(await asyncio.wait_for(self._socket.recv(), PATIENCE))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def call(self, method: str, **parameters: Any) -> Any:
        """A call of the Chrome DevTools Protocol."""
        return self._loop.run_until_complete(self._ask(method, **parameters))

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script: str) -> Any:
        """Waits until an expression is true, and returns it."""
        until = time.monotonic() + PATIENCE
        while not (value := self.run(script)):
            assert time.monotonic() < until, f"never true: {script}\n{self.run('document.body.innerText')[:1500]}"
            time.sleep(0.05)
        return value

    def press(self, key: str) -> None:
        codes = {"ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "ArrowUp": 38, "Home": 36, "End": 35, "Escape": 27, "Tab": 9}
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key])

    def picture(self, path: Path, height: int) -> None:
        clip = {"x": 0, "y": 0, "width": self._metrics["width"], "height": height, "scale": 1}
        answer = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True, optimizeForSpeed=False)
        path.write_bytes(base64.b64decode(answer["data"]))
