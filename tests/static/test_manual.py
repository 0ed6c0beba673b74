"""The manual that is made of the headers: a page for every function and type, which man can show; and no link that leads nowhere."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.declarations import declarations
from tools.sources import headers

SCRIPTS = "scripts/manual"


@pytest.fixture(scope="module")
def manual(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("man")
    subprocess.run([sys.executable, root / SCRIPTS / "man.py", "1.2.3", folder / "man3", *headers(root)], check=True)
    return folder


def shown(manual: Path, *names: str) -> str:
    pages = [f"man3/{name}.3" for name in names]
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-Wbreak", "-P-cbou", *pages], cwd=manual, capture_output=True, text=True,
                          check=True)
    assert not done.stderr, done.stderr
    return done.stdout


def test_every_declaration_has_a_page(root: Path, manual: Path) -> None:
    names = {each.name for header in headers(root) for each in declarations(header.read_text())}
    names |= {f"spectacles_{header.name}" for header in headers(root)}
    assert len(names) > 300
    assert not {name for name in names if not (manual / "man3" / f"{name}.3").exists()}


def test_every_page_is_good_roff(manual: Path) -> None:
    shown(manual, *(page.stem for page in (manual / "man3").iterdir() if not page.read_text().startswith(".so ")))


def test_a_page_says_what_the_header_says(manual: Path) -> None:
    text = " ".join(shown(manual, "spectacles_json_check").split())
    assert "spectacles_json_check - Checks that the bytes are one JSON value, strictly" in text
    assert "#include <spectacles/codec.h> int spectacles_json_check(const uint8_t *bytes, size_t length, spectacles_problem *problem);" in text
    assert "problem may be NULL; on failure it says why and at which byte." in text
    assert "RETURN VALUE Returns 0, or: SPECTACLES_E_PROTO the bytes are not JSON" in text
    assert re.search(r"SEE ALSO spectacles_codec\.h\(3\)", text)


def test_a_type_leads_to_its_header(manual: Path) -> None:
    assert "typedef struct spectacles_envelope {" in shown(manual, "spectacles_envelope")


def test_the_pages_as_html_have_no_link_that_leads_nowhere(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("markdown")
    done = subprocess.run([sys.executable, SCRIPTS + "/website.py", "1.2.3", tmp_path / "html"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html" / "include" / "spectacles" / "shard.h.html").read_text()
    assert '<h3 id="spectacles_shard_new">' in page and 'href="../../include/spectacles/types.h.html#spectacles_problem"' in page
