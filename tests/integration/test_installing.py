"""The files and commands of doc/operations.md for a machine that gets the daemon, run as they stand there."""
from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from support.patience import PATIENCE
from support.processes import SANITIZERS


def steps(root: Path) -> list[str]:
    """The blocks of sh in the section, in their order."""
    section = (root / "doc" / "operations.md").read_text().partition("## Installing it\n")[2].partition("\n## ")[0]
    return [re.sub("^  ", "", block, flags=re.MULTILINE) for block in re.findall(r"^  ```sh\n(.*?)^  ```$", section, re.MULTILINE | re.DOTALL)]


def test_what_the_page_makes_is_what_check_takes(root: Path, build: Path, tmp_path: Path) -> None:
    """In another folder than /etc/spectacles, with a token that could be one, and without the doctor, who wants a network."""
    make, look = steps(root)
    make = make.replace("the token of the bot", "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs")
    look = "".join(line for line in look.splitlines(keepends=True) if "doctor" not in line)
    environment = {"PATH": f"{build / 'tools' / 'gateway'}:{os.environ['PATH']}", **SANITIZERS}
    done = subprocess.run(["sh", "-eu", "-c", (make + look).replace("/etc/spectacles", str(tmp_path / "etc"))], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("note: SESSION_FILE: it is not set: a restart identifies anew, and loses what happens in between\n"
                                "The gateway can run with these settings.\n"), done.stdout
    for name in ("gateway.token", "gateway.amqp-url"):
        assert (tmp_path / "etc" / name).stat().st_mode & 0o777 == 0o600
