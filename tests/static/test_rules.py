"""Rules that hold for the source text: what may be included where, layout, lengths, the public face."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEM = re.compile(r"#\s*include\s*<(sys/socket|sys/types|sys/time|sys/select|netinet/|arpa/|netdb|poll|time|errno|unistd|fcntl|signal|pthread|mbedtls/(?!sha1|sha256|base64|version))")
SECRETS = ("registry.npmjs", "deb.debian.org", "pypi.org")


def files(root: Path, *patterns: str) -> list[Path]:
    done = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns], cwd=root, capture_output=True, text=True, check=True)
    return [root / line for line in done.stdout.splitlines() if (root / line).exists()]


def headers(root: Path) -> list[Path]:
    return sorted((root / "include" / "spectacles").glob("*.h"))


def test_only_net_knows_the_system(root: Path) -> None:
    bad = [f"{path.relative_to(root)}: {line.strip()}" for path in files(root, "lib/*.c", "lib/*.h", "include/*.h")
           if "lib/net/" not in str(path) for line in path.read_text().splitlines() if SYSTEM.search(line)]
    assert not bad, "\n".join(bad)


def test_modules_include_downwards(root: Path) -> None:
    """core <- codec, routing <- shard, broker <- relay; net knows the engines by their public face only."""
    below = {"core": set(), "codec": {"core"}, "routing": {"core", "codec"}, "shard": {"core", "codec", "routing"},
             "broker": {"core", "codec", "routing"}, "relay": {"core", "codec", "routing"}, "net": {"core"}, "state": {"core", "codec"}}
    bad = []
    for path in files(root, "lib/*.c", "lib/*.h"):
        module = path.relative_to(root / "lib").parts[0]
        for name in re.findall(r'#\s*include\s*"(\w+)/', path.read_text()):
            if name != module and name not in below[module]:
                bad.append(f"{path.relative_to(root)} includes {name}/")
    assert not bad, "\n".join(bad)


@pytest.mark.skipif(not shutil.which("clang-format"), reason="clang-format is not installed")
def test_code_is_laid_out(root: Path) -> None:
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files(root, "*.c", "*.h")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000] + "\nrun ./dev format"


def test_functions_are_short(root: Path) -> None:
    long = []
    for path in files(root, "*.c"):
        start = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start - 1 > 60:
                    long.append(f"{path.relative_to(root)}:{start} {number - start - 1} lines")
                start = None
    assert not long, "\n".join(long)


@pytest.mark.parametrize("compiler", [["gcc", "-std=c99", "-xc"], ["gcc", "-std=c11", "-xc"], ["g++", "-std=c++11", "-xc++"], ["clang", "-std=c99", "-xc"], ["clang++", "-std=c++11", "-xc++"]], ids=" ".join)
def test_each_header_compiles_alone(root: Path, compiler: list[str]) -> None:
    for header in headers(root):
        done = subprocess.run([*compiler, "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", root / "include", "-include", header, "-"],
                              input="int unused;\n", capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{header.name}: {done.stderr}"


def declared(root: Path) -> set[str]:
    names = set()
    for header in headers(root):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        names |= set(re.findall(r"\b(spectacles_\w+)\s*\(", text))
    return names


def exported(build: Path) -> set[str]:
    done = subprocess.run(["nm", "-D", "--defined-only", build / "lib" / "libspectacles.so"], capture_output=True, text=True, check=True)
    return {line.split()[-1].split("@")[0] for line in done.stdout.splitlines() if " T " in line or " D " in line or " B " in line}


def test_exports_are_what_the_headers_declare(root: Path, build: Path) -> None:
    assert exported(build) == declared(root)


def test_what_json_leaves_open_is_documented(root: Path) -> None:
    """The table for users says what the test holds the library to."""
    tested = dict(re.findall(r'\{"(i_[^"]+)", ([01])\}', (root / "tests/unit/codec/test_json.c").read_text()))
    told = re.findall(r"^\| `(i_[^`]+)` \|[^|]*\| (accepted|refused) \| (accepted|refused) \|$", (root / "doc/json.md").read_text(), re.MULTILINE)
    assert len(told) == 35
    assert {name: str(int(check == "accepted")) for name, check, _ in told} == tested
    for name, check, document in told:
        assert document == ("refused" if "surrogate" in name else check), name


def test_no_registry_and_no_machine_is_named(root: Path) -> None:
    bad = [str(path.relative_to(root)) for path in files(root) if path.name != Path(__file__).name
           and path.suffix in {".c", ".h", ".py", ".md", ".build", ".txt", ""} and any(word in path.read_text(errors="replace") for word in SECRETS)]
    assert not bad, bad
