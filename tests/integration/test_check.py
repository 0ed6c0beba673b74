"""spectacles-gateway check as a real program: exit codes, files and rights of this machine, no network, no secrets."""
from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from support.pages import hold, wrap
from support.patience import PATIENCE
from support.processes import Process

TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
PASSWORD = "s3cret-password"


class Program:
    """The program in a folder of its own, with nothing in the environment but what a test sets."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder

    def run(self, *arguments: str, prefix: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
        right = {"DISCORD_TOKEN": TOKEN, "AMQP_URL": f"amqp://me:{PASSWORD}@rabbit/vhost?heartbeat=5", "SESSION_FILE": str(self.folder / "sessions")}
        chosen = {name: value for name, value in {**right, **environment}.items() if value != "(unset)"}
        # The sanitizers look for the line of a leak in the environment alone.
        kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        return subprocess.run([*prefix, str(self.path), *arguments], cwd=self.folder, env={**kept, **chosen}, capture_output=True, text=True,
                              timeout=60, check=False)

    def report(self, **environment: str) -> dict[str, Any]:
        done = self.run("check", "--json", **environment)
        report = json.loads(done.stdout)
        assert report["exit"] == done.returncode and not done.stderr
        assert TOKEN not in done.stdout and PASSWORD not in done.stdout
        return report

    def errors(self, **environment: str) -> list[tuple[str, str]]:
        return [(each["where"], each["text"]) for each in self.report(**environment)["problems"] if each["level"] == "error"]


@pytest.fixture
def program(build: Path, tmp_path: Path) -> Program:
    return Program(build / "tools" / "gateway" / "spectacles-gateway", tmp_path)


def test_right_settings_exit_with_0_and_are_shown_without_secrets(program: Program) -> None:
    (program.folder / "gateway.toml").write_text('[broker]\ngroup = "bot"\nwindow_bytes = "2M"\n')
    report = program.report()
    shown = {each["name"]: (each["value"], each["from"]) for each in report["settings"]}
    assert report["exit"] == 0
    assert shown["DISCORD_TOKEN"] == ("(set)", "environment")
    assert shown["AMQP_URL"] == ("amqp://rabbit/vhost", "environment")
    assert shown["BROKER_GROUP"] == ("bot", "gateway.toml:2:1: broker.group")
    assert shown["BROKER_WINDOW_BYTES"] == ("2M", "gateway.toml:3:1: broker.window_bytes")
    assert shown["BROKER_MESSAGE_TIMEOUT"] == ("2m", "default")


def test_people_get_the_same_as_text(program: Program) -> None:
    done = program.run("check", LOG_LEVEL="loud")
    assert done.returncode == 78
    assert "error: LOG_LEVEL: 'loud' is not known here: write suppress, error, warn, info or debug\n" in done.stdout
    assert done.stdout.endswith("The gateway cannot run with these settings: mend what is told as an error.\n")
    assert TOKEN not in done.stdout and PASSWORD not in done.stdout
    done = program.run("check")
    assert done.returncode == 0 and done.stdout.endswith("The gateway can run with these settings.\n")


def test_a_secret_in_an_argument_or_a_broken_file_is_not_shown(program: Program) -> None:
    (program.folder / "gateway.toml").write_text(f"token = {TOKEN}\n[amqp]\nurl = 'amqp://me:{PASSWORD}@rabbit\n")
    for done in (program.run("check"), program.run("check", f"--token={TOKEN}")):
        assert done.returncode == 78
        assert TOKEN not in done.stdout + done.stderr and PASSWORD not in done.stdout + done.stderr


def test_files_of_secrets_are_read(program: Program) -> None:
    (program.folder / "token").write_text(TOKEN + "\n")
    (program.folder / "amqp-url").write_text(f"amqp://me:{PASSWORD}@one\namqp://me:{PASSWORD}@two\n")
    report = program.report(DISCORD_TOKEN="(unset)", DISCORD_TOKEN_FILE="token", AMQP_URL="(unset)", CREDENTIALS_DIRECTORY=".")
    shown = {each["name"]: (each["value"], each["from"]) for each in report["settings"]}
    assert report["exit"] == 0
    assert shown["DISCORD_TOKEN"] == ("(set)", "DISCORD_TOKEN_FILE")
    assert shown["AMQP_URL"] == ("amqp://one,amqp://two", "the credential amqp-url")


def test_what_this_machine_lacks_is_told(program: Program) -> None:
    assert [where for where, _ in program.errors(SESSION_FILE="/nowhere/sessions")] == ["SESSION_FILE"]
    assert [where for where, _ in program.errors(SESSION_FILE=str(program.folder))] == ["SESSION_FILE"]
    assert [where for where, _ in program.errors(SESSION_FILE_MISSING="fail")] == ["SESSION_FILE"]
    assert [where for where, _ in program.errors(SSL_CERT_FILE="/nowhere/ca.pem")] == ["SSL_CERT_FILE"]
    assert [where for where, _ in program.errors(AMQP_URL="amqps://rabbit?cacertfile=/nowhere/ca.pem")] == ["AMQP_URL"]
    (program.folder / "link").symlink_to("nowhere/sessions")
    assert [where for where, _ in program.errors(SESSION_FILE=str(program.folder / "link"))] == ["SESSION_FILE"]
    (program.folder / "nowhere").mkdir()
    assert program.errors(SESSION_FILE=str(program.folder / "link")) == []
    (program.folder / "sessions").write_text("")
    assert program.errors(SESSION_FILE_MISSING="fail") == []


def test_a_session_file_of_something_else_is_told_with_its_name(program: Program) -> None:
    """The file itself, and the two that stand beside it; a file of /etc/passwd was overwritten once."""
    for name in ("sessions", "sessions.new", "sessions.lock"):
        file = program.folder / name
        file.write_text("root:x:0:0:root:/root:/bin/bash\n")
        [(where, text)] = program.errors()
        assert where == "SESSION_FILE" and text.startswith(f"'{file}' cannot be used: it is a file of something else, which is not overwritten"), text
        assert file.read_text() == "root:x:0:0:root:/root:/bin/bash\n"
        file.unlink()
    os.mkfifo(program.folder / "sessions")
    assert [where for where, _ in program.errors()] == ["SESSION_FILE"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_session_file_of_another_user_is_told(program: Program) -> None:
    """In a folder that everybody may enter, with copies of program and library."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = shutil.copy(program.path, folder)
        shutil.copy(program.path.parents[2] / "lib" / "libspectacles.so.0", folder)
        file = folder / "sessions"
        file.write_text("")
        file.chmod(0o600)

        def check_as_nobody() -> str:
            environment = {"DISCORD_TOKEN": TOKEN, "AMQP_URL": "amqp://rabbit", "SESSION_FILE": str(file), "LD_LIBRARY_PATH": str(folder)}
            done = subprocess.run([copy, "check"], cwd=folder, env=environment, user=65534, group=65534, extra_groups=[], capture_output=True, text=True,
                                  timeout=60 * PATIENCE, check=False)
            assert done.returncode == 78, done.stdout + done.stderr
            return done.stdout

        folder.chmod(0o777)
        assert f"error: SESSION_FILE: '{file}' cannot be written (Permission denied)" in check_as_nobody()
        file.unlink()
        folder.chmod(0o755)
        assert f"error: SESSION_FILE: '{file}' cannot be written (Permission denied)" in check_as_nobody()


