"""spectacles-gateway sessions as a real program: lists, exports, imports and forgets, and leaves alone what is in use."""
from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
OF_ANOTHER_BOT = "MTk4NjIyNDgzNDcxOTI1MjQ5.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
FIRST, SECOND = "11111122222233333344444455555566", "aaaaaabbbbbbccccccddddddeeeeeeff"
LINES = [{"shard": [0, 2], "session": FIRST, "seq": 17, "url": "wss://resume.test/", "encoding": "json", "gaps": []},
         {"shard": [1, 2], "session": SECOND, "seq": 9007199254740993, "url": "", "encoding": "etf",
          "gaps": [{"old_session": "older", "new_session": SECOND, "seq": 5, "next": 1, "time": 1767225600000}]}]
PASSWD = "root:x:0:0:root:/root:/bin/bash\n"


class Program:
    """The program in a folder of its own, with nothing in the environment but what a test sets."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder
        self.file = folder / "sessions"

    def run(self, *words: str, text: str = "", prefix: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
        right = {"DISCORD_TOKEN": TOKEN, "AMQP_URL": "amqp://rabbit", "SESSION_FILE": str(self.file)}
        chosen = {name: value for name, value in {**right, **environment}.items() if value != "(unset)"}
        kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        done = subprocess.run([*prefix, str(self.path), "sessions", *words], cwd=self.folder, env={**kept, **chosen}, input=text,
                              capture_output=True, text=True, timeout=60, check=False)
        assert TOKEN not in done.stdout + done.stderr
        return done

    def import_lines(self) -> None:
        done = self.run("import", text="# two shards\n\n" + "".join(json.dumps(each) + "\n" for each in LINES))
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"2 of 2 shards are stored in '{self.file}'\n"

    def exported(self) -> list[dict[str, object]]:
        done = self.run("export", DISCORD_TOKEN="(unset)", AMQP_URL="(unset)")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def program(build: Path, tmp_path: Path) -> Program:
    return Program(build / "tools" / "gateway" / "spectacles-gateway", tmp_path)


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert not done.stdout
    for word in words:
        assert word in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_what_is_imported_is_exported(program: Program) -> None:
    program.import_lines()
    assert program.exported() == LINES
    assert program.file.stat().st_mode & 0o777 == 0o600
    program.import_lines()  # once more, over the same shards
    assert program.exported() == LINES


def test_list_shows_sessions_and_no_secrets(program: Program) -> None:
    program.import_lines()
    done = program.run("list", DISCORD_TOKEN="(unset)", AMQP_URL="(unset)")
    assert done.returncode == 0 and not done.stderr
    assert "0/2          111111...          17" in done.stdout and "1/2          aaaaaa..." in done.stdout
    assert FIRST not in done.stdout and SECOND not in done.stdout
    report = json.loads(program.run("list", "--json").stdout)
    assert [each["session"] for each in report["sessions"]] == ["111111...", "aaaaaa..."]
    assert [(each["shard"], each["seq"], each["gaps"]) for each in report["sessions"]] == [([0, 2], 17, 0), ([1, 2], 9007199254740993, 1)]
    assert report["shards"] == 2 and report["in_use_by"] is None and "host=" in report["writer"]


def test_keys_of_the_go_daemon_are_imported(program: Program) -> None:
    keys = f"bot20session {FIRST}\nbot21seq\t9\nbot21session {SECOND}\nbot20seq 4\n"
    refused(program.run("import", "--prefix", "bot2", text=keys), 78, "set DISCORD_SHARD_COUNT")
    done = program.run("import", "--prefix", "bot2", text=keys, DISCORD_SHARD_COUNT="2")
    assert done.returncode == 0, done.stderr
    assert [(each["shard"], each["session"], each["seq"]) for each in program.exported()] == [([0, 2], FIRST, 4), ([1, 2], SECOND, 9)]
    program.file.unlink()
    keys = f"gateway1session {SECOND}\ngateway1seq 7\n"
    assert program.run("import", text=keys, DISCORD_SHARD_COUNT="2").returncode == 0
    assert [each["shard"] for each in program.exported()] == [[1, 2]]
    refused(program.run("import", "--prefix=gate", text=keys.splitlines()[0], DISCORD_SHARD_COUNT="2"), 78, "--prefix")


@pytest.mark.parametrize(("line", "word"), [
    ("gateway0seq 4", "a seq and no session"), ("gateway0session abc", "a session and no seq"), ("gateway0seq", "neither a JSON object"),
    ("gatewayseq 4", "neither a JSON object"), ("hello", "neither a JSON object"), ("gateway7seq 4", "not below DISCORD_SHARD_COUNT"),
    ("gateway0seq four", "no whole number"), ("{}", '"shard" is missing'), ('{"shard":[2,2],"session":"a","seq":1}', '"shard" is missing'),
    ('{"shard":[0,3],"session":"a","seq":1}', "another number of shards"), ('{"shard":[0,2],"session":"a"}', "malformed"),
    ('{"shard":[0,2],"session":"a b","seq":1}', "printable ASCII"), ('{"shard":[0,2],"session":"a\\nb","seq":1}', "printable ASCII"),
    ('{"shard":[0,2],"session":"a\\u0000b","seq":1}', "malformed"), ('{"shard":[0,2],"session":"a","seq":-1}', "malformed"),
    ('{"shard":[0,2],"session":"a","seq":1,"gaps":[{}]}', '"gaps" is no list of gaps'), ('{"shard":[0,2],"session":"a","seq":1', "line 1"),
])
def test_a_line_that_is_wrong_is_told_and_nothing_is_written(program: Program, line: str, word: str) -> None:
    refused(program.run("import", text=line + "\n", DISCORD_SHARD_COUNT="2"), 78, word)
    assert not program.file.exists()


def test_one_shard_twice_is_refused(program: Program) -> None:
    line = '{"shard":[0,2],"session":"a","seq":1}\n'
    refused(program.run("import", text=line + line), 78, "line 2", "in a line above as well")


def test_a_shard_that_is_forgotten_leaves_a_gap(program: Program) -> None:
    program.import_lines()
    refused(program.run("forget"), 78, "wants shards")
    refused(program.run("forget", "7"), 78, "no session of shard 7 is stored")
    assert program.exported() == LINES
    assert program.run("forget", "1").stdout.startswith("1 sessions are forgotten")
    first, second = program.exported()
    assert first == LINES[0]
    assert second["session"] is None
    assert [(each["old_session"], each["new_session"], each["seq"], each["next"]) for each in second["gaps"]] == [  # type: ignore[attr-defined]
        ("older", SECOND, 5, 1), (SECOND, None, 9007199254740993, 1)]
    assert program.run("forget", "--all").stdout.startswith("1 sessions are forgotten")
    assert [each["session"] for each in program.exported()] == [None, None]


def test_a_file_in_use_is_left_alone_and_its_user_is_named(program: Program) -> None:
    program.import_lines()
    before = program.file.read_bytes()
    with open(f"{program.file}.lock", "r+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        for words in (("export",), ("import",), ("forget", "--all")):
            refused(program.run(*words, text=json.dumps(LINES[0])), 75, f"in use by process {os.getpid()} on host")
        done = program.run("list")
        assert done.returncode == 0 and f"in use by process {os.getpid()} on host" in done.stdout
    assert program.file.read_bytes() == before


def test_files_of_others_are_never_overwritten(program: Program) -> None:
    program.file.write_text(PASSWD)
    for words in (("list",), ("export",), ("import",), ("forget", "--all")):
        refused(program.run(*words, text=json.dumps(LINES[0])), 78, "file of something else, which is not overwritten")
    assert program.file.read_text() == PASSWD
    program.file.unlink()
    program.import_lines()
    refused(program.run("import", text=json.dumps(LINES[0]), DISCORD_TOKEN=OF_ANOTHER_BOT), 78, "of another token", "move it away")
    assert program.exported() == LINES
    assert program.run("import", text=json.dumps(LINES[0]), DISCORD_TOKEN=TOKEN[:-1] + "x").returncode == 0, "a later token of the same bot"


def test_a_symlink_is_followed(program: Program) -> None:
    (program.folder / "disk").mkdir()
    program.file.symlink_to("disk/real")
    program.import_lines()
    assert program.file.is_symlink() and (program.folder / "disk" / "real").is_file()


def mounted(folder: Path, options: str, script: str) -> tuple[str, ...]:
    """A prefix that runs a program with a file system of its own on a folder. The script runs once it is mounted."""
    unshare = shutil.which("unshare")
    words = ("unshare", "-m", "sh", "-c", f'mount -t tmpfs -o {options} none "{folder}" && {script} && exec "$@"', "sh")
    if not unshare or subprocess.run([*words, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace can be made here: it needs root")
    return words


def test_a_full_disk_is_one_sentence_and_the_old_file_stands(program: Program) -> None:
    program.import_lines()
    kept = program.folder / "kept"
    shutil.copy(program.file, kept)
    disk = program.folder / "disk"
    disk.mkdir()
    fill = f'cp "{kept}" "{disk}/sessions" && touch "{disk}/sessions.lock" && (head -c 1000000 /dev/zero >"{disk}/filler" || true) 2>/dev/null'
    check = f'"$@"; code=$?; cmp "{kept}" "{disk}/sessions" >&2; ls "{disk}" | grep new >&2; exit $code'
    prefix = (*mounted(disk, "size=16k", fill), "sh", "-c", check, "sh")
    refused(program.run("forget", "--all", prefix=prefix, SESSION_FILE=str(disk / "sessions")), 75, "cannot be written", "the disk is full: make room")


def test_a_read_only_disk_is_one_sentence(program: Program) -> None:
    program.import_lines()
    disk = program.folder / "disk"
    disk.mkdir()
    prefix = mounted(disk, "size=16k", f'cp "{program.file}" "{disk}/sessions" && mount -o remount,ro "{disk}"')
    refused(program.run("forget", "--all", prefix=prefix, SESSION_FILE=str(disk / "sessions")), 78, "read-only")


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv (util-linux) is not installed")
def test_a_folder_of_somebody_else_is_one_sentence(program: Program) -> None:
    program.import_lines()
    prefix = (*mounted(Path("/mnt"), "size=1m,mode=755", f'cp "{program.file}" /mnt/sessions && chmod 644 /mnt/sessions'),
              "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    done = program.run("forget", "--all", prefix=prefix, SESSION_FILE="/mnt/sessions")
    if done.returncode in (126, 127):
        pytest.skip("the program lies in a folder that other users cannot reach")
    refused(done, 78, "user 65534 may not do it")
