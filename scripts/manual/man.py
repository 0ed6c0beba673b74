"""Writes the manual pages of headers: man.py VERSION FOLDER HEADER ..."""
from __future__ import annotations

import os
import sys
from pathlib import Path

import headers
import roff


def folder_of(name: str) -> Path:
    """When meson installs, names are below its prefix."""
    prefix = os.environ.get("MESON_INSTALL_DESTDIR_PREFIX")
    return Path(prefix, name) if prefix else Path(name)


def main() -> int:
    version, folder = sys.argv[1], folder_of(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for path in map(Path, sys.argv[3:]):
        for name, text in roff.pages(headers.read(path), version).items():
            (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
