"""Takes the pictures of the documentation: pictures.py FOLDER. `./dev pictures` calls it."""
from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.chromium import Chromium  # noqa: E402
from support.status_page import StatusPage, in_trouble, well  # noqa: E402


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as profile, StatusPage(ROOT, in_trouble(90)) as page, Chromium(Path(profile), width=960) as browser:
        browser.open(page.url)
        browser.until("document.querySelectorAll('#shards > div').length === 90")
        browser.run("choose(3)")
        browser.picture(folder / "status-page.png", 960)
    with tempfile.TemporaryDirectory() as profile, StatusPage(ROOT, well(1000)) as page, \
            Chromium(Path(profile), width=360, dark=True, mobile=True) as browser:
        browser.open(page.url)
        browser.until("document.querySelectorAll('#shards > div').length === 1000")
        browser.picture(folder / "status-page-phone.png", 740)


main(Path(sys.argv[1]))
