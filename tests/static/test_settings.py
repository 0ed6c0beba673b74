"""The daemon's settings: what its code reads, what doc/gateway.md tells, and what --help prints are the same."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

NAME = re.compile(r"\b(?:DISCORD|AMQP|SESSION|BROKER|SSL|LATENCY|CONNECT|ADDRESS|SOURCE|TCP)_[A-Z_]*[A-Z]\b")
# Said to be set, and not followed.
NOT_YET = {"BROKER_TYPE", "BROKER_MESSAGE_TIMEOUT"}


@pytest.fixture
def read(root: Path) -> set[str]:
    code = "".join((root / "examples" / name).read_text() for name in ("settings.c", "format.c", "discord_api.c"))
    # The text of --help is written before the first function.
    return set(NAME.findall(re.sub(r"static const char help\[\] =.*?;\n", "", code, flags=re.S))) - NOT_YET


def test_each_setting_is_in_the_page(root: Path, read: set[str]) -> None:
    section = (root / "doc" / "gateway.md").read_text().split("\n## Settings\n")[1].split("\n## ")[0]
    listed = {name for line in section.splitlines() if line.startswith("- `") for name in NAME.findall(line.split("(")[0])}
    assert listed == read


def test_each_setting_is_in_the_help(build: Path, read: set[str]) -> None:
    gateway = build / "examples" / "gateway"
    if not gateway.exists():
        pytest.skip("the gateway is not built: libcurl or cJSON is missing")
    done = subprocess.run([gateway, "--help"], capture_output=True, text=True, check=True)
    assert {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")} == read


def test_the_page_of_the_daemons_settings_is_what_its_table_says(root: Path, build: Path) -> None:
    program = build / "tools" / "gateway" / "spectacles-gateway"
    done = subprocess.run([program, "settings", "--markdown"], capture_output=True, text=True, check=True)
    assert (root / "doc" / "settings.md").read_text() == done.stdout, "make it anew: spectacles-gateway settings --markdown > doc/settings.md"


def test_the_man_page_is_what_the_table_says(root: Path, build: Path) -> None:
    program = build / "tools" / "gateway" / "spectacles-gateway"
    done = subprocess.run([program, "settings", "--man"], capture_output=True, text=True, check=True)
    page = root / "tools" / "gateway" / "spectacles-gateway.8"
    assert page.read_text() == done.stdout, f"make it anew: spectacles-gateway settings --man > {page.relative_to(root)}"


def test_what_is_no_part_of_a_configuration_is_followed_by_the_file_that_is_named(root: Path) -> None:
    """tests/unit/tools/test_engines.c lists these settings, and proves that all others change a configuration."""
    listed = (root / "tests" / "unit" / "tools" / "test_engines.c").read_text().split("elsewhere[SETTING_COUNT] = {")[1].split("};")[0]
    named = re.findall(r'\[(SETTING_\w+)\] = "(\w+\.c)"', listed)
    assert len(named) > 10
    for setting, file in named:
        assert setting in (root / "tools" / "gateway" / file).read_text(), f"{file} does not follow {setting}"
