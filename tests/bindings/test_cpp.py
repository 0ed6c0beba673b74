"""What is C++'s own: each header alone, under each compiler and standard; the sanitizers; what is installed; the enums."""
from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bindings.conftest import asked
from bindings.frame import Binding, Place, place_of
from bindings.languages.cpp import SOURCES, WARNINGS, flags

pytestmark = [pytest.mark.xdist_group("cpp"), pytest.mark.skipif("cpp" not in asked(), reason="C++ was not asked for")]

# Each compiler, each standard, and the library of C++ that comes with it.
COMPILERS = (("g++", "c++17"), ("clang++", "c++20"))
SANITIZERS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
CHECKED = {"ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1"}
# Enums of C that stay what they are: masks, limits, and settings with two or three values. And those of fleet.h, whose
# functions the binding leaves out (functions.txt).
PLAIN_ENUMS = re.compile(r"_(flag|limit|size|count|part|depth|io|change|member|capability|intent|latency|service)$|_(declare|queue_type|exchange_type)$|_fleet_")


@pytest.fixture(scope="session")
def language() -> str:
    return "cpp"


@pytest.fixture
def place(binding: Binding) -> Place:
    """Built."""
    return place_of("cpp")


def headers(place: Place) -> list[Path]:
    return sorted((place.source / "include" / "spectacles").glob("*.hpp"))


def test_each_header_compiles_alone(place: Place, tmp_path: Path) -> None:
    for header in headers(place):
        source = tmp_path / f"{header.stem}.cpp"
        source.write_text(f"#include <spectacles/{header.name}>\n")
        place.run("g++", "-std=c++17", "-fsyntax-only", *WARNINGS, source, *place.run("pkg-config", "--cflags", "spectacles").split())


@pytest.mark.parametrize(("compiler", "standard"), COMPILERS)
def test_what_needs_no_network(place: Place, compiler: str, standard: str, tmp_path: Path) -> None:
    """With handles that go in any order; under the sanitizers."""
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not there")
    for name, source in (("unit", "tests/unit.cpp"), ("handles", SOURCES["handles"])):
        place.run(compiler, f"-std={standard}", *SANITIZERS, *WARNINGS, place.source / source, "-o", tmp_path / name, *flags(place))
    settings = {"DISCORD_TOKEN": "a.bot.token", "GATEWAY_URL": "wss://localhost", "AMQP_URL": "amqp://localhost"}
    place.run(tmp_path / "unit", **CHECKED)
    assert place.run(tmp_path / "handles", "30", **settings, **CHECKED) == "FREED 30\n"


def test_files_of_two_standards_are_one_program(place: Place, tmp_path: Path) -> None:
    """What is passed between them is the same type in both: a std::span would not be."""
    (tmp_path / "one.cpp").write_text("""#include <spectacles/codec.hpp>
std::size_t length_of(spectacles::bytes_view bytes) { return bytes.size(); }
""")
    (tmp_path / "other.cpp").write_text("""#include <spectacles/codec.hpp>
std::size_t length_of(spectacles::bytes_view bytes);
int main() { return length_of(spectacles::bytes()) == 0 ? 0 : 1; }
""")
    for name, standard in (("one", "c++17"), ("other", "c++20")):
        place.run("g++", f"-std={standard}", *WARNINGS, "-c", f"{name}.cpp", *flags(place), cwd=tmp_path)
    place.run("g++", "one.o", "other.o", "-o", "both", *flags(place), cwd=tmp_path)
    place.run(tmp_path / "both")


def test_every_header_is_installed(place: Place) -> None:
    installed = {path.name for path in (place.prefix / "include" / "spectacles").glob("*.hpp")}
    assert installed == {path.name for path in headers(place)}, "include/meson.build has the list"


def test_no_header_defines_a_macro_or_keeps_a_state(place: Place) -> None:
    for header in headers(place):
        text = header.read_text()
        assert not re.search(r"^\s*#\s*(define|undef)", text, re.M), header.name
        variables = [line for line in text.splitlines() if re.search(r"\b(static|inline|thread_local)\b.*\w( =.*)?;$", line) and "(" not in line]
        assert all("const" in line for line in variables), variables


def test_every_enumerator_has_its_place(place: Place, root: Path) -> None:
    """So that a type of event that is new in C is not forgotten."""
    text = "\n".join(header.read_text() for header in headers(place))
    missing = []
    for header in sorted((root / "include" / "spectacles").glob("*.h")):
        declared = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        for name, body in re.findall(r"enum (spectacles_\w+) \{(.*?)\}", declared, re.S):
            if not PLAIN_ENUMS.search(name):
                missing += [each for each in re.findall(r"\b(SPECTACLES_\w+)\s*(?:=|,|$)", body) if not re.search(rf"\b{each}\b", text)]
    assert not missing, missing


def test_a_mistake_is_an_error_of_the_compiler(place: Place, tmp_path: Path) -> None:
    """A handle that is copied; a result that nobody looks at."""
    for number, line in enumerate(("spectacles::tls one; auto other = one;", "spectacles::tls one; one.get();")):
        source = tmp_path / f"{number}.cpp"
        source.write_text(f"#include <spectacles/link.hpp>\nint main() {{ {line} }}\n")
        with pytest.raises(RuntimeError):
            place.run("g++", "-std=c++17", "-fsyntax-only", "-Werror", source, *flags(place))
