"""A real Prometheus that scrapes one target, and promtool."""
from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from .ports import free_ports

PATIENCE = 120


def get(url: str) -> tuple[int, str]:
    """The status and the body; errors of HTTP are answers too."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def promtool(*arguments: str | Path, text: str | None = None) -> tuple[int, str]:
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Prometheus:
    """With a scrape each second. It ends with the `with` block."""

    def __init__(self, folder: Path, target: str, rules: Path) -> None:
        (self._port,) = free_ports(1)
        self._folder = folder
        (folder / "prometheus.yml").write_text(
            f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['{rules}']\n"
            f"scrape_configs: [{{job_name: spectacles, static_configs: [{{targets: ['{target}']}}]}}]\n")

    def __enter__(self) -> Prometheus:
        with (self._folder / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(["prometheus", f"--config.file={self._folder}/prometheus.yml", f"--storage.tsdb.path={self._folder}/data",
                                              f"--web.listen-address=127.0.0.1:{self._port}"], stdout=log, stderr=log)
        try:
            self._wait_until_ready()
        except BaseException:
            self._end()
            raise
        return self

    def _wait_until_ready(self) -> None:
        """It refuses connections first, then it answers 503 while it reads its storage."""
        until = time.monotonic() + PATIENCE
        while not self._is_ready():
            ended = self._process.poll() is not None
            assert not ended and time.monotonic() < until, (self._folder / "prometheus.log").read_text()[-2000:]
            time.sleep(0.2)

    def _is_ready(self) -> bool:
        try:
            return get(f"http://127.0.0.1:{self._port}/-/ready")[0] == 200
        except OSError:
            return False

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, path: str) -> Any:
        status, body = get(f"http://127.0.0.1:{self._port}/api/v1/{path}")
        assert status == 200, body
        return json.loads(body)["data"]

    def value(self, query: str) -> float | None:
        """The value of the only series that a query gives; None when there is none yet."""
        found = self.ask("query?" + urllib.parse.urlencode({"query": query}))["result"]
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def until(self, query: str, value: float) -> None:
        until = time.monotonic() + PATIENCE
        while (last := self.value(query)) != value:
            assert time.monotonic() < until, f"{query} is {last}, and {value} was expected; {self.ask('targets')['activeTargets']}"
            time.sleep(0.2)
