"""The demo, as a newcomer starts it."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def hear_ctrl_c() -> None:
    """Who is started in the background ignores it, and hands that on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def start(root: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([root / "dev", "demo", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, start_new_session=True, env={**os.environ, "NO_COLOR": "1"}, preexec_fn=hear_ctrl_c)


def test_it_adds_up_and_leaves_nothing(root: Path) -> None:
    demo = start(root)
    out, _ = demo.communicate(timeout=180)
    assert demo.returncode == 0, out
    assert "Everything adds up." in out and "WRONG" not in out
    assert not list((root / "build/demo").glob(f"*-{demo.pid}"))


@pytest.mark.cluster
def test_a_fleet_loses_nothing(root: Path) -> None:
    demo = start(root, "fleet")
    out, _ = demo.communicate(timeout=900)
    assert demo.returncode == 0, out
    assert "Nothing was lost." in out and "WRONG" not in out
    assert not list((root / "build/demo").glob(f"*-{demo.pid}"))


def test_ctrl_c_stops_everything(root: Path) -> None:
    demo = start(root, "--follow")
    assert demo.stdout
    seen = []
    for line in demo.stdout:
        seen.append(line)
        if "received so far" in line:
            break
    os.killpg(demo.pid, signal.SIGINT)
    rest = demo.stdout.read()
    assert demo.wait(60) in (0, 130), "".join(seen) + rest
    assert not list((root / "build/demo").glob(f"*-{demo.pid}"))


def test_live_wants_a_token(root: Path) -> None:
    done = subprocess.run([sys.executable, root / "tests/demo/demo.py", "--live"], capture_output=True, text=True, check=False,
                          env={key: value for key, value in os.environ.items() if key != "DISCORD_TOKEN"})
    assert done.returncode != 0 and "DISCORD_TOKEN" in done.stderr
