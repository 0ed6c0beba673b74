"""The public headers: they compile alone, declare what the library exports, and are a manual."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tools.manual import share, sharing, undescribed
from tools.sources import headers, hold

SHARE_MIN = 0.75

COMPILERS = [["gcc", "-std=c99", "-xc"], ["gcc", "-std=c11", "-xc"], ["g++", "-std=c++11", "-xc++"],
             ["clang", "-std=c99", "-xc"], ["clang++", "-std=c++11", "-xc++"]]

NOT_YET_A_MANUAL: set[str] = set()
NOT_YET_DESCRIBED: set[str] = set()


@pytest.mark.parametrize("compiler", COMPILERS, ids=" ".join)
def test_each_header_compiles_alone(root: Path, compiler: list[str]) -> None:
    for header in headers(root):
        flags = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", root / "include", "-include", header, "-"]
        done = subprocess.run([*compiler, *flags], input="int unused;\n", capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{header.name}: {done.stderr}"


def declared(root: Path) -> set[str]:
    names = set()
    for header in headers(root):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        names |= set(re.findall(r"\b(spectacles_\w+)\s*\(", text))
    return names


def exported(build: Path) -> set[str]:
    command = ["nm", "-D", "--defined-only", build / "lib" / "libspectacles.so"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {line.split()[-1].split("@")[0] for line in done.stdout.splitlines() if re.search(" [TDB] ", line)}


def test_exports_are_what_the_headers_declare(root: Path, build: Path) -> None:
    assert exported(build) == declared(root)


def test_the_map_names_what_the_headers_declare(root: Path) -> None:
    """By version, and not by a pattern: a function that comes or goes shows in a diff."""
    text = (root / "lib" / "libspectacles.map").read_text()
    assert set(re.findall(r"^ +(spectacles_\w+);$", text, re.MULTILINE)) == declared(root)


def test_most_of_a_header_is_comment(root: Path) -> None:
    shares = {header.name: share(header.read_text()) for header in headers(root)}
    hold({name: f"{name}: {part:.1%} of its lines are comment, and {SHARE_MIN:.0%} have to be"
          for name, part in shares.items() if part < SHARE_MIN}, NOT_YET_A_MANUAL)


def test_every_declaration_is_described(root: Path) -> None:
    bad = {header.name: undescribed(header.read_text()) for header in headers(root)}
    hold({name: f"{name}: not described: {', '.join(names)}" for name, names in bad.items() if names}, NOT_YET_DESCRIBED)


def test_every_function_has_a_comment_of_its_own(root: Path) -> None:
    bad = {header.name: sharing(header.read_text()) for header in headers(root)}
    hold({name: f"{name}: no comment right in front of {', '.join(names)}" for name, names in bad.items() if names}, NOT_YET_DESCRIBED)


HEADER = """\
/* spectacles/x.h */
#ifdef __cplusplus
extern "C" {
#endif

/* An engine. */
typedef struct spectacles_x spectacles_x;

enum spectacles_bare {
    SPECTACLES_TOLD = 0, /* zero */
    SPECTACLES_UNTOLD = 1,
    /* two; SPECTACLES_NAMED is three */
    SPECTACLES_FRONT = 2,
    SPECTACLES_NAMED = 3
};

/* What is known of it. */
typedef struct spectacles_y {
    uint32_t size; /* in
                      bytes */
    uint32_t silent;
    /* the text, and its length: text_length */
    const char *text;
    size_t text_length;
    /* alone */
    char array[16];
} spectacles_y;

/* Reads and writes it. */
int spectacles_read(const spectacles_x *x, const uint8_t *bytes,
                    size_t length);
int spectacles_write(spectacles_x *x);

int spectacles_silent(void);

#ifdef __cplusplus
}
#endif
"""


def test_functions_that_share_a_comment_are_found() -> None:
    assert sharing(HEADER) == ["spectacles_write", "spectacles_silent"]


def test_what_is_not_described_is_found() -> None:
    assert undescribed(HEADER) == ["spectacles_bare", "spectacles_silent", "silent", "SPECTACLES_UNTOLD"]


def test_a_line_with_code_is_no_comment() -> None:
    assert share("/* one */\nint x; /* behind */\n\n#define Y\n/* two\n * three\n */\n") == 4 / 5
