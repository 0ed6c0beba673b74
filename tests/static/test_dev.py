"""The dev script, as a newcomer meets it."""
from __future__ import annotations

import os
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
