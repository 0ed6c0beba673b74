"""Writes the pages and the headers of the repository as HTML: website.py VERSION FOLDER. Run it in the repository's root.

The folder has the repository's own layout, so that every link between pages leads where it led. A file that a page links to
and that is no page is copied; a folder becomes a list of what git knows of it. A link to nothing is an error."""
from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import headers
import pages

LINK = re.compile(r'(?:href|src)="([^"]*)"')
ANCHOR = re.compile(r'id="([^"]*)"')


class Site:
    def __init__(self, version: str, folder: Path) -> None:
        self.version, self.folder = version, folder
        self.headers = [headers.read(path) for path in sorted(Path("include/spectacles").glob("*.h"))]
        self.texts = {path.with_suffix(".html"): path.read_text(encoding="utf-8")
                      for path in [Path("README.md"), Path("CHANGELOG.md"), Path("CONTRIBUTING.md"), *sorted(Path("doc").glob("*.md"))]}
        self.places = {str(path.with_suffix(".md")): str(path) for path in self.texts}
        for each in self.headers:
            place = f"include/spectacles/{each.name}.html"
            self.places[each.page] = place
            self.places.update({name: f"{place}#{name}" for every in each.declarations for name in every.names})

    def page(self, path: Path) -> pages.Page:
        return pages.Page(self.version, "../" * (len(path.parts) - 1), self.places)

    def put(self, path: Path, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def write(self) -> None:
        for each in self.headers:
            path = Path("include/spectacles", each.name + ".html")
            self.put(path, self.page(path).header(each))
        for path, source in self.texts.items():
            self.put(path, self.page(path).text(source))
        titles = {str(path): pages.title_of(source) for path, source in self.texts.items()}
        self.put(Path("index.html"), self.page(Path("index.html")).index(self.headers, titles))

    # ---- Links ----

    def bring(self, path: Path) -> bool:
        """What is linked to and is no page. Whether there is such a thing."""
        target = self.folder / path
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        elif path.is_dir():
            known = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "."], cwd=path, check=True,
                                   capture_output=True, text=True).stdout.split()
            for name in known:
                self.bring(path / name)
            self.put(path / "index.html", self.page(path / "index.html").listing(str(path), known))
        return path.exists()

    def wrong_links(self) -> list[str]:
        written = {path: path.read_text(encoding="utf-8") for path in sorted(self.folder.rglob("*.html"))}
        return [f"{path.relative_to(self.folder)}: {link}" for path, text in written.items() for link in LINK.findall(text)
                if not self._leads(path, link, written)]

    def _leads(self, path: Path, link: str, written: dict[Path, str]) -> bool:
        if re.match(r"[a-z]+:", link):
            return True
        place, _, anchor = unquote(link).partition("#")
        target = (path.parent / place).resolve() if place else path
        if not target.is_relative_to(self.folder):
            return False
        if not target.exists() and not self.bring(target.relative_to(self.folder)):
            return False
        return not anchor or target not in written or anchor in ANCHOR.findall(written[target])


def main() -> int:
    version, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    site = Site(version, folder)
    site.write()
    wrong = site.wrong_links()
    for each in wrong:
        print(f"a link that leads nowhere: {each}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
