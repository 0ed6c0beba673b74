"""The daemon's settings: what its table says, and what the pages tell, are the same."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path


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
