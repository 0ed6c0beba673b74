"""./dev release refuses what is no release, and its tarball is the same whoever makes it."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FILES = ("meson.build", "CHANGELOG.md", "lib/meson.build", "lib/libspectacles.map", "lib/abi/libspectacles.abi")
VERSION = "7.8.9"


def edit(path: Path, pattern: str, to: str) -> None:
    text = path.read_text()
    changed = re.sub(pattern, to, text, count=1, flags=re.MULTILINE)
    assert changed != text, f"{pattern} is not in {path.name}"
    path.write_text(changed)


@pytest.fixture
def ready(root: Path, tmp_path: Path) -> Path:
    """The files that are looked at, as a release of 7.8.9 has them."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    shutil.copytree(root / "debian", tmp_path / "debian")
    edit(tmp_path / "meson.build", r"^  version: '[^']*'", f"  version: '{VERSION}'")
    edit(tmp_path / "debian/changelog", r"\A(\w+) \([^)]*\)", rf"\1 ({VERSION}-1)")
    edit(tmp_path / "CHANGELOG.md", r"^## Unreleased\n", f"## Unreleased\n\n## {VERSION} - 2027-01-31\n")
    return tmp_path


def look(root: Path, folder: Path, *version: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, root / "scripts/release/ready.py", folder, *version], capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout.strip()


def test_a_release_that_is_ready(root: Path, ready: Path) -> None:
    assert look(root, ready) == look(root, ready, VERSION) == (0, "")


@pytest.mark.parametrize(("spoil", "words"), [
    (lambda folder: edit(folder / "meson.build", VERSION, "7.8.8"), "meson.build says 7.8.8: set version there to 7.8.9"),
    (lambda folder: edit(folder / "debian/changelog", VERSION, "7.8.10"), "debian/changelog begins with 7.8.10-1: add an entry 7.8.9-1"),
    (lambda folder: edit(folder / "CHANGELOG.md", r" - 2027-01-31", ""), "CHANGELOG.md has no section '## 7.8.9 - YYYY-MM-DD'"),
    (lambda folder: edit(folder / "CHANGELOG.md", r"^## Unreleased\n", "## Unreleased\n\n- Something.\n"), "has entries under Unreleased"),
    (lambda folder: edit(folder / "lib/meson.build", r"soversion: '\d+'", "soversion: '41'"), "soversion in lib/meson.build is 41: make them one"),
    (lambda folder: edit(folder / "debian/control", r"^Package: libspectacles\d+$", "Package: libspectacles"), "debian/control has no package libspec"),
    (lambda folder: next((folder / "debian").glob("*.symbols")).unlink(), ".symbols is not there, or of another library"),
    (lambda folder: edit(folder / "lib/abi/libspectacles.abi", r"soname='[^']*'", "soname='libspectacles.so.41'"), "./dev abi accept"),
], ids=["meson.build", "debian/changelog", "CHANGELOG.md", "Unreleased", "soversion", "debian/control", "symbols", "lib/abi"])
def test_what_is_missing_is_said(root: Path, ready: Path, spoil: Callable[[Path], None], words: str) -> None:
    spoil(ready)
    status, told = look(root, ready, VERSION)
    assert status == 1 and words in told


def test_a_version_that_is_none(root: Path, ready: Path) -> None:
    status, told = look(root, ready, "7.8")
    assert status == 1 and "'7.8' is no version: three numbers" in told


@pytest.fixture
def clone(root: Path, tmp_path: Path) -> Path:
    """A repository of its own, with this folder's files in one commit, so that what is not committed yet is tried."""
    folder = tmp_path / "clone"
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (root / name).is_file() or (root / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name, follow_symlinks=False)
    environment = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "-A"], [*environment, "commit", "-q", "-m", "everything"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    return folder


def in_shell(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """A function of scripts/release.sh alone: nothing is installed or built."""
    return subprocess.run(["bash", "-c", f"set -euo pipefail; . scripts/say.sh; . scripts/release.sh; {script}"], cwd=folder, capture_output=True,
                          text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})


def test_what_is_not_committed_is_no_release(clone: Path) -> None:
    assert in_shell(clone, "release_obstacle").stdout == ""
    (clone / "README.md").write_text("changed\n")
    assert "not committed" in in_shell(clone, "release_obstacle").stdout
    done = in_shell(clone, "release 0.0.1")
    assert done.returncode == 1 and done.stderr.startswith("This is no release yet:\n  meson.build says ")
    assert "not committed" in done.stderr


def test_the_tarball_is_the_same_whoever_makes_it(clone: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    done = in_shell(clone, f"release_twice 1.2.3 '{out}'")
    assert done.returncode == 0, done.stderr
    names = subprocess.run(["tar", "-tzf", out / "spectacles-1.2.3.tar.gz"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert "spectacles-1.2.3/meson.build" in names and all(name.startswith("spectacles-1.2.3/") for name in names)


def test_a_tarball_that_differs_is_noticed(clone: Path, tmp_path: Path) -> None:
    """As it would be with the time of day in it."""
    out = tmp_path / "out"
    out.mkdir()
    done = in_shell(clone, "release_tarball() { head -c 16 /dev/urandom > \"$3\"; }; " f"release_twice 1.2.3 '{out}'")
    assert done.returncode != 0 and "differ" in done.stderr