def test_a_gateway_that_has_the_session_file_is_named(program: Program) -> None:
    """No mistake in the settings: before a deploy, the gateway that is replaced still runs."""
    environment = {"DISCORD_TOKEN": TOKEN, "AMQP_URL": "amqp://127.0.0.1:1", "SESSION_FILE": str(program.folder / "sessions"),
                   "DISCORD_API_HOST": "127.0.0.1:1", "DISCORD_API_PROTOCOL": "http"}
    gateway = Process([program.path], environment)
    try:
        end = time.monotonic() + 60 * PATIENCE
        while not (told := [each for each in program.report()["problems"] if "is in use by" in each["text"]]):
            assert gateway.running() and time.monotonic() < end, gateway.said()
            time.sleep(0.2)
        assert told[0]["level"] == "note" and told[0]["where"] == "SESSION_FILE"
        assert f"is in use by process {gateway.pid} on host {socket.gethostname()}, since " in told[0]["text"]
        assert program.report()["exit"] == 0
    finally:
        assert gateway.stop() == 0
    assert not [each for each in program.report()["problems"] if "is in use by" in each["text"]]


def test_too_few_descriptors_are_told_with_their_number(program: Program) -> None:
    prlimit = shutil.which("prlimit")
    if not prlimit:
        pytest.skip("prlimit (util-linux) is not installed")
    done = program.run("check", prefix=(prlimit, "--nofile=64:64"), DISCORD_SHARD_COUNT="40")
    assert done.returncode == 78
    assert "40 shards: " in done.stdout and "open files are needed, and this process may have 64" in done.stdout


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_nothing_is_connected(program: Program) -> None:
    """Not for right settings, and not for wrong ones: no socket is opened, so no token leaves the process."""
    for level in ("info", "loud"):
        log = program.folder / f"strace-{level}"
        program.run("check", prefix=("strace", "-f", "-e", "trace=socket,connect", "-o", str(log)), LOG_LEVEL=level, ASAN_OPTIONS="detect_leaks=0")
        assert "exited with" in log.read_text()
        assert "socket(" not in log.read_text() and "connect(" not in log.read_text()


