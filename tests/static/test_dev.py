"""The dev script, as a newcomer meets it."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def dev(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([root / "dev", *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def test_it_lists_its_commands(root: Path) -> None:
    done = dev(root)
    assert done.returncode == 0
    for command in ("setup", "build", "demo", "test", "format", "check", "clean"):
        assert f"./dev {command}" in done.stdout


def test_an_unknown_command(root: Path) -> None:
    done = dev(root, "teleport")
    assert done.returncode == 2 and "Unknown command 'teleport'" in done.stderr


@pytest.mark.parametrize(("arguments", "words"), [
    (("test", "unti"), "Unknown suite 'unti': unit static"),
    (("fuzz", "1m"), "SECONDS is a whole number from 1 on, and not '1m'"),
    (("fuzz", "0"), "SECONDS is a whole number from 1 on, and not '0'"),
    (("chaos", "many"), "KILLS is a whole number"),
    (("chaos", "10", "x"), "SEED is a whole number"),
    (("chaos", "cluster", "ten"), "KILLS is a whole number"),
    (("check", "everything"), "Unknown check 'everything': static tidy cppcheck analyzer hardened."),
    (("bench",), "Which benchmark?"),
    (("bench", "idle", "-1"), "N is a whole number"),
    (("bench", "relay", "--shards", "none"), "a whole number from 1 on, and not 'none'"),
    (("bench", "relay", "--gateway", "before=nowhere"), "there is no gateway at 'nowhere'"),
    (("bench", "turn", "--mode", "fast"), "'fast' is not known: burst, paced, idle"),
    (("bench", "at", "nothing"), "'nothing' is no commit"),
])
def test_what_is_wrong_is_said_before_anything_is_built(root: Path, arguments: tuple[str, ...], words: str) -> None:
    done = dev(root, *arguments)
    assert done.returncode == 2 and done.stdout == "" and words in done.stderr


def test_help_builds_nothing(root: Path) -> None:
    done = dev(root, "bench", "relay", "--help")
    assert done.returncode == 0 and done.stdout.count("show this help message") == 1 and "--shards" in done.stdout


def test_nothing_is_installed_twice(root: Path) -> None:
    """And so it works without a network."""
    done = dev(root, "setup")
    assert done.returncode == 0 and done.stdout == "everything is there\n"


def bare(folder: Path, **fakes: str) -> str:
    """A PATH of what every system has, and of these, each a line for sh."""
    folder.mkdir()
    fakes = {name.replace("_", "-"): line for name, line in fakes.items()}
    for name in ("bash", "cat", "dirname", "env", "grep", "mkdir", "readlink", "sed", "sh", "tail", "tee", "chmod", "rm", "printf", "apt-cache"):
        if (found := shutil.which(name)) and name not in fakes:
            (folder / name).symlink_to(found)
    for name, line in fakes.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
    return str(folder)


@pytest.fixture
def debian(tmp_path: Path) -> str:
    path = tmp_path / "os-release"
    path.write_text("ID=debian\nVERSION_CODENAME=bookworm\n")
    return str(path)


def test_without_root_it_says_what_root_has_to_install(root: Path, tmp_path: Path, debian: str) -> None:
    path = bare(tmp_path / "bin", dpkg_query="exit 1", id="echo 1000")
    done = dev(root, "build", PATH=path, DEV_OS_RELEASE=debian)
    assert done.returncode != 0 and done.stdout == ""
    assert "only root can install them" in done.stderr
    assert "  apt-get install --no-install-recommends gcc make clang " in done.stderr and "libmsgpack-dev" in done.stderr


def test_without_a_network_it_says_why_and_what_is_missing(root: Path, tmp_path: Path, debian: str) -> None:
    """sudo stands for all that root does: nothing is changed here."""
    refusal = 'case "$*" in *update) echo "E: Temporary failure resolving" >&2; exit 100 ;; esac'
    path = bare(tmp_path / "bin", dpkg_query='[ "$4" = valgrind ] || echo "install ok installed"', id="echo 1000", sudo=refusal)
    done = dev(root, "build", PATH=path, DEV_OS_RELEASE=debian)
    assert done.returncode != 0
    assert "Temporary failure resolving" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("Missing are: valgrind "), done.stderr


@pytest.mark.parametrize(("known", "msgpack"), [("libmsgpack-dev", "libmsgpack-dev"), ("libmsgpack-c-dev", "libmsgpack-c-dev")])
def test_ubuntu_has_other_names(root: Path, tmp_path: Path, known: str, msgpack: str) -> None:
    """22.04 and 24.04 differ in msgpack's name; Chromium comes as a snap alone."""
    release = tmp_path / "os-release"
    release.write_text('ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n')
    path = bare(tmp_path / "bin", dpkg_query="exit 1", id="echo 1000", apt_cache=f'[ "$2" = {known} ]')
    done = dev(root, "setup", PATH=path, DEV_OS_RELEASE=str(release))
    assert done.returncode != 0 and f" {msgpack} " in done.stderr and "chromium" not in done.stderr


@pytest.fixture
def fedora(tmp_path: Path) -> str:
    path = tmp_path / "os-release"
    path.write_text('NAME="Fedora Linux"\nID=fedora\n')
    return str(path)


def test_other_systems_are_told_what_is_missing(root: Path, fedora: str) -> None:
    """A compiler that finds no header stands for a system without the libraries."""
    done = dev(root, "setup", DEV_OS_RELEASE=fedora, CC="false")
    assert done.returncode != 0 and "everything is there" not in done.stdout
    fedora_line, arch_line, brew_line = (line for line in done.stderr.splitlines() if line.startswith("  "))
    assert "dnf install librabbitmq-devel wslay-devel openssl-devel mbedtls-devel" in fedora_line
    assert "pacman -S librabbitmq-c wslay openssl mbedtls" in arch_line
    assert "brew install rabbitmq-c wslay openssl@3 mbedtls" in brew_line
    assert "apt-get" not in done.stdout + done.stderr
    done = dev(root, "build", DEV_OS_RELEASE=fedora, CC="false")
    assert done.returncode != 0 and done.stderr.splitlines()[-1].startswith("  Homebrew: "), "nothing is tried after that"


def test_other_systems_with_everything_go_on(root: Path, fedora: str) -> None:
    done = dev(root, "setup", DEV_OS_RELEASE=fedora)
    assert done.returncode == 0, done.stderr
