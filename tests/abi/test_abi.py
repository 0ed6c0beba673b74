"""The gate of the binary interface: what breaks a program that is built is told, and what only grows is not."""
from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

OPTIONS = ["-Dtests=false", "-Dexamples=false", "-Dgateway=false", "-Dman=false", "-Ddefault_library=shared"]
LIBRARY = "lib/libspectacles.so"


class Tree:
    """The library's sources, which a test changes, and a build of them."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder, self.build = root, folder, folder / "build"
        self.changed: set[str] = set()
        for name in ("include", "bindings", "lib", "pkgconfig", "scripts", "meson.build", "meson_options.txt"):
            (shutil.copytree if (root / name).is_dir() else shutil.copy)(root / name, folder / name)
        subprocess.run(["meson", "setup", self.build, folder, *OPTIONS], check=True, capture_output=True)
        self.compile()

    def compile(self) -> None:
        subprocess.run(["meson", "compile", "-C", self.build], check=True, capture_output=True)

    def change(self, name: str, pattern: str, text: str) -> None:
        path = self.folder / name
        changed, count = re.subn(pattern, text, path.read_text(), flags=re.DOTALL)
        assert count, f"{name} has no {pattern}"
        path.write_text(changed)
        self.changed.add(name)

    def told(self) -> str:
        """What the gate says of the changed sources."""
        self.compile()
        done = subprocess.run([sys.executable, self.root / "tests/tools/abi.py", "compare", self.build / LIBRARY, self.folder / "include",
                               self.root / "lib/abi"], capture_output=True, text=True, check=False)
        assert not done.stderr, done.stderr
        assert bool(done.stdout) == bool(done.returncode)
        return done.stdout

    def restore(self) -> None:
        for name in self.changed:
            (self.folder / name).write_bytes((self.root / name).read_bytes())
        self.changed.clear()


@pytest.fixture(scope="module")
def tree(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    if not shutil.which("abidiff"):
        pytest.skip("abidiff is not installed")
    return Tree(root, tmp_path_factory.mktemp("abi"))


@pytest.fixture(autouse=True)
def restored(tree: Tree) -> None:
    tree.restore()


def remove_function(tree: Tree) -> None:
    for path in ["include/spectacles/codec.h", "lib/codec/inflate_etf.c"]:
        tree.change(path, r"\bspectacles_etf_inflate\(", "spectacles_etf_uncompress(")


def change_parameter(tree: Tree) -> None:
    for path in ["include/spectacles/codec.h", "lib/codec/format.c"]:
        tree.change(path, r"\bspectacles_format_content_type\(uint32_t", "spectacles_format_content_type(uint64_t")


def insert_field(tree: Tree) -> None:
    tree.change("include/spectacles/poller.h", r"(    uint32_t kind;)", r"    uint32_t inserted;\n\1")


def renumber(tree: Tree) -> None:
    tree.change("include/spectacles/codec.h", r"SPECTACLES_COMPACT = 2", "SPECTACLES_COMPACT = 4")


BREAKS: dict[Callable[[Tree], None], str] = {
    remove_function: "1 Removed function",
    change_parameter: "spectacles_format_content_type",
    insert_field: "spectacles_poller_config.kind was at bit 32, and is at bit 64",
    renumber: "SPECTACLES_COMPACT' from value '2' to '4'",
}


@pytest.mark.parametrize("change", BREAKS, ids=lambda each: each.__name__)
def test_what_breaks_programs_is_told(tree: Tree, change: Callable[[Tree], None]) -> None:
    change(tree)
    told = tree.told()
    assert BREAKS[change] in told
    assert "raise soversion in lib/meson.build" in told and "./dev abi accept" in told


def test_what_grows_breaks_nothing(tree: Tree) -> None:
    tree.change("include/spectacles/poller.h", r"(\} spectacles_poller_config;)", r"    uint64_t more;\n\1")
    tree.change("include/spectacles/codec.h", r"(SPECTACLES_COMPACT = 2)", r"\1,\n    SPECTACLES_MORE = 4")
    tree.change("include/spectacles/codec.h", r"(const char \*spectacles_format_content_type)", r"uint32_t spectacles_more(void);\n\1")
    tree.change("lib/codec/format.c", r"(\nSPECTACLES_EXPORT const char \*spectacles_format_content_type)", r"\nSPECTACLES_EXPORT uint32_t spectacles_more(void)\n{\n    return 1;\n}\n\1")
    tree.change("lib/libspectacles.map", r"(local:)", r"    spectacles_more;\n\1")
    assert tree.told() == ""


def test_the_interface_is_the_stored_one(tree: Tree) -> None:
    assert tree.told() == ""