def test_the_go_daemons_flags_and_a_closed_output_are_told(program: Program) -> None:
    done = program.run("-config", "gateway.toml", "-loglevel", "debug")
    assert done.returncode == 78
    assert done.stderr.splitlines() == ["spectacles-gateway: -config: this is how the Go daemon has it: write --config FILE",
                                        "spectacles-gateway: -loglevel: this is how the Go daemon has it: set LOG_LEVEL, or log.level in a file"]
    assert program.run("check", prefix=("sh", "-c", 'exec "$@" >/dev/full', "sh")).returncode == 75


def test_help_lists_the_commands_and_settings_all_settings(program: Program) -> None:
    assert "check [--json]" in program.run("--help").stdout
    assert program.run("--version").stdout.startswith("spectacles-gateway 0.")
    assert "DISCORD_SHARD_IDS  (shards.ids in a file" in program.run("settings").stdout


# ---- The page ----

BROKEN = """events = ["MESSAGE_CREATE", "MESSAGE_UPDAT"]
intents = ["guilds"]

[broker]
grup = "bot"
message_timeout = "2 minutes"
"""


@pytest.mark.parametrize("set_up", ["good", "broken"])
def test_the_page_shows_what_check_says(program: Program, root: Path, set_up: str) -> None:
    """Without the settings that have their defaults."""
    if set_up == "broken":
        (program.folder / "gateway.toml").write_text(BROKEN)
        done = program.run("check", DISCORD_TOKEN=f"Bot {TOKEN}", AMQP_URL="rabbit:5672", SESSION_FILE="/var/lib/gateway-of-nobody/sessions")
    else:
        (program.folder / "gateway.toml").write_text('events = ["MESSAGE_CREATE"]\nintents = ["guilds", "guild_messages"]\n[broker]\ngroup = "bot"\n')
        done = program.run("check", SESSION_FILE="sessions")
    settings, _, told = done.stdout.partition("\n\n")
    chosen = [line for line in settings.splitlines() if line.endswith(")") and not line.endswith("(not set)")]
    hold(root / "doc" / "operations.md", f"check on a {set_up} set-up", "\n".join([*chosen, "", *(wrap(line, 4) for line in told.splitlines())]) + "\n")
