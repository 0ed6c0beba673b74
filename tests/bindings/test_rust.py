"""The crates of bindings/rust by cargo's own measures: tests, doctests, clippy, rustdoc, the declarations, miri; and valgrind."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bindings.conftest import asked
from bindings.frame import ROOT, Missing, Place, alone, place_of
from bindings.languages.rust import copy, fetch

pytestmark = [pytest.mark.skipif("rust" not in asked(), reason="rust was not asked for"), pytest.mark.xdist_group("rust")]


@pytest.fixture(scope="module")
def place() -> Place:
    made = place_of("rust")
    if not (made.prefix / "lib" / "pkgconfig" / "spectacles.pc").exists():
        pytest.skip("the library is not installed: ./dev test bindings does it")
    try:
        with alone(made.folder):
            fetch(made, copy(made.source, made.folder / "workspace"))
    except Missing as why:
        pytest.skip(f"rust: {why}")
    return made


def cargo(place: Place, *words: str, **environment: str) -> str:
    return place.run("cargo", *words, cwd=place.folder / "workspace", CARGO_TARGET_DIR=str(place.folder / "target"), **environment)


def has(*command: str) -> bool:
    try:
        return subprocess.run(["cargo", *command], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_the_tests_of_the_crates(place: Place) -> None:
    """With those that must not compile: an event that is held too long, a handle on two threads."""
    told = cargo(place, "test", "--all-features", "-p", "spectacles", "-p", "spectacles-sys")
    assert "compile fail" in told


def test_clippy_has_nothing_to_say(place: Place) -> None:
    if not has("clippy", "--version"):
        pytest.skip("cargo clippy is not there")
    cargo(place, "clippy", "-q", "--all-targets", "--all-features", "--", "-D", "warnings")
    cargo(place, "clippy", "-q", "-p", "spectacles", "--", "-D", "warnings")


def test_the_layout(place: Place) -> None:
    if not has("fmt", "--version"):
        pytest.skip("cargo fmt is not there")
    cargo(place, "fmt", "--check")


def test_the_documentation_has_no_warnings(place: Place) -> None:
    cargo(place, "doc", "-q", "--no-deps", "--all-features", "-p", "spectacles", "-p", "spectacles-sys", RUSTDOCFLAGS="-D warnings")


def test_the_declarations_are_current(place: Place) -> None:
    """What bindgen makes of the headers is what is checked in."""
    made = place.folder / "bindings.rs"
    folder = copy(place.source / "generate", place.folder / "generate")
    try:
        place.run("cargo", "run", "-q", "--", ROOT / "include", made, cwd=folder, CARGO_TARGET_DIR=str(place.folder / "target-generate"))
    except RuntimeError as why:
        pytest.skip(f"bindgen cannot run here: {str(why).strip().splitlines()[-1]}")
    current = (place.source / "spectacles-sys" / "src" / "bindings.rs").read_text()
    assert made.read_text() == current, "bindings/rust/generate.sh writes them anew"


def test_no_user_writes_unsafe(place: Place) -> None:
    """The examples and the programs of the tests are users."""
    users = [*(place.source / "spectacles" / "examples").glob("*.rs"), *(place.source / "programs").rglob("*.rs")]
    wrong = [str(path.relative_to(place.source)) for path in users if "unsafe" in path.read_text()]
    assert len(users) > 5 and not wrong, wrong


def test_each_unsafe_block_says_why_it_is_sound(place: Place) -> None:
    """Clippy knows the rule."""
    if not has("clippy", "--version"):
        pytest.skip("cargo clippy is not there")
    cargo(place, "clippy", "-q", "-p", "spectacles", "--all-features", "--", "-D", "clippy::undocumented_unsafe_blocks")


def test_the_tests_under_valgrind(place: Place) -> None:
    """Each handle and event, with the library below: memory that is read after its end, or never freed."""
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    host = [line.split()[1] for line in place.run("rustc", "-vV").splitlines() if line.startswith("host:")][0]
    runner = "valgrind -q --error-exitcode=98 --leak-check=full --errors-for-leak-kinds=definite"
    told = cargo(place, "test", "--all-features", "-p", "spectacles", "--lib", "--test", "engines",
                 **{f"CARGO_TARGET_{host.upper().replace('-', '_')}_RUNNER": runner})
    assert told.count("test result: ok") == 2


def test_miri(place: Place) -> None:
    """The parts without a call of the library: texts, errors, events that are copied."""
    if not has("+nightly", "miri", "--version"):
        pytest.skip("miri is not there: it comes with a nightly Rust")
    cargo(place, "+nightly", "miri", "test", "-p", "spectacles", "--lib")


def test_the_crates_name_the_version_of_the_library(place: Place) -> None:
    (version,) = [line.split("'")[1] for line in (ROOT / "meson.build").read_text().splitlines() if line.strip().startswith("version: '")]
    for crate in ("spectacles-sys", "spectacles"):
        assert f'version = "{version}"' in (Path(place.source) / crate / "Cargo.toml").read_text()
